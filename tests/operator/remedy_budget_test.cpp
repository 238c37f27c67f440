#include "operator/remedies.hpp"

namespace vedette::op {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Optional;

RemedyKey key(std::string uid, std::int64_t attempt = 1) {
    return {std::move(uid), 1, attempt};
}

HealthCheck remedied(std::string uid, std::vector<WallTime> ended, std::string ns = "health") {
    auto check = failing(std::move(uid), std::move(ns));
    check.status.recent_remedies = std::move(ended);
    return check;
}

HealthCheck intending(std::string uid, std::string ns = "health") {
    auto check = failing(std::move(uid), std::move(ns));
    check.status.intent = RemedyIntent{.episode = 1, .attempt = 1, .expires = now + 5min};
    return check;
}

HealthCheck remedying(std::string uid, std::string ns = "health") {
    auto check = failing(std::move(uid), std::move(ns));
    check.status.current = CurrentWorkflow{.run = {Purpose::remedy, 1, 1}};
    return check;
}

RemedyPolicy const three_an_hour = policy_of({{"budgetPerCluster", "3/1h"}});

TEST(RemedyLedger, WithoutBudgetsNothingIsRefused) {
    auto ledger = counted({remedied("a", std::vector<WallTime>(32, now))});
    for (int i = 0; i < 100; ++i) {
        EXPECT_FALSE(ledger.admit(key(std::to_string(i)), "health", default_remedy_policy(), now, false));
    }
}

TEST(RemedyLedger, ABudgetIsSpentByWhatEndedInItsWindowAndByWhatIsUnderWay) {
    auto const ledger = counted({remedied("a", {now - 61min, now - 59min}), intending("b"), remedying("c")});
    EXPECT_EQ(ledger.admitted(now), 2u);
    EXPECT_THAT(ledger.refusal(key("x"), "health", three_an_hour, now),
                Optional(std::string("budgetPerCluster 3/1h is spent until 2026-03-01T10:01:30Z")));
    EXPECT_TRUE(ledger.refusal(key("x"), "health", three_an_hour, now + 1min - 1ns));
    EXPECT_FALSE(ledger.refusal(key("x"), "health", three_an_hour, now + 1min));
}

TEST(RemedyLedger, WhatIsUnderWayHoldsItsPlaceWithoutAnEnd) {
    auto const ledger = counted({remedying("a"), remedying("b"), remedying("c")});
    EXPECT_THAT(ledger.refusal(key("x"), "health", three_an_hour, now + 240h),
                Optional(HasSubstr("remedies that are under way")));
}

TEST(RemedyLedger, ABudgetOfZeroIsNoRemedyAtAll) {
    auto const policy = policy_of({{"budgetPerNamespace", "0/1h"}});
    EXPECT_THAT(counted().refusal(key("x"), "health", policy, now),
                Optional(std::string("budgetPerNamespace is 0/1h: no remedy may run")));
}

TEST(RemedyLedger, NamespacesSpendTheirOwnBudgetsAndTheClustersTogether) {
    auto const policy = policy_of(
        {{"budgetPerCluster", "4/1h"}, {"budgetPerNamespace", "2/1h"}, {"namespace.payments.budget", "3/1h"}});
    auto ledger = counted({remedied("a", {now - 2min, now - 1min}), remedied("b", {now - 1min}, "payments")});
    EXPECT_THAT(ledger.refusal(key("x"), "health", policy, now), Optional(HasSubstr("budgetPerNamespace 2/1h")));
    EXPECT_FALSE(ledger.admit(key("y"), "payments", policy, now, false));
    EXPECT_THAT(ledger.refusal(key("z"), "payments", policy, now), Optional(HasSubstr("budgetPerCluster 4/1h")));
    EXPECT_THAT(ledger.refusal(key("z"), "shop", policy, now), Optional(HasSubstr("budgetPerCluster 4/1h")));
}

TEST(RemedyLedger, ANamespacesOwnBudgetTakesThePlaceOfTheGeneralOne) {
    auto const policy = policy_of({{"budgetPerNamespace", "9/1h"}, {"namespace.health.budget", "1/1h"}});
    auto const ledger = counted({remedied("a", {now})});
    EXPECT_THAT(ledger.refusal(key("x"), "health", policy, now), Optional(HasSubstr("namespace.health.budget 1/1h")));
    EXPECT_FALSE(ledger.refusal(key("x"), "shop", policy, now));
}

TEST(RemedyLedger, OnlySoManyRunAtOnce) {
    auto const policy = policy_of({{"maxConcurrent", "2"}, {"namespace.shop.maxConcurrent", "1"}});
    auto ledger = counted({remedied("a", {now, now, now}), remedying("b", "shop")});
    EXPECT_THAT(ledger.refusal(key("x"), "shop", policy, now),
                Optional(HasSubstr("namespace.shop.maxConcurrent is 1")));
    EXPECT_FALSE(ledger.admit(key("y"), "health", policy, now, false));
    EXPECT_THAT(ledger.refusal(key("z"), "health", policy, now), Optional(HasSubstr("maxConcurrent is 2")));
    ledger.observe(remedied("b", {now}, "shop"));
    EXPECT_FALSE(ledger.refusal(key("z"), "health", policy, now)) << "one has ended";
}

TEST(RemedyLedger, AShareIsOfTheChecksThatHaveARemedyWhetherItEverRanOrNot) {
    auto const policy = policy_of({{"maxConcurrent", "20%"}});
    auto ledger = counted({remedying("a"), failing("b"), failing("c"), failing("d"), failing("e", "shop")});
    EXPECT_THAT(
        ledger.refusal(key("x"), "health", policy, now),
        Optional(std::string("maxConcurrent is 20% of 5 HealthChecks with a remedy, 1 place, and it is taken")));
    ledger.observe(failing("f", "shop"));
    EXPECT_EQ(ledger.remedied(""), 6);
    EXPECT_EQ(ledger.remedied("shop"), 2);
    EXPECT_FALSE(ledger.admit(key("b"), "health", policy, now, true)) << "20% of six are two";
    EXPECT_THAT(ledger.refusal(key("c"), "health", policy, now),
                Optional(std::string("maxConcurrent is 20% of 6 HealthChecks with a remedy, 2 places, and all are "
                                     "taken")));
    auto without = failing("f", "shop");
    without.spec.remedy = {};
    ledger.observe(without);
    ledger.observe(without);
    EXPECT_EQ(ledger.remedied(""), 5);
    EXPECT_TRUE(ledger.refusal(key("b"), "health", policy, now)) << "decided, not begun, and one place is gone";
    ledger.forget("e", now);
    ledger.forget("f", now);
    EXPECT_EQ(ledger.remedied("shop"), 0);
    EXPECT_EQ(ledger.remedied(""), 4);
}

TEST(RemedyLedger, ANamespacesShareIsOfItsOwnChecks) {
    auto const policy = policy_of({{"namespace.shop.maxConcurrent", "50%"}});
    auto ledger = counted({remedying("a", "shop"), failing("b", "shop"), failing("c"), failing("d"), failing("e")});
    EXPECT_THAT(ledger.refusal(key("b"), "shop", policy, now),
                Optional(HasSubstr("namespace.shop.maxConcurrent is 50% of 2 HealthChecks")));
    EXPECT_FALSE(ledger.refusal(key("c"), "health", policy, now));
    ledger.observe(failing("f", "shop"));
    EXPECT_FALSE(ledger.refusal(key("b"), "shop", policy, now)) << "half of three are two";
}

TEST(RemedyLedger, AskingTwiceForOneRemedyReservesOnce) {
    auto const policy = policy_of({{"budgetPerCluster", "2/1h"}});
    auto ledger = counted();
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(ledger.admit(key("a"), "health", policy, now, i > 2));
    EXPECT_EQ(ledger.admitted(now), 1u);
    EXPECT_FALSE(ledger.admit(key("b"), "health", policy, now, false));
    EXPECT_TRUE(ledger.admit(key("c"), "health", policy, now, false));
    EXPECT_FALSE(ledger.admit(key("a"), "health", policy, now, true)) << "it keeps its place";
}

TEST(RemedyLedger, ANextAttemptTakesThePlaceOfTheOneBefore) {
    auto ledger = counted();
    EXPECT_FALSE(ledger.admit(key("a", 1), "health", three_an_hour, now, false));
    EXPECT_FALSE(ledger.admit(key("a", 2), "health", three_an_hour, now, false));
    EXPECT_EQ(ledger.admitted(now), 1u);
}

TEST(RemedyLedger, ATighterPolicyRefusesThoseThatWereAdmittedLast) {
    auto ledger = counted();
    for (auto const* uid : {"a", "b", "c"}) {
        ASSERT_FALSE(ledger.admit(key(uid), "health", three_an_hour, now, true));
    }
    auto const tighter = policy_of({{"budgetPerCluster", "2/1h"}});
    EXPECT_FALSE(ledger.refusal(key("a"), "health", tighter, now));
    EXPECT_FALSE(ledger.refusal(key("b"), "health", tighter, now));
    EXPECT_TRUE(ledger.refusal(key("c"), "health", tighter, now));
}

// More intents than the budget allows: they were written while there was none.
TEST(RemedyLedger, OfTheIntentsFoundAfterARestartOnlyAsManyMayRunAsTheBudgetAllows) {
    auto ledger = counted({intending("a"), intending("b"), intending("c"), intending("d"), remedying("e")});
    int admitted = 0;
    for (auto const* uid : {"d", "c", "b", "a"})
        admitted += !ledger.admit(key(uid), "health", three_an_hour, now, true);
    EXPECT_EQ(admitted, 2);
}

TEST(RemedyLedger, AReservationIsFreedByReleaseByItsEndAndByTheStatusThatLosesIt) {
    auto const one = policy_of({{"maxConcurrent", "1"}});
    auto ledger = counted();
    ASSERT_FALSE(ledger.admit(key("a"), "health", one, now, false));
    ledger.observe(failing("a"));
    EXPECT_TRUE(ledger.refusal(key("b"), "health", one, now)) << "the patch that will show it is under way";
    ledger.release("a");
    EXPECT_FALSE(ledger.refusal(key("b"), "health", one, now));

    ASSERT_FALSE(ledger.admit(key("a"), "health", one, now, false));
    ledger.observe(intending("a"));
    ledger.observe(failing("a"));
    EXPECT_FALSE(ledger.refusal(key("b"), "health", one, now)) << "it was written, and dropped";

    ASSERT_FALSE(ledger.admit(key("a"), "health", one, now, false));
    auto booked = remedied("a", {now});
    booked.status.remedy_attempt = 1;
    ledger.observe(booked);
    EXPECT_FALSE(ledger.refusal(key("b"), "health", one, now)) << "somebody else has booked it";
}

TEST(RemedyLedger, AReservationThatNeverReachesAStatusLapses) {
    auto const one = policy_of({{"maxConcurrent", "1"}});
    auto ledger = counted();
    ASSERT_FALSE(ledger.admit(key("a"), "health", one, now, false));
    EXPECT_TRUE(ledger.refusal(key("b"), "health", one, now + 15min - 1ns));
    EXPECT_FALSE(ledger.refusal(key("b"), "health", one, now + 15min));
    ASSERT_FALSE(ledger.admit(key("a"), "health", one, now, true));
    EXPECT_TRUE(ledger.refusal(key("b"), "health", one, now + 240h)) << "the status still asks for it";
}

TEST(RemedyLedger, OneThatIsUnderWayIsNotReleased) {
    auto ledger = counted({remedying("a")});
    ledger.release("a");
    ledger.release("nobody");
    EXPECT_EQ(ledger.admitted(now), 1u);
}

TEST(RemedyLedger, DeletingAHealthCheckGivesNothingBack) {
    auto ledger = counted({remedied("a", {now - 1min, now - 1min}), remedying("b"), intending("c")});
    for (auto const* uid : {"a", "b", "c", "nobody"}) ledger.forget(uid, now);
    EXPECT_EQ(ledger.admitted(now), 0u);
    EXPECT_TRUE(ledger.refusal(key("x"), "health", three_an_hour, now)) << "two ended, one was under way";
    EXPECT_FALSE(ledger.refusal(key("x"), "health", policy_of({{"budgetPerCluster", "4/1h"}}), now));
    EXPECT_FALSE(ledger.refusal(key("x"), "health", three_an_hour, now + 1h));
}

TEST(RemedyLedger, RemembersABoundedNumberOfDeletedOnes) {
    auto ledger = counted();
    auto const all = policy_of({{"budgetPerCluster", "10000/1h"}});
    auto const more = policy_of({{"budgetPerCluster", "10001/1h"}});
    for (int i = 0; i < 400; ++i) {
        ledger.observe(remedied("a", std::vector<WallTime>(32, now)));
        ledger.forget("a", now);
    }
    EXPECT_TRUE(ledger.refusal(key("x"), "health", all, now));
    EXPECT_FALSE(ledger.refusal(key("x"), "health", more, now));
}

// A status remembers 32: the 33rd could not be counted after a restart.
TEST(RemedyLedger, OneCheckGetsNoMoreInAWindowThanItsStatusRemembers) {
    auto const wide = policy_of({{"budgetPerCluster", "1000/1h"}});
    auto const ledger = counted({remedied("a", std::vector<WallTime>(32, now - 10min))});
    EXPECT_THAT(ledger.refusal(key("a"), "health", wide, now), Optional(HasSubstr("at most 32")));
    EXPECT_FALSE(ledger.refusal(key("b"), "health", wide, now));
    EXPECT_FALSE(ledger.refusal(key("a"), "health", wide, now + 50min));
}

TEST(RemedyLedger, ALongerListThanAStatusMayHoldCountsItsNewest) {
    std::vector<WallTime> ended(40, now - 2h);
    ended.front() = now;  // in no order
    auto const ledger = counted({remedied("a", ended)});
    EXPECT_TRUE(ledger.refusal(key("b"), "health", policy_of({{"budgetPerCluster", "1/1h"}}), now));
}

TEST(RemedyLedger, ATimeThatHasNotComeYetCounts) {
    auto const ledger = counted({remedied("a", {now + 1h, now + 1h, now + 1h})});
    EXPECT_TRUE(ledger.refusal(key("b"), "health", three_an_hour, now)) << "the clock was set back";
}

}  // namespace
}  // namespace vedette::op
