#include "operator/booking.hpp"
#include "operator/remedies.hpp"
#include "operator/workflow.hpp"

namespace vedette::op {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Kind = RemedyDecision::Kind;

// --- the reference's table (section 8) ------------------------------------------------------------------------------

TEST(DecideRemedy, LimitAndIntervalDecideAsInTheReference) {
    struct Row {
        std::string about;
        std::int64_t limit;
        std::chrono::seconds interval;
        std::int64_t ran;
        std::optional<Duration> ago;  // since remedyFinishedAt
        bool runs;
        bool reset = false;
    };
    for (auto const& row : std::vector<Row>{
             {"neither", 0, 0s, 7, 1s, true},
             {"a limit without an interval is no limit", 2, 0s, 7, 1s, true},
             {"an interval without a limit is no limit", 0, 300s, 7, 1s, true},
             {"below the limit", 2, 300s, 1, 1s, true},
             {"never ran", 2, 300s, 0, {}, true},
             {"at the limit, nothing has passed", 2, 300s, 2, 0s, false},
             {"at the limit, as long as the interval", 2, 300s, 2, 300s, false},
             {"whole seconds count", 2, 300s, 2, 300'999ms, false},
             {"at the limit, longer than the interval", 2, 300s, 2, 301s, true, true},
             {"above the limit: it was lowered", 1, 300s, 5, 10s, false},
             {"above the limit, longer than the interval", 1, 300s, 5, 301s, true, true},
             {"at the limit, end unknown: the reference crashes", 2, 300s, 2, {}, false},
             {"a negative limit: the reference crashes", -1, 300s, 0, {}, false},
             {"a negative limit never lets one run", -1, 300s, 2, 1000s, false},
             {"a negative limit without an interval is none", -1, 0s, 2, 1s, true},
             {"a negative interval has always passed", 2, -5s, 2, 0s, true, true},
             {"the clock was set back", 2, 300s, 2, -1h, false},
             {"as large as can be", std::numeric_limits<std::int64_t>::max(), 300s, 2, 1s, true},
             {"as small as can be", std::numeric_limits<std::int64_t>::min(), 300s, 2, 1000s, false},
         }) {
        SCOPED_TRACE(row.about);
        auto check = failing();
        check.spec.remedy_runs_limit = row.limit;
        check.spec.remedy_reset_interval = row.interval;
        check.status.remedy_total_runs = row.ran;
        if (row.ago) check.status.remedy_finished_at = now - *row.ago;
        auto const got = decide(check);
        EXPECT_EQ(got.runs(), row.runs) << got.message;
        EXPECT_EQ(got.reset, row.reset);
        if (!row.runs) {
            EXPECT_EQ(got.kind, Kind::skip);
            EXPECT_EQ(got.reason, "RemedyRunsLimit");
        }
    }
}

TEST(DecideRemedy, WhereThereIsNothingToDecideNobodyIsTold) {
    auto const silent = [](auto change) {
        auto check = failing();
        change(check);
        auto const got = decide(check);
        return got.kind == Kind::skip && got.reason.empty();
    };
    EXPECT_TRUE(silent([](auto& check) { check.spec.remedy = {}; }));
    EXPECT_TRUE(silent([](auto& check) { check.spec.repeat_after = 0s; })) << "paused";
    EXPECT_TRUE(silent([](auto& check) { check.deleted = now; }));
    EXPECT_TRUE(silent([](auto& check) { check.status.status = "Succeeded"; }));
    EXPECT_TRUE(silent([](auto& check) { check.status.status = "Stopped"; }));
    EXPECT_FALSE(silent([](auto&) {}));
}

// --- the policy -----------------------------------------------------------------------------------------------------

TEST(DecideRemedy, WaitsForThePolicyAndForTheLedger) {
    auto const before = decide(failing(), RemedyPolicy{});
    EXPECT_EQ(before.kind, Kind::wait);
    EXPECT_EQ(before.reason, "RemedyPolicyUnknown");
    auto const uncounted = decide(failing(), default_remedy_policy(), RemedyLedger{});
    EXPECT_EQ(uncounted.kind, Kind::wait);
    EXPECT_EQ(uncounted.reason, "RemedyBudgetUnknown");
}

TEST(DecideRemedy, TheKillSwitchStopsTheClusterOrANamespace) {
    auto const off = policy_of({{"enabled", "false"}, {"namespace.health.enabled", "true"}});
    EXPECT_EQ(decide(failing(), off).reason, "RemediesDisabled") << "no namespace switches on what is off";
    auto const here = policy_of({{"namespace.health.enabled", "false"}});
    EXPECT_THAT(decide(failing(), here).message, HasSubstr("namespace.health.enabled: false"));
    EXPECT_TRUE(decide(failing("b", "shop"), here).runs());
}

TEST(DecideRemedy, AKillSwitchThrownMeanwhileStopsAnAdmittedRemedyAndFreesItsPlace) {
    auto ledger = counted();
    auto check = failing();
    ASSERT_TRUE(admit_remedy(check, check.status, default_remedy_policy(), ledger, now).runs());
    check.status.intent = RemedyIntent{.episode = 1, .attempt = 1, .expires = now + 60s};
    ledger.observe(check);
    EXPECT_EQ(ledger.admitted(now), 1u);
    auto const got = admit_remedy(check, check.status, policy_of({{"enabled", "false"}}), ledger, now + 1s);
    EXPECT_EQ(got.kind, Kind::skip);
    EXPECT_EQ(ledger.admitted(now), 0u);
}

TEST(DecideRemedy, WhileItWaitsAnAdmittedRemedyKeepsItsPlace) {
    auto ledger = counted();
    auto const check = failing();
    ASSERT_TRUE(admit_remedy(check, check.status, default_remedy_policy(), ledger, now).runs());
    EXPECT_EQ(admit_remedy(check, check.status, RemedyPolicy{}, ledger, now).kind, Kind::wait);
    EXPECT_EQ(ledger.admitted(now), 1u);
}

TEST(DecideRemedy, ADryRunNamesTheWorkflowThatWouldRunAndCountsNothing) {
    auto const want =
        "Workflow health/" + workflow_name(failing(), {Purpose::remedy, 1, 1}, 0).value() + " would run as fix-sa";
    auto spec_says = failing();
    spec_says.spec.dry_run = true;
    struct Row {
        HealthCheck check;
        RemedyPolicy policy;
        std::string who;
    };
    for (auto const& row : std::vector<Row>{
             {failing(), policy_of({{"dryRun", "true"}}), "dryRun of the remedy policy"},
             {failing(), policy_of({{"namespace.health.dryRun", "true"}}),
              "namespace.health.dryRun of the remedy policy"},
             {spec_says, policy_of({{"dryRun", "false"}, {"namespace.health.dryRun", "false"}}), "spec.dryRun"},
         }) {
        auto ledger = counted();
        auto const got = admit_remedy(row.check, row.check.status, row.policy, ledger, now);
        EXPECT_EQ(got.kind, Kind::dry_run);
        EXPECT_EQ(got.reason, "RemedyDryRun");
        EXPECT_EQ(got.message, fmt::format("{} ({})", want, row.who));
        EXPECT_EQ(ledger.admitted(now), 0u);
    }
    EXPECT_TRUE(decide(failing("b", "shop"), policy_of({{"namespace.health.dryRun", "true"}})).runs());
}

TEST(DecideRemedy, ADryRunOfARemedyThatCannotBeNamedSaysSo) {
    auto check = failing();
    check.spec.dry_run = true;
    check.spec.remedy.generate_name.clear();
    EXPECT_THAT(decide(check).message, HasSubstr("the remedy would run, but "));
}

// "It would run" must be true: whatever would stop the remedy is said instead.
TEST(DecideRemedy, ADryRunIsOnlyToldWhereTheRemedyWouldRun) {
    auto check = failing();
    check.spec.dry_run = true;
    check.spec.failure_threshold = 3;
    EXPECT_EQ(decide(check).reason, "BelowFailureThreshold");
    check.spec.failure_threshold = 0;
    EXPECT_EQ(decide(check, policy_of({{"budgetPerCluster", "0/1h"}})).reason, "RemedyBudgetSpent");
}

// --- the check's own limits -----------------------------------------------------------------------------------------

TEST(DecideRemedy, RunsFromTheNthFailureInARowOn) {
    auto check = failing();
    for (std::int64_t threshold : {-1, 0, 1}) {
        check.spec.failure_threshold = threshold;
        EXPECT_TRUE(decide(check).runs()) << threshold;
    }
    check.spec.failure_threshold = 3;
    for (auto const& [failures, runs] : {std::pair{1, false}, {2, false}, {3, true}, {4, true}}) {
        check.status.consecutive_failures = failures;
        EXPECT_EQ(decide(check).runs(), runs) << failures;
    }
    check.status.consecutive_failures = 2;
    EXPECT_EQ(decide(check).message, "spec.failureThreshold is 3, and this was failure 2 in a row");
}

TEST(DecideRemedy, TheCooldownCountsFromTheEndOfTheLastRemedy) {
    auto check = failing();
    check.spec.cooldown = 10min;
    EXPECT_TRUE(decide(check).runs()) << "there was none";
    check.status.recent_remedies = {now - 30min, now - 10min + 1ns};
    EXPECT_EQ(decide(check).reason, "RemedyCooldown");
    check.status.recent_remedies = {now - 30min, now - 10min};
    EXPECT_TRUE(decide(check).runs());
    check.status.recent_remedies = {now + 1h};
    EXPECT_EQ(decide(check).reason, "RemedyCooldown") << "the clock was set back";
    check.spec.cooldown = Duration::max();
    EXPECT_EQ(decide(check).reason, "RemedyCooldown");
}

// A check that passes clears remedyFinishedAt; a check that flaps must not escape its cooldown so.
TEST(DecideRemedy, ACheckThatPassedInBetweenIsStillCoolingDown) {
    auto check = failing();
    check.spec.cooldown = 10min;
    check.status = book_remedy(check.status, {.workflow = "fix-1", .succeeded = true, .finished = now});
    note_remedy_end(check.status, now);
    check.status = book_result(check.spec, check.status, {.succeeded = true, .finished = now + 60s});
    check.status = book_result(check.spec, check.status, {.succeeded = false, .finished = now + 120s});
    ASSERT_FALSE(check.status.remedy_finished_at);
    EXPECT_EQ(decide(check, default_remedy_policy(), counted(), now + 120s).reason, "RemedyCooldown");
}

TEST(DecideRemedy, TheCooldownKnowsRemediesOfTheReference) {
    auto check = failing();
    check.spec.cooldown = 10min;
    check.status.remedy_finished_at = now - 9min;
    EXPECT_EQ(decide(check).message, "spec.cooldown is 10m, and the last remedy ended at 2026-03-01T09:51:30Z");
}

TEST(DecideRemedy, TimesThatNobodyMeantAreLongPastOrStillToCome) {
    auto check = failing();
    check.spec.cooldown = 10min;
    check.spec.remedy_runs_limit = 1;
    check.spec.remedy_reset_interval = 300s;
    check.status.remedy_total_runs = 1;
    auto const policy = policy_of({{"budgetPerCluster", "1/7d"}});
    auto const ask = [&](WallTime when) {
        check.status.recent_remedies = {when};
        check.status.remedy_finished_at = when;
        return decide(check, policy, counted({check})).runs();
    };
    EXPECT_TRUE(ask(WallTime::min()));
    EXPECT_TRUE(ask(WallTime{}));
    EXPECT_FALSE(ask(now + 365 * 24h));
    EXPECT_FALSE(ask(std::chrono::sys_days{std::chrono::year{2261} / 12 / 31}));
}

TEST(DecideRemedy, TheBreakerOpensAfterTwoThatDidNotHelpAndOnlyIfAskedFor) {
    auto check = failing();
    check.status.remedy_unhelpful = 2;
    EXPECT_TRUE(decide(check).runs());
    check.spec.remedy_breaker = true;
    EXPECT_EQ(decide(check).reason, "RemedyBreakerOpen");
    check.status.remedy_unhelpful = 1;
    EXPECT_TRUE(decide(check).runs());
}

// --- the intent -----------------------------------------------------------------------------------------------------

TEST(DecideRemedy, AnIntentThatCameTooLateIsDropped) {
    auto check = failing();
    check.status.intent = RemedyIntent{.episode = 1, .attempt = 1, .expires = now + 60s};
    EXPECT_TRUE(decide(check, default_remedy_policy(), counted(), now + 60s - 1ns).runs());
    EXPECT_EQ(decide(check, default_remedy_policy(), counted(), now + 60s).reason, "RemedyExpired");
}

TEST(DecideRemedy, AnIntentThatTheStatusHasMovedPastIsDropped) {
    auto check = failing();
    for (auto const& [episode, attempt] : {std::pair{1, 2}, {0, 1}, {2, 1}, {1, 0}}) {
        check.status.intent = RemedyIntent{.episode = episode, .attempt = attempt, .expires = now + 60s};
        EXPECT_EQ(decide(check).reason, "RemedySuperseded") << episode << "-" << attempt;
    }
}

TEST(DecideRemedy, TheSameQuestionHasTheSameAnswerWordForWord) {
    auto check = failing();
    check.spec.cooldown = 10min;
    check.status.recent_remedies = {now};
    EXPECT_EQ(decide(check), decide(check, default_remedy_policy(), counted(), now + 30s))
        << "events aggregate by their text";
    auto const policy = policy_of({{"budgetPerCluster", "1/1h"}});
    check.spec.cooldown.reset();
    auto const ledger = counted({check});
    EXPECT_EQ(decide(check, policy, ledger), decide(check, policy, ledger, now + 30s));
}

TEST(DecideRemedy, WhatIsOffForGoodIsSaidBeforeWhatIsSpentForNow) {
    auto check = failing();
    check.spec.failure_threshold = 2;
    check.spec.remedy_breaker = true;
    check.spec.remedy_runs_limit = 1;
    check.spec.remedy_reset_interval = 1h;
    check.spec.cooldown = 1h;
    check.spec.dry_run = true;
    check.status.remedy_unhelpful = 2;
    check.status.remedy_total_runs = 1;
    check.status.remedy_finished_at = now;
    check.status.recent_remedies = {now};
    check.status.intent = RemedyIntent{.episode = 1, .attempt = 1, .expires = now};
    auto policy = policy_of({{"enabled", "false"}, {"budgetPerCluster", "0/1h"}});

    std::vector<std::string> order;
    auto const ask = [&] { order.push_back(decide(check, policy).reason); };
    ask();
    check.status.intent.reset();
    ask();
    policy.enabled = true;
    ask();
    check.spec.failure_threshold = 0;
    ask();
    check.spec.remedy_breaker = false;
    ask();
    check.spec.remedy_runs_limit = 0;
    ask();
    check.spec.cooldown.reset();
    ask();
    policy.budget_per_cluster.reset();
    ask();
    EXPECT_THAT(order,
                testing::ElementsAre("RemedyExpired", "RemediesDisabled", "BelowFailureThreshold", "RemedyBreakerOpen",
                                     "RemedyRunsLimit", "RemedyCooldown", "RemedyBudgetSpent", "RemedyDryRun"));
}

}  // namespace
}  // namespace vedette::op
