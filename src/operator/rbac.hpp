#pragma once
// The RBAC objects of HealthChecks: names, labels and rules as users know them; what is needed is the union over the
// live HealthChecks. Pure. What to do about what is there: rbac_plan.hpp. Doing it: rbac_keeper.hpp.

#include "operator/rbac_allow_list.hpp"
#include "operator/rbac_rights.hpp"
#include "operator/workflow.hpp"

#include <boost/json/object.hpp>

#include <functional>

namespace vedette::op {

inline constexpr std::string_view managed_by_label = "workflows.argoproj.io/managed-by";
inline constexpr std::string_view managed_by_value = "active-monitor";
/// With the label: the object is ours, to be repaired and deleted. The label alone: the reference made it.
inline constexpr std::string_view managed_annotation = "vedette.dev/managed";

/// Something to tell about the rights of a HealthCheck.
struct RbacNote {
    std::string reason;   ///< CamelCase, of a condition or an event
    std::string message;  ///< one sentence

    bool operator==(RbacNote const&) const = default;
};

/// How rights are handed out: the operator's flags.
struct RbacPolicy {
    bool reference_defaults = false;     ///< --rbac-defaults=reference
    std::optional<RbacAllowList> allow;  ///< --rbac-allow; nothing: unbounded
    /// What the reads of spec.checks need; not called for a HealthCheck without them. None if not set.
    std::function<std::vector<PolicyRule>(HealthCheck const&)> extra_rules;
};

/// The rules handed out where rbacRules is empty. `reference`: the wildcards of release v0.15.0.
std::vector<PolicyRule> default_rules(Purpose purpose, bool reference = false);

/// What one HealthCheck wants for one service account.
struct RbacClaim {
    std::string account;
    std::string ns;        ///< of the account
    bool cluster = false;  ///< level
    std::vector<PolicyRule> rules;

    auto operator<=>(RbacClaim const&) const = default;
};

struct RbacClaims {
    std::vector<RbacClaim> claims;
    /// Why there are none: RBACNotAllowed (by the allow-list), RBACInvalid (no API server accepts the rule).
    std::optional<RbacNote> refused;
};

/// None, and no refusal either, where the spec names no account, no namespace or no level: validate() says so.
RbacClaims claims_of(HealthCheck const& check, Purpose purpose, RbacPolicy const& policy = {});

/// One object to be: ServiceAccount, Role, ClusterRole, RoleBinding or ClusterRoleBinding.
struct RbacObject {
    std::string kind;
    std::string ns;  ///< "" for cluster-scoped kinds
    std::string name;
    std::vector<PolicyRule> rules;       ///< of a Role or ClusterRole
    boost::json::object object;          ///< whole, with label and annotation
    std::vector<std::string> needed_by;  ///< "ns/name" of HealthChecks, sorted; empty if not asked for
};

/// What these claims need together: rules of one role are the union, subjects of one binding likewise. Sorted by kind
/// (ServiceAccounts, roles, bindings: the order of creation), namespace, name.
std::vector<RbacObject> objects_of(std::vector<RbacClaim const*> const& claims);

/// The same for checks and their remedies, with needed_by. A HealthCheck whose claims are refused needs nothing.
std::vector<RbacObject> needed_rbac(std::vector<HealthCheck const*> const& checks, RbacPolicy const& policy = {});

/// The account that an object of that kind and name belongs to; nothing if the name is not of our making.
std::optional<std::string> account_of(std::string_view kind, std::string_view name);

}  // namespace vedette::op
