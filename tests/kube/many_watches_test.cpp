// What a controller does, over HTTP and in virtual time: more watches than a host has connections for quick requests,
// and a lease that must be renewed all the same.

#include "base/task_group.hpp"
#include "kube/fake/api_server.hpp"
#include "kube/http_api.hpp"
#include "kube/informer.hpp"
#include "kube/leader_election.hpp"
#include "kube/memory_files.hpp"
#include "kube/played_process.hpp"
#include "net/http_server.hpp"
#include "scripted_api.hpp"
#include "world/network.hpp"
#include "world/plain_tls.hpp"

#include <gtest/gtest.h>

namespace vedette::kube {
namespace {

// The in-memory API server behind plain HTTP.
Task<net::HttpResponse> serve(fake::ApiServer& server, net::ServerRequest http) {
    auto const mark = std::min(http.target.find('?'), http.target.size());
    Request request{.method = http.method, .path = http.target.substr(0, mark)};
    std::string_view rest = std::string_view(http.target).substr(std::min(mark + 1, http.target.size()));
    while (!rest.empty()) {
        auto const part = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        auto const equals = part.find('=');
        request.query.emplace_back(part.substr(0, equals), net::percent_decode(part.substr(equals + 1)).value());
    }
    request.accept = http.headers.get("Accept").value_or("");
    request.content_type = http.headers.get("Content-Type").value_or("");
    request.body = std::move(http.body);
    auto answered = co_await server.send(std::move(request), no_deadline);
    if (!answered) co_return pass(answered);
    co_return net::HttpResponse{
        .status = answered->status, .headers = std::move(answered->headers), .body = std::move(answered->body)};
}

struct HttpScene {
    HttpScene() {
        auto made = make_http_api(
            {.server = "http://api.example:8001"},
            {.http = *http, .clock = world.clock(), .files = files, .process = process, .environment = {}});
        api = std::move(*made);
        client.emplace(*api, world.clock(), world.random());
        tasks.spawn(front->serve());
    }
    ~HttpScene() { world.run(tasks.stop()); }

    world::World world;
    world::Network network{world};
    world::PlainTls tls{world};
    MemoryFiles files;
    PlayedProcess process{world.clock()};
    fake::ApiServer server{world.executor(), world.clock(), world.random()};
    std::unique_ptr<net::HttpServer> front =
        net::make_http_server(world.executor(), world.clock(), network.listen({"api.example", 8001}), nullptr,
                              [this](net::ServerRequest request) { return serve(server, std::move(request)); });
    std::unique_ptr<net::HttpClient> http = net::make_http_client(world.executor(), world.clock(), network, tls);
    std::unique_ptr<Api> api;
    std::optional<Client> client;
    TaskGroup tasks{world.executor()};
};

std::optional<std::string> name_of(Object const& object) {
    return key_of(object).key;
}

TEST(ManyWatches, NineInformersLeaveRoomForListsAndForTheLease) {
    HttpScene scene;
    auto& world = scene.world;
    for (int i = 0; i < 9; ++i) {
        scene.server.put({{"apiVersion", "v1"},
                          {"kind", "ConfigMap"},
                          {"metadata", {{"name", "settings"}, {"namespace", fmt::format("team-{}", i)}}}});
    }
    Resource const config_maps{"", "v1", "configmaps", "ConfigMap", true};
    std::vector<std::unique_ptr<Informer<std::string>>> informers;
    for (int i = 0; i < 9; ++i) {
        ReflectorOptions const options{.resource = config_maps, .ns = fmt::format("team-{}", i)};
        informers.push_back(std::make_unique<Informer<std::string>>(world.executor(), *scene.client, world.clock(),
                                                                    world.random(), options, name_of));
        scene.tasks.spawn(informers.back()->run());
    }
    int terms = 0;
    LeaderElector elector(world.executor(), *scene.client, world.clock(), world.random(),
                          {.ns = "default", .name = "vedette", .identity = "a"},
                          {.on_started = [&terms] { ++terms; }, .on_stopped = {}, .on_new_leader = {}});
    scene.tasks.spawn(elector.run());
    world.pass(30s);
    for (auto const& informer : informers) EXPECT_TRUE(informer->synced());
    EXPECT_EQ(scene.server.open_watches(), 9u);
    world.pass(30min);
    EXPECT_TRUE(elector.leads());
    EXPECT_EQ(terms, 1);
    auto const started = world.clock().now();
    auto const listed = world.run(scene.client->list(
        config_maps, "", {}, {"metadata.name"}, [](Object const&) {}, {}, world.clock().now() + 10s));
    ASSERT_TRUE(listed) << listed.error().text();
    EXPECT_EQ(listed->items, 9u);
    EXPECT_LT(world.clock().now() - started, 1s);
    world.run(scene.tasks.stop());
}

}  // namespace
}  // namespace vedette::kube
