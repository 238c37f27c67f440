#include "check/catalogue/network/endpoints_of.hpp"

#include <algorithm>

namespace vedette::check {

std::map<ServiceKey, Behind> endpoints_by_service(View const& view) {
    struct Count {
        std::int64_t ready = 0;
        std::int64_t total = 0;
    };
    std::map<ServiceKey, Behind> result;
    std::map<std::pair<ServiceKey, std::string_view>, Count> by_family;
    for (auto const& slice : view.everything<EndpointSlice>()) {
        if (slice.service.empty()) continue;
        ServiceKey const key{slice.meta.ns, slice.service};
        auto& behind = result[key];
        // Slices of one family add up; another family has the same pods again.
        auto& count = by_family[{key, slice.address_type}];
        count.ready += slice.ready;
        count.total += slice.total;
        behind.ready = std::max(behind.ready, count.ready);
        behind.total = std::max(behind.total, count.total);
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
