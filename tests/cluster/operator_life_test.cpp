// The life of HealthChecks on real pods: what is done to them in mid-run, twins, remedies with limits, metrics out of
// outputs, Workflows in foreign namespaces. All begin together; each test asks about its own.

#include "base/json.hpp"
#include "base/time_format.hpp"
#include "cluster/cluster.hpp"
#include "cluster/health_check.hpp"
#include "cluster/operator_program.hpp"
#include "cluster/operator_together.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

namespace vedette::cluster {
namespace {

namespace json = boost::json;

using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

// The condition and the Workflow agree that it is at work.
bool in_mid_run(Check const& check) {
    if (check.text("status.currentWorkflow.name").empty()) return false;
    auto const runs = check.runs();
    return !runs.empty() && runs.back().phase == "Running";
}

std::string inline_of(std::string_view workflow) {
    return fmt::format("{{inline: {}}}", json::serialize(json::string(workflow)));
}

std::string answering_workflow() {
    return fmt::format(R"(spec:
  entrypoint: main
  templates:
  - name: main
    container:
      image: {}
      imagePullPolicy: Never
      command: [sh, -c]
      args: ['printf %s "$ANSWER" >/tmp/answer']
      env: [{{name: ANSWER, value: '{{"metrics": [{{"name": "answer-total", "value": 42, "help": "of all"}}]}}'}}]
    outputs: {{parameters: [{{name: answer, globalName: answer, valueFrom: {{path: /tmp/answer}}}}]}}
)",
                       busybox());
}

class OperatorLife : public testing::Test {
protected:
    static void SetUpTestSuite() { common_operator(); }
    static void TearDownTestSuite() {
        for (auto const* name : {"life", "other"})
            kubectl(fmt::format("-n {} delete healthchecks --all --wait=false >/dev/null", name));
        for (auto const* name : {"life", "other", "foreign"}) {
            kubectl(fmt::format("delete namespace {} --wait=false >/dev/null", name));
        }
    }
};

TEST_F(OperatorLife, WhatIsEditedPausedOrDeletedInMidRunIsBookedFirstOrNotAtAll) {
    Check const edited("life", "edited");
    Check const paused("life", "paused");
    Check const deleted("life", "deleted");
    ASSERT_TRUE(eventually([&] { return in_mid_run(edited); }));
    edited.patch(fmt::format(R"({{"repeatAfterSec":2,"workflow":{{"resource":{{"source":{{"inline":{}}}}}}}}})",
                             json::serialize(json::string(workflow_of("exit 4")))));
    ASSERT_TRUE(eventually([&] { return in_mid_run(paused); }));
    paused.patch(R"({"repeatAfterSec":0})");
    for (auto const* each : {&edited, &paused}) each->let_go();
    ASSERT_TRUE(eventually([&] { return in_mid_run(deleted); }));
    deleted.remove();

    auto const stopped = paused.expect("its run is booked, and it is Stopped", [](json::object const& each) {
        return get_string(each, "status.status") == "Stopped" && get_int(each, "status.totalHealthCheckRuns") == 1;
    });
    EXPECT_EQ(get_int(stopped, "status.successCount"), 1);
    EXPECT_EQ(find(stopped, "status.nextRunTime"), nullptr);

    auto const second = edited.expect_booked(2);
    EXPECT_EQ(get_int(second, "status.successCount"), 1) << "the run under way was of the text before";
    EXPECT_GE(get_int(second, "status.failedCount").value_or(0), 1);
    EXPECT_TRUE(eventually([] {
        auto const workflows = try_kubectl("-n life get workflows -o name");
        return workflows && workflows->find("deleted-") == std::string::npos;
    })) << "a Workflow outlives its HealthCheck";
    EXPECT_EQ(common_operator().metric("healthcheck_success_count{healthcheck_name=\"deleted\""), "");

    EXPECT_EQ(paused.runs().size(), 1U);
    expect_status_equals_the_workflows(edited);
    edited.remove();
}

TEST_F(OperatorLife, TwinsInTwoNamespacesAreTwoChecks) {
    Check const good("life", "twin");
    Check const bad("other", "twin");
    auto const passed = good.expect_booked(2);
    auto const failed = bad.expect_booked(2);
    EXPECT_EQ(get_int(passed, "status.failedCount").value_or(0), 0);
    EXPECT_EQ(get_int(failed, "status.successCount").value_or(0), 0);
    bad.remove();
    auto const booked = good.count("status.totalHealthCheckRuns");
    good.expect_booked(booked + 1);
    expect_status_equals_the_workflows(good);
    good.remove();
}

TEST_F(OperatorLife, OutputsBecomeMetricsAndGoWithTheirCheck) {
    Check const check("life", "measured");
    check.expect_booked(1);
    auto const value = [] { return common_operator().metric("measured_answer_total{healthcheck_name=\"measured\""); };
    EXPECT_TRUE(eventually([&] {
        auto const text = value();
        return !text.empty() && std::stod(text) == 42;
    })) << common_operator().metrics();
    check.remove();
    EXPECT_TRUE(eventually([&] { return !common_operator().metrics().empty() && value().empty(); }));
}

TEST_F(OperatorLife, AWorkflowInAnotherNamespaceIsBookedAndSweptWithItsCheck) {
    Check const check("life", "abroad");
    check.expect("it succeeded",
                 [](json::object const& each) { return get_string(each, "status.status") == "Succeeded"; });
    auto const runs = check.runs();
    ASSERT_EQ(runs.size(), 1U);
    EXPECT_EQ(get_string(runs[0].object, "metadata.namespace"), "foreign");
    EXPECT_EQ(find(runs[0].object, "metadata.ownerReferences"), nullptr);
    check.remove();
    EXPECT_TRUE(eventually([] { return try_kubectl("-n foreign get workflows -o name") == ""; }))
        << "nobody has swept it";
}

int most_runs_between_remedies(Check const& check) {
    auto const runs = check.runs();
    int most = 0;
    int between = 0;
    WorkflowRun const* remedy = nullptr;
    for (auto const& each : runs) {
        if (each.of_check()) {
            between += remedy && !remedy->finished.empty() && each.created > remedy->finished;
        } else {
            most = std::max(most, between);
            between = 0;
            remedy = &each;
        }
    }
    return most;
}

TEST_F(OperatorLife, ARemedyIsLimitedUntilItsIntervalIsOverOrTheCheckPasses) {
    Check const check("life", "limited");
    for (auto const ended : {1, 2}) {
        ASSERT_TRUE(eventually([&] { return std::ranges::count_if(check.remedies(), &WorkflowRun::ended) >= ended; }));
    }
    // A slow machine may not get that far from one remedy to the next, but does one day.
    EXPECT_TRUE(eventually([&] { return most_runs_between_remedies(check) >= 2; }))
        << "the check did not go on while its remedies were at their limit";
    auto const remedies = check.remedies();
    for (std::size_t i = 1; i < remedies.size(); ++i) {
        if (remedies[i - 1].finished.empty()) continue;  // timed out, and Argo has not ended it yet
        auto const ended = parse_rfc3339(remedies[i - 1].finished);
        auto const next = parse_rfc3339(remedies[i].created);
        ASSERT_TRUE(ended && next);
        EXPECT_GE(*next - *ended, seconds(120)) << remedies[i].id << " came before its time";
    }

    check.patch(fmt::format(R"({{"workflow":{{"resource":{{"source":{{"inline":{}}}}}}}}})",
                            json::serialize(json::string(workflow_of("true")))));
    auto const well = check.expect("it passes, and its remedies are reset", [](json::object const& each) {
        return get_string(each, "status.remedyStatus") == "HealthCheck Passed so Remedy is reset";
    });
    EXPECT_EQ(find(well, "status.remedyTotalRuns"), nullptr);
    expect_status_equals_the_workflows(check);
    check.remove();
}

TEST_F(OperatorLife, ACronTicksOnTheMinute) {
    Check const check("life", "each-minute");
    auto const object = check.expect_booked(2);
    auto const slot = get_string(object, "status.lastSlot");
    ASSERT_GE(slot.size(), 20U);
    EXPECT_EQ(slot.substr(17, 2), "00") << slot;
    EXPECT_THAT(check.events(), Not(Contains("ScheduleInvalid")));
    expect_status_equals_the_workflows(check);
}

}  // namespace

void begin_life() {
    std::string all;
    for (auto const* name : {"life", "other", "foreign"}) {
        all += fmt::format("---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {}}}\n", name);
    }
    auto const add = [&all](std::string const& ns, CheckText const& text) { all += health_check(ns, text); };
    add("life", {.name = "limited",
                 .schedule = "repeatAfterSec: 2",
                 .script = "exit 1",
                 .more = "remedyRunsLimit: 1\nremedyResetInterval: 120\n",
                 .remedy = "true"});
    add("life", {.name = "twin", .schedule = "repeatAfterSec: 10"});
    add("other", {.name = "twin", .schedule = "repeatAfterSec: 10", .script = "exit 3"});
    // Their turn comes after a whole suite.
    add("life", {.name = "edited", .script = until_let_go, .timeout = 1500});
    add("life", {.name = "paused", .schedule = "repeatAfterSec: 1", .script = until_let_go, .timeout = 1500});
    add("life", {.name = "deleted", .schedule = "repeatAfterSec: 1", .script = until_let_go, .timeout = 1500});
    add("life", {.name = "measured", .source = inline_of(answering_workflow())});
    add("life", {.name = "abroad", .target = "foreign"});
    add("life", {.name = "each-minute", .schedule = "schedule: {cron: \"* * * * *\"}"});
    kubectl("create -f - >/dev/null", all);
}

}  // namespace vedette::cluster
