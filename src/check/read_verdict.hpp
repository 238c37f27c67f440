#pragma once
#include "check/outcome.hpp"
#include "kube/resource.hpp"

namespace vedette::check {

/// What a failed LIST means for the checks that needed it: forbidden and broken are unknown, a kind that is not
/// served is skipped. `restricted`: the list was already limited to namespaces.
Outcome outcome_of_failed_read(Error const& error, kube::Resource const& resource, bool restricted);

}  // namespace vedette::check
