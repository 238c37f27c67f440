// RbacKeeper against the in-memory API server, behind a door that prevents privilege escalation as Kubernetes does.

#include "operator/rbac_keeper.hpp"

#include "base/json.hpp"
#include "base/task_group.hpp"
#include "kube/fake/api_server.hpp"
#include "kube/scripted_api.hpp"
#include "operator/checks.hpp"
#include "world/world.hpp"

namespace vedette::op {
namespace {

namespace json = boost::json;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using testing::UnorderedElementsAre;

// Notes every request that is no list and no watch, and lets nobody grant what `held` does not hold.
class Door final : public kube::Api {
public:
    explicit Door(kube::Api& server) : server_(server) {}

    Task<kube::Response> send(kube::Request request, Deadline deadline) override {
        bool const reads_many = request.what.starts_with("list") || request.what.starts_with("watch");
        if (!reads_many) log.push_back(request.what);
        auto const beyond = not_held(request);
        if (!beyond.empty()) co_return forbidden(beyond);
        if (before_next_write && request.method != "GET") std::exchange(before_next_write, nullptr)();
        auto answer = co_await server_.send(std::move(request), deadline);
        co_return answer;
    }

    /// What was asked for since the last call.
    std::vector<std::string> take() { return std::exchange(log, {}); }

    std::vector<std::string> log;
    std::optional<std::vector<PolicyRule>> held;  ///< nothing: everything
    std::function<void()> before_next_write;

private:
    std::vector<PolicyRule> not_held(kube::Request const& request) const {
        if (!held || request.body.empty() || request.path.find("roles") == std::string::npos) return {};
        auto const body = parse_json(request.body, "body");
        auto rules = read_rules(find(*body, "rules"));
        std::erase_if(rules, [&](auto const& rule) { return missing_rights({rule}, *held).empty(); });
        return rules;
    }

    static kube::Response forbidden(std::vector<PolicyRule> const& beyond) {
        std::string message =
            "roles is forbidden: user \"u\" (groups=[\"g\"]) is attempting to grant RBAC permissions "
            "not currently held:";
        auto const quoted = [](std::vector<std::string> const& words) {
            std::string text;
            for (auto const& word : words) text += fmt::format("{}\"{}\"", text.empty() ? "" : " ", word);
            return text;
        };
        for (auto const& rule : beyond) {
            message += fmt::format("\n{{APIGroups:[{}], Resources:[{}], Verbs:[{}]}}", quoted(rule.api_groups),
                                   quoted(rule.resources), quoted(rule.verbs));
        }
        json::object const status{{"kind", "Status"},   {"apiVersion", "v1"},    {"status", "Failure"},
                                  {"message", message}, {"reason", "Forbidden"}, {"code", 403}};
        std::vector<std::string> pieces = {to_json(status)};
        return {403, {}, std::make_unique<kube::ScriptedBody>(std::move(pieces), std::nullopt)};
    }

    kube::Api& server_;
};

struct Scene {
    explicit Scene(RbacOptions options = {})
        : server(world.executor(), world.clock(), world.random()),
          door(server),
          client(door, world.clock(), world.random()),
          keeper(world.executor(), client, world.clock(), world.random(), std::move(options)) {
        for (auto const* ns : {"health", "shop"}) make_namespace(ns);
    }

    void make_namespace(std::string const& name) {
        server.put({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}});
    }
    Deadline soon() { return world.clock().now() + 20s; }

    world::World world;
    kube::fake::ApiServer server;
    Door door;
    kube::Client client;
    RbacKeeper keeper;
};

RbacKey const account{"ServiceAccount", "health", "hello-sa"};
RbacKey const role{"ClusterRole", "", "hello-sa-cluster-role"};
RbacKey const binding{"ClusterRoleBinding", "", "hello-sa-cluster-role-binding"};
RbacKey const fix_account{"ServiceAccount", "health", "fix-sa"};
RbacKey const fix_role{"ClusterRole", "", "fix-sa-cluster-role"};
RbacKey const fix_binding{"ClusterRoleBinding", "", "fix-sa-cluster-role-binding"};

Async<std::optional<FoundRbac>> read(Scene& s, RbacKey key) {
    kube::Client direct(s.server, s.world.clock(), s.world.random());
    auto const object = co_await direct.get(rbac_resource(key.kind), key.ns, key.name, s.soon());
    if (!object) co_return std::nullopt;
    co_return found_rbac(key.kind, *object);
}

Async<void> expect_there(Scene& s, RbacKey key, bool there, std::string why = {}) {
    auto const found = co_await read(s, key);
    EXPECT_EQ(found.has_value(), there) << to_string(key) << " " << why;
}

template <class Story>
void tell(Scene& scene, Story story) {
    auto main = [](Scene& s, Story inner) -> Async<void> {
        TaskGroup group(s.world.executor());
        group.spawn(s.keeper.run());
        co_await inner(s);
        co_await group.stop();
    };
    scene.world.run(main(scene, story));
}

HealthCheck check_named(std::string const& name, std::string const& more = "  repeatAfterSec: 60\n",
                        std::string const& level = "cluster") {
    auto check = check_of(hello(more, level, name));
    check.uid = "uid-" + name;
    return check;
}

std::string const with_remedy =
    "  repeatAfterSec: 60\n  remedyworkflow: {generateName: fix-, resource: {namespace: health, serviceAccount: "
    "fix-sa, "
    "source: {inline: 'spec: {a: 1}'}}}\n";

PolicyRule rule(std::string const& resource, std::vector<std::string> verbs, std::string const& group = "") {
    return {.api_groups = {group}, .resources = {resource}, .verbs = std::move(verbs)};
}

/// The objects that `check` needs, as the reference would have made them (no annotation) or anybody (no label).
std::vector<kube::Object> made_by(std::string_view whom, HealthCheck const& check) {
    std::vector<kube::Object> objects;
    for (auto& each : needed_rbac({&check})) {
        auto& metadata = each.object["metadata"].get_object();
        metadata.erase("annotations");
        if (whom != "reference") metadata.erase("labels");
        objects.push_back(std::move(each.object));
    }
    return objects;
}

// --- before a run -------------------------------------------------------------------------------------------------

TEST(RbacKeeper, MakesTheObjectsInOrderAndTheNextRunsCostNoRequest) {
    Scene scene;
    tell(scene, [](Scene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.keeper.observe(check);
        s.keeper.all_observed();
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
            auto const again = co_await s.keeper.ensure(check, Purpose::check, s.soon());
            EXPECT_TRUE(again.result);
        }
        EXPECT_THAT(s.door.take(), IsEmpty());
    });
}

TEST(RbacKeeper, LevelNamespaceMakesRoleAndBindingInTheWorkflowsNamespace) {
    Scene scene;
    tell(scene, [](Scene& s) -> Async<void> {
        auto check = check_named("hello", "  repeatAfterSec: 60\n", "namespace");
        check.spec.workflow.ns = "shop";
        auto const report = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(report.result);
        auto const made = co_await read(s, {"RoleBinding", "shop", "hello-sa-ns-role-binding"});
        EXPECT_TRUE(made && made->ours() && made->role_kind == "Role" && made->role_name == "hello-sa-ns-role");
        co_await expect_there(s, {"Role", "shop", "hello-sa-ns-role"}, true);
    });
}

TEST(RbacKeeper, ManyChecksOfOneAccountAtOnceMakeItsObjectsOnce) {
    Scene scene;
    tell(scene, [](Scene& s) -> Async<void> {
        s.server.add_fault({.kind = kube::fake::Fault::Kind::delay, .method = "POST", .delay = 1s});
        TaskGroup group(s.world.executor());
        int good = 0;
        for (int i = 0; i < 500; ++i) {
            group.spawn([](Scene& scene, int number, int& counted) -> Async<void> {
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
    Scene scene;
    tell(scene, [](Scene& s) -> Async<void> {
        co_await s.world.clock().sleep_for(1s);
        s.server.add_fault({.kind = kube::fake::Fault::Kind::delay, .method = "POST", .delay = 1s});
        s.server.add_fault({.kind = kube::fake::Fault::Kind::status, .method = "POST", .status = 500});
        TaskGroup group(s.world.executor());
        int failed = 0;
        for (int i = 0; i < 100; ++i) {
            group.spawn([](Scene& scene, int number, int& counted) -> Async<void> {
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
    Scene scene;
    tell(scene, [](Scene& s) -> Async<void> {
        auto lost = check_named("lost");
        lost.spec.workflow.ns = "nowhere";
        auto const report = co_await s.keeper.ensure(lost, Purpose::check, s.soon());
        EXPECT_EQ(report.reason, "RBACNamespaceMissing");
        EXPECT_EQ(report.result.error().text(),
                  "create ServiceAccount nowhere/hello-sa: namespace nowhere does not exist; create it or correct "
                  "resource.namespace");
        // It shares its account with one that can run.
        auto const good = co_await s.keeper.ensure(check_named("good"), Purpose::check, s.soon());
        EXPECT_TRUE(good.result) << good.result.error().text();

        s.server.put({{"apiVersion", "v1"},
                      {"kind", "Namespace"},
                      {"metadata", {{"name", "going"}, {"deletionTimestamp", "2026-01-01T00:00:00Z"}}},
                      {"spec", {{"finalizers", {"kubernetes"}}}},
                      {"status", {{"phase", "Terminating"}}}});
        auto going = check_named("going");
        going.spec.workflow.ns = "going";
        auto const refused = co_await s.keeper.ensure(going, Purpose::check, s.soon());
        EXPECT_EQ(refused.reason, "RBACForbidden");
        EXPECT_THAT(refused.result.error().text(), HasSubstr("namespace going because it is being terminated"));

        s.make_namespace("nowhere");
        auto const found = co_await s.keeper.ensure(lost, Purpose::check, s.soon());
        EXPECT_TRUE(found.result);
        auto const both = co_await read(s, binding);
        EXPECT_THAT(both->subjects, SizeIs(2));
    });
}

TEST(RbacKeeper, WhoeverIsFasterIsReadAndMet) {
    Scene scene;
    tell(scene, [](Scene& s) -> Async<void> {
        co_await s.world.clock().sleep_for(1s);
        auto const check = check_named("hello");
        s.keeper.observe(check);
        s.keeper.all_observed();
        // Between our look and our creation the old leader makes the role, without one of the rules.
        s.door.before_next_write = [&s, &check] {
            auto objects = needed_rbac({&check});
            objects[1].object["rules"] = rules_object({rule("pods", {"get"})});
            s.server.put(objects[1].object);
        };
        auto const report = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(report.result) << report.result.error().text();
        auto const made = co_await read(s, role);
        EXPECT_EQ(made->rules, default_rules(Purpose::check));
        co_return;
    });
}

TEST(RbacKeeper, RefusalsByTheAllowListStopOneCheckAlone) {
    auto list = parse_rbac_allow_list("rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]", "allow.yaml");
    ASSERT_TRUE(list);
    Scene scene({.policy = {.allow = std::move(*list)}});
    tell(scene, [](Scene& s) -> Async<void> {
        auto bad = check_named("bad");
        bad.spec.workflow.rbac_rules = {rule("secrets", {"get"})};
        auto const refused = co_await s.keeper.ensure(bad, Purpose::check, s.soon());
        EXPECT_EQ(refused.reason, "RBACNotAllowed");
        EXPECT_EQ(refused.result.error().code(), Errc::denied);
        auto const good = co_await s.keeper.ensure(check_named("good"), Purpose::check, s.soon());
        EXPECT_TRUE(good.result);
        auto const made = co_await read(s, role);
        EXPECT_EQ(made->rules, default_rules(Purpose::check));
    });
}

TEST(RbacKeeper, ARuleThatWeMayNotGrantIsNamedAndHindersNobodyOnTheSameAccount) {
    Scene scene;
    scene.door.held = default_rules(Purpose::check);
    tell(scene, [](Scene& s) -> Async<void> {
        auto bad = check_named("bad");
        bad.spec.workflow.rbac_rules = {rule("pods", {"get"}), rule("secrets", {"get", "delete"})};
        auto const good = check_named("good");
        s.keeper.observe(bad);
        s.keeper.observe(good);
        s.keeper.all_observed();
        auto const first = co_await s.keeper.ensure(good, Purpose::check, s.soon());
        EXPECT_TRUE(first.result) << first.result.error().text();
        auto const refused = co_await s.keeper.ensure(bad, Purpose::check, s.soon());
        EXPECT_EQ(refused.reason, "RBACNotGranted");
        EXPECT_EQ(refused.result.error().text(),
                  "patch ClusterRole hello-sa-cluster-role: the operator may not grant what it does not hold itself: "
                  "delete secrets, get secrets; give its own role these rights or ask for less in rbacRules");
        s.door.take();
        auto const second = co_await s.keeper.ensure(good, Purpose::check, s.soon());
        EXPECT_TRUE(second.result);
        auto const third = co_await s.keeper.ensure(good, Purpose::check, s.soon());
        EXPECT_TRUE(third.result);
        EXPECT_THAT(s.door.take(), IsEmpty()) << "the refused claim is set aside";

        s.door.held->push_back(rule("secrets", {"get", "delete"}));
        auto const granted = co_await s.keeper.ensure(bad, Purpose::check, s.soon());
        EXPECT_TRUE(granted.result) << "it is asked for again before each of its runs";
    });
}

TEST(RbacKeeper, WhoMayNotLookIsTold) {
    Scene scene;
    scene.server.set_authorizer([](std::string_view, std::string_view, kube::Resource const& resource,
                                   std::string_view) { return resource.plural != "clusterroles"; });
    tell(scene, [](Scene& s) -> Async<void> {
        auto const report = co_await s.keeper.ensure(check_named("hello"), Purpose::check, s.soon());
        EXPECT_EQ(report.reason, "RBACForbidden");
        EXPECT_THAT(report.result.error().text(), AllOf(HasSubstr("get"), HasSubstr("clusterroles")));
    });
}

TEST(RbacKeeper, WithoutTheRightToListObjectsAreLookedAtNowAndThen) {
    Scene scene;
    scene.server.set_authorizer([](std::string_view, std::string_view verb, kube::Resource const&, std::string_view) {
        return verb != "list" && verb != "watch";
    });
    tell(scene, [](Scene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.keeper.observe(check);
        s.keeper.all_observed();
        auto const first = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(first.result) << first.result.error().text();
        s.door.take();
        s.server.erase(rbac_resource("ClusterRole"), "", role.name);
        for (int run = 0; run < 9; ++run) {
            co_await s.world.clock().sleep_for(1min);
            auto const again = co_await s.keeper.ensure(check, Purpose::check, s.soon());
            EXPECT_TRUE(again.result);
        }
        EXPECT_THAT(s.door.take(), IsEmpty());
        co_await s.world.clock().sleep_for(1min);
        auto const repaired = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(repaired.result);
        EXPECT_THAT(s.door.take(), ElementsAre(StartsWith("get"), StartsWith("get"), StartsWith("get"),
                                               "create ClusterRole hello-sa-cluster-role"));
        s.keeper.forget(check.uid);
        co_await s.world.clock().sleep_for(20min);
        co_await expect_there(s, role, false, "what it made itself it also takes away");
    });
}

// --- modes --------------------------------------------------------------------------------------------------------

TEST(RbacKeeper, VerifyCreatesNothingAndSaysWhatIsMissing) {
    Scene scene({.mode = RbacMode::verify});
    tell(scene, [](Scene& s) -> Async<void> {
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
    Scene scene({.mode = RbacMode::off});
    tell(scene, [](Scene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.keeper.observe(check);
        s.keeper.all_observed();
        auto const report = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(report.result);
        co_await s.keeper.release(check, s.soon());
        co_await s.world.clock().sleep_for(1min);
        EXPECT_EQ(s.server.requests(), 0u);
    });
}

// --- what is there already ----------------------------------------------------------------------------------------

TEST(RbacKeeper, ForeignObjectsAreNeitherTouchedNorDeletedAndCostALookInTenMinutes) {
    Scene scene;
    auto const mine = check_named("hello");
    auto objects = made_by("a user", mine);
    objects[1]["rules"] = rules_object({rule("pods", {"get"})});
    for (auto const& object : objects) scene.server.put(object);
    tell(scene, [](Scene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.keeper.observe(check);
        s.keeper.all_observed();
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
    Scene scene;
    auto objects = made_by("reference", check_named("hello"));
    auto narrow = default_rules(Purpose::check);
    narrow.pop_back();
    objects[1]["rules"] = rules_object(narrow);
    for (auto const& object : objects) scene.server.put(object);
    tell(scene, [](Scene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.keeper.observe(check);
        s.keeper.all_observed();
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
    Scene scene;
    scene.door.held = default_rules(Purpose::check);
    auto objects = made_by("reference", check_named("hello"));
    objects[1]["rules"] = rules_object(default_rules(Purpose::check, true));
    for (auto const& object : objects) scene.server.put(object);
    tell(scene, [](Scene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.keeper.observe(check);
        s.keeper.all_observed();
        auto const report = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(report.result) << "it ran like this before";
        EXPECT_THAT(report.notes, SizeIs(2));
        EXPECT_EQ(report.notes.at(0).reason, "RBACWiderThanNeeded");
        EXPECT_EQ(report.notes.at(1).reason, "RBACNotAdopted");
        auto const kept = co_await read(s, role);
        EXPECT_EQ(kept->rules, default_rules(Purpose::check, true));
        EXPECT_EQ(s.keeper.notes(check.uid), report.notes);
        co_await s.world.clock().sleep_for(1s);
        s.door.take();
        co_await s.world.clock().sleep_for(5min);
        auto const again = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(again.result);
        EXPECT_THAT(s.door.take(), IsEmpty()) << "a refusal is not asked for at every run";
    });
}

TEST(RbacKeeper, NarrowTakesTheReferencesWildcardsAway) {
    Scene scene({.narrow = true});
    scene.door.held = default_rules(Purpose::check);
    auto objects = made_by("reference", check_named("hello"));
    objects[1]["rules"] = rules_object(default_rules(Purpose::check, true));
    for (auto const& object : objects) scene.server.put(object);
    tell(scene, [](Scene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.keeper.observe(check);
        auto const early = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(early.result);
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
    Scene scene;
    tell(scene, [](Scene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.keeper.observe(check);
        s.keeper.all_observed();
        auto const report = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(report.result);
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
    Scene scene;
    tell(scene, [](Scene& s) -> Async<void> {
        auto const one = check_named("one");
        auto two = check_named("two");
        two.spec.workflow.ns = "shop";
        two.spec.workflow.rbac_rules = {rule("jobs", {"create"}, "batch")};
        s.keeper.observe(one);
        s.keeper.observe(two);
        s.keeper.all_observed();
        auto const first = co_await s.keeper.ensure(one, Purpose::check, s.soon());
        auto const second = co_await s.keeper.ensure(two, Purpose::check, s.soon());
        EXPECT_TRUE(first.result && second.result);
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
    Scene scene;
    tell(scene, [](Scene& s) -> Async<void> {
        auto check = check_named("hello");
        s.keeper.observe(check);
        s.keeper.all_observed();
        auto const before = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(before.result);
        check.spec.workflow.service_account = "other";
        check.spec.workflow.rbac_rules = {rule("pods", {"list"})};
        s.keeper.observe(check);
        co_await s.world.clock().sleep_for(1h);
        co_await expect_there(s, role, true, "its run may be a long one");
        auto const after = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(after.result);
        auto const other = co_await read(s, {"ClusterRole", "", "other-cluster-role"});
        EXPECT_EQ(other->rules, check.spec.workflow.rbac_rules);
        co_await s.world.clock().sleep_for(10min);
        co_await expect_there(s, role, false);
        check.spec.workflow.rbac_rules = {rule("pods", {"get"})};
        auto const edited = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(edited.result);
        auto const now = co_await read(s, {"ClusterRole", "", "other-cluster-role"});
        EXPECT_EQ(now->rules, check.spec.workflow.rbac_rules) << "at once, and no more than that";
    });
}

TEST(RbacKeeper, NothingIsNarrowedOrDeletedBeforeAllHealthChecksAreKnown) {
    Scene scene;
    auto wide = check_named("wide");
    wide.spec.workflow.rbac_rules = {rule("secrets", {"get"})};
    for (auto const& object : needed_rbac({&wide})) scene.server.put(object.object);
    auto orphan = check_named("orphan");
    orphan.spec.workflow.service_account = "orphan";
    for (auto const& object : needed_rbac({&orphan})) scene.server.put(object.object);
    tell(scene, [](Scene& s) -> Async<void> {
        auto const check = check_named("hello");
        auto const report = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(report.result);
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
    Scene scene;
    tell(scene, [](Scene& s) -> Async<void> {
        auto const check = check_named("hello");
        s.keeper.observe(check);
        s.keeper.all_observed();
        auto const report = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(report.result);
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
    Scene scene;
    tell(scene, [](Scene& s) -> Async<void> {
        auto const check = check_named("hello", with_remedy);
        s.keeper.observe(check);
        s.keeper.all_observed();
        auto const run = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(run.result);
        co_await s.world.clock().sleep_for(10min);
        co_await expect_there(s, fix_role, false);
        for (int i = 0; i < 3; ++i) {
            s.door.take();
            auto const remedy = co_await s.keeper.ensure(check, Purpose::remedy, s.soon());
            EXPECT_TRUE(remedy.result);
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
    Scene scene;
    tell(scene, [](Scene& s) -> Async<void> {
        auto const one = check_named("one", with_remedy);
        auto two = check_named("two", with_remedy);
        two.spec.remedy.rbac_rules = {rule("pods", {"delete"}), rule("nodes", {"patch"})};
        s.keeper.observe(one);
        s.keeper.observe(two);
        s.keeper.all_observed();
        auto const first = co_await s.keeper.ensure(one, Purpose::remedy, s.soon());
        auto const second = co_await s.keeper.ensure(two, Purpose::remedy, s.soon());
        EXPECT_TRUE(first.result && second.result);
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
    Scene scene;
    tell(scene, [](Scene& s) -> Async<void> {
        auto const check = check_named("hello");
        auto healer = check_named("healer", with_remedy);
        healer.spec.workflow.service_account = "healer-sa";
        healer.spec.remedy.service_account = "hello-sa";
        s.keeper.observe(check);
        s.keeper.observe(healer);
        s.keeper.all_observed();
        auto const run = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        auto const remedy = co_await s.keeper.ensure(healer, Purpose::remedy, s.soon());
        EXPECT_TRUE(run.result && remedy.result);
        auto const wide = co_await read(s, role);
        EXPECT_THAT(missing_rights({rule("pods", {"delete"})}, wide->rules), IsEmpty());
        co_await s.keeper.release(healer, s.soon());
        auto const narrow = co_await read(s, role);
        EXPECT_EQ(narrow->rules, default_rules(Purpose::check));
        co_await expect_there(s, account, true);
    });
}

TEST(RbacKeeper, ReleasingWhatIsGoneAlreadySucceedsAndWhatFailsIsSweptUp) {
    Scene scene;
    tell(scene, [](Scene& s) -> Async<void> {
        auto const check = check_named("hello", with_remedy);
        s.keeper.observe(check);
        s.keeper.all_observed();
        auto const remedy = co_await s.keeper.ensure(check, Purpose::remedy, s.soon());
        EXPECT_TRUE(remedy.result);
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
    Scene scene;
    auto check = check_named("hello", with_remedy);
    for (auto const& object : needed_rbac({&check})) scene.server.put(object.object);
    tell(scene, [](Scene& s) -> Async<void> {
        auto under_way = check_named("hello", with_remedy);
        under_way.status.current = CurrentWorkflow{.run = {.purpose = Purpose::remedy, .number = 1, .attempt = 1}};
        s.keeper.observe(under_way);
        s.keeper.all_observed();
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
    Scene scene;
    tell(scene, [](Scene& s) -> Async<void> {
        auto const check = check_named("hello", with_remedy);
        RbacKeeper late(s.world.executor(), s.client, s.world.clock(), s.world.random(), {});
        late.observe(check);
        late.all_observed();
        auto const remedy = co_await late.ensure(check, Purpose::remedy, s.soon());
        EXPECT_TRUE(remedy.result);
        auto adopted = check;
        adopted.status.current = CurrentWorkflow{.run = {.purpose = Purpose::remedy, .number = 1, .attempt = 1}};
        s.keeper.observe(adopted);
        s.keeper.all_observed();
        co_await s.world.clock().sleep_for(1s);
        co_await late.release(check, s.soon());
        co_await s.world.clock().sleep_for(1s);
        for (auto const& key : {fix_account, fix_role, fix_binding}) co_await expect_there(s, key, true);
    });
}

TEST(RbacKeeper, ANewTermBelievesNothingThatTheLastOneKnew) {
    Scene scene;
    auto const story = [](Scene& s) -> Async<void> {
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
            auto const remedy = co_await s.keeper.ensure(check, Purpose::remedy, s.soon());
            EXPECT_TRUE(remedy.result);
            co_await term.stop();
        }
        // Meanwhile another leader: its remedy ended, a HealthCheck went, and somebody broke a role.
        s.server.erase(rbac_resource("ClusterRole"), "", role.name);
        s.keeper.begin();
        s.keeper.observe(check);
        s.keeper.all_observed();
        TaskGroup term(s.world.executor());
        term.spawn(s.keeper.run());
        auto const run = co_await s.keeper.ensure(check, Purpose::check, s.soon());
        EXPECT_TRUE(run.result);
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
