// Of a run and its stages: which of them take a place, which an edit begins anew, and what the check is late from.

#include "operator/run.hpp"

#include <gtest/gtest.h>

namespace vedette::op {
namespace {

using std::chrono::seconds;

constexpr WallTime morning{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + std::chrono::hours(10)};
constexpr TimePoint start{std::chrono::hours(1)};

RunWorkflow a_workflow() {
    return {
        .ns = "health", .name = "hello-1", .uid = "w-1", .created = morning, .began = start, .timeout = seconds(30)};
}

Run run_at(RunStage stage) {
    return {.id = {}, .slot = morning, .begins = morning, .stage = std::move(stage)};
}

Now after(seconds passed) {
    return {start + passed, morning + passed};
}

TEST(Run, EachStageSaysWhetherItTakesAPlaceAndWhetherAnEditBeginsItAnew) {
    struct Row {
        RunStage stage;
        std::string_view word;
        bool takes_place;
        bool prepares;
        bool has_workflow;
    };
    Row const rows[] = {
        {stage::Queued{}, "queue", false, true, false},
        {stage::GettingRights{}, "rbac", true, true, false},
        {stage::ReadingSource{}, "source", true, true, false},
        {stage::Creating{}, "create", true, true, false},
        {stage::RunningChecks{}, "checks", false, true, false},
        {stage::Recording{a_workflow()}, "record", true, false, true},
        {stage::Watching{a_workflow()}, "watch", true, false, true},
        {stage::Booking{.workflow = a_workflow(), .result = {}}, "book", false, false, true},
        {stage::Booking{.workflow = {}, .result = {}}, "book", false, false, false},
        {stage::Dropping{.workflow = a_workflow()}, "drop", false, false, true},
        {stage::Dropping{.workflow = {}}, "drop", false, false, false},
    };
    for (auto const& row : rows) {
        SCOPED_TRACE(row.word);
        auto run = run_at(row.stage);
        EXPECT_EQ(word_of(run), row.word);
        EXPECT_EQ(takes_place(run), row.takes_place);
        EXPECT_EQ(run.prepares(), row.prepares);
        EXPECT_EQ(run.workflow() != nullptr, row.has_workflow);
    }
}

TEST(Run, IsDueFromItsTimeUntilItHasBegun) {
    for (auto const& waiting : {RunStage(stage::Queued{}), RunStage(stage::GettingRights{}),
                                RunStage(stage::ReadingSource{}), RunStage(stage::Creating{})}) {
        auto const run = run_at(waiting);
        SCOPED_TRACE(word_of(run));
        EXPECT_EQ(due_of(run, after(seconds(100))), morning);
    }
    EXPECT_EQ(due_of(run_at(stage::RunningChecks{}), after(seconds(100))), std::nullopt);
}

TEST(Run, IsDueAgainFromTheVeryEndOfItsTimeAsTheWallClockTellsIt) {
    for (auto const& under_way : {RunStage(stage::Recording{a_workflow()}), RunStage(stage::Watching{a_workflow()})}) {
        auto const run = run_at(under_way);
        SCOPED_TRACE(word_of(run));
        EXPECT_EQ(due_of(run, after(seconds(29))), std::nullopt);
        EXPECT_EQ(due_of(run, after(seconds(30))), morning + seconds(30));
        EXPECT_EQ(due_of(run, after(seconds(300))), morning + seconds(30));
        Now const set_back{start + seconds(40), morning - seconds(60)};
        EXPECT_EQ(due_of(run, set_back), morning - seconds(70));
    }
}

TEST(Run, IsDueWithTheNextOneWhileItIsBookedAndAsBeforeWhileItIsDropped) {
    auto const next = morning + seconds(60);
    EXPECT_EQ(due_of(run_at(stage::Booking{.workflow = {}, .result = {}, .next_due = next}), after(seconds(1))), next);
    EXPECT_EQ(due_of(run_at(stage::Booking{.workflow = {}, .result = {}}), after(seconds(1))), std::nullopt);
    EXPECT_EQ(due_of(run_at(stage::Dropping{.workflow = {}, .due = next}), after(seconds(500))), next);
}

}  // namespace
}  // namespace vedette::op
