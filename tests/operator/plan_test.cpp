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
    EXPECT_THAT(plan.checks[1].next_slots, ElementsAre(now, now + std::chrono::minutes(59) + std::chrono::seconds(30),
                                                       now + std::chrono::minutes(119) + std::chrono::seconds(30)));
    EXPECT_EQ(plan.checks[2].change, PlannedCheck::Change::removed);
    EXPECT_DOUBLE_EQ(plan.workflows_per_hour_before, 120);
    EXPECT_DOUBLE_EQ(plan.workflows_per_hour_after, 121);
    EXPECT_EQ(plan.errors, 0u);
}

TEST(Plan, CountsErrorsAndPlansNoRunOfWhatCannotRun) {
    auto const broken =
        manifests(hello("  repeatAfterSec: 60\n", "Cluster") + "---\n" +
                  hello("  repeatAfterSec: 60\n", "cluster", "text", "\n          [not, a, workflow]\n"));
    auto const plan = make_plan({}, broken, now);
    EXPECT_EQ(plan.errors, 2u);
    EXPECT_DOUBLE_EQ(plan.workflows_per_hour_after, 0);
    EXPECT_THAT(plan.checks[0].next_slots, IsEmpty());
    EXPECT_EQ(plan.checks[1].problems.at(0).reason, "WorkflowInvalid");
    EXPECT_THAT(plan.checks[1].problems.at(0).message, HasSubstr("is a sequence, not an object"));
}

TEST(Plan, ChecksThatTheServerNamesAreEachOneOfTheirOwn) {
    auto named = hello();
    named.replace(named.find("name: hello,"), 12, "generateName: hello-,");
    auto const plan = make_plan({}, manifests(named + "---\n" + named), now);
    EXPECT_EQ(plan.checks.size(), 2u);
    EXPECT_DOUBLE_EQ(plan.workflows_per_hour_after, 120);
    EXPECT_EQ(make_plan({}, manifests(hello() + "---\n" + hello()), now).checks.size(), 1u) << "the later one counts";
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

}  // namespace
}  // namespace vedette::op
