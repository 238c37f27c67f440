// docs/migrate-from-active-monitor.md, followed by the letter: its own commands, one heading after the other, where
// active-monitor v0.15.0 has been at work. What the page promises is seen at each step, so that a page that has become
// wrong fails here. Of active-monitor itself there is what it leaves in the API; its program is a sleep.

#include "base/json.hpp"
#include "base/time_format.hpp"
#include "cluster/active_monitor.hpp"
#include "cluster/cluster.hpp"
#include "cluster/health_check.hpp"
#include "cluster/operator_reader.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <memory>

namespace vedette::cluster {
namespace {

namespace json = boost::json;

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr auto ns = "moved";
constexpr auto page = "migrate-from-active-monitor.md";
constexpr auto deployment = "-n health get deployment activemonitor-controller";
constexpr auto wildcard = R"({"apiGroups":["*"],"resources":["*"],"verbs":["get","list","watch"]})";

WallTime now() {
    return *parse_rfc3339(run("printf %s $(date -u +%FT%TZ)").text);
}

// As it is after 43 runs, the last of which ended so long ago.
json::object status_of_active_monitor(seconds ago) {
    auto const end = now() - ago;
    return {{"status", "Succeeded"},
            {"startedAt", format_rfc3339(end - seconds(8))},
            {"finishedAt", format_rfc3339(end)},
            {"lastSuccessfulWorkflow", "before-x2x4z"},
            {"lastFailedWorkflow", "before-q7w8e"},
            {"lastFailedAt", format_rfc3339(end - seconds(90000))},
            {"errorMessage", "child 'before-q7w8e' failed"},
            {"successCount", 41},
            {"failedCount", 2},
            {"totalHealthCheckRuns", 43}};
}

// What the users of active-monitor give an account of theirs, so that its pods reach their end under Argo 3.5 and
// later.
std::string right_to_report(std::string_view account) {
    return fmt::format(R"(apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: {1}-reports, namespace: {0}}}
rules: [{{apiGroups: [argoproj.io], resources: [workflowtaskresults], verbs: [create, patch]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: {1}-reports, namespace: {0}}}
subjects: [{{kind: ServiceAccount, name: {1}, namespace: {0}}}]
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {1}-reports}}
)",
                       ns, account);
}

class OperatorMigrate : public StepByStep {
protected:
    static void SetUpTestSuite() {
        start_afresh();
        reader_ = std::make_unique<Reader>();
        reader_->write("deploy-active-monitor.yaml", manifest_of_active_monitor());
        reader_->write("crd-of-active-monitor.json", crd_of_active_monitor());
        reader_->run("kubectl apply -f crd-of-active-monitor.json");
        wait_for_resource();
        reader_->run(
            "kubectl apply -f deploy-active-monitor.yaml\n"
            "kubectl rollout status deployment/activemonitor-controller -n health --timeout=3m");
        kubectl(fmt::format("create namespace {} >/dev/null", ns));
        make("hourly", 3600, seconds(600));
        make("steady", 1, seconds(7200));
        make("under-way", 3600, seconds(3605), 1500);
        kubectl("apply -f - >/dev/null", right_to_report("under-way"));
        under_way_ =
            kubectl(fmt::format("-n {} create -o jsonpath={{.metadata.name}} -f -", ns),
                    workflow_of_active_monitor("under-way", Check(ns, "under-way").text("metadata.uid"), until_let_go));
    }
    static void TearDownTestSuite() {
        run("kubectl delete --ignore-not-found -f " + reader_->file("deploy-active-monitor.yaml") + " >/dev/null 2>&1");
        run("kubectl delete clusterrole,clusterrolebinding -l workflows.argoproj.io/managed-by=active-monitor "
            ">/dev/null 2>&1");
        start_afresh();
        kubectl(fmt::format("delete namespace {} --wait=false >/dev/null", ns));
        reader_.reset();
    }

    static void make(std::string const& name, int repeat_after, seconds ended_ago, int timeout = 150) {
        kubectl("apply -f - >/dev/null", account_of_active_monitor(ns, name));
        // Its last update of the object leaves empty members in the spec.
        kubectl("create -f - >/dev/null",
                health_check(ns, {.name = name,
                                  .schedule = fmt::format("repeatAfterSec: {}", repeat_after),
                                  .level = "cluster",
                                  .more = "remedyworkflow: {}\nschedule: {}\nbackoffMin: 2\nbackoffMax: 2\n",
                                  .timeout = timeout}));
        File const status(to_json(json::object{{"status", status_of_active_monitor(ended_ago)}}));
        kubectl(fmt::format("-n {} patch healthcheck {} --subresource=status --type=merge --patch-file={} >/dev/null",
                            ns, name, status.path()));
    }

    static std::string follow(std::string_view heading) { return reader_->follow(page, heading); }

    static inline std::unique_ptr<Reader> reader_;
    static inline std::string under_way_;
    Check const hourly_{ns, "hourly"};
    Check const steady_{ns, "steady"};
};

TEST_F(OperatorMigrate, Step1ShowsWhatThereIsAndWhatWillHappen) {
    auto const plan = follow("1. Look before");
    for (auto const* name : {"moved/hourly", "moved/steady", "moved/under-way"}) EXPECT_THAT(plan, HasSubstr(name));
    EXPECT_THAT(reader_->run("cat healthchecks.yaml"), HasSubstr("totalHealthCheckRuns: 43"));
    EXPECT_THAT(reader_->run("cat rbac.yaml"), AllOf(HasSubstr("steady-cluster-role"), HasSubstr("- '*'")));
}

TEST_F(OperatorMigrate, Step3GivesTheResourceAndDisturbsNobody) {
    auto const before = hourly_.object();
    follow("3. The resource");
    EXPECT_EQ(hourly_.object(), before);
    EXPECT_EQ(kubectl(std::string(deployment) + " -o jsonpath={.status.availableReplicas}"), "1");
    EXPECT_THAT(kubectl("get crd healthchecks.activemonitor.keikoproj.io -o json"), HasSubstr("nextRunTime"));
}

TEST_F(OperatorMigrate, Step4ReplacesTheControllerAndEveryCheckGoesOn) {
    auto const finished = hourly_.text("status.finishedAt");
    auto const said = follow("4. Replace the controller");
    EXPECT_THAT(said, HasSubstr("successfully rolled out"));
    EXPECT_EQ(kubectl(std::string(deployment) + " -o jsonpath={.status.availableReplicas}"), "2");

    Check const under_way(ns, "under-way");
    under_way.expect("its Workflow of active-monitor is waited for", [](json::object const& each) {
        return get_string(each, "status.currentWorkflow.name") == under_way_;
    });
    let_go(ns, under_way_);
    auto const booked = under_way.expect_booked(44);
    EXPECT_EQ(get_int(booked, "status.successCount"), 42);
    EXPECT_EQ(get_int(booked, "status.failedCount"), 2);
    EXPECT_EQ(get_string(booked, "status.lastSuccessfulWorkflow"), under_way_);
    EXPECT_EQ(under_way.runs().size(), 0U) << "it was run again";

    auto const overdue = steady_.expect_booked(44);
    EXPECT_GE(get_int(overdue, "status.successCount").value_or(0), 42);
    EXPECT_EQ(get_int(overdue, "status.failedCount"), 2);

    auto const waits = hourly_.expect(
        "it has its time", [](json::object const& each) { return !get_string(each, "status.nextRunTime").empty(); });
    // finishedAt is cut to a second, and no run is early.
    auto const due = *parse_rfc3339(finished) + seconds(3600);
    EXPECT_THAT(get_string(waits, "status.nextRunTime"),
                testing::AnyOf(format_rfc3339(due), format_rfc3339(due + seconds(1))));
    EXPECT_EQ(get_int(waits, "status.totalHealthCheckRuns"), 43);
    EXPECT_EQ(hourly_.runs().size(), 0U);
}

TEST_F(OperatorMigrate, Step5TakesTheWideRightsAway) {
    EXPECT_THAT(follow("5. Take the wide rights away"), HasSubstr("activemonitor-controller-clusterrole\" deleted"));
    // The API server's view of the bindings follows a moment later.
    EXPECT_TRUE(eventually([] {
        return run("kubectl auth can-i list secrets -n health "
                   "--as=system:serviceaccount:health:activemonitor-controller-sa 2>/dev/null")
            .text.starts_with("no");
    }));
    EXPECT_EQ(run("kubectl get clusterrole,clusterrolebinding -o name | grep "
                  "-e activemonitor-controller-cluster | wc -l")
                  .text,
              "0\n");
}

TEST_F(OperatorMigrate, Step6ShowsThatAllIsWell) {
    auto const table = follow("6. See that all is well");
    EXPECT_THAT(table, HasSubstr("LATEST STATUS"));
    EXPECT_THAT(table, testing::ContainsRegex("moved +hourly +Succeeded +41 +2 "));
    EXPECT_THAT(table, testing::ContainsRegex("moved +hourly +20[0-9-]+T[0-9:]+Z +the check runs as scheduled"));
    EXPECT_THAT(table, testing::ContainsRegex("moved +under-way +20[0-9-]+T[0-9:]+Z +the check runs as scheduled"));
}

TEST_F(OperatorMigrate, Step7NarrowsTheRolesOfChecks) {
    auto const rules = [](std::string const& role) {
        return try_kubectl(fmt::format("get clusterrole {}-cluster-role -o jsonpath={{.rules}}", role)).value_or("");
    };
    auto const is_narrow = [&](std::string const& role) {
        auto const text = rules(role);
        return !text.empty() && text.find(R"("*")") == std::string::npos;
    };
    auto const told = steady_.expect("its wide role is told of", [](json::object const& each) {
        return truth_of(each, "RBACWiderThanNeeded") == "True";
    });
    EXPECT_THAT(message_of_condition(told, "RBACWiderThanNeeded"), HasSubstr("steady-cluster-role"));
    EXPECT_THAT(rules("steady"), AllOf(HasSubstr(wildcard), HasSubstr("workflowtaskresults")));
    follow("7. Later: narrower rights for the checks");
    for (auto const* each : {"steady", "hourly"}) {
        EXPECT_TRUE(eventually([&] { return is_narrow(each); })) << rules(each);
    }
    auto const object = steady_.expect("nothing is too wide", [](json::object const& each) {
        return truth_of(each, "RBACWiderThanNeeded") != "True";
    });
    EXPECT_GT(get_int(object, "status.totalHealthCheckRuns"), get_int(told, "status.totalHealthCheckRuns"));
    steady_.expect_booked(get_int(object, "status.totalHealthCheckRuns").value_or(0) + 1);
    EXPECT_EQ(steady_.count("status.failedCount"), 2) << "it cannot run under the narrower role";
    reader_->run("kubectl rollout status deployment/activemonitor-controller -n health --timeout=3m");
}

TEST_F(OperatorMigrate, BackAgainActiveMonitorIsThereAndEveryHealthCheck) {
    auto const booked = steady_.count("status.totalHealthCheckRuns");
    follow("Back again");
    reader_->run("kubectl rollout status deployment/activemonitor-controller -n health --timeout=3m");
    EXPECT_EQ(kubectl(std::string(deployment) + " -o jsonpath={.spec.template.spec.containers[0].image}"),
              image_of_active_monitor);
    EXPECT_EQ(kubectl("-n health get services,poddisruptionbudgets -o name"), "");
    EXPECT_EQ(kubectl("get clusterrole --ignore-not-found activemonitor-controller-controller "
                      "activemonitor-controller-grants -o name"),
              "");
    EXPECT_THAT(kubectl("-n health get role activemonitor-controller-role -o jsonpath={.rules}"), HasSubstr(R"("*")"));
    EXPECT_GE(steady_.count("status.totalHealthCheckRuns"), booked);
    EXPECT_EQ(hourly_.count("status.totalHealthCheckRuns"), 43);
    EXPECT_TRUE(eventually([] {
        return try_kubectl("-n health get lease 689451f8.keikoproj.io -o jsonpath={.spec.holderIdentity}") == "";
    })) << "it was not given back";
}

// From where Back again has led to. The chart's account never had active-monitor's rights.
TEST_F(OperatorMigrate, WithHelmTheChecksGoOnToo) {
    make("late", 3600, seconds(7200));
    kubectl("apply -f - >/dev/null", right_to_report("late"));
    follow("With Helm");
    reader_->run("kubectl rollout status deployment/vedette-operator -n health --timeout=3m");
    auto const object = Check(ns, "late").expect_booked(44);
    EXPECT_EQ(get_int(object, "status.successCount"), 42);
    EXPECT_THAT(message_of_condition(object, "RBACNotAdopted"), HasSubstr("late-cluster-role")) << "as the page says";
    EXPECT_EQ(run("kubectl -n health get roles,rolebindings -o name | grep -c activemonitor-controller").text, "0\n");
    EXPECT_EQ(hourly_.count("status.totalHealthCheckRuns"), 43);
    reader_->run("helm uninstall vedette-operator -n health --wait");
}

}  // namespace
}  // namespace vedette::cluster
