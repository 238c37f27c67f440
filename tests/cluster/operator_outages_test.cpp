// What is killed and stopped around running HealthChecks: the operator, the leader of two, the API server, Argo.
// Through all of it two checks go on, and in the end their status is what their Workflows say.

#include "base/json.hpp"
#include "cluster/cluster.hpp"
#include "cluster/health_check.hpp"
#include "cluster/operator_program.hpp"
#include "cluster/stopped.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <thread>

namespace vedette::cluster {
namespace {

namespace json = boost::json;

using std::chrono::seconds;

constexpr auto ns = "outages";
constexpr auto lease = "/apis/coordination.k8s.io/v1/namespaces/health/leases/689451f8.keikoproj.io";

class OperatorOutages : public testing::Test {
protected:
    static void SetUpTestSuite() {
        install_operator();
        kubectl(fmt::format("create namespace {} >/dev/null", ns));
        for (auto const* name : {"steady", "sober"}) make({.name = name, .schedule = "repeatAfterSec: 3"});
    }
    static void TearDownTestSuite() {
        kubectl(fmt::format("-n {} delete healthchecks --all --wait=false >/dev/null", ns));
        kubectl(fmt::format("delete namespace {} --wait=false >/dev/null", ns));
    }

    static Check make(CheckText const& text) {
        kubectl("create -f - >/dev/null", health_check(ns, text));
        return {ns, text.name};
    }
    /// A check whose only run is under way.
    static Check make_running(std::string const& name) {
        auto const check = make({.name = name, .script = "sleep 5"});
        EXPECT_TRUE(eventually(seconds(60), [&] {
            auto const runs = check.runs();
            return !runs.empty() && runs[0].phase == "Running" && !check.text("status.currentWorkflow.name").empty();
        })) << name;
        return check;
    }
    /// Whatever happened, its one Workflow is booked as it ended, and there is no second one. It may have failed: an
    /// API server that has just started denies Argo's pod what it may do.
    static void expect_booked_once(Check const& check) {
        auto const object = check.expect_booked(1);
        auto const runs = check.runs();
        ASSERT_EQ(runs.size(), 1U);
        auto const* const field = runs[0].phase == "Succeeded" ? "lastSuccessfulWorkflow" : "lastFailedWorkflow";
        EXPECT_EQ(get_string(object, fmt::format("status.{}", field)), runs[0].name);
        expect_status_equals_the_workflows(check);
        check.remove();
    }
    /// More runs than before, and each of them booked once.
    static void expect_the_others_went_on() {
        for (auto const* name : {"steady", "sober"}) {
            Check const check(ns, name);
            auto& booked = booked_[name];
            check.expect_booked(booked + 1);
            booked = check.count("status.totalHealthCheckRuns");
            expect_status_equals_the_workflows(check);
        }
    }

private:
    static inline std::map<std::string, std::int64_t> booked_;
};

TEST_F(OperatorOutages, AnOperatorKilledInMidRunAdoptsWhatIsUnderWay) {
    Operator program;
    auto const check = make_running("killed");
    program.kill();
    program.start();
    expect_booked_once(check);

    // Again and again, wherever it is at that moment.
    for (int i = 0; i < 5; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(700 + 450 * i));
        program.kill();
        program.start();
    }
    expect_the_others_went_on();
}

TEST_F(OperatorOutages, AnOperatorThatIsBackAfterTheEndOfTheRunBooksIt) {
    Operator program;
    auto const check = make_running("late");
    program.kill();
    ASSERT_TRUE(eventually(seconds(60), [&] { return check.runs().at(0).ended(); }));
    EXPECT_EQ(check.count("status.totalHealthCheckRuns"), 0);
    program.start();
    expect_booked_once(check);
    expect_the_others_went_on();
}

TEST_F(OperatorOutages, TheApiServerMayDieInMidRun) {
    Operator const program;
    auto const check = make_running("cut-off");
    restart("kube-apiserver");
    ASSERT_TRUE(eventually(seconds(60), [] { return run("kubectl get --raw /readyz >/dev/null 2>&1").code == 0; }));
    for (auto const* each : {"kube-controller-manager", "kube-scheduler", "workflow-controller"}) revive(each);
    expect_booked_once(check);
    expect_the_others_went_on();
    EXPECT_TRUE(program.running());
}

TEST_F(OperatorOutages, WhileArgoStandsStillRunsWaitOrTimeOutByOurClock) {
    Operator const program;
    std::optional<Check> patient;
    std::optional<Check> hasty;
    {
        Stopped argo("workflow-controller");
        patient = make({.name = "patient"});
        hasty = make({.name = "hasty", .timeout = 5});
        auto const object = hasty->expect(
            "it failed", [](json::object const& each) { return get_string(each, "status.status") == "Failed"; });
        EXPECT_EQ(get_string(object, "status.errorMessage"), "Failed");
        EXPECT_EQ(patient->count("status.totalHealthCheckRuns"), 0);
        EXPECT_EQ(patient->runs().at(0).phase, "");
        EXPECT_TRUE(program.answers("/healthz"));
        EXPECT_TRUE(program.answers("/readyz"));
    }
    expect_booked_once(*patient);
    EXPECT_EQ(hasty->count("status.totalHealthCheckRuns"), 1);
    hasty->remove();
    expect_the_others_went_on();
}

TEST_F(OperatorOutages, AKilledLeaderIsFollowedByItsStandbyAndASignalledOneAtOnce) {
    auto const holder = [] { return get_string(get(lease), "spec.holderIdentity"); };
    Operator first({.name = "operator-1", .flags = "--leader-elect"});
    ASSERT_TRUE(eventually(seconds(20), [&] { return !holder().empty(); }));
    auto const leader = holder();
    Operator second({.name = "operator-2", .flags = "--leader-elect", .metrics_port = 8082, .probe_port = 8083});
    auto const check = make_running("led");
    EXPECT_EQ(holder(), leader);

    first.kill();
    ASSERT_TRUE(eventually(seconds(40), [&] { return !holder().empty() && holder() != leader; }));
    auto const successor = holder();
    expect_booked_once(check);

    first.start();
    EXPECT_EQ(holder(), successor);
    auto const after = make_running("handed-over");
    second.stop();
    EXPECT_TRUE(eventually(seconds(5), [&] { return !holder().empty() && holder() != successor; }))
        << "a leader that ends in peace must not be waited for";
    expect_booked_once(after);
    expect_the_others_went_on();
}

}  // namespace
}  // namespace vedette::cluster
