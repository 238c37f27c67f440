#include "check/objects/lease.hpp"

#include "base/json.hpp"

namespace vedette::check {

kube::Resource Lease::resource() {
    return {"coordination.k8s.io", "v1", "leases", "Lease", true};
}

kube::Projection Lease::projection() {
    kube::Projection fields(meta_paths);
    fields.add("spec.holderIdentity");
    fields.add("spec.renewTime");
    return fields;
}

Lease Lease::from(boost::json::object const& object) {
    return {Meta::from(object), get_string(object, "spec.holderIdentity"), time_at(object, "spec.renewTime")};
}

}  // namespace vedette::check
