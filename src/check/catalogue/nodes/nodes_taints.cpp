// nodes-taints: taints that Kubernetes itself puts on nodes in trouble. Nodes that an autoscaler or a spot market is
// about to take away are left out.

#include "base/glob.hpp"
#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/nodes/nodes.hpp"
#include "check/catalogue/reads_of.hpp"
#include "check/objects/node.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"leaving", ParamKind::texts,
     R"(["ToBeDeletedByClusterAutoscaler", "DeletionCandidateOfClusterAutoscaler", "karpenter.sh/disrupted",)"
     R"( "karpenter.sh/disruption", "cloud.google.com/impending-node-termination", "aws-node-termination-handler/*"])",
     "nodes with one of these taints (globs) are about to leave and are not judged"},
    {"ignore_cordoned", ParamKind::flag, "true",
     "a node that is marked unschedulable may be unreachable or not ready, as in nodes-ready"},
    {"cordoned_max_age", ParamKind::duration, "\"30m\"", "under strict, a node may be cordoned this long", 0},
};

constexpr std::string_view cordoned = "node.kubernetes.io/unschedulable";

struct Known {
    std::string_view key;
    std::string_view words;
    std::string_view condition;  ///< its time, where the taint has none
};

constexpr Known known_taints[] = {
    {"node.kubernetes.io/unreachable", "is tainted unreachable: its kubelet has stopped reporting", "Ready"},
    {"node.kubernetes.io/not-ready", "is tainted not-ready: its kubelet reports trouble", "Ready"},
    {"node.kubernetes.io/network-unavailable", "is tainted network-unavailable", "NetworkUnavailable"},
    {"node.kubernetes.io/memory-pressure", "is tainted memory-pressure", "MemoryPressure"},
    {"node.kubernetes.io/disk-pressure", "is tainted disk-pressure", "DiskPressure"},
    {"node.kubernetes.io/pid-pressure", "is tainted pid-pressure", "PIDPressure"},
};

bool is_leaving(Node const& node, std::vector<std::string> const& patterns) {
    return std::any_of(node.taints.begin(), node.taints.end(), [&](Taint const& taint) {
        return std::any_of(patterns.begin(), patterns.end(),
                           [&](std::string const& pattern) { return glob_match(pattern, taint.key); });
    });
}

std::optional<WallTime> since_of(Node const& node, Taint const& taint, std::string_view condition_type) {
    if (taint.added) return taint.added;
    auto const* condition = find_condition(node.conditions, condition_type);
    return condition && condition->since ? condition->since : node.meta.created;
}

void judge_taint(Node const& node, Taint const& taint, Params const& params, WallTime now, Findings& findings) {
    auto const found = std::find_if(std::begin(known_taints), std::end(known_taints),
                                    [&](Known const& known) { return known.key == taint.key; });
    if (found == std::end(known_taints)) return;
    // Drained and shut down for maintenance, a node is what somebody wanted it to be.
    if (found->condition == "Ready" && node.unschedulable && params.flag("ignore_cordoned")) return;
    auto const since = since_of(node, taint, found->condition);
    if (younger_than(since, params.min_age, now)) return;
    auto const cuts_off =
        found->condition == "NetworkUnavailable" || (found->condition == "Ready" && node.is_control_plane());
    auto finding = finding_of("Node", node.meta, cuts_off ? Status::critical : Status::warning);
    finding.reason = "Tainted";
    finding.message = [&] { return fmt::format("{} ({})", found->words, taint.effect); };
    finding.since = since;
    findings.add(finding);
}

void judge_cordon(Node const& node, Params const& params, WallTime now, Findings& findings) {
    auto const taint =
        std::find_if(node.taints.begin(), node.taints.end(), [](Taint const& each) { return each.key == cordoned; });
    auto const since = taint != node.taints.end() ? taint->added : std::nullopt;
    if (younger_than(since, params.duration("cordoned_max_age"), now)) return;
    auto finding = finding_of("Node", node.meta, Status::warning);
    finding.reason = "Cordoned";
    finding.message = [] { return "is cordoned: no new pods are placed on it"; };
    finding.since = since;
    findings.add(finding);
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    auto const leaving = params.texts("leaving");
    Findings findings(params.max_failures_listed);
    boost::json::array cordoned_nodes;
    auto const nodes = view.list<Node>();
    for (auto const* node : nodes) {
        if (is_leaving(*node, leaving)) continue;
        for (auto const& taint : node->taints) judge_taint(*node, taint, params, now, findings);
        if (!node->unschedulable) continue;
        if (cordoned_nodes.size() < params.max_failures_listed) cordoned_nodes.emplace_back(node->meta.name);
        if (params.strict) judge_cordon(*node, params, now, findings);
    }
    auto const checked = static_cast<std::int64_t>(nodes.size());
    auto outcome =
        std::move(findings).conclude(checked, fmt::format("none of {} nodes is tainted for trouble", checked), now);
    if (!cordoned_nodes.empty()) outcome.details["cordoned"] = std::move(cordoned_nodes);
    outcome.measurements = {{"nodes_tainted", static_cast<double>(outcome.failed)}};
    return outcome;
}

}  // namespace

CheckType const nodes_taints{
    .name = "nodes-taints",
    .group = "nodes",
    .summary = "Nodes that Kubernetes has tainted as unreachable, not ready or under pressure",
    .explain =
        "Kubernetes taints nodes in trouble; NoExecute taints make their pods leave. A taint stays while the "
        "condition behind it does, so the node's conditions tell the cause. Cordoned nodes are details. Nodes with "
        "a taint of `leaving` are about to be taken away and not judged. Source: KubeNodeUnreachable of "
        "kubernetes-mixin, awesome-prometheus-alerts (30m for a cordon).",
    .critical = "network-unavailable on any node, unreachable or not-ready on a control-plane node, for min_age",
    .warning =
        "unreachable or not-ready on another node and the pressure taints, for min_age; under strict, a node "
        "cordoned for cordoned_max_age",
    .causes =
        "what nodes-ready and nodes-pressure name\n"
        "a taint that the node controller did not take back: is kube-controller-manager alive (leader-leases)?\n"
        "a cordon after maintenance that nobody lifted",
    .next =
        "kubectl describe node NODE  # taints and conditions\n"
        "kubectl get nodes -o custom-columns='NODE:.metadata.name,TAINTS:.spec.taints[*].key'  # all of them\n"
        "kubectl uncordon NODE  # when maintenance is over",
    .companions = "nodes-ready nodes-pressure pods-unschedulable daemonsets-ready",
    .min_age = std::chrono::minutes(5),
    .with = with,
    .needs = reads_of<Node>,
    .judge = judge,
    .cluster_scoped = true,
};

}  // namespace vedette::check
