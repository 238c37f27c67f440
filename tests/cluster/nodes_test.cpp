// Nodes in trouble. They are KWOK's or nobody's: a test must not take away the node that the others' pods run on. A
// kubelet that really stops is in broken_control_plane_test.cpp.

#include "cluster/expect.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace vedette::cluster {
namespace {

using testing::HasSubstr;

// As the node's kubelet would.
void report(std::string const& node, std::string_view type, std::string_view status, std::string_view message) {
    auto now = run("date -u +%Y-%m-%dT%H:%M:%SZ").text;
    now.pop_back();
    auto const condition =
        boost::json::object{{"type", type},       {"status", status},         {"reason", "Reported"},
                            {"message", message}, {"lastHeartbeatTime", now}, {"lastTransitionTime", now}};
    auto const patch = boost::json::object{{"status", {{"conditions", boost::json::array{condition}}}}};
    kubectl(fmt::format("patch node {} --subresource=status --type=strategic -p '{}'", node,
                        boost::json::serialize(patch)));
}

// What the kubelet reports is one check's business, the taint that a controller makes of it another's.
TEST(RealNodes, OneUnderMemoryPressureIsNamedAndSoIsItsTaint) {
    Namespace const ns;
    ASSERT_EQ(run(CLUSTER_SOURCE_DIR "/fake-nodes 1").code, 0);
    report("fake-0", "MemoryPressure", "True", "kubelet has insufficient memory available");
    auto const pressed = expect_turns(ns, "nodes-pressure", {"nodes-taints"});
    EXPECT_EQ(status_of(pressed, "nodes-pressure"), "warning");
    EXPECT_EQ(first_failure(pressed, "nodes-pressure"), "Node fake-0: MemoryPressure");
    EXPECT_THAT(message_of(pressed, "nodes-pressure"), HasSubstr("is short of memory"));

    auto const tainted = expect_turns(ns, "nodes-taints", {"nodes-pressure"});
    EXPECT_EQ(status_of(tainted, "nodes-taints"), "warning");
    EXPECT_EQ(first_failure(tainted, "nodes-taints"), "Node fake-0: Tainted");
    EXPECT_THAT(message_of(tainted, "nodes-taints"), HasSubstr("is tainted memory-pressure (NoSchedule)"));

    report("fake-0", "MemoryPressure", "False", "kubelet has sufficient memory available");
    expect_well(ns);
    kubectl("delete node fake-0");
}

// Its taint comes most of a minute later; broken_control_plane_test.cpp waits for one.
TEST(RealNodes, OneThatNeverReportedIsNotReadyUntilItDoes) {
    Namespace const ns;
    kubectl("apply -f -", "apiVersion: v1\nkind: Node\nmetadata: {name: silent}\n");
    auto const document = expect_turns(ns, "nodes-ready", {"nodes-taints"});
    EXPECT_EQ(status_of(document, "nodes-ready"), "critical") << "it is half of the nodes";
    EXPECT_EQ(first_failure(document, "nodes-ready"), "Node silent: NoReadyCondition");
    EXPECT_THAT(message_of(document, "nodes-ready"), HasSubstr("has never reported whether it is ready"));
    // Again and again, as a kubelet does: a node that falls silent is not ready either.
    boost::json::object after;
    EXPECT_TRUE(eventually([&] {
        report("silent", "Ready", "True", "kubelet is posting ready status");
        after = check_json("--suite " + ns.suite());
        return unhealthy(after).empty();
    })) << after;
    kubectl("delete node silent");
}

}  // namespace
}  // namespace vedette::cluster
