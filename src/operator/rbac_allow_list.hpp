#pragma once
// The file of --rbac-allow: how far spec.*.rbacRules may go, said by whoever runs the operator. Without it whoever may
// create a HealthCheck hands out all that the operator itself holds. The rules of the defaults are not its business.
//
//     levels: [namespace]        # of all HealthChecks; absent: cluster and namespace
//     rules:                     # what rbacRules may ask for; absent or empty: nothing
//     - apiGroups: [""]
//       resources: [pods]
//       verbs: [get, list, watch]

#include "base/error.hpp"
#include "operator/health_check.hpp"

namespace vedette::op {

struct RbacAllowList {
    std::string source;  ///< the file, for messages
    bool cluster_level = true;
    bool namespace_level = true;
    std::vector<PolicyRule> rules;

    bool operator==(RbacAllowList const&) const = default;
};

/// Errors: malformed (not YAML), invalid_input (a key or a value that has no meaning here), too_large; the text begins
/// with "file:line:column:".
Result<RbacAllowList> parse_rbac_allow_list(std::string_view text, std::string_view source_name);

/// Why the list refuses what a HealthCheck asks for, as a sentence; nothing if it allows it. `field` names the rules:
/// "spec.workflow.rbacRules".
std::optional<std::string> refusal(RbacAllowList const& list, Level level);
std::optional<std::string> refusal(RbacAllowList const& list, std::string_view field,
                                   std::vector<PolicyRule> const& rules);

}  // namespace vedette::op
