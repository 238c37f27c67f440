// What is killed around running HealthChecks: the operator, the API server. Through all of it two checks go on, and in
// the end their status is what their Workflows say. (That Argo stops, and leaders die: operator_standstill_test.cpp.)

#include "base/json.hpp"
#include "cluster/cluster.hpp"
#include "cluster/health_check.hpp"
#include "cluster/operator_program.hpp"
#include "cluster/operator_together.hpp"
#include "cluster/stopped.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

namespace vedette::cluster {
namespace {

using std::chrono::seconds;

constexpr auto ns = "outages";

class OperatorOutages : public testing::Test {
protected:
    static void SetUpTestSuite() {
        end_common_operator();
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
    /// A check whose only run is under way, until it is let go. Its pod has reported once: one that cannot do so when
    /// it starts gives up, and its Workflow ends as Error.
    static Check make_running(std::string const& name) {
        auto const check = make({.name = name, .script = until_let_go, .timeout = 900});
        EXPECT_TRUE(eventually([&] {
            auto const runs = check.runs();
            return !runs.empty() && !check.text("status.currentWorkflow.name").empty() &&
                   !items(fmt::format("/apis/argoproj.io/v1alpha1/namespaces/{}/workflowtaskresults"
                                      "?labelSelector=workflows.argoproj.io/workflow%3D{}",
                                      ns, runs[0].name))
                        .empty();
        })) << name;
        return check;
    }
    /// An API server that has just started denies everybody everything, Argo's pods what they have to report too.
    static bool may_report(Check const& check) {
        return run(fmt::format("kubectl -n {0} auth can-i patch workflowtaskresults.argoproj.io "
                               "--as=system:serviceaccount:{0}:{1} 2>/dev/null",
                               ns, check.name()))
                   .text == "yes\n";
    }
    /// Whatever happened, its one Workflow is booked, and there is no second one.
    static void expect_booked_once(Check const& check) {
        auto const object = check.expect_booked(1);
        auto const runs = check.runs();
        ASSERT_EQ(runs.size(), 1U);
        EXPECT_EQ(get_string(object, "status.lastSuccessfulWorkflow"), runs[0].name)
            << runs[0].phase << ": " << get_string(runs[0].object, "status.message");
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
    check.let_go();
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
    check.let_go();
    ASSERT_TRUE(eventually([&] { return check.runs().at(0).ended(); }));
    EXPECT_EQ(check.count("status.totalHealthCheckRuns"), 0);
    program.start();
    expect_booked_once(check);
    expect_the_others_went_on();
}

TEST_F(OperatorOutages, TheApiServerMayDieInMidRun) {
    Operator const program;
    auto const check = make_running("cut-off");
    restart("kube-apiserver");
    ASSERT_TRUE(eventually([] { return run("kubectl get --raw /readyz >/dev/null 2>&1").code == 0; }));
    revive_controllers();
    ASSERT_TRUE(eventually([&] { return may_report(check); }));
    check.let_go();
    ASSERT_TRUE(eventually([&] {
        revive("workflow-controller");
        return check.count("status.totalHealthCheckRuns") == 1;
    }));
    expect_booked_once(check);
    expect_the_others_went_on();
    EXPECT_TRUE(program.running());
}

}  // namespace
}  // namespace vedette::cluster
