#include "base/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vedette {
namespace {

using testing::ElementsAre;

class SystemClockTest : public testing::Test {
protected:
    Clock::TimerId note_at(TimePoint when, int number) {
        return clock_->call_at(when, [this, when, number] {
            EXPECT_GE(clock_->now(), when) << "never early";
            fired_.push_back(number);
        });
    }

    asio::io_context context_;
    std::unique_ptr<Clock> clock_ = make_system_clock(context_.get_executor());
    std::vector<int> fired_;
};

TEST_F(SystemClockTest, TimersFireInTheirOrderAndEqualOnesAsTheyWereAskedFor) {
    auto const now = clock_->now();
    note_at(now + 3ms, 3);
    note_at(now + 1ms, 1);  // sooner than the one that is armed
    note_at(now + 3ms, 4);
    note_at(now + 2ms, 2);
    context_.run();
    EXPECT_THAT(fired_, ElementsAre(1, 2, 3, 4));
}

TEST_F(SystemClockTest, TimersOfOneMillisecondShareAWakeUp) {
    auto const boundary = std::chrono::ceil<std::chrono::milliseconds>(clock_->now()) + 2ms;
    for (int i = 0; i < 50; ++i) note_at(boundary + std::chrono::microseconds(1 + i * 10), i);
    while (fired_.empty()) ASSERT_EQ(context_.run_one(), 1u);
    EXPECT_EQ(fired_.size(), 50u) << "one handler fired them all";
}

TEST_F(SystemClockTest, ATimerThatHasPassedFiresAtTheNextTurnAndNotAtOnce) {
    note_at(clock_->now() - 1h, 1);
    EXPECT_TRUE(fired_.empty());
    context_.run();
    EXPECT_THAT(fired_, ElementsAre(1));
}

TEST_F(SystemClockTest, ACancelledTimerNeverFiresAndTheOthersStillDo) {
    auto const now = clock_->now();
    auto const first = note_at(now + 1ms, 1);
    note_at(now + 2ms, 2);
    clock_->cancel(first);
    context_.run();
    EXPECT_THAT(fired_, ElementsAre(2));
    clock_->cancel(first);  // long gone
}

TEST_F(SystemClockTest, WithNothingLeftToWaitForTheReactorEnds) {
    auto const far = note_at(clock_->now() + 1h, 1);
    note_at(TimePoint::max(), 2);
    clock_->cancel(far);
    auto const never = note_at(TimePoint::max(), 3);
    clock_->cancel(never);
    note_at(clock_->now(), 4);
    while (fired_.empty()) ASSERT_EQ(context_.run_one(), 1u);
    EXPECT_THAT(fired_, ElementsAre(4));
    EXPECT_EQ(context_.poll(), 0u) << "the timer at the end of time is still there, and does not fire";
}

TEST_F(SystemClockTest, AnActionMayAskForTimersAndCancelOthersThatAreDueWithIt) {
    auto const now = clock_->now();
    std::optional<Clock::TimerId> second;
    clock_->call_at(now + 1ms, [&] {
        fired_.push_back(1);
        clock_->cancel(*second);
        note_at(now + 1ms, 3);
        note_at(now + 2ms, 4);
    });
    second = note_at(now + 1ms, 2);
    context_.run();
    EXPECT_THAT(fired_, ElementsAre(1, 3, 4));
}

}  // namespace
}  // namespace vedette
