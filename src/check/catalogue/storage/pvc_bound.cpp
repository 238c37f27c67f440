// pvc-bound: claims that wait for a volume, or have lost theirs.
//
// A class with WaitForFirstConsumer binds only when a pod uses the claim, so such a claim waits since the pod came,
// and one that no pod uses is fine.

#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/storage/storage.hpp"
#include "check/objects/event.hpp"
#include "check/objects/pod.hpp"
#include "check/objects/volume.hpp"
#include "check/snapshot.hpp"

#include <fmt/format.h>

#include <map>

namespace vedette::check {
namespace {

using Key = std::pair<std::string_view, std::string_view>;

std::vector<Read> needs() {
    std::vector<Read> reads;
    reads.push_back(read_of<PersistentVolumeClaim>());
    reads.push_back(read_of<StorageClass>(true));
    reads.push_back(read_of<Pod>(true));
    reads.push_back(read_of<Event>(true));
    return reads;
}

struct Surroundings {
    bool classes_known = false;
    bool pods_known = false;
    std::map<std::string_view, StorageClass const*> classes;
    StorageClass const* default_class = nullptr;
    std::map<Key, WallTime> used_since;  ///< claims that a pod uses, by the oldest such pod's creation
    std::map<Key, Event const*> events;  ///< the latest warning about a claim
};

// Of several default classes Kubernetes takes the newest, of those the first by name.
bool is_newer(StorageClass const& candidate, StorageClass const* best) {
    if (!best) return true;
    auto const created = candidate.meta.created.value_or(WallTime{});
    auto const best_created = best->meta.created.value_or(WallTime{});
    return created != best_created ? created > best_created : candidate.meta.name < best->meta.name;
}

Surroundings survey(View const& view) {
    Surroundings around{.classes_known = view.has<StorageClass>(), .pods_known = view.has<Pod>()};
    if (around.classes_known) {
        for (auto const& each : view.everything<StorageClass>()) {
            around.classes[each.meta.name] = &each;
            if (each.is_default && is_newer(each, around.default_class)) around.default_class = &each;
        }
    }
    if (around.pods_known) {
        for (auto const& pod : view.everything<Pod>()) {
            auto const created = pod.meta.created.value_or(WallTime{});
            for (auto const& claim : pod.claims) {
                auto& since = around.used_since.try_emplace({pod.meta.ns, claim}, created).first->second;
                since = std::min(since, created);
            }
        }
    }
    if (view.has<Event>()) {
        for (auto const& event : view.everything<Event>()) {
            if (event.object_kind != "PersistentVolumeClaim") continue;
            auto& latest = around.events[{event.object_ns, event.object_name}];
            if (!latest || latest->last.value_or(WallTime{}) < event.last.value_or(WallTime{})) latest = &event;
        }
    }
    return around;
}

std::string pending_because(PersistentVolumeClaim const& claim, StorageClass const* storage_class,
                            Surroundings const& around) {
    auto const event = around.events.find({claim.meta.ns, claim.meta.name});
    std::string said;
    if (event != around.events.end() && !event->second->message.empty()) said = ": " + event->second->message;
    if (claim.storage_class && !claim.storage_class->empty()) {
        if (around.classes_known && !storage_class) {
            return fmt::format("is Pending: StorageClass {} does not exist", *claim.storage_class);
        }
        return fmt::format("is Pending with StorageClass {}{}", *claim.storage_class, said);
    }
    if (storage_class)
        return fmt::format("is Pending with the default StorageClass {}{}", storage_class->meta.name, said);
    if (!claim.storage_class && around.classes_known)
        return "is Pending: it names no StorageClass and none is the default";
    return fmt::format("is Pending without a StorageClass{}", said);
}

std::optional<Finding> trouble(PersistentVolumeClaim const& claim, Surroundings const& around) {
    auto finding = finding_of("PersistentVolumeClaim", claim.meta);
    if (claim.phase == "Lost") {
        finding.reason = "Lost";
        finding.message = [&claim] {
            return claim.volume.empty() ? "has lost its volume"
                                        : fmt::format("has lost its volume: PersistentVolume {} is gone", claim.volume);
        };
        return finding;
    }
    if (claim.phase == "Bound" || claim.meta.deleted) return std::nullopt;
    StorageClass const* storage_class = nullptr;
    if (!claim.storage_class) {
        storage_class = around.default_class;
    } else if (auto const found = around.classes.find(*claim.storage_class); found != around.classes.end()) {
        storage_class = found->second;
    }
    finding.reason = "Pending";
    finding.since = claim.meta.created;
    if (storage_class && storage_class->waits_for_consumer) {
        if (!around.pods_known) return std::nullopt;  // nobody can tell whether it is wanted yet
        auto const used = around.used_since.find({claim.meta.ns, claim.meta.name});
        if (used == around.used_since.end()) return std::nullopt;
        if (!finding.since || used->second > *finding.since) finding.since = used->second;
    }
    finding.message = [&claim, storage_class, &around] { return pending_because(claim, storage_class, around); };
    return finding;
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    auto const around = survey(view);
    Findings findings(params.max_failures_listed);
    auto const claims = view.list<PersistentVolumeClaim>();
    for (auto const* claim : claims) {
        auto finding = trouble(*claim, around);
        if (finding && !younger_than(finding->since, params.min_age, now)) findings.add(*finding);
    }
    auto const checked = static_cast<std::int64_t>(claims.size());
    auto outcome = std::move(findings).conclude(
        checked, fmt::format("all {} claims are bound or wait for their first pod", checked), now);
    outcome.measurements = {{"claims_unbound", static_cast<double>(outcome.failed)}};
    return outcome;
}

}  // namespace

CheckType const pvc_bound{
    .name = "pvc-bound",
    .group = "storage",
    .summary = "PersistentVolumeClaims that have been Pending for min_age, or are Lost",
    .explain =
        "A pod whose claim is not bound is not scheduled. Where the StorageClass waits for the first consumer, a "
        "claim that no pod uses is left alone, and another's wait begins with its pod. The message has the "
        "StorageClass and the provisioner's last warning. Source: KubePersistentVolumeErrors of kubernetes-mixin, "
        "Popeye 1003.",
    .critical = "a claim has waited for a volume for min_age, or is Lost: its volume is gone",
    .causes =
        "the StorageClass does not exist, or none is the default\n"
        "the provisioner (CSI driver) is down, or the provider refuses: a quota, no space left\n"
        "no PersistentVolume matches size, access mode or selector, where nobody provisions\n"
        "Lost: the PersistentVolume was deleted; its data may still be there",
    .next =
        "kubectl describe pvc -n NS NAME  # the provisioner's words\n"
        "kubectl get storageclass  # does it exist, which is the default\n"
        "kubectl get pods -A | grep -i csi  # is the driver up\n"
        "kubectl get pv  # which volumes are Available",
    .companions = "pods-unschedulable pods-not-ready statefulsets-ready deployments-available pv-phase",
    .min_age = std::chrono::minutes(5),
    .needs = needs,
    .judge = judge,
};

}  // namespace vedette::check
