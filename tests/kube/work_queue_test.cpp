#include "kube/work_queue.hpp"

#include "base/task_group.hpp"
#include "world/world.hpp"

#include <gtest/gtest.h>

namespace vedette::kube {
namespace {

using Keys = std::vector<std::string>;

Async<std::string> take(WorkQueue& queue) {
    auto const key = co_await queue.get();
    co_return key.value_or("(shut down)");
}

TEST(WorkQueue, AKeyThatWaitsIsNotAddedTwice) {
    world::World world;
    WorkQueue queue(world.executor(), world.clock());
    for (auto const* key : {"a", "b", "a", "b", "c"}) queue.add(key);
    EXPECT_EQ(queue.size(), 3u);
    EXPECT_EQ(world.run(take(queue)), "a");
    EXPECT_EQ(world.run(take(queue)), "b");
    EXPECT_EQ(world.run(take(queue)), "c");
}

TEST(WorkQueue, AKeyThatIsBeingWorkedOnComesBackOnceAfterDone) {
    world::World world;
    WorkQueue queue(world.executor(), world.clock());
    queue.add("a");
    EXPECT_EQ(world.run(take(queue)), "a");
    queue.add("a");
    queue.add("a");
    EXPECT_EQ(queue.size(), 0u);
    queue.done("a");
    EXPECT_EQ(queue.size(), 1u);
    EXPECT_EQ(world.run(take(queue)), "a");
    queue.done("a");
    EXPECT_EQ(queue.size(), 0u);
}

TEST(WorkQueue, OfSeveralDelaysTheEarliestCountsAndAddsOnce) {
    world::World world;
    WorkQueue queue(world.executor(), world.clock());
    queue.add_after("a", 10s);
    queue.add_after("a", 3s);
    queue.add_after("a", 20s);
    EXPECT_EQ(queue.delayed(), 1u);
    EXPECT_EQ(world.run(take(queue)), "a");
    EXPECT_EQ(world.elapsed(), 3s);
    queue.done("a");
    world.pass(1min);
    EXPECT_EQ(queue.size(), 0u);
    queue.add_after("b", 0s);
    EXPECT_EQ(queue.size(), 1u);
}

TEST(WorkQueue, FailuresDoubleTheBackoffUpToItsBoundAndForgetStartsAnew) {
    world::World world;
    WorkQueue queue(world.executor(), world.clock(), {.first_backoff = 1s, .longest_backoff = 5s});
    for (auto const want : {1s, 2s, 4s, 5s, 5s}) {
        auto const before = world.clock().now();
        queue.add_rate_limited("a");
        EXPECT_EQ(world.run(take(queue)), "a");
        EXPECT_EQ(world.clock().now() - before, want);
        queue.done("a");
    }
    EXPECT_EQ(queue.failures("a"), 5);
    queue.forget("a");
    auto const before = world.clock().now();
    queue.add_rate_limited("a");
    EXPECT_EQ(world.run(take(queue)), "a");
    EXPECT_EQ(world.clock().now() - before, 1s);
    queue.done("a");
    for (int i = 0; i < 100; ++i) queue.add_rate_limited("much later");
    EXPECT_EQ(queue.failures("much later"), 100);
}

TEST(WorkQueue, RetriesOfAllKeysShareARate) {
    world::World world;
    WorkQueue queue(world.executor(), world.clock(), {.retries_per_second = 10, .retry_burst = 20});
    for (int i = 0; i < 70; ++i) queue.add_rate_limited(std::to_string(i));
    world.pass(10ms);
    EXPECT_EQ(queue.size(), 20u);
    world.pass(1s);
    EXPECT_EQ(queue.size(), 30u);
    world.pass(4s);
    EXPECT_EQ(queue.size(), 70u);
}

TEST(WorkQueue, ShutDownHandsOutWhatWaitsAndWakesWhoeverWaits) {
    world::World world;
    WorkQueue queue(world.executor(), world.clock());
    queue.add("a");
    queue.add_after("late", 1s);
    queue.shut_down();
    queue.add("b");
    EXPECT_EQ(world.run(take(queue)), "a");
    EXPECT_EQ(world.run(take(queue)), "(shut down)");
    world.pass(2s);
    EXPECT_EQ(queue.size(), 0u);

    WorkQueue empty(world.executor(), world.clock());
    world.clock().call_at(world.clock().now() + 1s, [&] { empty.shut_down(); });
    EXPECT_EQ(world.run(take(empty)), "(shut down)");
}

struct Shop {
    std::map<std::string, int> working;  // key: workers that hold it
    std::map<std::string, int> wanted;   // key: the newest version that was asked for
    std::map<std::string, int> worked;   // key: the newest version that was worked on
};

Async<void> work(WorkQueue& queue, world::World& world, Shop& shop) {
    while (true) {
        auto const next = co_await queue.get();
        if (!next) co_return;
        auto const& key = *next;
        EXPECT_EQ(++shop.working[key], 1) << "two workers hold " << key;
        auto const version = shop.wanted[key];
        auto const time = std::chrono::milliseconds(world.random().below(50));
        co_await world.clock().sleep_for(time);
        shop.worked[key] = version;
        --shop.working[key];
        if (world.random().chance(0.1)) {
            queue.add_rate_limited(key);
        } else {
            queue.forget(key);
        }
        queue.done(key);
    }
}

Async<void> shop_around(WorkQueue& queue, world::World& world, Shop& shop) {
    TaskGroup workers(world.executor());
    for (int i = 0; i < 4; ++i) workers.spawn(work(queue, world, shop));
    for (int i = 0; i < 200; ++i) {
        auto const key = std::to_string(world.random().below(10));
        ++shop.wanted[key];
        if (world.random().chance(0.2)) {
            queue.add_after(key, std::chrono::milliseconds(world.random().below(100)));
        } else {
            queue.add(key);
        }
        auto const pause = std::chrono::milliseconds(world.random().below(10));
        co_await world.clock().sleep_for(pause);
    }
    co_await world.clock().sleep_for(1min);
    queue.shut_down();
    co_await workers.join();
}

TEST(WorkQueue, NoKeyIsLostOrHeldTwiceWhateverTheOrder) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE(seed);
        world::World world(seed);
        WorkQueue queue(world.executor(), world.clock());
        Shop shop;
        world.run(shop_around(queue, world, shop));
        EXPECT_EQ(shop.worked, shop.wanted);
    }
}

}  // namespace
}  // namespace vedette::kube
