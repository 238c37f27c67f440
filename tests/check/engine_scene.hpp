#pragma once
// What the engine's tests run: a probe and object checks of our own, and a scene to run them in.

#include "check/engine.hpp"
#include "check/objects/node.hpp"
#include "check/objects/pod.hpp"
#include "check/world_context.hpp"

#include <gmock/gmock.h>

namespace vedette::check {

inline Async<Outcome> answer_after_two_seconds(ProbeContext& context, Params, Deadline) {
    co_await context.clock.sleep_for(2s);
    co_return Outcome::ok("fine");
}

inline constexpr CheckType answering{.name = "answering",
                                     .group = "probes",
                                     .summary = "",
                                     .explain = "",
                                     .probe = answer_after_two_seconds,
                                     .needs_cluster = false};

inline std::vector<Read> need_nodes() {
    std::vector<Read> reads;
    reads.push_back(read_of<Node>());
    return reads;
}

inline Outcome count_nodes(View const& view, Params const&, WallTime) {
    auto const nodes = view.list<Node>();
    auto outcome = Outcome::ok(fmt::format("{} nodes", nodes.size()));
    outcome.checked = static_cast<std::int64_t>(nodes.size());
    return outcome;
}

inline std::vector<Read> need_pods() {
    std::vector<Read> reads;
    reads.push_back(read_of<Pod>());
    return reads;
}

inline Outcome count_pods(View const& view, Params const&, WallTime) {
    auto const pods = view.list<Pod>();
    std::string names;
    for (auto const* pod : pods) names += " " + pod->meta.ns + "/" + pod->meta.name;
    return Outcome::ok(fmt::format("{} pods:{}", pods.size(), names));
}

inline std::vector<Read> need_nodes_and_maybe_pods() {
    std::vector<Read> reads;
    reads.push_back(read_of<Node>());
    reads.push_back(read_of<Pod>(true));
    return reads;
}

inline Outcome tell_whether_pods_were_read(View const& view, Params const&, WallTime) {
    return Outcome::ok(view.has<Pod>() ? "with pods" : "without pods");
}

inline Outcome judge_with_a_bug(View const&, Params const&, WallTime) {
    throw std::out_of_range("no such pod");
}

inline constexpr CheckType node_count{.name = "node-count",
                                      .group = "nodes",
                                      .summary = "",
                                      .explain = "",
                                      .needs = need_nodes,
                                      .judge = count_nodes,
                                      .cluster_scoped = true};
inline constexpr CheckType pod_count{
    .name = "pod-count", .group = "workloads", .summary = "", .explain = "", .needs = need_pods, .judge = count_pods};
inline constexpr CheckType pods_optional{.name = "pods-optional",
                                         .group = "workloads",
                                         .summary = "",
                                         .explain = "",
                                         .needs = need_nodes_and_maybe_pods,
                                         .judge = tell_whether_pods_were_read};
inline constexpr CheckType bad_judge{.name = "bad-judge",
                                     .group = "workloads",
                                     .summary = "",
                                     .explain = "",
                                     .needs = need_pods,
                                     .judge = judge_with_a_bug};

struct EngineScene : WorldContext {
    explicit EngineScene(std::vector<Instance> checks) : instances(std::move(checks)) {}

    RunReport run() { return world.run(run_checks(instances, context, options, {&diary}, interrupt)); }

    void add_pod(std::string ns, std::string name) {
        api.put({{"apiVersion", "v1"},
                 {"kind", "Pod"},
                 {"metadata", {{"namespace", ns}, {"name", name}}},
                 {"status", {{"phase", "Running"}}}});
    }
    void add_node(std::string name) {
        api.put({{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"name", name}}}});
    }

    std::vector<Instance> instances;
    RunOptions options;
    Diary diary;
    Interrupt interrupt;
};

inline std::vector<std::string> statuses(RunReport const& report) {
    std::vector<std::string> words;
    for (auto const& check : report.checks) {
        words.push_back(check.identity.name + " " + std::string(to_string(check.outcome.status)));
    }
    return words;
}

}  // namespace vedette::check
