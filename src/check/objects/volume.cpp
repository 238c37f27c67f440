#include "check/objects/volume.hpp"

#include "base/json.hpp"

namespace vedette::check {
namespace {

kube::Projection with_meta(std::initializer_list<std::string_view> paths) {
    kube::Projection fields(meta_paths);
    for (auto const path : paths) fields.add(path);
    return fields;
}

}  // namespace

kube::Resource PersistentVolumeClaim::resource() {
    return {"", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true};
}

kube::Projection PersistentVolumeClaim::projection() {
    return with_meta({"spec.storageClassName", "spec.volumeName", "status.phase"});
}

PersistentVolumeClaim PersistentVolumeClaim::from(boost::json::object const& object) {
    PersistentVolumeClaim claim;
    claim.meta = Meta::from(object);
    claim.phase = get_string(object, "status.phase");
    if (auto const* name = find(object, "spec.storageClassName"); name && name->is_string()) {
        claim.storage_class = std::string(name->get_string());
    }
    claim.volume = get_string(object, "spec.volumeName");
    return claim;
}

kube::Resource PersistentVolume::resource() {
    return {"", "v1", "persistentvolumes", "PersistentVolume", false};
}

kube::Projection PersistentVolume::projection() {
    return with_meta({"spec.claimRef.namespace", "spec.claimRef.name", "status.phase", "status.reason",
                      "status.message", "status.lastPhaseTransitionTime"});
}

PersistentVolume PersistentVolume::from(boost::json::object const& object) {
    PersistentVolume volume;
    volume.meta = Meta::from(object);
    volume.phase = get_string(object, "status.phase");
    volume.reason = get_string(object, "status.reason");
    volume.message = clip(get_string(object, "status.message"));
    if (auto const name = get_string(object, "spec.claimRef.name"); !name.empty()) {
        volume.claim = get_string(object, "spec.claimRef.namespace") + "/" + name;
    }
    volume.phase_since = time_at(object, "status.lastPhaseTransitionTime");
    return volume;
}

kube::Resource StorageClass::resource() {
    return {"storage.k8s.io", "v1", "storageclasses", "StorageClass", false};
}

kube::Projection StorageClass::projection() {
    return with_meta({"metadata.annotations", "volumeBindingMode"});
}

StorageClass StorageClass::from(boost::json::object const& object) {
    StorageClass result;
    result.meta = Meta::from(object);
    result.waits_for_consumer = get_string(object, "volumeBindingMode") == "WaitForFirstConsumer";
    if (auto const* annotations = find(object, "metadata.annotations"); annotations && annotations->is_object()) {
        for (auto const* key :
             {"storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"}) {
            auto const* value = annotations->get_object().if_contains(key);
            if (value && value->is_string() && value->get_string() == "true") result.is_default = true;
        }
    }
    return result;
}

}  // namespace vedette::check
