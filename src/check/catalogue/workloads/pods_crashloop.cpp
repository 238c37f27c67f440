// pods-crashloop: containers that the kubelet holds back because they keep ending.
//
// Between two tries such a container runs, and without a readiness probe its pod turns Ready for a moment, so no
// time in the object says when the loop began. The restart count decides instead, and min_age is compared with the
// pod's own age.

#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/reads_of.hpp"
#include "check/catalogue/workloads/workloads.hpp"
#include "check/objects/pod.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"min_restarts", ParamKind::integer, "3", "restarts before a container in back-off is a trouble", 0, 1e6},
};

// Between the ends of a crash loop lie the longest back-off, five minutes, and what little the container runs.
constexpr auto longest_lap = std::chrono::minutes(10);

// Between two restarts the kubelet shows either the back-off or, until its next look at the pod, the failed end itself
// (Kubernetes 1.36 does so for the whole of a short back-off).
// Two ends far apart are no loop.
bool in_crash_loop(Container const& container) {
    if (container.waiting_reason == "CrashLoopBackOff") return true;
    if (!container.ended || container.ended->exit_code == 0 || !container.last || container.restarts == 0) return false;
    auto const& now = container.ended->finished;
    auto const& before = container.last->finished;
    return !now || !before || *now - *before < longest_lap;
}

Finding looping(Pod const& pod, Container const& container) {
    auto finding = finding_of("Pod", pod.meta);
    finding.reason = "CrashLoopBackOff";
    finding.since = pod.unready_since();
    finding.message = [&container] {
        auto const* end = container.ended ? &*container.ended : container.last ? &*container.last : nullptr;
        if (!end) return fmt::format("{} crash-loops: {} restarts", container.called(), container.restarts);
        return fmt::format("{} crash-loops: exit code {}{}, {} restarts", container.called(), end->exit_code,
                           end->reason.empty() ? "" : fmt::format(" ({})", end->reason), container.restarts);
    };
    return finding;
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    auto const min_restarts = params.integer("min_restarts");
    Findings findings(params.max_failures_listed);
    auto const pods = view.list<Pod>();
    std::int64_t young = 0;
    for (auto const* pod : pods) {
        if (pod->meta.deleted || pod->phase == "Failed" || pod->phase == "Succeeded") continue;  // nobody restarts it
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
    auto outcome =
        std::move(findings).conclude(checked, fmt::format("no container of {} pods crash-loops", checked), now);
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
        "The kubelet starts such a container again and again, with longer and longer pauses, up to five minutes. "
        "Init and ephemeral containers count too. Finished pods are left out. No time in the object says when the "
        "loop began, so the number of restarts decides. Source: KubePodCrashLooping of kubernetes-mixin.",
    .critical =
        "a container waits in CrashLoopBackOff, or has just ended badly again, and has restarted min_restarts times",
    .causes =
        "the program ends at once: bad flags, a missing variable, a database it cannot reach (exit code 1 or 2)\n"
        "it was killed (137): for memory (OOMKilled), or because its liveness probe failed\n"
        "its command cannot be run (126) or does not exist (127)\n"
        "it crashed: 134 abort, 139 segmentation fault\n"
        "exit code 0: it is meant to end and should be a Job",
    .next =
        "kubectl logs -n NS POD -c CONTAINER --previous  # what it said before it died\n"
        "kubectl describe pod -n NS POD  # exit code, probes, events\n"
        "kubectl rollout history -n NS deployment/NAME  # what changed lately\n"
        "kubectl rollout undo -n NS deployment/NAME  # back to what worked",
    .companions =
        "pods-not-ready pods-restarts pods-oom deployments-available statefulsets-ready daemonsets-ready "
        "service-endpoints",
    .with = with,
    .needs = reads_of<Pod>,
    .judge = judge,
};

}  // namespace vedette::check
