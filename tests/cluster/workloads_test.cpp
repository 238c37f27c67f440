// Workloads: what the controllers of Kubernetes do not get done.

#include "cluster/expect.hpp"
#include "cluster/manifest.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <memory>

namespace vedette::cluster {
namespace {

using testing::HasSubstr;

// Two controllers look only now and then: the autoscaler every 15 seconds, a CronJob's at the full minute. Both
// breakages are applied before the first test of the program, and judged by the last ones.
class Slow : public testing::Environment {
public:
    void SetUp() override {
        cron = std::make_unique<Namespace>(Tuning{{"cronjobs-schedule", "with: {tolerance: 1s}"}});
        cron->apply(
            "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: no-jobs}\n"
            "spec: {hard: {count/jobs.batch: '0'}}\n");
        cron->apply(fmt::format(R"(
apiVersion: batch/v1
kind: CronJob
metadata: {{name: minutely}}
spec:
  schedule: '* * * * *'
  jobTemplate:
    spec:
      template:
{})",
                                pod_spec("true", {.of_pod = "  restartPolicy: Never\n", .indent = "        "})));
        autoscaler = std::make_unique<Namespace>();
        autoscaler->apply(
            workload("Deployment", "web", "sleep 600", "", {.more = "    resources: {requests: {cpu: 1m}}\n"}));
        autoscaler->apply(R"(
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 1
  maxReplicas: 3
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]
)");
    }
    void TearDown() override {
        cron.reset();
        autoscaler.reset();
    }

    std::unique_ptr<Namespace> cron;
    std::unique_ptr<Namespace> autoscaler;
};

auto* const slow = [] {
    auto* const made = new Slow;
    testing::AddGlobalTestEnvironment(made);  // takes it over
    return made;
}();

TEST(RealWorkloads, ADeploymentWhosePodsNeverComeIsNamed) {
    Namespace const ns;
    ns.apply(workload("Deployment", "web", "true", "  replicas: 2\n  progressDeadlineSeconds: 2\n",
                      {.image = "registry.invalid/web:1"}));
    auto const document = expect_turns(ns, "deployments-available", {"pods-not-ready", "pods-image-pull"});
    EXPECT_EQ(status_of(document, "deployments-available"), "critical");
    EXPECT_THAT(first_failure(document, "deployments-available"), HasSubstr(ns.name() + "/web: "));
    ns.kubectl("set image deployment web app=" + busybox());
    ns.kubectl(R"(patch deployment web --type=json -p '[{"op": "replace", )"
               R"("path": "/spec/template/spec/containers/0/command", "value": ["sleep", "600"]}]')");
    expect_well(ns);
}

TEST(RealWorkloads, AStatefulSetIsWellOnlyWhenEveryPodIsReady) {
    Namespace const ns;
    ns.apply(workload("StatefulSet", "db", "sleep 600",
                      "  replicas: 2\n  podManagementPolicy: Parallel\n  serviceName: db\n",
                      {.more = std::string(ready_by_file())}));
    auto const document = expect_turns(ns, "statefulsets-ready", {"pods-not-ready"});
    EXPECT_EQ(status_of(document, "statefulsets-ready"), "critical");
    EXPECT_EQ(first_failure(document, "statefulsets-ready"), failure(ns, "StatefulSet db", "NoneReady"));
    auto const is_made_ready = [&](std::string_view pod) {
        return run(fmt::format("kubectl -n {} exec {} -- touch /ready 2>/dev/null", ns.name(), pod)).code == 0;
    };
    EXPECT_TRUE(eventually([&] { return is_made_ready("db-0"); }));
    boost::json::object half;
    EXPECT_TRUE(eventually([&] {
        half = check_json("--suite " + ns.suite());
        return status_of(half, "statefulsets-ready") == "warning";
    })) << half;
    EXPECT_THAT(message_of(half, "statefulsets-ready"), HasSubstr("has 1 of 2 pods ready"));
    EXPECT_TRUE(eventually([&] { return is_made_ready("db-1"); }));
    expect_well(ns);
}

TEST(RealWorkloads, ADaemonSetWithoutAReadyPodIsNamed) {
    Namespace const ns;
    ns.apply(workload("DaemonSet", "agent", "sleep 600", "", {.more = std::string(ready_by_file())}));
    auto const document = expect_turns(ns, "daemonsets-ready", {"pods-not-ready"});
    EXPECT_EQ(status_of(document, "daemonsets-ready"), "critical");
    EXPECT_THAT(first_failure(document, "daemonsets-ready"), HasSubstr(ns.name() + "/agent: "));
    EXPECT_TRUE(eventually([&] {
        return run(fmt::format("kubectl -n {} exec daemonset/agent -- touch /ready 2>/dev/null", ns.name())).code == 0;
    }));
    expect_well(ns);
}

TEST(RealWorkloads, AJobThatUsedUpItsRetriesIsFailed) {
    Namespace const ns;
    ns.apply(fmt::format(R"(
apiVersion: batch/v1
kind: Job
metadata: {{name: backup}}
spec:
  backoffLimit: 0
  template:
{})",
                         pod_spec("exit 3", {.of_pod = "  restartPolicy: Never\n", .indent = "    "})));
    auto const document = expect_turns(ns, "jobs-failed");
    EXPECT_EQ(first_failure(document, "jobs-failed"), failure(ns, "Job backup", "BackoffLimitExceeded"));
    ns.kubectl("delete job backup");
    expect_well(ns);
}

TEST(RealWorkloads, AnAutoscalerWithoutMetricsIsNamed) {
    auto const& ns = *slow->autoscaler;
    auto const document = expect_turns(ns, "hpa", {"pods-not-ready", "deployments-available"});
    EXPECT_EQ(status_of(document, "hpa"), "critical");
    EXPECT_EQ(first_failure(document, "hpa"), failure(ns, "HorizontalPodAutoscaler web", "FailedGetResourceMetric"));
    EXPECT_THAT(message_of(document, "hpa"), HasSubstr("has no metrics to scale Deployment web"));
    ns.kubectl("delete hpa web");
    expect_well(ns);
}

// A quota that allows no Job stops every run. Lifted, the controller makes up for the last one.
TEST(RealWorkloads, ACronJobThatMissesItsStartIsNamed) {
    auto const& ns = *slow->cron;
    auto const document = expect_turns(ns, "cronjobs-schedule");
    EXPECT_EQ(status_of(document, "cronjobs-schedule"), "critical");
    EXPECT_EQ(first_failure(document, "cronjobs-schedule"), failure(ns, "CronJob minutely", "MissedSchedule"));
    EXPECT_THAT(message_of(document, "cronjobs-schedule"), HasSubstr("it has never started"));
    ns.kubectl("delete resourcequota no-jobs");
    ns.kubectl("annotate cronjob minutely vedette.test/look=again");  // else it may not for another minute
    expect_well(ns);
}

}  // namespace
}  // namespace vedette::cluster
