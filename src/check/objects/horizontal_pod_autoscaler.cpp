#include "check/objects/horizontal_pod_autoscaler.hpp"

#include "base/json.hpp"

namespace vedette::check {

kube::Resource HorizontalPodAutoscaler::resource() {
    return {"autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", true};
}

kube::Projection HorizontalPodAutoscaler::projection() {
    kube::Projection fields(meta_paths);
    for (auto const* path :
         {"spec.scaleTargetRef.kind", "spec.scaleTargetRef.name", "spec.minReplicas", "spec.maxReplicas",
          "status.currentReplicas", "status.desiredReplicas", "status.lastScaleTime", "status.conditions"}) {
        fields.add(path);
    }
    return fields;
}

HorizontalPodAutoscaler HorizontalPodAutoscaler::from(boost::json::object const& object) {
    HorizontalPodAutoscaler hpa;
    hpa.meta = Meta::from(object);
    hpa.target = get_string(object, "spec.scaleTargetRef.kind") + " " + get_string(object, "spec.scaleTargetRef.name");
    hpa.least = get_int(object, "spec.minReplicas").value_or(1);
    hpa.most = get_int(object, "spec.maxReplicas").value_or(0);
    hpa.current = get_int(object, "status.currentReplicas").value_or(0);
    hpa.desired = get_int(object, "status.desiredReplicas").value_or(0);
    hpa.last_scaled = time_at(object, "status.lastScaleTime");
    hpa.conditions = conditions_of(object);
    return hpa;
}

}  // namespace vedette::check
