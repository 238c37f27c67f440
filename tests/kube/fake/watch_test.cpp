#include "cluster.hpp"

namespace vedette::kube::fake {
namespace {

using Lines = std::vector<std::string>;

TEST(FakeWatch, FromNowhereItBeginsWithWhatExistsAndGoesOn) {
    Cluster cluster;
    cluster.create(config_maps, "default", config_map("b"));
    cluster.create(config_maps, "default", config_map("a"));
    for (auto const* version : {"", "0"}) {
        auto body = cluster.watch(config_maps, "default", {.resource_version = version});
        EXPECT_EQ(cluster.hear(*body), (Lines{"ADDED a", "ADDED b"}));
        cluster.merge(config_maps, "default", "a", fmt::format(R"({{"data":{{"k":"v{}"}}}})", version));
        EXPECT_EQ(cluster.hear(*body), (Lines{"MODIFIED a"}));
    }
    EXPECT_EQ(cluster.server.open_watches(), 0u);
}

TEST(FakeWatch, FromAVersionItTellsWhatCameAfterIt) {
    Cluster cluster;
    auto const a = cluster.create(config_maps, "default", config_map("a"));
    cluster.create(config_maps, "default", config_map("b"));
    cluster.send(delete_request(config_maps, "default", "a"));
    auto body = cluster.watch(config_maps, "default", {.resource_version = a.at("metadata.resourceVersion")});
    EXPECT_EQ(cluster.hear(*body), (Lines{"ADDED b", "DELETED a"}));
}

TEST(FakeWatch, AVersionOlderThanTheHistoryIsAnErrorEventAndTheEnd) {
    Cluster cluster({.history = 5});
    auto const a = cluster.create(config_maps, "default", config_map("a"));
    for (int i = 0; i < 6; ++i) {
        cluster.merge(config_maps, "default", "a", fmt::format(R"({{"data":{{"k":"{}"}}}})", i + 10));
    }
    auto body = cluster.watch(config_maps, "default", {.resource_version = a.at("metadata.resourceVersion")});
    EXPECT_EQ(cluster.hear(*body), (Lines{"ERROR 410", "END"}));
}

TEST(FakeWatch, AnObjectThatCrossesASelectorsEdgeIsAddedOrDeleted) {
    Cluster cluster;
    auto body = cluster.watch(config_maps, "default", {.label_selector = "in=yes"});
    cluster.create(config_maps, "default", config_map("a"));
    EXPECT_EQ(cluster.hear(*body), Lines{});
    cluster.merge(config_maps, "default", "a", R"({"metadata":{"labels":{"in":"yes"}}})");
    EXPECT_EQ(cluster.hear(*body), (Lines{"ADDED a"}));
    cluster.merge(config_maps, "default", "a", R"({"data":{"k":"2"}})");
    EXPECT_EQ(cluster.hear(*body), (Lines{"MODIFIED a"}));
    cluster.merge(config_maps, "default", "a", R"({"metadata":{"labels":{"in":"no"}}})");
    EXPECT_EQ(cluster.hear(*body), (Lines{"DELETED a"}));
    cluster.send(delete_request(config_maps, "default", "a"));
    EXPECT_EQ(cluster.hear(*body), Lines{});
}

TEST(FakeWatch, TimeoutSecondsEndItAndABookmarkComesJustBefore) {
    Cluster cluster;
    auto body = cluster.watch(config_maps, "default", {.timeout_seconds = 10});
    EXPECT_EQ(cluster.hear(*body, 60s), (Lines{"BOOKMARK ", "END"}));
    EXPECT_EQ(cluster.world.elapsed(), 10s);
}

TEST(FakeWatch, BookmarksComeAtTheirIntervalOnlyToWhoAsks) {
    Cluster cluster({.bookmark_interval = 20s});
    auto with = cluster.watch(config_maps, "default", {.bookmarks = true});
    EXPECT_EQ(cluster.hear(*with, 65s), (Lines{"BOOKMARK ", "BOOKMARK ", "BOOKMARK "}));
    auto without = cluster.watch(config_maps, "default", {.bookmarks = false});
    EXPECT_EQ(cluster.hear(*without, 65s), Lines{});
}

TEST(FakeWatch, AWatcherThatLagsTooFarKeepsItsQueueAndThenEnds) {
    Cluster cluster({.watch_queue = 3});
    auto body = cluster.watch(config_maps, "default", {.bookmarks = false});
    for (auto const* name : {"a", "b", "c", "d"}) cluster.create(config_maps, "default", config_map(name));
    EXPECT_EQ(cluster.hear(*body), (Lines{"ADDED a", "ADDED b", "ADDED c", "END"}));
}

TEST(FakeWatch, ADeletedObjectCarriesTheVersionOfItsEnd) {
    Cluster cluster;
    auto const a = cluster.create(config_maps, "default", config_map("a"));
    auto body = cluster.watch(config_maps, "default", {.resource_version = a.at("metadata.resourceVersion")});
    cluster.send(delete_request(config_maps, "default", "a"));
    auto const piece = cluster.world.run(body->read(no_deadline));
    Reply const event{200, "", json_object(*piece)};
    EXPECT_EQ(std::stoi(event.at("object.metadata.resourceVersion")), std::stoi(a.at("metadata.resourceVersion")) + 1);
}

}  // namespace
}  // namespace vedette::kube::fake
