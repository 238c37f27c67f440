#include "check/objects/ingress.hpp"

#include "base/json.hpp"

namespace vedette::check {
namespace {

void add_backend(std::vector<IngressBackend>& into, boost::json::value const* backend, std::string route) {
    if (!backend || !backend->is_object()) return;
    auto service = get_string(*backend, "service.name");
    if (service.empty()) return;  // a resource backend
    into.push_back({std::move(route), std::move(service), get_string(*backend, "service.port.name"),
                    get_int(*backend, "service.port.number").value_or(0)});
}

boost::json::value const* annotation(boost::json::object const& object, std::string_view key) {
    auto const* annotations = find(object, "metadata.annotations");
    return annotations && annotations->is_object() ? annotations->get_object().if_contains(key) : nullptr;
}

}  // namespace

kube::Resource Ingress::resource() {
    return {"networking.k8s.io", "v1", "ingresses", "Ingress", true};
}

kube::Projection Ingress::projection() {
    kube::Projection fields(meta_paths);
    for (auto const* path :
         {"metadata.annotations", "spec.ingressClassName", "spec.defaultBackend", "spec.rules.host",
          "spec.rules.http.paths.path", "spec.rules.http.paths.backend", "status.loadBalancer.ingress"}) {
        fields.add(path);
    }
    return fields;
}

Ingress Ingress::from(boost::json::object const& object) {
    Ingress ingress;
    ingress.meta = Meta::from(object);
    ingress.class_name = get_string(object, "spec.ingressClassName");
    ingress.legacy_class = annotation(object, "kubernetes.io/ingress.class") != nullptr;
    add_backend(ingress.backends, find(object, "spec.defaultBackend"), "its default backend");
    if (auto const* rules = find(object, "spec.rules"); rules && rules->is_array()) {
        for (auto const& rule : rules->get_array()) {
            auto const* paths = find(rule, "http.paths");
            if (!paths || !paths->is_array()) continue;
            for (auto const& path : paths->get_array()) {
                auto const route = get_string(rule, "host", "*") + get_string(path, "path");
                add_backend(ingress.backends, find(path, "backend"), clip(route));
            }
        }
    }
    auto const* addresses = find(object, "status.loadBalancer.ingress");
    ingress.has_address = addresses && addresses->is_array() && !addresses->get_array().empty();
    return ingress;
}

kube::Resource IngressClass::resource() {
    return {"networking.k8s.io", "v1", "ingressclasses", "IngressClass", false};
}

kube::Projection IngressClass::projection() {
    kube::Projection fields(meta_paths);
    fields.add("metadata.annotations");
    return fields;
}

IngressClass IngressClass::from(boost::json::object const& object) {
    IngressClass result;
    result.meta = Meta::from(object);
    auto const* marked = annotation(object, "ingressclass.kubernetes.io/is-default-class");
    result.is_default = marked && marked->is_string() && marked->get_string() == "true";
    return result;
}

}  // namespace vedette::check
