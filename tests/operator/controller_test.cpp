// One operator over the in-memory API server, as users meet it: when checks run, what edits and deletions do, how ends
// are learnt, remedies, places to run.

#include "base/json.hpp"
#include "operator/operator_scene.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

namespace json = boost::json;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using testing::UnorderedElementsAre;

kube::Resource const account_kind{"", "v1", "serviceaccounts", "ServiceAccount", true};
kube::Resource const role_kind{"rbac.authorization.k8s.io", "v1", "roles", "Role", true};

json::value cron(std::string_view text) {
    return {{"repeatAfterSec", nullptr}, {"schedule", {{"cron", text}}}};
}

// --- when ---------------------------------------------------------------------------------------------------------

TEST(Schedule, TheFirstRunIsAtOnceAlsoForCronAndTheNextAtItsTick) {
    OperatorScene scene;
    scene.world.clock().set_wall(WallTime{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}} + 90s);
    scene.add("hourly", cron("0 * * * *"));
    scene.start();
    scene.pass(2h);
    EXPECT_THAT(scene.times("hourly"), ElementsAre(0s, 3510s, 7110s));
    EXPECT_EQ(scene.status("hourly").next_run_time,
              WallTime{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}} + 3h);
    scene.end();
}

TEST(Schedule, ThePeriodIsNeverShorterThanAskedForAndCountsFromTheEnd) {
    OperatorScene scene;
    scene.fates["slow-"] = {.running = 17s};
    scene.add("slow", {{"repeatAfterSec", 30}});
    scene.start();
    scene.pass(5min);
    auto const times = scene.times("slow");
    ASSERT_EQ(times.size(), 7u);
    for (std::size_t i = 1; i < times.size(); ++i) {
        EXPECT_GE(times[i] - times[i - 1], 47s);
        EXPECT_LE(times[i] - times[i - 1], 48s);
    }
    scene.end();
}

TEST(Schedule, AShorterIntervalCountsFromTheLastEndAndACronFromNow) {
    OperatorScene scene;
    scene.add("check", {{"repeatAfterSec", 3600}});
    scene.start();
    scene.pass(100s);
    scene.edit("check", {{"repeatAfterSec", 120}});
    scene.pass(60s);
    ASSERT_THAT(scene.times("check"), SizeIs(2));
    EXPECT_NEAR(std::chrono::duration<double>(scene.times("check")[1]).count(), 122.2, 1);
    scene.edit("check", cron("*/10 * * * *"));
    scene.pass(500s);
    ASSERT_THAT(scene.times("check"), SizeIs(3));
    EXPECT_EQ(scene.times("check")[2], 600s);
    scene.edit("check", {{"repeatAfterSec", 10}});
    scene.pass(1s);
    EXPECT_THAT(scene.times("check"), SizeIs(4)) << "ten seconds after the last end have passed";
    scene.end();
}

TEST(Schedule, APauseCancelsThePendingRunAndSaysSoUntilTheCheckIsResumed) {
    OperatorScene scene;
    scene.add("check");
    scene.start();
    scene.pass(30s);
    scene.edit("check", {{"repeatAfterSec", 0}});
    scene.pass(1s);
    auto const paused = scene.status("check");
    EXPECT_EQ(paused.status, "Stopped");
    EXPECT_THAT(paused.error_message, Not(IsEmpty()));
    EXPECT_EQ(paused.next_run_time, std::nullopt);
    EXPECT_THAT(scene.condition("check"), StartsWith("Ready=False Stopped: "));
    scene.pass(10min);
    EXPECT_THAT(scene.times("check"), SizeIs(1));
    EXPECT_THAT(scene.events("check"), Contains(StartsWith("Warning Stopped x1: ")));
    scene.edit("check", {{"repeatAfterSec", 60}});
    scene.pass(5s);
    EXPECT_THAT(scene.times("check"), SizeIs(2)) << "resumed: at once";
    EXPECT_EQ(scene.status("check").status, "Succeeded");
    scene.end();
}

TEST(Schedule, APauseInMidRunStillBooksTheRunAndStartsNoOther) {
    OperatorScene scene;
    scene.fates["check-"] = {.running = 20s};
    scene.add("check");
    scene.start();
    scene.pass(5s);
    scene.edit("check", {{"repeatAfterSec", nullptr}});
    scene.pass(10min);
    EXPECT_THAT(scene.times("check"), SizeIs(1));
    EXPECT_EQ(scene.status("check").success_count, 1);
    EXPECT_EQ(scene.status("check").status, "Stopped");
    scene.end();
}

// --- edits --------------------------------------------------------------------------------------------------------

TEST(Edit, AccountLevelAndNamespaceCountFromTheNextRunOn) {
    OperatorScene scene;
    scene.make_namespace("other");
    scene.add("check");
    scene.start();
    scene.pass(30s);
    scene.edit("check", {{"level", "namespace"},
                         {"workflow", {{"resource", {{"namespace", "other"}, {"serviceAccount", "new-sa"}}}}}});
    scene.pass(60s);
    auto const made = scene.made_by("check");
    ASSERT_THAT(made, SizeIs(2));
    EXPECT_EQ(made[0].ns, "health");
    EXPECT_EQ(made[1].ns, "other");
    EXPECT_EQ(get_string(made[1].object, "spec.serviceAccountName"), "new-sa");
    EXPECT_THAT(scene.names(account_kind), Contains("other/new-sa"));
    EXPECT_THAT(scene.names(role_kind), Contains("other/new-sa-ns-role"));
    EXPECT_EQ(scene.status("check").success_count, 2);
    scene.end();
}

// Booked, in mid-run, or not even made: however a run ends, no other follows to take its rights away.
TEST(Edit, OfTheAccountTogetherWithAPauseLeavesNoRightsOfTheOldOne) {
    OperatorScene scene;
    scene.fates["long-"] = {.running = 40s};
    for (auto const* name : {"booked", "long", "never"}) scene.add(name, {{"level", "namespace"}});
    scene.edit("never",
               {{"workflow", {{"resource", {{"source", {{"inline", nullptr}, {"file", {{"path", "/nowhere"}}}}}}}}}});
    scene.start();
    scene.pass(20s);
    EXPECT_THAT(scene.times("never"), IsEmpty());
    EXPECT_THAT(scene.names(role_kind),
                UnorderedElementsAre("health/booked-sa-ns-role", "health/long-sa-ns-role", "health/never-sa-ns-role"));
    for (auto const* name : {"booked", "long", "never"}) {
        scene.edit(name, {{"repeatAfterSec", 0}, {"workflow", {{"resource", {{"serviceAccount", "new-sa"}}}}}});
    }
    scene.pass(4min);
    EXPECT_THAT(scene.names(role_kind), SizeIs(3)) << "a pod may be in its last moments";
    scene.pass(6min);
    EXPECT_THAT(scene.names(role_kind), IsEmpty());
    EXPECT_THAT(scene.names(account_kind), IsEmpty());
    EXPECT_EQ(scene.status("long").success_count, 1);
    scene.end();
}

TEST(Edit, OfMetadataAloneStartsNothing) {
    OperatorScene scene;
    scene.fates["check-"] = {.running = 20s};
    scene.add("check");
    scene.start();
    for (int i = 0; i < 50; ++i) {
        scene.merge(health_check_resource(), "health", "check",
                    {{"metadata", {{"labels", {{"n", fmt::format("{}", i)}}}}}});
        scene.pass(1s);
    }
    EXPECT_THAT(scene.runs("check"), ElementsAre("check-1"));
    scene.end();
}

TEST(Edit, ChecksOfOneNameInTwoNamespacesDoNotKnowEachOther) {
    OperatorScene scene;
    scene.make_namespace("other");
    scene.add("check");
    scene.add("check", {{"workflow", {{"generateName", "theirs-"}}}}, "other");
    scene.start();
    scene.pass(30s);
    scene.remove("check");
    scene.pass(5min);
    EXPECT_THAT(scene.times("check"), SizeIs(1));
    EXPECT_THAT(scene.times("check", "other"), SizeIs(6));
    EXPECT_EQ(scene.status("check", "other").success_count, 6);
    scene.end();
}

TEST(Edit, LabelsOfOneWorkflowAreNotThoseOfAnother) {
    OperatorScene scene;
    auto const text = [](std::string_view labels) {
        return inline_source(fmt::format("metadata: {{labels: {{{}}}}}\n{}", labels, hello_text));
    };
    scene.add("a", text("team: core"));
    scene.add("b", text("tier: edge"));
    scene.start();
    scene.pass(2min);
    for (auto const& [name, other] : {std::pair("a", "tier"), std::pair("b", "team")}) {
        ASSERT_THAT(scene.made_by(name), SizeIs(2));
        for (auto const& each : scene.made_by(name)) {
            auto const& labels = each.object.at("metadata").at("labels").as_object();
            EXPECT_FALSE(labels.contains(other));
            EXPECT_EQ(labels.at(instance_label).as_string(), instance_value);
        }
    }
    scene.end();
}

// --- deletion -----------------------------------------------------------------------------------------------------

TEST(Deletion, InMidRunLeavesNothingThatGoesOn) {
    OperatorScene scene;
    scene.make_namespace("other");
    scene.fates["check-"] = {.running = 50s};
    scene.fates["away-"] = {.running = 50s};
    scene.add("check");
    scene.add("away", {{"workflow", {{"resource", {{"namespace", "other"}}}}}});
    scene.start();
    scene.pass(5s);
    EXPECT_THAT(scene.names(workflow_resource()), SizeIs(2));
    EXPECT_FALSE(scene.made_by("away").at(0).object.at("metadata").as_object().contains("ownerReferences"));
    scene.remove("check");
    scene.remove("away");
    scene.pass(1s);
    EXPECT_THAT(scene.names(workflow_resource()), ElementsAre("health/" + scene.made_by("check").at(0).name))
        << "nobody but us takes the one in another namespace";
    scene.server.collect_garbage();
    EXPECT_THAT(scene.names(workflow_resource()), IsEmpty());
    auto const requests = scene.first.door.sent.size();
    scene.pass(4min);
    EXPECT_THAT(scene.times("check"), SizeIs(1));
    EXPECT_LE(scene.first.door.sent.size(), requests + 2);
    EXPECT_THAT(scene.first.metrics(), Not(HasSubstr("healthcheck_name=\"check\"")));
    scene.end();
}

TEST(Deletion, OfACheckWhileNoOperatorRanSweepsItsWorkflowInAnotherNamespace) {
    OperatorScene scene;
    scene.make_namespace("other");
    scene.fates["away-"] = {.running = 50s};
    scene.add("away", {{"workflow", {{"resource", {{"namespace", "other"}}}}}});
    scene.start();
    scene.pass(5s);
    scene.first.kill();
    scene.remove("away");
    Member second(scene, "second");
    second.start();
    scene.pass(5s);
    EXPECT_THAT(scene.names(workflow_resource()), IsEmpty());
}

// Requests to delete a Workflow, and to read the HealthCheck, fail `so_many` times each.
void refuse_at_first(Door& door, int so_many) {
    auto const left = std::make_shared<std::map<std::string, int>>();
    door.answers = [left, so_many](kube::Request const& request) -> std::optional<kube::Scripted> {
        bool const deletes = request.method == "DELETE" && request.path.find("/workflows/") != std::string::npos;
        bool const reads = request.method == "GET" && request.path.ends_with("/healthchecks/away");
        if (!deletes && !reads) return std::nullopt;
        if ((*left)[request.method]++ >= so_many) return std::nullopt;
        return refusal(500, "InternalError", "not now");
    };
}

TEST(Deletion, AWorkflowInAnotherNamespaceThatCannotBeDeletedAtOnceIsDeletedLater) {
    OperatorScene scene;
    scene.make_namespace("other");
    scene.fates["away-"] = {.running = 1h};
    scene.add("away", {{"workflow", {{"workflowtimeout", 7200}, {"resource", {{"namespace", "other"}}}}}});
    refuse_at_first(scene.first.door, 3);
    scene.start();
    scene.pass(5s);
    ASSERT_THAT(scene.names(workflow_resource()), SizeIs(1));
    scene.remove("away");
    scene.pass(1min);
    EXPECT_THAT(scene.names(workflow_resource()), IsEmpty());
    EXPECT_THAT(scene.first.log, Contains(HasSubstr("whose HealthCheck is gone: ")).Times(1));
    scene.end();
}

TEST(Deletion, OfACheckWhileNoOperatorRanIsLookedIntoUntilItIsKnown) {
    OperatorScene scene;
    scene.make_namespace("other");
    scene.add("away", {{"workflow", {{"resource", {{"namespace", "other"}}}}}});
    scene.start();
    scene.pass(5s);
    scene.first.kill();
    scene.remove("away");
    ASSERT_THAT(scene.names(workflow_resource()), SizeIs(1)) << "an ended one, of which no watch tells any more";
    Member second(scene, "second");
    refuse_at_first(second.door, 4);
    second.start();
    scene.pass(5s);
    EXPECT_THAT(scene.names(workflow_resource()), SizeIs(1));
    scene.pass(1min);
    EXPECT_THAT(scene.names(workflow_resource()), IsEmpty());
    second.door.sent.clear();
    scene.pass(10min);
    EXPECT_THAT(second.door.sent, Not(Contains(HasSubstr("/workflows")))) << "and then it is left in peace";
}

// --- how ends are learnt ------------------------------------------------------------------------------------------

TEST(End, EachTerminalPhaseIsBookedAtOnceWithItsMessage) {
    OperatorScene scene;
    scene.fates["fails-"] = {.phase = "Failed", .message = "exit code 1"};
    scene.fates["breaks-"] = {.phase = "Error", .message = "no such image"};
    for (auto const* name : {"works", "fails", "breaks"}) scene.add(name);
    scene.start();
    scene.pass(2300ms);
    EXPECT_EQ(scene.status("works").status, "Succeeded");
    EXPECT_EQ(scene.status("fails").error_message, "exit code 1");
    EXPECT_EQ(scene.status("breaks").status, "Failed");
    EXPECT_EQ(scene.status("breaks").error_message, "no such image");
    EXPECT_EQ(scene.status("breaks").last_failed_workflow, scene.made_by("breaks").at(0).name);
    scene.end();
}

TEST(End, AWorkflowThatNeverEndsIsGivenUpByOurOwnClock) {
    OperatorScene scene;
    scene.world.run(scene.argo.stop());
    scene.add("check", {{"workflow", {{"workflowtimeout", 20}}}});
    scene.start();
    scene.pass(19s);
    EXPECT_EQ(scene.status("check").status, "");
    scene.pass(2s);
    EXPECT_EQ(scene.status("check").status, "Failed");
    EXPECT_EQ(scene.status("check").error_message, "Failed");
    scene.end();
}

TEST(End, ADeletionSeenOnTheWatchIsAFailureAndARemedyOnlyIfAskedFor) {
    for (bool const asked : {false, true}) {
        SCOPED_TRACE(asked);
        OperatorScene scene;
        scene.fates["check-"] = {.phase = ""};
        auto spec = remedy_spec();
        spec["remedyOnLostResult"] = asked;
        scene.add("check", spec);
        scene.start();
        scene.pass(5s);
        scene.erase(workflow_resource(), "health", scene.made_by("check").at(0).name);
        scene.pass(5s);
        EXPECT_EQ(scene.status("check").failed_count, 1);
        EXPECT_EQ(scene.status("check").error_message, "workflow deleted before it ended");
        EXPECT_EQ(scene.runs("check").size(), asked ? 2u : 1u);
        EXPECT_EQ(scene.status("check").remedy_success_count, asked ? 1 : 0);
        scene.end();
    }
}

TEST(End, AWorkflowThatIsGoneAfterARestartIsLostAndTheCheckRunsAgainAtOnce) {
    OperatorScene scene;
    scene.fates["check-"] = {.phase = ""};
    scene.add("check", remedy_spec());
    scene.start();
    scene.pass(5s);
    scene.first.kill();
    scene.erase(workflow_resource(), "health", scene.made_by("check").at(0).name);
    scene.fates.clear();
    Member second(scene, "second");
    second.start();
    scene.pass(8s);
    auto const status = scene.status("check");
    EXPECT_EQ(status.failed_count, 0);
    EXPECT_EQ(status.success_count, 1);
    EXPECT_THAT(scene.events("check"), Contains(StartsWith("Warning ResultLost x1: ")));
    EXPECT_THAT(scene.times("check"), SizeIs(2)) << "no remedy for what nobody knows";
    EXPECT_THAT(scene.condition("check", "ResultLost"), StartsWith("ResultLost=False Booked"));
}

// As who may create Workflows, and nothing else, would forge a result; or as who copies one for himself.
TEST(Restart, AWorkflowThatOnlySaysItIsOursIsNeitherTakenUpNorSwept) {
    OperatorScene scene;
    scene.add("check");
    auto const uid = get_string(scene.read(health_check_resource(), "health", "check"), "metadata.uid");
    auto const forge = [&](std::string_view ns, std::string_view name, std::string_view owner) {
        json::object metadata{
            {"name", name},
            {"namespace", ns},
            {"labels", json::object{{uid_label, uid}}},
            {"annotations",
             json::object{{uid_annotation, uid}, {run_annotation, "check-1"}, {name_annotation, "health/check"}}}};
        if (!owner.empty()) {
            metadata["ownerReferences"] = json::array{json::object{
                {"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"name", "mine"}, {"uid", owner}, {"controller", true}}};
        }
        scene.server.put({{"apiVersion", "argoproj.io/v1alpha1"},
                          {"kind", "Workflow"},
                          {"metadata", std::move(metadata)},
                          {"spec", json::object{}},
                          {"status", json::object{{"phase", "Failed"}, {"finishedAt", "2026-01-01T00:00:00Z"}}}});
    };
    forge("health", "copy", "");
    forge("health", "forged", "another-uid");
    scene.start();
    scene.pass(10s);
    EXPECT_EQ(scene.status("check").failed_count, 0);
    EXPECT_EQ(scene.status("check").success_count, 1);
    EXPECT_THAT(scene.times("check"), SizeIs(3)) << "two of another's and one of ours";
    scene.remove("check");
    scene.pass(1min);
    EXPECT_THAT(scene.names(workflow_resource()), testing::IsSupersetOf({"health/copy", "health/forged"}));
}

TEST(End, CustomMetricsOfOutputsAreServedAndGoWithTheCheck) {
    OperatorScene scene;
    json::object const parameter{{"name", "metrics"},
                                 {"value", R"({"metrics": [{"name": "custom_total", "value": 42.5, "help": "h"}]})"}};
    scene.fates["my-check-"] = {.outputs = json::object{{"parameters", json::array{parameter}}}};
    scene.add("my-check");
    scene.start();
    scene.pass(5s);
    EXPECT_THAT(scene.first.metrics(), HasSubstr("my_check_custom_total{healthcheck_name=\"my-check\"} 42.5\n"));
    EXPECT_THAT(scene.first.metrics(),
                HasSubstr("healthcheck_success_count{healthcheck_name=\"my-check\",workflow=\"healthCheck\"} 1.0\n"));
    scene.remove("my-check");
    scene.pass(1s);
    EXPECT_THAT(scene.first.metrics(), Not(HasSubstr("my_check")));
    scene.end();
}

// --- remedies -----------------------------------------------------------------------------------------------------

TEST(Remedy, ItsRightsAreMadeBeforeItRunsAndTakenAwayAfterIt) {
    OperatorScene scene;
    scene.fates["check-"] = {.phase = "Failed", .message = "no"};
    scene.fates["fix-"] = {.running = 10s};
    auto spec = remedy_spec();
    spec["level"] = "namespace";
    scene.add("check", spec);
    scene.start();
    scene.pass(1s);
    EXPECT_THAT(scene.names(account_kind), UnorderedElementsAre("health/check-sa"));
    scene.pass(4s);
    EXPECT_EQ(scene.status("check").status, "Failed") << "the failure is told before the remedy ends";
    EXPECT_THAT(scene.names(account_kind), UnorderedElementsAre("health/check-sa", "health/fix-sa"));
    EXPECT_THAT(scene.names(role_kind), Contains("health/fix-sa-ns-role"));
    scene.pass(10s);
    EXPECT_THAT(scene.names(account_kind), UnorderedElementsAre("health/check-sa"));
    EXPECT_THAT(scene.names(role_kind), UnorderedElementsAre("health/check-sa-ns-role"));
    EXPECT_EQ(scene.status("check").remedy_status, "Succeeded");
    EXPECT_THAT(scene.runs("check"), ElementsAre("check-1", "remedy-1-1"));
    scene.end();
}

// --- places -------------------------------------------------------------------------------------------------------

// In the reference each first run holds a worker to its end: the eleventh of ten waits an hour.
TEST(Places, LongFirstRunsHoldNobodyUp) {
    OperatorScene scene;
    scene.fates["long-"] = {.running = 1h};
    for (int i = 0; i < 25; ++i) {
        json::value const spec{{"workflow", {{"generateName", "long-"}, {"workflowtimeout", 2 * 3600}}}};
        scene.add(fmt::format("long{}", i), spec);
    }
    scene.start();
    scene.pass(1s);
    EXPECT_THAT(scene.made, SizeIs(25));
    scene.add("quick");
    scene.pass(10min);
    EXPECT_THAT(scene.times("quick"), SizeIs(10)) << "beside them, on time";
    scene.pass(55min);
    for (int i = 0; i < 25; ++i) EXPECT_EQ(scene.status(fmt::format("long{}", i)).success_count, 1);
    scene.end();
}

TEST(Places, AreTakenInTurnAndWhoeverWaitsSaysSo) {
    OperatorScene scene({.controller = {.max_running_workflows = 1}});
    for (auto const* name : {"a", "b", "c"}) {
        scene.fates[fmt::format("{}-", name)] = {.running = 10s};
        scene.add(name, {{"repeatAfterSec", 3600}});
    }
    scene.start();
    scene.pass(1s);
    EXPECT_THAT(scene.names(workflow_resource()), SizeIs(1));
    std::vector<std::string> queued;
    for (auto const* name : {"a", "b", "c"}) {
        if (scene.condition(name, "Progressing").starts_with("Progressing=False Queued: ")) queued.push_back(name);
    }
    EXPECT_THAT(queued, SizeIs(2));
    EXPECT_THAT(scene.first.metrics(), HasSubstr("vedette_operator_runs_waiting 2.0\n"));
    scene.pass(40s);
    std::vector<std::string> order;
    for (auto const& each : scene.made) order.push_back(each.check.substr(7));
    ASSERT_THAT(order, SizeIs(3));
    EXPECT_EQ(std::vector(order.begin() + 1, order.end()), queued) << "first come, first served";
    for (std::size_t i = 1; i < 3; ++i) EXPECT_GE(scene.made[i].when - scene.made[i - 1].when, 10s);
    scene.end();
}

}  // namespace
}  // namespace vedette::op
