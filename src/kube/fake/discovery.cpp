#include "kube/fake/discovery.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::kube::fake {
namespace {

namespace json = boost::json;

constexpr std::string_view aggregated_v2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

json::array verbs_of(Kind const& kind) {
    if (kind.review) return {"create"};
    if (kind.collection() == "namespaces") return {"create", "delete", "get", "list", "patch", "update", "watch"};
    return {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
}

std::string singular_of(Kind const& kind) {
    if (!kind.registration.singular.empty()) return kind.registration.singular;
    auto name = kind.resource().kind;
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return name;
}

json::array names(std::vector<std::string> const& list) {
    json::array array;
    for (auto const& name : list) array.emplace_back(name);
    return array;
}

struct Subresource {
    std::string name;
    Resource answers;  ///< group, version, kind
    json::array verbs;
};

std::vector<Subresource> subresources_of(Kind const& kind) {
    std::vector<Subresource> list;
    if (kind.registration.status_subresource) list.push_back({"status", kind.resource(), {"get", "patch", "update"}});
    if (kind.scale_subresource) {
        list.push_back({"scale", {"autoscaling", "v1", "", "Scale", true}, {"get", "patch", "update"}});
    }
    if (kind.collection() == "namespaces") list.push_back({"finalize", kind.resource(), {"update"}});
    if (kind.collection() == "pods") {
        list.push_back({"binding", {"", "v1", "", "Binding", true}, {"create"}});
        list.push_back({"eviction", {"policy", "v1", "", "Eviction", true}, {"create"}});
    }
    return list;
}

json::object resource_list(Kinds const& kinds, std::string const& group, std::string const& version) {
    json::array resources;
    for (auto const* kind : kinds.of(group, version)) {
        auto const& resource = kind->resource();
        json::object entry{{"name", resource.plural},
                           {"singularName", singular_of(*kind)},
                           {"namespaced", resource.namespaced},
                           {"kind", resource.kind},
                           {"verbs", verbs_of(*kind)}};
        if (!kind->registration.short_names.empty()) entry["shortNames"] = names(kind->registration.short_names);
        if (!kind->registration.categories.empty()) entry["categories"] = names(kind->registration.categories);
        resources.push_back(std::move(entry));
        for (auto const& sub : subresources_of(*kind)) {
            json::object child{{"name", resource.plural + "/" + sub.name},
                               {"singularName", ""},
                               {"namespaced", resource.namespaced},
                               {"kind", sub.answers.kind},
                               {"verbs", sub.verbs}};
            if (sub.answers.api_version() != resource.api_version()) {
                child["group"] = sub.answers.group;
                child["version"] = sub.answers.version;
            }
            resources.push_back(std::move(child));
        }
    }
    auto const group_version = group.empty() ? version : group + "/" + version;
    return {{"kind", "APIResourceList"},
            {"apiVersion", "v1"},
            {"groupVersion", group_version},
            {"resources", std::move(resources)}};
}

json::object group_entry(std::string const& group, std::vector<std::string> const& versions) {
    json::array list;
    for (auto const& version : versions) {
        list.push_back(json::object{{"groupVersion", group + "/" + version}, {"version", version}});
    }
    return {{"name", group}, {"versions", list}, {"preferredVersion", list.front()}};
}

json::object response_kind(Resource const& resource) {
    return {{"group", resource.group}, {"version", resource.version}, {"kind", resource.kind}};
}

json::object aggregated_resource(Kind const& kind) {
    auto const& resource = kind.resource();
    json::object entry{{"resource", resource.plural},
                       {"responseKind", response_kind(resource)},
                       {"scope", resource.namespaced ? "Namespaced" : "Cluster"},
                       {"singularResource", singular_of(kind)},
                       {"verbs", verbs_of(kind)}};
    if (!kind.registration.short_names.empty()) entry["shortNames"] = names(kind.registration.short_names);
    if (!kind.registration.categories.empty()) entry["categories"] = names(kind.registration.categories);
    json::array children;
    for (auto const& sub : subresources_of(kind)) {
        children.push_back(json::object{
            {"subresource", sub.name}, {"responseKind", response_kind(sub.answers)}, {"verbs", sub.verbs}});
    }
    if (!children.empty()) entry["subresources"] = std::move(children);
    return entry;
}

json::object aggregated(Kinds const& kinds, bool core) {
    json::array items;
    for (auto const& [group, versions] : kinds.groups()) {
        if (group.empty() != core) continue;
        json::array entries;
        for (auto const& version : versions) {
            json::array resources;
            for (auto const* kind : kinds.of(group, version)) resources.push_back(aggregated_resource(*kind));
            entries.push_back(
                json::object{{"version", version}, {"resources", std::move(resources)}, {"freshness", "Current"}});
        }
        json::object metadata{{"creationTimestamp", nullptr}};
        if (!group.empty()) metadata["name"] = group;
        items.push_back(json::object{{"metadata", std::move(metadata)}, {"versions", std::move(entries)}});
    }
    return {{"kind", "APIGroupDiscoveryList"},
            {"apiVersion", "apidiscovery.k8s.io/v2"},
            {"metadata", json::object{}},
            {"items", std::move(items)}};
}

json::object version_info(std::string const& git_version) {
    auto const first = git_version.find('.');
    auto const second = git_version.find('.', first + 1);
    return {{"major", git_version.substr(1, first - 1)},
            {"minor", git_version.substr(first + 1, second - first - 1)},
            {"gitVersion", git_version},
            {"gitCommit", ""},
            {"gitTreeState", "clean"},
            {"buildDate", "1970-01-01T00:00:00Z"},
            {"goVersion", "none"},
            {"compiler", "clang"},
            {"platform", "linux/amd64"}};
}

Document json_document(json::object const& object, std::string content_type = "application/json") {
    return {200, std::move(content_type), json::serialize(object)};
}

std::optional<Document> group_document(Kinds const& kinds, std::string_view below) {
    auto const slash = below.find('/');
    bool const objects = slash != std::string_view::npos && below.find('/', slash + 1) != std::string_view::npos;
    if (objects) return std::nullopt;
    auto const groups = kinds.groups();
    auto const group = groups.find(std::string(below.substr(0, slash)));
    if (group == groups.end() || group->first.empty()) return std::nullopt;
    if (slash == std::string_view::npos) {
        auto entry = group_entry(group->first, group->second);
        entry["kind"] = "APIGroup";
        entry["apiVersion"] = "v1";
        return json_document(entry);
    }
    std::string const version(below.substr(slash + 1));
    if (!kinds.serves(group->first, version)) return std::nullopt;
    return json_document(resource_list(kinds, group->first, version));
}

}  // namespace

std::optional<Document> discover(Kinds const& kinds, Request const& request, std::string const& git_version) {
    std::string_view path = request.path;
    if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    bool const wants_aggregated = request.accept.find(aggregated_v2) != std::string::npos;
    if (path == "/version") return json_document(version_info(git_version));
    if (path == "/api" || path == "/apis") {
        bool const core = path == "/api";
        if (wants_aggregated) return json_document(aggregated(kinds, core), std::string(aggregated_v2));
        if (core)
            return json_document({{"kind", "APIVersions"},
                                  {"versions", json::array{"v1"}},
                                  {"serverAddressByClientCIDRs", json::array{}}});
        json::array groups;
        for (auto const& [group, versions] : kinds.groups()) {
            if (!group.empty()) groups.push_back(group_entry(group, versions));
        }
        return json_document({{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}});
    }
    if (path == "/api/v1") return json_document(resource_list(kinds, "", "v1"));
    if (path.starts_with("/apis/")) return group_document(kinds, path.substr(6));
    return openapi(kinds, path, git_version);
}

}  // namespace vedette::kube::fake
