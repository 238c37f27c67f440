// What a plan warns of beyond the single HealthCheck: names that come twice, rights that nobody can hand out, what of a
// remedy is wrong, what was not read.

#include "operator/checks.hpp"
#include "operator/plan.hpp"

namespace vedette::op {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<ManifestCheck> in_file(std::string const& text, std::string_view name) {
    return read_manifests(text, name, "default").value().checks;
}

std::vector<ManifestCheck> both(std::vector<ManifestCheck> first, std::vector<ManifestCheck> second) {
    for (auto& each : second) first.push_back(std::move(each));
    return first;
}

std::vector<std::string> problems_of(Plan const& plan, std::size_t index = 0) {
    return op::problems_of(ManifestCheck{.problems = plan.checks.at(index).problems});
}

// --- the same name twice --------------------------------------------------------------------------------------------

TEST(PlanDuplicates, OnlyTheLastCountsAndTheOthersAreNamed) {
    auto other_account = hello("  repeatAfterSec: 10\n");
    other_account.replace(other_account.find("hello-sa"), 8, "gone-sa");
    auto const files = both(in_file(other_account, "a.yaml"), in_file(hello(), "b.yaml"));
    auto const plan = make_plan({}, files, now);
    ASSERT_EQ(plan.checks.size(), 1u);
    auto const& only = plan.checks[0];
    EXPECT_EQ(only.where, "b.yaml:1");
    EXPECT_THAT(problems_of(plan), ElementsAre("error DuplicateName"));
    EXPECT_EQ(only.problems[0].message, "health/hello is also in a.yaml:1: only the last would be applied");
    EXPECT_EQ(plan.errors, 1u);
    EXPECT_DOUBLE_EQ(only.runs_per_hour, 60) << "it can run";
    EXPECT_FALSE(only.next_slots.empty());
    EXPECT_DOUBLE_EQ(plan.after.workflows_per_hour, 60);
    EXPECT_EQ(plan.after.rbac_objects, 3);
    for (auto const& change : plan.rbac) EXPECT_THAT(change.name, testing::StartsWith("hello-sa"));
    EXPECT_EQ(plan.narrower_than_reference.size(), 1u);
}

TEST(PlanDuplicates, AreFoundInOneFileInListsAndByTheNamespaceThatIsNotWritten) {
    std::string const one = "{apiVersion: activemonitor.keikoproj.io/v1alpha1, kind: HealthCheck, metadata: {name: a";
    auto const list = "apiVersion: v1\nkind: List\nitems:\n- " + one + "}}\n- " + one + ", namespace: default}}\n- " +
                      one + ", namespace: other}}\n";
    auto const plan = make_plan({}, in_file("x: y\n---\n" + list, "l.yaml"), now);
    ASSERT_EQ(plan.checks.size(), 2u);
    EXPECT_EQ(plan.checks[0].where, "l.yaml:7");
    EXPECT_THAT(plan.checks[0].problems.back().message, HasSubstr("default/a is also in l.yaml:6: only"));
    EXPECT_NE(plan.checks[1].problems.back().reason, "DuplicateName");
}

TEST(PlanDuplicates, OfTheOldFilesAreNoConcernButCountOnce) {
    auto const plan =
        make_plan(manifests(hello("  repeatAfterSec: 10\n") + "---\n" + hello()), manifests(hello()), now);
    EXPECT_EQ(plan.errors, 0u);
    EXPECT_EQ(plan.checks.at(0).change, PlannedCheck::Change::unchanged);
    EXPECT_DOUBLE_EQ(plan.before.workflows_per_hour, 60);
}

TEST(PlanDuplicates, ManyAreNamedBriefly) {
    std::vector<ManifestCheck> all;
    for (int i = 0; i < 9; ++i) all = both(std::move(all), in_file(hello(), fmt::format("{}.yaml", i)));
    EXPECT_EQ(
        make_plan({}, all, now).checks.at(0).problems.at(0).message,
        "health/hello is also in 0.yaml:1, 1.yaml:1, 2.yaml:1, 3.yaml:1, 4.yaml:1 and 3 more: only the last would "
        "be applied");
}

// --- rights beyond those that the operator holds --------------------------------------------------------------------

PolicyRule const secrets{.api_groups = {""}, .resources = {"secrets"}, .verbs = {"get"}};
std::string const remedy =
    "  remedyworkflow: {generateName: fix-, resource: {namespace: health, serviceAccount: fix-sa, source: {inline: "
    "'spec: {a: 1}'}}}\n";

std::vector<std::string> warnings_of(std::vector<ManifestCheck> const& checks, PlanOptions const& options = {}) {
    std::vector<std::string> fields;
    auto const plan = make_plan({}, checks, now, options);
    EXPECT_EQ(plan.errors, 0u);
    for (auto const& problem : plan.checks.at(0).problems) {
        if (problem.reason == "RBACNotGranted") fields.push_back(problem.field);
    }
    return fields;
}

TEST(PlanGrants, RightsBeyondTheShippedOnesAreNamedForCheckAndRemedy) {
    for (auto const* level : {"cluster", "namespace"}) {
        SCOPED_TRACE(level);
        auto checks = manifests(hello("  repeatAfterSec: 60\n" + remedy, level));
        auto& spec = checks[0].check.spec;
        EXPECT_THAT(warnings_of(checks), IsEmpty()) << "the default rules";
        spec.workflow.rbac_rules = {secrets, default_rules(Purpose::check).front()};
        EXPECT_THAT(warnings_of(checks), ElementsAre("spec.workflow.rbacRules"));
        EXPECT_EQ(make_plan({}, checks, now).checks[0].problems[0].message,
                  "spec.workflow.rbacRules: health/hello-sa needs get secrets, which the shipped ClusterRole "
                  "activemonitor-controller-grants does not hold: add what is missing to it (docs/operator.md, Rights) "
                  "or the operator says RBACNotGranted");
        spec.remedy.rbac_rules = {secrets};
        EXPECT_THAT(warnings_of(checks), ElementsAre("spec.workflow.rbacRules", "spec.remedyworkflow.rbacRules"));
        EXPECT_FALSE(make_plan({}, checks, now).checks[0].next_slots.empty());
    }
}

TEST(PlanGrants, WhatTheOperatorHoldsForItselfItCanHandOut) {
    auto checks = manifests(hello());
    checks[0].check.spec.workflow.rbac_rules = {
        {.api_groups = {""}, .resources = {"serviceaccounts"}, .verbs = {"list"}}};
    EXPECT_THAT(warnings_of(checks), IsEmpty());
}

TEST(PlanGrants, TheWildcardsOfTheReferenceAreBeyondThemAndSoMayBeWhatChecksRead) {
    PlanOptions options;
    options.policy.reference_defaults = true;
    EXPECT_THAT(warnings_of(manifests(hello()), options), ElementsAre("spec.workflow.rbacRules"));
    auto const native = [](std::string const& type) {
        return manifests(
            "apiVersion: activemonitor.keikoproj.io/v1alpha1\nkind: HealthCheck\nmetadata: {name: a}\n"
            "spec: {level: cluster, repeatAfterSec: 60, serviceAccountName: a, checks: [{type: " +
            type + "}]}\n");
    };
    EXPECT_THAT(warnings_of(native("nodes-ready")), IsEmpty());
    EXPECT_THAT(warnings_of(native("pv-phase")), ElementsAre("spec.checks"));
}

// --- what stops a check, and what only its remedy -------------------------------------------------------------------

TEST(PlanStops, AnErrorOfTheRemedyStopsTheCheckAsItDoesInTheOperator) {
    auto const plan =
        make_plan({}, manifests(hello("  repeatAfterSec: 60\n  remedyworkflow: {generateName: fix-}\n")), now);
    EXPECT_THAT(problems_of(plan), ElementsAre("error RemedyResourceMissing"));
    EXPECT_FALSE(plan.checks[0].problems[0].stops_remedy);
    EXPECT_DOUBLE_EQ(plan.checks[0].runs_per_hour, 0);
    EXPECT_THAT(plan.checks[0].next_slots, IsEmpty());
    EXPECT_DOUBLE_EQ(plan.after.workflows_per_hour, 0);
    EXPECT_EQ(plan.errors, 1u);
}

TEST(PlanStops, WhatStopsTheRemedyAloneIsAnErrorAndTheCheckRuns) {
    struct Row {
        std::string remedy;
        std::string want;
    };
    for (auto const& row : std::vector<Row>{
             {"{generateName: FIX-, resource: {namespace: health, serviceAccount: s, source: {inline: 'spec: {a: "
              "1}'}}}",
              "error GenerateNameInvalid"},
             {"{generateName: fix-, resource: {namespace: health, serviceAccount: s, source: {inline: '[a]'}}}",
              "error WorkflowInvalid"},
             {"{generateName: fix-, resource: {namespace: health, serviceAccount: s, source: {file: {path: a}}}}",
              "error SourceFailed"},
             {"{generateName: fix-, rbacRules: [{resources: [pods], verbs: [get]}], resource: {namespace: health, "
              "serviceAccount: s, source: {inline: 'spec: {a: 1}'}}}",
              "error RBACInvalid"},
         }) {
        SCOPED_TRACE(row.remedy);
        auto const text = hello("  repeatAfterSec: 60\n  remedyworkflow: " + row.remedy + "\n");
        auto const plan = make_plan({}, manifests(text), now);
        EXPECT_THAT(problems_of(plan), ElementsAre(row.want));
        EXPECT_TRUE(plan.checks[0].problems.at(0).stops_remedy);
        EXPECT_EQ(plan.errors, 1u);
        EXPECT_DOUBLE_EQ(plan.checks[0].runs_per_hour, 60);
        EXPECT_FALSE(plan.checks[0].next_slots.empty());
        EXPECT_THAT(plan.remedies, IsEmpty());
    }
}

TEST(PlanStops, AnErrorElsewhereHidesNoneOfTheTexts) {
    auto const plan =
        make_plan({}, manifests(hello("  repeatAfterSec: 60\n", "Cluster", "a", "\n          [a]\n")), now);
    EXPECT_THAT(problems_of(plan), ElementsAre("error LevelInvalid", "error WorkflowInvalid"));
}

// --- the operator's time zone ---------------------------------------------------------------------------------------

TEST(PlanTimeZone, CronsWithoutAZoneRunInTheOperatorsWhichIsUtcUnlessItIsSaid) {
    using std::chrono::hours;
    auto const noon = std::chrono::floor<std::chrono::days>(now) + hours(12);
    struct Row {
        std::string cron;
        std::string zone;
        WallTime want;
    };
    for (auto const& row : std::vector<Row>{
             {"0 12 * * *", "UTC", noon},
             {"0 12 * * *", "Europe/Berlin", noon - hours(1)},
             {"0 12 * * *", "America/New_York", noon + hours(5)},
             {"TZ=Local 0 12 * * *", "Europe/Berlin", noon - hours(1)},
             {"CRON_TZ=Europe/Berlin 0 12 * * *", "America/New_York", noon - hours(1)},
             {"TZ=UTC 0 12 * * *", "America/New_York", noon},
             {"@daily", "America/New_York", noon + hours(17)},
         }) {
        SCOPED_TRACE(row.cron + " in " + row.zone);
        PlanOptions options;
        options.time_zone = TimeZone::named(row.zone).value();
        auto checks = manifests(hello("  schedule: {cron: \"" + row.cron + "\"}\n"));
        auto const plan = make_plan(checks, checks, now, options);
        EXPECT_THAT(plan.checks.at(0).next_slots, ElementsAre(row.want));
        EXPECT_THAT(plan.checks[0].changed_fields, IsEmpty());
        EXPECT_DOUBLE_EQ(plan.checks[0].runs_per_hour, 1 / 24.0);
    }
    EXPECT_EQ(PlanOptions{}.time_zone, TimeZone::utc());
}

TEST(PlanTimeZone, ChangedFieldsShowTheCronAsItIsWritten) {
    auto const plan = make_plan(manifests(hello("  schedule: {cron: \"@daily\"}\n")),
                                manifests(hello("  schedule: {cron: \"0 4 * * *\"}\n")), now);
    EXPECT_THAT(plan.checks.at(0).changed_fields, ElementsAre("schedule.cron: @daily -> 0 4 * * *"));
}

// --- what else is among the files -----------------------------------------------------------------------------------

TEST(PlanUnread, EachIsAWarning) {
    PlanOptions options;
    options.unread = {{.what = "Healthcheck health/dns", .message = "not read", .where = "a.yaml:1"}};
    auto const plan = make_plan({}, manifests(hello()), now, options);
    EXPECT_EQ(plan.warnings, 1u);
    ASSERT_EQ(plan.unread.size(), 1u);
    EXPECT_EQ(plan.unread[0].where, "a.yaml:1");
}

TEST(PlanPolicy, ANamespaceWithoutAnyHealthCheckIsAWarning) {
    auto const plan_under = [](std::string const& data) {
        PlanOptions options;
        auto const text = fmt::format(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: vedette-remedy-policy, namespace: health}}\n"
            "data: {{{}}}\n",
            data);
        options.remedy_policy = read_manifests(text, "p.yaml", "default").value().policies.at(0);
        return make_plan(manifests(hello()), manifests(hello()), now, options);
    };
    auto const plan = plan_under("namespace.helth.enabled: 'false', namespace.health.dryRun: 'true'");
    EXPECT_EQ(plan.errors, 0u);
    EXPECT_EQ(plan.warnings, 1u);
    auto const& problem = plan.policy->problems.at(0);
    EXPECT_EQ(problem.field, "data.namespace.helth");
    EXPECT_EQ(problem.message, "namespace.helth: no HealthCheck of these files is there; did you mean \"health\"?");
    EXPECT_EQ(plan_under("namespace.health.enabled: 'false'").warnings, 0u);
}

}  // namespace
}  // namespace vedette::op
