#include "kube/fake/subresources.hpp"

#include "kube/fake/metadata.hpp"

#include <fmt/format.h>

namespace vedette::kube::fake {
namespace {

namespace json = boost::json;

json::object done() {
    return {
        {"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", json::object{}}, {"status", "Success"}, {"code", 201}};
}

json::object& object_at(Object& object, char const* field) {
    auto& value = object[field];
    if (!value.is_object()) value = json::object{};
    return value.get_object();
}

}  // namespace

Object scale_of(Object const& workload) {
    json::object metadata;
    for (auto const* field : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
        metadata[field] = meta_text(workload, field);
    }
    json::object spec;
    auto const* wanted = at_path(workload, "spec.replicas");
    if (!wanted || *wanted != json::value(0)) spec["replicas"] = wanted ? *wanted : json::value(1);
    auto const* present = at_path(workload, "status.replicas");
    return {{"kind", "Scale"},
            {"apiVersion", "autoscaling/v1"},
            {"metadata", std::move(metadata)},
            {"spec", std::move(spec)},
            {"status", json::object{{"replicas", present ? *present : json::value(0)}}}};
}

Writer::Change scale_change(Writer::Change change) {
    return [change = std::move(change)](json::value workload) -> Answer<json::value> {
        auto scale = change(scale_of(workload.as_object()));
        if (!scale) return scale;
        if (!scale->is_object()) return refuse(bad_request("a Scale is an object"));
        return replicas_change(scale->get_object())(std::move(workload));
    };
}

Writer::Change replicas_change(Object scale) {
    return [scale = std::move(scale)](json::value workload) -> Answer<json::value> {
        auto const* replicas = at_path(scale, "spec.replicas");
        auto& object = workload.as_object();
        object_at(object, "spec")["replicas"] = replicas ? *replicas : json::value(0);
        if (auto const version = meta_text(scale, "resourceVersion"); !version.empty()) {
            metadata_of(object)["resourceVersion"] = version;
        }
        return workload;
    };
}

Answer<Response> evict(Writer& writer, Place place, Object const& eviction) {
    Removal removal;
    auto const* grace = at_path(eviction, "deleteOptions.gracePeriodSeconds");
    if (grace && grace->is_int64()) removal.grace_period_seconds = grace->get_int64();
    auto removed = writer.remove(std::move(place), std::move(removal));
    if (!removed) return refuse(removed.error());
    return json_response(201, done());
}

Answer<Response> bind(Writer& writer, Place place, Object const& binding) {
    if (meta_text(binding, "name") != place.name) {
        return refuse(bad_request("name in URL does not match name in Binding object"));
    }
    auto const node = text_at(binding, "target.name");
    auto const name = place.name;
    auto const resource = place.kind.resource();
    place.subresource.clear();
    auto change = [node, name, resource](json::value pod) -> Answer<json::value> {
        auto const bound = text_at(pod.as_object(), "spec.nodeName");
        if (!bound.empty()) {
            return refuse(
                conflict(resource, name, fmt::format("pod {} is already assigned to node \"{}\"", name, bound)));
        }
        object_at(pod.as_object(), "spec")["nodeName"] = node;
        return pod;
    };
    auto bound = writer.patch(std::move(place), change, false);
    if (!bound) return refuse(bound.error());
    return json_response(201, done());
}

}  // namespace vedette::kube::fake
