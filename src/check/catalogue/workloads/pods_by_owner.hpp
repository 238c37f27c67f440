#pragma once
// What the pods of a workload say about time. A Deployment, StatefulSet or DaemonSet counts its pods but does not say
// since when some are missing; the pods do.

#include "check/objects/pod.hpp"
#include "check/snapshot.hpp"

#include <map>
#include <utility>

namespace vedette::check {

struct OwnedPods {
    std::int64_t unready_young = 0;  ///< not ready, for less than min_age
    std::int64_t unready_old = 0;
    std::optional<WallTime> oldest_unready;
    std::optional<WallTime> newest;  ///< creation of the newest pod
};

/// The pods of all workloads of one kind ("Deployment", "StatefulSet", "DaemonSet"), in one pass. Pods of a
/// Deployment are found through their ReplicaSet's name, which is the Deployment's and the pod-template-hash.
/// Lifetime: the snapshot outlives it.
class PodsByOwner {
public:
    PodsByOwner(View const& view, std::string_view kind, Duration min_age, WallTime now);

    OwnedPods const& of(Meta const& workload) const;

private:
    std::map<std::pair<std::string_view, std::string_view>, OwnedPods> owned_;
};

}  // namespace vedette::check
