// Deployments, StatefulSets, DaemonSets, Jobs, CronJobs and autoscalers.

#include "check/catalogue/workloads/workloads.hpp"

#include "check/catalogue/scene.hpp"
#include "check/objects/batch.hpp"
#include "check/objects/horizontal_pod_autoscaler.hpp"
#include "check/objects/node.hpp"
#include "check/objects/pod.hpp"
#include "check/objects/replicated.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

std::string meta(std::string_view name, Duration age, std::string_view more = "") {
    return fmt::format(
        "'metadata': {{'name': '{}', 'namespace': 'shop', 'generation': 3, 'creationTimestamp': '{}'{}}}", name,
        ago(age), more);
}

std::string condition(std::string_view type, std::string_view status, Duration since, std::string_view reason = "",
                      std::string_view message = "") {
    return fmt::format(
        "{{'type': '{}', 'status': '{}', 'lastTransitionTime': '{}', 'lastUpdateTime': '{}', "
        "'reason': '{}', 'message': '{}'}}",
        type, status, ago(since), ago(since), reason, message);
}

std::string deployment(int desired, int available, std::string_view conditions, int observed = 3) {
    return fmt::format(
        "{{{}, 'spec': {{'replicas': {}, 'progressDeadlineSeconds': 600, 'template': {{}}}}, 'status': "
        "{{'observedGeneration': {}, 'availableReplicas': {}, 'updatedReplicas': {}, 'conditions': [{}]}}}}",
        meta("web", 48h), desired, observed, available, desired, conditions);
}

std::string owned_pod(std::string_view name, std::string_view kind, std::string_view owner, bool ready, Duration since,
                      Duration age = 40h) {
    return fmt::format(
        "{{'metadata': {{'name': '{}', 'namespace': 'shop', 'creationTimestamp': '{}', 'labels': "
        "{{'pod-template-hash': '5d4f8'}}, 'ownerReferences': [{{'kind': '{}', 'name': '{}', 'controller': true}}]}}, "
        "'status': {{'phase': 'Running', 'conditions': [{}]}}}}",
        name, ago(age), kind, owner, condition("Ready", ready ? "True" : "False", since));
}

TEST(Deployments, AShortageIsAsOldAsItsOldestUnreadyPod) {
    auto const healthy = condition("Available", "True", 40h) + "," + condition("Progressing", "True", 40h);
    for (auto const& [age, want] : {std::pair<Duration, Status>(15min - 1s, Status::ok), {15min, Status::warning}}) {
        Scene scene(deployments_available);
        scene.add<Deployment>(deployment(3, 2, healthy));
        scene.add<Pod>(owned_pod("web-5d4f8-a", "ReplicaSet", "web-5d4f8", false, age));
        scene.add<Pod>(owned_pod("other-5d4f8-a", "ReplicaSet", "other-5d4f8", false, 30h));
        auto const got = scene.judge();
        EXPECT_EQ(got.status, want) << got.message;
        if (want == Status::warning) {
            EXPECT_EQ(got.message, "Deployment shop/web has 2 of 3 pods available, for 15m");
        }
    }
}

TEST(Deployments, NoneAvailableIsCriticalFromMinAgeOnEvenWithoutTheRightToReadPods) {
    for (auto const& [age, want] : {std::pair<Duration, Status>(15min - 1s, Status::ok), {15min, Status::critical}}) {
        Scene scene(deployments_available);
        scene.add<Deployment>(deployment(2, 0,
                                         condition("Available", "False", age, "MinimumReplicasUnavailable") + "," +
                                             condition("Progressing", "True", 1min)));
        EXPECT_EQ(scene.judge().status, want);
    }
}

TEST(Deployments, AStuckRolloutBeganItsDeadlineBeforeTheControllerSaidSo) {
    for (auto const& [age, want] : {std::pair<Duration, Status>(5min - 1s, Status::ok), {5min, Status::warning}}) {
        Scene scene(deployments_available);
        scene.add<Deployment>(deployment(3, 3, condition("Progressing", "False", age, "ProgressDeadlineExceeded")));
        auto const got = scene.judge();
        EXPECT_EQ(got.status, want);
        if (want == Status::warning) {
            EXPECT_EQ(got.reason, "ProgressDeadlineExceeded");
            EXPECT_EQ(got.message,
                      "Deployment shop/web is stuck in its rollout, 3 of 3 pods updated, 3 available, for 15m");
        }
    }
}

TEST(Deployments, PodsThatCannotBeCreatedCarryTheRefusal) {
    Scene scene(deployments_available);
    scene.add<Deployment>(
        deployment(3, 0, condition("ReplicaFailure", "True", 20min, "FailedCreate", "exceeded quota: compute")));
    EXPECT_EQ(scene.judge().message,
              "Deployment shop/web has 0 of 3 pods available, pods cannot be created: exceeded "
              "quota: compute, for 20m");
}

TEST(Deployments, ZeroScaleCountsOnlyUnderStrict) {
    Scene scene(deployments_available);
    scene.add<Deployment>(deployment(0, 0, ""));
    EXPECT_EQ(scene.judge().status, Status::ok);
    EXPECT_EQ(scene.judge().details.at("scaled_to_zero"), 1);
    scene.params.strict = true;
    EXPECT_EQ(scene.judge().reason, "ScaledToZero");
}

// Every update passes through this state for a moment.
TEST(Deployments, AChangeThatItsControllerHasNotTakenUpCountsFromMinAgeOn) {
    auto const changed = [](Duration age) {
        auto object = json(deployment(1, 1, "", 2));
        object.at("metadata").as_object()["managedFields"] =
            boost::json::array{{{"manager", "kubectl"}, {"time", ago(age)}},
                               {{"manager", "kube"}, {"subresource", "status"}, {"time", ago(1s)}}};
        return object;
    };
    for (auto const& [age, want] : {std::pair<Duration, Status>(15min - 1s, Status::ok), {15min, Status::warning}}) {
        Scene scene(deployments_available);
        scene.add<Deployment>(changed(age));
        EXPECT_EQ(scene.judge().status, want);
    }
    Scene old(deployments_available);
    old.add<Deployment>(changed(20min));
    EXPECT_EQ(
        old.judge().message,
        "Deployment shop/web has a change that its controller has not taken up: generation 3, observed 2, for 20m");
    Scene unknown(deployments_available);
    unknown.add<Deployment>(deployment(1, 1, "", 2));
    EXPECT_EQ(unknown.judge().status, Status::ok);
}

std::string stateful(int desired, int ready, int updated, std::string_view strategy = "{}") {
    return fmt::format(
        "{{{}, 'spec': {{'replicas': {}, 'updateStrategy': {}}}, 'status': {{'observedGeneration': 3, "
        "'readyReplicas': {}, 'updatedReplicas': {}, 'currentRevision': 'a', 'updateRevision': '{}'}}}}",
        meta("db", 48h), desired, strategy, ready, updated, updated < desired ? "b" : "a");
}

TEST(StatefulSets, AgesComeFromThePodsAndMissingOnesBehindAYoungOneWait) {
    for (auto const& [age, want] : {std::pair<Duration, Status>(15min - 1s, Status::ok), {15min, Status::warning}}) {
        Scene scene(statefulsets_ready);
        scene.add<StatefulSet>(stateful(5, 2, 5));
        scene.add<Pod>(owned_pod("db-2", "StatefulSet", "db", false, age, age));
        EXPECT_EQ(scene.judge().status, want);
    }
    Scene none(statefulsets_ready);
    none.add<StatefulSet>(stateful(3, 0, 3));
    auto const got = none.judge();
    EXPECT_EQ(got.status, Status::critical);
    EXPECT_EQ(got.message, "StatefulSet shop/db has 0 of 3 pods ready, for 2d");
}

TEST(StatefulSets, AStandingUpdateIsAWarningUnlessPartitionOrStrategyExplainIt) {
    struct Row {
        std::string_view strategy;
        Duration newest;
        Status want;
    };
    for (auto const& row : {Row{"{}", 15min, Status::warning}, Row{"{}", 15min - 1s, Status::ok},
                            Row{"{'type': 'OnDelete'}", 1h, Status::ok},
                            Row{"{'type': 'RollingUpdate', 'rollingUpdate': {'partition': 2}}", 1h, Status::ok}}) {
        Scene scene(statefulsets_ready);
        scene.add<StatefulSet>(stateful(3, 3, 1, row.strategy));
        scene.add<Pod>(owned_pod("db-2", "StatefulSet", "db", true, 30min, row.newest));
        EXPECT_EQ(scene.judge().status, row.want) << std::string(row.strategy);
    }
}

std::string daemon(int desired, int scheduled, int available, int updated, int misscheduled = 0) {
    return fmt::format(
        "{{{}, 'spec': {{'updateStrategy': {{'type': 'RollingUpdate'}}}}, 'status': {{'observedGeneration': "
        "3, 'desiredNumberScheduled': {}, 'currentNumberScheduled': {}, 'numberAvailable': {}, "
        "'updatedNumberScheduled': {}, 'numberMisscheduled': {}}}}}",
        meta("agent", 48h), desired, scheduled, available, updated, misscheduled);
}

TEST(DaemonSets, YoungNodesAndYoungPodsExplainWhatIsMissing) {
    for (auto const& [age, want] : {std::pair<Duration, Status>(10min - 1s, Status::ok), {10min, Status::warning}}) {
        Scene scene(daemonsets_ready);
        scene.add<DaemonSet>(daemon(3, 2, 2, 2));
        scene.add<Node>(fmt::format("{{'metadata': {{'name': 'n3', 'creationTimestamp': '{}'}}}}", ago(age)));
        auto got = scene.judge();
        std::erase_if(got.failures, [](Failure const& f) { return f.reason != "NotScheduled"; });
        EXPECT_EQ(got.failures.empty(), want == Status::ok);
    }
    for (auto const& [age, want] : {std::pair<Duration, Status>(15min - 1s, Status::ok), {15min, Status::warning}}) {
        Scene scene(daemonsets_ready);
        scene.add<DaemonSet>(daemon(3, 3, 2, 3));
        scene.add<Pod>(owned_pod("agent-x", "DaemonSet", "agent", false, age));
        auto const got = scene.judge();
        EXPECT_EQ(got.status, want);
        if (want == Status::warning) {
            EXPECT_EQ(got.message, "DaemonSet shop/agent has 2 of 3 pods available, for 15m");
        }
    }
}

TEST(DaemonSets, MisplacedAndOutdatedPodsAreWarningsNoneAvailableIsCritical) {
    Scene misplaced(daemonsets_ready);
    misplaced.add<DaemonSet>(daemon(3, 3, 3, 3, 2));
    EXPECT_EQ(misplaced.judge().message, "DaemonSet shop/agent has 2 pods on nodes where none should run");
    Scene outdated(daemonsets_ready);
    outdated.add<DaemonSet>(daemon(3, 3, 3, 1));
    EXPECT_EQ(outdated.judge().reason, "RolloutStuck");
    Scene down(daemonsets_ready);
    down.add<DaemonSet>(daemon(3, 3, 0, 3));
    EXPECT_EQ(down.judge().status, Status::critical);
    Scene well(daemonsets_ready);
    well.add<DaemonSet>(daemon(3, 3, 3, 3));
    EXPECT_EQ(well.judge().status, Status::ok);
}

std::string job(std::string_view name, std::string_view owner, std::string_view type, Duration since) {
    auto const owners =
        owner.empty()
            ? std::string()
            : fmt::format(", 'ownerReferences': [{{'kind': 'CronJob', 'name': '{}', 'controller': true}}]", owner);
    return fmt::format("{{{}, 'status': {{'completionTime': '{}', 'conditions': [{}]}}}}",
                       meta(name, since + 1min, owners), ago(since),
                       condition(type, "True", since, "BackoffLimitExceeded", "too many failures"));
}

TEST(Jobs, AJobOfItsOwnIsCriticalAndForgottenAfterTheWindow) {
    Scene scene(jobs_failed);
    scene.add<Job>(job("import", "", "Failed", 3h));
    auto const got = scene.judge();
    EXPECT_EQ(got.status, Status::critical);
    EXPECT_EQ(got.message, "Job shop/import failed (BackoffLimitExceeded): too many failures, 3h ago");
    Scene edge(jobs_failed);
    edge.add<Job>(job("import", "", "Failed", 24h));
    EXPECT_EQ(edge.judge().status, Status::critical);
    Scene old(jobs_failed);
    old.add<Job>(job("import", "", "Failed", 24h + 1s));
    EXPECT_EQ(old.judge().status, Status::ok);
}

TEST(Jobs, ACronJobsSecondFailureIsCriticalAndASuccessWipesThemOut) {
    Scene scene(jobs_failed);
    scene.add<Job>(job("backup-1", "backup", "Failed", 3h));
    EXPECT_EQ(scene.judge().status, Status::warning);
    scene.add<Job>(job("backup-2", "backup", "Failed", 2h));
    EXPECT_EQ(scene.judge().status, Status::critical);
    scene.add<Job>(job("backup-3", "backup", "Complete", 1h));
    EXPECT_EQ(scene.judge().status, Status::ok);
}

TEST(Jobs, ASuccessOfWhichOnlyTheCronJobKnowsWipesThemOutToo) {
    auto const cron_job = [](Duration success) {
        return fmt::format("{{{}, 'spec': {{'schedule': '@hourly'}}, 'status': {{'lastSuccessfulTime': '{}'}}}}",
                           meta("backup", 240h), ago(success));
    };
    Scene scene(jobs_failed);
    scene.add<Job>(job("backup-1", "backup", "Failed", 20h)).add<Job>(job("backup-2", "backup", "Failed", 19h));
    scene.add<CronJob>(cron_job(21h));
    EXPECT_EQ(scene.judge().status, Status::critical);
    scene.add<CronJob>(cron_job(1h));
    EXPECT_EQ(scene.judge().status, Status::ok);
}

std::string cron(std::string_view schedule, std::string_view spec, std::string_view status) {
    return fmt::format("{{{}, 'spec': {{'schedule': '{}'{}}}, 'status': {{{}}}}}", meta("backup", 240h), schedule, spec,
                       status);
}

std::string ran(Duration last, Duration success, std::string_view more = "") {
    return fmt::format("'lastScheduleTime': '{}', 'lastSuccessfulTime': '{}'{}", ago(last), ago(success), more);
}

TEST(CronJobs, AMissedStartCountsOnceToleranceAndDeadlineHavePassed) {
    // It is noon: an hourly job that last started at eleven was due right now.
    struct Row {
        std::string_view schedule;
        std::string_view spec;
        std::string status;
        std::string_view reason;
    };
    for (auto const& row : {
             Row{"0 * * * *", "", ran(1h, 59min), "Ok"},
             Row{"59 11 * * *", "", ran(24h + 1min, 24h), "MissedSchedule"},
             Row{"59 11 * * *", ", 'startingDeadlineSeconds': 31", ran(24h + 1min, 24h), "Ok"},
             Row{"59 11 * * *", ", 'startingDeadlineSeconds': 30", ran(24h + 1min, 24h), "MissedSchedule"},
             Row{"59 11 * * *", ", 'concurrencyPolicy': 'Forbid'",
                 ran(24h + 1min, 48h, ", 'active': [{'name': 'backup-1'}]"), "Ok"},
             Row{"* * * * *", "", ran(100min + 30s, 100min), "MissedSchedule"},
             Row{"* * * * *", "", ran(3h, 3h), "MissedSchedule"},
             Row{"59 11 * * *", ", 'timeZone': 'Europe/Berlin'", ran(1h + 1min, 1h), "Ok"},
             Row{"61 * * * *", "", ran(1h, 59min), "InvalidSchedule"},
             Row{"0 * * * *", ", 'timeZone': 'Mars/Olympus'", ran(1h, 59min), "InvalidSchedule"},
             Row{"0 * * * *", ", 'suspend': true", ran(100h, 100h), "Ok"},
             Row{"0 0 * * *", "", "", "MissedSchedule"},
         }) {
        Scene scene(cronjobs_schedule);
        scene.add<CronJob>(cron(row.schedule, row.spec, row.status));
        auto const got = scene.judge();
        EXPECT_EQ(got.reason, row.reason) << std::string(row.schedule) << std::string(row.spec) << ": " << got.message;
        EXPECT_EQ(got.status, row.reason == "Ok" ? Status::ok : Status::critical);
    }
}

TEST(CronJobs, OneFailedRunIsAWarningTwoAreCritical) {
    struct Row {
        std::string status;
        Status want;
    };
    for (auto const& row :
         {Row{ran(12h, 11h), Status::ok}, Row{ran(12h, 35h), Status::warning}, Row{ran(12h, 37h), Status::critical},
          Row{ran(12h, 37h, ", 'active': [{'name': 'b'}]"), Status::ok}}) {
        Scene scene(cronjobs_schedule);
        scene.add<CronJob>(cron("0 0 * * *", "", row.status));
        auto const got = scene.judge();
        EXPECT_EQ(got.status, row.want) << got.message;
    }
    Scene strict(cronjobs_schedule);
    strict.params.strict = true;
    strict.add<CronJob>(cron("0 * * * *", ", 'suspend': true", ran(100h, 100h)));
    EXPECT_EQ(strict.judge().message, "CronJob shop/backup is suspended");
}

std::string scaler(int least, int most, int current, int desired, std::string_view conditions, Duration scaled) {
    return fmt::format(
        "{{{}, 'spec': {{'minReplicas': {}, 'maxReplicas': {}, 'scaleTargetRef': {{'kind': 'Deployment', "
        "'name': 'web'}}, 'metrics': []}}, 'status': {{'currentReplicas': {}, 'desiredReplicas': {}, "
        "'lastScaleTime': '{}', 'conditions': [{}]}}}}",
        meta("web", 48h), least, most, current, desired, ago(scaled), conditions);
}

TEST(Hpa, EveryTroubleTurnsAtMinAge) {
    struct Row {
        std::string object;
        Status want;
        std::string_view reason;
    };
    auto const inactive = [](Duration since) {
        return condition("ScalingActive", "False", since, "FailedGetResourceMetric", "no metrics returned");
    };
    for (auto const& row : {
             Row{scaler(1, 5, 2, 2, condition("ScalingActive", "True", 1h), 1h), Status::ok, "Ok"},
             Row{scaler(1, 5, 2, 2, inactive(15min - 1s), 1h), Status::ok, "Ok"},
             Row{scaler(1, 5, 2, 2, inactive(15min), 1h), Status::critical, "FailedGetResourceMetric"},
             Row{scaler(1, 5, 0, 0, condition("ScalingActive", "False", 9h, "ScalingDisabled"), 1h), Status::ok, "Ok"},
             Row{scaler(1, 5, 2, 2, condition("AbleToScale", "False", 1h, "FailedGetScale"), 1h), Status::critical,
                 "FailedGetScale"},
             Row{scaler(1, 5, 5, 5, "", 15min), Status::warning, "AtMaximum"},
             Row{scaler(1, 5, 5, 5, "", 15min - 1s), Status::ok, "Ok"},
             Row{scaler(5, 5, 5, 5, "", 1h), Status::ok, "Ok"},
             Row{scaler(1, 5, 2, 3, "", 15min), Status::warning, "NotFollowed"},
             Row{scaler(1, 5, 2, 3, "", 15min - 1s), Status::ok, "Ok"},
         }) {
        Scene scene(hpa);
        scene.add<HorizontalPodAutoscaler>(row.object);
        auto const got = scene.judge();
        EXPECT_EQ(got.status, row.want) << got.message;
        EXPECT_EQ(got.reason, row.reason) << got.message;
    }
    Scene scene(hpa);
    scene.add<HorizontalPodAutoscaler>(scaler(1, 5, 2, 2, inactive(20min), 1h));
    EXPECT_EQ(scene.judge().message,
              "HorizontalPodAutoscaler shop/web has no metrics to scale Deployment web: no metrics "
              "returned, for 20m");
}

}  // namespace
}  // namespace vedette::check
