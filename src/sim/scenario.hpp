#pragma once
// Scenarios: what a simulated cluster holds.

#include "kube/fake/api_server.hpp"

#include <span>
#include <string_view>

namespace vedette::sim {

struct Scenario {
    std::string_view name;
    std::string_view summary;
    /// Fills `server`; times are relative to `now`.
    void (*fill)(kube::fake::ApiServer& server, WallTime now);
    /// Leases of kube-system whose holders live and renew them.
    std::span<char const* const> leaders;
};

/// "healthy": everything as it should be. "broken": a shop with the troubles people really have.
std::span<Scenario const> all_scenarios();
Scenario const* find_scenario(std::string_view name);

}  // namespace vedette::sim
