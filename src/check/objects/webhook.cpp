#include "check/objects/webhook.hpp"

#include "base/json.hpp"

namespace vedette::check {
namespace {

kube::Projection webhook_fields() {
    kube::Projection fields(meta_paths);
    for (auto const* path : {"webhooks.name", "webhooks.clientConfig.service", "webhooks.clientConfig.caBundle",
                             "webhooks.failurePolicy", "webhooks.timeoutSeconds"}) {
        fields.add(path);
    }
    return fields;
}

std::vector<Webhook> webhooks_of(boost::json::object const& object) {
    std::vector<Webhook> result;
    auto const* webhooks = find(object, "webhooks");
    if (!webhooks || !webhooks->is_array()) return result;
    for (auto const& item : webhooks->get_array()) {
        if (!item.is_object()) continue;
        Webhook webhook;
        webhook.name = get_string(item, "name");
        webhook.service_ns = get_string(item, "clientConfig.service.namespace");
        webhook.service_name = get_string(item, "clientConfig.service.name");
        webhook.port = get_int(item, "clientConfig.service.port").value_or(443);
        webhook.ca_bundle = get_string(item, "clientConfig.caBundle");
        webhook.fails_closed = get_string(item, "failurePolicy", "Fail") == "Fail";
        webhook.timeout_seconds = get_int(item, "timeoutSeconds").value_or(10);
        result.push_back(std::move(webhook));
    }
    return result;
}

}  // namespace

kube::Resource ValidatingWebhookConfiguration::resource() {
    return {"admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration",
            false};
}
kube::Projection ValidatingWebhookConfiguration::projection() {
    return webhook_fields();
}
ValidatingWebhookConfiguration ValidatingWebhookConfiguration::from(boost::json::object const& object) {
    return {Meta::from(object), webhooks_of(object)};
}

kube::Resource MutatingWebhookConfiguration::resource() {
    return {"admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration",
            false};
}
kube::Projection MutatingWebhookConfiguration::projection() {
    return webhook_fields();
}
MutatingWebhookConfiguration MutatingWebhookConfiguration::from(boost::json::object const& object) {
    return {Meta::from(object), webhooks_of(object)};
}

}  // namespace vedette::check
