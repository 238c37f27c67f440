// Operators among others: the reference at work, its CRD, its Workflows in flight; two of ours and one Lease.

#include "base/json.hpp"
#include "operator/operator_scene.hpp"
#include "operator/reference_fields.hpp"

#include <fmt/format.h>

#include <set>

namespace vedette::op {
namespace {

namespace json = boost::json;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

kube::Resource const deployment_kind{"apps", "v1", "deployments", "Deployment", true};

// --- who else -----------------------------------------------------------------------------------------------------

void put_reference(OperatorScene& scene, std::string_view part_of) {
    scene.server.put({{"apiVersion", "apps/v1"},
                      {"kind", "Deployment"},
                      {"metadata",
                       {{"name", "activemonitor-controller"},
                        {"namespace", "health"},
                        {"labels", {{"app.kubernetes.io/part-of", part_of}}}}},
                      {"status", {{"replicas", 1}}}});
}

TEST(Takeover, ADeploymentOfTheReferenceKeepsUsFromActingUntilItIsGone) {
    OperatorScene scene;
    put_reference(scene, "active-monitor");
    scene.add("check");
    scene.start();
    scene.pass(1min);
    EXPECT_THAT(scene.made, IsEmpty());
    EXPECT_THAT(scene.first.log, Contains(HasSubstr("health/activemonitor-controller is running")));
    auto const parts = scene.first->readyz();
    EXPECT_TRUE(std::any_of(parts.begin(), parts.end(),
                            [](auto const& part) { return part.ask().why.find("--takeover") != std::string::npos; }));
    scene.erase(deployment_kind, "health", "activemonitor-controller");
    scene.pass(15s);
    EXPECT_THAT(scene.made, SizeIs(1));
    scene.end();
}

TEST(Takeover, OurOwnDeploymentOfThatNameAndTheFlagDoNot) {
    for (bool const flag : {false, true}) {
        OperatorScene scene({.controller = {.takeover = flag}});
        put_reference(scene, flag ? "active-monitor" : "vedette");
        scene.add("check");
        scene.start();
        scene.pass(1s);
        EXPECT_THAT(scene.made, SizeIs(1));
        scene.end();
    }
}

void put_reference_workflow(OperatorScene& scene, std::string_view name) {
    auto const uid = get_string(scene.read(health_check_resource(), "health", "check"), "metadata.uid");
    scene.server.put({{"apiVersion", "argoproj.io/v1alpha1"},
                      {"kind", "Workflow"},
                      {"metadata",
                       {{"name", name},
                        {"namespace", "health"},
                        {"labels", {{instance_label, instance_value}}},
                        {"ownerReferences",
                         {{{"apiVersion", "v1alpha1"},
                           {"kind", "HealthCheck"},
                           {"name", "check"},
                           {"uid", uid},
                           {"controller", true}}}}}},
                      {"spec", {{"entrypoint", "main"}}}});
}

TEST(Takeover, AWorkflowOfTheReferenceInFlightIsAdoptedAndBookedOnce) {
    OperatorScene scene;
    scene.fates["check-"] = {.running = 20s};
    scene.add("check");
    put_reference_workflow(scene, "check-abcde");
    scene.pass(5s);
    scene.start();
    scene.pass(50s);
    auto const status = scene.status("check");
    EXPECT_EQ(status.last_successful_workflow, "check-abcde");
    EXPECT_EQ(status.success_count, 1);
    EXPECT_THAT(scene.times("check"), IsEmpty()) << "none of ours beside it";
    scene.end();
}

TEST(Takeover, AWorkflowThatNobodyCanExplainIsAnotherOperatorAtWork) {
    OperatorScene scene;
    scene.fates["strange-"] = {.running = 20s};
    scene.add("check");
    put_reference_workflow(scene, "strange-abcde");
    scene.start();
    scene.pass(10s);
    EXPECT_THAT(scene.times("check"), IsEmpty());
    EXPECT_THAT(scene.first.log, Contains(HasSubstr("health/strange-abcde")));
    scene.pass(30s);
    EXPECT_THAT(scene.times("check"), SizeIs(1)) << "once it has ended";
    scene.end();
}

TEST(Takeover, AListOfAllWorkflowsMayTakeItsTimeAndLeavesThoseThatHaveEndedOut) {
    OperatorScene scene;
    std::string selector;
    auto const ready = scene.world.clock().now() + 40s;
    scene.first.door.holds = [&](kube::Request const& request) {
        if (!request.what.starts_with("list") || !request.path.ends_with("/workflows")) return false;
        for (auto const& [key, value] : request.query) {
            if (key != "labelSelector" || !value.starts_with("!")) continue;
            selector = value;
            return scene.world.clock().now() < ready;
        }
        return false;
    };
    scene.add("check");
    scene.start();
    scene.pass(41s);
    EXPECT_EQ(selector, fmt::format("!{},workflows.argoproj.io/completed!=true", uid_label));
    EXPECT_THAT(scene.made, SizeIs(1));
    EXPECT_THAT(scene.first.log, testing::Not(Contains(HasSubstr("cannot tell"))));
    scene.end();
}

// --- a CRD that knows none of our fields --------------------------------------------------------------------------

// The status of the reference's CRD.
void prune(kube::Request& request) {
    if (request.method != "PATCH" || !request.path.ends_with("/status")) return;
    auto body = parse_json(request.body, "body");
    auto& status = body->get_object().at("status").get_object();
    json::object kept;
    for (auto const& [key, value] : status) {
        if (reference_status_fields.contains(key)) kept[key] = value;
    }
    status = std::move(kept);
    request.body = to_json(*body);
}

TEST(OldCrd, RunsExactlyOnceOnTimeAndCountsRight) {
    OperatorScene scene;
    scene.first.door.changes = prune;
    scene.fates["fails-"] = {.phase = "Failed", .message = "no"};
    scene.add("works");
    scene.add("fails", remedy_spec());
    scene.start();
    scene.pass(10min);
    auto const works = scene.status("works");
    EXPECT_EQ(works.observed_generation, 0) << "the CRD pruned it";
    EXPECT_EQ(works.success_count, 10);
    EXPECT_THAT(scene.times("works"), SizeIs(10));
    auto names = scene.runs("fails");
    EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size()) << "no run twice";
    auto const fails = scene.status("fails");
    EXPECT_EQ(static_cast<std::size_t>(fails.failed_count + fails.remedy_success_count), names.size());
    EXPECT_THAT(scene.first.log, Contains(HasSubstr("deploy/operator/crd.yaml")));
    scene.end();
}

// What the cluster has installed: the schema with or without what we added to it.
void put_crd(OperatorScene& scene, bool ours) {
    json::object spec{{"workflow", {{"type", "object"}}}};
    json::object status{{"successCount", {{"type", "integer"}}}};
    if (ours) {
        spec["checks"] = json::object{{"type", "array"}};
        status["runNumber"] = json::object{{"type", "integer"}};
    }
    json::object const schema{
        {"properties", {{"spec", {{"properties", std::move(spec)}}}, {"status", {{"properties", std::move(status)}}}}}};
    json::object const version{{"name", "v1alpha1"}, {"schema", {{"openAPIV3Schema", schema}}}};
    scene.server.put({{"apiVersion", "apiextensions.k8s.io/v1"},
                      {"kind", "CustomResourceDefinition"},
                      {"metadata", {{"name", "healthchecks.activemonitor.keikoproj.io"}}},
                      {"spec", {{"versions", json::array{version}}}}});
}

TEST(OldCrd, IsToldAtTheStartBeforeAnythingIsWritten) {
    OperatorScene scene;
    put_crd(scene, false);
    scene.start();
    scene.pass(1s);
    EXPECT_THAT(scene.first.log, Contains("the installed CRD lacks our fields: spec.checks is dropped by the API "
                                          "server, and what a restart would need is kept in memory alone; apply "
                                          "deploy/operator/crd.yaml")
                                     .Times(1));
    scene.end();
}

TEST(OldCrd, IsNotSuspectedWhereTheCrdIsOursOrMayNotBeRead) {
    for (bool const readable : {true, false}) {
        OperatorScene scene;
        put_crd(scene, readable);
        scene.first.door.answers = [readable](kube::Request const& request) {
            bool const refused = !readable && request.path.find("customresourcedefinitions") != std::string::npos;
            return refused ? std::optional(refusal(403, "Forbidden", "no")) : std::nullopt;
        };
        scene.add("check");
        scene.start();
        scene.pass(10s);
        EXPECT_EQ(scene.status("check").success_count, 1);
        EXPECT_THAT(scene.first.log, testing::Not(Contains(HasSubstr("CRD")))) << readable;
        scene.end();
    }
}

// --- leaders ------------------------------------------------------------------------------------------------------

TEST(Leaders, ALeaderThatIsAskedToStopHandsOverInLessThanTwoSeconds) {
    OperatorScene scene({.leader_elect = true});
    scene.add("check", {{"repeatAfterSec", 10}});
    scene.start();
    scene.pass(1s);
    Member second(scene, "second");
    second.start();
    scene.pass(30s);
    ASSERT_TRUE(scene.first->leads());
    ASSERT_FALSE(second->leads());
    for (auto& part : second->readyz()) EXPECT_TRUE(part.ask().ok) << "a standby is ready";
    auto const before = scene.times("check").size();
    scene.first.ask_to_stop();
    scene.pass(2s);
    EXPECT_FALSE(scene.first.runs());
    EXPECT_TRUE(second->leads());
    scene.pass(60s);
    EXPECT_GE(scene.times("check").size(), before + 4);
    auto names = scene.runs("check");
    EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size());
    EXPECT_GE(static_cast<std::size_t>(scene.status("check").success_count + 1), names.size());
}

// Its watch is half dead, and the Workflow of the last run was deleted as its ttlStrategy says: the name is free again.
TEST(Leaders, ANewOneActsOnNoCopyThatMayBeOld) {
    OperatorScene scene({.leader_elect = true});
    scene.add("check", {{"repeatAfterSec", 20}});
    scene.start();
    scene.pass(10s);
    Member second(scene, "second");
    second.door.holds = [](kube::Request const& request) {
        return request.what.starts_with("watch") && request.path.ends_with("/healthchecks");
    };
    second.start();
    scene.pass(18s);
    ASSERT_EQ(scene.status("check").run_number, 2);
    for (auto const& each : scene.made) scene.erase(workflow_resource(), each.ns, each.name);
    scene.first.ask_to_stop();
    scene.pass(2s);
    EXPECT_TRUE(second->leads());
    scene.pass(60s);
    auto names = scene.runs("check");
    EXPECT_GE(names.size(), 4u);
    EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size()) << "no run was made twice";
}

TEST(Leaders, WhatADeposedLeaderSentLateDoesNothing) {
    OperatorScene scene({.leader_elect = true});
    scene.fates["check-"] = {.phase = "Failed", .message = "no", .running = 3s};
    scene.add("check", remedy_spec());
    scene.start();
    scene.pass(1s);
    Member second(scene, "second");
    second.start();
    scene.pass(60s);
    // From here on what the first sends stays on its way for two minutes.
    bool held = true;
    scene.first.door.holds = [&](kube::Request const&) { return held; };
    scene.pass(2min);
    EXPECT_TRUE(second->leads());
    EXPECT_FALSE(scene.first->leads());
    auto const before = scene.status("check");
    held = false;
    scene.pass(1s);
    EXPECT_EQ(scene.status("check").failed_count, before.failed_count);
    EXPECT_EQ(scene.status("check").run_number, before.run_number);
    scene.pass(5min);
    auto names = scene.runs("check");
    EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size()) << "no run was made twice";
    auto const status = scene.status("check");
    auto const booked = static_cast<std::size_t>(status.failed_count + status.remedy_total_runs);
    EXPECT_THAT(booked, AllOf(testing::Ge(names.size() - 1), testing::Le(names.size())));
}

}  // namespace
}  // namespace vedette::op
