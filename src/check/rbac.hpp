#pragma once
#include "check/instance.hpp"

namespace vedette::check {

/// The rights that exactly these instances need, as YAML: a ClusterRole and its binding to `service_account`
/// ("namespace/name"); with namespaces, a Role and a RoleBinding in each. Derived from the fetch plan and the types'
/// own rules.
std::string rbac_manifest(std::vector<Instance> const& instances, std::vector<std::string> const& namespaces,
                          std::string_view service_account);

}  // namespace vedette::check
