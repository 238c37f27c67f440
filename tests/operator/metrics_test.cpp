#include "operator/metrics.hpp"

#include "telemetry/exposition.hpp"
#include "world/world.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <regex>
#include <sstream>

namespace vedette::op {
namespace {

using testing::_;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

WallTime at(int seconds) {
    return WallTime(std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}) + std::chrono::seconds(seconds);
}

HealthCheck check_named(std::string ns, std::string name, std::string uid = {}) {
    HealthCheck check;
    check.uid = uid.empty() ? ns + "/" + name : std::move(uid);
    check.ns = std::move(ns);
    check.name = std::move(name);
    return check;
}

RunResult ran(bool succeeded, int from, int to) {
    return {.workflow = "w", .succeeded = succeeded, .message = {}, .started = at(from), .finished = at(to)};
}

class OperatorMetricsTest : public testing::Test {
protected:
    explicit OperatorMetricsTest(OperatorMetricsOptions options = {}) : metrics_(registry_, world_.clock(), options) {}

    /// The lines of a scrape that hold `part`, without comments.
    std::vector<std::string> lines(std::string const& part) {
        std::vector<std::string> found;
        std::istringstream in(telemetry::exposition(registry_));
        for (std::string line; std::getline(in, line);) {
            if (!line.starts_with('#') && line.find(part) != std::string::npos) found.push_back(line);
        }
        return found;
    }

    world::World world_;
    metrics::Registry registry_;
    OperatorMetrics metrics_;
    HealthCheck hello_ = check_named("health", "hello");
};

TEST_F(OperatorMetricsTest, ASuccessAndAFailureSetTheFiveSeriesOfTheReferenceWithItsLabels) {
    metrics_.added(hello_);
    metrics_.booked(hello_, Purpose::check, ran(true, 10, 13));
    metrics_.booked(hello_, Purpose::check, ran(false, 70, 79));
    auto const text = telemetry::exposition(registry_);
    EXPECT_THAT(text, HasSubstr("# TYPE healthcheck_success_count counter\n"
                                R"(healthcheck_success_count{healthcheck_name="hello",workflow="healthCheck"} 1.0)"));
    EXPECT_THAT(text, HasSubstr("# TYPE healthcheck_error_count counter\n"
                                R"(healthcheck_error_count{healthcheck_name="hello",workflow="healthCheck"} 1.0)"));
    EXPECT_THAT(text, HasSubstr("# TYPE healthcheck_runtime_seconds gauge\n"
                                R"(healthcheck_runtime_seconds{healthcheck_name="hello",workflow="healthCheck"} 3.0)"))
        << "of the success only";
    EXPECT_THAT(text,
                HasSubstr("# TYPE healthcheck_starttime gauge\n"
                          R"(healthcheck_starttime{healthcheck_name="hello",workflow="healthCheck"} 1767225670.0)"));
    EXPECT_THAT(text,
                HasSubstr("# TYPE healthcheck_finishedtime gauge\n"
                          R"(healthcheck_finishedtime{healthcheck_name="hello",workflow="healthCheck"} 1767225679.0)"));
}

TEST_F(OperatorMetricsTest, ARemedysEndIsItsOwnAndNotItsChecks) {
    metrics_.added(hello_);
    metrics_.booked(hello_, Purpose::check, ran(false, 0, 5));
    metrics_.booked(hello_, Purpose::remedy, ran(true, 6, 20));
    EXPECT_THAT(lines("healthcheck_finishedtime"),
                ElementsAre(R"(healthcheck_finishedtime{healthcheck_name="hello",workflow="healthCheck"} 1767225605.0)",
                            R"(healthcheck_finishedtime{healthcheck_name="hello",workflow="remedy"} 1767225620.0)"));
}

TEST_F(OperatorMetricsTest, CountersBeginAtZeroSoThatAFirstFailureIsAnIncrease) {
    metrics_.added(hello_);
    EXPECT_THAT(lines("healthcheck_error_count"),
                ElementsAre(R"(healthcheck_error_count{healthcheck_name="hello",workflow="healthCheck"} 0.0)"));
    auto with_remedy = hello_;
    with_remedy.spec.remedy.generate_name = "fix-";
    metrics_.added(with_remedy);
    EXPECT_THAT(lines("healthcheck_error_count"),
                ElementsAre(R"(healthcheck_error_count{healthcheck_name="hello",workflow="healthCheck"} 0.0)",
                            R"(healthcheck_error_count{healthcheck_name="hello",workflow="remedy"} 0.0)"));
    EXPECT_THAT(lines("healthcheck_runtime_seconds"), IsEmpty());
}

TEST_F(OperatorMetricsTest, WhatIsLostAndWhatRemediesAreRefusedBeginsAtZeroToo) {
    metrics_.added(hello_);
    EXPECT_THAT(lines("healthcheck_results_lost_total"), ElementsAre(testing::EndsWith("} 0.0")));
    EXPECT_THAT(lines("healthcheck_remedy_"), IsEmpty()) << "it has none";
    metrics_.remedy_refused(hello_, "RemedyCooldown");  // late news of a remedy that an edit had taken away
    hello_.spec.remedy.generate_name = "fix-";
    metrics_.added(hello_);
    metrics_.added(hello_);
    auto const of = std::string(R"({healthcheck_namespace="health",healthcheck_name="hello")");
    std::vector<std::string> expected;
    for (auto const reason : remedy_refusals) {
        expected.push_back(fmt::format(R"(healthcheck_remedy_refused_total{},reason="{}"}} {}.0)", of, reason,
                                       reason == "RemedyCooldown" ? 1 : 0));
    }
    expected.push_back("healthcheck_remedy_started_total" + of + "} 0.0");
    for (auto const* helped : {"false", "true"}) {
        expected.push_back(fmt::format(R"(healthcheck_remedy_verified_total{},helped="{}"}} 0.0)", of, helped));
    }
    EXPECT_THAT(lines("healthcheck_remedy_"), testing::ElementsAreArray(expected));
}

TEST(RemedyRefusals, AreTheReasonsOfADecisionThatIsNotToWaitAndThatOfAnEdit) {
    std::ifstream file(TEST_SOURCE_DIR "/../../src/operator/remedy_decision.cpp");
    std::string const source((std::istreambuf_iterator<char>(file)), {});
    std::regex const given(R"re(((?:skip|wait)\(|reason = )"((?:Remed|Below)[A-Za-z]+)")re");
    std::set<std::string> in_code{"RemedyDropped"};
    for (std::sregex_iterator each(source.begin(), source.end(), given), end; each != end; ++each) {
        if ((*each)[1] != "wait(") in_code.insert((*each)[2]);
    }
    EXPECT_THAT(remedy_refusals, testing::ElementsAreArray(in_code));
}

TEST_F(OperatorMetricsTest, WhetherRemediesHelpAndTheBreakerIsOpenFollowsTheStatus) {
    metrics_.added(hello_);
    metrics_.set_remedy(hello_);
    EXPECT_THAT(lines("healthcheck_remedy_"), IsEmpty()) << "it has none";
    hello_.spec.remedy.generate_name = "fix-";
    metrics_.added(hello_);
    auto const shown = [&](std::int64_t unhelpful, bool breaker) {
        hello_.status.remedy_unhelpful = unhelpful;
        hello_.spec.remedy_breaker = breaker;
        metrics_.set_remedy(hello_);
        auto found = lines("healthcheck_remedy_unhelpful");
        for (auto& line : lines("healthcheck_remedy_breaker_open")) found.push_back(std::move(line));
        return found;
    };
    auto const are = [](std::string const& unhelpful, std::string const& open) {
        std::string const of = R"({healthcheck_namespace="health",healthcheck_name="hello"} )";
        return ElementsAre("healthcheck_remedy_unhelpful" + of + unhelpful,
                           "healthcheck_remedy_breaker_open" + of + open);
    };
    EXPECT_THAT(shown(0, true), are("0.0", "0.0"));
    EXPECT_THAT(shown(1, true), are("1.0", "0.0"));
    EXPECT_THAT(shown(2, true), are("2.0", "1.0"));
    EXPECT_THAT(shown(3, false), are("3.0", "0.0")) << "it has no breaker";
    hello_.spec.remedy = {};
    EXPECT_THAT(shown(3, true), IsEmpty()) << "the remedy was taken away";
}

TEST_F(OperatorMetricsTest, APausedCheckShowsNothingThatSomebodyIsCalledFor) {
    auto const twin = check_named("health", "hello-2");
    hello_.spec.remedy.generate_name = "fix-";
    for (auto const& check : {hello_, twin}) {
        metrics_.added(check);
        metrics_.booked(check, Purpose::check, ran(true, 0, 1));
        metrics_.booked(check, Purpose::check, ran(false, 2, 3));
        metrics_.set_ready(check, true);
    }
    metrics_.booked(hello_, Purpose::remedy, ran(false, 4, 5));
    metrics_.set_remedy(hello_);
    metrics_.set_paused(hello_);
    for (auto const* series :
         {"healthcheck_last_result{", "healthcheck_last_success_timestamp_seconds{", "healthcheck_ready{"}) {
        EXPECT_THAT(lines(series), ElementsAre(HasSubstr("hello-2")));
    }
    EXPECT_THAT(lines("healthcheck_remedy_unhelpful"), IsEmpty());
    EXPECT_THAT(lines("healthcheck_remedy_breaker_open"), IsEmpty());
    EXPECT_THAT(lines("healthcheck_error_count"),
                ElementsAre(HasSubstr(R"("hello",workflow="healthCheck"} 1.0)"), _, _))
        << "what was counted stays";
    metrics_.booked(hello_, Purpose::check, ran(true, 6, 7));
    metrics_.set_remedy(hello_);
    EXPECT_THAT(lines("healthcheck_last_result{"), ElementsAre(testing::EndsWith("1.0"), HasSubstr("hello-2")));
    EXPECT_THAT(lines("healthcheck_remedy_breaker_open"), ElementsAre(testing::EndsWith("0.0")));
}

TEST_F(OperatorMetricsTest, HeartbeatsThatFailInARowAreCountedUntilOneSucceedsOrTheTermEnds) {
    auto const failures = [&] { return lines("vedette_operator_heartbeat_consecutive_failures"); };
    auto const are = [](std::string const& count) {
        return ElementsAre("vedette_operator_heartbeat_consecutive_failures " + count);
    };
    EXPECT_THAT(failures(), are("0.0"));
    metrics_.set_acting(true);
    for (int i = 0; i < 3; ++i) metrics_.heartbeat(false);
    EXPECT_THAT(failures(), are("3.0"));
    metrics_.heartbeat(true);
    EXPECT_THAT(failures(), are("0.0"));
    metrics_.heartbeat(false);
    metrics_.set_acting(false);
    EXPECT_THAT(failures(), are("0.0")) << "whoever stands by sends none";
}

TEST_F(OperatorMetricsTest, ChecksOfOneNameInTwoNamespacesAreApartInOurOwnSeries) {
    auto const twin = check_named("shop", "hello");
    metrics_.added(hello_);
    metrics_.added(twin);
    metrics_.booked(hello_, Purpose::check, ran(true, 0, 1));
    metrics_.booked(twin, Purpose::check, ran(false, 0, 1));
    EXPECT_THAT(
        lines("healthcheck_last_result"),
        ElementsAre(
            R"(healthcheck_last_result{healthcheck_namespace="health",healthcheck_name="hello",workflow="healthCheck"} 1.0)",
            R"(healthcheck_last_result{healthcheck_namespace="shop",healthcheck_name="hello",workflow="healthCheck"} 0.0)"));
    EXPECT_THAT(lines("healthcheck_success_count"),
                ElementsAre(R"(healthcheck_success_count{healthcheck_name="hello",workflow="healthCheck"} 1.0)"));
}

TEST_F(OperatorMetricsTest, SeriesGoWithTheirCheckAndThoseThatANamesakeOwnsStay) {
    auto const before = telemetry::exposition(registry_);
    auto const twin = check_named("shop", "hello");
    CustomMetric const both{.name = "hello_latency", .help = "", .value = 1};
    CustomMetric const ours{.name = "hello_depth", .help = "", .value = 1};
    for (auto const& check : {hello_, twin}) {
        metrics_.added(check);
        metrics_.started(check, Purpose::check, 1ms);
        metrics_.booked(check, Purpose::check, ran(true, 0, 1), {both});
        metrics_.started(check, Purpose::remedy, 1ms);
        metrics_.booked(check, Purpose::remedy, ran(false, 0, 1));
        metrics_.result_lost(check);
        metrics_.remedy_refused(check, "Cooldown");
        metrics_.remedy_verified(check, true);
        metrics_.set_next_run(check, at(60));
        auto remedied = check;
        remedied.spec.remedy.generate_name = "fix-";
        metrics_.added(remedied);
        metrics_.set_remedy(remedied);
    }
    metrics_.booked(hello_, Purpose::check, ran(true, 0, 1), {ours});

    metrics_.removed(hello_);
    EXPECT_THAT(lines("health\""), IsEmpty()) << "nothing of that namespace";
    EXPECT_THAT(lines("hello_depth"), IsEmpty());
    EXPECT_THAT(lines("hello_latency"), ElementsAre(R"(hello_latency{healthcheck_name="hello"} 1.0)"));
    EXPECT_THAT(lines("healthcheck_success_count"),
                ElementsAre(R"(healthcheck_success_count{healthcheck_name="hello",workflow="healthCheck"} 3.0)",
                            R"(healthcheck_success_count{healthcheck_name="hello",workflow="remedy"} 0.0)"));
    EXPECT_THAT(lines("shop"), Not(IsEmpty()));

    metrics_.removed(twin);
    EXPECT_EQ(telemetry::exposition(registry_), before) << "nothing is left behind";
}

TEST_F(OperatorMetricsTest, AnObjectThatReplacedAnotherOfItsNameKeepsItsSeriesWhenTheOldOneGoes) {
    auto const successor = check_named("health", "hello", "second");
    metrics_.added(hello_);
    metrics_.added(successor);
    metrics_.booked(successor, Purpose::check, ran(true, 0, 1), {{.name = "hello_x", .help = "", .value = 4}});
    metrics_.removed(hello_);
    EXPECT_THAT(lines("healthcheck_runs_total").size(), 2);
    EXPECT_THAT(lines("hello_x"), ElementsAre(R"(hello_x{healthcheck_name="hello"} 4.0)"));
    metrics_.set_next_run(successor, at(-5));
    EXPECT_THAT(lines("healthcheck_overdue_seconds"), ElementsAre(testing::EndsWith("} 5.0")));
}

TEST_F(OperatorMetricsTest, WhatArrivesAfterTheRemovalBringsNothingBack) {
    metrics_.added(hello_);
    metrics_.removed(hello_);
    metrics_.removed(hello_);
    metrics_.started(hello_, Purpose::remedy, 1ms);
    metrics_.booked(hello_, Purpose::check, ran(true, 0, 1), {{.name = "hello_x", .help = "", .value = 4}});
    metrics_.set_next_run(hello_, at(1));
    metrics_.result_lost(hello_);
    metrics_.remedy_refused(hello_, "Cooldown");
    metrics_.remedy_verified(hello_, false);
    metrics_.set_ready(hello_, true);
    hello_.spec.remedy.generate_name = "fix-";
    metrics_.set_remedy(hello_);
    metrics_.set_paused(hello_);
    EXPECT_THAT(lines("hello"), IsEmpty());
    EXPECT_THAT(lines("healthcheck_namespace"), IsEmpty());
}

TEST_F(OperatorMetricsTest, ReadyIsOneOrZero) {
    metrics_.added(hello_);
    EXPECT_THAT(lines("healthcheck_ready"), IsEmpty());
    metrics_.set_ready(hello_, false);
    EXPECT_THAT(lines("healthcheck_ready"), ElementsAre(testing::EndsWith("} 0.0")));
    metrics_.set_ready(hello_, true);
    EXPECT_THAT(lines("healthcheck_ready"), ElementsAre(testing::EndsWith("} 1.0")));
}

TEST_F(OperatorMetricsTest, OverdueGrowsWithTheClockFromTheNextRunUntilItIsTaken) {
    metrics_.added(hello_);
    auto const overdue = [&](char const* value) {
        return ElementsAre(fmt::format(
            R"(healthcheck_overdue_seconds{{healthcheck_namespace="health",healthcheck_name="hello"}} {})", value));
    };
    EXPECT_THAT(lines("overdue"), overdue("0.0"));
    metrics_.set_next_run(hello_, at(30));
    EXPECT_THAT(lines("next_run"), ElementsAre(testing::EndsWith("} 1767225630.0")));
    EXPECT_THAT(lines("overdue"), overdue("0.0")) << "it is not due yet";
    world_.clock().jump_wall(40s);
    EXPECT_THAT(lines("overdue"), overdue("10.0"));
    metrics_.started(hello_, Purpose::check, 10s);
    EXPECT_THAT(lines("overdue"), overdue("10.0")) << "whoever starts it says when it is next due";
    metrics_.set_next_run(hello_, std::nullopt);
    EXPECT_THAT(lines("overdue"), overdue("0.0"));
    EXPECT_THAT(lines("next_run"), IsEmpty()) << "while it runs nobody knows";
}

TEST_F(OperatorMetricsTest, ARemedyDoesNotEndThatItsCheckIsOverdue) {
    metrics_.added(hello_);
    metrics_.set_next_run(hello_, at(-7));
    metrics_.started(hello_, Purpose::remedy, 1ms);
    EXPECT_THAT(lines("overdue"), ElementsAre(testing::EndsWith("} 7.0")));
}

TEST_F(OperatorMetricsTest, ARestartTakesOverWhatTheStatusSays) {
    hello_.status.status = "Succeeded";
    hello_.status.finished_at = at(9);
    auto failing = check_named("health", "failing");
    failing.status.status = "Failed";
    failing.status.finished_at = at(9);
    auto fresh = check_named("health", "fresh");
    for (auto const& check : {hello_, failing, fresh}) metrics_.added(check);
    EXPECT_THAT(lines("last_result"), ElementsAre(HasSubstr("failing"), HasSubstr("hello")));
    EXPECT_THAT(lines("last_result{healthcheck_namespace=\"health\",healthcheck_name=\"failing\""),
                ElementsAre(testing::EndsWith(" 0.0")));
    EXPECT_THAT(lines("last_success"), ElementsAre(HasSubstr("hello")));
    EXPECT_THAT(lines("last_success"), ElementsAre(testing::EndsWith(" 1767225609.0")));
}

TEST_F(OperatorMetricsTest, LatenessAndDurationFillTheHistogramsOfTheirNamespace) {
    metrics_.added(hello_);
    metrics_.started(hello_, Purpose::check, 3ms);
    metrics_.started(hello_, Purpose::check, -1s);
    metrics_.booked(hello_, Purpose::check, ran(false, 0, 4));
    auto const all = R"({healthcheck_namespace="health",workflow="healthCheck"})";
    auto const text = telemetry::exposition(registry_);
    EXPECT_THAT(text, HasSubstr(fmt::format("healthcheck_start_lateness_seconds_count{} 2.0\n", all)));
    EXPECT_THAT(text, HasSubstr(fmt::format("healthcheck_start_lateness_seconds_sum{} 0.003\n", all)));
    EXPECT_THAT(text, HasSubstr(fmt::format("healthcheck_run_duration_seconds_sum{} 4.0\n", all)));
    EXPECT_THAT(text, HasSubstr(R"(workflow="healthCheck",le="2.5"} 0.0)"));
    EXPECT_THAT(text, HasSubstr(R"(workflow="healthCheck",le="5.0"} 1.0)"));
}

TEST_F(OperatorMetricsTest, RemediesAreCountedFromTheirStartToWhetherTheyHelped) {
    metrics_.added(hello_);
    metrics_.started(hello_, Purpose::remedy, 1ms);
    metrics_.booked(hello_, Purpose::remedy, ran(true, 0, 1));
    metrics_.remedy_verified(hello_, false);
    metrics_.remedy_verified(hello_, true);
    metrics_.remedy_refused(hello_, "Cooldown");
    metrics_.remedy_refused(hello_, "Cooldown");
    auto const of = std::string(R"(healthcheck_namespace="health",healthcheck_name="hello")");
    EXPECT_THAT(lines("healthcheck_remedy_"),
                ElementsAre("healthcheck_remedy_refused_total{" + of + R"(,reason="Cooldown"} 2.0)",
                            "healthcheck_remedy_started_total{" + of + "} 1.0",
                            "healthcheck_remedy_verified_total{" + of + R"(,helped="false"} 1.0)",
                            "healthcheck_remedy_verified_total{" + of + R"(,helped="true"} 1.0)"));
    EXPECT_THAT(lines("healthcheck_runs_total{" + of + R"(,workflow="remedy",result="succeeded"})"),
                ElementsAre(testing::EndsWith(" 1.0")));
}

TEST_F(OperatorMetricsTest, CustomMetricsAreGaugesWhoseLaterValuesOverwrite) {
    metrics_.added(hello_);
    metrics_.booked(hello_, Purpose::check, ran(true, 0, 1),
                    {{.name = "hello_latency", .help = "How slow.", .value = 7}});
    auto const refused = metrics_.booked(hello_, Purpose::check, ran(true, 0, 1),
                                         {{.name = "hello_latency", .help = "Changed.", .value = 5}});
    EXPECT_THAT(refused, IsEmpty());
    EXPECT_THAT(telemetry::exposition(registry_),
                HasSubstr("# HELP hello_latency How slow.\n# TYPE hello_latency gauge\n"
                          "hello_latency{healthcheck_name=\"hello\"} 5.0\n"));
}

TEST_F(OperatorMetricsTest, TwoChecksThatMapToOneNameWithOtherHelpShareTheFamily) {
    auto const first = check_named("health", "a-b");
    auto const second = check_named("health", "a");
    metrics_.added(first);
    metrics_.added(second);
    metrics_.booked(first, Purpose::check, ran(true, 0, 1), {{.name = "a_b_c", .help = "First.", .value = 1}});
    metrics_.booked(second, Purpose::check, ran(true, 0, 1), {{.name = "a_b_c", .help = "Second.", .value = 2}});
    EXPECT_THAT(telemetry::exposition(registry_),
                HasSubstr("# HELP a_b_c First.\n# TYPE a_b_c gauge\n"
                          "a_b_c{healthcheck_name=\"a\"} 2.0\na_b_c{healthcheck_name=\"a-b\"} 1.0\n"));
    metrics_.removed(first);
    EXPECT_THAT(lines("a_b_c"), ElementsAre(R"(a_b_c{healthcheck_name="a"} 2.0)"));
}

TEST_F(OperatorMetricsTest, ACustomMetricThatWouldBreakTheScrapeOrOursIsRefusedInASentence) {
    auto const meddler = check_named("health", "healthcheck");
    metrics_.added(meddler);
    auto const before = telemetry::exposition(registry_);
    auto const result = ran(true, 0, 1);
    auto const refused = metrics_.booked(meddler, Purpose::check, result,
                                         {{.name = "healthcheck_last_result", .help = "", .value = 9},
                                          {.name = "healthcheck_run_duration_seconds_count", .help = "", .value = 9},
                                          {.name = "no-name", .help = "", .value = 9},
                                          {.name = std::string(600, 'x'), .help = "", .value = 9},
                                          {.name = "healthcheck_fine", .help = "", .value = 9}});
    EXPECT_THAT(refused,
                ElementsAre("custom metric healthcheck_last_result: the operator itself has a metric of that name",
                            "custom metric healthcheck_run_duration_seconds_count: metric "
                            "healthcheck_run_duration_seconds_count is printed by the histogram "
                            "healthcheck_run_duration_seconds",
                            "custom metric no-name: \"no-name\" is no metric name",
                            "a custom metric's name has 600 bytes; 500 are allowed"));
    EXPECT_THAT(lines("} 9.0"), ElementsAre(R"(healthcheck_fine{healthcheck_name="healthcheck"} 9.0)"));
}

TEST_F(OperatorMetricsTest, ACheckHasAsManyCustomMetricsAsTheLimitAndNoMore) {
    metrics_.added(hello_);
    std::vector<CustomMetric> many;
    for (std::size_t i = 0; i <= custom_metrics_limit; ++i) many.push_back({fmt::format("hello_{}", i), "", 1});
    auto const refused = metrics_.booked(hello_, Purpose::check, ran(true, 0, 1), many);
    EXPECT_THAT(refused, ElementsAre("custom metric hello_100: a HealthCheck may have 100 of them"));
    EXPECT_THAT(metrics_.booked(hello_, Purpose::check, ran(true, 0, 1), {{"hello_99", "", 2}}), IsEmpty())
        << "known ones are set further on";
}

class WithNamespaceLabel : public OperatorMetricsTest {
protected:
    WithNamespaceLabel() : OperatorMetricsTest({.namespace_label = true}) {}
};

TEST_F(WithNamespaceLabel, TheFiveAndCustomMetricsTellNamesakesApartToo) {
    auto const twin = check_named("shop", "hello");
    for (auto const& check : {hello_, twin}) {
        metrics_.added(check);
        metrics_.booked(check, Purpose::check, ran(true, 0, 1), {{.name = "hello_x", .help = "", .value = 1}});
    }
    EXPECT_THAT(
        lines("healthcheck_success_count"),
        ElementsAre(
            R"(healthcheck_success_count{healthcheck_namespace="health",healthcheck_name="hello",workflow="healthCheck"} 1.0)",
            R"(healthcheck_success_count{healthcheck_namespace="shop",healthcheck_name="hello",workflow="healthCheck"} 1.0)"));
    metrics_.removed(hello_);
    EXPECT_THAT(lines("\"health\""), IsEmpty());
    EXPECT_THAT(lines("hello_x"), ElementsAre(R"(hello_x{healthcheck_namespace="shop",healthcheck_name="hello"} 1.0)"));
}

TEST_F(WithNamespaceLabel, ACustomMetricStillCannotTakeOneOfOurs) {
    auto const meddler = check_named("health", "healthcheck");
    metrics_.added(meddler);
    EXPECT_THAT(metrics_.booked(meddler, Purpose::check, ran(true, 0, 1),
                                {{.name = "healthcheck_overdue_seconds", .help = "", .value = 9}}),
                ElementsAre(HasSubstr("the operator itself")));
    metrics_.removed(meddler);
    EXPECT_NE(registry_.find("healthcheck_overdue_seconds"), nullptr);
}

TEST_F(OperatorMetricsTest, TheOperatorsOwnSeriesHaveTheNamesOfControllerRuntimeAndClientGo) {
    metrics_.queued();
    metrics_.taken(2us);
    metrics_.reconciled(ReconcileResult::success, 7ms, false);
    metrics_.reconciled(ReconcileResult::requeue_after, 1us, true);
    metrics_.reconciled(ReconcileResult::error, 1us, true);
    metrics_.set_queue_depth(3);
    metrics_.set_policy_known(true);
    metrics_.set_remedies_enabled(true);
    metrics_.heartbeat(true);
    metrics_.set_leader(true);
    metrics_.set_running(Purpose::remedy, 2);
    metrics_.set_waiting(5);
    metrics_.watch_restarted("workflows.argoproj.io");
    metrics_.added(hello_);
    auto const text = telemetry::exposition(registry_);
    for (auto const* line :
         {R"(controller_runtime_reconcile_total{controller="healthcheck",result="error"} 1.0)",
          R"(controller_runtime_reconcile_total{controller="healthcheck",result="requeue"} 0.0)",
          R"(controller_runtime_reconcile_total{controller="healthcheck",result="requeue_after"} 1.0)",
          R"(controller_runtime_reconcile_total{controller="healthcheck",result="success"} 1.0)",
          R"(controller_runtime_reconcile_errors_total{controller="healthcheck"} 1.0)",
          R"(controller_runtime_reconcile_time_seconds_bucket{controller="healthcheck",le="0.005"} 2.0)",
          R"(controller_runtime_reconcile_time_seconds_bucket{controller="healthcheck",le="0.01"} 3.0)",
          R"(workqueue_depth{name="healthcheck",controller="healthcheck"} 3.0)",
          R"(workqueue_adds_total{name="healthcheck",controller="healthcheck"} 1.0)",
          R"(workqueue_retries_total{name="healthcheck",controller="healthcheck"} 2.0)",
          R"(workqueue_queue_duration_seconds_bucket{name="healthcheck",controller="healthcheck",le="1e-06"} 0.0)",
          R"(workqueue_queue_duration_seconds_count{name="healthcheck",controller="healthcheck"} 1.0)",
          R"(workqueue_work_duration_seconds_count{name="healthcheck",controller="healthcheck"} 3.0)",
          R"(leader_election_master_status{name="689451f8.keikoproj.io"} 1.0)",
          R"(vedette_build_info{version=")" VEDETTE_VERSION R"("} 1.0)",
          R"(vedette_operator_workflows_running{workflow="healthCheck"} 0.0)",
          R"(vedette_operator_workflows_running{workflow="remedy"} 2.0)",
          R"(vedette_operator_watch_restarts_total{resource="workflows.argoproj.io"} 1.0)",
          R"(vedette_operator_heartbeats_total{result="succeeded"} 1.0)",
          R"(vedette_operator_heartbeats_total{result="failed"} 0.0)",
          "vedette_operator_remedy_policy_known 1.0",
          "vedette_operator_remedies_enabled 1.0",
          "vedette_operator_runs_waiting 5.0",
          "vedette_operator_healthchecks 1.0"}) {
        EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
    }
}

}  // namespace
}  // namespace vedette::op
