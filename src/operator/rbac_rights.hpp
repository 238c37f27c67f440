#pragma once
// What rules of roles allow: compared with one another, checked before the API server sees them, read from its
// refusals. https://kubernetes.io/docs/reference/access-authn-authz/rbac/
//
// A right is one line for people: "delete pods", "get secrets \"token\"", "create workflowtaskresults.argoproj.io",
// "get /healthz". Pure.

#include "operator/health_check.hpp"

#include <boost/json/array.hpp>

namespace vedette::op {

/// Whether `held` allows everything `wanted` does: the rights that are missing, sorted. Stars are understood.
std::vector<std::string> missing_rights(std::vector<PolicyRule> const& wanted, std::vector<PolicyRule> const& held);

/// Why no API server accepts this rule in a ClusterRole (`cluster`) or a Role; nothing if it does.
std::optional<std::string> rule_mistake(PolicyRule const& rule, bool cluster);

/// The rights that a refusal names because whoever asked does not hold them ("attempting to grant RBAC permissions not
/// currently held"); empty where the text is about something else.
std::vector<std::string> rights_not_held(std::string_view refusal);

/// At most five of them in one line: "get pods, list pods and 7 more".
std::string some_of(std::vector<std::string> const& rights);

boost::json::array rules_object(std::vector<PolicyRule> const& rules);
/// Members of a wrong type count as absent.
std::vector<PolicyRule> read_rules(boost::json::value const* rules);

}  // namespace vedette::op
