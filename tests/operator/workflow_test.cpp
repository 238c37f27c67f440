#include "operator/workflow.hpp"

#include "base/json.hpp"
#include "operator/checks.hpp"

namespace vedette::op {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

RunId const first{.number = 1};

boost::json::object built(std::string const& text, std::string_view source = {}) {
    auto const check = check_of(text);
    auto made = build_workflow(check, first, source.empty() ? check.spec.workflow.source.text : source, 60s, 0);
    if (!made) throw std::runtime_error(made.error().text());
    return std::move(*made);
}

std::string refused(std::string_view source) {
    auto const made = build_workflow(check_of(hello()), first, source, 60s, 0);
    return made ? "accepted" : made.error().text();
}

TEST(Workflows, OnlyLabelsAndSpecOfTheTextCountTheRestIsOurs) {
    auto const workflow = built(hello());
    EXPECT_EQ(get_string(workflow, "apiVersion"), "argoproj.io/v1alpha1");
    EXPECT_EQ(get_string(workflow, "kind"), "Workflow");
    EXPECT_EQ(get_string(workflow, "metadata.generateName"), "hello-");
    EXPECT_EQ(get_string(workflow, "metadata.namespace"), "health");
    auto const& labels = workflow.at("metadata").at("labels").as_object();
    EXPECT_EQ(labels, (boost::json::object{
                          {"team", "core"}, {"7", "1"}, {instance_label, instance_value}, {uid_label, "0f3b"}}));
    EXPECT_EQ(get_string(workflow, "spec.entrypoint"), "hello");
    EXPECT_EQ(get_string(workflow, "spec.serviceAccountName"), "hello-sa");
    EXPECT_EQ(get_string(workflow, "spec.podGC.strategy"), "OnPodCompletion");
    EXPECT_EQ(get_int(workflow, "spec.activeDeadlineSeconds"), 60);
    auto const& owner = workflow.at("metadata").at("ownerReferences").at(0).as_object();
    EXPECT_EQ(owner, (boost::json::object{{"apiVersion", "activemonitor.keikoproj.io/v1alpha1"},
                                          {"kind", "HealthCheck"},
                                          {"name", "hello"},
                                          {"uid", "0f3b"},
                                          {"controller", true}}));
}

TEST(Workflows, WhatTheTextSaysItselfStays) {
    auto const workflow =
        built(hello(),
              "metadata: {labels: {workflows.argoproj.io/controller-instanceid: mine}}\n"
              "spec: {podGC: {strategy: OnWorkflowSuccess}, activeDeadlineSeconds: 5, serviceAccountName: other}\n");
    EXPECT_EQ(workflow.at("metadata").at("labels").at(instance_label), "mine");
    EXPECT_EQ(get_string(workflow, "spec.podGC.strategy"), "OnWorkflowSuccess");
    EXPECT_EQ(get_int(workflow, "spec.activeDeadlineSeconds"), 5);
    EXPECT_EQ(get_string(workflow, "spec.serviceAccountName"), "hello-sa") << "the resource's account always wins";
}

TEST(Workflows, InAnotherNamespaceAnOwnerWouldHaveItCollected) {
    auto check = check_of(hello());
    check.spec.workflow.ns = "elsewhere";
    auto const workflow = build_workflow(check, first, "spec: {a: 1}", 60s, 0).value();
    EXPECT_FALSE(workflow.at("metadata").as_object().contains("ownerReferences"));
    EXPECT_EQ(workflow.at("metadata").at("labels").at(uid_label), "0f3b");
}

TEST(Workflows, ANameFollowsFromCheckRunAndCollisionAndFitsAPodsName) {
    auto check = check_of(hello());
    auto const name = workflow_name(check, first, 0).value();
    EXPECT_THAT(name, testing::MatchesRegex("hello-[bcdfghjklmnpqrstvwxz2456789]{5}"));
    EXPECT_EQ(workflow_name(check, first, 0).value(), name);
    EXPECT_NE(workflow_name(check, first, 1).value(), name);
    EXPECT_NE(workflow_name(check, {.number = 2}, 0).value(), name);
    auto twin = check;
    twin.uid = "0f3c";
    EXPECT_NE(workflow_name(twin, first, 0).value(), name);
    check.spec.workflow.generate_name = std::string(253, 'a');
    EXPECT_EQ(workflow_name(check, first, 0).value().size(), 62u);
    check.spec.workflow.generate_name.clear();
    EXPECT_FALSE(workflow_name(check, first, 0));
}

TEST(Workflows, TextsThatAreNoWorkflowAreRefusedInASentence) {
    EXPECT_EQ(refused(" "), "the Workflow text is empty");
    EXPECT_EQ(refused("# a comment\n"), "the Workflow text is empty");
    EXPECT_EQ(refused("[1]"), "the Workflow text is a sequence, not an object");
    EXPECT_EQ(refused("metadata: {}"), "the Workflow text has no spec");
    EXPECT_EQ(refused("spec: text"), "workflow:1:7: spec is a string, not an object");
    EXPECT_THAT(refused("spec: {a: ["), HasSubstr("workflow:1:"));
    EXPECT_THAT(refused("spec: " + std::string(1000, '[') + std::string(1000, ']')),
                HasSubstr("nested more than 64 levels"));
    EXPECT_THAT(refused("spec: {a: " + std::string(source_limit, 'x') + "}"), HasSubstr("at most"));
}

TEST(Workflows, ARemedyOfTheSameAccountGetsOneOfItsOwn) {
    auto check =
        check_of(hello("  remedyworkflow: {generateName: r-, resource: {namespace: health, serviceAccount: "
                       "hello-sa, source: {inline: x}}}\n"));
    EXPECT_EQ(remedy_service_account(check.spec), "hello-sa-remedy");
    auto const remedy =
        build_workflow(check, {.purpose = Purpose::remedy, .number = 3, .attempt = 1}, "spec: {a: 1}", 60s, 0).value();
    EXPECT_EQ(get_string(remedy, "spec.serviceAccountName"), "hello-sa-remedy");
    check.spec.workflow = {};
    check.spec.has_workflow = false;
    check.spec.checks = {boost::json::object{{"type", "nodes-ready"}}};
    EXPECT_EQ(remedy_service_account(check.spec), "hello-sa") << "the account's reads are somebody else's";
    check.spec.service_account_name = "hello-sa";
    EXPECT_EQ(remedy_service_account(check.spec), "hello-sa-remedy");
    EXPECT_EQ(get_string(remedy, "metadata.generateName"), "r-");
    EXPECT_EQ(remedy.at("metadata").at("annotations").at(run_annotation), "remedy-3-1");
    check.spec.remedy.service_account = "other";
    EXPECT_EQ(remedy_service_account(check.spec), "other");
}

}  // namespace
}  // namespace vedette::op
