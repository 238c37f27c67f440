// Runs of spec.checks beside each other and their rights: who waits for a place, and who looks a second time at what it
// may not read.

#include "operator/native_runner_scene.hpp"

namespace vedette::op {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

// --- rights that may be new --------------------------------------------------------------------------------------

// Seen on the real API server: it refuses what a Role allows that was made just before.
TEST(NativeRights, RightsThatTheApiServerDoesNotKnowYetFailNothing) {
    NativeRunScene scene;
    scene.add_node("n1", true);
    scene.add_pod("shop", "web-1");
    scene.forbidden = "pods";
    scene.world.clock().call_at(scene.world.clock().now() + 300ms, [&] { scene.forbidden.clear(); });
    auto const began = scene.world.clock().now();
    auto const result = scene.run(native_check(pods_and_nodes, "cluster"));
    EXPECT_TRUE(result.succeeded) << result.message;
    EXPECT_EQ(result.message, "2 checks: 2 ok");
    EXPECT_EQ(scene.world.clock().now() - began, 1s);
    EXPECT_EQ(scene.api.requests(), 3U) << "only what was refused is read again";
}

TEST(NativeRights, WhatIsForbiddenHasFailedAtOnceWhereTheDeadlineIsNear) {
    NativeRunScene scene;
    scene.forbidden = "pods";
    auto const began = scene.world.clock().now();
    EXPECT_THAT(scene.run(native_check("- type: pods-crashloop\n"), 1s).message, HasSubstr("no permission"));
    EXPECT_LT(scene.world.clock().now() - began, 1s);
}

TEST(NativeRights, WhatIsForbiddenForGoodIsReadOnceFromItsSecondRunOn) {
    NativeRunScene scene;
    scene.add_pod("shop", "web-1");
    auto const requests_of = [&](HealthCheck const& check) {
        auto const before = scene.api.requests();
        scene.run(check);
        return scene.api.requests() - before;
    };
    scene.forbidden = "pods";
    auto check = native_check("- type: pods-crashloop\n");
    check.generation = 1;
    EXPECT_EQ(requests_of(check), 2U);
    auto const began = scene.world.clock().now();
    EXPECT_EQ(requests_of(check), 1U);
    EXPECT_EQ(requests_of(check), 1U);
    EXPECT_LT(scene.world.clock().now() - began, 1s);
    EXPECT_THAT(scene.run(check).message, HasSubstr("no permission"));
    EXPECT_FALSE(scene.run(check).inconclusive);

    check.generation = 2;
    EXPECT_EQ(requests_of(check), 2U) << "it was edited";
    EXPECT_EQ(requests_of(check), 1U);
    auto other = check;
    other.uid = "another";
    EXPECT_EQ(requests_of(other), 2U) << "it never ran";

    scene.forbidden.clear();
    EXPECT_TRUE(scene.run(check).succeeded);
    scene.forbidden = "pods";
    EXPECT_EQ(requests_of(check), 2U) << "it could read the last time";
}

TEST(NativeRights, HealthChecksThatMayNotReadAreRememberedWithinABound) {
    NativeRunScene scene;
    scene.forbidden = "pods";
    auto check = native_check("- type: pods-crashloop\n");
    for (int i = 0; i < 1100; ++i) {
        check.uid = fmt::format("uid-{:04}", i);
        scene.run(check, 1s);
    }
    EXPECT_EQ(scene.runner.known_forbidden(), 1024U);
    auto const before = scene.api.requests();
    scene.run(check);
    EXPECT_EQ(scene.api.requests() - before, 1U) << "the last one is known";
}

TEST(NativeRights, WhereTheDeadlineCutsTheSecondLookOffTheFirstStands) {
    NativeRunScene scene;
    scene.forbidden = "pods";
    scene.world.clock().call_at(scene.world.clock().now() + 300ms,
                                [&] { scene.api.add_fault({.kind = kube::fake::Fault::Kind::hang}); });
    auto const result = scene.run(native_check("- {type: pods-crashloop, timeout: 1h}\n"), 5s);
    EXPECT_EQ(scene.world.elapsed(), 5s);
    EXPECT_EQ(scene.api.requests(), 1U) << "the second look is never answered";
    EXPECT_FALSE(result.succeeded);
    EXPECT_TRUE(result.inconclusive) << "its rights may have come since";
    EXPECT_THAT(result.message, StartsWith("pods-crashloop unknown: no permission: "));
}

TEST(NativeRights, WhatASecondLookFindsMakesTheRunAsBadAsItsWorstCheckNoBetterAndNoWorse) {
    NativeRunScene scene;
    scene.add_node("n1", false);
    scene.add_pod("shop", "web-1");
    auto const rights_come = [&] {
        scene.forbidden = "pods";
        scene.world.clock().call_at(scene.world.clock().now() + 300ms, [&] { scene.forbidden.clear(); });
    };
    rights_come();
    auto const critical = scene.run(native_check(pods_and_nodes, "cluster"));
    EXPECT_FALSE(critical.succeeded);
    EXPECT_THAT(critical.message, AllOf(StartsWith("nodes-ready critical: "), Not(HasSubstr("pods-crashloop"))));
    rights_come();
    auto const warning =
        scene.run(native_check("- type: pods-crashloop\n- {type: nodes-ready, severity: warning}\n", "cluster"));
    EXPECT_TRUE(warning.succeeded) << warning.message;
    EXPECT_THAT(warning.message, StartsWith("2 checks: 1 ok, 1 warning; nodes-ready warning: "));
}

// --- many at once ------------------------------------------------------------------------------------------------

TEST(NativePlaces, SixtyFourRunAtOnceAndTheOthersInOrderOfArrival) {
    NativeRunScene scene;
    scene.add_pod("shop", "web-1");
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::delay, .delay = 1s});
    Crowd crowd(scene);
    auto const begin = scene.world.clock().wall();
    crowd.add(10 * native_runs_at_once, 60s);
    scene.world.pass(1500ms);
    EXPECT_EQ(crowd.ended.size(), native_runs_at_once);
    scene.world.run(crowd.group.join());
    EXPECT_EQ(scene.world.elapsed(), 10s);
    EXPECT_EQ(crowd.ended.size(), 10 * native_runs_at_once);
    for (std::size_t i = 0; i < crowd.ended.size(); ++i) {
        EXPECT_EQ(crowd.ended[i].first, i);
        EXPECT_TRUE(crowd.ended[i].second.succeeded) << crowd.ended[i].second.message;
        EXPECT_EQ(crowd.ended[i].second.started - begin, std::chrono::seconds(i / native_runs_at_once))
            << "once it had its place";
    }
}

TEST(NativePlaces, ARunThatFindsNoPlaceInItsTimeFailsInconclusivelyAndReadsNothing) {
    NativeRunScene scene;
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::hang});
    Crowd crowd(scene);
    crowd.add(native_runs_at_once, 1h);
    crowd.add(1, 20s);
    scene.world.pass(20s);
    EXPECT_EQ(crowd.ended.size(), 1U);
    auto const result = crowd.ended.at(0).second;
    EXPECT_FALSE(result.succeeded);
    EXPECT_TRUE(result.inconclusive);
    EXPECT_FALSE(result.begun);
    EXPECT_THAT(result.message, StartsWith("not run: in 20s none of the 64 HealthChecks whose spec.checks run at once "
                                           "made room; "));
    EXPECT_EQ(result.started, result.finished) << "it looked at nothing";
    crowd.add(1, 1h);
    scene.world.pass(1s);
    scene.world.run(crowd.group.stop());
    EXPECT_EQ(describe_waiters(), "nobody waits for anything") << "whoever waited for a place included";
}

TEST(NativePlaces, WhoWaitsForRightsToBeKnownTakesNobodysPlace) {
    NativeRunScene scene;
    scene.forbidden = "pods";
    auto const listener = scene.network.listen({"shop.example", 80});
    auto const began = scene.world.clock().wall();
    Crowd crowd(scene);
    crowd.add(native_runs_at_once, 60s);
    crowd.add(1, 60s, "- {type: tcp, with: {host: shop.example, port: 80}}\n");
    scene.world.pass(500ms);
    EXPECT_THAT(crowd.ended, SizeIs(1));
    scene.world.run(crowd.group.join());
    EXPECT_EQ(scene.world.elapsed(), 1s);
    ASSERT_THAT(crowd.ended, SizeIs(native_runs_at_once + 1));
    auto const& [number, result] = crowd.ended[0];
    EXPECT_EQ(number, native_runs_at_once);
    EXPECT_TRUE(result.succeeded) << result.message;
    EXPECT_EQ(result.started, began);
    EXPECT_EQ(scene.api.requests(), 2 * native_runs_at_once);
}

TEST(NativePlaces, WhereNoPlaceIsFreeForASecondLookTheFirstStands) {
    NativeRunScene scene;
    scene.forbidden = "pods";
    Crowd crowd(scene);
    crowd.add(1, 20s);
    scene.world.pass(500ms);
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::hang});
    crowd.add(native_runs_at_once, 1h);
    scene.world.pass(20s);
    scene.world.run(crowd.group.stop());
    ASSERT_THAT(crowd.ended, SizeIs(1));
    EXPECT_EQ(crowd.ended[0].first, 0U);
    EXPECT_THAT(crowd.ended[0].second.message, StartsWith("pods-crashloop unknown: no permission: "));
    EXPECT_TRUE(crowd.ended[0].second.inconclusive) << "its rights may have come since";
    EXPECT_EQ(describe_waiters(), "nobody waits for anything");
}

TEST(NativePlaces, ARunThatFindsItsPlaceTooLateIsNoVerdictUnlessSomethingWasFound) {
    NativeRunScene scene;
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::hang});
    Crowd crowd(scene);
    crowd.add(native_runs_at_once, 15s);
    crowd.add(1, 20s);
    scene.world.run(crowd.group.join());
    EXPECT_EQ(scene.world.elapsed(), 20s);
    EXPECT_FALSE(crowd.ended.front().second.inconclusive) << "it had all its time";
    auto const& late = crowd.ended.back().second;
    EXPECT_TRUE(late.inconclusive);
    EXPECT_TRUE(late.begun);
    EXPECT_THAT(late.message, StartsWith("begun 15s late, behind 64 others: pods-crashloop unknown: not finished"));

    scene.api.clear_faults();
    scene.add_pod("shop", "web-1", 7);
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::delay, .delay = 1s});
    crowd.add(native_runs_at_once + 1, 20s);
    scene.world.run(crowd.group.join());
    EXPECT_FALSE(crowd.ended.back().second.inconclusive);
    EXPECT_THAT(crowd.ended.back().second.message, StartsWith("pods-crashloop critical: Pod shop/web-1 "));
}

}  // namespace
}  // namespace vedette::op
