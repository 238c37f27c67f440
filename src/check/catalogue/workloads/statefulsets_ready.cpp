// statefulsets-ready: StatefulSets whose pods are not all ready, or whose rolling update has come to rest half-way.
//
// A StatefulSet has no conditions; its pods tell the times. An ordered set creates pod n+1 only when pod n is ready,
// so pods that are missing behind a young one are no trouble yet.

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
    reads.push_back(read_of<StatefulSet>());
    reads.push_back(read_of<Pod>(true));
    return reads;
}

std::optional<Finding> trouble(StatefulSet const& s, OwnedPods const& pods) {
    auto finding = finding_of("StatefulSet", s.meta, Status::warning);
    auto const last_step = pods.newest ? pods.newest : s.meta.created;
    if (s.ready < s.desired) {
        if (s.ready == 0) finding.status = Status::critical;
        finding.reason = s.ready == 0 ? "NoneReady" : "TooFewReady";
        finding.message = [&s] { return fmt::format("has {} of {} pods ready", s.ready, s.desired); };
        finding.since = pods.oldest_unready ? pods.oldest_unready : last_step;
        return finding;
    }
    auto const to_update = std::max<std::int64_t>(0, s.desired - s.partition);
    if (s.rolling && !s.on_delete && s.updated < to_update) {
        finding.reason = "RolloutStuck";
        finding.message = [&s, to_update] {
            return fmt::format("is half-way through its update: {} of {} pods updated", s.updated, to_update);
        };
        finding.since = last_step;
        return finding;
    }
    return std::nullopt;
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    PodsByOwner const pods(view, "StatefulSet", params.min_age, now);
    Findings findings(params.max_failures_listed);
    std::int64_t at_zero = 0;
    auto const sets = view.list<StatefulSet>();
    for (auto const* s : sets) {
        if (s->meta.deleted) continue;
        if (is_unobserved(*s)) {
            if (auto finding = not_observed("StatefulSet", *s, params.min_age, now)) findings.add(*finding);
            continue;
        }
        if (s->desired == 0) {
            ++at_zero;
            if (params.strict) findings.add(scaled_to_zero("StatefulSet", s->meta));
            continue;
        }
        auto finding = trouble(*s, pods.of(s->meta));
        if (finding && !younger_than(finding->since, params.min_age, now)) findings.add(*finding);
    }
    auto const checked = static_cast<std::int64_t>(sets.size());
    auto outcome = std::move(findings).conclude(checked, fmt::format("all {} StatefulSets are ready", checked), now);
    outcome.details["scaled_to_zero"] = at_zero;
    outcome.measurements = {{"statefulsets_not_ready", static_cast<double>(outcome.failed)}};
    return outcome;
}

}  // namespace

CheckType const statefulsets_ready{
    .name = "statefulsets-ready",
    .group = "workloads",
    .summary = "StatefulSets with pods that are not ready, or a stalled update, for min_age",
    .explain =
        "A StatefulSet starts its pods in order, each when the one before is ready, so the first pod that is not "
        "ready holds back all after it. Partitioned updates and the OnDelete strategy are respected; zero replicas "
        "count only under strict. Source: KubeStatefulSetReplicasMismatch and KubeStatefulSetUpdateNotRolledOut of "
        "kubernetes-mixin (15m).",
    .critical = "no pod has been ready for min_age",
    .warning =
        "some pods have not been ready for min_age, a rolling update stands still although all pods are ready, or "
        "the controller has not taken up the last change; under strict, zero replicas",
    .causes =
        "the first pod that is not ready: its crash loop, its probe, its volume\n"
        "its claim is not bound, or the volume is in another zone than the free nodes\n"
        "its node is gone: a StatefulSet does not replace a pod until the old one is known to be dead\n"
        "a broken revision: even a mended template is not rolled out until the broken pod is deleted",
    .next =
        "kubectl get pods -n NS -o wide | grep NAME  # which ordinal is not ready, and where\n"
        "kubectl describe pod -n NS NAME-0  # why\n"
        "kubectl get pvc -n NS  # are its claims bound\n"
        "kubectl delete pod -n NS NAME-0  # lets a mended template take effect",
    .companions =
        "pods-not-ready pods-crashloop pods-unschedulable pods-image-pull pods-config-error pvc-bound "
        "service-endpoints",
    .min_age = std::chrono::minutes(15),
    .needs = needs,
    .judge = judge,
};

}  // namespace vedette::check
