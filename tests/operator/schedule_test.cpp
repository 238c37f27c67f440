#include "operator/schedule.hpp"

#include "operator/checks.hpp"

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
