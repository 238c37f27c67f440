#pragma once
// Kubernetes quantities: "500m", "1.5Gi", "2e3".
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/

#include "base/error.hpp"

#include <string_view>

namespace vedette::check {

/// The amount in whole units (cores, bytes, objects), as the nearest double. Errors: malformed.
Result<double> parse_quantity(std::string_view text);

}  // namespace vedette::check
