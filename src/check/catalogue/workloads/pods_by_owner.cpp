#include "check/catalogue/workloads/pods_by_owner.hpp"

#include "check/catalogue/finding_of.hpp"

namespace vedette::check {
namespace {

std::string_view deployment_of(Meta const& pod) {
    auto const* hash = pod.label("pod-template-hash");
    std::string_view const set = pod.owner_name;
    if (!hash || set.size() <= hash->size() + 1 || !set.ends_with(*hash)) return {};
    auto const name = set.substr(0, set.size() - hash->size());
    return name.ends_with('-') ? name.substr(0, name.size() - 1) : std::string_view();
}

std::string_view owner_of(Meta const& pod, std::string_view kind) {
    if (kind == "Deployment") return pod.owner_kind == "ReplicaSet" ? deployment_of(pod) : std::string_view();
    return pod.owner_kind == kind ? std::string_view(pod.owner_name) : std::string_view();
}

}  // namespace

PodsByOwner::PodsByOwner(View const& view, std::string_view kind, Duration min_age, WallTime now) {
    if (!view.has<Pod>()) return;
    for (auto const& pod : view.everything<Pod>()) {
        auto const owner = owner_of(pod.meta, kind);
        if (owner.empty() || pod.meta.deleted || pod.phase == "Succeeded" || pod.phase == "Failed") continue;
        auto& entry = owned_[{pod.meta.ns, owner}];
        if (pod.meta.created && (!entry.newest || *pod.meta.created > *entry.newest)) entry.newest = pod.meta.created;
        auto const since = pod.unready_since();
        if (!since) continue;
        ++(younger_than(since, min_age, now) ? entry.unready_young : entry.unready_old);
        if (!entry.oldest_unready || *since < *entry.oldest_unready) entry.oldest_unready = since;
    }
}

OwnedPods const& PodsByOwner::of(Meta const& workload) const {
    static OwnedPods const none;
    auto const found = owned_.find({workload.ns, workload.name});
    return found == owned_.end() ? none : found->second;
}

}  // namespace vedette::check
