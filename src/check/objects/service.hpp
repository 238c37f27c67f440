#pragma once
// Service and EndpointSlice: a name, and who answers to it.

#include "check/objects/meta.hpp"
#include "kube/projection.hpp"
#include "kube/resource.hpp"

namespace vedette::check {

struct ServicePort {
    std::string name;
    std::int64_t number = 0;
};

struct Service {
    Meta meta;
    std::vector<std::pair<std::string, std::string>> selector;
    bool headless = false;
    bool external_name = false;
    std::vector<ServicePort> ports;

    bool has_port(std::string_view port_name, std::int64_t number) const;

    static kube::Resource resource();
    static kube::Projection projection();
    static Service from(boost::json::object const& object);
};

/// Counts only: a slice has up to 1000 endpoints.
struct EndpointSlice {
    Meta meta;
    std::string service;       ///< the label kubernetes.io/service-name
    std::string address_type;  ///< "IPv4", "IPv6", "FQDN": a dual-stack Service has its pods in slices of each
    std::int64_t ready = 0;
    std::int64_t total = 0;
    std::vector<std::string> port_names;  ///< of the Service's ports that lead somewhere
    /// endpoints.kubernetes.io/last-change-trigger-time: when a pod or the Service last made the slice change.
    std::optional<WallTime> changed;

    static kube::Resource resource();
    static kube::Projection projection();
    static EndpointSlice from(boost::json::object const& object);
};

}  // namespace vedette::check
