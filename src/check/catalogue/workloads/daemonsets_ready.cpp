// daemonsets-ready: DaemonSets that miss nodes, run where they should not, or have pods that are not available.
//
// A DaemonSet has no times of its own. Pods that stopped being ready lately and nodes that joined lately explain that
// many missing pods; what is left is a trouble.

#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/workloads/pods_by_owner.hpp"
#include "check/catalogue/workloads/replicated_findings.hpp"
#include "check/catalogue/workloads/workloads.hpp"
#include "check/objects/node.hpp"
#include "check/objects/replicated.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"scheduling_min_age", ParamKind::duration, "\"10m\"", "a new node or DaemonSet may lack its pods this long", 0},
};

std::vector<Read> needs() {
    std::vector<Read> reads;
    reads.push_back(read_of<DaemonSet>());
    reads.push_back(read_of<Pod>(true));
    reads.push_back(read_of<Node>(true));
    return reads;
}

struct Ages {
    std::int64_t young_nodes = 0;
    Duration min_age{};
    Duration scheduling_min_age{};
    WallTime now{};
};

void judge_one(DaemonSet const& d, OwnedPods const& pods, Ages const& ages, Findings& findings) {
    auto const is_new = younger_than(d.meta.created, ages.scheduling_min_age, ages.now);
    auto const add = [&](Status status, std::string_view reason, std::optional<WallTime> since,
                         std::function<std::string()> message) {
        auto finding = finding_of("DaemonSet", d.meta, status);
        finding.reason = reason;
        finding.message = std::move(message);
        finding.since = since;
        findings.add(finding);
    };
    auto const unplaced = d.desired - d.scheduled;
    if (unplaced > ages.young_nodes && !is_new) {
        add(d.scheduled == 0 ? Status::critical : Status::warning, "NotScheduled", std::nullopt,
            [&] { return fmt::format("has pods on {} of {} nodes", d.scheduled, d.desired); });
    }
    auto const unavailable = std::min(d.scheduled, d.desired) - d.available;
    if (unavailable > pods.unready_young && !younger_than(d.meta.created, ages.min_age, ages.now)) {
        add(d.available == 0 ? Status::critical : Status::warning,
            d.available == 0 ? "NoneAvailable" : "TooFewAvailable", pods.oldest_unready,
            [&] { return fmt::format("has {} of {} pods available", d.available, d.desired); });
    } else if (!d.on_delete && d.updated < d.desired && unavailable <= 0 &&
               !younger_than(pods.newest, ages.min_age, ages.now) &&
               !younger_than(d.meta.created, ages.min_age, ages.now)) {
        add(Status::warning, "RolloutStuck", pods.newest,
            [&] { return fmt::format("is half-way through its update: {} of {} pods updated", d.updated, d.desired); });
    }
    if (d.misscheduled > 0 && !younger_than(d.meta.created, ages.min_age, ages.now)) {
        add(Status::warning, "Misscheduled", std::nullopt,
            [&] { return fmt::format("has {} pods on nodes where none should run", d.misscheduled); });
    }
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    Ages ages{.min_age = params.min_age, .scheduling_min_age = params.duration("scheduling_min_age"), .now = now};
    if (view.has<Node>()) {
        for (auto const& node : view.everything<Node>()) {
            if (younger_than(node.meta.created, ages.scheduling_min_age, now)) ++ages.young_nodes;
        }
    }
    PodsByOwner const pods(view, "DaemonSet", params.min_age, now);
    Findings findings(params.max_failures_listed);
    auto const sets = view.list<DaemonSet>();
    for (auto const* d : sets) {
        if (d->meta.deleted) continue;
        if (is_unobserved(*d)) {
            if (auto finding = not_observed("DaemonSet", *d, params.min_age, now)) findings.add(*finding);
            continue;
        }
        judge_one(*d, pods.of(d->meta), ages, findings);
    }
    auto const checked = static_cast<std::int64_t>(sets.size());
    auto outcome =
        std::move(findings).conclude(checked, fmt::format("all {} DaemonSets run where they should", checked), now);
    outcome.measurements = {{"daemonsets_not_ready", static_cast<double>(outcome.failed)}};
    return outcome;
}

}  // namespace

CheckType const daemonsets_ready{
    .name = "daemonsets-ready",
    .group = "workloads",
    .summary = "DaemonSets with missing, unavailable, outdated or misplaced pods",
    .explain =
        "A DaemonSet owes each node it selects one pod: logs, network, storage or metrics of that node depend on "
        "it. New nodes get scheduling_min_age. Without the right to list nodes and pods the times are coarser. "
        "Source: KubeDaemonSetRolloutStuck, NotScheduled and MisScheduled of kubernetes-mixin.",
    .critical = "no pod has been available for min_age, or none has been placed on any node",
    .warning =
        "some pods have been unavailable for min_age, nodes older than scheduling_min_age lack their pod, an "
        "update stands still, or pods run on nodes that the DaemonSet does not select",
    .causes =
        "the node itself is not ready\n"
        "the node has no room left: DaemonSets do not make room without a priority class\n"
        "a taint that the DaemonSet does not tolerate\n"
        "the new version crash-loops, and maxUnavailable stops the update there",
    .next =
        "kubectl get pods -n NS -o wide | grep NAME  # which node has none, or a bad one\n"
        "kubectl describe daemonset -n NS NAME  # counts, tolerations, events\n"
        "kubectl rollout status -n NS daemonset/NAME  # where the update stands\n"
        "kubectl rollout undo -n NS daemonset/NAME  # back to what worked",
    .companions =
        "nodes-ready nodes-taints pods-not-ready pods-crashloop pods-image-pull pods-config-error "
        "pods-unschedulable",
    .min_age = std::chrono::minutes(15),
    .with = with,
    .needs = needs,
    .judge = judge,
};

}  // namespace vedette::check
