// Each test breaks one thing for real, sees the check that must turn and what it says, and sees the others stay well;
// then mends it and sees the check heal.

#include "cluster/cluster.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

namespace vedette::cluster {
namespace {

using namespace std::chrono_literals;

std::set<std::string> unhealthy(boost::json::object const& document) {
    std::set<std::string> names;
    for (auto const& check : document.at("checks").as_array()) {
        auto const status = check.at("status").as_string();
        if (status != "ok" && status != "skipped") names.emplace(check.at("name").as_string());
    }
    return names;
}

// Waits until `name` turns; then nothing but `name` and its companions may be anything but ok.
boost::json::object expect_turns(Namespace const& ns, std::string const& name, std::set<std::string> companions) {
    boost::json::object document;
    EXPECT_TRUE(eventually(90s,
                           [&] {
                               document = check_json("--suite " + ns.suite());
                               return unhealthy(document).contains(name);
                           }))
        << name << " never turned: " << document;
    companions.insert(name);
    for (auto const& turned : unhealthy(document)) {
        EXPECT_TRUE(companions.contains(turned)) << turned << " turned too: " << entry(document, turned);
    }
    return document;
}

void expect_heals(Namespace const& ns, std::string const& name) {
    boost::json::object document;
    EXPECT_TRUE(eventually(60s,
                           [&] {
                               document = check_json("--suite " + ns.suite());
                               return !unhealthy(document).contains(name);
                           }))
        << name << " never healed: " << document;
}

std::string pod(std::string_view name, std::string_view image, std::string_view command, std::string_view more = "") {
    return fmt::format(R"(
apiVersion: v1
kind: Pod
metadata: {{name: {}, labels: {{app: {}}}}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: app
    image: {}
    imagePullPolicy: IfNotPresent
    command: [sh, -c, "{}"]
{})",
                       name, name, image, command, more);
}

std::string first_failure_name(boost::json::object const& document, std::string_view check) {
    auto const& failures = entry(document, check).at("failures").as_array();
    if (failures.empty()) return "";
    return std::string(failures[0].at("name").as_string());
}

TEST(RealCluster, AHealthyClusterHasNothingCriticalAndNothingUnknown) {
    boost::json::object document;
    EXPECT_TRUE(eventually(30s, [&] {
        document = check_json("");
        return document.at("healthy").as_bool();
    })) << document;
    for (auto const& check : document.at("checks").as_array()) {
        EXPECT_NE(check.at("status").as_string(), "unknown") << check;
    }
    EXPECT_EQ(status_of(document, "apiserver-livez"), "ok");
    EXPECT_EQ(status_of(document, "nodes-ready"), "ok");
    EXPECT_EQ(status_of(document, "leader-leases"), "ok");
}

TEST(RealCluster, ACrashLoopingContainerIsNamedWithItsExitCode) {
    Namespace const ns;
    ns.apply(pod("crasher", busybox(), "exit 7"));
    auto const document = expect_turns(ns, "pods-crashloop", {"pods-not-ready"});
    EXPECT_EQ(first_failure_name(document, "pods-crashloop"), "crasher");
    EXPECT_NE(std::string(entry(document, "pods-crashloop").at("message").as_string()).find("7"), std::string::npos);
    kubectl("-n " + ns.name() + " delete pod crasher --wait=false");
    expect_heals(ns, "pods-crashloop");
}

TEST(RealCluster, AnImageThatCannotBePulledIsNamed) {
    Namespace const ns;
    ns.apply(pod("puller", "registry.invalid/nothing:1", "true"));
    auto const document = expect_turns(ns, "pods-image-pull", {"pods-not-ready"});
    auto const message = std::string(entry(document, "pods-image-pull").at("message").as_string());
    EXPECT_NE(message.find("registry.invalid/nothing:1"), std::string::npos) << message;
    kubectl("-n " + ns.name() + " delete pod puller --wait=false");
    expect_heals(ns, "pods-image-pull");
}

TEST(RealCluster, APodThatFitsNoNodeCarriesTheSchedulersMessage) {
    Namespace const ns;
    ns.apply(pod("giant", busybox(), "sleep 600", "    resources: {requests: {memory: 900Ti}}\n"));
    auto const document = expect_turns(ns, "pods-unschedulable", {"pods-not-ready"});
    auto const message = std::string(entry(document, "pods-unschedulable").at("message").as_string());
    EXPECT_NE(message.find("Insufficient memory"), std::string::npos) << message;
    kubectl("-n " + ns.name() + " delete pod giant --wait=false");
    expect_heals(ns, "pods-unschedulable");
}

TEST(RealCluster, AConfigMapThatIsMissingIsAConfigError) {
    Namespace const ns;
    ns.apply(pod("lost", busybox(), "sleep 600", "    envFrom: [{configMapRef: {name: nowhere}}]\n"));
    auto const document = expect_turns(ns, "pods-config-error", {"pods-not-ready"});
    EXPECT_EQ(first_failure_name(document, "pods-config-error"), "lost");
    kubectl("-n " + ns.name() + " create configmap nowhere --from-literal=a=b");
    expect_heals(ns, "pods-config-error");
}

TEST(RealCluster, AServiceWithoutEndpointsTurnsAndHealsWithItsFirstPod) {
    Namespace const ns;
    ns.apply(
        "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {selector: {app: shop}, ports: [{port: 80}]}\n");
    auto const document = expect_turns(ns, "service-endpoints", {});
    EXPECT_EQ(first_failure_name(document, "service-endpoints"), "shop");
    ns.apply(pod("shop", busybox(), "sleep 600"));
    expect_heals(ns, "service-endpoints");
}

TEST(RealCluster, AClaimNobodyCanProvideIsPending) {
    Namespace const ns;
    ns.apply(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n"
        "spec: {storageClassName: none-such, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n");
    auto const document = expect_turns(ns, "pvc-bound", {});
    EXPECT_EQ(first_failure_name(document, "pvc-bound"), "data");
    kubectl("-n " + ns.name() + " delete pvc data --wait=false");
    expect_heals(ns, "pvc-bound");
}

TEST(RealCluster, AJobThatUsedUpItsRetriesIsFailed) {
    Namespace const ns;
    ns.apply(fmt::format(R"(
apiVersion: batch/v1
kind: Job
metadata: {{name: backup}}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{{name: app, image: {}, imagePullPolicy: Never, command: [sh, -c, "exit 3"]}}]
)",
                         busybox()));
    auto const document = expect_turns(ns, "jobs-failed", {"pods-not-ready"});
    EXPECT_EQ(first_failure_name(document, "jobs-failed"), "backup");
    kubectl("-n " + ns.name() + " delete job backup");
    expect_heals(ns, "jobs-failed");
}

TEST(RealCluster, ADeploymentWhosePodsNeverComeIsNamed) {
    Namespace const ns;
    ns.apply(R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  progressDeadlineSeconds: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: registry.invalid/web:1}]}
)");
    auto const document = expect_turns(ns, "deployments-available", {"pods-not-ready", "pods-image-pull"});
    EXPECT_EQ(first_failure_name(document, "deployments-available"), "web");
    kubectl("-n " + ns.name() + " delete deployment web");
    expect_heals(ns, "deployments-available");
}

TEST(RealCluster, TheRightsThatRbacPrintsAreEnoughForEveryCheck) {
    Namespace const ns;
    auto const program = std::string(std::getenv("VEDETTE_BIN"));
    kubectl("-n " + ns.name() + " create serviceaccount watcher");
    auto const rights = run(fmt::format("{} checks rbac --service-account {}/watcher", program, ns.name()));
    ASSERT_EQ(rights.code, 0);
    kubectl("apply -f -", rights.text);
    auto token = kubectl("-n " + ns.name() + " create token watcher");
    while (!token.empty() && token.back() == '\n') token.pop_back();
    auto const file = fmt::format("{}/watcher.kubeconfig", std::getenv("VEDETTE_CLUSTER_RUN"));
    run(fmt::format(
        "kubectl config view --raw --minify > {0}; kubectl --kubeconfig {0} config set-credentials watcher "
        "--token={1} >/dev/null; kubectl --kubeconfig {0} config set-context --current --user=watcher >/dev/null",
        file, token));
    auto const document = check_json("--kubeconfig " + file);
    for (auto const& check : document.at("checks").as_array()) {
        EXPECT_NE(check.at("status").as_string(), "unknown") << check;
    }
    kubectl("delete clusterrolebinding vedette");
    auto const without = check_json("--kubeconfig " + file + " -n pods-crashloop");
    EXPECT_EQ(status_of(without, "pods-crashloop"), "unknown");
    auto const message = std::string(entry(without, "pods-crashloop").at("message").as_string());
    EXPECT_NE(message.find("verb list on pods"), std::string::npos) << message;
    kubectl("delete clusterrole vedette");
    std::remove(file.c_str());
}

}  // namespace
}  // namespace vedette::cluster
