#include "check/rbac.hpp"

#include "check/fetch_plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace vedette::check {
NeededRights rights_of(std::vector<Instance> const& instances, std::vector<std::string> const& namespaces) {
    NeededRights needed;
    for (auto const& [name, read] : plan_reads(instances, namespaces)) {
        auto const key = std::tuple(read.resource.group, read.resource.plural, std::string());
        if (read.namespaces.empty()) needed.cluster[key].insert("list");
        for (auto const& ns : read.namespaces) needed.namespaced[ns][key].insert("list");
    }
    for (auto const& instance : instances) {
        if (!why_skipped(instance, namespaces).empty()) continue;
        auto const scope = namespaces_of(instance, namespaces);
        for (auto const& rule : instance.type->rules) {
            if (!rule.url.empty()) {
                needed.urls.insert(std::string(rule.url));
                continue;
            }
            auto const key = std::tuple(std::string(rule.group), std::string(rule.resource), std::string(rule.name));
            auto const verb = std::string(rule.verb);
            if (scope.empty()) needed.cluster[key].insert(verb);
            for (auto const& ns : scope) needed.namespaced[ns][key].insert(verb);
        }
    }
    return needed;
}

namespace {

void print_rules(std::string& text, Rights const& rights) {
    auto out = std::back_inserter(text);
    for (auto const& [what, verbs] : rights) {
        auto const& [group, resource, name] = what;
        fmt::format_to(out, "- apiGroups: [\"{}\"]\n  resources: [\"{}\"]\n", group, resource);
        if (!name.empty()) fmt::format_to(out, "  resourceNames: [\"{}\"]\n", name);
        fmt::format_to(out, "  verbs: [\"{}\"]\n", fmt::join(verbs, "\", \""));
    }
}

struct Account {
    std::string ns;
    std::string name;
};

Account account_of(std::string_view text) {
    auto const slash = text.find('/');
    if (slash == std::string_view::npos) return {"default", std::string(text)};
    return {std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

void print_binding(std::string& text, std::string_view kind, std::string_view ns, Account const& account) {
    auto out = std::back_inserter(text);
    fmt::format_to(out, "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: {}Binding\nmetadata:\n  name: vedette\n",
                   kind);
    if (!ns.empty()) fmt::format_to(out, "  namespace: {}\n", ns);
    fmt::format_to(out,
                   "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: {}\n  name: vedette\nsubjects:\n"
                   "- kind: ServiceAccount\n  name: {}\n  namespace: {}\n",
                   kind, account.name, account.ns);
}

}  // namespace

std::string rbac_manifest(std::vector<Instance> const& instances, std::vector<std::string> const& namespaces,
                          std::string_view service_account) {
    auto const needed = rights_of(instances, namespaces);
    auto const account = account_of(service_account);
    std::string text;
    auto const role = [&](std::string_view kind, std::string_view ns) {
        fmt::format_to(std::back_inserter(text),
                       "{}apiVersion: rbac.authorization.k8s.io/v1\nkind: {}\nmetadata:\n  name: vedette\n",
                       text.empty() ? "" : "---\n", kind);
        if (!ns.empty()) fmt::format_to(std::back_inserter(text), "  namespace: {}\n", ns);
        text += "rules:\n";
    };
    if (!needed.cluster.empty() || !needed.urls.empty()) {
        role("ClusterRole", "");
        print_rules(text, needed.cluster);
        if (!needed.urls.empty()) {
            fmt::format_to(std::back_inserter(text), "- nonResourceURLs: [\"{}\"]\n  verbs: [\"get\"]\n",
                           fmt::join(needed.urls, "\", \""));
        }
        print_binding(text, "ClusterRole", "", account);
    }
    for (auto const& [ns, rights] : needed.namespaced) {
        role("Role", ns);
        print_rules(text, rights);
        print_binding(text, "Role", ns, account);
    }
    return text;
}

}  // namespace vedette::check
