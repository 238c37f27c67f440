#include "check/objects/policy.hpp"

#include "base/json.hpp"

namespace vedette::check {

kube::Resource ResourceQuota::resource() {
    return {"", "v1", "resourcequotas", "ResourceQuota", true};
}

kube::Projection ResourceQuota::projection() {
    kube::Projection fields(meta_paths);
    fields.add("status.hard");
    fields.add("status.used");
    return fields;
}

ResourceQuota ResourceQuota::from(boost::json::object const& object) {
    ResourceQuota quota{Meta::from(object), {}};
    auto const* hard = find(object, "status.hard");
    auto const* used = find(object, "status.used");
    if (!hard || !hard->is_object() || !used || !used->is_object()) return quota;
    for (auto const& [name, limit] : hard->get_object()) {
        // Names hold dots ("requests.cpu"), so they are looked up as keys and not as paths.
        auto const* amount = used->get_object().if_contains(name);
        if (!limit.is_string() || !amount || !amount->is_string()) continue;
        quota.lines.push_back({std::string(name), std::string(amount->get_string()), std::string(limit.get_string())});
    }
    return quota;
}

kube::Resource Namespace::resource() {
    return {"", "v1", "namespaces", "Namespace", false};
}

kube::Projection Namespace::projection() {
    kube::Projection fields(meta_paths);
    fields.add("status.phase");
    fields.add("status.conditions");
    return fields;
}

Namespace Namespace::from(boost::json::object const& object) {
    return {Meta::from(object), get_string(object, "status.phase"), conditions_of(object)};
}

}  // namespace vedette::check
