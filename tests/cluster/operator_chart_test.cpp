// The Helm chart on the real node, with our own image: installed where Pod Security is restricted, upgraded and handed
// over under a check that runs all the while, and uninstalled. One test after the other, on one release.

#include "base/json.hpp"
#include "base/time_format.hpp"
#include "cluster/cluster.hpp"
#include "cluster/health_check.hpp"
#include "cluster/operator_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <set>
#include <sstream>

namespace vedette::cluster {
namespace {

namespace json = boost::json;

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto period = seconds(5);
constexpr auto hand_over = seconds(2);
constexpr auto rounding = seconds(1);  // of the times of Workflows
constexpr auto lease_path = "/apis/coordination.k8s.io/v1/namespaces/health/leases/689451f8.keikoproj.io";
constexpr auto what_is_in_health =
    "-n health get deployments,pods,services,serviceaccounts,configmaps,secrets,roles,rolebindings,leases,"
    "poddisruptionbudgets,networkpolicies -o name";

Output helm(std::string const& arguments) {
    auto output = run(fmt::format("helm -n health {} 2>&1", arguments));
    EXPECT_EQ(output.code, 0) << "helm " << arguments << "\n" << output.text;
    return output;
}

// What the chart's README says, with our image.
std::string chart_and_values(std::string const& more = "") {
    return fmt::format(
        "vedette-operator {}/charts/vedette-operator --set image.repository=vedette.test/operator "
        "--set-string image.tag=1 --wait --timeout 3m {}",
        VEDETTE_DEPLOY_DIR, more);
}

std::set<std::string> lines_of(std::string const& text) {
    std::set<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.insert(line);
    return lines;
}

// Identities are POD_RANDOM.
std::string pod_that_holds_the_lease() {
    auto const holder = get_string(get(lease_path), "spec.holderIdentity");
    return holder.substr(0, holder.rfind('_'));
}

// The pod that leads, once that is one which is to stay.
std::string leader() {
    std::string pod;
    EXPECT_TRUE(eventually([&] {
        pod = pod_that_holds_the_lease();
        return !pod.empty() &&
               try_kubectl(fmt::format("-n health get pod {} -o jsonpath={{.metadata.deletionTimestamp}}", pod)) == "";
    })) << "nobody leads";
    return pod;
}

WallTime time_of(std::string const& text) {
    auto const time = parse_rfc3339(text);
    EXPECT_TRUE(time) << text;
    return time.value_or(WallTime{});
}

// From the end of a run to the beginning of the next, at most, among the runs that began after `since`.
Duration longest_pause(Check const& check, std::string const& since = "") {
    Duration longest{};
    std::string end;
    for (auto const& each : check.runs()) {
        if (!end.empty() && each.created >= since) {
            longest = std::max<Duration>(longest, time_of(each.created) - time_of(end));
        }
        end = each.finished;
    }
    return longest;
}

void expect_the_check_goes_on(Check const& check) {
    check.expect_booked(check.count("status.totalHealthCheckRuns") + 2);
}

// A change may cost a hand-over. The best of three is what the program does; a single one may be the machine's. Each
// books every run once.
void expect_no_slot_missed(Check const& check, std::function<void(int attempt)> const& change) {
    constexpr Duration most = period + hand_over + rounding;
    auto best = Duration::max();
    for (int attempt = 1; attempt <= 3 && best > most; ++attempt) {
        auto const since = run("printf %s $(date -u +%FT%TZ)").text;
        change(attempt);
        expect_the_check_goes_on(check);
        best = std::min(best, longest_pause(check, since));
        expect_status_equals_the_workflows(check);
    }
    testing::Test::RecordProperty("longest_pause_ms", std::to_string(best / milliseconds(1)));
    EXPECT_LE(best, most);
}

class OperatorChart : public StepByStep {
protected:
    static void SetUpTestSuite() {
        import_operator_image();
        kubectl("label namespace health pod-security.kubernetes.io/enforce=restricted >/dev/null");
        kubectl("create namespace shop >/dev/null");
        before_ = lines_of(kubectl(what_is_in_health));
        helm("install " + chart_and_values());
        kubectl(
            "create -f - >/dev/null",
            health_check("shop", {.name = "steady", .schedule = fmt::format("repeatAfterSec: {}", period.count())}));
    }
    static void TearDownTestSuite() { kubectl("delete namespace shop --wait=false >/dev/null"); }

    static inline std::set<std::string> before_;
    Check const steady_{"shop", "steady"};
};

TEST_F(OperatorChart, ItsPodsAreReadyWherePodSecurityIsRestricted) {
    auto const refused = run("kubectl -n health run plain --image=" + busybox() + " 2>&1");
    EXPECT_THAT(refused.text, HasSubstr("violates PodSecurity")) << "nothing is restricted here";
    EXPECT_EQ(kubectl("-n health get deployment vedette-operator -o jsonpath={.status.availableReplicas}"), "2");
    EXPECT_EQ(kubectl("-n health get poddisruptionbudget vedette-operator -o jsonpath={.spec.minAvailable}"), "1");
    EXPECT_THAT(leader(), HasSubstr("vedette-operator-"));
}

TEST_F(OperatorChart, AHealthCheckRunsToItsEndAndAgain) {
    auto const object = steady_.expect_booked(3);
    EXPECT_EQ(get_string(object, "status.status"), "Succeeded");
    EXPECT_EQ(get_int(object, "status.failedCount").value_or(0), 0);
}

TEST_F(OperatorChart, AnUpgradeMissesNoSlotAndRunsNoneTwice) {
    auto const updated = [] {
        return kubectl(
            "-n health get deployment vedette-operator -o "
            "jsonpath={.status.updatedReplicas}/{.status.observedGeneration}");
    };
    ASSERT_EQ(updated(), "2/1");
    expect_no_slot_missed(steady_, [&](int attempt) {
        helm("upgrade " + chart_and_values(fmt::format("--set kubeApiQps={}", 1500 + attempt)));
        EXPECT_EQ(updated(), fmt::format("2/{}", 1 + attempt)) << "the pods are not those of the new values";
    });
}

// When the operator wrote that line, by the container runtime's clock. What follows a log is a moment behind.
WallTime when_it_was_said(std::string const& log, std::string const& sentence) {
    std::string line;
    EXPECT_TRUE(eventually([&] {
        line = run(fmt::format("grep -m 1 '{}' {}", sentence, log)).text;
        return line.ends_with('\n');
    })) << "the leader never said: "
        << sentence;
    return time_of(line.substr(0, line.find(' ')));
}

// From the moment at which the leader is asked to stop until the other has taken the Lease.
Duration hand_over_of_a_deleted_leader() {
    auto const first = leader();
    File const log("");
    run(fmt::format("timeout 600 kubectl -n health logs -f --timestamps {} >{} 2>/dev/null &", first, log.path()));
    EXPECT_TRUE(eventually([&] { return run("test -s " + log.path()).code == 0; })) << first << " says nothing";
    kubectl(fmt::format("-n health delete pod {} --wait=false >/dev/null", first));
    json::object lease;
    EXPECT_TRUE(eventually([&] {
        lease = get(lease_path);
        auto const holder = get_string(lease, "spec.holderIdentity");
        return !holder.empty() && !holder.starts_with(first);
    }));
    EXPECT_TRUE(eventually(
        [&] { return try_kubectl(fmt::format("-n health get pod {} --ignore-not-found -o name", first)) == ""; }));
    auto const asked = when_it_was_said(log.path(), "asked to stop");
    return time_of(get_string(lease, "spec.acquireTime")) - asked;
}

TEST_F(OperatorChart, ALeaderWhosePodIsDeletedHandsOver) {
    auto best = Duration::max();
    for (int attempt = 1; attempt <= 3 && best >= hand_over; ++attempt) {
        expect_no_slot_missed(steady_, [&](int) { best = std::min(best, hand_over_of_a_deleted_leader()); });
    }
    RecordProperty("hand_over_ms", std::to_string(best / milliseconds(1)));
    EXPECT_LT(best, hand_over) << "a leader that ends in peace must not be waited for";
}

TEST_F(OperatorChart, AnUninstallLeavesTheResourceAndItsObjectsAndNothingElse) {
    auto const booked = steady_.count("status.totalHealthCheckRuns");
    File const manifest(helm("get manifest vedette-operator").text);
    helm("uninstall vedette-operator --wait --timeout 3m");
    EXPECT_THAT(lines_of(kubectl("-n health get --ignore-not-found -o name -f " + manifest.path())),
                ElementsAre("customresourcedefinition.apiextensions.k8s.io/healthchecks.activemonitor.keikoproj.io"));
    EXPECT_GE(steady_.count("status.totalHealthCheckRuns"), booked);
    std::set<std::string> left;
    EXPECT_TRUE(eventually([&] {
        left = lines_of(try_kubectl(what_is_in_health).value_or(""));
        for (auto const& each : before_) left.erase(each);
        return left.size() == 1;
    })) << fmt::format("{}", fmt::join(left, ", "));
    EXPECT_THAT(left, ElementsAre("lease.coordination.k8s.io/689451f8.keikoproj.io"));
    expect_status_equals_the_workflows(steady_);
}

}  // namespace
}  // namespace vedette::cluster
