#pragma once
#include "check/objects/meta.hpp"
#include "kube/projection.hpp"
#include "kube/resource.hpp"

namespace vedette::check {

struct Webhook {
    std::string name;
    std::string service_ns;  ///< empty with service_name: it is called by URL
    std::string service_name;
    std::int64_t port = 443;
    std::string ca_bundle;  ///< base64 of PEM, as written
    bool fails_closed = true;
    std::int64_t timeout_seconds = 10;
};

struct ValidatingWebhookConfiguration {
    Meta meta;
    std::vector<Webhook> webhooks;

    static kube::Resource resource();
    static kube::Projection projection();
    static ValidatingWebhookConfiguration from(boost::json::object const& object);
};

struct MutatingWebhookConfiguration {
    Meta meta;
    std::vector<Webhook> webhooks;

    static kube::Resource resource();
    static kube::Projection projection();
    static MutatingWebhookConfiguration from(boost::json::object const& object);
};

}  // namespace vedette::check
