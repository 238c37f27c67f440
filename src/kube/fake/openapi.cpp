// Enough OpenAPI for `kubectl create`: it asks whether a kind's PATCH takes `fieldValidation`, and validates by itself,
// with schemas that are not here, where it does not.

#include "kube/fake/discovery.hpp"

#include <fmt/format.h>

namespace vedette::kube::fake {
namespace {

namespace json = boost::json;

std::string path_below(std::string const& group, std::string const& version) {
    return group.empty() ? "api/" + version : fmt::format("apis/{}/{}", group, version);
}

json::object patch_operation(Resource const& resource) {
    json::object parameter{{"name", "fieldValidation"}, {"in", "query"}, {"schema", json::object{{"type", "string"}}}};
    json::object kind{{"group", resource.group}, {"kind", resource.kind}, {"version", resource.version}};
    return {{"patch", json::object{{"parameters", json::array{std::move(parameter)}},
                                   {"responses", json::object{}},
                                   {"x-kubernetes-action", "patch"},
                                   {"x-kubernetes-group-version-kind", std::move(kind)}}}};
}

json::object info(std::string const& git_version) {
    return {{"title", "Kubernetes"}, {"version", git_version}};
}

json::object index(Kinds const& kinds) {
    json::object paths;
    for (auto const& [group, versions] : kinds.groups()) {
        for (auto const& version : versions) {
            auto const below = path_below(group, version);
            paths[below] = json::object{{"serverRelativeURL", "/openapi/v3/" + below}};
        }
    }
    return {{"paths", std::move(paths)}};
}

std::optional<json::object> paths_of(Kinds const& kinds, std::string_view below) {
    for (auto const& [group, versions] : kinds.groups()) {
        for (auto const& version : versions) {
            auto const base = path_below(group, version);
            if (below != base) continue;
            json::object paths;
            for (auto const* kind : kinds.of(group, version)) {
                auto const& resource = kind->resource();
                auto const scope = resource.namespaced ? "namespaces/{namespace}/" : "";
                paths[fmt::format("/{}/{}{}/{{name}}", base, scope, resource.plural)] = patch_operation(resource);
            }
            return paths;
        }
    }
    return std::nullopt;
}

Document document(json::object const& object) {
    return {200, "application/json", json::serialize(object)};
}

}  // namespace

std::optional<Document> openapi(Kinds const& kinds, std::string_view path, std::string const& git_version) {
    constexpr std::string_view v3 = "/openapi/v3";
    if (path == "/openapi/v2") {
        return document({{"swagger", "2.0"},
                         {"info", info(git_version)},
                         {"paths", json::object{}},
                         {"definitions", json::object{}}});
    }
    if (path == v3) return document(index(kinds));
    if (!path.starts_with(v3) || path[v3.size()] != '/') return std::nullopt;
    auto paths = paths_of(kinds, path.substr(v3.size() + 1));
    if (!paths) return std::nullopt;
    return document({{"openapi", "3.0.0"}, {"info", info(git_version)}, {"paths", std::move(*paths)}});
}

}  // namespace vedette::kube::fake
