#include "check/fetch_plan.hpp"

#include "base/glob.hpp"

#include <algorithm>

namespace vedette::check {
namespace {

// Empty means the whole cluster.
std::set<std::string> exact_namespaces(std::vector<std::string> const& names) {
    if (std::any_of(names.begin(), names.end(), [](auto const& name) { return is_glob(name); })) return {};
    return {names.begin(), names.end()};
}

}  // namespace

std::set<std::string> namespaces_of(Instance const& instance, std::vector<std::string> const& run_namespaces) {
    if (instance.type->cluster_scoped) return {};
    return exact_namespaces(run_namespaces.empty() ? instance.params.namespaces : run_namespaces);
}

std::set<std::string> scope_of(Read const& read, Instance const& instance,
                               std::vector<std::string> const& run_namespaces) {
    if (!read.resource.namespaced) return {};
    if (!read.only_namespace.empty()) return {read.only_namespace};
    return namespaces_of(instance, run_namespaces);
}

bool is_left_out(Read const& read, std::vector<std::string> const& run_namespaces) {
    return !run_namespaces.empty() && read.optional && !read.resource.namespaced;
}

std::string why_skipped(Instance const& instance, std::vector<std::string> const& run_namespaces) {
    if (!run_namespaces.empty() && instance.type->cluster_scoped) {
        return "looks at the whole cluster, and --namespace restricts this run";
    }
    return {};
}

FetchPlan plan_reads(std::vector<Instance> const& instances, std::vector<std::string> const& run_namespaces) {
    FetchPlan plan;
    for (auto const& instance : instances) {
        if (!instance.type->needs || !why_skipped(instance, run_namespaces).empty()) continue;
        for (auto const& read : instance.type->needs()) {
            if (is_left_out(read, run_namespaces)) continue;
            auto scope = scope_of(read, instance, run_namespaces);
            auto const [entry, is_new] = plan.try_emplace(
                read.resource.qualified(), PlannedRead{read.resource, read.projection, read.make, scope});
            if (is_new) continue;
            auto& planned = entry->second;
            planned.projection.add(read.projection);
            if (scope.empty() || planned.namespaces.empty()) {
                planned.named.merge(planned.namespaces);  // somebody wants the whole cluster
                planned.named.merge(scope);
                planned.namespaces.clear();
            } else {
                planned.namespaces.merge(scope);
            }
        }
    }
    return plan;
}

}  // namespace vedette::check
