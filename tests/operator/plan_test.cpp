// RBAC objects and the plan as a whole.

#include "operator/plan.hpp"

#include "base/json.hpp"
#include "operator/checks.hpp"

namespace vedette::op {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string const remedy =
    "  remedyworkflow: {generateName: fix-, resource: {namespace: health, serviceAccount: fix-sa, source: {inline: "
    "'spec: {a: 1}'}}}\n";

std::vector<std::string> names_of(std::vector<RbacObject> const& objects) {
    std::vector<std::string> names;
    for (auto const& object : objects) names.push_back(object.kind + " " + object.ns + "/" + object.name);
    return names;
}

TEST(Rbac, NamesAreTheReferencesAndTheOrderIsThatOfCreation) {
    auto const cluster = check_of(hello());
    EXPECT_THAT(names_of(needed_rbac({&cluster})),
                ElementsAre("ServiceAccount health/hello-sa", "ClusterRole /hello-sa-cluster-role",
                            "ClusterRoleBinding /hello-sa-cluster-role-binding"));
    auto const local = check_of(hello("  repeatAfterSec: 60\n" + remedy, "namespace"));
    EXPECT_THAT(
        names_of(needed_rbac({&local})),
        ElementsAre("ServiceAccount health/fix-sa", "ServiceAccount health/hello-sa", "Role health/fix-sa-ns-role",
                    "Role health/hello-sa-ns-role", "RoleBinding health/fix-sa-ns-role-binding",
                    "RoleBinding health/hello-sa-ns-role-binding"));
    auto const binding = needed_rbac({&local}).back().object;
    EXPECT_EQ(binding.at("subjects"), (boost::json::array{{{"kind", "ServiceAccount"}, {"name", "hello-sa"}}}));
    EXPECT_EQ(get_string(binding.at("metadata").at("labels").at(managed_by_label), ""), managed_by_value);
}

TEST(Rbac, ChecksThatShareAnAccountShareTheUnionOfTheirRules) {
    auto one = check_of(hello());
    auto two = check_of(hello("  repeatAfterSec: 60\n", "cluster", "two"));
    two.spec.workflow.ns = "other";
    two.spec.workflow.rbac_rules = {{.api_groups = {"batch"}, .resources = {"jobs"}, .verbs = {"create"}}};
    auto const objects = needed_rbac({&one, &two});
    ASSERT_EQ(objects.size(), 4u);
    EXPECT_EQ(objects[2].rules.size(), default_rules(Purpose::check).size() + 1);
    EXPECT_EQ(objects[3].object.at("subjects").as_array().size(), 2u) << "a subject in each namespace";
    EXPECT_THAT(objects[2].needed_by, ElementsAre("health/hello", "health/two"));
}

TEST(Rbac, MissingRightsUnderstandWildcardsAndNames) {
    std::vector<PolicyRule> const wanted = {
        {.api_groups = {"", "apps"}, .resources = {"pods"}, .verbs = {"get", "delete"}},
        {.non_resource_urls = {"/healthz/x"}, .verbs = {"get"}}};
    EXPECT_THAT(missing_rights(wanted, {}),
                ElementsAre("delete pods", "delete pods.apps", "get /healthz/x", "get pods", "get pods.apps"));
    EXPECT_THAT(missing_rights(wanted, {{.api_groups = {"*"}, .resources = {"*"}, .verbs = {"*"}},
                                        {.non_resource_urls = {"/healthz/*"}, .verbs = {"*"}}}),
                IsEmpty());
    EXPECT_THAT(
        missing_rights({{.api_groups = {""}, .resources = {"pods"}, .verbs = {"get"}}},
                       {{.api_groups = {""}, .resources = {"pods"}, .resource_names = {"web"}, .verbs = {"get"}}}),
        ElementsAre("get pods"));
}

TEST(Rbac, ArgosExecutorMayReportResultsUnderTheDefaults) {
    for (auto const purpose : {Purpose::check, Purpose::remedy}) {
        EXPECT_THAT(
            missing_rights(
                {{.api_groups = {"argoproj.io"}, .resources = {"workflowtaskresults"}, .verbs = {"create", "patch"}}},
                default_rules(purpose)),
            IsEmpty());
    }
}

TEST(Plan, SaysWhatIsAddedRemovedAndChangedWithItsSlotsAndRates) {
    auto const before =
        manifests(hello("  repeatAfterSec: 60\n") + "---\n" + hello("  repeatAfterSec: 60\n", "cluster", "old"));
    auto const after = manifests(hello("  repeatAfterSec: 30\n") + "---\n" +
                                 hello("  schedule: {cron: \"0 * * * *\"}\n", "cluster", "new"));
    auto const plan = make_plan(before, after, now);
    ASSERT_EQ(plan.checks.size(), 3u);
    EXPECT_EQ(plan.checks[0].change, PlannedCheck::Change::changed);
    EXPECT_THAT(plan.checks[0].changed_fields, ElementsAre("repeatAfterSec: 60 -> 30"));
    EXPECT_EQ(plan.checks[1].change, PlannedCheck::Change::added);
    EXPECT_THAT(plan.checks[1].next_slots, ElementsAre(now, now + std::chrono::minutes(59) + std::chrono::seconds(30)));
    EXPECT_EQ(plan.checks[2].change, PlannedCheck::Change::removed);
    EXPECT_DOUBLE_EQ(plan.before.workflows_per_hour, 120);
    EXPECT_DOUBLE_EQ(plan.after.workflows_per_hour, 121);
    EXPECT_EQ(plan.errors, 0u);
}

TEST(Plan, CountsPodsWhereTheTextOfAWorkflowTells) {
    auto const before = manifests(hello());
    auto const after = manifests(hello("  repeatAfterSec: 30\n") + "---\n" +
                                 hello("  repeatAfterSec: 60\n", "cluster", "other",
                                       "\n          spec: {workflowTemplateRef: {name: shared}}\n"));
    auto const plan = make_plan(before, after, now);
    EXPECT_DOUBLE_EQ(plan.before.pods_per_hour, 60);
    EXPECT_EQ(plan.before.of_unknown_pods, 0u);
    EXPECT_DOUBLE_EQ(plan.after.pods_per_hour, 120);
    EXPECT_EQ(plan.after.of_unknown_pods, 1u);
    EXPECT_DOUBLE_EQ(plan.after.workflows_per_hour, 180);
}

TEST(Plan, CountsErrorsAndPlansNoRunOfWhatCannotRun) {
    auto const broken =
        manifests(hello("  repeatAfterSec: 60\n", "Cluster") + "---\n" +
                  hello("  repeatAfterSec: 60\n", "cluster", "text", "\n          [not, a, workflow]\n"));
    auto const plan = make_plan({}, broken, now);
    EXPECT_EQ(plan.errors, 2u);
    EXPECT_DOUBLE_EQ(plan.after.workflows_per_hour, 0);
    EXPECT_THAT(plan.checks[0].next_slots, IsEmpty());
    EXPECT_EQ(plan.checks[1].problems.at(0).reason, "WorkflowInvalid");
    EXPECT_THAT(plan.checks[1].problems.at(0).message, HasSubstr("is a sequence, not an object"));
}

TEST(Plan, ChecksThatTheServerNamesAreEachOneOfTheirOwn) {
    auto named = hello();
    named.replace(named.find("name: hello,"), 12, "generateName: hello-,");
    auto const plan = make_plan({}, manifests(named + "---\n" + named), now);
    EXPECT_EQ(plan.checks.size(), 2u);
    EXPECT_DOUBLE_EQ(plan.after.workflows_per_hour, 120);
}

TEST(Plan, TellsOfObjectsInTheOrderInWhichTheyAreMadeAndTakenAway) {
    auto const kinds = [](Plan const& plan) {
        std::vector<std::string> words;
        for (auto const& each : plan.rbac) words.push_back(std::string(to_string(each.change)) + " " + each.kind);
        return words;
    };
    auto const both = manifests(hello() + "---\n" + hello("  repeatAfterSec: 60\n", "namespace", "two"));
    EXPECT_THAT(kinds(make_plan({}, both, now)),
                ElementsAre("needed ServiceAccount", "needed ClusterRole", "needed Role", "needed ClusterRoleBinding",
                            "needed RoleBinding"));
    EXPECT_THAT(kinds(make_plan(both, manifests(hello()), now)),
                ElementsAre("no longer needed RoleBinding", "no longer needed Role"));
}

TEST(Plan, TellsWhatRemediesMayDoAndHowOften) {
    auto const unlimited = make_plan({}, manifests(hello("  repeatAfterSec: 60\n" + remedy)), now).remedies.at(0);
    EXPECT_EQ(unlimited.account, "fix-sa");
    EXPECT_EQ(unlimited.reach, "the whole cluster");
    EXPECT_DOUBLE_EQ(unlimited.most_per_hour, 60);
    EXPECT_FALSE(unlimited.while_failing_per_hour);
    EXPECT_THAT(unlimited.rights, Contains("delete pods"));
    EXPECT_THAT(unlimited.rights, testing::Not(Contains("get pods")));
    auto const limited = make_plan({},
                                   manifests(hello("  repeatAfterSec: 60\n  remedyRunsLimit: 2\n"
                                                   "  remedyResetInterval: 300\n" +
                                                       remedy,
                                                   "namespace")),
                                   now)
                             .remedies.at(0);
    EXPECT_DOUBLE_EQ(limited.while_failing_per_hour.value_or(0), 24);
    EXPECT_DOUBLE_EQ(limited.most_per_hour, 60) << "a success in between sets the limit back";
    EXPECT_EQ(limited.reach, "namespace health");
}

TEST(Plan, TellsWhichRightsAreGainedAndLostAndNarrowerThanTheReferences) {
    auto after = manifests(hello());
    after[0].check.spec.workflow.rbac_rules = {
        {.api_groups = {""}, .resources = {"pods"}, .verbs = {"list", "create"}}};
    auto const plan = make_plan(manifests(hello()), after, now);
    ASSERT_EQ(plan.rbac.size(), 1u);
    EXPECT_EQ(plan.rbac[0].name, "hello-sa-cluster-role");
    EXPECT_THAT(plan.rbac[0].gained, ElementsAre("create pods"));
    EXPECT_THAT(plan.rbac[0].lost, Contains("get nodes"));
    auto const narrowed = make_plan({}, manifests(hello()), now).narrower_than_reference;
    ASSERT_EQ(narrowed.size(), 1u);
    EXPECT_EQ(narrowed[0].account, "health/hello-sa");
    EXPECT_THAT(narrowed[0].verbs, ElementsAre("get", "list", "watch"));
    EXPECT_THAT(narrowed[0].rights, Contains("create workflowtaskresults.argoproj.io"));
    EXPECT_THAT(plan.narrower_than_reference, IsEmpty()) << "rules of one's own are what they were";
}

// --- next slots -----------------------------------------------------------------------------------------------------

ManifestCheck ran_at(std::string const& text, WallTime ended) {
    auto check = manifests(text).at(0);
    check.check.status = {.status = "Succeeded", .started_at = ended, .finished_at = ended, .last_slot = ended};
    return check;
}

TEST(PlanSlots, OfACheckThatExistsAreCountedFromItsLastRun) {
    using std::chrono::minutes;
    using std::chrono::seconds;
    auto const hourly = hello("  repeatAfterSec: 3600\n");
    auto const half_hourly = hello("  repeatAfterSec: 1800\n");
    auto const on_the_hour = hello("  schedule: {cron: \"0 * * * *\"}\n");
    auto const paused = hello("");
    auto const bare = [](std::string const& text) { return manifests(text).at(0); };
    struct Row {
        std::string what;
        std::optional<ManifestCheck> before;
        ManifestCheck after;
        std::vector<WallTime> want;
    };
    for (auto const& row : std::vector<Row>{
             {"new", {}, bare(hourly), {now, now + minutes(60)}},
             {"unchanged", ran_at(hourly, now - minutes(10)), bare(hourly), {now + minutes(50)}},
             {"changed", ran_at(hourly, now - minutes(10)), bare(half_hourly), {now + minutes(20), now + minutes(50)}},
             {"overdue by its new delay",
              ran_at(hourly, now - minutes(40)),
              bare(half_hourly),
              {now, now + minutes(30), now + minutes(60)}},
             {"to cron, a tick before the edit",
              ran_at(hourly, now - minutes(10)),
              bare(on_the_hour),
              {now + minutes(59) + seconds(30)}},
             {"a tick missed",
              ran_at(on_the_hour, now - minutes(10)),
              bare(on_the_hour),
              {now, now + minutes(59) + seconds(30)}},
             {"to cron", ran_at(hourly, now - seconds(20)), bare(on_the_hour), {now + minutes(59) + seconds(30)}},
             {"no status", bare(hourly), bare(hourly), {now + minutes(60)}},
             {"no status, cron", bare(on_the_hour), bare(on_the_hour), {now + minutes(59) + seconds(30)}},
             {"no old object, a status", {}, ran_at(hourly, now - minutes(10)), {now + minutes(50)}},
             {"the old status counts",
              ran_at(hourly, now - minutes(10)),
              ran_at(hourly, now - minutes(30)),
              {now + minutes(50)}},
             {"resumed", bare(paused), bare(hourly), {now, now + minutes(60)}},
             {"paused", ran_at(hourly, now - minutes(10)), bare(paused), {}},
         }) {
        SCOPED_TRACE(row.what);
        auto const before = row.before ? std::vector{*row.before} : std::vector<ManifestCheck>{};
        auto const plan = make_plan(before, {row.after}, now);
        ASSERT_EQ(plan.checks.size(), 1u);
        EXPECT_EQ(plan.checks[0].next_slots, row.want);
    }
}

TEST(PlanSlots, AreThoseOfTheNextHourUpToALimitAndTheNextOneAnyhow) {
    auto const slots = [](std::string const& spec) {
        return make_plan({}, {ran_at(hello(spec), now)}, now).checks.at(0);
    };
    auto const each_minute = slots("  repeatAfterSec: 60\n");
    EXPECT_EQ(each_minute.next_slots.size(), most_slots);
    EXPECT_EQ(each_minute.next_slots.back(), now + std::chrono::hours(1));
    EXPECT_FALSE(each_minute.more_slots);
    auto const often = slots("  repeatAfterSec: 59\n");
    EXPECT_EQ(often.next_slots.size(), most_slots);
    EXPECT_TRUE(often.more_slots);
    auto const yearly = slots("  schedule: {cron: \"0 0 1 1 *\"}\n");
    EXPECT_THAT(yearly.next_slots, ElementsAre(WallTime(std::chrono::sys_days{std::chrono::year{2027} / 1 / 1})));
    EXPECT_FALSE(yearly.more_slots);
}

// --- the operator's flags -------------------------------------------------------------------------------------------

TEST(PlanOptions, RightsAreThoseThatAnOperatorWithTheSameFlagsHandsOut) {
    PlanOptions options;
    options.policy.reference_defaults = true;
    auto const checks = manifests(hello("  repeatAfterSec: 60\n" + remedy));
    auto const wide = make_plan({}, checks, now, options);
    auto const role =
        std::find_if(wide.rbac.begin(), wide.rbac.end(), [](auto const& each) { return !each.gained.empty(); });
    ASSERT_NE(role, wide.rbac.end());
    EXPECT_EQ(role->gained, missing_rights(default_rules(Purpose::remedy, true), {}));
    EXPECT_THAT(wide.remedies.at(0).rights, Contains("delete *.*"));
    EXPECT_THAT(wide.narrower_than_reference, IsEmpty());
    EXPECT_FALSE(make_plan({}, checks, now).narrower_than_reference.empty());
}

TEST(PlanOptions, WhatTheAllowListRefusesCannotRunAndGetsNoRights) {
    PlanOptions options;
    options.policy.allow = parse_rbac_allow_list("levels: [namespace]\n", "allow.yaml").value();
    auto const plan = make_plan({}, manifests(hello()), now, options);
    EXPECT_EQ(plan.errors, 1u);
    EXPECT_EQ(plan.checks.at(0).problems.at(0).reason, "RBACNotAllowed");
    EXPECT_THAT(plan.rbac, IsEmpty());
    EXPECT_THAT(plan.checks[0].next_slots, IsEmpty());
    EXPECT_EQ(make_plan({}, manifests(hello("  repeatAfterSec: 60\n", "namespace")), now, options).errors, 0u);
}

TEST(PlanOptions, ARemedyThatIsRefusedHasNoBlastRadiusAndHoldsUpNoRunOfItsCheck) {
    PlanOptions options;
    options.policy.allow = parse_rbac_allow_list("rules: []\n", "allow.yaml").value();
    auto checks = manifests(hello("  repeatAfterSec: 60\n" + remedy));
    checks[0].check.spec.remedy.rbac_rules = {{.api_groups = {""}, .resources = {"pods"}, .verbs = {"delete"}}};
    auto const plan = make_plan({}, checks, now, options);
    EXPECT_EQ(plan.errors, 1u);
    EXPECT_EQ(plan.checks.at(0).problems.at(0).field, "spec.remedyworkflow.rbacRules");
    EXPECT_THAT(plan.remedies, IsEmpty());
    EXPECT_FALSE(plan.checks[0].next_slots.empty());
    EXPECT_DOUBLE_EQ(plan.after.workflows_per_hour, 60);
}

TEST(Plan, ARemedyThatCannotRunHasNoBlastRadius) {
    auto without_name = remedy;
    without_name.replace(without_name.find("fix-,"), 5, "'',");
    auto const plan = make_plan({}, manifests(hello("  repeatAfterSec: 60\n" + without_name)), now);
    EXPECT_THAT(plan.remedies, IsEmpty());
    EXPECT_EQ(plan.checks.at(0).problems.at(0).reason, "GenerateNameInvalid");
    EXPECT_FALSE(plan.checks[0].next_slots.empty());
}

TEST(PlanOptions, AFileSourceIsReadWhereTheOperatorWouldReadIt) {
    auto checks = manifests(hello());
    checks[0].check.spec.workflow.source = {.kind = Source::Kind::file, .path = "hello.yaml"};
    auto const reading = [](Result<std::string> answer) {
        PlanOptions options;
        options.read_file = [answer = std::move(answer)](std::string const&) { return answer; };
        return options;
    };
    struct Row {
        PlanOptions options;
        std::string problem;  // empty: none
    };
    for (auto const& row : std::vector<Row>{
             {{}, "error SourceFailed"},
             {reading(std::string("spec: {entrypoint: a}\n")), ""},
             {reading(std::string("[not, a, workflow]\n")), "error WorkflowInvalid"},
             {reading(fail(Errc::denied, "it is outside")), "error SourceFailed"},
             {reading(fail(Errc::not_found, "no such file")), "warning SourceFailed"},
         }) {
        SCOPED_TRACE(row.problem);
        auto const plan = make_plan({}, checks, now, row.options);
        ManifestCheck const planned{.problems = plan.checks.at(0).problems};
        auto const want = row.problem.empty() ? std::vector<std::string>{} : std::vector{row.problem};
        EXPECT_EQ(problems_of(planned), want);
        EXPECT_EQ(plan.checks[0].next_slots.empty(), row.problem.starts_with("error"));
    }
}

}  // namespace
}  // namespace vedette::op
