#include "base/with_deadline.hpp"

#include "base/task_group.hpp"
#include "world/world.hpp"

#include <gtest/gtest.h>

namespace vedette {
namespace {

Task<int> answer_after(Clock& clock, Duration duration, int answer) {
    co_await clock.sleep_for(duration);
    co_return answer;
}

Task<int> throw_after(Clock& clock, Duration duration) {
    co_await clock.sleep_for(duration);
    throw std::runtime_error("a bug");
}

TEST(DeadlineAfter, ADurationPastTheClocksRangeIsNoDeadline) {
    TimePoint const now(1h);
    EXPECT_EQ(deadline_after(now, 5s), now + 5s);
    EXPECT_EQ(deadline_after(now, Duration::max()), no_deadline);
    EXPECT_EQ(deadline_after(now, Duration::max() - 1h), no_deadline);
}

TEST(WithDeadline, AnOperationThatEndsInTimeKeepsItsResultAndCostsNoExtraTime) {
    world::World world;
    auto& clock = world.clock();
    auto const got = world.run(with_deadline(clock, clock.now() + 5s, answer_after(clock, 2s, 42)));
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(*got, 42);
    EXPECT_EQ(world.elapsed(), 2s);
}

TEST(WithDeadline, AnOperationThatIsLateIsCancelledExactlyAtTheDeadline) {
    world::World world;
    auto& clock = world.clock();
    auto const got = world.run(with_deadline(clock, clock.now() + 5s, answer_after(clock, 20s, 42)));
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code(), Errc::timed_out);
    EXPECT_EQ(world.elapsed(), 5s);
}

TEST(WithDeadline, AnExceptionComesBackAtOnceAndNotAsALateTimeout) {
    world::World world;
    auto& clock = world.clock();
    EXPECT_THROW(world.run(with_deadline(clock, clock.now() + 5s, throw_after(clock, 1s))), std::runtime_error);
    EXPECT_EQ(world.elapsed(), 1s);
}

TEST(WithDeadline, TheInnerOfTwoDeadlinesLeavesTheOuterOperationAlive) {
    world::World world;
    auto& clock = world.clock();
    auto both = [](Clock& c) -> Task<int> {
        auto const first = co_await with_deadline(c, c.now() + 1s, answer_after(c, 9s, 1));
        EXPECT_FALSE(first.has_value());
        co_return co_await answer_after(c, 2s, 2);
    };
    auto const got = world.run(with_deadline(clock, clock.now() + 5s, both(clock)));
    EXPECT_EQ(got, Result<int>(2));
    EXPECT_EQ(world.elapsed(), 3s);
}

TEST(TaskGroup, StoppingCancelsEveryTaskAndWaitsUntilTheyHaveUnwound) {
    world::World world;
    auto& clock = world.clock();
    int unwound = 0;
    auto main = [](world::World& w, int& count) -> Async<void> {
        TaskGroup group(w.executor());
        auto sleeper = [](Clock& c, int& n) -> Async<void> {
            struct Count {
                int& n;
                ~Count() { ++n; }
            } const guard{n};
            auto const ignored = co_await with_deadline(c, c.now() + 2h, answer_after(c, 1h, 0));
            (void)ignored;
        };
        for (int i = 0; i < 10; ++i) group.spawn(sleeper(w.clock(), count));
        co_await w.clock().sleep_for(1s);
        co_await group.stop();
    };
    world.run(main(world, unwound));
    EXPECT_EQ(unwound, 10);
    EXPECT_EQ(world.elapsed(), 1s);
    (void)clock;
}

TEST(World, NothingLeftToHappenIsADeadlockThatSaysWhoWaitsForWhat) {
    world::World world;
    Event never(world.executor(), "a letter from home");
    try {
        world.run(never.wait());
        FAIL() << "no deadlock was reported";
    } catch (world::Deadlock const& e) {
        EXPECT_NE(std::string_view(e.what()).find("1 x a letter from home"), std::string_view::npos) << e.what();
    }
}

TEST(World, AMonthOfMinutesPassesInVirtualTime) {
    world::World world;
    auto ticks = [](Clock& clock, int& count) -> Async<void> {
        for (int i = 0; i < 30 * 24 * 60; ++i) {
            co_await clock.sleep_for(1min);
            ++count;
        }
    };
    int count = 0;
    world.run(ticks(world.clock(), count));
    EXPECT_EQ(count, 43200);
    EXPECT_EQ(world.elapsed(), std::chrono::days{30});
}

TEST(Timers, EqualTimesFireInTheOrderTheyWereAskedFor) {
    world::World world;
    std::string order;
    for (char letter : {'a', 'b', 'c', 'd'}) {
        world.clock().call_at(TimePoint{} + 1s, [&order, letter] { order += letter; });
    }
    world.pass(2s);
    EXPECT_EQ(order, "abcd");
}

}  // namespace
}  // namespace vedette
