#pragma once
#include "check/outcome.hpp"
#include "kube/resource.hpp"

namespace vedette::check {

/// What a failed LIST means for the checks that needed it: forbidden and broken are unknown, a kind that is not
/// served is skipped, unless it is one that every Kubernetes API server serves. `ns` is the namespace that was read;
/// empty: the whole cluster. `reader` is whom we read as, where that is not whoever reads the message: "the service
/// account shop/reader".
Outcome outcome_of_failed_read(Error const& error, kube::Resource const& resource, std::string_view ns,
                               std::string_view reader = {});

}  // namespace vedette::check
