// The checks that read pods: crash loops, readiness, scheduling, images, configuration, memory, restarts.

#include "check/catalogue/scene.hpp"
#include "check/catalogue/workloads/workloads.hpp"
#include "check/objects/pod.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

/// A healthy pod of a ReplicaSet, an hour old.
boost::json::value pod(std::string_view name = "web-1") {
    auto value = json(fmt::format(R"({{
        'apiVersion': 'v1', 'kind': 'Pod',
        'metadata': {{'name': '{}', 'namespace': 'shop', 'creationTimestamp': '{}',
            'labels': {{'app': 'web', 'pod-template-hash': '5d4f8'}}, 'uid': '7', 'managedFields': [{{'manager': 'k'}}],
            'ownerReferences': [{{'kind': 'ReplicaSet', 'name': 'web-5d4f8', 'controller': true}}]}},
        'spec': {{'nodeName': 'n1', 'containers': [{{'name': 'web', 'image': 'registry.example/web:1',
            'env': [{{'name': 'A', 'value': 'b'}}], 'resources': {{'limits': {{'memory': '256Mi', 'cpu': '1'}}}}}}]}},
        'status': {{'phase': 'Running', 'podIP': '10.0.0.1',
            'conditions': [{{'type': 'PodScheduled', 'status': 'True', 'lastTransitionTime': '{}'}},
                           {{'type': 'Ready', 'status': 'True', 'lastTransitionTime': '{}'}}],
            'containerStatuses': [{{'name': 'web', 'image': 'registry.example/web:1', 'ready': true,
                'restartCount': 0, 'state': {{'running': {{'startedAt': '{}'}}}}, 'lastState': {{}}}}]}}}})",
                                  name, ago(1h), ago(1h), ago(1h), ago(1h)));
    return value;
}

boost::json::object& container(boost::json::value& pod) {
    return pod.at("status").at("containerStatuses").at(0).as_object();
}

void unready(boost::json::value& pod, Duration since) {
    auto& ready = pod.at("status").at("conditions").at(1).as_object();
    ready["status"] = "False";
    ready["reason"] = "ContainersNotReady";
    ready["message"] = "containers with unready status: [web]";
    ready["lastTransitionTime"] = ago(since);
}

void wait(boost::json::value& pod, std::string_view reason, std::string_view message, Duration since) {
    unready(pod, since);
    container(pod)["state"] = {{"waiting", {{"reason", reason}, {"message", message}}}};
    container(pod)["ready"] = false;
}

void ended(boost::json::value& pod, std::string_view reason, int code, int restarts, Duration since) {
    container(pod)["restartCount"] = restarts;
    container(pod)["lastState"] = {
        {"terminated", {{"exitCode", code}, {"reason", reason}, {"finishedAt", ago(since)}}}};
}

Outcome judge(CheckType const& type, boost::json::value const& object) {
    return Scene(type).add<Pod>(object).judge();
}

TEST(Pods, AHealthyPodTroublesNoCheck) {
    for (auto const* type : {&pods_crashloop, &pods_not_ready, &pods_unschedulable, &pods_image_pull,
                             &pods_config_error, &pods_oom, &pods_restarts}) {
        SCOPED_TRACE(std::string(type->name));
        auto const got = judge(*type, pod());
        EXPECT_EQ(got.status, Status::ok) << got.message;
        EXPECT_EQ(got.checked, 1);
        EXPECT_TRUE(got.failures.empty());
    }
}

TEST(PodsCrashloop, NamesContainerExitCodeReasonAndRestarts) {
    auto object = pod();
    wait(object, "CrashLoopBackOff", "back-off 5m0s restarting failed container", 20min);
    ended(object, "Error", 1, 12, 2min);
    auto const got = judge(pods_crashloop, object);
    EXPECT_EQ(got.status, Status::critical);
    EXPECT_EQ(got.reason, "CrashLoopBackOff");
    EXPECT_EQ(got.message, "Pod shop/web-1 container web crash-loops: exit code 1 (Error), 12 restarts, for 20m");
}

TEST(PodsCrashloop, TheThirdRestartMakesItATrouble) {
    for (auto const& [restarts, want] : {std::pair(2, Status::ok), std::pair(3, Status::critical)}) {
        auto object = pod();
        wait(object, "CrashLoopBackOff", "", 1min);
        ended(object, "Error", 1, restarts, 30s);
        EXPECT_EQ(judge(pods_crashloop, object).status, want) << restarts;
    }
}

TEST(PodsCrashloop, AContainerSeenBetweenItsEndAndItsRestartLoopsToo) {
    auto const object_with = [](std::string_view phase) {
        auto object = pod();
        object.at("status").as_object()["phase"] = phase;
        object.at("status").as_object()["containerStatuses"] = json(
            "[{'name': 'web', 'restartCount': 4, 'state': {'terminated': {'exitCode': 7, 'reason': 'Error'}},"
            "  'lastState': {'terminated': {'exitCode': 7, 'reason': 'Error'}}}]");
        return object;
    };
    EXPECT_EQ(judge(pods_crashloop, object_with("Running")).status, Status::critical);
    EXPECT_EQ(judge(pods_crashloop, object_with("Failed")).status, Status::ok);
}

TEST(PodsCrashloop, InitContainersLoopToo) {
    auto object = pod();
    object.at("status").as_object()["initContainerStatuses"] = json(
        "[{'name': 'migrate', 'restartCount': 4, 'state': {'waiting': {'reason': 'CrashLoopBackOff'}},"
        "  'lastState': {'terminated': {'exitCode': 2, 'reason': 'Error'}}}]");
    auto const got = judge(pods_crashloop, object);
    EXPECT_EQ(got.message, "Pod shop/web-1 init container migrate crash-loops: exit code 2 (Error), 4 restarts");
}

TEST(PodsNotReady, TheAgeLimitIsExact) {
    for (auto const& [age, want] : {std::pair<Duration, Status>(15min - 1s, Status::ok), {15min, Status::critical}}) {
        auto object = pod();
        unready(object, age);
        EXPECT_EQ(judge(pods_not_ready, object).status, want);
    }
}

TEST(PodsNotReady, PendingHasAShorterLimitAndCountsFromCreation) {
    for (auto const& [age, want] : {std::pair<Duration, Status>(10min - 1s, Status::ok), {10min, Status::critical}}) {
        auto object = pod();
        object.at("status").as_object()["phase"] = "Pending";
        object.at("metadata").as_object()["creationTimestamp"] = ago(age);
        wait(object, "ContainerCreating", "", age);
        auto const got = judge(pods_not_ready, object);
        EXPECT_EQ(got.status, want);
        if (want == Status::critical) {
            EXPECT_EQ(got.message, "Pod shop/web-1 is Pending: container web waits: ContainerCreating, for 10m");
        }
    }
}

TEST(PodsNotReady, JobsGatedFinishedDeletedAndPreemptedPodsAreLeftOut) {
    std::vector<boost::json::value> objects(6, pod());
    for (auto& object : objects) unready(object, 24h);
    objects[0].at("metadata").at("ownerReferences").at(0).as_object()["kind"] = "Job";
    objects[1].at("spec").as_object()["schedulingGates"] = json("[{'name': 'quota.example/wait'}]");
    objects[2].at("status").as_object()["phase"] = "Succeeded";
    objects[3].at("metadata").as_object()["deletionTimestamp"] = ago(1h);
    objects[4]
        .at("status")
        .at("conditions")
        .as_array()
        .push_back(json("{'type': 'DisruptionTarget', 'status': 'True', 'reason': 'PreemptionByScheduler'}"));
    objects[5].at("status").as_object()["phase"] = "Failed";
    for (std::size_t i = 0; i < objects.size(); ++i) {
        auto const got = judge(pods_not_ready, objects[i]);
        EXPECT_EQ(got.status, Status::ok) << i << ": " << got.message;
        EXPECT_EQ(got.checked, 0) << i;
    }
}

TEST(PodsUnschedulable, RepeatsTheSchedulerButNotItsWholeSpeech) {
    auto object = pod();
    object.at("status").as_object()["phase"] = "Pending";
    auto& scheduled = object.at("status").at("conditions").at(0).as_object();
    scheduled["status"] = "False";
    scheduled["reason"] = "Unschedulable";
    scheduled["lastTransitionTime"] = ago(5min);
    scheduled["message"] = "0/3 nodes are available: 3 Insufficient cpu.";
    EXPECT_EQ(judge(pods_unschedulable, object).message,
              "Pod shop/web-1 fits on no node: 0/3 nodes are available: 3 Insufficient cpu, for 5m");
    scheduled["message"] = std::string(5000, 'x');
    EXPECT_LT(judge(pods_unschedulable, object).message.size(), 300u);
    scheduled["lastTransitionTime"] = ago(5min - 1s);
    EXPECT_EQ(judge(pods_unschedulable, object).status, Status::ok);
    scheduled["lastTransitionTime"] = ago(1h);
    scheduled["reason"] = "SchedulingGated";
    EXPECT_EQ(judge(pods_unschedulable, object).status, Status::ok);
}

TEST(PodsImagePull, NamesTheImageAndTheRegistrysAnswerFromTwoMinutesOn) {
    auto object = pod();
    wait(object, "ImagePullBackOff", "Back-off pulling image: not found", 2min);
    auto const got = judge(pods_image_pull, object);
    EXPECT_EQ(got.message,
              "Pod shop/web-1 container web cannot get its image registry.example/web:1 (ImagePullBackOff): "
              "Back-off pulling image: not found, for 2m");
    wait(object, "ErrImagePull", "", 2min - 1s);
    EXPECT_EQ(judge(pods_image_pull, object).status, Status::ok);
    for (auto const* reason : {"ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}) {
        wait(object, reason, "", 3min);
        EXPECT_EQ(judge(pods_image_pull, object).reason, reason);
    }
}

TEST(PodsConfigError, ConfigurationAfterFiveMinutesAnythingElseAfterAnHour) {
    struct Row {
        std::string_view reason;
        Duration age;
        Status want;
    };
    for (auto const& row :
         {Row{"CreateContainerConfigError", 5min - 1s, Status::ok},
          Row{"CreateContainerConfigError", 5min, Status::critical}, Row{"RunContainerError", 5min, Status::critical},
          Row{"ContainerCreating", 1h - 1s, Status::ok}, Row{"ContainerCreating", 1h, Status::critical},
          Row{"PodInitializing", 24h, Status::ok}, Row{"CrashLoopBackOff", 24h, Status::ok},
          Row{"ImagePullBackOff", 24h, Status::ok}}) {
        SCOPED_TRACE(std::string(row.reason));
        auto object = pod();
        wait(object, row.reason, "secret \"db\" not found", row.age);
        EXPECT_EQ(judge(pods_config_error, object).status, row.want);
    }
    auto object = pod();
    wait(object, "CreateContainerConfigError", "secret \"db\" not found", 6min);
    EXPECT_EQ(judge(pods_config_error, object).message,
              "Pod shop/web-1 container web cannot be created (CreateContainerConfigError): secret \"db\" not found, "
              "for 6m");
}

TEST(PodsOom, AKillWithinTheWindowIsAWarningWhileTheContainerRunsAgain) {
    auto object = pod();
    ended(object, "OOMKilled", 137, 3, 30min);
    auto got = judge(pods_oom, object);
    EXPECT_EQ(got.status, Status::warning);
    EXPECT_EQ(got.message,
              "Pod shop/web-1 container web was killed for lack of memory, limit 256Mi, runs again, "
              "3 restarts, 30m ago");
    ended(object, "OOMKilled", 137, 3, 1h);
    EXPECT_EQ(judge(pods_oom, object).status, Status::warning);
    ended(object, "OOMKilled", 137, 3, 1h + 1s);
    EXPECT_EQ(judge(pods_oom, object).status, Status::ok);
    ended(object, "Error", 1, 3, 1min);
    EXPECT_EQ(judge(pods_oom, object).status, Status::ok);
    ended(object, "OOMKilled", 137, 3, 1min);
    wait(object, "CrashLoopBackOff", "", 1min);
    EXPECT_EQ(judge(pods_oom, object).status, Status::critical);
}

TEST(PodsOom, WhatHasEndedWellSinceOrIsOverIsNotDown) {
    auto completed = pod();
    ended(completed, "OOMKilled", 137, 1, 10min);
    container(completed)["state"] = {
        {"terminated", {{"exitCode", 0}, {"reason", "Completed"}, {"finishedAt", ago(9min)}}}};
    auto const got = judge(pods_oom, completed);
    EXPECT_EQ(got.status, Status::warning);
    EXPECT_THAT(got.message, testing::HasSubstr("has ended since"));

    auto over = pod();
    over.at("status").as_object()["phase"] = "Failed";
    container(over)["state"] = {
        {"terminated", {{"exitCode", 137}, {"reason", "OOMKilled"}, {"finishedAt", ago(9min)}}}};
    EXPECT_EQ(judge(pods_oom, over).status, Status::warning);
}

TEST(PodsCrashloop, TwoEndsFarApartAreNoLoopAndADeletedPodIsLeftAlone) {
    auto object = pod();
    unready(object, 1min);
    auto const end = [](Duration since, int code) {
        return boost::json::value{
            {"terminated", {{"exitCode", code}, {"reason", "Error"}, {"finishedAt", ago(since)}}}};
    };
    container(object)["restartCount"] = 5;
    container(object)["state"] = end(1s, 3);
    container(object)["lastState"] = end(30 * 24h, 1);
    EXPECT_EQ(judge(pods_crashloop, object).status, Status::ok);
    container(object)["lastState"] = end(6min, 1);
    auto const got = judge(pods_crashloop, object);
    EXPECT_EQ(got.status, Status::critical);
    EXPECT_THAT(got.message, testing::HasSubstr("exit code 3 (Error), 5 restarts"));
    object.at("metadata").as_object()["deletionTimestamp"] = ago(1s);
    EXPECT_EQ(judge(pods_crashloop, object).status, Status::ok);
}

TEST(PodsRestarts, WarningFromFiveCriticalFromTenIfTheLastIsWithinADay) {
    struct Row {
        int restarts;
        Duration age;
        Status want;
    };
    for (auto const& row :
         {Row{4, 1h, Status::ok}, Row{5, 1h, Status::warning}, Row{9, 1h, Status::warning},
          Row{10, 1h, Status::critical}, Row{10, 24h, Status::critical}, Row{10, 24h + 1s, Status::ok}}) {
        auto object = pod();
        ended(object, "Error", 137, row.restarts, row.age);
        EXPECT_EQ(judge(pods_restarts, object).status, row.want) << row.restarts;
    }
    auto object = pod();
    ended(object, "Error", 2, 7, 5min);
    EXPECT_EQ(judge(pods_restarts, object).message,
              "Pod shop/web-1 container web restarted 7 times, the last one 5m ago with exit code 2 (Error)");
}

TEST(Pods, TheListOfFailuresIsCutAndTheSentenceCountsTheRest) {
    Scene scene(pods_not_ready);
    for (int i = 0; i < 30; ++i) {
        auto object = pod(fmt::format("web-{:02}", i));
        unready(object, 1h);
        scene.add<Pod>(object);
    }
    auto const got = scene.judge();
    EXPECT_EQ(got.failed, 30);
    EXPECT_EQ(got.failures.size(), 20u);
    EXPECT_TRUE(got.failures_truncated);
    EXPECT_TRUE(got.message.ends_with("; 29 more like it")) << got.message;
}

TEST(Pods, NamespacesAndExclusionsLimitWhatIsJudged) {
    auto object = pod();
    unready(object, 1h);
    Scene scene(pods_not_ready);
    scene.add<Pod>(object);
    scene.params.namespaces = {"pay-*"};
    EXPECT_EQ(scene.judge().checked, 0);
    scene.params.namespaces = {"sh*"};
    EXPECT_EQ(scene.judge().status, Status::critical);
    scene.params.exclude = {"shop/web-*"};
    EXPECT_EQ(scene.judge().checked, 0);
}

}  // namespace
}  // namespace vedette::check
