// The client under its own rate limit: who goes first, and what counts as the server's time. And a get of less than the
// whole object.

#include "base/task_group.hpp"
#include "kube/client.hpp"
#include "kube/fake/api_server.hpp"
#include "kube/leader_election.hpp"
#include "scripted_api.hpp"
#include "world/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vedette::kube {
namespace {

using testing::ElementsAre;

/// Answers everything at once, and notes what came when.
class InstantApi final : public Api {
public:
    explicit InstantApi(Clock& clock) : clock_(clock) {}
    Task<Response> send(Request request, Deadline) override {
        auto const second = std::chrono::duration_cast<std::chrono::seconds>(clock_.now() - TimePoint{}).count();
        log.push_back(fmt::format("{} {}", second, request.path));
        co_return Response{.status = 200, .headers = {}, .body = net::make_body("{}")};
    }
    std::vector<std::string> log;

private:
    Clock& clock_;
};

struct Scene {
    explicit Scene(RateLimits limits) : limiter(world.executor(), world.clock(), limits) {}

    static Async<void> ask(Client client, Request request, Deadline deadline) {
        auto const got = co_await client.call(std::move(request), deadline);
        EXPECT_TRUE(got);
    }
    void spawn(Client from, Request request) {
        tasks.spawn(ask(std::move(from), std::move(request), world.clock().now() + 1h));
    }

    world::World world;
    InstantApi api{world.clock()};
    RateLimiter limiter;
    Client client{api, world.clock(), world.random(), &limiter};
    TaskGroup tasks{world.executor()};
};

TEST(ClientLimit, RequestsGoByPriorityTheirOwnBeforeTheClients) {
    Scene scene({.per_second = 1, .burst = 1});
    scene.spawn(scene.client, raw_request("/first"));
    scene.spawn(scene.client.at(Priority::low), raw_request("/low"));
    scene.spawn(scene.client, raw_request("/normal"));
    scene.spawn(scene.client.at(Priority::high), raw_request("/high"));
    auto own = raw_request("/own-high");
    own.priority = Priority::high;
    scene.spawn(scene.client.at(Priority::low), own);
    scene.world.run(scene.tasks.join());
    EXPECT_THAT(scene.api.log, ElementsAre("0 /first", "1 /high", "2 /own-high", "3 /normal", "4 /low"));
}

Async<void> ask_in_turn(Scene& scene, std::vector<Duration>& took) {
    for (int i = 0; i < 3; ++i) {
        auto const got = co_await scene.client.raw(raw_request("/version"), scene.world.clock().now() + 1min);
        if (got) took.push_back(got->took);
    }
}

TEST(ClientLimit, WaitingForTheLimitIsNotTheServersTime) {
    Scene scene({.per_second = 0.1, .burst = 1});
    std::vector<Duration> took;
    scene.world.run(ask_in_turn(scene, took));
    EXPECT_EQ(scene.world.elapsed(), 20s);
    EXPECT_THAT(took, ElementsAre(0s, 0s, 0s));
}

Async<void> flood(Client client, Clock& clock) {
    while (true) {
        auto const got = co_await client.call(raw_request("/version"), clock.now() + 1h);
        (void)got;
    }
}

TEST(ClientLimit, ALeaseIsRenewedHoweverMuchElseWaits) {
    world::World world;
    fake::ApiServer server(world.executor(), world.clock(), world.random());
    RateLimiter limiter(world.executor(), world.clock(), {.per_second = 2, .burst = 1});
    Client client(server, world.clock(), world.random(), &limiter);
    TaskGroup tasks(world.executor());
    for (int i = 0; i < 100; ++i) tasks.spawn(flood(client, world.clock()));
    int terms = 0;
    LeaderElector elector(world.executor(), client, world.clock(), world.random(),
                          {.ns = "default", .name = "vedette", .identity = "a"},
                          {.on_started = [&terms] { ++terms; }, .on_stopped = {}, .on_new_leader = {}});
    tasks.spawn(elector.run());
    world.pass(10min);
    EXPECT_TRUE(elector.leads());
    EXPECT_EQ(terms, 1);
    world.run(tasks.stop());
}

TEST(ClientGet, AsksForASubresourceOrForTheMetadataAlone) {
    world::World world;
    ScriptedApi api({{.pieces = {"{}"}}, {.pieces = {"{}"}}, {.pieces = {"{}"}}});
    Client client(api, world.clock(), world.random());
    auto const soon = world.clock().now() + 1min;
    ASSERT_TRUE(world.run(client.get(deployments(), "shop", "web", soon)));
    ASSERT_TRUE(world.run(client.get(deployments(), "shop", "web", soon, {.subresource = "scale"})));
    ASSERT_TRUE(world.run(client.get(deployments(), "shop", "web", soon, {.metadata_only = true})));
    EXPECT_EQ(api.requests[0].path, "/apis/apps/v1/namespaces/shop/deployments/web");
    EXPECT_EQ(api.requests[0].accept, "application/json");
    EXPECT_EQ(api.requests[1].path, "/apis/apps/v1/namespaces/shop/deployments/web/scale");
    EXPECT_EQ(api.requests[1].what, "get scale of Deployment shop/web");
    EXPECT_EQ(api.requests[2].path, api.requests[0].path);
    EXPECT_EQ(api.requests[2].accept, "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json");
}

TEST(ClientGet, TheServerAnswersWithTheMetadataAlone) {
    world::World world;
    fake::ApiServer server(world.executor(), world.clock(), world.random());
    server.put({{"apiVersion", "v1"},
                {"kind", "ConfigMap"},
                {"metadata", {{"name", "a"}, {"namespace", "shop"}}},
                {"data", {{"large", "text"}}}});
    Client client(server, world.clock(), world.random());
    Resource const config_maps{"", "v1", "configmaps", "ConfigMap", true};
    auto const got = world.run(client.get(config_maps, "shop", "a", world.clock().now() + 1s, {.metadata_only = true}));
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->at("kind"), "PartialObjectMetadata");
    EXPECT_FALSE(got->contains("data"));
}

}  // namespace
}  // namespace vedette::kube
