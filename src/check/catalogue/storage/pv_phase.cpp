// pv-phase: volumes that failed, wait, or lie about after their claim has gone.

#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/reads_of.hpp"
#include "check/catalogue/storage/storage.hpp"
#include "check/objects/volume.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"released_max_age", ParamKind::duration, "\"7d\"", "a volume may stay Released this long", 0},
};

std::string explained(PersistentVolume const& volume) {
    if (!volume.message.empty()) return ": " + volume.message;
    return volume.reason.empty() ? std::string() : fmt::format(" ({})", volume.reason);
}

std::optional<Finding> trouble(PersistentVolume const& volume, Params const& params, WallTime now) {
    auto finding = finding_of("PersistentVolume", volume.meta);
    finding.reason = volume.phase;
    finding.since = volume.phase_since;
    if (volume.phase == "Failed") {
        finding.message = [&volume] { return fmt::format("could not be reclaimed{}", explained(volume)); };
    } else if (volume.phase == "Pending") {
        if (!finding.since) finding.since = volume.meta.created;
        finding.message = [&volume] { return fmt::format("is Pending{}", explained(volume)); };
    } else if (volume.phase == "Released" && volume.phase_since) {
        if (now - *volume.phase_since <= params.duration("released_max_age")) return std::nullopt;
        finding.status = Status::warning;
        finding.message = [&volume] {
            return volume.claim.empty() ? "is Released and kept"
                                        : fmt::format("is Released and kept, claim {} is gone", volume.claim);
        };
    } else {
        return std::nullopt;
    }
    return finding;
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    Findings findings(params.max_failures_listed);
    std::int64_t available = 0;
    std::int64_t released = 0;
    auto const volumes = view.list<PersistentVolume>();
    for (auto const* volume : volumes) {
        if (volume->phase == "Available") ++available;
        if (volume->phase == "Released") ++released;
        auto finding = trouble(*volume, params, now);
        if (finding && !younger_than(finding->since, params.min_age, now)) findings.add(*finding);
    }
    auto const checked = static_cast<std::int64_t>(volumes.size());
    auto outcome = std::move(findings).conclude(checked, fmt::format("all {} volumes are in order", checked), now);
    outcome.details["available"] = available;
    outcome.details["released"] = released;
    outcome.measurements = {{"volumes_in_trouble", static_cast<double>(outcome.failed)}};
    return outcome;
}

}  // namespace

CheckType const pv_phase{
    .name = "pv-phase",
    .group = "storage",
    .summary = "PersistentVolumes that are Failed or Pending, or stay Released for long",
    .explain =
        "How long a volume has been Released is known from Kubernetes 1.29 on; before, such volumes are only "
        "counted. Source: KubePersistentVolumeErrors of kubernetes-mixin.",
    .critical = "a volume has been Failed (its reclaim did not work) or Pending for min_age",
    .warning = "a volume has been Released for released_max_age: its data is kept and nobody uses it",
    .causes =
        "Failed: the provider refused to delete the disk, or the CSI driver is down\n"
        "Pending: the volume is not yet known to its provider\n"
        "Released: reclaimPolicy Retain, and nobody decided what becomes of the data",
    .next =
        "kubectl describe pv NAME  # phase, message, claim\n"
        "kubectl get events -A --field-selector involvedObject.kind=PersistentVolume  # VolumeFailedDelete\n"
        "kubectl patch pv NAME --type=json -p '[{\"op\":\"remove\",\"path\":\"/spec/claimRef\"}]'  # use it again\n"
        "kubectl delete pv NAME  # forgets it; with Retain the disk itself stays",
    .companions = "pvc-bound",
    .min_age = std::chrono::minutes(5),
    .with = with,
    .needs = reads_of<PersistentVolume>,
    .judge = judge,
    .cluster_scoped = true,
};

}  // namespace vedette::check
