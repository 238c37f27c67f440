// pods-unschedulable: pods for which the scheduler finds no node, in the scheduler's own words.

#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/reads_of.hpp"
#include "check/catalogue/workloads/workloads.hpp"
#include "check/objects/pod.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

Outcome judge(View const& view, Params const& params, WallTime now) {
    Findings findings(params.max_failures_listed);
    auto const pods = view.list<Pod>();
    for (auto const* pod : pods) {
        auto const* scheduled = find_condition(pod->conditions, "PodScheduled");
        if (!scheduled || scheduled->status != "False" || scheduled->reason != "Unschedulable") continue;
        if (pod->gated || pod->meta.deleted) continue;
        auto finding = finding_of("Pod", pod->meta);
        finding.reason = "Unschedulable";
        finding.since = scheduled->since ? scheduled->since : pod->meta.created;
        finding.message = [scheduled] {
            return scheduled->message.empty() ? "fits on no node" : "fits on no node: " + scheduled->message;
        };
        if (!younger_than(finding.since, params.min_age, now)) findings.add(finding);
    }
    auto const checked = static_cast<std::int64_t>(pods.size());
    auto outcome = std::move(findings).conclude(checked, fmt::format("none of {} pods waits for a node", checked), now);
    outcome.measurements = {{"pods_unschedulable", static_cast<double>(outcome.failed)}};
    return outcome;
}

}  // namespace

CheckType const pods_unschedulable{
    .name = "pods-unschedulable",
    .group = "workloads",
    .summary = "Pods that the scheduler has found no node for since min_age",
    .explain =
        "The scheduler's message counts the nodes by what rules them out. Pods with scheduling gates are left out. "
        "An autoscaler gets min_age to bring a new node.",
    .critical = "the condition PodScheduled has been False with the reason Unschedulable for min_age",
    .causes =
        "Insufficient cpu or memory: the requests are larger than what any node has left\n"
        "untolerated taint: nodes reserved for others, or in trouble\n"
        "node affinity/selector: no node has the label\n"
        "unbound PersistentVolumeClaims, or a volume in another zone\n"
        "the cluster autoscaler is at its limit or broken",
    .next =
        "kubectl describe pod -n NS POD  # the scheduler's message, and the requests\n"
        "kubectl describe nodes | grep -A8 'Allocated resources'  # what is left\n"
        "kubectl get nodes --show-labels  # does any node fit selector and affinity\n"
        "kubectl get pvc -n NS  # are its claims bound",
    .companions =
        "pods-not-ready nodes-ready nodes-taints nodes-pressure pvc-bound deployments-available statefulsets-ready "
        "events-warning",
    .min_age = std::chrono::minutes(5),
    .needs = reads_of<Pod>,
    .judge = judge,
};

}  // namespace vedette::check
