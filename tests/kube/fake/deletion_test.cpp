// What other controllers finish on a real cluster, here done by collect_garbage().

#include "cluster.hpp"

namespace vedette::kube::fake {
namespace {

Object owned(std::string_view name, Reply const& owner) {
    auto object = config_map(name);
    object["metadata"].as_object()["ownerReferences"] =
        boost::json::array{boost::json::object{{"apiVersion", "v1"},
                                               {"kind", "ConfigMap"},
                                               {"name", owner.at("metadata.name")},
                                               {"uid", owner.at("metadata.uid")}}};
    return object;
}

TEST(FakeGarbage, DependentsFollowTheirOwnersDownTheChain) {
    Cluster cluster;
    auto const owner = cluster.create(config_maps, "default", config_map("owner"));
    auto const child = cluster.create(config_maps, "default", owned("child", owner));
    cluster.create(config_maps, "default", owned("grandchild", child));
    EXPECT_EQ(cluster.server.collect_garbage(), 0u);
    cluster.send(delete_request(config_maps, "default", "owner"));
    EXPECT_EQ(cluster.get(config_maps, "default", "child").status, 200);
    EXPECT_EQ(cluster.server.collect_garbage(), 2u);
    EXPECT_EQ(cluster.get(config_maps, "default", "grandchild").status, 404);
}

TEST(FakeGarbage, OrphansLoseTheirOwnerAndStay) {
    Cluster cluster;
    auto const owner = cluster.create(config_maps, "default", config_map("owner"));
    cluster.create(config_maps, "default", owned("child", owner));
    cluster.send(delete_request(config_maps, "default", "owner", {.propagation = "Orphan"}));
    EXPECT_EQ(cluster.get(config_maps, "default", "owner").status, 200);
    EXPECT_EQ(cluster.server.collect_garbage(), 1u);
    EXPECT_EQ(cluster.get(config_maps, "default", "owner").status, 404);
    EXPECT_EQ(cluster.get(config_maps, "default", "child").at("metadata.ownerReferences"), "");
}

TEST(FakeGarbage, AForegroundDeletionWaitsForADependentThatIsHeld) {
    Cluster cluster;
    auto const owner = cluster.create(config_maps, "default", config_map("owner"));
    auto child = owned("child", owner);
    child["metadata"].as_object()["finalizers"] = boost::json::array{"a.b/hold"};
    cluster.create(config_maps, "default", child);
    cluster.send(delete_request(config_maps, "default", "owner", {.propagation = "Foreground"}));
    EXPECT_EQ(cluster.server.collect_garbage(), 0u);
    EXPECT_EQ(cluster.get(config_maps, "default", "owner").status, 200);
    cluster.merge(config_maps, "default", "child", R"({"metadata":{"finalizers":null}})");
    EXPECT_EQ(cluster.server.collect_garbage(), 1u);
    EXPECT_EQ(cluster.get(config_maps, "default", "owner").status, 404);
}

TEST(FakeGarbage, ATerminatingNamespaceIsEmptiedAndGoes) {
    Cluster cluster;
    cluster.create(namespaces, "", json_object(R"({"metadata":{"name":"shop"}})"));
    cluster.create(config_maps, "shop", config_map("a"));
    cluster.send(delete_request(namespaces, "", "shop"));
    EXPECT_EQ(cluster.get(namespaces, "", "shop").at("status.phase"), "Terminating");
    EXPECT_EQ(cluster.create(config_maps, "shop", config_map("b")).status, 403);
    EXPECT_EQ(cluster.server.collect_garbage(), 2u);
    EXPECT_EQ(cluster.get(namespaces, "", "shop").status, 404);
}

TEST(FakeDeletion, AJobOrphansItsPodsUnlessToldOtherwise) {
    Cluster cluster;
    Resource const jobs{"batch", "v1", "jobs", "Job", true};
    cluster.create(jobs, "default", json_object(R"({"metadata":{"name":"j"}})"));
    EXPECT_EQ(cluster.send(delete_request(jobs, "default", "j")).at("metadata.finalizers"), R"(["orphan"])");
    cluster.create(jobs, "default", json_object(R"({"metadata":{"name":"k"}})"));
    EXPECT_EQ(cluster.send(delete_request(jobs, "default", "k", {.propagation = "Background"})).at("kind"), "Status");
}

TEST(FakeDeletion, AnEvictionIsADeletionWithTheSameGrace) {
    Cluster cluster;
    cluster.server.put(json_object(
        R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"default"},"spec":{"nodeName":"n"}})"));
    auto const evicted = cluster.send(create_request(
        pods, "default", json_object(R"({"metadata":{"name":"p"},"deleteOptions":{"gracePeriodSeconds":7}})"),
        "eviction", "p"));
    EXPECT_EQ(evicted.status, 201);
    EXPECT_EQ(cluster.get(pods, "default", "p").at("metadata.deletionGracePeriodSeconds"), "7");
    EXPECT_EQ(cluster.get(pods, "default", "p").at("metadata.deletionTimestamp"), "2026-01-01T00:00:07Z");
}

TEST(FakeDeletion, APodIsBoundToANodeOnce) {
    Cluster cluster;
    cluster.create(pods, "default", json_object(R"({"metadata":{"name":"p"}})"));
    auto const bind = [&](char const* body) {
        return cluster.send(create_request(pods, "default", json_object(body), "binding", "p")).status;
    };
    EXPECT_EQ(bind(R"({"metadata":{"name":"q"},"target":{"name":"n1"}})"), 400);
    EXPECT_EQ(bind(R"({"metadata":{"name":"p"},"target":{"name":"n1"}})"), 201);
    EXPECT_EQ(cluster.get(pods, "default", "p").at("spec.nodeName"), "n1");
    EXPECT_EQ(bind(R"({"metadata":{"name":"p"},"target":{"name":"n2"}})"), 409);
}

}  // namespace
}  // namespace vedette::kube::fake
