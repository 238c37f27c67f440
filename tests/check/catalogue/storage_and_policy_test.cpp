// Volumes, quotas, namespaces and events.

#include "check/catalogue/policy/policy.hpp"
#include "check/catalogue/scene.hpp"
#include "check/catalogue/storage/storage.hpp"
#include "check/objects/event.hpp"
#include "check/objects/pod.hpp"
#include "check/objects/policy.hpp"
#include "check/objects/volume.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

std::string condition(std::string_view type, std::string_view status, Duration since, std::string_view message = "") {
    return fmt::format(
        "{{'type': '{}', 'status': '{}', 'lastTransitionTime': '{}', 'reason': 'Because', 'message': '{}'}}", type,
        status, ago(since), message);
}

std::string claim(std::string_view phase, Duration age, std::string_view spec) {
    return fmt::format(
        "{{'metadata': {{'name': 'data', 'namespace': 'shop', 'creationTimestamp': '{}'}}, 'spec': {{{}}}, "
        "'status': {{'phase': '{}'}}}}",
        ago(age), spec, phase);
}

std::string storage_class(std::string_view name, std::string_view mode, bool is_default = false) {
    return fmt::format(
        "{{'metadata': {{'name': '{}', 'annotations': {{'storageclass.kubernetes.io/is-default-class': "
        "'{}'}}}}, 'provisioner': 'csi.example', 'volumeBindingMode': '{}'}}",
        name, is_default, mode);
}

std::string user_of(std::string_view claim_name, Duration age) {
    return fmt::format(
        "{{'metadata': {{'name': 'db-0', 'namespace': 'shop', 'creationTimestamp': '{}'}}, 'spec': "
        "{{'volumes': [{{'name': 'd', 'persistentVolumeClaim': {{'claimName': '{}'}}}}]}}}}",
        ago(age), claim_name);
}

TEST(PvcBound, PendingTurnsAtFiveMinutesAndRepeatsTheProvisioner) {
    for (auto const& [age, want] : {std::pair<Duration, Status>(5min - 1s, Status::ok), {5min, Status::critical}}) {
        Scene scene(pvc_bound);
        scene.add<PersistentVolumeClaim>(claim("Pending", age, "'storageClassName': 'fast'"));
        scene.add<StorageClass>(storage_class("fast", "Immediate"));
        scene.add<Event>(
            fmt::format("{{'type': 'Warning', 'reason': 'ProvisioningFailed', 'message': 'out of space', "
                        "'lastTimestamp': '{}', 'involvedObject': {{'kind': 'PersistentVolumeClaim', "
                        "'namespace': 'shop', 'name': 'data'}}}}",
                        ago(1min)));
        auto const got = scene.judge();
        EXPECT_EQ(got.status, want);
        if (want == Status::critical) {
            EXPECT_EQ(got.message,
                      "PersistentVolumeClaim shop/data is Pending with StorageClass fast: out of space, for 5m");
        }
    }
}

TEST(PvcBound, AClaimThatWaitsForItsFirstConsumerWaitsSinceThePodCame) {
    struct Row {
        std::string user;
        Status want;
    };
    for (auto const& row : {Row{user_of("other", 24h), Status::ok}, Row{user_of("data", 5min - 1s), Status::ok},
                            Row{user_of("data", 5min), Status::critical}}) {
        Scene scene(pvc_bound);
        scene.add<PersistentVolumeClaim>(claim("Pending", 48h, ""));
        scene.add<StorageClass>(storage_class("lazy", "WaitForFirstConsumer", true));
        scene.add<Pod>(row.user);
        EXPECT_EQ(scene.judge().status, row.want);
    }
}

TEST(PvcBound, WithoutTheRightToReadPodsAClaimThatMayWaitIsLeftAlone) {
    Scene scene(pvc_bound);
    scene.add<PersistentVolumeClaim>(claim("Pending", 48h, ""));
    scene.add<StorageClass>(storage_class("lazy", "WaitForFirstConsumer", true));
    EXPECT_EQ(scene.judge().status, Status::ok);
}

TEST(PvcBound, OfSeveralDefaultClassesTheNewestCounts) {
    auto const class_of = [](std::string_view name, std::string_view mode, Duration age) {
        auto object = json(storage_class(name, mode, true));
        object.at("metadata").as_object()["creationTimestamp"] = ago(age);
        return object;
    };
    Scene scene(pvc_bound);
    scene.add<PersistentVolumeClaim>(claim("Pending", 48h, ""));
    scene.add<StorageClass>(class_of("new", "WaitForFirstConsumer", 1h));
    scene.add<StorageClass>(class_of("old", "Immediate", 100h));
    scene.read<Pod>();
    EXPECT_EQ(scene.judge().status, Status::ok);
}

TEST(PvcBound, LostClaimsMissingClassesAndNoDefaultAreNamed) {
    struct Row {
        std::string claim;
        std::string_view message;
    };
    for (auto const& row :
         {Row{claim("Lost", 1h, "'volumeName': 'pv-7'"),
              "PersistentVolumeClaim shop/data has lost its volume: PersistentVolume pv-7 is gone"},
          Row{claim("Pending", 20min, "'storageClassName': 'gold'"),
              "PersistentVolumeClaim shop/data is Pending: StorageClass gold does not exist, for 20m"},
          Row{claim("Pending", 20min, ""),
              "PersistentVolumeClaim shop/data is Pending: it names no StorageClass and none is the default, for "
              "20m"}}) {
        Scene scene(pvc_bound);
        scene.read<StorageClass>().add<PersistentVolumeClaim>(row.claim);
        EXPECT_EQ(scene.judge().message, row.message);
    }
}

std::string volume(std::string_view phase, Duration since) {
    return fmt::format(
        "{{'metadata': {{'name': 'pv-7', 'creationTimestamp': '{}'}}, 'spec': {{'claimRef': {{'namespace': "
        "'shop', 'name': 'data'}}}}, 'status': {{'phase': '{}', 'lastPhaseTransitionTime': '{}'}}}}",
        ago(2000h), phase, ago(since));
}

TEST(PvPhase, EachPhaseHasItsOwnPatience) {
    struct Row {
        std::string object;
        Status want;
    };
    for (auto const& row :
         {Row{volume("Bound", 1h), Status::ok}, Row{volume("Available", 900h), Status::ok},
          Row{volume("Failed", 5min), Status::critical}, Row{volume("Failed", 5min - 1s), Status::ok},
          Row{volume("Pending", 5min), Status::critical}, Row{volume("Released", 7 * 24h), Status::ok},
          Row{volume("Released", 7 * 24h + 1s), Status::warning}}) {
        Scene scene(pv_phase);
        scene.add<PersistentVolume>(row.object);
        EXPECT_EQ(scene.judge().status, row.want) << row.object;
    }
    Scene scene(pv_phase);
    scene.add<PersistentVolume>(volume("Released", 10 * 24h));
    EXPECT_EQ(scene.judge().message, "PersistentVolume pv-7 is Released and kept, claim shop/data is gone, for 10d");
}

std::string quota(std::string_view used, std::string_view hard) {
    return fmt::format(
        "{{'metadata': {{'name': 'compute', 'namespace': 'shop'}}, 'status': {{'hard': {{'requests.cpu': "
        "'{}'}}, 'used': {{'requests.cpu': '{}'}}}}}}",
        hard, used);
}

TEST(ResourceQuotas, WarningAtNinetyPercentCriticalAtAHundred) {
    struct Row {
        std::string object;
        Status want;
    };
    for (auto const& row : {Row{quota("899m", "1"), Status::ok}, Row{quota("900m", "1"), Status::warning},
                            Row{quota("1", "1000m"), Status::critical}, Row{quota("2k", "1"), Status::critical},
                            Row{quota("0", "0"), Status::ok}, Row{quota("1", "0"), Status::critical},
                            Row{quota("odd", "1"), Status::ok}}) {
        Scene scene(resource_quota);
        scene.add<ResourceQuota>(row.object);
        EXPECT_EQ(scene.judge().status, row.want) << row.object;
    }
    Scene scene(resource_quota);
    scene.add<ResourceQuota>(quota("1900m", "2"));
    EXPECT_EQ(scene.judge().message, "ResourceQuota shop/compute allows 2 of requests.cpu, 1900m in use (95%)");
}

TEST(NamespacesTerminating, StuckOnesSayWhatHoldsThem) {
    for (auto const& [age, want] : {std::pair<Duration, Status>(10min - 1s, Status::ok), {10min, Status::critical}}) {
        Scene scene(namespaces_terminating);
        scene.add<Namespace>(
            fmt::format("{{'metadata': {{'name': 'old', 'deletionTimestamp': '{}'}}, 'status': {{'phase': "
                        "'Terminating', 'conditions': [{}, {}]}}}}",
                        ago(age), condition("NamespaceContentRemaining", "True", age, "pods. has 1 resource"),
                        condition("NamespaceFinalizersRemaining", "True", age, "a.example/hold in 1 resource")));
        auto const got = scene.judge();
        EXPECT_EQ(got.status, want);
        if (want == Status::critical) {
            EXPECT_EQ(got.message, "Namespace old does not finish terminating: a.example/hold in 1 resource, for 10m");
        }
    }
}

std::string event(std::string_view reason, int count, Duration first, Duration last,
                  std::string_view type = "Warning") {
    return fmt::format(
        "{{'metadata': {{'name': 'e', 'namespace': 'shop'}}, 'type': '{}', 'reason': '{}', 'message': 'm', "
        "'count': {}, 'firstTimestamp': '{}', 'lastTimestamp': '{}', 'involvedObject': {{'kind': 'Pod', "
        "'namespace': 'shop', 'name': 'web-1'}}}}",
        type, reason, count, ago(first), ago(last));
}

TEST(EventsWarning, CountsWhatFellIntoTheWindow) {
    struct Row {
        std::string object;
        double want;
    };
    for (auto const& row :
         {Row{event("BackOff", 40, 50min, 1min), 40}, Row{event("BackOff", 40, 50min, 1min, "Normal"), 0},
          Row{event("BackOff", 40, 3h, 1h + 1s), 0}, Row{event("BackOff", 40, 2h, 0s), 20}}) {
        Scene scene(events_warning);
        scene.add<Event>(row.object);
        EXPECT_EQ(scene.judge().measurements.at(0).second, row.want) << row.object;
    }
}

TEST(EventsWarning, TurnsAtItsLimitsAndNamesTheTopReasons) {
    for (auto const& [count, want] :
         {std::pair(49, Status::ok), {50, Status::warning}, {199, Status::warning}, {200, Status::critical}}) {
        Scene scene(events_warning);
        scene.add<Event>(event("BackOff", count, 50min, 1min));
        EXPECT_EQ(scene.judge().status, want) << count;
    }
    Scene scene(events_warning);
    scene.add<Event>(event("BackOff", 60, 50min, 1min)).add<Event>(event("FailedMount", 70, 50min, 1min));
    EXPECT_EQ(scene.judge().message, "130 Warning events within 1h: 70 FailedMount, 60 BackOff");
    Scene single(events_warning);
    single.params.with["reasons"] = boost::json::object{{"SystemOOM", 1}};
    single.add<Event>(event("SystemOOM", 1, 5min, 5min));
    EXPECT_EQ(single.judge().status, Status::warning);
    EXPECT_EQ(single.judge().reason, "SystemOOM");
}

}  // namespace
}  // namespace vedette::check
