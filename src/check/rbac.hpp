#pragma once
#include "check/instance.hpp"

#include <map>
#include <set>
#include <string>
#include <tuple>

namespace vedette::check {

/// (API group, resource, resource name or "" for all) -> verbs; sorted, so that equal rights print equal text.
using Rights = std::map<std::tuple<std::string, std::string, std::string>, std::set<std::string>>;

struct NeededRights {
    Rights cluster;
    std::map<std::string, Rights> namespaced;  ///< rights in one namespace only
    std::set<std::string> urls;                ///< to get
};

/// What exactly these instances need, by the fetch plan and the types' own rules. `namespaces`: --namespace.
NeededRights rights_of(std::vector<Instance> const& instances, std::vector<std::string> const& namespaces);

/// The rights that exactly these instances need, as YAML: a ClusterRole and its binding to `service_account`
/// ("namespace/name"); with namespaces, a Role and a RoleBinding in each. Derived from the fetch plan and the types'
/// own rules.
std::string rbac_manifest(std::vector<Instance> const& instances, std::vector<std::string> const& namespaces,
                          std::string_view service_account);

}  // namespace vedette::check
