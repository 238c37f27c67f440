#include "check/objects/replicated.hpp"

#include "base/json.hpp"

#include <algorithm>

namespace vedette::check {
namespace {

std::int64_t count(boost::json::object const& object, std::string_view path, std::int64_t otherwise = 0) {
    return get_int(object, path).value_or(otherwise);
}

kube::Projection with_meta(std::initializer_list<std::string_view> paths) {
    kube::Projection fields(meta_paths);
    fields.add("metadata.generation");
    fields.add("metadata.managedFields.time");
    fields.add("metadata.managedFields.subresource");
    fields.add("status.observedGeneration");
    for (auto const path : paths) fields.add(path);
    return fields;
}

// When somebody last wrote the object itself: the status has a subresource of its own.
std::optional<WallTime> spec_changed_at(boost::json::object const& object) {
    std::optional<WallTime> latest;
    auto const* managers = find(object, "metadata.managedFields");
    if (!managers || !managers->is_array()) return latest;
    for (auto const& manager : managers->get_array()) {
        if (!manager.is_object() || !get_string(manager, "subresource").empty()) continue;
        auto const when = time_at(manager.get_object(), "time");
        if (when && (!latest || *when > *latest)) latest = when;
    }
    return latest;
}

// Where `desired` and `updated` stand differs: a DaemonSet's status counts nodes, the others' spec counts replicas.
Rollout rollout_of(boost::json::object const& object, std::int64_t desired, std::string_view updated) {
    return {.meta = Meta::from(object),
            .desired = desired,
            .updated = count(object, updated),
            .generation = count(object, "metadata.generation"),
            .observed_generation = count(object, "status.observedGeneration"),
            .spec_changed = spec_changed_at(object)};
}

std::vector<std::pair<std::string, std::string>> pod_labels_of(boost::json::object const& object) {
    std::vector<std::pair<std::string, std::string>> labels;
    auto const* found = find(object, "spec.template.metadata.labels");
    if (!found || !found->is_object()) return labels;
    for (auto const& [key, value] : found->get_object()) {
        if (value.is_string()) labels.emplace_back(key, value.get_string());
    }
    return labels;
}

}  // namespace

kube::Resource Deployment::resource() {
    return {"apps", "v1", "deployments", "Deployment", true};
}

kube::Projection Deployment::projection() {
    return with_meta({"spec.replicas", "spec.template.metadata.labels", "spec.progressDeadlineSeconds",
                      "status.availableReplicas", "status.updatedReplicas", "status.conditions"});
}

Deployment Deployment::from(boost::json::object const& object) {
    Deployment d{rollout_of(object, count(object, "spec.replicas", 1), "status.updatedReplicas")};
    d.available = count(object, "status.availableReplicas");
    d.pod_labels = pod_labels_of(object);
    // The API allows up to MaxInt32 here, which stands for "never"; both ends fit a Duration.
    auto const seconds = count(object, "spec.progressDeadlineSeconds", 600);
    d.progress_deadline = std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, 2147483647));
    d.conditions = conditions_of(object);
    if (auto const* conditions = find(object, "status.conditions"); conditions && conditions->is_array()) {
        for (auto const& item : conditions->get_array()) {
            if (!item.is_object() || get_string(item, "type") != "Progressing") continue;
            d.progressed = time_at(item.get_object(), "lastUpdateTime");
        }
    }
    return d;
}

kube::Resource StatefulSet::resource() {
    return {"apps", "v1", "statefulsets", "StatefulSet", true};
}

kube::Projection StatefulSet::projection() {
    return with_meta({"spec.replicas", "spec.template.metadata.labels", "spec.updateStrategy", "status.readyReplicas",
                      "status.updatedReplicas", "status.currentRevision", "status.updateRevision"});
}

StatefulSet StatefulSet::from(boost::json::object const& object) {
    StatefulSet s{rollout_of(object, count(object, "spec.replicas", 1), "status.updatedReplicas")};
    s.ready = count(object, "status.readyReplicas");
    s.pod_labels = pod_labels_of(object);
    s.partition = count(object, "spec.updateStrategy.rollingUpdate.partition");
    s.on_delete = get_string(object, "spec.updateStrategy.type") == "OnDelete";
    s.rolling = get_string(object, "status.updateRevision") != get_string(object, "status.currentRevision");
    return s;
}

kube::Resource DaemonSet::resource() {
    return {"apps", "v1", "daemonsets", "DaemonSet", true};
}

kube::Projection DaemonSet::projection() {
    return with_meta({"spec.updateStrategy.type", "status.desiredNumberScheduled", "status.currentNumberScheduled",
                      "status.numberAvailable", "status.updatedNumberScheduled", "status.numberMisscheduled"});
}

DaemonSet DaemonSet::from(boost::json::object const& object) {
    DaemonSet d{rollout_of(object, count(object, "status.desiredNumberScheduled"), "status.updatedNumberScheduled")};
    d.scheduled = count(object, "status.currentNumberScheduled");
    d.available = count(object, "status.numberAvailable");
    d.misscheduled = count(object, "status.numberMisscheduled");
    d.on_delete = get_string(object, "spec.updateStrategy.type") == "OnDelete";
    return d;
}

}  // namespace vedette::check
