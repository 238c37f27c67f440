// pods-not-ready: pods that should be ready and have not been for min_age, or do not get past Pending.
//
// Left out: pods of Jobs (they come to an end), gated ones (somebody holds them back on purpose), finished ones, and
// those being deleted or preempted.

#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/reads_of.hpp"
#include "check/catalogue/workloads/workloads.hpp"
#include "check/objects/pod.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"pending_min_age", ParamKind::duration, "\"10m\"", "a pod may be Pending this long", 0},
};

bool is_preempted(Pod const& pod) {
    auto const* disruption = find_condition(pod.conditions, "DisruptionTarget");
    return disruption && disruption->status == "True" && disruption->reason == "PreemptionByScheduler";
}

bool is_expected_ready(Pod const& pod) {
    if (pod.of_job() || pod.gated || pod.meta.deleted || is_preempted(pod)) return false;
    return pod.phase != "Succeeded" && pod.phase != "Failed";
}

// The first container that explains why the pod is not ready.
std::string cause(Pod const& pod) {
    for (auto const& container : pod.containers) {
        if (!container.waiting_reason.empty() && container.waiting_reason != "PodInitializing") {
            return fmt::format("{} waits: {}", container.called(), container.waiting_reason);
        }
        if (container.ended && container.ended->exit_code != 0) {
            return fmt::format("{} ended with exit code {}", container.called(), container.ended->exit_code);
        }
    }
    auto const* scheduled = find_condition(pod.conditions, "PodScheduled");
    if (scheduled && scheduled->status == "False") {
        return scheduled->message.empty() ? scheduled->reason : scheduled->message;
    }
    auto const* ready = find_condition(pod.conditions, "Ready");
    if (ready && ready->status != "True") return ready->message.empty() ? ready->reason : ready->message;
    return {};
}

Finding unready(Pod const& pod) {
    auto finding = finding_of("Pod", pod.meta);
    finding.reason = pod.phase == "Running" ? "NotReady" : reason_or(pod.phase, "Pending");
    finding.since = finding.reason == "Pending" ? pod.meta.created : pod.unready_since();
    finding.message = [&pod, reason = finding.reason] {
        auto why = cause(pod);
        if (!why.empty()) why.insert(0, ": ");
        return fmt::format("is {}{}", reason == "NotReady" ? "not ready" : reason, why);
    };
    return finding;
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    auto const pending_min_age = params.duration("pending_min_age");
    Findings findings(params.max_failures_listed);
    std::int64_t checked = 0;
    for (auto const* pod : view.list<Pod>()) {
        if (!is_expected_ready(*pod)) continue;
        ++checked;
        if (pod->phase == "Running" && pod->is_ready()) continue;
        auto finding = unready(*pod);
        auto const limit = finding.reason == "Pending" ? pending_min_age : params.min_age;
        if (!younger_than(finding.since, limit, now)) findings.add(finding);
    }
    auto outcome =
        std::move(findings).conclude(checked, fmt::format("all {} pods that should be ready are", checked), now);
    outcome.measurements = {{"pods_not_ready", static_cast<double>(outcome.failed)},
                            {"pods_expected_ready", static_cast<double>(checked)}};
    return outcome;
}

}  // namespace

CheckType const pods_not_ready{
    .name = "pods-not-ready",
    .group = "workloads",
    .summary = "Pods that have been Pending, Unknown or running without being ready for too long",
    .explain =
        "A pod that is not ready gets no traffic from its Services. Pods of Jobs, gated, finished, preempted and "
        "deleted ones are left out. The message names the container that waits, or what the scheduler said; the "
        "checks on crash loops, images, configuration and scheduling say more about the same pod. Source: "
        "KubePodNotReady of kubernetes-mixin (15m), Kuberhealthy (10m for Pending).",
    .critical = "a pod has been Pending for pending_min_age, or Unknown or running and not Ready for min_age",
    .causes =
        "its readiness probe fails: the program is overloaded, or waits for something it depends on\n"
        "its container crash-loops, or its image or configuration is missing\n"
        "no node has room for it, or its volume does not mount\n"
        "its node is gone (Unknown)",
    .next =
        "kubectl describe pod -n NS POD  # probe failures and waiting reasons, in the events\n"
        "kubectl logs -n NS POD -c CONTAINER --tail=50  # why it is not ready\n"
        "kubectl get pod -n NS POD -o wide  # on which node; are others there well",
    .companions =
        "pods-crashloop pods-image-pull pods-config-error pods-unschedulable deployments-available "
        "statefulsets-ready daemonsets-ready service-endpoints nodes-ready",
    .min_age = std::chrono::minutes(15),
    .with = with,
    .needs = reads_of<Pod>,
    .judge = judge,
};

}  // namespace vedette::check
