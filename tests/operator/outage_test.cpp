// What the operator makes of an API server that is away or says no: nothing is booked that nobody saw, nothing is
// remedied for it, and what is late is told.

#include "base/json.hpp"
#include "operator/operator_scene.hpp"

namespace vedette::op {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

double value_of(std::string const& text, std::string_view series) {
    auto const at = text.find("\n" + std::string(series));
    if (at == std::string::npos) return -1;
    auto const blank = text.find(' ', at);
    return std::stod(text.substr(blank));
}

TEST(Outage, LongerThanATimeoutMakesNoFailureOfARunThatSucceeded) {
    OperatorScene scene;
    scene.fates["check-"] = {.running = 15min};
    auto spec = remedy_spec();
    spec["workflow"] = boost::json::object{{"workflowtimeout", 20 * 60}};
    scene.add("check", spec);
    scene.start();
    scene.pass(1min);
    bool away = true;
    scene.first.door.answers = [&](kube::Request const&) {
        return away ? std::optional(refusal(503, "ServiceUnavailable", "etcd is away")) : std::nullopt;
    };
    // The watch that is open ends within ten minutes and finds no successor; the Workflow ends, and its time.
    scene.pass(25min);
    EXPECT_EQ(scene.status("check").failed_count, 0);
    EXPECT_TRUE(scene.first->healthz().front().ask().ok) << "an API server that is away is no trouble of ours";
    away = false;
    scene.pass(40s);
    EXPECT_EQ(scene.status("check").failed_count, 0);
    EXPECT_EQ(scene.status("check").success_count, 1);
    EXPECT_THAT(scene.runs("check"), Not(Contains(StartsWith("remedy"))));
    scene.end();
}

TEST(Outage, WorkflowsThatMayNotBeReadAnyMoreAreToldAndCountAsOverdue) {
    OperatorScene scene;
    scene.fates["check-"] = {.phase = ""};  // nor does Argo end it: no end that the watch would tell
    auto spec = inline_source("spec: {entrypoint: main, activeDeadlineSeconds: 36000}");
    spec["workflow"].get_object()["workflowtimeout"] = 30;
    scene.add("check", spec);
    scene.start();
    scene.pass(10s);
    scene.first.door.answers = [](kube::Request const& request) {
        bool const reads = request.method == "GET" && request.path.find("/workflows") != std::string::npos;
        return reads ? std::optional(refusal(403, "Forbidden", "workflows may not be read")) : std::nullopt;
    };
    scene.pass(3min);
    EXPECT_THAT(scene.condition("check"), StartsWith("Ready=False WorkflowUnreadable: "));
    EXPECT_THAT(scene.events("check"), Contains(StartsWith("Warning WorkflowUnreadable x1: ")));
    EXPECT_NEAR(value_of(scene.first.metrics(), "healthcheck_overdue_seconds{healthcheck_namespace=\"health\""), 160,
                10);
    EXPECT_EQ(scene.status("check").failed_count, 0) << "nobody knows how it went";
    scene.first.door.answers = nullptr;
    scene.pass(1min);
    EXPECT_EQ(scene.status("check").failed_count, 1);
    EXPECT_THAT(scene.condition("check"), StartsWith("Ready=True "));
    scene.end();
}

TEST(Outage, EndsForEveryCheckWithinHalfAMinuteOfItsEnd) {
    OperatorScene scene;
    for (int i = 0; i < 20; ++i) scene.add("check" + std::to_string(i), {{"repeatAfterSec", 20}});
    scene.start();
    scene.pass(30s);
    bool away = true;
    scene.first.door.answers = [&](kube::Request const&) {
        return away ? std::optional(refusal(503, "ServiceUnavailable", "etcd is away")) : std::nullopt;
    };
    scene.pass(10min);
    away = false;
    auto const back = scene.world.elapsed();
    scene.pass(70s);
    for (int i = 0; i < 20; ++i) {
        auto const times = scene.times("check" + std::to_string(i));
        auto const next = std::find_if(times.begin(), times.end(), [&](auto when) { return when >= back; });
        ASSERT_NE(next, times.end()) << i;
        EXPECT_LE(*next - back, 60s) << i << ": a run under way may have to be booked first";
    }
    scene.end();
}

TEST(Outage, ACreateThatIsRefusedForEverShowsAsOverdueAndAsNoStart) {
    OperatorScene scene;
    scene.add("check");
    scene.first.door.answers = [](kube::Request const& request) {
        bool const create = request.method == "POST" && request.path.find("/workflows") != std::string::npos;
        return create ? std::optional(refusal(403, "Forbidden", "exceeded quota")) : std::nullopt;
    };
    scene.start();
    scene.pass(10min);
    auto const text = scene.first.metrics();
    EXPECT_GE(value_of(text, "healthcheck_overdue_seconds"), 590);
    EXPECT_EQ(value_of(text, "healthcheck_ready"), 0);
    EXPECT_THAT(text, Not(HasSubstr("healthcheck_start_lateness_seconds_count")));
    EXPECT_THAT(scene.condition("check"), HasSubstr("exceeded quota"));
}

TEST(Outage, AStatusThatMayNotBeWrittenIsTold) {
    OperatorScene scene;
    scene.add("check");
    scene.first.door.answers = [](kube::Request const& request) {
        bool const write = request.method == "PATCH" && request.path.ends_with("/status");
        return write ? std::optional(refusal(403, "Forbidden", "no right to healthchecks/status")) : std::nullopt;
    };
    scene.start();
    scene.pass(1min);
    EXPECT_THAT(scene.events("check"), Contains(HasSubstr("Warning StatusNotWritten")));
    EXPECT_THAT(scene.runs("check"), SizeIs(1)) << "and nothing runs beside what cannot be booked";
}

TEST(Outage, AFormerLeaderTellsNothingOfChecksThatOthersRunNow) {
    OperatorScene scene({.leader_elect = true});
    scene.add("check");
    scene.start();
    scene.pass(1s);
    Member second(scene, "second");
    second.start();
    scene.pass(60s);
    EXPECT_EQ(value_of(scene.first.metrics(), "vedette_operator_acting"), 1);
    EXPECT_THAT(second.metrics(), Not(HasSubstr("healthcheck_name=")));
    bool held = true;
    scene.first.door.holds = [&](kube::Request const&) { return held; };
    scene.pass(2min);
    auto const former = scene.first.metrics();
    EXPECT_THAT(former, Not(HasSubstr("healthcheck_name=")));
    EXPECT_EQ(value_of(former, "vedette_operator_acting"), 0);
    EXPECT_EQ(value_of(second.metrics(), "vedette_operator_acting"), 1);
    held = false;
    scene.pass(1s);
    second.kill();
}

TEST(Outage, AnEndThatTheWatchToldBeforeTheCreateWasAnsweredCountsAtOnce) {
    OperatorScene scene;
    scene.fates["check-"] = {.phase = "Error", .message = "no such template", .running = 0s};
    scene.add("check", {{"repeatAfterSec", 3600}});
    scene.start();
    scene.pass(10s);
    EXPECT_EQ(scene.status("check").failed_count, 1) << "not at half of an hour";
    EXPECT_EQ(scene.status("check").error_message, "no such template");
    scene.end();
}

}  // namespace
}  // namespace vedette::op
