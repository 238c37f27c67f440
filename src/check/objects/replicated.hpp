#pragma once
// Deployment, StatefulSet and DaemonSet: the kinds that keep a number of pods running.

#include "check/objects/meta.hpp"
#include "kube/projection.hpp"
#include "kube/resource.hpp"

namespace vedette::check {

/// What they share: how far the controller is with what it was told.
struct Rollout {
    Meta meta;
    std::int64_t desired = 0;
    std::int64_t updated = 0;
    std::int64_t generation = 0;
    std::int64_t observed_generation = 0;
    std::optional<WallTime> spec_changed;  ///< by managedFields; nothing: unknown
};

struct Deployment : Rollout {
    std::int64_t available = 0;
    std::vector<std::pair<std::string, std::string>> pod_labels;
    Duration progress_deadline = std::chrono::seconds(600);
    std::vector<Condition> conditions;
    std::optional<WallTime> progressed;  ///< the Progressing condition's lastUpdateTime

    static kube::Resource resource();
    static kube::Projection projection();
    static Deployment from(boost::json::object const& object);
};

struct StatefulSet : Rollout {
    std::int64_t ready = 0;
    std::vector<std::pair<std::string, std::string>> pod_labels;
    std::int64_t partition = 0;
    bool on_delete = false;  ///< pods are updated when somebody deletes them
    bool rolling = false;    ///< updateRevision differs from currentRevision

    static kube::Resource resource();
    static kube::Projection projection();
    static StatefulSet from(boost::json::object const& object);
};

struct DaemonSet : Rollout {
    std::int64_t scheduled = 0;
    std::int64_t available = 0;
    std::int64_t misscheduled = 0;
    bool on_delete = false;

    static kube::Resource resource();
    static kube::Projection projection();
    static DaemonSet from(boost::json::object const& object);
};

}  // namespace vedette::check
