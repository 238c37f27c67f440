#include "sim/cluster_objects.hpp"

#include "base/time_format.hpp"

namespace vedette::sim {
namespace {

using boost::json::array;
using boost::json::value;

object meta(std::string_view ns, std::string_view name, std::string created) {
    object metadata{{"name", name}, {"creationTimestamp", std::move(created)}};
    if (!ns.empty()) metadata["namespace"] = ns;
    return metadata;
}

object condition(std::string_view type, std::string_view status, std::string since, std::string_view reason = "",
                 std::string_view message = "") {
    object result{{"type", type}, {"status", status}, {"lastTransitionTime", std::move(since)}};
    if (!reason.empty()) result["reason"] = reason;
    if (!message.empty()) result["message"] = message;
    return result;
}

object container(std::string_view image) {
    return {{"name", "app"},
            {"image", image},
            {"resources", {{"limits", {{"memory", "128Mi"}}}, {"requests", {{"memory", "64Mi"}}}}}};
}

constexpr std::string_view image = "registry.example/shop:1.4.2";

}  // namespace

object with(object base, object const& more) {
    for (auto const& [key, added] : more) {
        auto* const present = base.if_contains(key);
        if (present && present->is_object() && added.is_object()) {
            for (auto const& [inner, content] : added.get_object()) present->get_object()[inner] = content;
        } else {
            base[key] = added;
        }
    }
    return base;
}

std::string ObjectMaker::ago(Duration age) const {
    return format_rfc3339(now_ - age);
}

object ObjectMaker::ns(std::string_view name) const {
    return {{"apiVersion", "v1"},
            {"kind", "Namespace"},
            {"metadata", meta("", name, ago(std::chrono::days(40)))},
            {"status", {{"phase", "Active"}}}};
}

object ObjectMaker::terminating_ns(std::string_view name, Duration since) const {
    auto metadata = meta("", name, ago(std::chrono::days(40)));
    metadata["deletionTimestamp"] = ago(since);
    return {{"apiVersion", "v1"},
            {"kind", "Namespace"},
            {"metadata", std::move(metadata)},
            {"spec", {{"finalizers", {"kubernetes"}}}},
            {"status",
             {{"phase", "Terminating"},
              {"conditions",
               {condition("NamespaceFinalizersRemaining", "True", ago(since), "SomeFinalizersRemain",
                          "Some content in the namespace has finalizers remaining: "
                          "database.example/backup in 1 resource instances")}}}}};
}

object ObjectMaker::held_config_map(std::string_view ns, std::string_view name, std::string_view finalizer,
                                    Duration since) const {
    auto metadata = meta(ns, name, ago(std::chrono::days(40)));
    metadata["deletionTimestamp"] = ago(since);
    metadata["finalizers"] = array{finalizer};
    return {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", std::move(metadata)}};
}

object ObjectMaker::node(std::string_view name, bool control_plane) const {
    auto const since = ago(std::chrono::days(30));
    object labels{{"kubernetes.io/hostname", name}};
    if (control_plane) labels["node-role.kubernetes.io/control-plane"] = "";
    auto metadata = meta("", name, since);
    metadata["labels"] = std::move(labels);
    array conditions{condition("MemoryPressure", "False", since, "KubeletHasSufficientMemory"),
                     condition("DiskPressure", "False", since, "KubeletHasNoDiskPressure"),
                     condition("PIDPressure", "False", since, "KubeletHasSufficientPID"),
                     condition("Ready", "True", since, "KubeletReady", "kubelet is posting ready status")};
    return {{"apiVersion", "v1"},
            {"kind", "Node"},
            {"metadata", std::move(metadata)},
            {"spec", object{}},
            {"status",
             {{"conditions", std::move(conditions)},
              {"capacity", {{"cpu", "4"}, {"memory", "16Gi"}, {"pods", "110"}}},
              {"nodeInfo", {{"kubeletVersion", "v1.36.4"}}}}}};
}

object ObjectMaker::lease(std::string_view ns, std::string_view name, Duration renewed_ago) const {
    return {{"apiVersion", "coordination.k8s.io/v1"},
            {"kind", "Lease"},
            {"metadata", meta(ns, name, ago(std::chrono::days(30)))},
            {"spec",
             {{"holderIdentity", "control-1_5c1b"},
              {"leaseDurationSeconds", 15},
              {"renewTime", format_rfc3339(now_ - renewed_ago, 6)}}}};
}

object ObjectMaker::deployment(std::string_view ns, std::string_view name, int desired, int available,
                               Duration age) const {
    auto const good = available >= desired;
    array conditions{
        condition("Available", good ? "True" : "False", ago(age),
                  good ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                  good ? "Deployment has minimum availability." : "Deployment does not have minimum availability."),
        good ? condition("Progressing", "True", ago(age), "NewReplicaSetAvailable")
             : condition("Progressing", "False", ago(age), "ProgressDeadlineExceeded",
                         "ReplicaSet \"" + std::string(name) + "-6d4cf\" has timed out progressing.")};
    auto metadata = meta(ns, name, ago(age + std::chrono::hours(24)));
    metadata["generation"] = 3;
    object const labels{{"app", name}};
    return {{"apiVersion", "apps/v1"},
            {"kind", "Deployment"},
            {"metadata", std::move(metadata)},
            {"spec",
             {{"replicas", desired},
              {"selector", {{"matchLabels", labels}}},
              {"template", {{"metadata", {{"labels", labels}}}, {"spec", {{"containers", {container(image)}}}}}}}},
            {"status",
             {{"observedGeneration", 3},
              {"replicas", desired},
              {"updatedReplicas", desired},
              {"readyReplicas", available},
              {"availableReplicas", available},
              {"unavailableReplicas", desired - available},
              {"conditions", std::move(conditions)}}}};
}

object ObjectMaker::pod(std::string_view ns, std::string_view name, std::string_view node, Duration age) const {
    auto const since = ago(age);
    auto metadata = meta(ns, name, since);
    metadata["labels"] = object{{"app", name.substr(0, name.find('-'))}};
    return {{"apiVersion", "v1"},
            {"kind", "Pod"},
            {"metadata", std::move(metadata)},
            {"spec", {{"nodeName", node}, {"containers", {container(image)}}}},
            {"status",
             {{"phase", "Running"},
              {"startTime", since},
              {"conditions",
               {condition("PodScheduled", "True", since), condition("Initialized", "True", since),
                condition("ContainersReady", "True", since), condition("Ready", "True", since)}},
              {"containerStatuses",
               {{{"name", "app"},
                 {"image", image},
                 {"ready", true},
                 {"started", true},
                 {"restartCount", 0},
                 {"state", {{"running", {{"startedAt", since}}}}}}}}}}};
}

object ObjectMaker::waiting_pod(std::string_view ns, std::string_view name, std::string_view node,
                                std::string_view reason, std::string_view message, int restarts, Duration since) const {
    auto result = pod(ns, name, node, since);
    object status{{"name", "app"},
                  {"image", image},
                  {"ready", false},
                  {"started", false},
                  {"restartCount", restarts},
                  {"state", {{"waiting", {{"reason", reason}, {"message", message}}}}}};
    if (restarts > 0) {
        status["lastState"] = object{{"terminated",
                                      {{"exitCode", 1},
                                       {"reason", "Error"},
                                       {"startedAt", ago(std::chrono::minutes(3))},
                                       {"finishedAt", ago(std::chrono::minutes(2))}}}};
    }
    auto& pod_status = result["status"].as_object();
    if (restarts == 0) pod_status["phase"] = "Pending";
    pod_status["containerStatuses"] = array{std::move(status)};
    auto const why = "containers with unready status: [app]";
    pod_status["conditions"] =
        array{condition("PodScheduled", "True", ago(since)), condition("Initialized", "True", ago(since)),
              condition("ContainersReady", "False", ago(since), "ContainersNotReady", why),
              condition("Ready", "False", ago(since), "ContainersNotReady", why)};
    return result;
}

object ObjectMaker::pending_pod(std::string_view ns, std::string_view name, std::string_view message,
                                Duration since) const {
    auto result = pod(ns, name, "", since);
    result["spec"].as_object().erase("nodeName");
    result["status"] =
        object{{"phase", "Pending"},
               {"conditions", {condition("PodScheduled", "False", ago(since), "Unschedulable", message)}}};
    return result;
}

object ObjectMaker::service(std::string_view ns, std::string_view name) const {
    return {{"apiVersion", "v1"},
            {"kind", "Service"},
            {"metadata", meta(ns, name, ago(std::chrono::days(20)))},
            {"spec",
             {{"type", "ClusterIP"},
              {"clusterIP", "10.0.0.42"},
              {"selector", {{"app", name}}},
              {"ports", {{{"name", "http"}, {"port", 80}, {"targetPort", 8080}, {"protocol", "TCP"}}}}}}};
}

object ObjectMaker::endpoint_slice(std::string_view ns, std::string_view service, int count, bool ready,
                                   Duration changed) const {
    auto metadata = meta(ns, std::string(service) + "-x7k2p", ago(std::chrono::days(20)));
    metadata["labels"] = object{{"kubernetes.io/service-name", service}};
    metadata["annotations"] = object{{"endpoints.kubernetes.io/last-change-trigger-time", ago(changed)}};
    array endpoints;
    for (int i = 0; i < count; ++i) {
        endpoints.push_back(object{{"addresses", {"10.244.0." + std::to_string(10 + i)}},
                                   {"conditions", {{"ready", ready}, {"serving", ready}, {"terminating", false}}}});
    }
    return {{"apiVersion", "discovery.k8s.io/v1"},
            {"kind", "EndpointSlice"},
            {"metadata", std::move(metadata)},
            {"addressType", "IPv4"},
            {"ports", {{{"name", "http"}, {"port", 8080}, {"protocol", "TCP"}}}},
            {"endpoints", std::move(endpoints)}};
}

object ObjectMaker::claim(std::string_view ns, std::string_view name, std::string_view phase, Duration age) const {
    return {{"apiVersion", "v1"},
            {"kind", "PersistentVolumeClaim"},
            {"metadata", meta(ns, name, ago(age))},
            {"spec",
             {{"storageClassName", "fast-ssd"},
              {"accessModes", {"ReadWriteOnce"}},
              {"resources", {{"requests", {{"storage", "20Gi"}}}}}}},
            {"status", {{"phase", phase}}}};
}

object ObjectMaker::failed_job(std::string_view ns, std::string_view name, std::string_view reason,
                               std::string_view message, Duration when) const {
    return {{"apiVersion", "batch/v1"},
            {"kind", "Job"},
            {"metadata", meta(ns, name, ago(when + std::chrono::minutes(10)))},
            {"spec",
             {{"backoffLimit", 3},
              {"template", {{"spec", {{"restartPolicy", "Never"}, {"containers", {container(image)}}}}}}}},
            {"status",
             {{"failed", 4},
              {"startTime", ago(when + std::chrono::minutes(10))},
              {"conditions", {condition("Failed", "True", ago(when), reason, message)}}}}};
}

object ObjectMaker::quota(std::string_view ns, std::string_view used, std::string_view hard) const {
    return {{"apiVersion", "v1"},
            {"kind", "ResourceQuota"},
            {"metadata", meta(ns, "compute", ago(std::chrono::days(20)))},
            {"spec", {{"hard", {{"requests.memory", hard}}}}},
            {"status", {{"hard", {{"requests.memory", hard}}}, {"used", {{"requests.memory", used}}}}}};
}

}  // namespace vedette::sim
