#include "cli/operator_plan_output.hpp"

#include "base/json.hpp"

#include <gmock/gmock.h>

namespace vedette::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> const rights = {
    "create workflowtaskresults.argoproj.io",
    "get /healthz",
    "get nodes",
    "get pods",
    "get secrets \"token\"",
    "list nodes",
    "list pods",
    "patch workflowtaskresults.argoproj.io",
    "use podsecuritypolicies.policy",
    "watch nodes",
    "watch pods",
};

op::Plan plan_of_roles(int roles) {
    op::Plan plan;
    for (int i = 0; i < roles; ++i) {
        plan.rbac.push_back({.kind = "ClusterRole",
                             .name = "account-" + std::to_string(i) + "-cluster-role",
                             .gained = rights,
                             .needed_by = {"health/c" + std::to_string(i)}});
    }
    return plan;
}

std::size_t longest_line(std::string const& text) {
    std::size_t longest = 0;
    for (std::size_t begin = 0; begin < text.size();) {
        auto const end = std::min(text.find('\n', begin), text.size());
        longest = std::max(longest, end - begin);
        begin = end + 1;
    }
    return longest;
}

TEST(GroupedRights, WhatHasTheSameVerbsStandsTogetherReadingFirst) {
    EXPECT_THAT(grouped_rights(rights),
                ElementsAre("get: /healthz, secrets \"token\"", "get, list, watch: nodes, pods",
                            "create, patch: workflowtaskresults.argoproj.io", "use: podsecuritypolicies.policy"));
    EXPECT_THAT(grouped_rights({"* *", "delete pods", "get pods"}), ElementsAre("get, delete: pods", "*: *"));
    EXPECT_THAT(grouped_rights({}), IsEmpty());
}

TEST(PlanText, RolesWithTheSameRightsShareThem) {
    auto const text = plan_text(plan_of_roles(3), 0);
    EXPECT_THAT(text, HasSubstr("  ClusterRole account-0-cluster-role, ClusterRole account-1-cluster-role, ClusterRole "
                                "account-2-cluster-role\n    + get: /healthz"));
    EXPECT_EQ(text.find("get, list, watch: nodes, pods"), text.rfind("get, list, watch: nodes, pods"));
}

TEST(PlanText, FitsTheTerminalAndCutsNoRightAndNoSentence) {
    auto plan = plan_of_roles(12);
    std::string const sentence =
        "spec.level \"Cluster\" is neither cluster nor namespace (lower case), as it has to be";
    plan.checks.push_back({.ns = "health",
                           .name = "hello",
                           .where = "f.yaml:1",
                           .changed_fields = {"description: " + sentence},
                           .problems = {{.field = "spec.level", .reason = "LevelInvalid", .message = sentence}}});
    plan.remedies.push_back(
        {.check = "health/hello", .account = "fix-sa", .reach = "the whole cluster", .rights = rights});
    plan.narrower_than_reference.push_back({.account = "health/hello-sa", .verbs = {"get"}, .rights = rights});
    auto const text = plan_text(plan, 60);
    EXPECT_LE(longest_line(text), 60u);
    EXPECT_THAT(text,
                AllOf(HasSubstr("account-11-cluster-role\n    + get"), HasSubstr("as it has to be\n"),
                      HasSubstr("workflowtaskresults.argoproj.io\n"), HasSubstr("f.yaml:1: error: health/hello\n")));
    EXPECT_GT(longest_line(plan_text(plan, 0)), 100u) << "into a file lines are whole";
}

TEST(PlanText, CountsInWords) {
    op::Plan plan;
    plan.errors = 1;
    plan.warnings = 2;
    EXPECT_THAT(plan_text(plan, 0), HasSubstr("; 1 error, 2 warnings\n"));
    plan.errors = 0;
    plan.warnings = 1;
    EXPECT_THAT(plan_text(plan, 0), HasSubstr("; 0 errors, 1 warning\n"));
    plan.after.workflows_per_hour = 600'000.4;
    EXPECT_THAT(plan_text(plan, 0), HasSubstr("Workflows per hour: 0 -> 600000;")) << "not 6e+05";
}

TEST(PlanText, RatesAreInFixedNotation) {
    struct Row {
        double rate;
        std::string want;
    };
    for (auto const& row : std::vector<Row>{
             {0, "0"},
             {1 / 8766.0 / 4, "<0.0001"},  // each 29 February
             {1 / 8766.0, "0.0001"},       // each year
             {1 / 168.0, "0.006"},         // each week
             {1 / 24.0, "0.0417"},
             {0.99999, "1"},
             {1.5, "1.5"},
             {60, "60"},
             {123.456, "123.5"},
             {1234.56, "1235"},
             {600'000.4, "600000"},
         }) {
        op::Plan plan;
        plan.after.workflows_per_hour = row.rate;
        EXPECT_THAT(plan_text(plan, 0), HasSubstr("Workflows per hour: 0 -> " + row.want + ";"));
    }
}

TEST(PlanText, WhatWasNotReadStandsAmongTheProblems) {
    op::Plan plan;
    plan.unread.push_back({.what = "Healthcheck health/dns", .message = "it is not read", .where = "k.yaml:3"});
    EXPECT_THAT(plan_text(plan, 0),
                HasSubstr("Problems\n  k.yaml:3: warning: Healthcheck health/dns\n    it is not read\n"));
    EXPECT_EQ(to_json(plan_document(plan).at("unread")),
              R"([{"what":"Healthcheck health/dns","where":"k.yaml:3","message":"it is not read"}])");
}

op::Plan plan_of_costs() {
    op::Plan plan;
    plan.checks.push_back({.ns = "health",
                           .name = "kept",
                           .cost = {.requests_per_hour = 1234.5, .workflows_kept = 11, .workflow_bytes = 1049}});
    plan.checks.push_back(
        {.ns = "health", .name = "all", .cost = {.requests_per_hour = 4 / 24.0, .workflow_bytes = 649}});
    plan.checks.push_back({.ns = "health", .name = "url", .cost = {.requests_per_hour = 240}});
    plan.checks.push_back({.ns = "health",
                           .name = "native",
                           .cost = {.requests_per_hour = 120, .workflows_kept = 0, .workflow_bytes = 0}});
    plan.checks.push_back({.ns = "health", .name = "paused", .cost = op::cost_without_workflows});
    plan.before.workflows_kept = 1;
    plan.before.bytes_kept = 987'654'321;
    plan.after = {.requests_per_hour = 1594.6,
                  .workflows_kept = 11,
                  .bytes_kept = 11'539,
                  .of_unknown_keep = 2,
                  .never_deleted = 1,
                  .never_deleted_per_hour = 0.0417,
                  .rbac_objects = 1,
                  .rbac_bytes = 321};
    return plan;
}

TEST(PlanText, CostsAreRounded) {
    auto const text = plan_text(plan_of_costs(), 0);
    EXPECT_THAT(text,
                HasSubstr("API requests per hour: 0 -> 1590\n"
                          "Workflows in etcd: 1, about 990 MB -> 11, about 12 kB\n"
                          "  1 HealthCheck keeps every Workflow: about 0.0417 more an hour; give ttlStrategy in the "
                          "Workflow, or --workflow-ttl if Argo has a default\n"
                          "  not those of 1 HealthCheck, for the text is not here\n"
                          "RBAC objects in etcd: 0 -> 1, about 320 B\n"));
    EXPECT_THAT(text, AllOf(testing::ContainsRegex("health/kept +1230  11, about 12 kB\n"),
                            testing::ContainsRegex("health/all +0.167  never deleted, about 650 B each\n"),
                            testing::ContainsRegex("health/url +240  its text is not here\n"),
                            testing::ContainsRegex("health/native +120  0\n")));
    auto const costs = text.substr(text.find("API server and etcd"));
    EXPECT_THAT(costs, Not(HasSubstr("paused")));
}

TEST(PlanText, SaysThatWorkflowsPileUpOnlyWhereTheyDo) {
    auto plan = plan_of_costs();
    plan.after.of_unknown_keep = 11;
    plan.after.never_deleted = 11;
    plan.after.never_deleted_per_hour = 1604.2;
    EXPECT_THAT(plan_text(plan, 0), AllOf(HasSubstr("  11 HealthChecks keep every Workflow: about 1600 more an hour;"),
                                          Not(HasSubstr("for the text is not here"))));
    plan.after.never_deleted = 0;
    EXPECT_THAT(plan_text(plan, 0), AllOf(Not(HasSubstr("every Workflow")), HasSubstr("not those of 11 HealthChecks")));
}

TEST(PlanDocument, CostsAreRounded) {
    auto const document = plan_document(plan_of_costs());
    auto const& kept = document.at("checks").at(0).as_object();
    EXPECT_EQ(kept.at("api_requests_per_hour").as_double(), 1230);
    EXPECT_EQ(document.at("checks").at(1).at("api_requests_per_hour").as_double(), 0.167);
    EXPECT_EQ(kept.at("workflows_kept"), 11);
    EXPECT_EQ(kept.at("workflow_bytes"), 1000);
    EXPECT_TRUE(document.at("checks").at(1).at("workflows_kept").is_null());
    EXPECT_TRUE(document.at("checks").at(2).at("workflow_bytes").is_null());
    EXPECT_EQ(document.at("workflow_bytes_kept").at("after"), 12'000);
    EXPECT_EQ(document.at("of_unknown_keep").at("after"), 2);
    EXPECT_EQ(document.at("never_deleted").at("after"), 1);
    EXPECT_EQ(document.at("never_deleted_per_hour").at("after").as_double(), 0.0417);
    EXPECT_EQ(document.at("checks").at(4).at("workflows_kept"), 0) << "it is known that a paused one keeps none";
    EXPECT_EQ(document.at("rbac_bytes").at("after"), 320);
}

TEST(PlanText, SaysWhoHoldsRemediesBack) {
    op::Plan plan;
    plan.remedies.push_back(
        {.check = "a/a", .account = "x", .reach = "namespace a", .most_per_hour = 3, .bounded_by = "budget 3/1h"});
    plan.remedies.push_back({.check = "a/b", .account = "x", .reach = "namespace a", .dry_run_by = "spec.dryRun"});
    plan.remedies.push_back({.check = "a/c", .account = "x", .reach = "namespace a", .stopped_by = "it says so"});
    plan.remedies_together = {.most_per_hour = 3, .most_at_once = 1, .bounded_by = {"a", "b"}};
    auto const text = plan_text(plan, 0);
    EXPECT_THAT(text, AllOf(HasSubstr("  all together up to 3 per hour and 1 at once (a, b)\n"),
                            HasSubstr("namespace a, up to 3 per hour (budget 3/1h)\n"),
                            HasSubstr("namespace a, never: a dry run (spec.dryRun)\n"),
                            HasSubstr("namespace a, never: it says so\n")));
    auto const document = plan_document(plan);
    EXPECT_EQ(document.at("remedies").at(1).at("dry_run"), true);
    EXPECT_EQ(document.at("remedies").at(1).at("dry_run_by"), "spec.dryRun");
    EXPECT_EQ(document.at("remedies").at(2).at("stopped_by"), "it says so");
    EXPECT_EQ(document.at("remedies_together").at("most_at_once"), 1);
}

TEST(PlanText, SaysWhichRemedyPolicyCounts) {
    op::Plan plan;
    plan.remedies.push_back({.check = "a/a", .account = "x", .reach = "namespace a"});
    EXPECT_THAT(plan_text(plan, 0), HasSubstr("What remedies may do\n  remedy policy: none among the files\n"));
    EXPECT_TRUE(plan_document(plan).at("policy").is_null());
    plan.policy = op::ManifestPolicy{.ns = "health", .name = "stop", .where = "pol.yaml:1"};
    EXPECT_THAT(plan_text(plan, 0), HasSubstr("What remedies may do\n  remedy policy: health/stop (pol.yaml:1)\n"));
    EXPECT_EQ(to_json(plan_document(plan).at("policy")),
              R"({"namespace":"health","name":"stop","where":"pol.yaml:1"})");
}

TEST(PlanText, TellsTheDayOfTheNextRunsOnce) {
    op::Plan plan;
    WallTime const day{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
    plan.checks.push_back({.ns = "health", .name = "hello", .next_slots = {day + 1h, day + 2h, day + 25h}});
    EXPECT_THAT(plan_text(plan, 0), HasSubstr("2026-03-01T01:00:00Z, 02:00:00Z, 2026-03-02T01:00:00Z"));
}

TEST(PlanDocument, HoldsEveryRightOneByOne) {
    auto plan = plan_of_roles(1);
    plan.narrower_than_reference.push_back({.account = "health/hello-sa", .verbs = {"get"}, .rights = rights});
    auto const text = to_json(plan_document(plan));
    EXPECT_THAT(text, HasSubstr(R"("gained":["create workflowtaskresults.argoproj.io","get /healthz","get nodes")"));
    EXPECT_THAT(text,
                HasSubstr(R"("narrower_than_reference":[{"account":"health/hello-sa","verbs_on_everything":["get"])"));
    EXPECT_THAT(text, Not(HasSubstr("get, list")));
}

}  // namespace
}  // namespace vedette::cli
