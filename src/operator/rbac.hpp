#pragma once
// The RBAC objects of HealthChecks: names, labels and rules as users know them; what is needed is the union over the
// live HealthChecks. Pure.

#include "operator/health_check.hpp"
#include "operator/workflow.hpp"

namespace vedette::op {

inline constexpr std::string_view managed_by_label = "workflows.argoproj.io/managed-by";
inline constexpr std::string_view managed_by_value = "active-monitor";

/// The rules handed out where rbacRules is empty. `reference`: the wildcards of release v0.15.0.
std::vector<PolicyRule> default_rules(Purpose purpose, bool reference = false);

/// One object to be: ServiceAccount, Role, ClusterRole, RoleBinding or ClusterRoleBinding.
struct RbacObject {
    std::string kind;
    std::string ns;  ///< "" for cluster-scoped kinds
    std::string name;
    std::vector<PolicyRule> rules;       ///< of a Role or ClusterRole
    boost::json::object object;          ///< whole, with labels
    std::vector<std::string> needed_by;  ///< "ns/name" of HealthChecks, sorted
};

/// What these HealthChecks need together: rules of one role are the union, subjects of one binding likewise. Sorted
/// by kind (ServiceAccounts, roles, bindings: the order of creation), namespace, name.
std::vector<RbacObject> needed_rbac(std::vector<HealthCheck const*> const& checks, bool reference_defaults = false);

/// Whether `held` allows everything `wanted` does; what is missing otherwise, one line a rule, as
/// "create workflowtaskresults.argoproj.io". Wildcards are understood.
std::vector<std::string> missing_rights(std::vector<PolicyRule> const& wanted, std::vector<PolicyRule> const& held);

}  // namespace vedette::op
