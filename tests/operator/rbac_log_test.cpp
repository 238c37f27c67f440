// What the sweeps of RbacKeeper say: nobody asked for them, so their log is all that tells of them.

#include "operator/rbac_scene.hpp"

#include <gmock/gmock.h>

namespace vedette::op {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

TEST(RbacLog, RunsAndSweepsThatFindAllWellSayNothing) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const check = check_named("hello", with_remedy);
        s.know_all(check);
        co_await expect_ensured(s, check);
        co_await expect_ensured(s, check, Purpose::remedy);
        co_await s.keeper.release(check, s.soon());
        co_await s.world.clock().sleep_for(1h);
        EXPECT_THAT(s.log, IsEmpty());
    });
}

TEST(RbacLog, WhatWasRepairedMadeAgainAndDeletedIsOneLineEach) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.know_all(check);
        co_await expect_ensured(s, check);
        co_await s.world.clock().sleep_for(10s);
        kube::Client direct(s.server, s.world.clock(), s.world.random());
        boost::json::value rules{{"rules", boost::json::array{}}};
        auto const drift = co_await direct.patch(rbac_resource("ClusterRole"), "", role.name, kube::Patch::merge,
                                                 std::move(rules), {}, s.soon());
        EXPECT_TRUE(drift);
        co_await s.world.clock().sleep_for(10s);
        EXPECT_THAT(s.log, ElementsAre("info RBAC objects of hello-sa: repaired ClusterRole hello-sa-cluster-role"));

        s.log.clear();
        s.server.erase(rbac_resource("ClusterRoleBinding"), "", binding.name);
        co_await s.world.clock().sleep_for(10s);
        EXPECT_THAT(
            s.log, ElementsAre("info RBAC objects of hello-sa: made ClusterRoleBinding hello-sa-cluster-role-binding"));

        s.log.clear();
        s.keeper.forget(check.uid);
        co_await s.world.clock().sleep_for(10min);
        EXPECT_THAT(s.log, ElementsAre(AllOf(StartsWith("info RBAC objects of hello-sa: deleted "),
                                             HasSubstr("ServiceAccount health/hello-sa"),
                                             HasSubstr("ClusterRole hello-sa-cluster-role"),
                                             HasSubstr("ClusterRoleBinding hello-sa-cluster-role-binding"))));
    });
}

TEST(RbacLog, ManyNamesAreCutToFive) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        std::vector<HealthCheck> checks;
        for (int i = 0; i < 10; ++i) {
            auto const ns = "team" + std::to_string(i);
            s.make_namespace(ns);
            auto check = check_named("c" + std::to_string(i), "  repeatAfterSec: 60\n", "namespace");
            check.spec.workflow.service_account = "shared";
            check.spec.workflow.ns = ns;
            s.keeper.observe(check);
            checks.push_back(std::move(check));
        }
        s.keeper.all_observed();
        for (auto const& check : checks) co_await expect_ensured(s, check);
        for (auto const& check : checks) s.keeper.forget(check.uid);
        co_await s.world.clock().sleep_for(10min);
        EXPECT_THAT(s.log, ElementsAre(AllOf(StartsWith("info RBAC objects of shared: deleted "),
                                             EndsWith(" and 25 more"), SizeIs(testing::Lt(300U)))));
    });
}

// The API server takes any name of a role, and what we find labelled as ours may be anybody's.
TEST(RbacLog, NamesAreOneLineAndBoundedWhateverTheyHold) {
    RbacScene scene;
    auto const one_short_line = AllOf(SizeIs(testing::Lt(1400U)), Not(testing::ContainsRegex("[\x01-\x1f]")));
    auto check = check_named("hello");
    check.spec.workflow.service_account = "odd\ninfo password=hunter2 \x1b[31m" + std::string(3000, 'n');
    for (auto const& object : needed_rbac({&check})) {
        if (object.kind == "ClusterRole") scene.server.put(object.object);
    }
    scene.server.add_fault({.kind = kube::fake::Fault::Kind::status, .method = "DELETE", .times = 1, .status = 403});
    tell(scene, [](RbacScene& s) -> Async<void> {
        s.keeper.all_observed();
        co_await s.world.clock().sleep_for(20min);
    });
    EXPECT_THAT(scene.log, ElementsAre(AllOf(StartsWith("warning RBAC objects of odd info password=[redacted]"),
                                             EndsWith("; they are tried again"), one_short_line),
                                       AllOf(StartsWith("info RBAC objects of odd info password=[redacted]"),
                                             HasSubstr(": deleted ClusterRole odd info "), one_short_line)));
}

TEST(RbacLog, ASweepThatFailsIsToldOnceForEachNewReason) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.know_all(check);
        co_await expect_ensured(s, check);
        s.server.add_fault({.kind = kube::fake::Fault::Kind::status, .method = "DELETE", .status = 500});
        s.keeper.forget(check.uid);
        co_await s.world.clock().sleep_for(1h);
        EXPECT_THAT(s.log, ElementsAre(AllOf(StartsWith("warning RBAC objects of hello-sa: RBACFailed: "),
                                             HasSubstr("delete "), EndsWith("; they are tried again"))));
        s.log.clear();
        s.server.clear_faults();
        s.server.add_fault({.kind = kube::fake::Fault::Kind::status, .method = "DELETE", .times = 1, .status = 403});
        co_await s.world.clock().sleep_for(1h);
        EXPECT_THAT(s.log, ElementsAre(StartsWith("warning RBAC objects of hello-sa: RBACForbidden: "),
                                       StartsWith("info RBAC objects of hello-sa: deleted ")));
    });
}

}  // namespace
}  // namespace vedette::op
