#include "kube/queued_api.hpp"

#include "base/task_group.hpp"
#include "kube/fake/api_server.hpp"
#include "world/world.hpp"

#include <gtest/gtest.h>

namespace vedette::kube {
namespace {

struct Scene {
    Scene() : server(world.executor(), world.clock(), world.random()), api(world.executor(), world.clock(), server, 2) {
        server.add_fault({.kind = fake::Fault::Kind::delay, .delay = 1s});
    }

    Async<void> ask(std::string name, Duration patience) {
        auto answer = co_await api.send({.method = "GET", .path = "/livez"}, world.clock().now() + patience);
        world.note(answer ? name : name + ": " + answer.error().text());
    }

    // "name after N s", in order.
    std::vector<std::string> run(std::vector<std::pair<std::string, Duration>> requests) {
        auto all = [](Scene& scene, std::vector<std::pair<std::string, Duration>> wanted) -> Async<void> {
            TaskGroup group(scene.world.executor());
            for (auto& [name, patience] : wanted) group.spawn(scene.ask(name, patience));
            co_await group.join();
        };
        world.run(all(*this, std::move(requests)));
        std::vector<std::string> names;
        for (auto const& line : world.trace()) names.push_back(line.substr(13));
        return names;
    }

    world::World world;
    fake::ApiServer server;
    QueuedApi api;
};

TEST(QueuedApi, LetsSoManyBeUnderWayAndTheRestInOrder) {
    Scene scene;
    auto const names = scene.run({{"a", 1h}, {"b", 1h}, {"c", 1h}, {"d", 1h}, {"e", 1h}});
    EXPECT_EQ(names, (std::vector<std::string>{"a", "b", "c", "d", "e"}));
    EXPECT_EQ(scene.world.elapsed(), 3s);  // five, two at a time
}

TEST(QueuedApi, WhoGivesUpWaitingTakesNobodysPlace) {
    Scene scene;
    auto const names = scene.run({{"a", 1h}, {"b", 1h}, {"c", 500ms}, {"d", 1h}});
    EXPECT_EQ(names, (std::vector<std::string>{"c: wait for the API server's answers to earlier requests: timed out",
                                               "a", "b", "d"}));
    EXPECT_EQ(scene.world.elapsed(), 2s);
}

TEST(QueuedApi, ARequestThatFailsOrIsCancelledLeavesItsPlace) {
    Scene scene;
    scene.server.clear_faults();
    scene.server.add_fault({.kind = fake::Fault::Kind::hang, .times = 2});
    scene.run({{"a", 1s}, {"b", 2s}, {"c", 10s}, {"d", 10s}, {"e", 10s}});
    EXPECT_EQ(scene.world.elapsed(), 2s);
    auto cancelled = [](Scene& s) -> Async<void> {
        s.server.add_fault({.kind = fake::Fault::Kind::hang, .times = 3});
        TaskGroup group(s.world.executor());
        for (auto const* name : {"f", "g", "h"}) group.spawn(s.ask(name, 1h));
        co_await s.world.clock().sleep_for(1s);
        co_await group.stop();
        s.server.clear_faults();
        co_await s.ask("i", 1s);
        co_await s.ask("j", 1s);
    };
    scene.world.run(cancelled(scene));
    EXPECT_EQ(scene.world.elapsed(), 3s);
}

}  // namespace
}  // namespace vedette::kube
