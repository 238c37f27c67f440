// Names derive from the service account alone, as users and their own manifests know them. Two HealthChecks that share
// an account share its role: the union of their rules.

#include "operator/rbac.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace vedette::op {
namespace {

namespace json = boost::json;

constexpr std::string_view rbac_group = "rbac.authorization.k8s.io";

using Texts = std::vector<std::string>;

// What one role or binding collects before it becomes an object.
struct Grant {
    std::vector<PolicyRule> rules;
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

json::array strings(Texts const& texts) {
    json::array array;
    for (auto const& text : texts) array.emplace_back(text);
    return array;
}

json::object to_json(PolicyRule const& rule) {
    json::object object;
    if (!rule.api_groups.empty()) object["apiGroups"] = strings(rule.api_groups);
    if (!rule.resources.empty()) object["resources"] = strings(rule.resources);
    if (!rule.resource_names.empty()) object["resourceNames"] = strings(rule.resource_names);
    if (!rule.non_resource_urls.empty()) object["nonResourceURLs"] = strings(rule.non_resource_urls);
    object["verbs"] = strings(rule.verbs);
    return object;
}

json::object object_of(std::string_view api, std::string_view kind, std::string const& ns, std::string const& name) {
    json::object metadata{{"name", name}, {"labels", {{managed_by_label, managed_by_value}}}};
    if (!ns.empty()) metadata["namespace"] = ns;
    return {{"apiVersion", api}, {"kind", kind}, {"metadata", std::move(metadata)}};
}

void collect(Needs& needs, HealthCheck const& check, Purpose purpose, bool reference_defaults) {
    bool const remedy = purpose == Purpose::remedy;
    auto const& workflow = remedy ? check.spec.remedy : check.spec.workflow;
    auto const account = remedy ? remedy_service_account(check.spec) : workflow.service_account;
    auto const level = check.spec.level();
    if (!workflow.has_resource || account.empty() || workflow.ns.empty() || level == Level::none) return;

    auto const who = check.ns + "/" + check.name;
    needs.accounts[{workflow.ns, account}].insert(who);
    bool const cluster = level == Level::cluster;
    auto& grant = needs.grants[{cluster, cluster ? "" : workflow.ns, account}];
    auto rules = workflow.rbac_rules.empty() ? default_rules(purpose, reference_defaults) : workflow.rbac_rules;
    for (auto& rule : rules) {
        if (std::find(grant.rules.begin(), grant.rules.end(), rule) == grant.rules.end()) {
            grant.rules.push_back(std::move(rule));
        }
    }
    grant.subject_namespaces.insert(workflow.ns);
    grant.needed_by.insert(who);
}

RbacObject role_of(GrantKey const& key, Grant const& grant) {
    RbacObject role{.kind = key.cluster ? "ClusterRole" : "Role",
                    .ns = key.ns,
                    .name = key.account + (key.cluster ? "-cluster-role" : "-ns-role")};
    role.object = object_of(fmt::format("{}/v1", rbac_group), role.kind, role.ns, role.name);
    role.rules = grant.rules;
    json::array rules;
    for (auto const& rule : grant.rules) rules.push_back(to_json(rule));
    role.object["rules"] = std::move(rules);
    role.needed_by.assign(grant.needed_by.begin(), grant.needed_by.end());
    return role;
}

RbacObject binding_of(GrantKey const& key, Grant const& grant) {
    RbacObject binding{.kind = key.cluster ? "ClusterRoleBinding" : "RoleBinding",
                       .ns = key.ns,
                       .name = key.account + (key.cluster ? "-cluster-role-binding" : "-ns-role-binding")};
    binding.object = object_of(fmt::format("{}/v1", rbac_group), binding.kind, binding.ns, binding.name);
    binding.object["roleRef"] = {{"apiGroup", rbac_group},
                                 {"kind", key.cluster ? "ClusterRole" : "Role"},
                                 {"name", key.account + (key.cluster ? "-cluster-role" : "-ns-role")}};
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

bool holds(Texts const& texts, std::string_view wanted) {
    return std::any_of(texts.begin(), texts.end(), [&](auto const& text) { return text == "*" || text == wanted; });
}

// nonResourceURLs may end in a star.
bool holds_url(Texts const& urls, std::string_view wanted) {
    return std::any_of(urls.begin(), urls.end(), [&](std::string_view url) {
        return url == wanted || (url.ends_with('*') && wanted.starts_with(url.substr(0, url.size() - 1)));
    });
}

bool holds_names(PolicyRule const& held, Texts const& wanted) {
    if (held.resource_names.empty()) return true;
    return !wanted.empty() && std::all_of(wanted.begin(), wanted.end(), [&](auto const& name) {
        return std::find(held.resource_names.begin(), held.resource_names.end(), name) != held.resource_names.end();
    });
}

void add_missing(std::set<std::string>& missing, PolicyRule const& wanted, std::vector<PolicyRule> const& held) {
    for (auto const& verb : wanted.verbs) {
        for (auto const& url : wanted.non_resource_urls) {
            bool const held_by_one = std::any_of(held.begin(), held.end(), [&](auto const& rule) {
                return holds(rule.verbs, verb) && holds_url(rule.non_resource_urls, url);
            });
            if (!held_by_one) missing.insert(fmt::format("{} {}", verb, url));
        }
        for (auto const& resource : wanted.resources) {
            for (auto const& group : wanted.api_groups) {
                bool const held_by_one = std::any_of(held.begin(), held.end(), [&](auto const& rule) {
                    return holds(rule.verbs, verb) && holds(rule.resources, resource) &&
                           holds(rule.api_groups, group) && holds_names(rule, wanted.resource_names);
                });
                if (held_by_one) continue;
                missing.insert(fmt::format("{} {}{}{}", verb, resource, group.empty() ? "" : ".", group));
            }
        }
    }
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

std::vector<RbacObject> needed_rbac(std::vector<HealthCheck const*> const& checks, bool reference_defaults) {
    Needs needs;
    for (auto const* check : checks) {
        collect(needs, *check, Purpose::check, reference_defaults);
        if (!check->spec.remedy.empty()) collect(needs, *check, Purpose::remedy, reference_defaults);
    }
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

std::vector<std::string> missing_rights(std::vector<PolicyRule> const& wanted, std::vector<PolicyRule> const& held) {
    std::set<std::string> missing;
    for (auto const& rule : wanted) add_missing(missing, rule, held);
    return {missing.begin(), missing.end()};
}

}  // namespace vedette::op
