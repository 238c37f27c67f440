#include "cluster.hpp"

namespace vedette::kube::fake {
namespace {

using Lines = std::vector<std::string>;
using Kind = Fault::Kind;

Request read_nodes() {
    return list_request(nodes, "");
}

TEST(FakeFaults, AFaultStrikesAsOftenAsItMay) {
    Cluster cluster;
    cluster.server.add_fault({.kind = Kind::refuse, .times = 2});
    for (int i = 0; i < 2; ++i) {
        auto const got = cluster.try_send(read_nodes());
        ASSERT_FALSE(got.has_value());
        EXPECT_EQ(got.error().code(), Errc::refused);
    }
    EXPECT_EQ(cluster.server.requests(), 0u);
    EXPECT_EQ(cluster.send(read_nodes()).status, 200);
    EXPECT_EQ(cluster.server.requests(), 1u);
}

TEST(FakeFaults, AFaultStrikesOnlyItsMethodAndPath) {
    Cluster cluster;
    cluster.server.add_fault({.kind = Kind::status, .method = "POST", .path_prefix = "/api/v1/namespaces/default/"});
    EXPECT_EQ(cluster.send(list_request(config_maps, "default")).status, 200);
    EXPECT_EQ(cluster.create(config_maps, "kube-system", config_map("a")).status, 201);
    EXPECT_EQ(cluster.create(config_maps, "default", config_map("a")).status, 503);
    cluster.server.clear_faults();
    EXPECT_EQ(cluster.create(config_maps, "default", config_map("a")).status, 201);
}

TEST(FakeFaults, AHangLastsUntilTheDeadline) {
    Cluster cluster;
    cluster.server.add_fault({.kind = Kind::hang});
    auto const got = cluster.try_send(read_nodes(), 7s);
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code(), Errc::timed_out);
    EXPECT_EQ(cluster.world.elapsed(), 7s);
}

TEST(FakeFaults, ADelayDelaysAndIsStillCutByTheDeadline) {
    Cluster cluster;
    cluster.server.add_fault({.kind = Kind::delay, .delay = 3s});
    EXPECT_TRUE(cluster.try_send(read_nodes(), 10s).has_value());
    EXPECT_EQ(cluster.world.elapsed(), 3s);
    EXPECT_EQ(cluster.try_send(read_nodes(), 1s).error().code(), Errc::timed_out);
    EXPECT_EQ(cluster.world.elapsed(), 4s);
}

TEST(FakeFaults, AStatusComesWithItsRetryAfter) {
    Cluster cluster;
    cluster.server.add_fault({.kind = Kind::status, .status = 429, .retry_after_seconds = 3});
    auto response = cluster.world.run(cluster.server.send(read_nodes(), no_deadline));
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 429);
    EXPECT_EQ(response->headers.get("Retry-After"), "3");
    EXPECT_EQ(cluster.send(read_nodes()).at("reason"), "TooManyRequests");
}

TEST(FakeFaults, ABodyIsCutAfterSoManyBytes) {
    Cluster cluster;
    cluster.server.add_fault({.kind = Kind::reset_body, .after_bytes = 10});
    auto response = cluster.world.run(cluster.server.send(read_nodes(), no_deadline));
    auto const piece = cluster.world.run(response->body->read(no_deadline));
    EXPECT_EQ(piece->size(), 10u);
    auto const rest = cluster.world.run(response->body->read(no_deadline));
    ASSERT_FALSE(rest.has_value());
    EXPECT_EQ(rest.error().code(), Errc::reset);
}

TEST(FakeFaults, GarbageIsNotJson) {
    Cluster cluster;
    cluster.server.add_fault({.kind = Kind::garbage});
    auto const got = cluster.send(read_nodes());
    EXPECT_EQ(got.status, 200);
    EXPECT_TRUE(got.text.starts_with("<html>"));
}

TEST(FakeFaults, EventsAreDoubledLostOrCutOff) {
    Cluster cluster;
    auto const heard = [&](Kind kind) {
        cluster.server.clear_faults();
        cluster.server.add_fault({.kind = kind, .method = "WATCH", .times = 1});
        auto const list = cluster.send(list_request(config_maps, "default"));
        auto body = cluster.watch(config_maps, "default",
                                  {.resource_version = list.at("metadata.resourceVersion"), .bookmarks = false});
        cluster.create(config_maps, "default", config_map("x"));
        cluster.send(delete_request(config_maps, "default", "x"));
        return cluster.hear(*body);
    };
    EXPECT_EQ(heard(Kind::duplicate_event), (Lines{"ADDED x", "ADDED x", "DELETED x"}));
    EXPECT_EQ(heard(Kind::lose_event), Lines{"END"});
    EXPECT_EQ(heard(Kind::end_watch), Lines{"END"});
}

TEST(FakeFaults, AnUncertainFaultStrikesTheSameRequestsForTheSameSeed) {
    auto const trace = [] {
        Cluster cluster;
        cluster.server.add_fault({.kind = Kind::status, .probability = 0.5});
        std::string codes;
        for (int i = 0; i < 40; ++i) codes += cluster.send(read_nodes()).status == 200 ? '.' : 'x';
        return codes;
    };
    auto const once = trace();
    EXPECT_EQ(once, trace());
    EXPECT_NE(once.find('x'), std::string::npos);
    EXPECT_NE(once.find('.'), std::string::npos);
}

TEST(FakeHealth, AFailingCheckFailsItsEndpointsAndIsNamed) {
    Cluster cluster;
    cluster.server.set_failing_health({"etcd"});
    auto const livez = cluster.send(raw_request("/livez"));
    EXPECT_EQ(livez.status, 500);
    EXPECT_NE(livez.text.find("[+]ping ok\n"), std::string::npos);
    EXPECT_NE(livez.text.find("[-]etcd failed: reason withheld\n"), std::string::npos);
    EXPECT_TRUE(livez.text.ends_with("livez check failed\n"));
    EXPECT_EQ(cluster.send(raw_request("/readyz/etcd")).status, 500);
    EXPECT_EQ(cluster.send(raw_request("/readyz/ping")).text, "ok");
    EXPECT_EQ(cluster.send(raw_request("/readyz", {{"exclude", "etcd"}})).text, "ok");
}

}  // namespace
}  // namespace vedette::kube::fake
