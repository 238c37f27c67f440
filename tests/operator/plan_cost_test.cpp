// The API and etcd cost in a plan: the model, and how it adds up.

#include "base/json.hpp"
#include "operator/checks.hpp"
#include "operator/plan.hpp"
#include "operator/workflow.hpp"

namespace vedette::op {
namespace {

using std::chrono::seconds;

std::string kept_for(std::string_view ttl) {
    return fmt::format(
        "\n          spec:\n            entrypoint: a\n            ttlStrategy: {{{}}}\n"
        "            templates: [{{name: a, container: {{image: busybox}}}}]\n",
        ttl);
}

PlannedCost cost(std::string const& text, PlanOptions const& options = {}) {
    return make_plan({}, manifests(text), now, options).checks.at(0).cost;
}

PlannedCost cost_with(std::string_view ttl, std::string_view schedule = "  repeatAfterSec: 60\n") {
    return cost(hello(schedule, "cluster", "hello", kept_for(ttl)));
}

TEST(PlanCost, ARunOfAWorkflowIsFourRequests) {
    EXPECT_DOUBLE_EQ(cost(hello()).requests_per_hour, 240);
    EXPECT_DOUBLE_EQ(cost(hello("  schedule: {cron: \"@daily\"}\n")).requests_per_hour, 4 / 24.0);
    EXPECT_DOUBLE_EQ(cost(hello("")).requests_per_hour, 0) << "paused";
    EXPECT_DOUBLE_EQ(cost(hello("  repeatAfterSec: 60\n", "Cluster")).requests_per_hour, 0) << "cannot run";
}

TEST(PlanCost, WhatMakesNoWorkflowKeepsNone) {
    EXPECT_EQ(cost(hello("")), cost_without_workflows) << "paused";
    EXPECT_EQ(cost(hello("  repeatAfterSec: 60\n", "Cluster")), cost_without_workflows) << "cannot run";
    auto const plan = make_plan(manifests(hello()), {}, now);
    EXPECT_EQ(plan.checks.at(0).cost, cost_without_workflows) << "removed";
    EXPECT_EQ(make_plan({}, manifests(hello("")), now).after.never_deleted, 0u);
}

TEST(PlanCost, WorkflowsStandAsLongAsTheirTextSays) {
    struct Row {
        std::string ttl;
        std::optional<std::int64_t> want;
    };
    for (auto const& row : std::vector<Row>{
             {"secondsAfterCompletion: 600", 11},
             {"secondsAfterCompletion: 601", 12},
             {"secondsAfterCompletion: 600, secondsAfterSuccess: 120", 3},
             {"secondsAfterFailure: 600", {}},
             {"secondsAfterCompletion: 0", 1},
             {"secondsAfterCompletion: -1", {}},
             {"secondsAfterCompletion: 9000000000000000000", {}},
             {"", {}},
         }) {
        SCOPED_TRACE(row.ttl);
        EXPECT_EQ(cost_with(row.ttl).workflows_kept, row.want);
    }
    EXPECT_EQ(cost_with("secondsAfterCompletion: 600", "  schedule: {cron: \"@daily\"}\n").workflows_kept, 2)
        << "one kept, one under way";
}

TEST(PlanCost, WhatTheTextDoesNotSayArgosDefaultMay) {
    PlanOptions options;
    options.workflow_ttl = seconds(1800);
    EXPECT_EQ(cost(hello(), options).workflows_kept, 31);
    auto const own = hello("  repeatAfterSec: 60\n", "cluster", "hello", kept_for("secondsAfterCompletion: 60"));
    EXPECT_EQ(cost(own, options).workflows_kept, 2) << "the text comes first";
}

TEST(PlanCost, BytesAreThoseOfTheWorkflowAsItIsWritten) {
    auto const check = check_of(hello());
    auto const built = build_workflow(check, {.purpose = Purpose::check, .number = 1}, check.spec.workflow.source.text,
                                      seconds(60), 0);
    EXPECT_EQ(cost(hello()).workflow_bytes, std::ssize(to_json(built.value())));
    auto checks = manifests(hello());
    checks[0].check.spec.workflow.source = {.kind = Source::Kind::url, .path = "https://192.0.2.1/hello"};
    auto const plan = make_plan({}, checks, now);
    EXPECT_EQ(plan.after.of_unknown_keep, 1u);
    EXPECT_EQ(plan.after.never_deleted, 0u) << "its text may well say it";
    auto const unseen = plan.checks.at(0).cost;
    EXPECT_EQ(unseen.workflow_bytes, std::nullopt);
    EXPECT_EQ(unseen.workflows_kept, std::nullopt);
    EXPECT_DOUBLE_EQ(unseen.requests_per_hour, 240);
}

TEST(PlanCost, ChecksWithoutAWorkflowLeaveNothingBehindAndReadWhatTheyNeed) {
    auto const native = [](std::string const& type) {
        return manifests(
            "apiVersion: activemonitor.keikoproj.io/v1alpha1\nkind: HealthCheck\nmetadata: {name: a}\n"
            "spec: {level: cluster, repeatAfterSec: 60, serviceAccountName: a, checks: [" +
            type + "]}\n");
    };
    auto const probe = make_plan({}, native("{type: tcp, with: {host: a, port: 1}}"), now).checks.at(0).cost;
    EXPECT_EQ(probe, (PlannedCost{.requests_per_hour = 120, .workflows_kept = 0, .workflow_bytes = 0}));
    auto const nodes = make_plan({}, native("{type: nodes-ready}"), now).checks.at(0);
    EXPECT_TRUE(nodes.problems.empty());
    EXPECT_GE(nodes.cost.requests_per_hour, 180);
}

TEST(PlanCost, AddsUpBeforeAndAfter) {
    auto const kept = hello("  repeatAfterSec: 60\n", "cluster", "kept", kept_for("secondsAfterCompletion: 600"));
    auto const plan = make_plan(manifests(hello()), manifests(hello() + "---\n" + kept), now);
    EXPECT_DOUBLE_EQ(plan.before.requests_per_hour, 240);
    EXPECT_EQ(plan.before.workflows_kept, 0);
    EXPECT_EQ(plan.before.of_unknown_keep, 1u);
    EXPECT_DOUBLE_EQ(plan.after.requests_per_hour, 480);
    EXPECT_EQ(plan.after.workflows_kept, 11);
    EXPECT_EQ(plan.after.bytes_kept, 11 * cost(kept).workflow_bytes.value());
    EXPECT_EQ(plan.after.of_unknown_keep, 1u);
    EXPECT_EQ(plan.after.never_deleted, 1u);
    EXPECT_DOUBLE_EQ(plan.after.never_deleted_per_hour, 60);
    EXPECT_EQ(plan.after.rbac_objects, 3) << "an account, a role, a binding: shared";
    EXPECT_GT(plan.after.rbac_bytes, 500);
    EXPECT_EQ(make_plan(manifests(kept), {}, now).after.rbac_objects, 0);
}

}  // namespace
}  // namespace vedette::op
