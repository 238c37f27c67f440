// Nodes, and the parts of the control plane that are objects.

#include "check/catalogue/nodes/nodes.hpp"

#include "check/catalogue/controlplane/controlplane.hpp"
#include "check/catalogue/scene.hpp"
#include "check/objects/api_service.hpp"
#include "check/objects/lease.hpp"
#include "check/objects/node.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

std::string condition(std::string_view type, std::string_view status, Duration since, std::string_view message = "") {
    return fmt::format(
        "{{'type': '{}', 'status': '{}', 'lastTransitionTime': '{}', 'reason': 'Because', 'message': '{}'}}", type,
        status, ago(since), message);
}

std::string node(std::string_view name, std::string_view conditions, std::string_view spec = "",
                 std::string_view labels = "") {
    return fmt::format(
        "{{'metadata': {{'name': '{}', 'creationTimestamp': '{}', 'labels': {{{}}}}}, 'spec': {{{}}}, "
        "'status': {{'conditions': [{}], 'images': [{{'names': ['x']}}]}}}}",
        name, ago(240h), labels, spec, conditions);
}

TEST(NodesReady, AWorkerIsAWarningAControlPlaneNodeCriticalFromMinAgeOn) {
    struct Row {
        Duration age;
        std::string_view labels;
        Status want;
    };
    for (auto const& row : {Row{5min - 1s, "", Status::ok}, Row{5min, "", Status::warning},
                            Row{5min, "'node-role.kubernetes.io/control-plane': ''", Status::critical}}) {
        Scene scene(nodes_ready);
        scene.params.with["max_unready_percent"] = 50.0;
        scene.add<Node>(node("n1", condition("Ready", "True", 1h)));
        scene.add<Node>(
            node("n2", condition("Ready", "Unknown", row.age, "Kubelet stopped posting node status."), "", row.labels));
        EXPECT_EQ(scene.judge().status, row.want);
    }
    Scene cordoned(nodes_ready);
    cordoned.add<Node>(node("n1", condition("Ready", "False", 1h), "'unschedulable': true"));
    EXPECT_EQ(cordoned.judge().status, Status::ok);
}

TEST(NodesPressure, EachPressureHasItsOwnWeight) {
    for (auto const& [type, want] : {std::pair("MemoryPressure", Status::warning),
                                     {"DiskPressure", Status::warning},
                                     {"PIDPressure", Status::warning},
                                     {"NetworkUnavailable", Status::critical}}) {
        Scene scene(nodes_pressure);
        scene.add<Node>(node("n1", condition(type, "True", 2min, "kubelet has little left")));
        EXPECT_EQ(scene.judge().status, want) << type;
        Scene young(nodes_pressure);
        young.add<Node>(node("n1", condition(type, "True", 2min - 1s)));
        EXPECT_EQ(young.judge().status, Status::ok) << type;
        Scene off(nodes_pressure);
        off.add<Node>(node("n1", condition(type, "False", 1h)));
        EXPECT_EQ(off.judge().status, Status::ok) << type;
    }
    Scene scene(nodes_pressure);
    scene.add<Node>(node("n1", condition("DiskPressure", "True", 4min, "kubelet has disk pressure")));
    EXPECT_EQ(scene.judge().message, "Node n1 is short of disk space: kubelet has disk pressure, for 4m");
}

std::string taint(std::string_view key, Duration added) {
    return fmt::format("'taints': [{{'key': '{}', 'effect': 'NoExecute', 'timeAdded': '{}'}}]", key, ago(added));
}

TEST(NodesTaints, TroubleCountsIntentionsDoNot) {
    struct Row {
        std::string_view key;
        Duration added;
        bool control_plane;
        Status want;
    };
    for (auto const& row : {Row{"node.kubernetes.io/unreachable", 5min, false, Status::warning},
                            Row{"node.kubernetes.io/unreachable", 5min - 1s, false, Status::ok},
                            Row{"node.kubernetes.io/unreachable", 5min, true, Status::critical},
                            Row{"node.kubernetes.io/network-unavailable", 5min, false, Status::critical},
                            Row{"node.kubernetes.io/disk-pressure", 5min, false, Status::warning},
                            Row{"dedicated", 24h, false, Status::ok},
                            Row{"node-role.kubernetes.io/control-plane", 24h, true, Status::ok}}) {
        Scene scene(nodes_taints);
        scene.add<Node>(node("n1", "", taint(row.key, row.added),
                             row.control_plane ? "'node-role.kubernetes.io/control-plane': ''" : ""));
        EXPECT_EQ(scene.judge().status, row.want) << std::string(row.key);
    }
    Scene leaving(nodes_taints);
    leaving.add<Node>(
        node("n1", "",
             fmt::format("'taints': [{{'key': 'ToBeDeletedByClusterAutoscaler', 'effect': 'NoSchedule'}}, "
                         "{{'key': 'node.kubernetes.io/unreachable', 'timeAdded': '{}'}}]",
                         ago(1h))));
    EXPECT_EQ(leaving.judge().status, Status::ok);
}

TEST(NodesTaints, ANodeThatWasCordonedAndShutDownIsWhatSomebodyWanted) {
    Scene scene(nodes_taints);
    scene.add<Node>(node("n1", "", "'unschedulable': true, " + taint("node.kubernetes.io/unreachable", 1h),
                         "'node-role.kubernetes.io/control-plane': ''"));
    EXPECT_EQ(scene.judge().status, Status::ok);
    scene.params.with["ignore_cordoned"] = false;
    EXPECT_EQ(scene.judge().status, Status::critical);
}

TEST(NodesTaints, ACordonIsADetailAndUnderStrictAWarningAfterHalfAnHour) {
    for (auto const& [age, want] : {std::pair<Duration, Status>(30min - 1s, Status::ok), {30min, Status::warning}}) {
        Scene scene(nodes_taints);
        scene.add<Node>(node("n1", "", "'unschedulable': true, " + taint("node.kubernetes.io/unschedulable", age)));
        EXPECT_EQ(scene.judge().status, Status::ok);
        EXPECT_EQ(scene.judge().details.at("cordoned"), boost::json::array{"n1"});
        scene.params.strict = true;
        EXPECT_EQ(scene.judge().status, want);
    }
}

std::string lease(std::string_view name, std::string_view holder, Duration age) {
    return fmt::format(
        "{{'metadata': {{'name': '{}', 'namespace': 'kube-system'}}, 'spec': {{'holderIdentity': '{}', "
        "'leaseDurationSeconds': 15, 'renewTime': '{}'}}}}",
        name, holder, ago(age));
}

TEST(LeaderLeases, SkippedWithoutALeaseCriticalWithoutALeader) {
    Scene other(leader_leases);
    other.add<Lease>(lease("my-operator", "a", 24h));
    EXPECT_EQ(other.judge().status, Status::skipped);
    for (auto const& [age, want] : {std::pair<Duration, Status>(60s, Status::ok), {61s, Status::critical}}) {
        Scene scene(leader_leases);
        scene.add<Lease>(lease("kube-scheduler", "cp-1_x", age));
        EXPECT_EQ(scene.judge().status, want);
    }
    Scene gone(leader_leases);
    gone.add<Lease>(lease("kube-scheduler", "cp-1_x", 2min));
    EXPECT_EQ(gone.judge().message,
              "Lease kube-system/kube-scheduler has not been renewed by its holder cp-1_x, for 2m");
    Scene none(leader_leases);
    none.add<Lease>(lease("kube-scheduler", "", 1s));
    EXPECT_EQ(none.judge().reason, "NoLeader");
}

TEST(ApiServices, UnavailableForFiveMinutesIsCritical) {
    for (auto const& [age, want] : {std::pair<Duration, Status>(5min - 1s, Status::ok), {5min, Status::critical}}) {
        Scene scene(apiservices);
        scene.add<ApiService>(
            fmt::format("{{'metadata': {{'name': 'v1beta1.metrics.k8s.io'}}, 'spec': {{'service': "
                        "{{'namespace': 'kube-system', 'name': 'metrics-server'}}}}, 'status': "
                        "{{'conditions': [{}]}}}}",
                        condition("Available", "False", age, "no response")));
        auto const got = scene.judge();
        EXPECT_EQ(got.status, want);
        if (want == Status::critical) {
            EXPECT_EQ(got.message,
                      "APIService v1beta1.metrics.k8s.io is not available through Service "
                      "kube-system/metrics-server: no response, for 5m");
        }
    }
}

}  // namespace
}  // namespace vedette::check
