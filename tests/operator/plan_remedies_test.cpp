// What remedies may do in a plan, under the remedy policy among the manifests.

#include "operator/checks.hpp"
#include "operator/plan.hpp"

namespace vedette::op {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A check each minute whose remedy nothing in its own spec holds back.
std::string remedied(std::string const& name, std::string const& ns = "health", std::string const& more = "") {
    auto text =
        hello("  repeatAfterSec: 60\n" + more +
                  "  remedyworkflow: {generateName: fix-, resource: {namespace: health, serviceAccount: fix-sa, "
                  "source: {inline: 'spec: {a: 1}'}}}\n",
              "cluster", name);
    text.replace(text.find("namespace: health,"), 18, "namespace: " + ns + ",");
    return text + "---\n";
}

std::string config_map(std::string const& data, std::string const& ns = "health") {
    return fmt::format(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: vedette-remedy-policy, namespace: {}}}\ndata: {{{}}}\n", ns,
        data);
}

Plan plan_under(std::string const& data, std::string const& checks = remedied("a")) {
    PlanOptions options;
    auto found = read_manifests(config_map(data), "p.yaml", "default");
    if (!found) throw std::runtime_error(found.error().text());
    options.remedy_policy = found->policies.at(0);
    return make_plan({}, manifests(checks), now, options);
}

TEST(PlanRemedies, APolicyBoundsEachRemedyByItsTightestBudget) {
    struct Row {
        std::string data;
        double want;
        std::string by;
    };
    for (auto const& row : std::vector<Row>{
             {"", 60, ""},
             {"budgetPerCluster: 100/1h", 32, "budgetPerCluster 100/1h"},  // a status remembers no more
             {"budgetPerCluster: 10/1h", 10, "budgetPerCluster 10/1h"},
             {"budgetPerCluster: 10/1h, budgetPerNamespace: 3/1h", 3, "budgetPerNamespace 3/1h"},
             {"budgetPerNamespace: 3/1h, namespace.health.budget: 20/1d", 20, "namespace.health.budget 20/1d"},
             {"budgetPerNamespace: 3/1h, namespace.other.budget: 1/1h", 3, "budgetPerNamespace 3/1h"},
             {"budgetPerNamespace: 2/25m", 6, "budgetPerNamespace 2/25m"},
             {"budgetPerNamespace: 0/1h", 0, "budgetPerNamespace 0/1h"},
             {"maxConcurrent: '1'", 60, ""},
         }) {
        SCOPED_TRACE(row.data);
        auto const plan = plan_under(row.data);
        auto const& radius = plan.remedies.at(0);
        EXPECT_DOUBLE_EQ(radius.most_per_hour, row.want);
        EXPECT_EQ(radius.bounded_by, row.by);
        EXPECT_EQ(plan.errors, 0u);
    }
}

TEST(PlanRemedies, WhatTheSpecAllowsWhileFailingIsBoundedToo) {
    auto const limited = remedied("a", "health", "  remedyRunsLimit: 2\n  remedyResetInterval: 300\n");
    EXPECT_DOUBLE_EQ(plan_under("", limited).remedies.at(0).while_failing_per_hour.value(), 24);
    EXPECT_DOUBLE_EQ(plan_under("budgetPerCluster: 5/1h", limited).remedies.at(0).while_failing_per_hour.value(), 5);
}

TEST(PlanRemedies, SwitchesAreNamed) {
    struct Row {
        std::string data;
        std::string dry_run_by, stopped_by;
    };
    for (auto const& row : std::vector<Row>{
             {"enabled: 'false'", "", "the remedy policy says enabled: false"},
             {"namespace.health.enabled: 'false'", "", "the remedy policy says namespace.health.enabled: false"},
             {"namespace.other.enabled: 'false'", "", ""},
             {"maxConcurrent: '0'", "", "the remedy policy says maxConcurrent: 0"},
             {"namespace.health.maxConcurrent: '0'", "", "the remedy policy says namespace.health.maxConcurrent: 0"},
             {"namespace.other.maxConcurrent: '0'", "", ""},
             {"maxConcurrent: 1%", "", ""},
             {"dryRun: 'true'", "dryRun of the remedy policy", ""},
             {"namespace.health.dryRun: 'true'", "namespace.health.dryRun of the remedy policy", ""},
         }) {
        SCOPED_TRACE(row.data);
        auto const plan = plan_under(row.data);
        auto const& radius = plan.remedies.at(0);
        EXPECT_EQ(radius.dry_run_by, row.dry_run_by);
        EXPECT_EQ(radius.stopped_by, row.stopped_by);
        bool const never = !row.dry_run_by.empty() || !row.stopped_by.empty();
        EXPECT_EQ(radius.most_per_hour == 0, never);
        EXPECT_EQ(plan.remedies_together.most_at_once == 0, never);
    }
    PlanOptions options;
    options.remedy_dry_run = true;
    auto const by_flag = make_plan({}, manifests(remedied("a")), now, options).remedies.at(0);
    EXPECT_EQ(by_flag.dry_run_by, "--remedy-dry-run");
    EXPECT_DOUBLE_EQ(by_flag.most_per_hour, 0);
    auto const by_spec = make_plan({}, manifests(remedied("a", "health", "  dryRun: true\n")), now).remedies.at(0);
    EXPECT_EQ(by_spec.dry_run_by, "spec.dryRun");
}

TEST(PlanRemedies, APolicyThatCannotBeReadIsAnErrorAndStopsThemAll) {
    auto const plan = plan_under("enabled: 'off', dryRn: 'true'");
    EXPECT_EQ(plan.errors, 2u);
    ASSERT_TRUE(plan.policy);
    EXPECT_EQ(plan.policy->problems.at(0).field, "data.enabled");
    EXPECT_EQ(plan.policy->where, "p.yaml:1");
    EXPECT_EQ(plan.remedies.at(0).stopped_by, "the remedy policy cannot be read");
    EXPECT_DOUBLE_EQ(plan.remedies_together.most_per_hour, 0);
}

TEST(PlanRemedies, TogetherTheyAreBoundedByNamespaceAndCluster) {
    std::string const five = remedied("a") + remedied("b") + remedied("c") + remedied("d", "shop") +
                             remedied("e", "shop", "  dryRun: true\n");
    auto const all = [&](std::string const& data) { return plan_under(data, five).remedies_together; };
    EXPECT_DOUBLE_EQ(all("").most_per_hour, 240);
    EXPECT_EQ(all("").most_at_once, 4) << "a dry run makes no Workflow";
    EXPECT_THAT(all("").bounded_by, IsEmpty());

    auto const budgets = all("budgetPerNamespace: 3/1h, budgetPerCluster: 5/1h");
    EXPECT_DOUBLE_EQ(budgets.most_per_hour, 5);
    EXPECT_THAT(budgets.bounded_by, ElementsAre("budgetPerCluster 5/1h", "budgetPerNamespace 3/1h"));
    EXPECT_DOUBLE_EQ(all("budgetPerNamespace: 3/1h").most_per_hour, 6);

    EXPECT_EQ(all("maxConcurrent: 30%").most_at_once, 2) << "30% of five, rounded up";
    EXPECT_THAT(all("maxConcurrent: 30%").bounded_by, ElementsAre("maxConcurrent 30%"));
    auto const mine = all("namespace.health.maxConcurrent: 34%");
    EXPECT_EQ(mine.most_at_once, 3) << "two of three, and one in shop";
    EXPECT_THAT(mine.bounded_by, ElementsAre("namespace.health.maxConcurrent 34%"));
    auto const none = all("maxConcurrent: '0'");
    EXPECT_EQ(none.most_at_once, 0);
    EXPECT_DOUBLE_EQ(none.most_per_hour, 0);
}

TEST(PolicyManifests, AreFoundByNameAmongOtherObjectsAndInLists) {
    auto const text = hello() + "---\n" + config_map("enabled: 'true'") + "---\n" +
                      config_map("dryRun: 'true'", "ops") +
                      "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n---\n" +
                      "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: "
                      "vedette-remedy-policy}, data: {enabled: 'false'}}\n";
    auto const found = read_manifests(text, "f.yaml", "default").value().policies;
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].ns, "health");
    EXPECT_TRUE(found[0].policy.enabled);
    EXPECT_TRUE(found[1].policy.dry_run);
    EXPECT_EQ(found[2].ns, "default");
    EXPECT_FALSE(found[2].policy.enabled);
    EXPECT_EQ(read_manifests(text, "f.yaml", "default", "other").value().policies.size(), 1u);
}

}  // namespace
}  // namespace vedette::op
