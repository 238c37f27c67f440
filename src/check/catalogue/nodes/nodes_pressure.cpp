// nodes-pressure: nodes that say they run out of memory, disk or process ids, or have no network.

#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/nodes/nodes.hpp"
#include "check/catalogue/reads_of.hpp"
#include "check/objects/node.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

struct Pressure {
    std::string_view condition;
    Status status;
    std::string_view words;
};

constexpr Pressure pressures[] = {
    {"MemoryPressure", Status::warning, "is short of memory"},
    {"DiskPressure", Status::warning, "is short of disk space"},
    {"PIDPressure", Status::warning, "is short of process ids"},
    {"NetworkUnavailable", Status::critical, "has no pod network"},
};

Outcome judge(View const& view, Params const& params, WallTime now) {
    Findings findings(params.max_failures_listed);
    auto const nodes = view.list<Node>();
    for (auto const* node : nodes) {
        for (auto const& pressure : pressures) {
            auto const* condition = find_condition(node->conditions, pressure.condition);
            if (!condition || condition->status != "True") continue;
            if (younger_than(condition->since, params.min_age, now)) continue;
            auto finding = finding_of("Node", node->meta, pressure.status);
            finding.reason = pressure.condition;
            finding.since = condition->since;
            finding.message = [&] {
                auto const said = condition->message.empty() ? std::string() : ": " + condition->message;
                return fmt::format("{}{}", pressure.words, said);
            };
            findings.add(finding);
        }
    }
    auto const checked = static_cast<std::int64_t>(nodes.size());
    auto outcome =
        std::move(findings).conclude(checked, fmt::format("none of {} nodes is under pressure", checked), now);
    outcome.measurements = {{"nodes_under_pressure", static_cast<double>(outcome.failed)}};
    return outcome;
}

}  // namespace

CheckType const nodes_pressure{
    .name = "nodes-pressure",
    .group = "nodes",
    .summary = "Nodes under memory, disk or PID pressure, or without a pod network",
    .explain =
        "Under pressure the kubelet evicts pods and the scheduler sends no new ones. Source: KubeNodePressure of "
        "kubernetes-mixin, awesome-prometheus-alerts (2m).",
    .critical = "NetworkUnavailable has been True for min_age: pods on the node cannot talk to others",
    .warning = "MemoryPressure, DiskPressure or PIDPressure has been True for min_age",
    .causes =
        "disk: container logs, emptyDir volumes, images that were never removed\n"
        "memory: pods without limits, or with limits above what the node has\n"
        "process ids: a program that leaks processes or threads\n"
        "network: the route controller or the network plug-in has not set the node up",
    .next =
        "kubectl describe node NODE  # conditions, and requests beside what there is\n"
        "kubectl get events -A --field-selector reason=Evicted  # who had to go\n"
        "kubectl top pod -A --sort-by=memory  # who takes it\n"
        "df -h; df -i; crictl rmi --prune  # on the node: space, inodes, unused images",
    .companions = "nodes-taints pods-not-ready pods-unschedulable",
    .min_age = std::chrono::minutes(2),
    .needs = reads_of<Node>,
    .judge = judge,
    .cluster_scoped = true,
};

}  // namespace vedette::check
