#include "check/objects/api_service.hpp"

#include "base/json.hpp"

namespace vedette::check {

kube::Resource ApiService::resource() {
    return {"apiregistration.k8s.io", "v1", "apiservices", "APIService", false};
}

kube::Projection ApiService::projection() {
    kube::Projection fields(meta_paths);
    fields.add("spec.service.namespace");
    fields.add("spec.service.name");
    fields.add("status.conditions");
    return fields;
}

ApiService ApiService::from(boost::json::object const& object) {
    ApiService service{Meta::from(object), {}, conditions_of(object)};
    if (auto const name = get_string(object, "spec.service.name"); !name.empty()) {
        service.service = get_string(object, "spec.service.namespace") + "/" + name;
    }
    return service;
}

}  // namespace vedette::check
