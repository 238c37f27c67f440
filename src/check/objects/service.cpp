#include "check/objects/service.hpp"

#include "base/json.hpp"
#include "base/time_format.hpp"

#include <algorithm>

namespace vedette::check {

bool Service::has_port(std::string_view port_name, std::int64_t number) const {
    return std::any_of(ports.begin(), ports.end(), [&](ServicePort const& port) {
        return port_name.empty() ? port.number == number : port.name == port_name;
    });
}

kube::Resource Service::resource() {
    return {"", "v1", "services", "Service", true};
}

kube::Projection Service::projection() {
    kube::Projection fields(meta_paths);
    for (auto const* path : {"spec.selector", "spec.clusterIP", "spec.type", "spec.ports.name", "spec.ports.port"}) {
        fields.add(path);
    }
    return fields;
}

Service Service::from(boost::json::object const& object) {
    Service service;
    service.meta = Meta::from(object);
    auto const* selector = find(object, "spec.selector");
    if (selector && selector->is_object()) {
        for (auto const& [key, value] : selector->get_object()) {
            service.selector.emplace_back(key, value.is_string() ? std::string(value.get_string()) : std::string());
        }
    }
    service.headless = get_string(object, "spec.clusterIP") == "None";
    service.external_name = get_string(object, "spec.type") == "ExternalName";
    if (auto const* ports = find(object, "spec.ports"); ports && ports->is_array()) {
        for (auto const& port : ports->get_array()) {
            if (!port.is_object()) continue;
            service.ports.push_back({get_string(port, "name"), get_int(port, "port").value_or(0)});
        }
    }
    return service;
}

kube::Resource EndpointSlice::resource() {
    return {"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true};
}

kube::Projection EndpointSlice::projection() {
    kube::Projection fields(meta_paths);
    for (auto const* path : {"metadata.annotations", "addressType", "endpoints.conditions", "ports.name"}) {
        fields.add(path);
    }
    return fields;
}

EndpointSlice EndpointSlice::from(boost::json::object const& object) {
    EndpointSlice slice;
    slice.meta = Meta::from(object);
    if (auto const* name = slice.meta.label("kubernetes.io/service-name")) slice.service = *name;
    slice.address_type = get_string(object, "addressType");
    slice.meta.labels.clear();  // thousands of slices, and nobody selects them by label
    if (auto const* annotations = find(object, "metadata.annotations"); annotations && annotations->is_object()) {
        auto const* changed = annotations->get_object().if_contains("endpoints.kubernetes.io/last-change-trigger-time");
        if (changed && changed->is_string()) {
            if (auto const when = parse_rfc3339(changed->get_string())) slice.changed = *when;
        }
    }
    if (auto const* endpoints = find(object, "endpoints"); endpoints && endpoints->is_array()) {
        for (auto const& endpoint : endpoints->get_array()) {
            if (!endpoint.is_object()) continue;
            ++slice.total;
            // A condition that is not set means ready, says the API.
            if (get_bool(endpoint, "conditions.ready", true)) ++slice.ready;
        }
    }
    if (auto const* ports = find(object, "ports"); ports && ports->is_array()) {
        for (auto const& port : ports->get_array()) {
            if (port.is_object()) slice.port_names.push_back(get_string(port, "name"));
        }
    }
    return slice;
}

}  // namespace vedette::check
