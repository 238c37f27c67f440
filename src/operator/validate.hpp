#pragma once
// What can be told of a HealthCheck before it reaches the API server; validate() of its spec is in health_check.hpp.

#include "operator/health_check.hpp"

namespace vedette::op {

/// Whether an API server takes a manifest's name, generateName and namespace, as far as they are given. A HealthCheck
/// that is in the cluster has legal ones. Pure.
std::vector<Problem> validate_metadata(boost::json::object const& object);

}  // namespace vedette::op
