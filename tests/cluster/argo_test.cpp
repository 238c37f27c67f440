// That the harness's Argo is the real one: pods, outputs, its instance's label, and that it can be stopped. What the
// operator's tests stand on.

#include "cluster/cluster.hpp"
#include "cluster/stopped.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace vedette::cluster {
namespace {

constexpr auto executor_rights = R"(
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: executor}
rules: [{apiGroups: [argoproj.io], resources: [workflowtaskresults], verbs: [create, patch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: executor}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: executor}
subjects: [{kind: ServiceAccount, name: default}]
)";

std::string answering_workflow(std::string_view name, std::string_view labels) {
    return fmt::format(R"(
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {{name: {}, labels: {{{}}}}}
spec:
  entrypoint: main
  templates:
  - name: main
    container:
      image: "{}"
      imagePullPolicy: Never
      command: [sh, -c, "echo -n 42 >/tmp/answer"]
    outputs: {{parameters: [{{name: answer, valueFrom: {{path: /tmp/answer}}}}]}}
)",
                       name, labels, busybox());
}

std::optional<std::string> field(Namespace const& ns, std::string_view workflow, std::string_view path) {
    return try_kubectl(fmt::format("-n {} get workflow {} -o jsonpath='{}'", ns.name(), workflow, path));
}

TEST(Argo, RunsTheWorkflowsOfItsInstanceOnceItIsNotStoppedAndReportsTheirOutputs) {
    Namespace const ns;
    ns.apply(executor_rights);
    Stopped argo("workflow-controller");
    ns.apply(answering_workflow("ours", "workflows.argoproj.io/controller-instanceid: activemonitor-workflows"));
    ns.apply(answering_workflow("foreign", ""));
    EXPECT_EQ(field(ns, "ours", "{.status.phase}"), "");

    restart("workflow-controller");
    EXPECT_TRUE(eventually([&] { return field(ns, "ours", "{.status.phase}") == "Succeeded"; }))
        << ns.kubectl("get workflows,pods -o yaml");
    EXPECT_EQ(field(ns, "ours", "{.status.nodes.ours.outputs.parameters[0].value}"), "42");
    EXPECT_EQ(field(ns, "foreign", "{.status.phase}"), "") << "Argo ran a Workflow of another instance";
}

}  // namespace
}  // namespace vedette::cluster
