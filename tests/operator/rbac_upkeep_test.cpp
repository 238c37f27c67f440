// What becomes of RBAC objects that are there: others' and the reference's, drift, needs that change, remedies that
// end, leaders that change.

#include "operator/rbac_scene.hpp"

namespace vedette::op {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

// --- what is there already ----------------------------------------------------------------------------------------

TEST(RbacKeeper, ForeignObjectsAreNeitherTouchedNorDeletedAndCostALookInTenMinutes) {
    RbacScene scene;
    auto const mine = check_named("hello");
    auto objects = made_by("a user", mine);
    objects[1]["rules"] = rules_object({rule("pods", {"get"})});
    for (auto const& object : objects) scene.server.put(object);
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.know_all(check);
        for (int minute = 0; minute < 9; ++minute) {
            auto const report = co_await s.keeper.ensure(check, Purpose::check, s.soon());
            EXPECT_TRUE(report.result);
            EXPECT_THAT(report.notes, SizeIs(1));
            EXPECT_EQ(report.notes.at(0).reason, "RBACNarrowerThanNeeded");
            co_await s.world.clock().sleep_for(1min);
        }
        EXPECT_THAT(s.door.take(), AllOf(SizeIs(3), Each(StartsWith("get"))));
        s.keeper.forget(check.uid);
        co_await s.world.clock().sleep_for(1h);
        EXPECT_THAT(s.door.take(), IsEmpty());
        co_await expect_there(s, role, true);
    });
}

TEST(RbacKeeper, WhatTheReferenceMadeIsAdoptedCompletedAndDeletedInTheEnd) {
    RbacScene scene;
    auto objects = made_by("reference", check_named("hello"));
    auto narrow = default_rules(Purpose::check);
    narrow.pop_back();
    objects[1]["rules"] = rules_object(narrow);
    for (auto const& object : objects) scene.server.put(object);
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.know_all(check);
        co_await s.world.clock().sleep_for(10s);  // a sweep is enough
        auto const adopted = co_await read(s, role);
        EXPECT_TRUE(adopted->ours());
        EXPECT_EQ(adopted->rules, default_rules(Purpose::check));
        EXPECT_THAT(s.door.take(), AllOf(SizeIs(3), Each(StartsWith("patch"))));
        s.keeper.forget(check.uid);
        co_await s.world.clock().sleep_for(4min);
        co_await expect_there(s, role, true, "a Workflow may still run");
        co_await s.world.clock().sleep_for(2min);
        EXPECT_THAT(s.door.take(),
                    ElementsAre("delete ClusterRoleBinding hello-sa-cluster-role-binding",
                                "delete ClusterRole hello-sa-cluster-role", "delete ServiceAccount health/hello-sa"));
    });
}

TEST(RbacKeeper, TheReferencesWildcardsStayAndAreReportedEvenWhereWeMayNotCompleteThem) {
    RbacScene scene;
    scene.door.held = default_rules(Purpose::check);
    auto objects = made_by("reference", check_named("hello"));
    objects[1]["rules"] = rules_object(default_rules(Purpose::check, true));
    for (auto const& object : objects) scene.server.put(object);
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.know_all(check);
        auto const report = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(report.result) << "it ran like this before";
        EXPECT_THAT(report.notes, SizeIs(2));
        EXPECT_EQ(report.notes.at(0).reason, "RBACWiderThanNeeded");
        EXPECT_EQ(report.notes.at(1).reason, "RBACNotAdopted");
        auto const kept = co_await read(s, role);
        EXPECT_EQ(kept->rules, default_rules(Purpose::check, true));
        co_await s.world.clock().sleep_for(1s);
        s.door.take();
        co_await s.world.clock().sleep_for(5min);
        co_await expect_ensured(s, check);
        EXPECT_THAT(s.door.take(), IsEmpty()) << "a refusal is not asked for at every run";
    });
}

TEST(RbacKeeper, NarrowTakesTheReferencesWildcardsAway) {
    RbacScene scene({.narrow = true});
    scene.door.held = default_rules(Purpose::check);
    auto objects = made_by("reference", check_named("hello"));
    objects[1]["rules"] = rules_object(default_rules(Purpose::check, true));
    for (auto const& object : objects) scene.server.put(object);
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.keeper.observe(check);
        co_await expect_ensured(s, check);
        auto const wide = co_await read(s, role);
        EXPECT_FALSE(wide->ours()) << "others may need more, as long as not all are known";
        s.keeper.all_observed();
        co_await s.world.clock().sleep_for(15min);
        auto const narrowed = co_await read(s, role);
        EXPECT_TRUE(narrowed->ours());
        EXPECT_EQ(narrowed->rules, default_rules(Purpose::check));
    });
}

// --- drift and needs that change ----------------------------------------------------------------------------------

TEST(RbacKeeper, DriftOfOursIsRepairedByItself) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.know_all(check);
        co_await expect_ensured(s, check);
        co_await s.world.clock().sleep_for(1s);
        auto objects = needed_rbac({&check});
        objects[1].object["rules"] = rules_object({rule("*", {"*"}, "*")});
        s.server.put(objects[1].object);
        s.server.erase(rbac_resource("ClusterRoleBinding"), "", binding.name);
        co_await s.world.clock().sleep_for(5s);
        auto const repaired = co_await read(s, role);
        EXPECT_EQ(repaired->rules, default_rules(Purpose::check));
        co_await expect_there(s, binding, true);
        // Whoever takes the label off takes the object over.
        objects[1].object["metadata"].get_object().erase("labels");
        objects[1].object["rules"] = rules_object({rule("pods", {"get"})});
        s.server.put(objects[1].object);
        co_await s.world.clock().sleep_for(1min);
        auto const taken = co_await read(s, role);
        EXPECT_THAT(taken->rules, SizeIs(1));
    });
}

TEST(RbacKeeper, OfTwoChecksThatShareAnAccountOneGoesAndTheOtherKeepsItsRights) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const one = check_named("one");
        auto two = check_named("two");
        two.spec.workflow.ns = "shop";
        two.spec.workflow.rbac_rules = {rule("jobs", {"create"}, "batch")};
        s.know_all(one, two);
        co_await expect_ensured(s, one);
        co_await expect_ensured(s, two);
        auto const shared = co_await read(s, role);
        EXPECT_THAT(missing_rights({rule("jobs", {"create"}, "batch"), rule("pods", {"get"})}, shared->rules),
                    IsEmpty());
        auto const bound = co_await read(s, binding);
        EXPECT_THAT(bound->subjects, SizeIs(2)) << "a subject in each namespace";
        s.keeper.forget(two.uid);
        co_await s.world.clock().sleep_for(10min);
        auto const left = co_await read(s, role);
        EXPECT_EQ(left->rules, default_rules(Purpose::check));
        auto const subjects = co_await read(s, binding);
        EXPECT_THAT(subjects->subjects, SizeIs(1));
        co_await expect_there(s, {"ServiceAccount", "shop", "hello-sa"}, false);
        co_await expect_there(s, account, true);
    });
}

TEST(RbacKeeper, AnEditTakesEffectWithTheNextRunAndTheRunUnderWayKeepsItsAccount) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto check = check_named("hello");
        s.know_all(check);
        co_await expect_ensured(s, check);
        check.spec.workflow.service_account = "other";
        check.spec.workflow.rbac_rules = {rule("pods", {"list"})};
        s.keeper.observe(check);
        co_await s.world.clock().sleep_for(1h);
        co_await expect_there(s, role, true, "its run may be a long one");
        co_await expect_ensured(s, check);
        auto const other = co_await read(s, {"ClusterRole", "", "other-cluster-role"});
        EXPECT_EQ(other->rules, check.spec.workflow.rbac_rules);
        co_await s.world.clock().sleep_for(10min);
        co_await expect_there(s, role, false);
        check.spec.workflow.rbac_rules = {rule("pods", {"get"})};
        co_await expect_ensured(s, check);
        auto const now = co_await read(s, {"ClusterRole", "", "other-cluster-role"});
        EXPECT_EQ(now->rules, check.spec.workflow.rbac_rules) << "at once, and no more than that";
    });
}

TEST(RbacKeeper, WithARunGoesWhatOnlyItStillNeededAlsoWhereNoOtherFollows) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto moved = check_named("moved");
        auto narrowed = check_named("narrowed");
        narrowed.spec.workflow.service_account = "narrow";
        s.know_all(moved, narrowed);
        co_await expect_ensured(s, moved);
        co_await expect_ensured(s, narrowed);
        co_await s.world.clock().sleep_for(1s);
        s.door.take();
        s.keeper.run_ended(moved.uid, Purpose::check);
        co_await s.world.clock().sleep_for(1h);
        EXPECT_THAT(s.door.take(), IsEmpty()) << "a run of an unchanged check costs nothing";

        co_await expect_ensured(s, moved);
        moved.spec.workflow.service_account = "other";
        moved.spec.repeat_after = 0s;
        s.keeper.observe(moved);
        narrowed.spec.workflow.rbac_rules = {rule("pods", {"list"})};
        s.keeper.observe(narrowed);
        s.keeper.run_ended(moved.uid, Purpose::check);
        s.keeper.run_ended(narrowed.uid, Purpose::check);
        co_await s.world.clock().sleep_for(4min);
        auto const narrow = co_await read(s, {"ClusterRole", "", "narrow-cluster-role"});
        EXPECT_EQ(narrow->rules, narrowed.spec.workflow.rbac_rules);
        co_await expect_there(s, role, true, "its pods may be in their last moments");
        co_await s.world.clock().sleep_for(6min);
        for (auto const& key : {account, role, binding}) co_await expect_there(s, key, false);
    });
}

TEST(RbacKeeper, NothingIsNarrowedOrDeletedBeforeAllHealthChecksAreKnown) {
    RbacScene scene;
    auto wide = check_named("wide");
    wide.spec.workflow.rbac_rules = {rule("secrets", {"get"})};
    for (auto const& object : needed_rbac({&wide})) scene.server.put(object.object);
    auto orphan = check_named("orphan");
    orphan.spec.workflow.service_account = "orphan";
    for (auto const& object : needed_rbac({&orphan})) scene.server.put(object.object);
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const check = check_named("hello");
        co_await expect_ensured(s, check);
        co_await s.world.clock().sleep_for(1h);
        auto const both = co_await read(s, role);
        EXPECT_THAT(missing_rights({rule("secrets", {"get"}), rule("pods", {"get"})}, both->rules), IsEmpty());
        co_await expect_there(s, {"ClusterRole", "", "orphan-cluster-role"}, true);
        s.keeper.all_observed();
        co_await s.world.clock().sleep_for(10min);
        auto const exact = co_await read(s, role);
        EXPECT_EQ(exact->rules, default_rules(Purpose::check));
        co_await expect_there(s, {"ClusterRole", "", "orphan-cluster-role"}, false);
        co_await expect_there(s, {"ServiceAccount", "health", "orphan"}, false);
    });
}

TEST(RbacKeeper, ASweepThatFailsIsRepeatedAndADeletionThatCameTooLateIsFine) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.know_all(check);
        co_await expect_ensured(s, check);
        s.keeper.forget(check.uid);
        s.server.add_fault({.kind = kube::fake::Fault::Kind::status, .method = "DELETE", .times = 5, .status = 500});
        s.door.before_next_write = [&s] { s.server.erase(rbac_resource("ClusterRole"), "", role.name); };
        co_await s.world.clock().sleep_for(10min);
        co_await expect_there(s, binding, false);
        co_await expect_there(s, role, false);
        co_await expect_there(s, account, false);
    });
}

// --- remedies -----------------------------------------------------------------------------------------------------

TEST(RbacKeeper, RemedyRightsExistOnlyWhileARemedyRuns) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const check = check_named("hello", with_remedy);
        s.know_all(check);
        co_await expect_ensured(s, check);
        co_await s.world.clock().sleep_for(10min);
        co_await expect_there(s, fix_role, false);
        for (int i = 0; i < 3; ++i) {
            s.door.take();
            co_await expect_ensured(s, check, Purpose::remedy);
            auto const made = co_await read(s, fix_role);
            EXPECT_TRUE(made && made->rules == default_rules(Purpose::remedy));
            co_await s.world.clock().sleep_for(10min);
            co_await expect_there(s, fix_binding, true);
            co_await s.keeper.release(check, s.soon());
            co_await expect_there(s, fix_binding, false);
            co_await expect_there(s, fix_role, false);
            co_await expect_there(s, fix_account, false);
            co_await expect_there(s, role, true);
            EXPECT_THAT(s.door.take(), SizeIs(9)) << "three looks, three creations, three deletions";
            co_await s.world.clock().sleep_for(10min);
        }
    });
}

TEST(RbacKeeper, AnotherRemedyOnTheSameAccountKeepsItsRights) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const one = check_named("one", with_remedy);
        auto two = check_named("two", with_remedy);
        two.spec.remedy.rbac_rules = {rule("pods", {"delete"}), rule("nodes", {"patch"})};
        s.know_all(one, two);
        co_await expect_ensured(s, one, Purpose::remedy);
        co_await expect_ensured(s, two, Purpose::remedy);
        co_await s.keeper.release(one, s.soon());
        auto const left = co_await read(s, fix_role);
        EXPECT_TRUE(left);
        EXPECT_EQ(left->rules, two.spec.remedy.rbac_rules) << "only the one that still runs";
        co_await expect_there(s, fix_binding, true);
        co_await s.keeper.release(two, s.soon());
        co_await expect_there(s, fix_role, false);
        co_await expect_there(s, fix_account, false);
    });
}

TEST(RbacKeeper, ARemedyOnAnotherChecksAccountTakesOnlyItsOwnRightsAway) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const check = check_named("hello");
        auto healer = check_named("healer", with_remedy);
        healer.spec.workflow.service_account = "healer-sa";
        healer.spec.remedy.service_account = "hello-sa";
        s.know_all(check, healer);
        co_await expect_ensured(s, check);
        co_await expect_ensured(s, healer, Purpose::remedy);
        auto const wide = co_await read(s, role);
        EXPECT_THAT(missing_rights({rule("pods", {"delete"})}, wide->rules), IsEmpty());
        co_await s.keeper.release(healer, s.soon());
        auto const narrow = co_await read(s, role);
        EXPECT_EQ(narrow->rules, default_rules(Purpose::check));
        co_await expect_there(s, account, true);
    });
}

TEST(RbacKeeper, ReleasingWhatIsGoneAlreadySucceedsAndWhatFailsIsSweptUp) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const check = check_named("hello", with_remedy);
        s.know_all(check);
        co_await expect_ensured(s, check, Purpose::remedy);
        s.door.before_next_write = [&s] {
            s.server.erase(rbac_resource("ClusterRoleBinding"), "", fix_binding.name);
            s.server.erase(rbac_resource("ClusterRole"), "", fix_role.name);
        };
        s.server.add_fault({.kind = kube::fake::Fault::Kind::status,
                            .method = "DELETE",
                            .path_prefix = "/api/v1/namespaces/health/serviceaccounts",
                            .times = 1,
                            .status = 500});
        co_await s.keeper.release(check, s.soon());
        co_await expect_there(s, fix_account, true);
        co_await s.world.clock().sleep_for(30s);
        co_await expect_there(s, fix_account, false, "without the delay that check objects have");
        co_await s.keeper.release(check, s.soon());
    });
}

TEST(RbacKeeper, ARemedyThatAnotherLeaderStartedKeepsItsRightsAndALeftOverLosesThem) {
    RbacScene scene;
    auto check = check_named("hello", with_remedy);
    for (auto const& object : needed_rbac({&check})) scene.server.put(object.object);
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto under_way = check_named("hello", with_remedy);
        under_way.status.current = CurrentWorkflow{.run = {.purpose = Purpose::remedy, .number = 1, .attempt = 1}};
        s.know_all(under_way);
        co_await s.world.clock().sleep_for(1h);
        co_await expect_there(s, fix_role, true);
        under_way.status.current.reset();
        s.keeper.observe(under_way);
        co_await s.world.clock().sleep_for(10min);
        co_await expect_there(s, fix_role, false);
        co_await expect_there(s, role, true);
    });
}

TEST(RbacKeeper, WhatALateLeaderDeletesIsThereAgainAtOnce) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const check = check_named("hello", with_remedy);
        RbacKeeper late(s.world.executor(), s.client, s.world.clock(), s.world.random(), {});
        late.observe(check);
        late.all_observed();
        auto const remedy = co_await late.ensure(check, Purpose::remedy, s.soon());
        EXPECT_TRUE(remedy.result);
        auto adopted = check;
        adopted.status.current = CurrentWorkflow{.run = {.purpose = Purpose::remedy, .number = 1, .attempt = 1}};
        s.know_all(adopted);
        co_await s.world.clock().sleep_for(1s);
        co_await late.release(check, s.soon());
        co_await s.world.clock().sleep_for(1s);
        for (auto const& key : {fix_account, fix_role, fix_binding}) co_await expect_there(s, key, true);
    });
}

TEST(RbacKeeper, ANewTermBelievesNothingThatTheLastOneKnew) {
    RbacScene scene;
    auto const story = [](RbacScene& s) -> Async<void> {
        auto const check = check_named("hello", with_remedy);
        auto gone = check_named("gone");
        gone.spec.workflow.service_account = "gone";
        for (auto const& each : {check, gone}) s.keeper.observe(each);
        s.keeper.all_observed();
        {
            TaskGroup term(s.world.executor());
            term.spawn(s.keeper.run());
            for (auto const& each : {check, gone}) {
                auto const run = co_await s.keeper.ensure(each, Purpose::check, s.soon());
                EXPECT_TRUE(run.result);
            }
            co_await expect_ensured(s, check, Purpose::remedy);
            co_await term.stop();
        }
        // Meanwhile another leader: its remedy ended, a HealthCheck went, and somebody broke a role.
        s.server.erase(rbac_resource("ClusterRole"), "", role.name);
        s.keeper.begin();
        s.know_all(check);
        TaskGroup term(s.world.executor());
        term.spawn(s.keeper.run());
        co_await expect_ensured(s, check);
        co_await expect_there(s, role, true);
        co_await s.world.clock().sleep_for(10min);
        co_await expect_there(s, fix_role, false, "the remedy of the last term has ended");
        co_await expect_there(s, {"ClusterRole", "", "gone-cluster-role"}, false, "its check has gone");
        co_await expect_there(s, account, true);
        co_await term.stop();
    };
    scene.world.run(story(scene));
}

}  // namespace
}  // namespace vedette::op
