#pragma once
// Which rights of HealthChecks the operator could not hand out: Kubernetes lets nobody grant what he does not hold.

#include "operator/rbac.hpp"

namespace vedette::op {

/// What the operator holds in every namespace as it is shipped: ClusterRoles -controller and -grants. manifests_test
/// compares them with deploy/operator/install.yaml.
std::vector<PolicyRule> shipped_rules();

/// A warning (RBACNotGranted) for the check, and one for its remedy, where they need more than that.
std::vector<Problem> beyond_shipped(HealthCheck const& check, RbacPolicy const& policy);

}  // namespace vedette::op
