#include "kube/rate_limiter.hpp"

#include "base/task_group.hpp"
#include "base/with_deadline.hpp"
#include "world/world.hpp"

#include <gtest/gtest.h>

namespace vedette::kube {
namespace {

Async<void> acquire_and_note(RateLimiter& limiter, Priority priority, Deadline deadline, std::string name,
                             world::World& world) {
    auto const got = co_await limiter.acquire(priority, deadline);
    world.note(got ? name : name + ": " + got.error().text());
}

std::vector<std::string> names(world::World const& world) {
    std::vector<std::string> names;
    for (auto const& line : world.trace()) names.push_back(line.substr(13));
    return names;
}

TEST(RateLimiter, ABurstGoesAtOnceAndTheRestAtTheRate) {
    world::World world;
    RateLimiter limiter(world.executor(), world.clock(), {.per_second = 10, .burst = 5});
    auto many = [](RateLimiter& l, Clock& clock) -> Async<void> {
        for (int i = 0; i < 25; ++i) {
            auto const got = co_await l.acquire(Priority::normal, clock.now() + 1h);
            EXPECT_TRUE(got);
        }
    };
    world.run(many(limiter, world.clock()));
    EXPECT_GE(world.elapsed(), 2s - 1us);
    EXPECT_LE(world.elapsed(), 2s + 1ms);
}

TEST(RateLimiter, HighPriorityGoesFirstThenTheOrderOfArrival) {
    world::World world;
    RateLimiter limiter(world.executor(), world.clock(), {.per_second = 1, .burst = 1});
    auto main = [](world::World& w, RateLimiter& l) -> Async<void> {
        TaskGroup group(w.executor());
        auto const deadline = w.clock().now() + 1h;
        group.spawn(acquire_and_note(l, Priority::normal, deadline, "first", w));
        group.spawn(acquire_and_note(l, Priority::low, deadline, "low", w));
        group.spawn(acquire_and_note(l, Priority::normal, deadline, "normal 1", w));
        group.spawn(acquire_and_note(l, Priority::normal, deadline, "normal 2", w));
        group.spawn(acquire_and_note(l, Priority::high, deadline, "high", w));
        co_await group.join();
    };
    world.run(main(world, limiter));
    EXPECT_EQ(names(world), (std::vector<std::string>{"first", "high", "normal 1", "normal 2", "low"}));
    EXPECT_LE(world.elapsed(), 4s + 1ms);
}

TEST(RateLimiter, AWaiterGivesUpAtItsDeadlineAndItsTokenGoesToTheNext) {
    world::World world;
    RateLimiter limiter(world.executor(), world.clock(), {.per_second = 0.1, .burst = 1});
    auto main = [](world::World& w, RateLimiter& l) -> Async<void> {
        TaskGroup group(w.executor());
        auto const now = w.clock().now();
        group.spawn(acquire_and_note(l, Priority::normal, now + 1h, "a", w));
        group.spawn(acquire_and_note(l, Priority::normal, now + 5s, "b", w));
        group.spawn(acquire_and_note(l, Priority::normal, now + 1h, "c", w));
        co_await group.join();
    };
    world.run(main(world, limiter));
    EXPECT_EQ(names(world), (std::vector<std::string>{"a", "b: wait for the client-side rate limit: timed out", "c"}));
    EXPECT_LE(world.elapsed(), 10s + 1ms);
    EXPECT_EQ(limiter.waiting(), 0u);
}

TEST(RateLimiter, AFullQueueRefusesAtOnce) {
    world::World world;
    RateLimiter limiter(world.executor(), world.clock(), {.per_second = 1, .burst = 1, .waiters = 2});
    auto main = [](world::World& w, RateLimiter& l) -> Async<void> {
        TaskGroup group(w.executor());
        for (auto const* name : {"a", "b", "c", "d"}) {
            group.spawn(acquire_and_note(l, Priority::normal, w.clock().now() + 1h, name, w));
        }
        co_await group.join();
    };
    world.run(main(world, limiter));
    EXPECT_EQ(names(world),
              (std::vector<std::string>{"a", "d: 2 requests already wait for the client-side rate limit", "b", "c"}));
}

TEST(RateLimiter, TenThousandWaitersAreServedAtTheRate) {
    world::World world;
    RateLimiter limiter(world.executor(), world.clock(), {.per_second = 1000, .burst = 1, .waiters = 10'000});
    auto main = [](world::World& w, RateLimiter& l) -> Async<void> {
        TaskGroup group(w.executor());
        for (int i = 0; i < 10'000; ++i) {
            group.spawn(acquire_and_note(l, Priority::normal, w.clock().now() + 1h, "x", w));
        }
        co_await group.join();
    };
    world.run(main(world, limiter));
    EXPECT_EQ(world.trace().size(), 10'000u);
    EXPECT_GE(world.elapsed(), 9'999ms - 1us);
    EXPECT_LE(world.elapsed(), 10'010ms);
}

TEST(RateLimiter, CancelledWaitersLoseNoToken) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        world::World world(seed);
        RateLimiter limiter(world.executor(), world.clock(), {.per_second = 10, .burst = 2});
        auto main = [](world::World& w, RateLimiter& l) -> Async<void> {
            TaskGroup doomed(w.executor());
            TaskGroup lucky(w.executor());
            for (int i = 0; i < 20; ++i) {
                auto& group = w.random().chance(0.5) ? doomed : lucky;
                group.spawn(acquire_and_note(l, Priority::normal, w.clock().now() + 1h, "x", w));
            }
            co_await w.clock().sleep_for(std::chrono::milliseconds(w.random().below(2000)));
            co_await doomed.stop();
            co_await lucky.join();
        };
        world.run(main(world, limiter));
        EXPECT_EQ(limiter.waiting(), 0u);
        EXPECT_LE(world.elapsed(), 2s + 10ms) << "seed " << seed;
    }
}

}  // namespace
}  // namespace vedette::kube
