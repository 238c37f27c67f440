// Names, labels and rules are those of keikoproj/active-monitor v0.15.0.

#include "cluster/active_monitor.hpp"

#include "base/json.hpp"
#include "base/yaml.hpp"
#include "cluster/health_check.hpp"
#include "operator/reference_fields.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace vedette::cluster {
namespace {

namespace json = boost::json;

void keep(json::object& properties, std::set<std::string_view> const& fields) {
    json::object kept;
    for (auto const& name : fields) {
        EXPECT_TRUE(properties.contains(name)) << name << " is missing in crd.yaml";
        kept[name] = properties[name];
    }
    properties = std::move(kept);
}

json::object& properties_of(json::value& schema) {
    return schema.at("properties").as_object();
}

}  // namespace

std::string crd_of_active_monitor() {
    std::ifstream file(VEDETTE_DEPLOY_DIR "/operator/crd.yaml");
    std::stringstream text;
    text << file.rdbuf();
    auto const ours = parse_yaml(text.str(), "crd.yaml");
    EXPECT_TRUE(ours);
    if (!ours) return "";
    auto crd = to_json(*ours);
    crd.at("metadata").as_object().erase("annotations");
    auto& schema = crd.at("spec").at("versions").at(0).at("schema").at("openAPIV3Schema");
    auto& spec = properties_of(schema).at("spec");
    spec.as_object().erase("anyOf");
    spec.as_object()["required"] = json::array{"workflow"};
    keep(properties_of(spec), op::reference_spec_fields);
    for (auto const* each : {"workflow", "remedyworkflow"}) {
        auto& workflow = properties_of(spec).at(each);
        properties_of(workflow).erase("rbacRules");
        properties_of(properties_of(properties_of(workflow).at("resource")).at("source")).erase("configMap");
    }
    keep(properties_of(properties_of(schema).at("status")), op::reference_status_fields);
    return to_json(crd);
}

std::string deployment_of_active_monitor(std::string_view service_account) {
    return fmt::format(R"(apiVersion: apps/v1
kind: Deployment
metadata: {{name: activemonitor-controller, namespace: health}}
spec:
  replicas: 1
  selector: {{matchLabels: {{name: activemonitor-controller}}}}
  template:
    metadata: {{labels: {{name: activemonitor-controller}}}}
    spec:
      serviceAccountName: {}
      terminationGracePeriodSeconds: 0
      containers:
      - name: active-monitor
        image: {}
        imagePullPolicy: Never
        command: [sleep, "3600"]
        resources: {{requests: {{cpu: 50m, memory: 80Mi}}}}
)",
                       service_account, image_of_active_monitor);
}

std::string manifest_of_active_monitor() {
    return R"(apiVersion: v1
kind: ServiceAccount
metadata: {name: activemonitor-controller-sa, namespace: health}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: activemonitor-controller-role, namespace: health}
rules:
- apiGroups: ["*"]
  resources: [pods, deployments, replicasets, services, configmaps, secrets, workflows, workflowtasksets,
    serviceaccounts, roles, rolebindings]
  verbs: ["*"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: activemonitor-controller-rb, namespace: health}
subjects: [{kind: ServiceAccount, name: activemonitor-controller-sa, namespace: health}]
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: activemonitor-controller-role}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: activemonitor-controller-clusterrole}
rules:
- apiGroups: ["*", activemonitor.keikoproj.io]
  resources: [workflows, monitors, pods, events, healthchecks, healthchecks/status, serviceaccounts, clusterroles,
    clusterrolebindings]
  verbs: ["*"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: activemonitor-controller-cluster-rb}
subjects: [{kind: ServiceAccount, name: activemonitor-controller-sa, namespace: health}]
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: activemonitor-controller-clusterrole}
---
)" + deployment_of_active_monitor("activemonitor-controller-sa");
}

std::string account_of_active_monitor(std::string_view ns, std::string_view account) {
    return fmt::format(R"(apiVersion: v1
kind: ServiceAccount
metadata: {{name: {1}, namespace: {0}, labels: {{workflows.argoproj.io/managed-by: active-monitor}}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {1}-cluster-role, labels: {{workflows.argoproj.io/managed-by: active-monitor}}}}
rules: [{{apiGroups: ["*"], resources: ["*"], verbs: [get, list, watch]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {1}-cluster-role-binding, labels: {{workflows.argoproj.io/managed-by: active-monitor}}}}
subjects: [{{kind: ServiceAccount, name: {1}, namespace: {0}}}]
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {1}-cluster-role}}
)",
                       ns, account);
}

std::string workflow_of_active_monitor(std::string_view check, std::string_view uid, std::string_view script) {
    return fmt::format(R"(apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: {0}-
  labels: {{workflows.argoproj.io/controller-instanceid: activemonitor-workflows}}
  ownerReferences:
  - {{apiVersion: v1alpha1, kind: HealthCheck, name: {0}, uid: {1}, controller: true}}
{2}  serviceAccountName: {0}
  activeDeadlineSeconds: 1500
  podGC: {{strategy: OnPodCompletion}}
)",
                       check, uid, workflow_of(script));
}

}  // namespace vedette::cluster
