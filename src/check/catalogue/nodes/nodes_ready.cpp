// nodes-ready: nodes that have not been Ready for longer than min_age. Cordoned nodes are somebody's intention and
// are left out unless asked for (kubernetes-mixin does the same). One unready node is a warning until it is a
// control-plane node or one of many.

#include "base/duration.hpp"
#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/nodes/nodes.hpp"
#include "check/objects/node.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"ignore_cordoned", ParamKind::flag, "true", "leave out nodes that are marked unschedulable"},
    {"max_unready_percent", ParamKind::number, "10", "more unready nodes than this share are critical", 0, 100},
};

std::vector<Read> needs() {
    std::vector<Read> reads;
    reads.push_back(read_of<Node>());
    return reads;
}

Finding unready(Node const& node, Condition const* ready) {
    auto finding = finding_of("Node", node.meta, node.is_control_plane() ? Status::critical : Status::warning);
    if (!ready) {
        finding.reason = "NoReadyCondition";
        finding.message = [] { return "has never reported whether it is ready"; };
        finding.since = node.meta.created;
        return finding;
    }
    finding.reason = reason_or(ready->reason, "NotReady");
    finding.message = [ready, reason = finding.reason] {
        return ready->message.empty() ? fmt::format("is not ready ({})", reason)
                                      : fmt::format("is not ready: {}", ready->message);
    };
    finding.since = ready->since;
    return finding;
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    std::vector<Finding> found;
    std::int64_t total = 0;
    for (auto const* node : view.list<Node>()) {
        if (node->unschedulable && params.flag("ignore_cordoned")) continue;
        ++total;
        auto const* ready = find_condition(node->conditions, "Ready");
        if (ready && ready->status == "True") continue;
        auto finding = unready(*node, ready);
        if (younger_than(finding.since, params.min_age, now)) continue;
        found.push_back(std::move(finding));
    }
    auto const percent = total ? 100.0 * static_cast<double>(found.size()) / static_cast<double>(total) : 0.0;
    Findings findings(params.max_failures_listed);
    for (auto& finding : found) {
        if (percent > params.number("max_unready_percent")) finding.status = Status::critical;
        findings.add(finding);
    }
    auto const ready = total - static_cast<std::int64_t>(found.size());
    auto outcome = std::move(findings).conclude(total, fmt::format("{} of {} nodes ready", ready, total), now);
    outcome.measurements = {{"nodes_ready", static_cast<double>(ready)}, {"nodes_total", static_cast<double>(total)}};
    outcome.thresholds = {{"unready_percent", nullptr, params.number("max_unready_percent")}};
    return outcome;
}

}  // namespace

CheckType const nodes_ready{
    .name = "nodes-ready",
    .group = "nodes",
    .summary = "Nodes whose Ready condition has not been True for min_age",
    .explain =
        "Cordoned nodes are somebody's intention and left out unless asked for. The message says whether the "
        "kubelet stopped reporting (NodeStatusUnknown) or reports a broken runtime or network. After five minutes "
        "the pods of an unreachable node are evicted. Source: KubeNodeNotReady of kubernetes-mixin (15m), "
        "awesome-prometheus-alerts (10m).",
    .critical = "a control-plane node has not been Ready for min_age, or more than max_unready_percent of all nodes",
    .warning = "another node has not been Ready for min_age",
    .causes =
        "the machine is off, frozen or cut off (Kubelet stopped posting node status)\n"
        "the kubelet is stopped, or its client certificate expired\n"
        "the container runtime is down (container runtime is down, PLEG is not healthy)\n"
        "the network plug-in is missing or broken (cni plugin not initialized)\n"
        "the disk is full",
    .next =
        "kubectl describe node NODE  # conditions, events, what ran there\n"
        "kubectl get pods -A -o wide --field-selector spec.nodeName=NODE  # what is affected\n"
        "journalctl -u kubelet --since -1h  # on the node\n"
        "systemctl status containerd kubelet; df -h  # on the node",
    .companions = "nodes-taints pods-not-ready daemonsets-ready deployments-available service-endpoints",
    .min_age = std::chrono::minutes(5),
    .with = with,
    .needs = needs,
    .judge = judge,
    .cluster_scoped = true,
};

}  // namespace vedette::check
