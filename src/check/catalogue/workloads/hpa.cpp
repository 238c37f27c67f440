// hpa: autoscalers that cannot do their work: no metrics, no target, no room left, or a wish nobody fulfils.

#include "check/catalogue/failure_of.hpp"
#include "check/catalogue/reads_of.hpp"
#include "check/catalogue/workloads/workloads.hpp"
#include "check/objects/horizontal_pod_autoscaler.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

using Hpa = HorizontalPodAutoscaler;

std::optional<Failure> unable(Hpa const& hpa, std::string_view type, std::string_view words) {
    auto const* condition = find_condition(hpa.conditions, type);
    // ScalingDisabled is the target at zero replicas: somebody's intention.
    if (!condition || condition->status != "False" || condition->reason == "ScalingDisabled") return std::nullopt;
    auto failure = failure_of("HorizontalPodAutoscaler", hpa.meta);
    failure.reason = condition->reason.empty() ? std::string(type) : condition->reason;
    failure.since = condition->since;
    failure.message = fmt::format("{} {}", words, hpa.target);
    if (!condition->message.empty()) failure.message += ": " + condition->message;
    return failure;
}

std::optional<Failure> trouble(Hpa const& hpa) {
    if (auto found = unable(hpa, "AbleToScale", "cannot scale")) return found;
    if (auto found = unable(hpa, "ScalingActive", "has no metrics to scale")) return found;
    auto failure = failure_of("HorizontalPodAutoscaler", hpa.meta, Status::warning);
    auto const* limited = find_condition(hpa.conditions, "ScalingLimited");
    if (hpa.most > 0 && hpa.current == hpa.most && hpa.most != hpa.least) {
        auto const wants_more = limited && limited->status == "True" && limited->reason == "TooManyReplicas";
        failure.reason = "AtMaximum";
        failure.since = wants_more ? limited->since : hpa.last_scaled;
        if (!failure.since) failure.since = hpa.meta.created;
        failure.message = fmt::format("keeps {} at its maximum of {} pods{}", hpa.target, hpa.most,
                                      wants_more ? " and wants more" : "");
        return failure;
    }
    if (hpa.desired != hpa.current && hpa.current > hpa.least && hpa.current < hpa.most) {
        failure.reason = "NotFollowed";
        failure.since = hpa.last_scaled ? hpa.last_scaled : hpa.meta.created;
        failure.message = fmt::format("wants {} pods of {}, which has {}", hpa.desired, hpa.target, hpa.current);
        return failure;
    }
    return std::nullopt;
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    Findings findings;
    auto const all = view.list<Hpa>();
    for (auto const* one : all) {
        if (one->meta.deleted) continue;
        auto failure = trouble(*one);
        if (failure && !younger_than(failure->since, params.min_age, now)) findings.add(std::move(*failure));
    }
    auto const checked = static_cast<std::int64_t>(all.size());
    auto outcome = std::move(findings).conclude(checked, fmt::format("all {} autoscalers can do their work", checked),
                                                params.max_failures_listed, now);
    outcome.measurements = {{"autoscalers_in_trouble", static_cast<double>(outcome.failed)}};
    return outcome;
}

}  // namespace

CheckType const hpa{
    .name = "hpa",
    .group = "workloads",
    .summary = "HorizontalPodAutoscalers without metrics or target, or at their maximum",
    .explain =
        "An autoscaler without metrics keeps the number of pods it last had, whatever the load. A target at zero "
        "replicas is left alone. Source: KubeHpaMaxedOut and KubeHpaReplicasMismatch of kubernetes-mixin (15m).",
    .critical = "ScalingActive (no metrics) or AbleToScale (no target) has been False for min_age",
    .warning = "it has stood at maxReplicas, or has wanted another number of pods than there are, for min_age",
    .causes =
        "metrics-server or the custom metrics adapter is down (see apiservices)\n"
        "the pods request no CPU or memory, so a percentage of it means nothing\n"
        "scaleTargetRef names something that does not exist\n"
        "AtMaximum: more load than maxReplicas allows for, or each pod has become slower",
    .next =
        "kubectl describe hpa -n NS NAME  # conditions, current and wanted metrics\n"
        "kubectl top pod -n NS  # are there metrics at all\n"
        "kubectl get apiservice v1beta1.metrics.k8s.io  # is metrics-server there\n"
        "kubectl patch hpa -n NS NAME --type=merge -p '{\"spec\":{\"maxReplicas\":20}}'  # more room",
    .companions = "apiservices pods-unschedulable resource-quota",
    .min_age = std::chrono::minutes(15),
    .needs = reads_of<HorizontalPodAutoscaler>,
    .judge = judge,
};

}  // namespace vedette::check
