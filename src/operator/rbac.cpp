// Names derive from the service account alone, as users and their own manifests know them. HealthChecks that share an
// account share its role: the union of their rules.

#include "operator/rbac.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

namespace vedette::op {
namespace {

namespace json = boost::json;

constexpr std::string_view rbac_group = "rbac.authorization.k8s.io";

constexpr std::string_view cluster_role_suffix = "-cluster-role";
constexpr std::string_view cluster_binding_suffix = "-cluster-role-binding";
constexpr std::string_view role_suffix = "-ns-role";
constexpr std::string_view binding_suffix = "-ns-role-binding";

using Texts = std::vector<std::string>;

// What one role or binding collects before it becomes an object.
struct Grant {
    std::vector<PolicyRule> rules;  // as they came, each once
    std::set<PolicyRule> known;
    std::set<std::string> subject_namespaces;
    std::set<std::string> needed_by;
};

struct GrantKey {
    bool cluster = false;
    std::string ns;  // of a Role; "" for a ClusterRole
    std::string account;
    auto operator<=>(GrantKey const&) const = default;
};

struct Needs {
    std::map<std::pair<std::string, std::string>, std::set<std::string>> accounts;  // (namespace, name) -> who
    std::map<GrantKey, Grant> grants;
};

json::object object_of(std::string_view api, std::string_view kind, std::string const& ns, std::string const& name) {
    json::object metadata{{"name", name},
                          {"labels", {{managed_by_label, managed_by_value}}},
                          {"annotations", {{managed_annotation, "true"}}}};
    if (!ns.empty()) metadata["namespace"] = ns;
    return {{"apiVersion", api}, {"kind", kind}, {"metadata", std::move(metadata)}};
}

void collect(Needs& needs, RbacClaim const& claim, std::string const& who) {
    auto& account = needs.accounts[{claim.ns, claim.account}];
    auto& grant = needs.grants[{claim.cluster, claim.cluster ? "" : claim.ns, claim.account}];
    for (auto const& rule : claim.rules) {
        if (grant.known.insert(rule).second) grant.rules.push_back(rule);
    }
    grant.subject_namespaces.insert(claim.ns);
    if (who.empty()) return;
    account.insert(who);
    grant.needed_by.insert(who);
}

std::string name_of(GrantKey const& key, std::string_view cluster_suffix, std::string_view ns_suffix) {
    return fmt::format("{}{}", key.account, key.cluster ? cluster_suffix : ns_suffix);
}

RbacObject role_of(GrantKey const& key, Grant const& grant) {
    RbacObject role{.kind = key.cluster ? "ClusterRole" : "Role",
                    .ns = key.ns,
                    .name = name_of(key, cluster_role_suffix, role_suffix)};
    role.object = object_of(fmt::format("{}/v1", rbac_group), role.kind, role.ns, role.name);
    role.rules = grant.rules;
    role.object["rules"] = rules_object(grant.rules);
    role.needed_by.assign(grant.needed_by.begin(), grant.needed_by.end());
    return role;
}

RbacObject binding_of(GrantKey const& key, Grant const& grant) {
    RbacObject binding{.kind = key.cluster ? "ClusterRoleBinding" : "RoleBinding",
                       .ns = key.ns,
                       .name = name_of(key, cluster_binding_suffix, binding_suffix)};
    binding.object = object_of(fmt::format("{}/v1", rbac_group), binding.kind, binding.ns, binding.name);
    binding.object["roleRef"] = {{"apiGroup", rbac_group},
                                 {"kind", key.cluster ? "ClusterRole" : "Role"},
                                 {"name", name_of(key, cluster_role_suffix, role_suffix)}};
    json::array subjects;
    for (auto const& ns : grant.subject_namespaces) {
        json::object subject{{"kind", "ServiceAccount"}, {"name", key.account}};
        if (key.cluster) subject["namespace"] = ns;  // in a RoleBinding its absence means the binding's own
        subjects.push_back(std::move(subject));
    }
    binding.object["subjects"] = std::move(subjects);
    binding.needed_by.assign(grant.needed_by.begin(), grant.needed_by.end());
    return binding;
}

std::vector<RbacObject> build(Needs const& needs) {
    std::vector<RbacObject> objects;
    for (auto const& [key, who] : needs.accounts) {
        RbacObject account{.kind = "ServiceAccount", .ns = key.first, .name = key.second};
        account.object = object_of("v1", account.kind, account.ns, account.name);
        account.needed_by.assign(who.begin(), who.end());
        objects.push_back(std::move(account));
    }
    for (auto const& [key, grant] : needs.grants) objects.push_back(role_of(key, grant));
    for (auto const& [key, grant] : needs.grants) objects.push_back(binding_of(key, grant));
    return objects;
}

std::optional<RbacNote> refuse(RbacPolicy const& policy, Level level, std::string_view field,
                               std::vector<PolicyRule> const& written) {
    for (std::size_t i = 0; i < written.size(); ++i) {
        auto const mistake = rule_mistake(written[i], level == Level::cluster);
        if (mistake) return RbacNote{"RBACInvalid", fmt::format("{}[{}] {}", field, i, *mistake)};
    }
    if (!policy.allow) return std::nullopt;
    auto why = refusal(*policy.allow, level);
    if (!why) why = refusal(*policy.allow, field, written);
    if (!why) return std::nullopt;
    return RbacNote{"RBACNotAllowed", std::move(*why)};
}

}  // namespace

std::vector<PolicyRule> default_rules(Purpose purpose, bool reference) {
    bool const remedy = purpose == Purpose::remedy;
    Texts verbs = {"get", "list", "watch"};
    if (remedy) verbs.insert(verbs.end(), {"create", "update", "patch", "delete"});
    if (reference) return {{.api_groups = {"*"}, .resources = {"*"}, .verbs = verbs}};
    Texts core = {"pods", "events", "services", "configmaps", "endpoints"};
    Texts apps = {"deployments", "replicasets", "statefulsets"};
    if (!remedy) {
        core = {"pods", "nodes", "events", "services", "configmaps", "namespaces", "endpoints"};
        apps.emplace_back("daemonsets");
    }
    return {{.api_groups = {""}, .resources = core, .verbs = verbs},
            {.api_groups = {"apps"}, .resources = apps, .verbs = verbs},
            {.api_groups = {"argoproj.io"}, .resources = {"workflows"}, .verbs = verbs},
            // Argo's executor reports results this way since 3.4; without it every pod of a check ends in an error.
            {.api_groups = {"argoproj.io"}, .resources = {"workflowtaskresults"}, .verbs = {"create", "patch"}}};
}

RbacClaims claims_of(HealthCheck const& check, Purpose purpose, RbacPolicy const& policy) {
    bool const remedy = purpose == Purpose::remedy;
    auto const& spec = check.spec;
    auto const level = spec.level();
    bool const cluster = level == Level::cluster;
    if (level == Level::none) return {};

    if (!remedy && spec.native()) {
        if (spec.service_account_name.empty() || !policy.extra_rules) return {};
        if (auto refused = refuse(policy, level, "spec.checks", {})) return {.refused = std::move(refused)};
        return {.claims = {{spec.service_account_name, check.ns, cluster, policy.extra_rules(check)}}};
    }
    auto const& workflow = remedy ? spec.remedy : spec.workflow;
    auto account = remedy ? remedy_service_account(spec) : workflow.service_account;
    if (!workflow.has_resource || account.empty() || workflow.ns.empty()) return {};
    auto const* const field = remedy ? "spec.remedyworkflow.rbacRules" : "spec.workflow.rbacRules";
    if (auto refused = refuse(policy, level, field, workflow.rbac_rules)) return {.refused = std::move(refused)};
    auto rules = workflow.rbac_rules.empty() ? default_rules(purpose, policy.reference_defaults) : workflow.rbac_rules;
    return {.claims = {{std::move(account), workflow.ns, cluster, std::move(rules)}}};
}

std::vector<RbacObject> objects_of(std::vector<RbacClaim const*> const& claims) {
    Needs needs;
    for (auto const* claim : claims) collect(needs, *claim, {});
    return build(needs);
}

std::vector<RbacObject> needed_rbac(std::vector<HealthCheck const*> const& checks, RbacPolicy const& policy) {
    Needs needs;
    for (auto const* check : checks) {
        for (auto const purpose : {Purpose::check, Purpose::remedy}) {
            if (purpose == Purpose::remedy && check->spec.remedy.empty()) continue;
            auto const wanted = claims_of(*check, purpose, policy);
            for (auto const& claim : wanted.claims) collect(needs, claim, check->ns + "/" + check->name);
        }
    }
    return build(needs);
}

std::optional<std::string> account_of(std::string_view kind, std::string_view name) {
    if (kind == "ServiceAccount") return std::string(name);
    auto const suffix = kind == "ClusterRole"          ? cluster_role_suffix
                        : kind == "ClusterRoleBinding" ? cluster_binding_suffix
                        : kind == "Role"               ? role_suffix
                                                       : binding_suffix;
    if (!name.ends_with(suffix) || name.size() == suffix.size()) return std::nullopt;
    name.remove_suffix(suffix.size());
    return std::string(name);
}

}  // namespace vedette::op
