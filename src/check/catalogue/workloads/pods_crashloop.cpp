// pods-crashloop: containers that the kubelet holds back because they keep ending.
//
// Between two tries such a container runs, and without a readiness probe its pod turns Ready for a moment, so no
// time in the object says when the loop began. The restart count decides instead, and min_age is compared with the
// pod's own age.

#include "check/catalogue/failure_of.hpp"
#include "check/catalogue/reads_of.hpp"
#include "check/catalogue/workloads/workloads.hpp"
#include "check/objects/pod.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"min_restarts", ParamKind::integer, "3", "restarts before a container in back-off is a trouble", 0, 1e6},
};

// Between two restarts the kubelet shows either the back-off or, until its next look at the pod, the failed end itself
// (Kubernetes 1.36 does so for the whole of a short back-off).
bool in_crash_loop(Container const& container) {
    if (container.waiting_reason == "CrashLoopBackOff") return true;
    return container.ended && container.ended->exit_code != 0 && container.last && container.restarts > 0;
}

Failure looping(Pod const& pod, Container const& container) {
    auto failure = failure_of("Pod", pod.meta);
    failure.reason = "CrashLoopBackOff";
    failure.since = pod.unready_since();
    auto const* end = container.last ? &*container.last : nullptr;
    failure.message =
        end ? fmt::format("{} crash-loops: exit code {}{}, {} restarts", container.called(), end->exit_code,
                          end->reason.empty() ? "" : fmt::format(" ({})", end->reason), container.restarts)
            : fmt::format("{} crash-loops: {} restarts", container.called(), container.restarts);
    return failure;
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    auto const min_restarts = params.integer("min_restarts");
    Findings findings;
    auto const pods = view.list<Pod>();
    std::int64_t young = 0;
    for (auto const* pod : pods) {
        if (pod->phase == "Failed" || pod->phase == "Succeeded") continue;  // nobody will restart it
        for (auto const& container : pod->containers) {
            if (!in_crash_loop(container)) continue;
            if (container.restarts < min_restarts || younger_than(pod->meta.created, params.min_age, now)) {
                ++young;
                continue;
            }
            findings.add(looping(*pod, container));
        }
    }
    auto const checked = static_cast<std::int64_t>(pods.size());
    auto outcome = std::move(findings).conclude(checked, fmt::format("no container of {} pods crash-loops", checked),
                                                params.max_failures_listed, now);
    if (young) outcome.details["containers_below_min_restarts"] = young;
    outcome.measurements = {{"pods_crash_looping", static_cast<double>(outcome.failed)}};
    outcome.thresholds = {{"restarts", nullptr, min_restarts}};
    return outcome;
}

}  // namespace

CheckType const pods_crashloop{
    .name = "pods-crashloop",
    .group = "workloads",
    .summary = "Containers in CrashLoopBackOff, with their last exit code and restarts",
    .explain =
        "Critical when a container, init and ephemeral ones too, waits in CrashLoopBackOff and has restarted "
        "min_restarts times. Look at `kubectl logs POD -c CONTAINER --previous`; exit code 137 is a kill, often "
        "for memory, 126 and 127 a command that cannot be run. Source: KubePodCrashLooping of kubernetes-mixin.",
    .with = with,
    .needs = reads_of<Pod>,
    .judge = judge,
};

}  // namespace vedette::check
