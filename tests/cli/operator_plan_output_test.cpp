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
