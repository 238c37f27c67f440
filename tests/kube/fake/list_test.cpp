// Lists as only a server whose clock and history are ours can show them.

#include "cluster.hpp"

namespace vedette::kube::fake {
namespace {

void fill(Cluster& cluster, std::string_view names) {
    for (char const name : names) cluster.create(config_maps, "default", config_map(std::string(1, name)));
}

ListOptions page_after(Reply const& page) {
    return {.limit = 2, .continue_token = page.at("metadata.continue")};
}

TEST(FakeList, AContinueTokenLivesForItsLifetimeAndNotLonger) {
    Cluster cluster({.continue_lifetime = 5min});
    fill(cluster, "abcde");
    auto const first = cluster.send(list_request(config_maps, "default", {.limit = 2}));
    cluster.world.pass(5min);
    EXPECT_EQ(cluster.send(list_request(config_maps, "default", page_after(first))).status, 200);
    cluster.world.pass(1s);
    auto const late = cluster.send(list_request(config_maps, "default", page_after(first)));
    EXPECT_EQ(late.status, 410);
    EXPECT_EQ(late.at("reason"), "Expired");
    EXPECT_TRUE(
        late.at("message").starts_with("The provided continue parameter is too old to display a consistent list"));
}

TEST(FakeList, AnExpiredListOffersTheInconsistentRest) {
    Cluster cluster;
    fill(cluster, "abcd");
    auto const first = cluster.send(list_request(config_maps, "default", {.limit = 2}));
    cluster.world.pass(1h);
    fill(cluster, "e");
    auto const late = cluster.send(list_request(config_maps, "default", page_after(first)));
    auto const rest = cluster.send(
        list_request(config_maps, "default", {.limit = 9, .continue_token = late.at("metadata.continue")}));
    EXPECT_EQ(rest.status, 200);
    EXPECT_EQ(names_in(rest), (std::vector<std::string>{"c", "d", "e"}));
}

TEST(FakeList, AListWhoseHistoryIsGoneExpiresToo) {
    Cluster cluster({.history = 5});
    fill(cluster, "abcd");
    auto const first = cluster.send(list_request(config_maps, "default", {.limit = 2}));
    fill(cluster, "efghij");
    EXPECT_EQ(cluster.send(list_request(config_maps, "default", page_after(first))).status, 410);
    auto const version = first.at("metadata.resourceVersion");
    auto const exact = cluster.send(
        list_request(config_maps, "default", {.resource_version = version, .resource_version_match = "Exact"}));
    EXPECT_EQ(exact.status, 410);
    EXPECT_EQ(exact.at("message"), "The resourceVersion for the provided list is too old.");
}

TEST(FakeList, VersionZeroIgnoresTheLimitAsTheWatchCacheDoes) {
    Cluster cluster;
    fill(cluster, "abc");
    auto const list = cluster.send(list_request(config_maps, "default", {.limit = 1, .resource_version = "0"}));
    EXPECT_EQ(names_in(list).size(), 3u);
    EXPECT_EQ(list.at("metadata.continue"), "");
}

TEST(FakeList, ALimitMakesAVersionExact) {
    Cluster cluster;
    auto const a = cluster.create(config_maps, "default", config_map("a"));
    fill(cluster, "b");
    auto const list = cluster.send(
        list_request(config_maps, "default", {.limit = 9, .resource_version = a.at("metadata.resourceVersion")}));
    EXPECT_EQ(names_in(list), (std::vector<std::string>{"a"}));
}

TEST(FakeList, PagesGoThroughAllNamespaces) {
    Cluster cluster;
    for (auto const* ns : {"default", "kube-public", "kube-system"}) cluster.create(config_maps, ns, config_map("a"));
    auto const first = cluster.send(list_request(config_maps, "", {.limit = 2}));
    EXPECT_EQ(first.at("metadata.remainingItemCount"), "1");
    auto const second = cluster.send(list_request(config_maps, "", page_after(first)));
    ASSERT_EQ(names_in(second).size(), 1u);
    EXPECT_EQ(second.body.at("items").at(0).at("metadata").at("namespace"), "kube-system");
}

TEST(FakeList, PodsAreFoundByNodeAndPhase) {
    Cluster cluster;
    for (auto const* text : {R"("a","namespace":"default"},"spec":{"nodeName":"n1"},"status":{"phase":"Running"}})",
                             R"("b","namespace":"default"},"spec":{},"status":{"phase":"Pending"}})"}) {
        cluster.server.put(json_object(std::string(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":)") + text));
    }
    auto const find = [&](char const* selector) {
        return names_in(cluster.send(list_request(pods, "", {.field_selector = selector})));
    };
    using Names = std::vector<std::string>;
    EXPECT_EQ(find("spec.nodeName=n1"), Names{"a"});
    EXPECT_EQ(find("spec.nodeName="), Names{"b"});
    EXPECT_EQ(find("status.phase!=Running"), Names{"b"});
    EXPECT_EQ(find("spec.hostNetwork=false"), (Names{"a", "b"}));
}

TEST(FakeList, ACustomKindIsServedOnceItIsRegistered) {
    Cluster cluster;
    Resource const widgets{"example.com", "v1", "widgets", "Widget", true};
    EXPECT_EQ(cluster.send(list_request(widgets, "default")).text, "404 page not found\n");
    cluster.server.add_kind({.resource = widgets, .columns = {{"Size", "spec.size"}}});
    auto const made = cluster.create(widgets, "default",
                                     json_object(R"({"metadata":{"name":"w"},"spec":{"size":3},"status":{"x":1}})"));
    EXPECT_EQ(made.status, 201);
    EXPECT_EQ(made.at("status.x"), "");
    auto const list = cluster.send(list_request(widgets, "default"));
    EXPECT_EQ(list.at("kind"), "WidgetList");
    EXPECT_EQ(list.body.at("items").at(0).at("kind"), "Widget");
    auto request = get_request(widgets, "default", "w");
    request.accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
    cluster.world.pass(90s);
    auto const table = cluster.send(request);
    EXPECT_EQ(boost::json::serialize(table.body.at("rows").at(0).at("cells")), R"(["w",3,"90s"])");
}

}  // namespace
}  // namespace vedette::kube::fake
