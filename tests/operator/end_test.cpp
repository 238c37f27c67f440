// How the end of a run is learnt where no watch tells of it in time: by GETs, from the last object of a deletion, in
// another namespace; and what it carries.

#include "base/json.hpp"
#include "operator/operator_scene.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace vedette::op {
namespace {

namespace json = boost::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

kube::Resource const role_kind{"rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false};
kube::Resource const account_kind{"", "v1", "serviceaccounts", "ServiceAccount", true};

bool watches_workflows(kube::Request const& request) {
    return request.long_lived && request.path.ends_with("/workflows");
}

bool looks_at_a_workflow(kube::Request const& request) {
    return request.method == "GET" && request.path.find("/workflows/") != std::string::npos;
}

json::object outputs() {
    json::object const parameter{{"name", "metrics"}, {"value", R"({"metrics": [{"name": "seconds", "value": 7}]})"}};
    return {{"parameters", json::array{parameter}}};
}

void put_reference_workflow(OperatorScene& scene, std::string_view check) {
    auto const uid = get_string(scene.read(health_check_resource(), "health", check), "metadata.uid");
    scene.server.put({{"apiVersion", "argoproj.io/v1alpha1"},
                      {"kind", "Workflow"},
                      {"metadata",
                       {{"name", fmt::format("{}-abcde", check)},
                        {"namespace", "health"},
                        {"labels", {{instance_label, instance_value}}},
                        {"ownerReferences",
                         {{{"apiVersion", "v1alpha1"},
                           {"kind", "HealthCheck"},
                           {"name", check},
                           {"uid", uid},
                           {"controller", true}}}}}},
                      {"spec", {{"entrypoint", "main"}}}});
}

// --- a watch that is silent ---------------------------------------------------------------------------------------

TEST(FallbackPoll, BooksTheEndThatNoWatchToldOfWithItsCustomMetrics) {
    OperatorScene scene;
    scene.fates["check-"] = {.outputs = outputs()};
    scene.add("check");
    bool silent = true;
    scene.first.door.holds = [&](kube::Request const& request) { return silent && watches_workflows(request); };
    scene.start();
    scene.pass(29s);
    EXPECT_EQ(scene.status("check").success_count, 0) << "nobody has told, and the first look is at half the timeout";
    EXPECT_THAT(scene.first.metrics(), Not(HasSubstr("check_seconds")));
    scene.pass(2s);
    auto const status = scene.status("check");
    EXPECT_EQ(status.success_count, 1);
    EXPECT_EQ(*status.finished_at - *status.started_at, 2s) << "the Workflow's own times";
    EXPECT_THAT(scene.first.metrics(), HasSubstr("check_seconds{healthcheck_name=\"check\"} 7.0\n"));
    silent = false;
    scene.end();
}

TEST(FallbackPoll, FollowsTheBackoffFieldsOfTheHealthCheck) {
    OperatorScene scene;
    scene.fates["check-"] = {.running = 11s};
    scene.add("check", {{"backoffMax", 4}, {"backoffMin", 2}, {"backoffFactor", "0.5"}});
    bool silent = true;
    std::vector<Duration> looks;
    scene.first.door.holds = [&](kube::Request const& request) { return silent && watches_workflows(request); };
    scene.first.door.changes = [&](kube::Request const& request) {
        if (looks_at_a_workflow(request)) looks.push_back(scene.world.elapsed());
    };
    scene.start();
    scene.pass(20s);
    EXPECT_THAT(looks, ElementsAre(4s, 6s, 8s, 10s, 12s)) << "11.2 s is when it ends";
    EXPECT_EQ(scene.status("check").success_count, 1);
    silent = false;
    scene.end();
}

// --- Workflows of the reference -----------------------------------------------------------------------------------

TEST(Adopted, TheEndOfAWorkflowOfTheReferenceIsNoticedWithinFiveSecondsWithItsCustomMetrics) {
    OperatorScene scene;
    scene.fates["check-"] = {.running = 100s, .outputs = outputs()};
    scene.add("check", {{"repeatAfterSec", 300}});
    put_reference_workflow(scene, "check");
    scene.pass(5s);
    std::vector<kube::Priority> looks;
    scene.first.door.changes = [&](kube::Request const& request) {
        if (looks_at_a_workflow(request)) looks.push_back(request.priority.value_or(kube::Priority::normal));
    };
    scene.start();
    scene.pass(95s);
    EXPECT_EQ(scene.status("check").success_count, 0);
    scene.pass(6s);
    EXPECT_EQ(scene.status("check").success_count, 1) << "100.2 s is when it ends; half of its timeout are 150";
    EXPECT_EQ(scene.status("check").last_successful_workflow, "check-abcde");
    EXPECT_THAT(scene.first.metrics(), HasSubstr("check_seconds{healthcheck_name=\"check\"} 7.0\n"));
    EXPECT_THAT(looks.size(), testing::AllOf(testing::Ge(19U), testing::Le(22U)));
    EXPECT_EQ(std::ranges::count(looks, kube::Priority::low), std::ssize(looks) - 1)
        << "all but the first, which may find it gone, stand behind every other request";
    scene.end();
}

TEST(Adopted, ASpareLookThatIsLongBehindOthersKeepsNoDueOneWaiting) {
    std::vector<std::string> const checks{"a", "b", "c", "d", "e", "f", "g", "h"};  // each looks at moments of its own
    OperatorScene scene;
    for (auto const& name : checks) {
        scene.fates[name + "-"] = {.running = 100s};
        scene.add(name, {{"repeatAfterSec", 300}});
        put_reference_workflow(scene, name);
    }
    scene.first.door.holds = [&](kube::Request const& request) {
        return looks_at_a_workflow(request) && request.priority == kube::Priority::low;
    };
    scene.pass(5s);  // from then on every other spare look is tried: one is under way at 150 s
    scene.start();
    scene.pass(144s);
    for (auto const& name : checks) {
        EXPECT_EQ(scene.status(name).success_count, 0) << "it has ended, and each spare look waits";
        auto const looks = std::ranges::count_if(
            scene.first.door.sent, [&](auto const& each) { return each.ends_with(fmt::format("/{}-abcde", name)); });
        EXPECT_THAT(looks, testing::AllOf(testing::Ge(13), testing::Le(31))) << "each is given up for the next";
    }
    scene.pass(2s);
    for (auto const& name : checks) {
        EXPECT_EQ(scene.status(name).success_count, 1) << name << ": half of its timeout are 150";
    }
    scene.first.door.holds = {};
    scene.end();
}

TEST(Adopted, ManyAreLookedAtInTurnAndNotAllInOneInstant) {
    constexpr int many = 200;
    OperatorScene scene;
    for (int i = 0; i < many; ++i) {
        auto const name = fmt::format("c{}", i);
        scene.fates[name + "-"] = {.running = 60s};
        scene.add(name, {{"repeatAfterSec", 3600}});
        put_reference_workflow(scene, name);
    }
    scene.pass(1s);
    std::map<std::int64_t, int> looks;  // by the half second
    scene.first.door.changes = [&](kube::Request const& request) {
        if (looks_at_a_workflow(request)) ++looks[scene.world.elapsed() / 500ms];
    };
    scene.start();
    scene.pass(2s);
    EXPECT_GE(looks.begin()->second, many) << "at the start each once, to know whether it is there";
    looks.clear();
    scene.pass(40s);
    int all = 0;
    for (auto const& [when, count] : looks) {
        EXPECT_LE(count, many / 10 * 2) << "in half a second a tenth is due";
        all += count;
    }
    EXPECT_GE(all, many * 40 / 5 - many);
    EXPECT_LE(all, many * 40 / 5 + many);
    scene.pass(30s);
    for (int i = 0; i < many; ++i) EXPECT_EQ(scene.status(fmt::format("c{}", i)).success_count, 1) << i;
    scene.end();
}

TEST(Adopted, OurOwnAfterARestartAreWatchedAndNotLookedAt) {
    OperatorScene scene;
    scene.fates["check-"] = {.running = 100s};
    scene.add("check", {{"repeatAfterSec", 300}});
    scene.start();
    scene.pass(5s);
    scene.first.kill();
    Member second(scene, "second");
    second.start();
    scene.pass(90s);
    EXPECT_THAT(second.door.sent, Not(Contains(HasSubstr("/workflows/"))));
    scene.pass(6s);
    EXPECT_EQ(scene.status("check").success_count, 1);
    second.kill();
}

// --- deletions ----------------------------------------------------------------------------------------------------

TEST(Deleted, TheLastObjectOfADeletionIsBookedWhereItTellsAnEndThatNothingToldBefore) {
    for (std::string_view const phase : {"Failed", "Succeeded", "Running"}) {
        SCOPED_TRACE(phase);
        OperatorScene scene;
        scene.fates["check-"] = {.phase = ""};
        scene.add("check", {{"repeatAfterSec", 3600}});
        scene.start();
        scene.pass(5s);
        scene.world.run(scene.argo.stop());
        auto const name = scene.made_by("check").at(0).name;
        auto last = scene.read(workflow_resource(), "health", name);
        ASSERT_EQ(get_string(last, "status.phase"), "Running");
        // The watch breaks off before it tells; the next one tells of the deletion with the object as it was last.
        scene.server.add_fault({.kind = kube::fake::Fault::Kind::end_watch,
                                .method = "WATCH",
                                .path_prefix = "/apis/argoproj.io/",
                                .times = 1});
        scene.erase(workflow_resource(), "health", name);
        scene.merge(health_check_resource(), "health", "check", {{"metadata", {{"labels", {{"later", "yes"}}}}}});
        auto const later = scene.read(health_check_resource(), "health", "check");
        auto& status = last["status"].get_object();
        status["phase"] = phase;
        if (phase == "Failed") status["message"] = "the last word";
        status["outputs"] = outputs();
        last["metadata"].get_object()["resourceVersion"] = get_string(later, "metadata.resourceVersion");
        int told = 0;
        scene.first.door.answers = [&](kube::Request const& request) -> std::optional<kube::Scripted> {
            if (!watches_workflows(request) || told++ > 0) return std::nullopt;
            return kube::Scripted{.pieces = {to_json(json::object{{"type", "DELETED"}, {"object", last}}) + "\n"}};
        };
        scene.pass(5s);
        auto const booked = scene.status("check");
        EXPECT_EQ(told > 0, true);
        EXPECT_EQ(booked.success_count, phase == "Succeeded" ? 1 : 0);
        EXPECT_EQ(booked.failed_count, phase == "Succeeded" ? 0 : 1);
        EXPECT_EQ(booked.error_message, phase == "Failed"      ? "the last word"
                                        : phase == "Succeeded" ? ""
                                                               : "workflow deleted before it ended");
        EXPECT_EQ(scene.first.metrics().find("check_seconds{") != std::string::npos, phase != "Running");
        scene.end();
    }
}

// --- a remedy in another namespace --------------------------------------------------------------------------------

// The reference looks for it in the namespace of the check's Workflow: it finds none, books nothing, and takes the
// rights away from under the remedy that runs.
TEST(RemedyElsewhere, IsWatchedThereBookedAndKeepsItsRightsToItsEnd) {
    for (bool const silent_watch : {false, true}) {
        SCOPED_TRACE(silent_watch);
        OperatorScene scene;
        scene.make_namespace("repairs");
        scene.fates["check-"] = {.phase = "Failed", .message = "no"};
        scene.fates["fix-"] = {.running = 20s};
        auto spec = remedy_spec();
        spec["remedyworkflow"].at("resource").get_object()["namespace"] = "repairs";
        spec["remedyworkflow"].get_object()["workflowtimeout"] = 60;
        spec["repeatAfterSec"] = 600;
        scene.add("check", spec);
        scene.start();
        scene.pass(3s);
        ASSERT_THAT(scene.runs("check"), ElementsAre("check-1", "remedy-1-1"));
        EXPECT_EQ(scene.made_by("check")[1].ns, "repairs");
        bool silent = silent_watch;
        if (silent) {
            scene.first.door.holds = [&](kube::Request const& request) { return silent && watches_workflows(request); };
            scene.server.add_fault(
                {.kind = kube::fake::Fault::Kind::end_watch, .method = "WATCH", .path_prefix = "/apis/argoproj.io/"});
            scene.pass(5s);
        }
        scene.pass(15s);
        EXPECT_THAT(scene.names(account_kind), Contains("repairs/fix-sa"));
        EXPECT_THAT(scene.names(role_kind), Contains("/fix-sa-cluster-role")) << "it still runs";
        scene.server.clear_faults();
        scene.pass(100s);
        auto const status = scene.status("check");
        EXPECT_EQ(status.remedy_status, "Succeeded");
        EXPECT_EQ(status.remedy_success_count, 1);
        EXPECT_EQ(status.last_successful_workflow, scene.made_by("check")[1].name);
        EXPECT_THAT(scene.names(account_kind), Not(Contains("repairs/fix-sa")));
        EXPECT_THAT(scene.names(role_kind), Not(Contains("/fix-sa-cluster-role")));
        scene.remove("check");
        scene.pass(1s);
        silent = false;
        scene.pass(40s);
        EXPECT_THAT(scene.names(workflow_resource()), Not(Contains(HasSubstr("repairs/"))));
        scene.end();
    }
}

}  // namespace
}  // namespace vedette::op
