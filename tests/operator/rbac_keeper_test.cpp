// What RbacKeeper does before a run: makes what is missing, once, and says what it could not have.

#include "operator/rbac_scene.hpp"

namespace vedette::op {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

// --- before a run -------------------------------------------------------------------------------------------------

TEST(RbacKeeper, MakesTheObjectsInOrderAndTheNextRunsCostNoRequest) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.know_all(check);
        auto const first = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(first.result) << first.result.error().text();
        EXPECT_THAT(first.notes, IsEmpty());
        EXPECT_THAT(
            s.door.take(),
            ElementsAre("get ClusterRole hello-sa-cluster-role", "get ClusterRoleBinding hello-sa-cluster-role-binding",
                        "get ServiceAccount health/hello-sa", "create ServiceAccount health/hello-sa",
                        "create ClusterRole hello-sa-cluster-role",
                        "create ClusterRoleBinding hello-sa-cluster-role-binding"));
        auto const made = co_await read(s, role);
        EXPECT_TRUE(made && made->ours());
        EXPECT_EQ(made->rules, default_rules(Purpose::check));
        for (int run = 0; run < 100; ++run) {
            co_await s.world.clock().sleep_for(60s);
            co_await expect_ensured(s, check);
        }
        EXPECT_THAT(s.door.take(), IsEmpty());
    });
}

TEST(RbacKeeper, LevelNamespaceMakesRoleAndBindingInTheWorkflowsNamespace) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto check = check_named("hello", "  repeatAfterSec: 60\n", "namespace");
        check.spec.workflow.ns = "shop";
        co_await expect_ensured(s, check);
        auto const made = co_await read(s, {"RoleBinding", "shop", "hello-sa-ns-role-binding"});
        EXPECT_TRUE(made && made->ours() && made->role_kind == "Role" && made->role_name == "hello-sa-ns-role");
        co_await expect_there(s, {"Role", "shop", "hello-sa-ns-role"}, true);
    });
}

TEST(RbacKeeper, ManyChecksOfOneAccountAtOnceMakeItsObjectsOnce) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        s.server.add_fault({.kind = kube::fake::Fault::Kind::delay, .method = "POST", .delay = 1s});
        TaskGroup group(s.world.executor());
        int good = 0;
        for (int i = 0; i < 500; ++i) {
            group.spawn([](RbacScene& scene, int number, int& counted) -> Async<void> {
                auto const check = check_named(fmt::format("check-{}", number));
                auto const report = co_await scene.keeper.ensure(check, Purpose::check, scene.soon());
                if (report.result) ++counted;
            }(s, i, good));
        }
        co_await group.join();
        EXPECT_EQ(good, 500);
        EXPECT_THAT(s.door.take(), SizeIs(6));
    });
}

TEST(RbacKeeper, AnApiServerThatDoesNotAnswerIsAskedForAllOfThemOnce) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        co_await s.world.clock().sleep_for(1s);
        s.server.add_fault({.kind = kube::fake::Fault::Kind::delay, .method = "POST", .delay = 1s});
        s.server.add_fault({.kind = kube::fake::Fault::Kind::status, .method = "POST", .status = 500});
        TaskGroup group(s.world.executor());
        int failed = 0;
        for (int i = 0; i < 100; ++i) {
            group.spawn([](RbacScene& scene, int number, int& counted) -> Async<void> {
                auto const check = check_named(fmt::format("check-{}", number));
                auto const report = co_await scene.keeper.ensure(check, Purpose::check, scene.soon());
                if (!report.result && report.reason == "RBACFailed") ++counted;
            }(s, i, failed));
        }
        co_await group.join();
        EXPECT_EQ(failed, 100);
        EXPECT_THAT(s.door.take(), SizeIs(4)) << "three looks and one creation";
    });
}

TEST(RbacKeeper, ANamespaceThatIsMissingOrBeingDeletedIsNamed) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto lost = check_named("lost");
        lost.spec.workflow.ns = "nowhere";
        auto const report = co_await s.keeper.ensure(lost, Purpose::check, s.soon());
        EXPECT_EQ(report.reason, "RBACNamespaceMissing");
        EXPECT_EQ(report.result.error().text(),
                  "create ServiceAccount nowhere/hello-sa: namespace nowhere does not exist; create it or correct "
                  "resource.namespace");
        // It shares its account with one that can run.
        co_await expect_ensured(s, check_named("good"));

        s.server.put({{"apiVersion", "v1"},
                      {"kind", "Namespace"},
                      {"metadata", {{"name", "going"}, {"deletionTimestamp", "2026-01-01T00:00:00Z"}}},
                      {"spec", {{"finalizers", {"kubernetes"}}}},
                      {"status", {{"phase", "Terminating"}}}});
        auto going = check_named("going");
        going.spec.workflow.ns = "going";
        auto const refused = co_await s.keeper.ensure(going, Purpose::check, s.soon());
        EXPECT_EQ(refused.reason, "RBACTerminating");
        EXPECT_EQ(refused.result.error().text(),
                  "create ServiceAccount going/hello-sa: namespace going is being terminated and takes nothing new; "
                  "wait until it is gone and create it anew, or correct resource.namespace");
        co_await expect_ensured(s, check_named("good"), Purpose::check, "it hinders nobody on the same account");

        s.make_namespace("nowhere");
        co_await expect_ensured(s, lost);
        auto const both = co_await read(s, binding);
        EXPECT_THAT(both->subjects, SizeIs(2));
    });
}

TEST(RbacKeeper, WhoeverIsFasterIsReadAndMet) {
    RbacScene scene;
    tell(scene, [](RbacScene& s) -> Async<void> {
        co_await s.world.clock().sleep_for(1s);
        auto const check = check_named("hello");
        s.know_all(check);
        // Between our look and our creation the old leader makes the role, without one of the rules.
        s.door.before_next_write = [&s, &check] {
            auto objects = needed_rbac({&check});
            objects[1].object["rules"] = rules_object({rule("pods", {"get"})});
            s.server.put(objects[1].object);
        };
        co_await expect_ensured(s, check);
        auto const made = co_await read(s, role);
        EXPECT_EQ(made->rules, default_rules(Purpose::check));
        co_return;
    });
}

TEST(RbacKeeper, RefusalsByTheAllowListStopOneCheckAlone) {
    auto list = parse_rbac_allow_list("rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]", "allow.yaml");
    ASSERT_TRUE(list);
    RbacScene scene({.policy = {.allow = std::move(*list)}});
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto bad = check_named("bad");
        bad.spec.workflow.rbac_rules = {rule("secrets", {"get"})};
        auto const refused = co_await s.keeper.ensure(bad, Purpose::check, s.soon());
        EXPECT_EQ(refused.reason, "RBACNotAllowed");
        EXPECT_EQ(refused.result.error().code(), Errc::denied);
        co_await expect_ensured(s, check_named("good"));
        auto const made = co_await read(s, role);
        EXPECT_EQ(made->rules, default_rules(Purpose::check));
    });
}

TEST(RbacKeeper, ARuleThatWeMayNotGrantIsNamedAndHindersNobodyOnTheSameAccount) {
    RbacScene scene;
    scene.door.held = default_rules(Purpose::check);
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto bad = check_named("bad");
        bad.spec.workflow.rbac_rules = {rule("pods", {"get"}), rule("secrets", {"get", "delete"})};
        auto const good = check_named("good");
        s.know_all(bad, good);
        co_await expect_ensured(s, good);
        auto const refused = co_await s.keeper.ensure(bad, Purpose::check, s.soon());
        EXPECT_EQ(refused.reason, "RBACNotGranted");
        EXPECT_EQ(refused.result.error().text(),
                  "patch ClusterRole hello-sa-cluster-role: the operator may not grant what it does not hold itself: "
                  "delete secrets, get secrets; give its own role these rights or ask for less in rbacRules");
        s.door.take();
        co_await expect_ensured(s, good);
        co_await expect_ensured(s, good);
        EXPECT_THAT(s.door.take(), IsEmpty()) << "the refused claim is set aside";

        s.door.held->push_back(rule("secrets", {"get", "delete"}));
        co_await expect_ensured(s, bad, Purpose::check, "it is asked for again before each of its runs");
    });
}

TEST(RbacKeeper, WhoMayNotLookIsTold) {
    RbacScene scene;
    scene.server.set_authorizer([](std::string_view, std::string_view, kube::Resource const& resource,
                                   std::string_view) { return resource.plural != "clusterroles"; });
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const report = co_await s.keeper.ensure(check_named("hello"), Purpose::check, s.soon());
        EXPECT_EQ(report.reason, "RBACForbidden");
        EXPECT_THAT(report.result.error().text(), AllOf(HasSubstr("get"), HasSubstr("clusterroles")));
    });
}

TEST(RbacKeeper, WithoutTheRightToListObjectsAreLookedAtNowAndThen) {
    RbacScene scene;
    scene.server.set_authorizer([](std::string_view, std::string_view verb, kube::Resource const&, std::string_view) {
        return verb != "list" && verb != "watch";
    });
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.know_all(check);
        co_await expect_ensured(s, check);
        s.door.take();
        s.server.erase(rbac_resource("ClusterRole"), "", role.name);
        for (int run = 0; run < 9; ++run) {
            co_await s.world.clock().sleep_for(1min);
            co_await expect_ensured(s, check);
        }
        EXPECT_THAT(s.door.take(), IsEmpty());
        co_await s.world.clock().sleep_for(1min);
        co_await expect_ensured(s, check);
        EXPECT_THAT(s.door.take(), ElementsAre(StartsWith("get"), StartsWith("get"), StartsWith("get"),
                                               "create ClusterRole hello-sa-cluster-role"));
        s.keeper.forget(check.uid);
        co_await s.world.clock().sleep_for(20min);
        co_await expect_there(s, role, false, "what it made itself it also takes away");
    });
}

// --- modes --------------------------------------------------------------------------------------------------------

TEST(RbacKeeper, VerifyCreatesNothingAndSaysWhatIsMissing) {
    RbacScene scene({.mode = RbacMode::verify});
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const check = check_named("hello");
        auto const missing = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_EQ(missing.reason, "RBACMissing");
        EXPECT_THAT(missing.result.error().text(), HasSubstr("ServiceAccount health/hello-sa does not exist"));
        auto const objects = made_by("a user", check);
        s.server.put(objects[0]);
        co_await s.world.clock().sleep_for(2min);
        auto const partly = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(partly.result);
        EXPECT_THAT(partly.notes, SizeIs(2));
        EXPECT_EQ(partly.notes.at(0).reason, "RBACMissing");
        s.server.put(objects[1]);
        s.server.put(objects[2]);
        co_await s.world.clock().sleep_for(2min);
        auto const whole = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(whole.result);
        EXPECT_THAT(whole.notes, IsEmpty());
        EXPECT_THAT(s.door.take(), Each(StartsWith("get")));
    });
}

TEST(RbacKeeper, OffSendsNothing) {
    RbacScene scene({.mode = RbacMode::off});
    tell(scene, [](RbacScene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.know_all(check);
        co_await expect_ensured(s, check);
        co_await s.keeper.release(check, s.soon());
        co_await s.world.clock().sleep_for(1min);
        EXPECT_EQ(s.server.requests(), 0u);
    });
}

}  // namespace
}  // namespace vedette::op
