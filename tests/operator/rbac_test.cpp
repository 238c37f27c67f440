// What HealthChecks claim, what rules allow, and what is done about objects that are there: tables, no API server.
// (Names and unions of needed_rbac: plan_test.cpp.)

#include "operator/checks.hpp"
#include "operator/rbac_ledger.hpp"
#include "operator/rbac_plan.hpp"

namespace vedette::op {
namespace {

namespace json = boost::json;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

PolicyRule rule(std::string const& resource, std::vector<std::string> verbs, std::string const& group = "") {
    return {.api_groups = {group}, .resources = {resource}, .verbs = std::move(verbs)};
}

std::vector<PolicyRule> const wildcards = {{.api_groups = {"*"}, .resources = {"*"}, .verbs = {"*"}}};

std::string with_remedy(std::string const& account, std::string const& rules = "") {
    return "  repeatAfterSec: 60\n  remedyworkflow: {generateName: fix-, " + rules +
           "resource: {namespace: health, serviceAccount: " + account + ", source: {inline: 'spec: {a: 1}'}}}\n";
}

// --- rights -------------------------------------------------------------------------------------------------------

TEST(RbacRights, AreComparedOneByOneSoThatSeveralRulesMayCoverOne) {
    struct Row {
        char const* what;
        std::vector<PolicyRule> wanted;
        std::vector<PolicyRule> held;
        std::vector<std::string> missing;
    };
    PolicyRule named = rule("secrets", {"get"});
    named.resource_names = {"a", "b"};
    PolicyRule only_a = named;
    only_a.resource_names = {"a"};
    PolicyRule only_b = named;
    only_b.resource_names = {"b"};
    for (auto const& row : std::vector<Row>{
             {"two rules hold a part each",
              {rule("pods", {"get", "list"})},
              {rule("pods", {"list"}), rule("pods", {"get"})},
              {}},
             {"names from two rules", {named}, {only_a, only_b}, {}},
             {"a name is missing", {named}, {only_a}, {"get secrets \"b\""}},
             {"every name is more than some", {rule("secrets", {"get"})}, {named}, {"get secrets"}},
             {"a resource is not its subresource",
              {rule("pods/log", {"get"})},
              {rule("pods", {"get"})},
              {"get pods/log"}},
             {"a star for the resource",
              {rule("deployments/scale", {"patch"}, "apps")},
              {rule("*/scale", {"patch"}, "apps")},
              {}},
             {"a star is more than all we know", {rule("*", {"get"}, "*")}, {rule("pods", {"get"})}, {"get *.*"}},
             {"a star of URLs",
              {{.non_resource_urls = {"/metrics/x"}, .verbs = {"get"}}},
              {{.non_resource_urls = {"/metrics/*"}, .verbs = {"get"}}},
              {}},
             {"resources are no URLs",
              {{.non_resource_urls = {"/metrics"}, .verbs = {"get"}}},
              wildcards,
              {"get /metrics"}},
         }) {
        SCOPED_TRACE(row.what);
        EXPECT_EQ(missing_rights(row.wanted, row.held), row.missing);
    }
}

TEST(RbacRights, ARefusalNamesWhatTheOperatorDoesNotHold) {
    EXPECT_THAT(rights_not_held(
                    "create ClusterRole x: clusterroles.rbac.authorization.k8s.io \"x\" is forbidden: user \"u\" "
                    "(groups=[\"g\" \"system:authenticated\"]) is attempting to grant RBAC permissions not currently "
                    "held:\n{APIGroups:[\"\"], Resources:[\"pods\" \"secrets\"], Verbs:[\"delete\"]}\n"
                    "{NonResourceURLs:[\"/x\"], Verbs:[\"get\"]} (Forbidden)"),
                ElementsAre("delete pods", "delete secrets", "get /x"));
    EXPECT_THAT(rights_not_held("get Role a/b: roles is forbidden: {Verbs:[\"get\"]}"), IsEmpty());
    EXPECT_THAT(rights_not_held("attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Verbs:["),
                IsEmpty());
}

TEST(RbacRights, RulesThatNoApiServerAcceptsAreKnownBeforehand) {
    EXPECT_FALSE(rule_mistake(rule("pods", {"get"}), false));
    EXPECT_THAT(*rule_mistake(rule("pods", {}), false), HasSubstr("no verbs"));
    EXPECT_THAT(*rule_mistake({.api_groups = {""}, .verbs = {"get"}}, true), HasSubstr("no resources"));
    EXPECT_THAT(*rule_mistake({.resources = {"pods"}, .verbs = {"get"}}, true), HasSubstr("no apiGroups"));
    PolicyRule url{.non_resource_urls = {"/x"}, .verbs = {"get"}};
    EXPECT_FALSE(rule_mistake(url, true));
    EXPECT_THAT(*rule_mistake(url, false), HasSubstr("only level cluster"));
    url.resources = {"pods"};
    EXPECT_THAT(*rule_mistake(url, true), HasSubstr("write two rules"));
}

TEST(RbacRights, RulesReadBackAsTheyWereWritten) {
    std::vector<PolicyRule> rules = default_rules(Purpose::remedy);
    rules.push_back({.non_resource_urls = {"/x"}, .verbs = {"get"}});
    rules[0].resource_names = {"web"};
    json::value const written = rules_object(rules);
    EXPECT_EQ(read_rules(&written), rules);
}

// --- the allow-list -----------------------------------------------------------------------------------------------

RbacAllowList allow(std::string const& text) {
    auto list = parse_rbac_allow_list(text, "allow.yaml");
    if (!list) throw std::runtime_error(list.error().text());
    return std::move(*list);
}

RbacPolicy bounded(std::string const& text) {
    return {.allow = allow(text)};
}

TEST(RbacAllowList, BoundsRulesAndLevelsAndNotTheDefaults) {
    auto const policy =
        bounded("levels: [namespace]\nrules:\n- {apiGroups: [''], resources: [pods], verbs: [get, list]}\n");
    auto defaults = check_of(hello("  repeatAfterSec: 60\n", "namespace"));
    EXPECT_FALSE(claims_of(defaults, Purpose::check, policy).refused);
    EXPECT_EQ(claims_of(defaults, Purpose::check, policy).claims.size(), 1u);

    auto inside = defaults;
    inside.spec.workflow.rbac_rules = {rule("pods", {"list"})};
    EXPECT_FALSE(claims_of(inside, Purpose::check, policy).refused);

    auto outside = defaults;
    outside.spec.workflow.rbac_rules = {rule("pods", {"list"}), rule("secrets", {"get"})};
    auto const refused = claims_of(outside, Purpose::check, policy);
    EXPECT_THAT(refused.claims, IsEmpty());
    ASSERT_TRUE(refused.refused);
    EXPECT_EQ(refused.refused->reason, "RBACNotAllowed");
    EXPECT_EQ(
        refused.refused->message,
        "spec.workflow.rbacRules asks for get secrets, which the operator's allow-list (allow.yaml) does not hold");

    auto const cluster = claims_of(check_of(hello()), Purpose::check, policy);
    ASSERT_TRUE(cluster.refused);
    EXPECT_THAT(cluster.refused->message, HasSubstr("level cluster is not allowed"));
}

TEST(RbacAllowList, RefusingOneHealthCheckLeavesTheOthersNeeds) {
    auto const good = check_of(hello());
    auto bad = check_of(hello("  repeatAfterSec: 60\n", "cluster", "bad"));
    bad.spec.workflow.rbac_rules = {rule("secrets", {"get"})};
    auto const objects = needed_rbac({&good, &bad}, bounded("rules: []\n"));
    ASSERT_EQ(objects.size(), 3u);
    EXPECT_THAT(objects[1].needed_by, ElementsAre("health/hello"));
    EXPECT_EQ(objects[1].rules, default_rules(Purpose::check));
}

TEST(RbacAllowList, MistakesAreToldWithTheirPlace) {
    struct Row {
        char const* text;
        char const* error;
    };
    for (auto const& row : std::vector<Row>{
             {"rules:\n- {apiGroups: [''], resource: [pods], verbs: [get]}\n",
              "a.yaml:2:21: a rule has no key resource; its keys are apiGroups, resources,"},
             {"level: [cluster]\n", "a.yaml:1:1: the allow-list has no key level"},
             {"levels: [cluster, Namespace]\n", "a.yaml:1:9: a level is cluster or namespace, not Namespace"},
             {"rules:\n- {apiGroups: [''], resources: pods, verbs: [get]}\n",
              "a.yaml:2:32: resources is a list of strings, not a string"},
             {"rules:\n- {apiGroups: [''], resources: [pods], verbs: [get, 1]}\n",
              "a.yaml:2:53: verbs is a list of strings; quote this one"},
             {"rules:\n- {resources: [pods], verbs: [get]}\n", "a.yaml:2:3: the rule has no apiGroups"},
             {"rules: {}\n", "a.yaml:1:8: rules is a list, not a mapping"},
             {"[]\n", "a.yaml:1:1: the allow-list is a mapping, not a sequence"},
             {"rules: [\n", "a.yaml:"},
         }) {
        SCOPED_TRACE(row.text);
        auto const list = parse_rbac_allow_list(row.text, "a.yaml");
        ASSERT_FALSE(list);
        EXPECT_THAT(list.error().text(), testing::StartsWith(row.error));
    }
}

TEST(RbacAllowList, WithoutLevelsBothAreAllowedAndWithNoneNeitherIs) {
    EXPECT_TRUE(allow("rules: []").cluster_level);
    EXPECT_TRUE(allow("rules: []").namespace_level);
    auto const none = allow("levels: []");
    EXPECT_THAT(*refusal(none, Level::ns), HasSubstr("which allows none"));
    EXPECT_TRUE(refusal(none, Level::cluster));
}

// --- claims -------------------------------------------------------------------------------------------------------

TEST(RbacClaims, ARemedyOnTheChecksAccountGetsOneOfItsOwn) {
    auto const check = check_of(hello(with_remedy("hello-sa")));
    EXPECT_EQ(claims_of(check, Purpose::remedy).claims.at(0).account, "hello-sa-remedy");
    EXPECT_EQ(claims_of(check, Purpose::check).claims.at(0).account, "hello-sa");
}

TEST(RbacClaims, RulesThatNoApiServerAcceptsSpoilNobodyElsesRole) {
    auto const good = check_of(hello("  repeatAfterSec: 60\n", "namespace"));
    auto bad = check_of(hello("  repeatAfterSec: 60\n", "namespace", "bad"));
    bad.spec.workflow.rbac_rules = {{.non_resource_urls = {"/healthz"}, .verbs = {"get"}}};
    auto const refused = claims_of(bad, Purpose::check).refused;
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->reason, "RBACInvalid");
    EXPECT_THAT(refused->message, HasSubstr("spec.workflow.rbacRules[0] names nonResourceURLs"));
    EXPECT_THAT(needed_rbac({&good, &bad})[1].needed_by, ElementsAre("health/hello"));
}

TEST(RbacClaims, ChecksOfTheCatalogueClaimWhatTheyReadForTheirAccountInTheirNamespace) {
    HealthCheck check{.ns = "shop", .name = "native"};
    check.spec.level_text = "namespace";
    check.spec.checks.push_back({{"type", "pods-ready"}});
    check.spec.service_account_name = "reader";
    RbacPolicy const policy{.extra_rules = [](HealthCheck const&) { return std::vector{rule("pods", {"list"})}; }};
    auto const claims = claims_of(check, Purpose::check, policy).claims;
    EXPECT_EQ(claims, (std::vector<RbacClaim>{{"reader", "shop", false, {rule("pods", {"list"})}}}));
    EXPECT_THAT(claims_of(check, Purpose::check).claims, IsEmpty()) << "without the hook nothing is known";
}

TEST(RbacClaims, TheReferencesWildcardsComeBackByOption) {
    auto const check = check_of(hello());
    auto const rules = claims_of(check, Purpose::check, {.reference_defaults = true}).claims.at(0).rules;
    EXPECT_THAT(missing_rights({rule("anything", {"get", "list", "watch"}, "any.group")}, rules), IsEmpty());
    EXPECT_THAT(missing_rights({rule("pods", {"delete"})}, rules), ElementsAre("delete pods"));
}

TEST(RbacClaims, ANameTellsItsAccount) {
    EXPECT_EQ(account_of("ServiceAccount", "a"), "a");
    EXPECT_EQ(account_of("ClusterRole", "a-cluster-role"), "a");
    EXPECT_EQ(account_of("ClusterRoleBinding", "a-cluster-role-binding"), "a");
    EXPECT_EQ(account_of("Role", "a-ns-role"), "a");
    EXPECT_EQ(account_of("RoleBinding", "a-ns-role-binding"), "a");
    EXPECT_FALSE(account_of("ClusterRole", "cluster-admin"));
    EXPECT_FALSE(account_of("Role", "-ns-role"));
}

TEST(RbacLedger, TellsWhoseNeedsChangedAndForgetsNobodyTwice) {
    using For = RbacLedger::For;
    RbacLedger ledger;
    RbacClaim const pods{"sa", "health", true, {rule("pods", {"get"})}};
    RbacClaim const jobs{"sa", "health", true, {rule("jobs", {"get"}, "batch")}};
    EXPECT_THAT(ledger.set("a", For::checks, {pods}), ElementsAre("sa"));
    EXPECT_THAT(ledger.set("a", For::checks, {pods}), IsEmpty()) << "the same again";
    EXPECT_THAT(ledger.set("b", For::checks, {pods}), IsEmpty()) << "others need it already";
    EXPECT_THAT(ledger.set("b", For::running_check, {jobs}), ElementsAre("sa"));
    EXPECT_EQ(ledger.of("sa").size(), 2u);
    EXPECT_THAT(ledger.forget("a"), IsEmpty()) << "b still needs it";
    EXPECT_THAT(ledger.forget("a"), IsEmpty());
    EXPECT_THAT(ledger.set("b", For::running_check, {}), ElementsAre("sa"));
    EXPECT_THAT(ledger.accounts("b"), ElementsAre("sa"));
    EXPECT_THAT(ledger.forget("b"), ElementsAre("sa"));
    EXPECT_TRUE(ledger.claims_nothing("sa"));
    EXPECT_THAT(ledger.accounts("b"), IsEmpty());
}

TEST(RbacLedger, IsForgottenBitByBit) {
    RbacLedger ledger;
    RbacClaim const shared{"sa", "health", true, {rule("pods", {"get"})}};
    for (int i = 0; i < 10; ++i) ledger.set(fmt::format("u{}", i), RbacLedger::For::checks, {shared});
    EXPECT_TRUE(ledger.forget_some(9));
    EXPECT_EQ(ledger.of("sa").size(), 1u) << "one still needs it";
    EXPECT_FALSE(ledger.forget_some(9));
    EXPECT_TRUE(ledger.claims_nothing("sa"));
}

// --- the plan -----------------------------------------------------------------------------------------------------

enum class Whose { ours, reference, foreign };

FoundRbac found(RbacObject const& object, Whose whose = Whose::ours) {
    auto copy = object.object;
    auto& metadata = copy["metadata"].get_object();
    metadata["uid"] = "u-" + object.name;
    metadata["resourceVersion"] = "7";
    if (whose != Whose::ours) metadata.erase("annotations");
    if (whose == Whose::foreign) metadata.erase("labels");
    return found_rbac(object.kind, copy);
}

std::map<RbacKey, FoundRbac> all_found(std::vector<RbacObject> const& objects, Whose whose = Whose::ours) {
    std::map<RbacKey, FoundRbac> all;
    for (auto const& object : objects) all.emplace(key_of(object), found(object, whose));
    return all;
}

std::vector<std::string> lines(RbacPlan const& plan) {
    std::vector<std::string> lines;
    for (auto const& action : plan.actions) {
        lines.push_back(fmt::format("{} {}", to_string(action.kind), to_string(action.key)));
    }
    for (auto const& note : plan.notes) lines.push_back(note.reason);
    if (plan.blocked) lines.push_back("blocked " + plan.blocked->reason);
    return lines;
}

struct RbacPlanTest : testing::Test {
    HealthCheck check = check_of(hello());
    std::vector<RbacObject> needed = needed_rbac({&check});
    std::map<RbacKey, FoundRbac> there = all_found(needed);
    RbacPlanOptions options{.complete = true};

    FoundRbac& role() { return there.at({"ClusterRole", "", "hello-sa-cluster-role"}); }
    FoundRbac& binding() { return there.at({"ClusterRoleBinding", "", "hello-sa-cluster-role-binding"}); }
    RbacPlan plan() const { return plan_rbac(needed, there, options); }
};

TEST_F(RbacPlanTest, CreatesWhatIsMissingInOrderAndWithLabelAndAnnotation) {
    there.clear();
    auto const created = plan();
    EXPECT_THAT(lines(created),
                ElementsAre("create ServiceAccount health/hello-sa", "create ClusterRole hello-sa-cluster-role",
                            "create ClusterRoleBinding hello-sa-cluster-role-binding"));
    for (auto const& action : created.actions) {
        auto const made = found_rbac(action.key.kind, action.body);
        EXPECT_TRUE(made.ours()) << to_string(action.key);
    }
}

TEST_F(RbacPlanTest, WhatIsRightIsLeftAloneInWhateverWordsItSaysSo) {
    EXPECT_THAT(lines(plan()), IsEmpty());
    std::vector<PolicyRule> single;
    for (auto const& each : role().rules) {
        for (auto const& verb : each.verbs) {
            single.push_back(each);
            single.back().verbs = {verb};
        }
    }
    role().rules = single;
    EXPECT_THAT(lines(plan()), IsEmpty());
}

TEST_F(RbacPlanTest, DriftOfOursIsRepairedBothWays) {
    role().rules.pop_back();
    auto patched = plan();
    EXPECT_THAT(lines(patched), ElementsAre("patch ClusterRole hello-sa-cluster-role"));
    EXPECT_EQ(read_rules(patched.actions[0].body.if_contains("rules")), default_rules(Purpose::check));
    EXPECT_EQ(patched.actions[0].body.at("metadata").at("resourceVersion"), "7");

    role().rules = wildcards;
    EXPECT_THAT(lines(plan()), ElementsAre("patch ClusterRole hello-sa-cluster-role"));

    role() = found(needed[1]);
    binding().subjects.clear();
    EXPECT_THAT(lines(plan()), ElementsAre("patch ClusterRoleBinding hello-sa-cluster-role-binding"));
}

TEST_F(RbacPlanTest, BeforeAllIsKnownRightsAreOnlyAdded) {
    options.complete = false;
    role().rules = wildcards;
    binding().subjects.push_back({"ServiceAccount", "", "elsewhere", "hello-sa"});
    EXPECT_THAT(lines(plan()), IsEmpty());
    role().rules = {rule("secrets", {"get"})};
    auto const patched = plan();
    EXPECT_THAT(lines(patched), ElementsAre("patch ClusterRole hello-sa-cluster-role"));
    EXPECT_THAT(missing_rights({rule("secrets", {"get"})}, read_rules(patched.actions[0].body.if_contains("rules"))),
                IsEmpty());
    needed.clear();
    EXPECT_THAT(lines(plan()), IsEmpty()) << "and nothing is deleted";
}

TEST_F(RbacPlanTest, ARoleRefCannotBeChangedSoTheBindingIsMadeAnew) {
    binding().role_name = "cluster-admin";
    EXPECT_THAT(lines(plan()), ElementsAre("delete ClusterRoleBinding hello-sa-cluster-role-binding",
                                           "create ClusterRoleBinding hello-sa-cluster-role-binding"));
}

TEST_F(RbacPlanTest, WhatTheReferenceMadeAsWeWouldBecomesOurs) {
    there = all_found(needed, Whose::reference);
    auto const adopted = plan();
    EXPECT_THAT(lines(adopted),
                ElementsAre("patch ServiceAccount health/hello-sa", "patch ClusterRole hello-sa-cluster-role",
                            "patch ClusterRoleBinding hello-sa-cluster-role-binding"));
    for (auto const& action : adopted.actions) {
        EXPECT_EQ(action.body.at("metadata").at("annotations").at(managed_annotation), "true");
        EXPECT_FALSE(action.body.contains("rules"));
        EXPECT_FALSE(action.required) << "it ran before";
    }
    options.complete = false;
    EXPECT_THAT(lines(plan()), IsEmpty()) << "not before all needs are known";
}

TEST_F(RbacPlanTest, TheReferencesNarrowDefaultsAreCompletedForArgosExecutor) {
    there = all_found(needed, Whose::reference);
    role().rules.pop_back();  // its defaults lack workflowtaskresults
    auto const adopted = plan();
    EXPECT_THAT(missing_rights({rule("workflowtaskresults", {"create", "patch"}, "argoproj.io")},
                               read_rules(adopted.actions.at(1).body.if_contains("rules"))),
                IsEmpty());
    EXPECT_TRUE(adopted.actions.at(1).body.at("metadata").get_object().contains("annotations"));
}

TEST_F(RbacPlanTest, WiderRightsOfTheReferenceStayAndAreReportedUntilNarrowed) {
    there = all_found(needed, Whose::reference);
    role().rules = wildcards;
    binding().subjects.push_back({"User", "rbac.authorization.k8s.io", "", "bob"});
    auto const kept = plan();
    EXPECT_THAT(lines(kept),
                ElementsAre("patch ServiceAccount health/hello-sa", "RBACWiderThanNeeded", "RBACWiderThanNeeded"));
    EXPECT_EQ(kept.notes[0].message,
              "ClusterRole hello-sa-cluster-role allows more than its HealthChecks need: * *.*; it stays until "
              "--rbac-adopt=narrow");
    EXPECT_THAT(kept.notes[1].message, HasSubstr("User bob"));

    options.narrow = true;
    auto const narrowed = plan();
    EXPECT_THAT(narrowed.notes, IsEmpty());
    EXPECT_EQ(read_rules(narrowed.actions.at(1).body.if_contains("rules")), default_rules(Purpose::check));
    EXPECT_EQ(narrowed.actions.at(2).body.at("subjects").as_array().size(), 1u);
}

TEST_F(RbacPlanTest, WiderButIncompleteRightsOfTheReferenceAreCompletedAndKept) {
    there = all_found(needed, Whose::reference);
    role().rules = default_rules(Purpose::check, true);  // get, list, watch of everything
    auto const plan_now = plan();
    EXPECT_THAT(lines(plan_now), Contains("RBACWiderThanNeeded"));
    auto const rules = read_rules(plan_now.actions.at(1).body.if_contains("rules"));
    EXPECT_THAT(missing_rights(default_rules(Purpose::check, true), rules), IsEmpty());
    EXPECT_THAT(missing_rights({rule("workflowtaskresults", {"create"}, "argoproj.io")}, rules), IsEmpty());
    EXPECT_FALSE(plan_now.actions.at(1).body.at("metadata").get_object().contains("annotations"));
}

TEST_F(RbacPlanTest, ForeignObjectsAreNeverTouchedAndOnlyJudged) {
    there = all_found(needed, Whose::foreign);
    EXPECT_THAT(lines(plan()), IsEmpty());
    role().rules = wildcards;
    EXPECT_THAT(lines(plan()), IsEmpty()) << "what others grant is their business";
    role().rules = {rule("pods", {"get"})};
    binding().subjects.clear();
    options.narrow = true;
    auto const judged = plan();
    EXPECT_THAT(lines(judged), ElementsAre("RBACNarrowerThanNeeded", "RBACNarrowerThanNeeded"));
    EXPECT_THAT(judged.notes[0].message,
                HasSubstr("is left as it is, and lacks create workflowtaskresults.argoproj.io"));
    EXPECT_THAT(judged.notes[1].message, HasSubstr("ServiceAccount health/hello-sa"));
    needed.clear();
    EXPECT_THAT(lines(plan()), IsEmpty());
}

TEST_F(RbacPlanTest, OnlyWhatIsOursIsDeletedAndRightsGoFirst) {
    auto local = check_of(hello("  repeatAfterSec: 60\n", "namespace"));
    there = all_found(needed_rbac({&check, &local}));
    there.at({"Role", "health", "hello-sa-ns-role"}).annotated = false;                // the reference's
    there.at({"RoleBinding", "health", "hello-sa-ns-role-binding"}).labelled = false;  // somebody took it over
    needed.clear();
    EXPECT_THAT(lines(plan()),
                ElementsAre("delete ClusterRoleBinding hello-sa-cluster-role-binding",
                            "delete ClusterRole hello-sa-cluster-role", "delete ServiceAccount health/hello-sa"));
    EXPECT_EQ(plan().actions[0].uid, "u-hello-sa-cluster-role-binding");
    EXPECT_EQ(plan().actions[0].resource_version, "7");
}

TEST_F(RbacPlanTest, VerifyChangesNothingAndSaysWhatIsMissing) {
    options.mode = RbacMode::verify;
    options.narrow = true;
    there = all_found(needed, Whose::reference);
    role().rules = wildcards;
    EXPECT_THAT(lines(plan()), ElementsAre("RBACWiderThanNeeded"));
    there.erase({"ClusterRole", "", "hello-sa-cluster-role"});
    EXPECT_THAT(lines(plan()), ElementsAre("RBACMissing"));
    there.clear();
    auto const missing = plan();
    EXPECT_THAT(lines(missing), AllOf(Contains("blocked RBACMissing"), Not(Contains(HasSubstr("create")))));
    EXPECT_THAT(missing.blocked->message, HasSubstr("ServiceAccount health/hello-sa does not exist"));
    there = all_found(needed);
    needed.clear();
    EXPECT_THAT(lines(plan()), IsEmpty());
    options.mode = RbacMode::off;
    needed = needed_rbac({&check});
    there.clear();
    EXPECT_THAT(lines(plan()), IsEmpty());
}

TEST_F(RbacPlanTest, WhatIsBeingDeletedIsWaitedFor) {
    role().terminating = true;
    EXPECT_THAT(lines(plan()), ElementsAre("blocked RBACTerminating"));
}

TEST_F(RbacPlanTest, ARoleBindingsSubjectWithoutNamespaceIsTheOneWithItsNamespace) {
    check = check_of(hello("  repeatAfterSec: 60\n", "namespace"));
    needed = needed_rbac({&check});
    there = all_found(needed);
    EXPECT_EQ(there.at({"RoleBinding", "health", "hello-sa-ns-role-binding"}).subjects.at(0).ns, "health");
    EXPECT_THAT(lines(plan()), IsEmpty());
    there.at({"RoleBinding", "health", "hello-sa-ns-role-binding"}).subjects.clear();
    auto const patched = plan();
    EXPECT_EQ(patched.actions.at(0).body.at("subjects"),
              (json::array{{{"kind", "ServiceAccount"}, {"name", "hello-sa"}}}));
}

}  // namespace
}  // namespace vedette::op
