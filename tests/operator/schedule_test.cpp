#include "operator/schedule.hpp"

#include "operator/checks.hpp"

#include <cmath>

namespace vedette::op {
namespace {

using namespace std::chrono_literals;

Spec every(std::chrono::seconds delay) {
    return Spec{.repeat_after = delay};
}
Spec cron(std::string text) {
    return Spec{.cron = std::move(text)};
}
Status ended(WallTime at, std::optional<WallTime> slot = {}) {
    return {.status = "Succeeded", .started_at = at - 2s, .finished_at = at, .last_slot = slot};
}
Duration until(Spec const& spec, Status const& status) {
    return next_run(spec, status, now).value().value().due - now;
}

TEST(NextRun, TheFirstIsAtOnceWhateverTheSchedule) {
    EXPECT_EQ(until(every(60s), {}), 0s);
    EXPECT_EQ(until(cron("0 4 * * *"), {}), 0s);
    EXPECT_EQ(until(every(60s), {.status = "Stopped", .finished_at = now - 1s}), 0s) << "back from a pause";
    EXPECT_FALSE(next_run(Spec{}, {}, now).value()) << "paused";
}

TEST(NextRun, RepeatAfterSecCountsFromTheEndOfARun) {
    EXPECT_EQ(until(every(60s), ended(now - 10s)), 50s);
    auto const overdue = next_run(every(60s), ended(now - 100s), now).value().value();
    EXPECT_EQ(overdue.due, now);
    EXPECT_EQ(overdue.slot, now - 40s);
}

// It is 10:00:30.
TEST(NextRun, CronTicksAreOfTheWallClockAndDoNotDrift) {
    EXPECT_EQ(until(cron("* * * * *"), ended(now - 28s, now - 30s)), 30s);
    EXPECT_EQ(until(cron("0 4 * * *"), ended(now - 1h)), 18h - 30s);
    EXPECT_EQ(until(cron("@every 1m"), ended(now - 8s, now - 10s)), 50s);
}

TEST(NextRun, TicksDuringARunAreSkippedAndOtherMissedOnesMadeUpForOnce) {
    // The run of 9:55 ended at 9:57:10: those of 9:56 and 9:57 are skipped, those until 10:00 were missed.
    auto const ten = now - 30s;
    auto const late = next_run(cron("* * * * *"), ended(ten - 170s, ten - 5min), now).value().value();
    EXPECT_EQ(late.due, now);
    EXPECT_EQ(late.slot, ten);
    EXPECT_EQ(until(cron("* * * * *"), ended(now, late.slot)), 30s) << "one run made up for them all";
    auto const grid = next_run(cron("@every 1m"), ended(now - 200s, now - 250s), now).value().value();
    EXPECT_EQ(grid.due, now);
    EXPECT_EQ(grid.slot, now - 10s);
}

TEST(EffectiveTimeout, TheWorkflowsOwnElseTheIntervalElseUntilTheNextTick) {
    auto spec = every(60s);
    EXPECT_EQ(effective_timeout(spec, now).value(), 60s);
    spec.workflow.timeout = 25s;
    EXPECT_EQ(effective_timeout(spec, now).value(), 25s);
    EXPECT_EQ(effective_timeout(cron("* * * * *"), now).value(), 31s);
    EXPECT_FALSE(effective_timeout(cron("x"), now));
}

// Offsets in seconds, as section 6 of the reference's behaviour has them: from backoffMax, or half the timeout, each
// gap is the one before times backoffFactor, or 0.5, and never below backoffMin, or a sixtieth of the timeout; the last
// look is one second before the end.
TEST(PollPlan, FollowsTheBackoffFieldsAndTheReferencesDefaults) {
    struct Row {
        std::chrono::seconds timeout;
        std::optional<double> factor;
        std::chrono::seconds min;
        std::chrono::seconds max;
        std::vector<double> want;
    };
    for (auto const& row : std::vector<Row>{
             // Nothing given.
             {60s, {}, 0s, 0s, {0, 30, 45, 52.5, 56.25, 58.125, 59}},
             {30s, {}, 0s, 0s, {0, 15, 22.5, 26.25, 28.125, 29}},
             {6s, {}, 0s, 0s, {0, 3, 4.5, 5}},
             {3600s, {}, 0s, 0s, {0, 1800, 2700, 3150, 3375, 3487.5, 3547.5, 3599}},
             {2s, {}, 0s, 0s, {0, 1}},
             {1s, {}, 0s, 0s, {0}},
             // backoffMax: the first and longest gap.
             {60s, {}, 0s, 20s, {0,     20,    30,    35,    37.5,  38.75, 39.75, 40.75, 41.75,
                                 42.75, 43.75, 44.75, 45.75, 46.75, 47.75, 48.75, 49.75, 50.75,
                                 51.75, 52.75, 53.75, 54.75, 55.75, 56.75, 57.75, 58.75, 59}},
             {10s, {}, 0s, 60s, {0, 9}},
             // backoffMin: no gap is shorter.
             {60s, {}, 10s, 0s, {0, 30, 45, 55, 59}},
             {60s, {}, 10s, 16s, {0, 16, 26, 36, 46, 56, 59}},
             {60s, {}, 20s, 20s, {0, 20, 40, 59}},
             // backoffFactor.
             {60s, 0.1, 0s, 0s, {0,  30, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45,
                                 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59}},
             {60s, 0.9, 5s, 30s, {0, 30, 57, 59}},
             {3s, 0.1, 1s, 2s, {0, 2}},
             // What is not valid falls back to the defaults; a factor by itself.
             {30s, 0.0, 0s, 0s, {0, 15, 22.5, 26.25, 28.125, 29}},
             {30s, 1.0, 0s, 0s, {0, 15, 22.5, 26.25, 28.125, 29}},
             {30s, -0.5, 0s, 0s, {0, 15, 22.5, 26.25, 28.125, 29}},
             {30s, std::nan(""), 5s, 10s, {0, 10, 15, 20, 25, 29}},
             {30s, {}, 10s, 5s, {0, 15, 22.5, 26.25, 28.125, 29}},
             {30s, {}, 20s, 0s, {0, 15, 22.5, 26.25, 28.125, 29}},
             {30s, {}, -1s, 10s, {0, 15, 22.5, 26.25, 28.125, 29}},
             {30s, {}, 0s, -10s, {0, 15, 22.5, 26.25, 28.125, 29}},
         }) {
        auto const plan =
            poll_plan({.backoff_factor = row.factor, .backoff_min = row.min, .backoff_max = row.max}, row.timeout);
        std::vector<double> got;
        for (auto const look : plan.looks) got.push_back(std::chrono::duration<double>(look).count());
        EXPECT_THAT(got, testing::Pointwise(testing::DoubleNear(0.001), row.want))
            << fmt::format("timeout {} s, factor {}, min {} s, max {} s", row.timeout.count(), row.factor.value_or(0.5),
                           row.min.count(), row.max.count());
    }
}

TEST(PollPlan, IsBoundedAndItsLastLookIsAlwaysThere) {
    auto const plan = poll_plan({.backoff_min = 1s, .backoff_max = 1s}, 100'000s);
    ASSERT_EQ(plan.looks.size(), 64U);
    EXPECT_EQ(plan.looks[62], 62s);
    EXPECT_EQ(plan.looks[63], 99'999s);
}

TEST(RunsPerHour, OfWhatTicksSeldomAreCountedOverYears) {
    auto const rate = [](char const* text) { return runs_per_hour(cron(text), now).value(); };
    EXPECT_DOUBLE_EQ(rate("0 4 * * 1"), 1 / 168.0);
    EXPECT_DOUBLE_EQ(rate("0 4 1 * *"), 12 / 8766.0);
    EXPECT_DOUBLE_EQ(rate("0 4 2,3 * *"), 24 / 8766.0) << "both are in the week that comes";
    EXPECT_DOUBLE_EQ(rate("@yearly"), 1 / 8766.0);
    EXPECT_DOUBLE_EQ(rate("0 4 29 2 *"), 1 / 8766.0 / 4);
}

TEST(RunsPerHour, AreCountedOverAWeek) {
    EXPECT_DOUBLE_EQ(runs_per_hour(every(60s), now).value(), 60);
    EXPECT_DOUBLE_EQ(runs_per_hour(cron("*/15 * * * *"), now).value(), 4);
    EXPECT_DOUBLE_EQ(runs_per_hour(cron("0 4 * * *"), now).value(), 1 / 24.0);
    EXPECT_DOUBLE_EQ(runs_per_hour(cron("0 4 * * 1-5"), now).value(), 5 / 168.0);
    EXPECT_DOUBLE_EQ(runs_per_hour(cron("@every 90s"), now).value(), 40);
    EXPECT_DOUBLE_EQ(runs_per_hour(Spec{}, now).value(), 0);
}

}  // namespace
}  // namespace vedette::op
