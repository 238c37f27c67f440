#pragma once
// What the controllers of a real cluster do all the time, and without which a simulated one would age: leaders renew
// their leases, the garbage collector collects.

#include "sim/scenario.hpp"

namespace vedette::sim {

/// Keeps house until cancelled. `server` and `clock` outlive it; `scenario` is one of all_scenarios().
Async<void> keep_house(kube::fake::ApiServer& server, Scenario const& scenario, Clock& clock);

}  // namespace vedette::sim
