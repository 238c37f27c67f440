#pragma once
// Which kind of object: group, version, plural name, as the API server spells them.

#include <string>
#include <vector>

namespace vedette::kube {

struct Resource {
    std::string group;    ///< "" is the core group
    std::string version;  ///< "v1"
    std::string plural;   ///< "pods"
    std::string kind;     ///< "Pod"
    bool namespaced = true;

    /// "v1", "apps/v1"
    std::string api_version() const { return group.empty() ? version : group + "/" + version; }
    /// "pods", "deployments.apps"
    std::string qualified() const { return group.empty() ? plural : plural + "." + group; }

    bool operator==(Resource const&) const = default;
};

}  // namespace vedette::kube
