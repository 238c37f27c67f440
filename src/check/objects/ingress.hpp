#pragma once
#include "check/objects/meta.hpp"
#include "kube/projection.hpp"
#include "kube/resource.hpp"

namespace vedette::check {

/// Where one rule of an Ingress leads.
struct IngressBackend {
    std::string route;  ///< "shop.example/cart"; "its default backend"
    std::string service;
    std::string port_name;
    std::int64_t port = 0;  ///< where there is no name
};

struct Ingress {
    Meta meta;
    std::string class_name;     ///< spec.ingressClassName
    bool legacy_class = false;  ///< names its class by the old annotation
    std::vector<IngressBackend> backends;
    bool has_address = false;

    static kube::Resource resource();
    static kube::Projection projection();
    static Ingress from(boost::json::object const& object);
};

struct IngressClass {
    Meta meta;
    bool is_default = false;

    static kube::Resource resource();
    static kube::Projection projection();
    static IngressClass from(boost::json::object const& object);
};

}  // namespace vedette::check
