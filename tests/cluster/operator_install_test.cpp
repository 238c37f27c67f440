// deploy/operator/install.yaml on the real node as it is, but for the image's name: what it makes, under which
// restrictions it runs, what is seen of it from outside, with and without --metrics-secure, and what remains when it is
// deleted. One test after the other, on one installation.

#include "base/json.hpp"
#include "cluster/cluster.hpp"
#include "cluster/health_check.hpp"
#include "cluster/operator_reader.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <set>
#include <sstream>

namespace vedette::cluster {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr auto ns = "installed";
constexpr auto crd = "customresourcedefinition.apiextensions.k8s.io/healthchecks.activemonitor.keikoproj.io";
constexpr auto pods = "-n health get pods -l name=activemonitor-controller";
constexpr auto deployment = "-n health get deployment activemonitor-controller";

std::set<std::string> words_of(std::string const& text) {
    std::set<std::string> words;
    std::istringstream stream(text);
    for (std::string word; stream >> word;) words.insert(word);
    return words;
}

// Those of a rollout's old pods are there as well, until they are gone.
std::set<std::string> pod_addresses() {
    return words_of(try_kubectl(std::string(pods) + " -o jsonpath='{.items[*].status.podIP}'").value_or(""));
}

std::set<std::string> addresses_behind_the_service() {
    return words_of(
        try_kubectl("-n health get endpointslices -l kubernetes.io/service-name=activemonitor-controller-metrics -o "
                    "jsonpath='{.items[*].endpoints[?(@.conditions.ready==true)].addresses[*]}'")
            .value_or(""));
}

// The addresses of both pods, once the Service has no others.
std::set<std::string> addresses_of_both() {
    std::set<std::string> addresses;
    EXPECT_TRUE(eventually([&] {
        addresses = addresses_behind_the_service();
        return addresses.size() == 2 && addresses == pod_addresses();
    }));
    return addresses;
}

std::string service_address() {
    return kubectl("-n health get service activemonitor-controller-metrics -o jsonpath={.spec.clusterIP}");
}

// What stands in the way of reading /metrics is said by `header`, a line of the request.
std::string request(std::string const& header = "") {
    return fmt::format(R"(GET /metrics HTTP/1.1\r\nHost: metrics\r\n{}Connection: close\r\n\r\n)",
                       header.empty() ? "" : header + R"(\r\n)");
}

std::string plain(std::string const& address, int port) {
    File const script(fmt::format("exec 3<>/dev/tcp/{}/{} && printf '{}' >&3 && cat <&3", address, port, request()));
    return run(fmt::format("timeout 30 bash {} 2>/dev/null", script.path())).text;
}

std::string over_tls(std::string const& address, int port, std::string const& header = "") {
    File const script(
        fmt::format("printf '{}' | openssl s_client -quiet -connect {}:{}", request(header), address, port));
    return run(fmt::format("timeout 30 bash {} 2>/dev/null", script.path())).text;
}

// Of every process of the pod that runs our program, by the kernel.
std::string restrictions_of(std::string const& pod_uid) {
    File const script(fmt::format(R"(
for file in $(grep -ls 'pod{}' /proc/[0-9]*/cgroup); do
    process=${{file%/cgroup}}
    grep -qz '^/vedette$' "$process/cmdline" || continue
    awk '/^(Uid|Gid|CapEff|CapBnd|NoNewPrivs|Seccomp):/ {{ printf "%s%s ", $1, $2 }}' "$process/status"
    awk '$4 == "/" && $5 == "/" {{ split($6, option, ","); print "root:" option[1] }}' "$process/mountinfo"
done)",
                                  pod_uid));
    return run("bash " + script.path()).text;
}

class OperatorInstall : public StepByStep {
protected:
    static void SetUpTestSuite() {
        start_afresh();
        reader_ = std::make_unique<Reader>();
        kubectl("label namespace health pod-security.kubernetes.io/enforce=restricted >/dev/null");
        kubectl(fmt::format("create namespace {} >/dev/null", ns));
        reader_->run("kubectl apply -f deploy/operator/crd.yaml");
        auto const applied = reader_->run("kubectl apply -f deploy/operator/install.yaml");
        EXPECT_THAT(applied, Not(HasSubstr("Warning"))) << "Pod Security or an API has something to say";
        reader_->run("kubectl rollout status deployment/activemonitor-controller -n health --timeout=3m");
        kubectl("create -f - >/dev/null", health_check(ns, {.name = "with-pod", .timeout = 900}) + without_pod());
    }
    static void TearDownTestSuite() {
        run("kubectl delete clusterrole,clusterrolebinding reads-metrics >/dev/null 2>&1");
        kubectl(fmt::format("delete namespace {} --wait=false >/dev/null", ns));
        reader_.reset();
    }

    static std::string without_pod() {
        return fmt::format(R"(---
apiVersion: activemonitor.keikoproj.io/v1alpha1
kind: HealthCheck
metadata: {{name: without-pod, namespace: {0}}}
spec:
  repeatAfterSec: 30
  level: namespace
  serviceAccountName: reads
  checks:
  - {{type: pods-crashloop, namespaces: [{0}]}}
)",
                           ns);
    }

    static inline std::unique_ptr<Reader> reader_;
};

TEST_F(OperatorInstall, ItsPodsRunWherePodSecurityIsRestricted) {
    auto const refused = run("kubectl -n health run plain --image=" + busybox() + " 2>&1");
    EXPECT_THAT(refused.text, HasSubstr("violates PodSecurity")) << "nothing is restricted here";
    EXPECT_EQ(kubectl(std::string(deployment) + " -o jsonpath={.status.availableReplicas}"), "2");
    auto const uids = words_of(kubectl(std::string(pods) + " -o jsonpath='{.items[*].metadata.uid}'"));
    EXPECT_EQ(uids.size(), 2U);
    for (auto const& uid : uids) {
        EXPECT_EQ(restrictions_of(uid),
                  "Uid:65532 Gid:65532 CapEff:0000000000000000 CapBnd:0000000000000000 NoNewPrivs:1 Seccomp:2 "
                  "root:ro\n");
    }
}

TEST_F(OperatorInstall, ItsBudgetAndItsServiceHaveItsPods) {
    EXPECT_TRUE(eventually([] {
        return try_kubectl(
                   "-n health get poddisruptionbudget activemonitor-controller -o jsonpath='"
                   "{.status.expectedPods} {.status.desiredHealthy} {.status.disruptionsAllowed}'") == "2 1 1";
    })) << "one pod of two may go, and no more";
    auto const addresses = addresses_of_both();
    EXPECT_TRUE(eventually([] {
        auto const answer = plain(service_address(), 8080);
        return answer.starts_with("HTTP/1.1 200 ") && answer.find("\nvedette_operator_acting ") != std::string::npos;
    })) << plain(service_address(), 8080);
    EXPECT_TRUE(eventually([&] {
        return std::ranges::count_if(addresses, [](std::string const& each) {
                   return plain(each, 8080).find("\nvedette_operator_acting 1") != std::string::npos;
               }) == 1;
    })) << "not one of the two acts";
}

TEST_F(OperatorInstall, HealthChecksSucceedUnderItsRights) {
    for (auto const* name : {"without-pod", "with-pod"}) {
        Check(ns, name).expect("it succeeded", [](boost::json::object const& each) {
            return get_string(each, "status.status") == "Succeeded";
        });
    }
    expect_status_equals_the_workflows(Check(ns, "with-pod"));
}

TEST_F(OperatorInstall, SecureMetricsAreForThoseWhomTheApiServerLetsRead) {
    reader_->follow("migrate-from-active-monitor.md", "Metrics behind a token");
    reader_->run("kubectl rollout status deployment/activemonitor-controller -n health --timeout=3m");
    for (auto const* account : {"reads-metrics", "reads-nothing"}) {
        kubectl(fmt::format("-n {} create serviceaccount {} >/dev/null", ns, account));
    }
    kubectl("create clusterrole reads-metrics --verb=get --non-resource-url=/metrics >/dev/null");
    kubectl(fmt::format(
        "create clusterrolebinding reads-metrics --clusterrole=reads-metrics --serviceaccount={}:reads-metrics "
        ">/dev/null",
        ns));
    auto const bearer = [](std::string const& account) {
        return "Authorization: Bearer " + kubectl(fmt::format("-n {} create token {}", ns, account));
    };
    auto const good = bearer("reads-metrics");
    auto forged = good;
    forged[forged.size() - 20] = forged[forged.size() - 20] == 'A' ? 'B' : 'A';  // within the signature
    // The old pods go, and the Service's rules follow.
    EXPECT_TRUE(eventually([&] { return over_tls(service_address(), 8080, good).starts_with("HTTP/1.1 200 "); }));
    for (auto const& each : addresses_of_both()) {
        auto const answer = over_tls(each, 8443, good);
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
        EXPECT_THAT(answer, HasSubstr("\nvedette_operator_acting "));
        EXPECT_THAT(over_tls(each, 8443, bearer("reads-nothing")), StartsWith("HTTP/1.1 403 "));
        EXPECT_THAT(over_tls(each, 8443, forged), StartsWith("HTTP/1.1 401 "));
        EXPECT_THAT(over_tls(each, 8443, "Authorization: Bearer guess"), StartsWith("HTTP/1.1 401 "));
        EXPECT_THAT(over_tls(each, 8443), StartsWith("HTTP/1.1 401 "));
        EXPECT_EQ(plain(each, 8443), "") << "whatever is said there, it is not said in the open";
        EXPECT_EQ(plain(each, 8080), "") << "nothing listens there";
    }
}

TEST_F(OperatorInstall, WhatIsLeftOfADeletedInstallationAreTheHealthChecks) {
    auto const before = Check(ns, "with-pod").object();
    auto const runs_without_pod = Check(ns, "without-pod").count("status.totalHealthCheckRuns");
    EXPECT_GE(runs_without_pod, 1);
    reader_->run("kubectl delete -f deploy/operator/install.yaml");
    reader_->run("kubectl wait pod -l name=activemonitor-controller -n health --for=delete --timeout=3m");
    EXPECT_EQ(kubectl("get --ignore-not-found -o name -f " + reader_->file("deploy/operator/install.yaml")), "");
    EXPECT_THAT(words_of(kubectl("get --ignore-not-found -o name -f " + reader_->file("deploy/operator/crd.yaml"))),
                ElementsAre(crd));
    EXPECT_EQ(Check(ns, "with-pod").object().at("status"), before.at("status"));
    EXPECT_GE(Check(ns, "without-pod").count("status.totalHealthCheckRuns"), runs_without_pod);
    EXPECT_EQ(kubectl("-n health get deployments,pods,services,poddisruptionbudgets,roles,rolebindings -o name"), "");
}

}  // namespace
}  // namespace vedette::cluster
