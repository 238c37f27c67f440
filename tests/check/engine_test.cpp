#include "check/engine_scene.hpp"

namespace vedette::check {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// --- probes of our own --------------------------------------------------------------------------------------------

Async<Outcome> wait_for_ever(ProbeContext& context, Params, Deadline) {
    co_await context.clock.sleep_until(no_deadline, "a probe that never ends");
    co_return Outcome::ok("never");
}

Async<Outcome> throw_a_bug(ProbeContext& context, Params, Deadline) {
    co_await context.clock.sleep_for(1s);
    throw std::runtime_error("index 7 of 3");
}

Async<Outcome> throw_a_secret(ProbeContext& context, Params, Deadline) {
    co_await context.clock.sleep_for(1s);
    throw std::runtime_error("password=hunter2");
}

// Has words of its own for its deadline.
Async<Outcome> give_up_in_time(ProbeContext& context, Params, Deadline deadline) {
    co_await context.clock.sleep_until(deadline);
    co_return Outcome::timeout("nobody came");
}

Async<Outcome> abort_itself(ProbeContext& context, Params, Deadline) {
    co_await context.clock.sleep_for(1s);
    throw boost::system::system_error(asio::error::operation_aborted);
}

// Fails until the third second of the world.
Async<Outcome> heal_at_three(ProbeContext& context, Params, Deadline) {
    co_await context.clock.sleep_for(1s);
    if (context.clock.now() < TimePoint{} + 3s) co_return Outcome::critical("not yet", "NotYet");
    co_return Outcome::ok("at last");
}

Async<Outcome> be_critical(ProbeContext&, Params, Deadline) {
    auto outcome = Outcome::critical("broken", "Broken");
    outcome.failures.push_back({.kind = "Node", .ns = {}, .name = "n1"});
    co_return outcome;
}

constexpr CheckType waiting{.name = "waiting",
                            .group = "probes",
                            .summary = "",
                            .explain = "",
                            .timeout = 5s,
                            .probe = wait_for_ever,
                            .needs_cluster = false};
constexpr CheckType throwing{
    .name = "throwing", .group = "probes", .summary = "", .explain = "", .probe = throw_a_bug, .needs_cluster = false};
constexpr CheckType leaking{.name = "leaking",
                            .group = "probes",
                            .summary = "",
                            .explain = "",
                            .probe = throw_a_secret,
                            .needs_cluster = false};
constexpr CheckType punctual{.name = "punctual",
                             .group = "probes",
                             .summary = "",
                             .explain = "",
                             .timeout = 1s,
                             .probe = give_up_in_time,
                             .needs_cluster = false};
constexpr CheckType aborting{
    .name = "aborting", .group = "probes", .summary = "", .explain = "", .probe = abort_itself, .needs_cluster = false};
constexpr CheckType healing{
    .name = "healing", .group = "probes", .summary = "", .explain = "", .probe = heal_at_three, .needs_cluster = false};
constexpr CheckType broken{
    .name = "broken", .group = "probes", .summary = "", .explain = "", .probe = be_critical, .needs_cluster = false};

// --- deadlines and bugs -------------------------------------------------------------------------------------------

TEST(Engine, ACheckThatWaitsForEverTimesOutAtItsOwnDeadlineAndTheOthersAnswer) {
    EngineScene scene({instance_of(waiting, "hung"), instance_of(answering, "well")});
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("hung timeout", "well ok"));
    EXPECT_EQ(report.checks[0].outcome.message, "timed out after 5s");
    EXPECT_EQ(report.checks[0].duration, 5s);
    EXPECT_EQ(report.checks[1].duration, 2s);
    EXPECT_EQ(report.status, Status::timeout);
    EXPECT_FALSE(report.healthy());
    EXPECT_FALSE(report.interrupted);
    EXPECT_EQ(scene.world.elapsed(), 5s);
}

TEST(Engine, AProbeIsToldADeadlineThatLeavesTimeForItsOwnWords) {
    EngineScene scene({instance_of(punctual, "short"), instance_of(punctual, "long")});
    scene.instances[1].params.timeout = 60s;
    auto const report = scene.run();
    EXPECT_EQ(report.checks[0].outcome.message, "nobody came");
    EXPECT_EQ(report.checks[0].duration, 950ms);
    EXPECT_EQ(report.checks[0].timeout, 1s);
    EXPECT_EQ(report.checks[1].duration, 59900ms);
}

TEST(Engine, ACheckThatThrowsIsUnknownAndHarmsNoOther) {
    EngineScene scene({instance_of(throwing, "buggy"), instance_of(bad_judge, "bad"), instance_of(answering, "well")});
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("buggy unknown", "bad unknown", "well ok"));
    EXPECT_THAT(report.checks[0].outcome.message, HasSubstr("index 7 of 3"));
    EXPECT_THAT(report.checks[1].outcome.message, HasSubstr("no such pod"));
    EXPECT_EQ(report.checks[0].outcome.reason, "CheckFailed");
    auto const& lines = report.checks[0].exception;
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0], "Traceback (most recent call last):\n");
    EXPECT_THAT(lines[1], testing::MatchesRegex("  File \"src/check/engine.cpp\", line [0-9]+, in attempt\n"));
    EXPECT_EQ(lines[2], "std::runtime_error: index 7 of 3\n");
    EXPECT_EQ(report.checks[1].exception.back(), "std::out_of_range: no such pod\n");
    EXPECT_TRUE(report.checks[2].exception.empty());
}

TEST(Engine, WhatACheckThrowsIsShownWithoutItsSecrets) {
    EngineScene scene({instance_of(leaking, "leaky")});
    auto const report = scene.run();
    EXPECT_THAT(report.checks[0].outcome.message, testing::Not(HasSubstr("hunter2")));
    EXPECT_EQ(report.checks[0].exception.back(), "std::runtime_error: password=[redacted]\n");
}

TEST(Engine, ACheckThatThrowsTheErrorOfACancellationNobodyAskedForStillHasAnOutcome) {
    EngineScene scene({instance_of(aborting, "odd"), instance_of(answering, "well")});
    scene.options.workers = 1;
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("odd unknown", "well ok"));
    EXPECT_FALSE(report.interrupted);
}

TEST(Engine, AChecksClockStartsWhenTheCheckStartsAndNotWhenTheRunDoes) {
    EngineScene scene({instance_of(waiting, "a"), instance_of(waiting, "b"), instance_of(answering, "c")});
    scene.options.workers = 1;
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("a timeout", "b timeout", "c ok"));
    EXPECT_EQ(*report.checks[1].started_at - *report.checks[0].started_at, 5s);
    EXPECT_EQ(scene.world.elapsed(), 12s);
}

TEST(Engine, TheTimeoutOptionOverridesEveryChecksOwn) {
    EngineScene scene({instance_of(waiting, "hung"), instance_of(answering, "slow")});
    scene.options.timeout = 1s;
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("hung timeout", "slow timeout"));
    EXPECT_EQ(scene.world.elapsed(), 1s);
}

TEST(Engine, AtMostSoManyChecksAsThereAreWorkersAreInFlight) {
    std::vector<Instance> checks;
    for (int i = 0; i < 6; ++i) checks.push_back(instance_of(answering, "c" + std::to_string(i)));
    for (auto const& [workers, seconds] : {std::pair{1, 12}, std::pair{2, 6}, std::pair{3, 4}, std::pair{0, 2}}) {
        SCOPED_TRACE(workers);
        EngineScene scene(checks);
        scene.options.workers = workers;
        EXPECT_EQ(scene.run().status, Status::ok);
        EXPECT_EQ(scene.world.elapsed(), std::chrono::seconds(seconds));
    }
}

TEST(Engine, SinksHearEachCheckStartAndFinishOnceAndTheEndLast) {
    EngineScene scene({instance_of(answering, "a"), instance_of(broken, "b")});
    scene.run();
    EXPECT_THAT(scene.diary.lines,
                ElementsAre("begin 2", "start a", "start b", "finish b critical", "finish a ok", "end critical"));
}

TEST(Engine, AReportCarriesTheLabelsOfItsInstance) {
    EngineScene scene({instance_of(answering, "a"), instance_of(answering, "b")});
    scene.instances[0].params.labels = {{"team", "web"}};
    auto const report = scene.run();
    EXPECT_THAT(report.checks[0].labels, ElementsAre(testing::Pair("team", "web")));
    EXPECT_TRUE(report.checks[1].labels.empty());
}

TEST(Engine, ARunOfNothingEndsAtOnceAndIsHealthy) {
    EngineScene scene({});
    auto const report = scene.run();
    EXPECT_TRUE(report.checks.empty());
    EXPECT_TRUE(report.healthy());
    EXPECT_THAT(scene.diary.lines, ElementsAre("begin 0", "end skipped"));
}

// --- what instances say -------------------------------------------------------------------------------------------

TEST(Engine, RetriesAreMadeUntilACheckIsHealthyOrTheyAreUsedUp) {
    EngineScene scene({instance_of(healing, "five"), instance_of(healing, "one"), instance_of(healing, "none")});
    scene.instances[0].params.retries = 5;
    scene.instances[1].params.retries = 1;
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("five ok", "one critical", "none critical"));
    EXPECT_EQ(report.checks[0].attempts, 3);
    EXPECT_EQ(report.checks[1].attempts, 2);
    EXPECT_EQ(report.checks[2].attempts, 1);
}

TEST(Engine, RetriesStayWithinTheDeadlineOfTheCheck) {
    EngineScene scene({instance_of(healing, "short")});
    scene.instances[0].params.retries = 10;
    scene.instances[0].params.timeout = 1500ms;
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("short timeout"));
    EXPECT_EQ(scene.world.elapsed(), 1500ms);
}

TEST(Engine, SeverityWarningLowersCriticalOutcomesAndTheirFailures) {
    EngineScene scene({instance_of(broken, "soft"), instance_of(waiting, "hung")});
    for (auto& instance : scene.instances) instance.params.severity = Status::warning;
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("soft warning", "hung timeout"));
    EXPECT_EQ(report.checks[0].outcome.failures.at(0).status, Status::warning);
}

TEST(Engine, SkipIfSkipsOnlyWhenTheVariableIsSetAndNotFalse) {
    for (auto const& [value, want] :
         {std::pair{std::optional<std::string>(), "c ok"}, std::pair{std::optional<std::string>(""), "c ok"},
          std::pair{std::optional<std::string>("0"), "c ok"}, std::pair{std::optional<std::string>("false"), "c ok"},
          std::pair{std::optional<std::string>("1"), "c skipped"},
          std::pair{std::optional<std::string>("yes"), "c skipped"}}) {
        SCOPED_TRACE(value.value_or("unset"));
        EngineScene scene({instance_of(answering, "c")});
        scene.instances[0].params.skip_if = "AIR_GAPPED";
        scene.context.environment = [&value](std::string name) {
            EXPECT_EQ(name, "AIR_GAPPED");
            return value;
        };
        auto const report = scene.run();
        EXPECT_THAT(statuses(report), ElementsAre(want));
        EXPECT_EQ(report.checks[0].started_at.has_value(), report.status == Status::ok);
        EXPECT_TRUE(report.healthy());
    }
}

// --- the run's end from outside -----------------------------------------------------------------------------------

TEST(Engine, TheDeadlineOfTheRunLeavesWhatIsNotFinishedUnknownAndTheLastRecordStillComes) {
    EngineScene scene(
        {instance_of(answering, "done"), instance_of(waiting, "running"), instance_of(waiting, "queued")});
    scene.options.workers = 2;
    scene.options.deadline = scene.world.clock().now() + 3s;
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("done ok", "running unknown", "queued unknown"));
    EXPECT_EQ(report.checks[1].outcome.message, "not finished: interrupted");
    EXPECT_EQ(report.checks[2].outcome.message, "not finished: interrupted");
    EXPECT_TRUE(report.interrupted);
    EXPECT_EQ(scene.world.elapsed(), 3s);
    EXPECT_EQ(scene.diary.lines.back(), "end unknown");
}

TEST(Engine, AnInterruptEndsTheRunAtOnceWithOneReportPerCheck) {
    EngineScene scene({instance_of(waiting, "a"), instance_of(pod_count, "b"), instance_of(answering, "c")});
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::hang, .method = "GET", .path_prefix = "/api/v1/pods"});
    scene.world.clock().call_at(TimePoint{} + 1s, [&scene] { scene.interrupt.raise(); });
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("a unknown", "b unknown", "c unknown"));
    for (auto const& check : report.checks) EXPECT_EQ(check.outcome.message, "not finished: interrupted");
    EXPECT_EQ(scene.world.elapsed(), 1s);
    EXPECT_EQ(scene.diary.lines.back(), "end unknown");
}

TEST(Engine, AnInterruptBeforeTheRunStartsNoCheckAndStillReportsEach) {
    EngineScene scene({instance_of(answering, "a"), instance_of(pod_count, "b")});
    scene.interrupt.raise();
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("a unknown", "b unknown"));
    EXPECT_EQ(scene.world.elapsed(), 0s);
    EXPECT_EQ(scene.api.requests(), 0U);
}

}  // namespace
}  // namespace vedette::check
