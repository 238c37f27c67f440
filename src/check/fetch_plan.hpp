#pragma once
// The fetch plan: which lists a run makes so that every check has what it needs, each list once. Pure; `checks rbac`
// prints the same plan as rights.

#include "check/instance.hpp"

#include <map>
#include <set>

namespace vedette::check {

struct PlannedRead {
    kube::Resource resource;
    kube::Projection projection;
    std::unique_ptr<Listing> (*make)();
    std::set<std::string> namespaces;  ///< one LIST each; empty: one LIST of the whole cluster
    /// Beside a LIST of the whole cluster: the namespaces of those who name theirs and would do with less. One LIST
    /// each, only when the whole cluster turns out to be forbidden.
    std::set<std::string> named = {};
};

/// By resource.qualified().
using FetchPlan = std::map<std::string, PlannedRead>;

/// `run_namespaces` is --namespace. Instances with exact names only are read name by name; a glob, or no name, makes
/// the read cluster-wide.
FetchPlan plan_reads(std::vector<Instance> const& instances, std::vector<std::string> const& run_namespaces);

/// The namespaces that `instance` looks at, where it names each; empty: the whole cluster.
std::set<std::string> namespaces_of(Instance const& instance, std::vector<std::string> const& run_namespaces);

/// The same for one of its reads, which may be tied to a namespace or be of a cluster-scoped kind; empty: the whole
/// cluster.
std::set<std::string> scope_of(Read const& read, Instance const& instance,
                               std::vector<std::string> const& run_namespaces);

/// Whether a run restricted to namespaces does without this read: it would need a right in the whole cluster.
bool is_left_out(Read const& read, std::vector<std::string> const& run_namespaces);

/// Why the instance does not apply to a run restricted to some namespaces or without a cluster; empty if it does.
std::string why_skipped(Instance const& instance, std::vector<std::string> const& run_namespaces);

}  // namespace vedette::check
