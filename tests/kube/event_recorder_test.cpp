#include "kube/event_recorder.hpp"

#include "base/json.hpp"
#include "base/task_group.hpp"
#include "kube/fake/api_server.hpp"
#include "scripted_api.hpp"
#include "world/world.hpp"

#include <gtest/gtest.h>

namespace vedette::kube {
namespace {

ObjectReference web() {
    return {.api_version = "v1", .kind = "Pod", .ns = "shop", .name = "web", .uid = "u1"};
}

WallTime at(Duration after) {
    return WallTime{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}} + after;
}

Happening happening(std::string message, Duration after, ObjectReference about = web()) {
    return {std::move(about), true, "Unhealthy", std::move(message), at(after)};
}

TEST(EventCorrelator, TheSameMessageCountsInOneEvent) {
    EventCorrelator correlator;
    auto const first = correlator.correlate(happening("m", 0s));
    auto const second = correlator.correlate(happening("m", 5s));
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->count, 1);
    EXPECT_EQ(second->count, 2);
    EXPECT_EQ(second->name, first->name);
    EXPECT_EQ(second->first, at(0s));
    EXPECT_TRUE(first->name.starts_with("web."));
    auto const other = correlator.correlate(happening("n", 6s));
    ASSERT_TRUE(other);
    EXPECT_EQ(other->count, 1);
    EXPECT_NE(other->name, first->name);
}

TEST(EventCorrelator, TheTenthSimilarMessageSharesOneEventUntilTenMinutesAreQuiet) {
    EventCorrelator correlator;
    for (int i = 1; i <= 12; ++i) {
        auto const series = correlator.correlate(happening(fmt::format("m{:02}", i), std::chrono::seconds(i)));
        ASSERT_TRUE(series);
        EXPECT_EQ(series->count, i <= 10 ? 1 : i - 9) << i;
        EXPECT_EQ(series->message, fmt::format("{}m{:02}", i < 10 ? "" : "(combined from similar events): ", i));
    }
    auto const later = correlator.correlate(happening("new", 12s + 11min));
    ASSERT_TRUE(later);
    EXPECT_EQ(later->message, "new");
}

TEST(EventCorrelator, OneObjectGets25EventsAndThenOneInFiveMinutes) {
    EventCorrelator correlator;
    int passed = 0;
    for (int i = 0; i < 100; ++i) passed += correlator.correlate(happening("m", 0s)).has_value();
    EXPECT_EQ(passed, 25);
    EXPECT_FALSE(correlator.correlate(happening("m", 4min)));
    EXPECT_TRUE(correlator.correlate(happening("m", 6min)));
    EXPECT_FALSE(correlator.correlate(happening("m", 6min)));
    auto other = web();
    other.uid = "u2";
    EXPECT_TRUE(correlator.correlate(happening("m", 6min, other)));
}

TEST(EventCorrelator, WhatGoesWellTakesNoPlaceFromAWarning) {
    EventCorrelator correlator;
    auto chatter = happening("fine", 0s);
    chatter.warning = false;
    chatter.reason = "Healthy";
    int passed = 0;
    for (int i = 0; i < 100; ++i) passed += correlator.correlate(chatter).has_value();
    EXPECT_EQ(passed, 25);
    for (int i = 0; i < 25; ++i) EXPECT_TRUE(correlator.correlate(happening("down", 0s))) << i;
    EXPECT_FALSE(correlator.correlate(happening("down", 0s)));
    chatter.when = at(6min);
    EXPECT_TRUE(correlator.correlate(chatter)) << "nor does a warning from what goes well";
}

struct Scene {
    explicit Scene(EventRecorderOptions options = {})
        : server(world.executor(), world.clock(), world.random()),
          client(server, world.clock(), world.random(), nullptr, {.attempts = 1}),
          recorder(world.executor(), client, world.clock(), std::move(options)) {
        server.put({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "shop"}}}});
    }

    // The recorder at work until everything is sent.
    Result<void> drain(Duration within = 1min) { return world.run(drained(*this, within)); }

    std::vector<Object> events() {
        std::vector<Object> found;
        Resource const resource{.group = "", .version = "v1", .plural = "events", .kind = "Event", .namespaced = true};
        auto const end = world.run(client.list(
            resource, "", {}, Projection::all(), [&](Object event) { found.push_back(std::move(event)); },
            [&] { found.clear(); }, world.clock().now() + 10s));
        EXPECT_TRUE(end);
        return found;
    }

    world::World world;
    fake::ApiServer server;
    Client client;
    EventRecorder recorder;

private:
    static Task<void> drained(Scene& s, Duration within) {
        TaskGroup group(s.world.executor());
        group.spawn(s.recorder.run());
        auto const deadline = s.world.clock().now() + within;
        auto result = co_await s.recorder.drain(deadline);
        co_await group.stop();
        co_return result;
    }
};

TEST(EventRecorder, WritesWhatKubectlDescribeShows) {
    Scene scene({.component = "vedette", .instance = "vedette-0"});
    scene.recorder.warning(web(), "Unhealthy", "it is down");
    EXPECT_TRUE(scene.drain());
    auto const events = scene.events();
    ASSERT_EQ(events.size(), 1u);
    auto const& event = events[0];
    EXPECT_EQ(get_string(event, "metadata.namespace"), "shop");
    EXPECT_EQ(get_string(event, "involvedObject.kind"), "Pod");
    EXPECT_EQ(get_string(event, "involvedObject.uid"), "u1");
    EXPECT_EQ(get_string(event, "type"), "Warning");
    EXPECT_EQ(get_string(event, "reason"), "Unhealthy");
    EXPECT_EQ(get_string(event, "message"), "it is down");
    EXPECT_EQ(get_string(event, "firstTimestamp"), "2026-01-01T00:00:00Z");
    EXPECT_EQ(get_int(event, "count"), 1);
    EXPECT_EQ(get_string(event, "source.component"), "vedette");
    EXPECT_EQ(scene.recorder.sent(), 1u);
}

TEST(EventRecorder, ARepetitionRaisesTheCount) {
    Scene scene;
    scene.recorder.normal(web(), "Healthy", "it is up");
    scene.world.pass(1min);
    scene.recorder.normal(web(), "Healthy", "it is up");
    EXPECT_TRUE(scene.drain());
    auto const events = scene.events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(get_int(events[0], "count"), 2);
    EXPECT_EQ(get_string(events[0], "firstTimestamp"), "2026-01-01T00:00:00Z");
    EXPECT_EQ(get_string(events[0], "lastTimestamp"), "2026-01-01T00:01:00Z");
}

TEST(EventRecorder, EventsOfClusterScopedObjectsLiveInDefault) {
    Scene scene;
    scene.recorder.normal({.api_version = "v1", .kind = "Node", .name = "n1"}, "Ready", "it is");
    EXPECT_TRUE(scene.drain());
    auto const events = scene.events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(get_string(events[0], "metadata.namespace"), "default");
}

TEST(EventRecorder, AnEventThatExpiredOnTheServerStartsAnew) {
    Scene scene;
    scene.recorder.normal(web(), "Healthy", "it is up");
    EXPECT_TRUE(scene.drain());
    Resource const resource{.group = "", .version = "v1", .plural = "events", .kind = "Event", .namespaced = true};
    EXPECT_TRUE(scene.server.erase(resource, "shop", get_string(scene.events().at(0), "metadata.name")));
    scene.world.pass(2h);
    scene.recorder.normal(web(), "Healthy", "it is up");
    EXPECT_TRUE(scene.drain());
    auto const events = scene.events();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(get_int(events[0], "count"), 1);
    EXPECT_EQ(get_string(events[0], "firstTimestamp"), "2026-01-01T02:00:00Z");
}

TEST(EventRecorder, AShortOutageLosesNothingAndALongOneIsCounted) {
    Scene scene;
    scene.server.add_fault({.kind = fake::Fault::Kind::refuse, .times = 2});
    scene.recorder.normal(web(), "Healthy", "one");
    EXPECT_TRUE(scene.drain());
    EXPECT_EQ(scene.recorder.sent(), 1u);
    scene.server.add_fault({.kind = fake::Fault::Kind::status, .times = 3, .status = 503});
    scene.recorder.normal(web(), "Healthy", "two");
    EXPECT_TRUE(scene.drain());
    EXPECT_EQ(scene.recorder.failed(), 1u);
    EXPECT_EQ(scene.recorder.last_error()->code(), Errc::unavailable);
    scene.recorder.normal(web(), "Healthy", "two");
    EXPECT_TRUE(scene.drain());
    EXPECT_EQ(scene.events().size(), 2u);
}

TEST(EventRecorder, ALostAnswerMakesNoSecondEvent) {
    Scene scene;
    scene.server.add_fault({.kind = fake::Fault::Kind::reset_body, .method = "POST", .times = 1, .after_bytes = 10});
    scene.recorder.normal(web(), "Healthy", "one");
    EXPECT_TRUE(scene.drain());
    EXPECT_EQ(scene.events().size(), 1u);
    EXPECT_EQ(scene.recorder.sent(), 1u);
}

TEST(EventRecorder, AFullQueueDropsAndCounts) {
    Scene scene({.queue = 3});
    for (int i = 0; i < 5; ++i) scene.recorder.normal(web(), "Healthy", std::to_string(i));
    EXPECT_EQ(scene.recorder.dropped(), 2u);
    EXPECT_TRUE(scene.drain());
    EXPECT_EQ(scene.events().size(), 3u);
}

ObjectReference numbered(int number) {
    auto about = web();
    about.name = fmt::format("web-{}", number);
    about.uid = fmt::format("u{}", number);
    return about;
}

TEST(EventRecorder, ASlowServerIsAskedBySeveralSendersAtOnce) {
    Scene scene({.senders = 4});
    scene.server.add_fault({.kind = fake::Fault::Kind::delay, .method = "POST", .delay = 1s});
    for (int i = 0; i < 12; ++i) scene.recorder.normal(numbered(i), "Healthy", "one");
    EXPECT_TRUE(scene.drain());
    EXPECT_EQ(scene.recorder.sent(), 12u);
    EXPECT_EQ(scene.world.elapsed(), 3s);  // twelve, four at a time
}

TEST(EventRecorder, WhatIsToldAboutOneObjectIsToldInOrder) {
    Scene scene({.senders = 4});
    scene.server.add_fault({.kind = fake::Fault::Kind::delay, .method = "POST", .times = 1, .delay = 1s});
    for (int i = 0; i < 3; ++i) scene.recorder.normal(web(), "Healthy", "one");
    scene.recorder.normal(numbered(2), "Healthy", "one");
    EXPECT_TRUE(scene.drain());
    auto const events = scene.events();
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(get_string(events[0], "involvedObject.name"), "web-2");
    EXPECT_EQ(get_int(events[1], "count"), 3);  // though the answer to the first came late
    EXPECT_EQ(scene.recorder.failed(), 0u);
}

TEST(EventRecorder, DrainingAHangingServerEndsAtItsDeadline) {
    Scene scene;
    scene.server.add_fault({.kind = fake::Fault::Kind::hang});
    scene.recorder.normal(web(), "Healthy", "one");
    auto const drained = scene.drain(3s);
    ASSERT_FALSE(drained);
    EXPECT_EQ(drained.error().code(), Errc::timed_out);
    EXPECT_EQ(scene.world.elapsed(), 3s);
}

}  // namespace
}  // namespace vedette::kube
