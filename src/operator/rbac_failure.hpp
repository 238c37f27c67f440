#pragma once
// Why the API server did not do what RBAC objects need: one sentence and a reason for the HealthCheck's status. Pure.

#include "operator/rbac_plan.hpp"

namespace vedette::op {

struct RbacFailure {
    std::string reason;
    Error error;
};

/// `error` is what the request for `action` was answered with.
RbacFailure explain(RbacAction const& action, Error error);
/// Of a look at an object.
RbacFailure explain(Error error);

/// Whether the refusal concerns what was asked for, so that asking for less may succeed; otherwise the way to the API
/// server is at fault.
bool concerns_the_request(Errc code);

}  // namespace vedette::op
