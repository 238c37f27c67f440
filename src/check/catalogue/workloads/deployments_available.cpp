// deployments-available: Deployments with fewer available pods than they should have, or whose rollout is stuck.
//
// The Available condition stays True while enough pods are left, so a Deployment that lacks one pod of four carries no
// time for it. Its pods do: a shortage is as old as the oldest pod that is not ready.

#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/workloads/pods_by_owner.hpp"
#include "check/catalogue/workloads/replicated_findings.hpp"
#include "check/catalogue/workloads/workloads.hpp"
#include "check/objects/replicated.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

std::vector<Read> needs() {
    std::vector<Read> reads;
    reads.push_back(read_of<Deployment>());
    reads.push_back(read_of<Pod>(true));
    return reads;
}

std::string counts(Deployment const& d) {
    return fmt::format("has {} of {} pods available", d.available, d.desired);
}

std::string because(Condition const& condition) {
    if (!condition.message.empty()) return ": " + condition.message;
    return condition.reason.empty() ? std::string() : fmt::format(" ({})", condition.reason);
}

/// What is wrong, whatever its age.
std::optional<Finding> trouble(Deployment const& d, OwnedPods const& pods) {
    auto finding =
        finding_of("Deployment", d.meta, d.available == 0 && d.desired > 0 ? Status::critical : Status::warning);
    auto const* progressing = find_condition(d.conditions, "Progressing");
    auto const* blocked = find_condition(d.conditions, "ReplicaFailure");
    auto const* available = find_condition(d.conditions, "Available");
    auto const is_short = d.available < d.desired;

    if (blocked && blocked->status == "True" && is_short) {
        finding.reason = reason_or(blocked->reason, "ReplicaFailure");
        finding.since = blocked->since;
        finding.message = [&d, blocked] {
            return fmt::format("{}, pods cannot be created{}", counts(d), because(*blocked));
        };
        return finding;
    }
    if (progressing && progressing->status == "False") {
        finding.reason = reason_or(progressing->reason, "NotProgressing");
        // The controller says so only when nothing has moved for progressDeadlineSeconds: that is when it began.
        if (progressing->since) finding.since = *progressing->since - d.progress_deadline;
        finding.message = [&d] {
            return fmt::format("is stuck in its rollout, {} of {} pods updated, {} available", d.updated, d.desired,
                               d.available);
        };
        return finding;
    }
    if (!is_short) return std::nullopt;
    finding.reason = d.available == 0 ? "NoneAvailable" : "TooFewAvailable";
    finding.message = [&d] { return counts(d); };
    finding.since = pods.oldest_unready;
    if (available && available->status == "False") {
        if (!finding.since || (available->since && *available->since < *finding.since))
            finding.since = available->since;
    }
    if (!finding.since) finding.since = d.progressed ? d.progressed : d.meta.created;
    return finding;
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    PodsByOwner const pods(view, "Deployment", params.min_age, now);
    Findings findings(params.max_failures_listed);
    std::int64_t at_zero = 0;
    auto const deployments = view.list<Deployment>();
    for (auto const* d : deployments) {
        if (d->meta.deleted) continue;
        if (is_unobserved(*d)) {
            if (auto finding = not_observed("Deployment", *d, params.min_age, now)) findings.add(*finding);
            continue;
        }
        if (d->desired == 0) {
            ++at_zero;
            if (params.strict) findings.add(scaled_to_zero("Deployment", d->meta));
            continue;
        }
        auto finding = trouble(*d, pods.of(d->meta));
        if (finding && !younger_than(finding->since, params.min_age, now)) findings.add(*finding);
    }
    auto const checked = static_cast<std::int64_t>(deployments.size());
    auto outcome =
        std::move(findings).conclude(checked, fmt::format("all {} Deployments have their pods", checked), now);
    outcome.details["scaled_to_zero"] = at_zero;
    outcome.measurements = {{"deployments_unavailable", static_cast<double>(outcome.failed)}};
    return outcome;
}

}  // namespace

CheckType const deployments_available{
    .name = "deployments-available",
    .group = "workloads",
    .summary = "Deployments with too few available pods or a stuck rollout for min_age",
    .explain =
        "Rollouts that still move are left alone. Zero replicas count only under strict. The pods' own checks say "
        "why pods are missing. Source: KubeDeploymentReplicasMismatch and KubeDeploymentRolloutStuck of "
        "kubernetes-mixin (15m).",
    .critical = "no pod has been available for min_age",
    .warning =
        "fewer pods than spec.replicas have been available for min_age, the rollout makes no progress "
        "(ProgressDeadlineExceeded), pods cannot be created (quota, admission), or the controller has not taken up "
        "the last change; under strict, zero replicas",
    .causes =
        "the new version does not become ready: see pods-crashloop, pods-image-pull, pods-not-ready\n"
        "pods cannot be created: quota, a webhook, pod security (ReplicaFailure)\n"
        "pods find no node (pods-unschedulable)\n"
        "kube-controller-manager is down (leader-leases)",
    .next =
        "kubectl rollout status -n NS deployment/NAME  # where it stands\n"
        "kubectl describe deployment -n NS NAME  # conditions and events\n"
        "kubectl get pods -n NS -o wide --selector KEY=VALUE  # the pods and their states\n"
        "kubectl rollout undo -n NS deployment/NAME  # back to what worked",
    .companions =
        "pods-crashloop pods-not-ready pods-image-pull pods-config-error pods-unschedulable resource-quota "
        "service-endpoints webhooks",
    .min_age = std::chrono::minutes(15),
    .needs = needs,
    .judge = judge,
};

}  // namespace vedette::check
