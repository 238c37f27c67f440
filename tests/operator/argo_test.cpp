// The stand-ins of the simulation are held against what the real ones do.

#include "operator/argo.hpp"

#include "base/json.hpp"
#include "operator/garbage_collector.hpp"
#include "world/world.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace vedette::op::simulation {
namespace {

namespace json = boost::json;

struct Cluster {
    explicit Cluster(Fate fate_of_all = {}, std::uint64_t seed = 1)
        : world(seed), server(world.executor(), world.clock(), world.random()), fate(std::move(fate_of_all)) {
        server.add_kind({.resource = workflow_kind, .status_subresource = false});
        server.add_kind({.resource = health_check_kind});
    }

    std::string create(json::object spec, std::string_view instance = "activemonitor-workflows") {
        auto const name = fmt::format("w{}", ++created);
        spec.insert({{"entrypoint", "main"}});
        server.put({{"apiVersion", "argoproj.io/v1alpha1"},
                    {"kind", "Workflow"},
                    {"metadata",
                     {{"name", name},
                      {"namespace", "health"},
                      {"labels", {{"workflows.argoproj.io/controller-instanceid", instance}}}}},
                    {"spec", std::move(spec)}});
        return name;
    }

    json::object read(std::string name) {
        kube::Client client(server, world.clock(), world.random());
        auto got = world.run(client.get(workflow_kind, "health", std::move(name), world.clock().now() + 10s));
        return got ? *got : json::object{};
    }
    std::string phase(std::string name) { return get_string(read(std::move(name)), "status.phase"); }

    world::World world;
    kube::fake::ApiServer server;
    Fate fate;
    FakeArgo argo{world.executor(), server, world.clock(), world.random(), {.fate = [this](kube::Object const&) {
                      return fate;
                  }}};
    int created = 0;
};

void end(Cluster& cluster) {
    cluster.world.run(cluster.argo.stop());
    EXPECT_EQ(cluster.server.open_watches(), 0u);
}

TEST(FakeArgo, TakesAWorkflowThroughItsPhasesAndDeletesItInTheEnd) {
    Cluster cluster({.pickup = 1s, .pending = 2s, .running = 10s, .outputs = json::object{{"exitCode", "0"}}});
    cluster.argo.start();
    auto const name = cluster.create({});
    cluster.world.pass(500ms);
    EXPECT_EQ(cluster.phase(name), "");
    cluster.world.pass(1s);
    EXPECT_EQ(cluster.phase(name), "Pending");
    cluster.world.pass(2s);
    EXPECT_EQ(cluster.phase(name), "Running");
    EXPECT_EQ(get_string(cluster.read(name), "status.startedAt"), "2026-01-01T00:00:01Z");
    cluster.world.pass(10s);
    auto const ended = cluster.read(name);
    EXPECT_EQ(get_string(ended, "status.phase"), "Succeeded");
    EXPECT_EQ(get_string(ended, "status.outputs.exitCode"), "0");
    EXPECT_NE(get_string(ended, "status.finishedAt"), "");
    auto const& labels = *find(ended, "metadata.labels");
    EXPECT_EQ(labels.at("workflows.argoproj.io/completed").as_string(), "true");
    EXPECT_EQ(labels.at("workflows.argoproj.io/phase").as_string(), "Succeeded");
    cluster.world.pass(1795s);
    EXPECT_EQ(cluster.phase(name), "Succeeded");
    cluster.world.pass(10s);
    EXPECT_EQ(cluster.phase(name), "");
    end(cluster);
}

TEST(FakeArgo, EndsAWorkflowForWhateverComesFirst) {
    struct Row {
        json::object spec;
        std::string phase;
        std::string message;
        std::string without = {};
    };
    Cluster cluster({.phase = "Error", .message = "exit code 64", .running = 10s});
    cluster.argo.start();
    for (auto const& row : {
             Row{{}, "Error", "exit code 64"},
             Row{{{"activeDeadlineSeconds", 5}}, "Failed", "Step exceeded its deadline"},
             Row{{{"activeDeadlineSeconds", 0}}, "Failed", "Step exceeded its deadline"},
             Row{{{"shutdown", "Terminate"}}, "Failed", "Stopped with strategy 'Terminate'"},
             Row{{{"suspend", true}}, "Running", ""},
             Row{{{"suspend", true}, {"activeDeadlineSeconds", 5}}, "Failed", "Step exceeded its deadline"},
             Row{{{"entrypoint", ""}}, "Failed", "invalid spec: spec.entrypoint is required"},
         }) {
        auto const name = cluster.create(row.spec);
        cluster.world.pass(15s);
        auto const object = cluster.read(name);
        SCOPED_TRACE(json::serialize(row.spec));
        EXPECT_EQ(get_string(object, "status.phase"), row.phase);
        EXPECT_EQ(get_string(object, "status.message"), row.message);
    }
    end(cluster);
}

TEST(FakeArgo, LeavesForeignWorkflowsAlone) {
    Cluster cluster;
    cluster.argo.start();
    auto const name = cluster.create({}, "somebody-else");
    cluster.world.pass(60s);
    EXPECT_EQ(cluster.phase(name), "");
    end(cluster);
}

TEST(FakeArgo, WritesAfterItsRestartWhatEndedMeanwhile) {
    Cluster cluster({.running = 10s});
    cluster.argo.start();
    auto const name = cluster.create({});
    cluster.world.pass(5s);
    cluster.world.run(cluster.argo.stop());
    cluster.world.pass(60s);
    EXPECT_EQ(cluster.phase(name), "Running");
    cluster.argo.start();
    cluster.world.pass(1s);
    EXPECT_EQ(cluster.phase(name), "Succeeded");
    end(cluster);
}

TEST(FakeArgo, GetsThroughConflictsAndFaults) {
    Cluster cluster({.pending = 1s, .running = 10s});
    cluster.argo.start();
    cluster.server.add_fault({.kind = kube::fake::Fault::Kind::status, .method = "PUT", .times = 2, .status = 409});
    cluster.server.add_fault({.kind = kube::fake::Fault::Kind::status, .method = "PUT", .times = 2, .status = 500});
    auto const name = cluster.create({});
    cluster.world.pass(30s);
    EXPECT_EQ(cluster.phase(name), "Succeeded");
    end(cluster);
}

json::object owned(std::string_view name, std::string_view ns, std::string_view owner_uid) {
    return {{"apiVersion", "argoproj.io/v1alpha1"},
            {"kind", "Workflow"},
            {"metadata",
             {{"name", name},
              {"namespace", ns},
              {"ownerReferences", {{{"kind", "HealthCheck"}, {"uid", owner_uid}, {"controller", true}}}}}}};
}

TEST(GarbageCollector, DeletesWhatHasNoOwnerInItsNamespace) {
    Cluster cluster;
    GarbageCollector collector(cluster.server, cluster.world.clock(), 5s);
    auto const check = cluster.server.put({{"apiVersion", "activemonitor.keikoproj.io/v1alpha1"},
                                           {"kind", "HealthCheck"},
                                           {"metadata", {{"name", "a"}, {"namespace", "health"}}}});
    auto const uid = get_string(check, "metadata.uid");
    cluster.server.put(owned("kept", "health", uid));
    cluster.server.put(owned("elsewhere", "other", uid));
    cluster.server.put(owned("orphan", "health", "no such uid"));
    auto const free = cluster.create({});
    cluster.world.pass(6s);
    EXPECT_EQ(collector.collected(), 2u);
    EXPECT_NE(cluster.read("kept"), json::object{});
    EXPECT_EQ(cluster.read("orphan"), json::object{});
    cluster.server.erase(health_check_kind, "health", "a");
    EXPECT_NE(cluster.read("kept"), json::object{});
    cluster.world.pass(6s);
    EXPECT_EQ(cluster.read("kept"), json::object{});
    EXPECT_NE(cluster.read(free), json::object{});
    EXPECT_EQ(collector.collected(), 3u);
}

}  // namespace
}  // namespace vedette::op::simulation
