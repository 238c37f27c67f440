#pragma once
// PersistentVolumeClaim, PersistentVolume and StorageClass.

#include "check/objects/meta.hpp"
#include "kube/projection.hpp"
#include "kube/resource.hpp"

namespace vedette::check {

struct PersistentVolumeClaim {
    Meta meta;
    std::string phase;
    std::optional<std::string> storage_class;  ///< absent: the default class; "": none
    std::string volume;

    static kube::Resource resource();
    static kube::Projection projection();
    static PersistentVolumeClaim from(boost::json::object const& object);
};

struct PersistentVolume {
    Meta meta;
    std::string phase;
    std::string reason;
    std::string message;
    std::string claim;                    ///< "shop/data"; "" if unclaimed
    std::optional<WallTime> phase_since;  ///< status.lastPhaseTransitionTime, from Kubernetes 1.29 on

    static kube::Resource resource();
    static kube::Projection projection();
    static PersistentVolume from(boost::json::object const& object);
};

struct StorageClass {
    Meta meta;
    bool waits_for_consumer = false;
    bool is_default = false;

    static kube::Resource resource();
    static kube::Projection projection();
    static StorageClass from(boost::json::object const& object);
};

}  // namespace vedette::check
