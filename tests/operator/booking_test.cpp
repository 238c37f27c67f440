#include "operator/booking.hpp"

#include "operator/remedies.hpp"

namespace vedette::op {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::SizeIs;

RunResult succeeded(std::string workflow = "hello-1") {
    return {.workflow = std::move(workflow), .succeeded = true, .started = now - 5s, .finished = now};
}
RunResult failed(std::string message = "exit code 1", std::string workflow = "hello-2") {
    return {.workflow = std::move(workflow), .message = std::move(message), .started = now - 5s, .finished = now};
}

Spec with_remedy() {
    return failing().spec;
}

// --- section 7: the check -------------------------------------------------------------------------------------------

TEST(BookResult, ASuccessSetsItsFieldsAndNoOther) {
    Status before{.status = "Failed",
                  .error_message = "exit code 1",
                  .last_failed_at = now - 60s,
                  .last_failed_workflow = "hello-0",
                  .last_successful_workflow = "hello-00",
                  .success_count = 3,
                  .failed_count = 2,
                  .total_runs = 5};
    auto want = before;
    want.status = "Succeeded";
    want.started_at = now - 5s;
    want.finished_at = now;
    want.success_count = 4;
    want.total_runs = 6;
    want.run_number = 6;
    want.last_successful_workflow = "hello-1";
    EXPECT_EQ(book_result({}, before, succeeded()), want) << "a stale errorMessage survives, as in the reference";
}

TEST(BookResult, AFailureSetsItsFieldsAndNoOther) {
    Status before{.status = "Succeeded", .last_successful_workflow = "hello-1", .success_count = 3, .total_runs = 3};
    auto want = before;
    want.status = "Failed";
    want.error_message = "exit code 1";
    want.started_at = now - 5s;
    want.finished_at = now;
    want.last_failed_at = now;
    want.last_failed_workflow = "hello-2";
    want.failed_count = 1;
    want.total_runs = 4;
    want.run_number = 4;
    want.consecutive_failures = 1;
    want.remedy_episode = 1;
    EXPECT_EQ(book_result({}, before, failed()), want);
}

TEST(BookResult, TheMessageOfAFailureIsTheWorkflowsEvenIfItSaysNothing) {
    Status before{.error_message = "what was wrong before"};
    EXPECT_EQ(book_result({}, before, failed("")).error_message, "");
    EXPECT_EQ(book_result({}, before, failed("Failed")).error_message, "Failed") << "a timeout";
}

TEST(BookResult, TimesAreCutToTheSecondThatAStatusHolds) {
    auto result = succeeded();
    result.started += 999'999'999ns;
    result.finished += 1ns;
    auto const status = book_result({}, {}, result);
    EXPECT_EQ(status.started_at, now - 5s);
    EXPECT_EQ(status.finished_at, now);
}

TEST(BookResult, TheTotalIsTheSumWhateverStoodThere) {
    EXPECT_EQ(book_result({}, {.success_count = 2, .failed_count = 3, .total_runs = 77}, failed()).total_runs, 6);
}

TEST(BookResult, TheRunNumberRisesWithEachRunAndGoesOnWhereTheReferenceLeftOff) {
    EXPECT_EQ(book_result({}, {}, failed()).run_number, 1);
    EXPECT_EQ(book_result({}, {.success_count = 40, .total_runs = 40}, failed()).run_number, 41);
    Status ahead{.success_count = 2};
    ahead.run_number = 9;
    EXPECT_EQ(book_result({}, ahead, succeeded()).run_number, 10);
}

TEST(BookResult, ASuccessResetsTheRemedyThatHasRun) {
    Status before{.status = "Failed",
                  .remedy_status = "Failed",
                  .remedy_error_message = "kept",
                  .remedy_triggered_at = now - 60s,
                  .remedy_finished_at = now - 50s,
                  .remedy_last_failed_at = now - 50s,
                  .remedy_success_count = 1,
                  .remedy_failed_count = 1,
                  .remedy_total_runs = 2};
    auto const after = book_result(with_remedy(), before, succeeded());
    EXPECT_EQ(after.remedy_status, "HealthCheck Passed so Remedy is reset");
    EXPECT_EQ(after.remedy_error_message, "kept");
    EXPECT_EQ(after.remedy_total_runs + after.remedy_success_count + after.remedy_failed_count, 0);
    EXPECT_FALSE(after.remedy_triggered_at || after.remedy_finished_at || after.remedy_last_failed_at);
}

TEST(BookResult, WhereNoRemedyHasRunOrThereIsNoneNothingIsReset) {
    EXPECT_EQ(book_result(with_remedy(), {.remedy_status = "old"}, succeeded()).remedy_status, "old");
    auto const removed =
        book_result({}, {.remedy_status = "Failed", .remedy_failed_count = 1, .remedy_total_runs = 1}, succeeded());
    EXPECT_EQ(removed.remedy_status, "Failed");
    EXPECT_EQ(removed.remedy_total_runs, 1);
    auto const failing_on = book_result(with_remedy(), {.remedy_status = "Failed", .remedy_total_runs = 1}, failed());
    EXPECT_EQ(failing_on.remedy_status, "Failed");
}

TEST(BookResult, AnEpisodeBeginsWithTheFirstFailureAfterASuccess) {
    auto status = book_result({}, {}, failed());
    EXPECT_EQ(status.remedy_episode, 1);
    status = book_result({}, book_remedy(status, succeeded()), failed());
    EXPECT_EQ(status.remedy_episode, 1) << "the same row of failures";
    EXPECT_EQ(status.remedy_attempt, 1);
    EXPECT_EQ(status.consecutive_failures, 2);
    status = book_result({}, status, succeeded());
    EXPECT_EQ(status.consecutive_failures, 0);
    EXPECT_EQ(status.remedy_attempt, 0);
    EXPECT_EQ(book_result({}, status, failed()).remedy_episode, 3) << "as many as failures";
    status.remedy_episode = 0;
    EXPECT_EQ(book_result({}, status, failed()).remedy_episode, 3) << "no episode comes twice where a CRD drops it";
}

// --- section 8: the remedy ------------------------------------------------------------------------------------------

TEST(BookRemedy, ASuccessSetsItsFieldsAndNoOther) {
    auto const before = book_result(with_remedy(), {}, failed());
    auto want = before;
    want.remedy_status = "Succeeded";
    want.remedy_triggered_at = now - 5s;
    want.remedy_finished_at = now;
    want.remedy_success_count = 1;
    want.remedy_total_runs = 1;
    want.remedy_attempt = 1;
    want.last_successful_workflow = "fix-1";
    EXPECT_EQ(book_remedy(before, succeeded("fix-1")), want)
        << "lastFailedWorkflow is the check's, as in the reference";
}

TEST(BookRemedy, AFailureSetsItsFieldsAndNoOther) {
    auto const before = book_result(with_remedy(), {}, failed());
    auto want = before;
    want.remedy_status = "Failed";
    want.remedy_error_message = "Failed";
    want.remedy_triggered_at = now - 5s;
    want.remedy_finished_at = now;
    want.remedy_last_failed_at = now;
    want.remedy_failed_count = 1;
    want.remedy_total_runs = 1;
    want.remedy_attempt = 1;
    want.last_failed_workflow = "fix-1";
    EXPECT_EQ(book_remedy(before, failed("Failed", "fix-1")), want);
    EXPECT_EQ(want.error_message, "exit code 1") << "that of the check stays";
}

TEST(BookRemedy, TheTotalIsTheSum) {
    auto const after =
        book_remedy({.remedy_success_count = 2, .remedy_failed_count = 1, .remedy_total_runs = 9}, failed());
    EXPECT_EQ(after.remedy_total_runs, 4);
}

TEST(ResetRemedy, ClearsTheSixFieldsAndKeepsTheMessage) {
    auto const ran = book_remedy(book_remedy({}, succeeded()), failed("why"));
    auto const reset = reset_remedy(ran, reset_because_elapsed);
    auto want = ran;
    want.remedy_status = "RemedyResetInterval elapsed so Remedy is reset";
    want.remedy_total_runs = want.remedy_success_count = want.remedy_failed_count = 0;
    want.remedy_triggered_at.reset();
    want.remedy_finished_at.reset();
    want.remedy_last_failed_at.reset();
    EXPECT_EQ(reset, want);
    EXPECT_EQ(reset.remedy_error_message, "why");
}

// --- did it help ----------------------------------------------------------------------------------------------------

TEST(RemedyHelped, OnlyTheNextRunOfTheCheckCanTell) {
    auto const first = book_result(with_remedy(), {}, failed());
    EXPECT_EQ(remedy_helped({}, failed()), std::nullopt) << "there was no remedy";
    EXPECT_EQ(remedy_helped(first, failed()), std::nullopt) << "none has run yet";
    for (auto const& remedy : {succeeded("fix-1"), failed("no", "fix-1")}) {
        auto const remedied = book_remedy(first, remedy);
        EXPECT_EQ(remedy_helped(remedied, succeeded()), true);
        EXPECT_EQ(remedy_helped(remedied, failed()), false);
    }
}

TEST(RemedyHelped, EachRemedyIsJudgedOnce) {
    auto status = book_remedy(book_result(with_remedy(), {}, failed()), succeeded());
    status = book_result(with_remedy(), status, failed());
    EXPECT_EQ(status.remedy_unhelpful, 1);
    EXPECT_EQ(remedy_helped(status, failed()), std::nullopt) << "no remedy since";
    EXPECT_EQ(remedy_helped(status, succeeded()), std::nullopt) << "it recovered by itself";
    status = book_result(with_remedy(), status, failed());
    EXPECT_EQ(status.remedy_unhelpful, 1);
    status = book_result(with_remedy(), book_remedy(status, failed()), failed());
    EXPECT_EQ(status.remedy_unhelpful, 2);
    status = book_result(with_remedy(), status, succeeded());
    EXPECT_EQ(status.remedy_unhelpful, 0) << "the breaker closes";
}

TEST(RemedyHelped, AResultThatSaysNothingAboutTheCheckDoesNotJudge) {
    auto const remedied = book_remedy(book_result(with_remedy(), {}, failed()), succeeded());
    auto lost = failed("workflow deleted before it ended");
    lost.inconclusive = true;
    EXPECT_EQ(remedy_helped(remedied, lost), std::nullopt);
    auto const after = book_result(with_remedy(), remedied, lost);
    EXPECT_EQ(after.remedy_unhelpful, 0);
    EXPECT_EQ(remedy_helped(after, succeeded()), true) << "the next run can tell";
}

TEST(NoteRemedyEnd, RoundsUpSoThatAWindowReadBackIsNeverShorter) {
    Status status;
    note_remedy_end(status, now);
    note_remedy_end(status, now + 1ns);
    EXPECT_THAT(status.recent_remedies, ElementsAre(now, now + 1s));
    EXPECT_EQ(read_status(status_object(status)).recent_remedies, status.recent_remedies);
}

TEST(NoteRemedyEnd, RemembersTheNewestThirtyTwo) {
    Status status;
    for (int i = 0; i < 40; ++i) note_remedy_end(status, now + i * 1s);
    EXPECT_THAT(status.recent_remedies, SizeIs(32));
    EXPECT_EQ(status.recent_remedies.front(), now + 8s);
    EXPECT_EQ(status.recent_remedies.back(), now + 39s);
}

// --- a pause --------------------------------------------------------------------------------------------------------

TEST(BookStopped, PrintsBothFieldsAndWhenThePauseBegan) {
    auto const stopped = book_stopped({}, {.status = "Failed", .success_count = 3, .total_runs = 3}, now + 1ns);
    EXPECT_EQ(stopped.status, "Stopped");
    EXPECT_EQ(stopped.finished_at, now);
    EXPECT_THAT(stopped.error_message, testing::HasSubstr("spec.repeatAfterSec set to 0, spec.schedule set to \"\""));
    EXPECT_EQ(stopped.total_runs, 3);
    EXPECT_EQ(book_stopped({}, stopped, now + 1h), stopped) << "a second look changes nothing";
    auto const negative = read_health_check({{"spec", {{"repeatAfterSec", -5}}}}).spec;
    ASSERT_TRUE(negative.paused());
    EXPECT_THAT(book_stopped(negative, {}, now).error_message,
                testing::HasSubstr("spec.repeatAfterSec set to -5, spec.schedule set to \"\""))
        << "as it is written";
}

}  // namespace
}  // namespace vedette::op
