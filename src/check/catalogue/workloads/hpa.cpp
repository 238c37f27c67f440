// hpa: autoscalers that cannot do their work: no metrics, no target, no room left, or a wish nobody fulfils.

#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/reads_of.hpp"
#include "check/catalogue/workloads/workloads.hpp"
#include "check/objects/horizontal_pod_autoscaler.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

using Hpa = HorizontalPodAutoscaler;

std::optional<Finding> unable(Hpa const& hpa, std::string_view type, std::string_view words) {
    auto const* condition = find_condition(hpa.conditions, type);
    // ScalingDisabled is the target at zero replicas: somebody's intention.
    if (!condition || condition->status != "False" || condition->reason == "ScalingDisabled") return std::nullopt;
    auto finding = finding_of("HorizontalPodAutoscaler", hpa.meta);
    finding.reason = reason_or(condition->reason, type);
    finding.since = condition->since;
    finding.message = [&hpa, condition, words] {
        auto const said = condition->message.empty() ? std::string() : ": " + condition->message;
        return fmt::format("{} {}{}", words, hpa.target, said);
    };
    return finding;
}

std::optional<Finding> trouble(Hpa const& hpa) {
    if (auto found = unable(hpa, "AbleToScale", "cannot scale")) return found;
    if (auto found = unable(hpa, "ScalingActive", "has no metrics to scale")) return found;
    auto finding = finding_of("HorizontalPodAutoscaler", hpa.meta, Status::warning);
    auto const* limited = find_condition(hpa.conditions, "ScalingLimited");
    if (hpa.most > 0 && hpa.current == hpa.most && hpa.most != hpa.least) {
        auto const wants_more = limited && limited->status == "True" && limited->reason == "TooManyReplicas";
        finding.reason = "AtMaximum";
        finding.since = wants_more ? limited->since : hpa.last_scaled;
        if (!finding.since) finding.since = hpa.meta.created;
        finding.message = [&hpa, wants_more] {
            return fmt::format("keeps {} at its maximum of {} pods{}", hpa.target, hpa.most,
                               wants_more ? " and wants more" : "");
        };
        return finding;
    }
    if (hpa.desired != hpa.current && hpa.current > hpa.least && hpa.current < hpa.most) {
        finding.reason = "NotFollowed";
        finding.since = hpa.last_scaled ? hpa.last_scaled : hpa.meta.created;
        finding.message = [&hpa] {
            return fmt::format("wants {} pods of {}, which has {}", hpa.desired, hpa.target, hpa.current);
        };
        return finding;
    }
    return std::nullopt;
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    Findings findings(params.max_failures_listed);
    auto const all = view.list<Hpa>();
    for (auto const* one : all) {
        if (one->meta.deleted) continue;
        auto finding = trouble(*one);
        if (finding && !younger_than(finding->since, params.min_age, now)) findings.add(*finding);
    }
    auto const checked = static_cast<std::int64_t>(all.size());
    auto outcome =
        std::move(findings).conclude(checked, fmt::format("all {} autoscalers can do their work", checked), now);
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
