#pragma once
// What an edit of a HealthCheck changes, for people.

#include "operator/health_check.hpp"

namespace vedette::op {

/// "repeatAfterSec: 60 -> 30", a line a field, without the texts of Workflows; empty: they are the same.
std::vector<std::string> changed_fields(Spec const& before, Spec const& after);

}  // namespace vedette::op
