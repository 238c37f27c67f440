// What breaks the whole cluster, in one of its own: etcd, the API server and its certificate, the controller manager,
// and the kubelet of the only node.
//
// The kubelet is stopped before the first test, because Kubernetes gives it most of a minute before it calls its node
// not ready; until its own test, the checks of nodes are left out.

#include "cluster/certificate.hpp"
#include "cluster/expect.hpp"
#include "cluster/stopped.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <memory>

namespace vedette::cluster {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

class StoppedKubelet : public testing::Environment {
public:
    void SetUp() override { kubelet = std::make_unique<Stopped>("kubelet"); }
    void TearDown() override { kubelet.reset(); }

    std::unique_ptr<Stopped> kubelet;
};

auto* const stopped_kubelet = [] {
    auto* const made = new StoppedKubelet;
    testing::AddGlobalTestEnvironment(made);  // takes it over
    return made;
}();

constexpr char all_but_nodes[] = "-g controlplane,workloads,storage,network,certs,policy";
constexpr char within_20s[] = "-t 20 -g controlplane,workloads,storage,network,certs,policy";

bool asks_nobody(std::string_view check) {
    return check == "own-credentials";
}

// The API server takes up a new certificate by itself.
TEST(BrokenControlPlane, ACertificateOfTheApiServerThatEndsSoonIsNamed) {
    auto const path = variable("VEDETTE_CLUSTER_RUN") + "/pki/apiserver.crt";
    auto const before = run("cat " + path).text;
    auto const ending = reissued_certificate("apiserver", "-360 days", "+5 days");
    std::ofstream(path) << ending;
    auto const document = expect_turns(all_but_nodes, "apiserver-cert");
    EXPECT_EQ(status_of(document, "apiserver-cert"), "critical");
    EXPECT_EQ(first_failure(document, "apiserver-cert"), "Certificate CN=kube-apiserver: Expires");
    EXPECT_THAT(message_of(document, "apiserver-cert"), HasSubstr("expires in 4d"));
    std::ofstream(path) << before;
    expect_well(all_but_nodes);
}

// A list must ask etcd whether it is the latest: it takes as long as etcd does.
TEST(BrokenControlPlane, AnEtcdThatStandsStillForAMomentMakesTheApiServerSlow) {
    // The run itself lets etcd go on, so that it has begun by then.
    File const suite(fmt::format(
        "checks:\n- type: apiserver-latency\n"
        "- {{type: exec, name: moment, with: {{command: [sh, -c, 'sleep 2.5; kill -CONT $(cat {}/pids/etcd)']}}}}\n",
        variable("VEDETTE_CLUSTER_RUN")));
    boost::json::object document;
    EXPECT_TRUE(eventually([&] {
        Stopped const etcd("etcd");
        document = check_json("--suite " + suite.path());
        return entry(document, "apiserver-latency").at("reason") == "Slow";
    })) << document;
    EXPECT_THAT(status_of(document, "apiserver-latency"), AnyOf("warning", "critical"));
    revive_controllers();
    expect_well(all_but_nodes);
}

TEST(BrokenControlPlane, WithoutEtcdTheApiServerNamesItAndNothingCanBeRead) {
    Stopped etcd("etcd");
    // For a moment the API server repeats what it last heard of etcd; then it asks, and gives up after 2 s.
    boost::json::object own;
    EXPECT_TRUE(eventually([&] {
        own = check_json("-t 8 -n apiserver-livez,apiserver-readyz");
        return unhealthy(own) == std::set<std::string>{"apiserver-livez", "apiserver-readyz"};
    }));
    auto const document = check_json(within_20s);
    etcd.resume();
    EXPECT_EQ(status_of(own, "apiserver-livez"), "critical");
    EXPECT_THAT(message_of(own, "apiserver-livez"), HasSubstr("/livez answers 500: etcd failed"));
    EXPECT_EQ(status_of(own, "apiserver-readyz"), "critical");
    EXPECT_THAT(message_of(own, "apiserver-readyz"), HasSubstr("/readyz answers 500: etcd"));
    for (auto const* probe : {"apiserver-livez", "apiserver-readyz", "apiserver-latency"}) {
        EXPECT_THAT(message_of(document, probe), Not(HasSubstr("free connection"))) << "the lists keep them all";
    }
    EXPECT_THAT(status_of(document, "apiserver-latency"), AnyOf("warning", "unknown", "timeout"));
    EXPECT_EQ(status_of(document, "apiserver-cert"), "ok");
    EXPECT_EQ(status_of(document, "own-credentials"), "ok");
    for (auto const& check : document.at("checks").as_array()) {
        auto const name = std::string(check.at("name").as_string());
        if (name.starts_with("apiserver-") || asks_nobody(name)) continue;
        EXPECT_THAT(status_of(document, name), AnyOf("unknown", "timeout")) << check;
        EXPECT_THAT(message_of(document, name), HasSubstr("list")) << check;
    }
    revive_controllers();
    expect_well(all_but_nodes);
}

TEST(BrokenControlPlane, AnApiServerThatDoesNotAnswerIsTheOneCriticalCause) {
    Stopped api_server("kube-apiserver");
    auto const document = check_json(within_20s);
    api_server.resume();
    EXPECT_EQ(status_of(document, "apiserver-livez"), "critical");
    EXPECT_THAT(message_of(document, "apiserver-livez"), HasSubstr("the API server cannot be reached: "));
    for (auto const& check : document.at("checks").as_array()) {
        auto const name = std::string(check.at("name").as_string());
        if (name == "apiserver-livez") continue;
        if (asks_nobody(name)) {
            EXPECT_EQ(status_of(document, name), "ok") << check;
        } else {
            EXPECT_THAT(status_of(document, name), AnyOf("unknown", "timeout")) << check;
        }
    }
    revive_controllers();
    expect_well(all_but_nodes);
}

TEST(BrokenControlPlane, ANodeWhoseKubeletStoppedIsNotReadyAndTainted) {
    File const suite(suite_for("default"));
    auto const document = expect_turns("--suite " + suite.path(), "nodes-ready", {"nodes-taints"});
    EXPECT_EQ(status_of(document, "nodes-ready"), "critical") << "it is the only node";
    EXPECT_EQ(first_failure(document, "nodes-ready"), "Node node1: NodeStatusUnknown");
    EXPECT_THAT(message_of(document, "nodes-ready"), HasSubstr("Kubelet stopped posting node status"));
    auto const tainted = expect_turns("--suite " + suite.path(), "nodes-taints", {"nodes-ready"});
    EXPECT_THAT(message_of(tainted, "nodes-taints"), HasSubstr("is tainted unreachable"));
    stopped_kubelet->kubelet->resume();
    expect_well("--suite " + suite.path());
}

// Stopped for longer than its lease allows it would end itself once it may run again, as it should.
TEST(BrokenControlPlane, AControllerManagerThatStandsStillLosesItsLease) {
    File const suite(
        suite_for("default", {{"leader-leases", "with: {leases: [kube-controller-manager], max_age: 5s}"}}));
    // The kubelet of the test before may still wonder about its container runtime.
    auto const arguments = fmt::format("--suite {} {}", suite.path(), all_but_nodes);
    Stopped manager("kube-controller-manager");
    auto const document = expect_turns(arguments, "leader-leases");
    manager.resume();
    EXPECT_EQ(status_of(document, "leader-leases"), "critical");
    EXPECT_EQ(first_failure(document, "leader-leases"), "Lease kube-system/kube-controller-manager: LeaseExpired");
    revive_controllers();
    expect_well(arguments);
}

}  // namespace
}  // namespace vedette::cluster
