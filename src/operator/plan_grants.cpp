// The escalation check of Kubernetes counts all that the operator holds, so the rights that it needs for itself may be
// handed out as well.

#include "operator/plan_grants.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

std::vector<PolicyRule> own_rules() {
    std::vector<std::string> const rbac_kinds = {"roles", "rolebindings", "clusterroles", "clusterrolebindings"};
    std::vector<std::string> const manage = {"get", "list", "watch", "create", "patch", "delete"};
    return {
        {.api_groups = {"activemonitor.keikoproj.io"},
         .resources = {"healthchecks"},
         .verbs = {"get", "list", "watch"}},
        {.api_groups = {"activemonitor.keikoproj.io"}, .resources = {"healthchecks/status"}, .verbs = {"patch"}},
        {.api_groups = {"argoproj.io"},
         .resources = {"workflows"},
         .verbs = {"get", "list", "watch", "create", "delete"}},
        {.api_groups = {""}, .resources = {"events"}, .verbs = {"create", "patch"}},
        {.api_groups = {""}, .resources = {"configmaps"}, .verbs = {"get"}},
        {.api_groups = {""}, .resources = {"serviceaccounts"}, .verbs = manage},
        {.api_groups = {"rbac.authorization.k8s.io"}, .resources = rbac_kinds, .verbs = manage},
        {.api_groups = {"apps"},
         .resources = {"deployments"},
         .resource_names = {"activemonitor-controller"},
         .verbs = {"list"}},
        {.api_groups = {"apiextensions.k8s.io"},
         .resources = {"customresourcedefinitions"},
         .resource_names = {"healthchecks.activemonitor.keikoproj.io"},
         .verbs = {"get"}},
        {.api_groups = {"authentication.k8s.io"}, .resources = {"tokenreviews"}, .verbs = {"create"}},
        {.api_groups = {"authorization.k8s.io"}, .resources = {"subjectaccessreviews"}, .verbs = {"create"}},
        {.api_groups = {""}, .resources = {"serviceaccounts"}, .verbs = {"impersonate"}},
    };
}

std::string field_of(HealthCheck const& check, Purpose purpose) {
    if (purpose == Purpose::remedy) return "spec.remedyworkflow.rbacRules";
    return check.spec.native() ? "spec.checks" : "spec.workflow.rbacRules";
}

}  // namespace

std::vector<PolicyRule> shipped_rules() {
    auto rules = own_rules();
    for (auto const purpose : {Purpose::check, Purpose::remedy}) {
        for (auto& rule : default_rules(purpose)) rules.push_back(std::move(rule));
    }
    return rules;
}

std::vector<Problem> beyond_shipped(HealthCheck const& check, RbacPolicy const& policy) {
    static auto const shipped = shipped_rules();
    std::vector<Problem> found;
    for (auto const purpose : {Purpose::check, Purpose::remedy}) {
        if (purpose == Purpose::remedy && check.spec.remedy.empty()) continue;
        for (auto const& claim : claims_of(check, purpose, policy).claims) {
            auto const missing = missing_rights(claim.rules, shipped);
            if (missing.empty()) continue;
            auto const field = field_of(check, purpose);
            found.push_back({Problem::Severity::warning, field, "RBACNotGranted",
                             fmt::format("{}: {}/{} needs {}, which the shipped ClusterRole "
                                         "activemonitor-controller-grants does not hold: add what is missing to it "
                                         "(docs/operator.md, Rights) or the operator says RBACNotGranted",
                                         field, claim.ns, claim.account, some_of(missing))});
        }
    }
    return found;
}

}  // namespace vedette::op
