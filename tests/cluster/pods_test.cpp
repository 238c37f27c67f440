// Pods in trouble: each test breaks one for real, sees the check that must turn and what it says, sees the others stay
// well; then mends it and sees everything well again.

#include "cluster/expect.hpp"
#include "cluster/manifest.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace vedette::cluster {
namespace {

using testing::HasSubstr;

TEST(RealPods, ACrashLoopingContainerIsNamedWithItsExitCode) {
    Namespace const ns;
    ns.apply(pod("crasher", "exit 7"));
    auto const document = expect_turns(ns, "pods-crashloop", {"pods-not-ready"});
    EXPECT_EQ(first_failure(document, "pods-crashloop"), failure(ns, "Pod crasher", "CrashLoopBackOff"));
    EXPECT_THAT(message_of(document, "pods-crashloop"), HasSubstr("exit code 7"));
    ns.kubectl("delete pod crasher --wait=false");
    expect_well(ns);
}

TEST(RealPods, AnImageThatCannotBePulledIsNamed) {
    Namespace const ns;
    ns.apply(pod("puller", "true", {.image = "registry.invalid/nothing:1"}));
    auto const document = expect_turns(ns, "pods-image-pull", {"pods-not-ready"});
    EXPECT_THAT(message_of(document, "pods-image-pull"), HasSubstr("registry.invalid/nothing:1"));
    ns.kubectl("delete pod puller --wait=false");
    expect_well(ns);
}

TEST(RealPods, OneThatFitsNoNodeCarriesTheSchedulersMessage) {
    Namespace const ns;
    ns.apply(pod("giant", "sleep 600", {.more = "    resources: {requests: {memory: 900Ti}}\n"}));
    auto const document = expect_turns(ns, "pods-unschedulable", {"pods-not-ready"});
    EXPECT_THAT(message_of(document, "pods-unschedulable"), HasSubstr("Insufficient memory"));
    ns.kubectl("delete pod giant --wait=false");
    expect_well(ns);
}

TEST(RealPods, AConfigMapThatIsMissingIsAConfigError) {
    Namespace const ns;
    ns.apply(pod("lost", "sleep 600", {.more = "    envFrom: [{configMapRef: {name: nowhere}}]\n"}));
    auto const document = expect_turns(ns, "pods-config-error", {"pods-not-ready"});
    EXPECT_EQ(first_failure(document, "pods-config-error"), failure(ns, "Pod lost", "CreateContainerConfigError"));
    EXPECT_THAT(message_of(document, "pods-config-error"), HasSubstr("nowhere"));
    ns.kubectl("create configmap nowhere --from-literal=a=b");
    expect_well(ns);
}

// It is not restarted, so that no other check has anything to say; another container keeps its pod from being over.
TEST(RealPods, AContainerThatOutgrowsItsLimitIsKilledAndNamedWithIt) {
    Namespace const ns;
    auto const hungry = pod("hungry", "sleep 2; exec dd if=/dev/zero of=/dev/null bs=200M count=1",
                            {.more = fmt::format("    resources: {{limits: {{memory: 16Mi}}}}\n"
                                                 "  - {{name: keeper, image: '{}', imagePullPolicy: IfNotPresent, "
                                                 "command: [sleep, '600']}}\n",
                                                 busybox()),
                             .of_pod = "  restartPolicy: Never\n"});
    ns.apply(hungry);
    // A container runtime that hears of the end before it hears of its cause calls it an Error.
    EXPECT_TRUE(eventually([&] {
        auto const reason = ns.kubectl(
            "get pod hungry --ignore-not-found -o "
            "jsonpath='{.status.containerStatuses[?(@.name==\"app\")].state.terminated.reason}'");
        if (reason == "Error") {
            ns.kubectl("delete pod hungry --now >/dev/null");
            ns.apply(hungry);
        }
        return reason == "OOMKilled";
    }));
    auto const document = expect_turns(ns, "pods-oom", {"pods-not-ready"});
    EXPECT_EQ(status_of(document, "pods-oom"), "critical");
    EXPECT_EQ(first_failure(document, "pods-oom"), failure(ns, "Pod hungry", "OOMKilled"));
    EXPECT_THAT(message_of(document, "pods-oom"), HasSubstr("limit 16Mi, does not run"));
    ns.kubectl("delete pod hungry --wait=false");
    expect_well(ns);
}

TEST(RealPods, OneWhoseReadinessProbeFailsIsNotReadyUntilItSucceeds) {
    Namespace const ns;
    ns.apply(pod("slow", "sleep 600", {.more = std::string(ready_by_file())}));
    // ContainersNotReady is the kubelet's word, and comes with the first failure.
    auto const document = expect_turns(ns, "pods-not-ready");
    EXPECT_EQ(status_of(document, "pods-not-ready"), "critical");
    EXPECT_TRUE(eventually([&] {
        auto const again = check_json("--suite " + ns.suite());
        return first_failure(again, "pods-not-ready") == failure(ns, "Pod slow", "NotReady");
    }));
    ns.kubectl("exec slow -- touch /ready");
    expect_well(ns);
}

// It runs on in the end: only its past is a finding.
TEST(RealPods, OneThatStumbledOftenIsNamedThoughItRuns) {
    Namespace const ns({{"pods-restarts", "with: {warning: 2, critical: 100}"}});
    ns.apply(pod("stumbler",
                 "n=$(cat /state/n 2>/dev/null || echo 0); echo $((n+1)) >/state/n; [ $n -lt 2 ] && exit 9; sleep 600",
                 {.more = "    volumeMounts: [{name: state, mountPath: /state}]\n",
                  .of_pod = "  volumes: [{name: state, emptyDir: {}}]\n"}));
    boost::json::object document;
    EXPECT_TRUE(eventually([&] {
        document = check_json("--suite " + ns.suite());
        return unhealthy(document) == std::set<std::string>{"pods-restarts"};
    })) << document;
    EXPECT_EQ(status_of(document, "pods-restarts"), "warning");
    EXPECT_EQ(first_failure(document, "pods-restarts"), failure(ns, "Pod stumbler", "TooManyRestarts"));
    EXPECT_THAT(message_of(document, "pods-restarts"), HasSubstr("with exit code 9"));
    ns.kubectl("delete pod stumbler --wait=false");
    expect_well(ns);
}

}  // namespace
}  // namespace vedette::cluster
