#include "check/catalogue/network/endpoints_of.hpp"

namespace vedette::check {

std::map<ServiceKey, Behind> endpoints_by_service(View const& view) {
    std::map<ServiceKey, Behind> result;
    for (auto const& slice : view.everything<EndpointSlice>()) {
        if (slice.service.empty()) continue;
        auto& behind = result[{slice.meta.ns, slice.service}];
        behind.ready += slice.ready;
        behind.total += slice.total;
        behind.ports.insert(slice.port_names.begin(), slice.port_names.end());
        if (slice.changed && (!behind.changed || *slice.changed > *behind.changed)) behind.changed = slice.changed;
    }
    return result;
}

std::map<ServiceKey, Service const*> services_by_name(View const& view) {
    std::map<ServiceKey, Service const*> result;
    for (auto const& service : view.everything<Service>()) result[{service.meta.ns, service.meta.name}] = &service;
    return result;
}

}  // namespace vedette::check
