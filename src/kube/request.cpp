// Requests by verb. Our own writes are merge patches, JSON patches or server-side apply; there is no strategic merge.

#include "kube/request.hpp"

#include "base/json.hpp"
#include "net/http.hpp"

namespace vedette::kube {
namespace {

namespace json = boost::json;

constexpr char const* json_type = "application/json";

std::string segment(std::string_view text) {
    return "/" + net::percent_encode(text);
}

// "Pod shop/web-1", "status of Node n1"
std::string describe(Resource const& resource, std::string_view ns, std::string_view name,
                     std::string_view subresource) {
    std::string text;
    if (!subresource.empty()) text.append(subresource).append(" of ");
    text += resource.kind.empty() ? resource.qualified() : resource.kind;
    text += ' ';
    if (!ns.empty() && resource.namespaced) text.append(ns).append("/");
    text.append(name);
    return text;
}

std::string describe_many(Resource const& resource, std::string_view ns) {
    auto text = resource.qualified();
    if (!ns.empty() && resource.namespaced) text.append(" in namespace ").append(ns);
    return text;
}

std::string name_of(Object const& object) {
    auto name = get_string(object, "metadata.name");
    if (name.empty()) name = get_string(object, "metadata.generateName") + "*";
    return name;
}

void add_selectors(Request& request, std::string const& label, std::string const& field) {
    if (!label.empty()) request.query.emplace_back("labelSelector", label);
    if (!field.empty()) request.query.emplace_back("fieldSelector", field);
}

// Servers that cannot reduce objects (aggregated ones) answer with whole ones.
std::string metadata_as(char const* kind) {
    return fmt::format("application/json;as={};g=meta.k8s.io;v=v1,application/json", kind);
}

}  // namespace

std::string Request::target() const {
    auto text = path;
    char separator = '?';
    for (auto const& [key, value] : query) {
        text += separator;
        text += net::percent_encode(key) + "=" + net::percent_encode(value);
        separator = '&';
    }
    return text;
}

std::string path_of(Resource const& resource, std::string_view ns, std::string_view name,
                    std::string_view subresource) {
    auto path = resource.group.empty() ? "/api/" + resource.version : "/apis/" + resource.api_version();
    if (!ns.empty() && resource.namespaced) path += "/namespaces" + segment(ns);
    path += "/" + resource.plural;
    if (!name.empty()) path += segment(name);
    if (!subresource.empty()) path.append("/").append(subresource);
    return path;
}

Request get_request(Resource const& resource, std::string_view ns, std::string_view name, std::string_view subresource,
                    bool metadata_only) {
    Request request;
    request.path = path_of(resource, ns, name, subresource);
    request.what = "get " + describe(resource, ns, name, subresource);
    if (metadata_only) request.accept = metadata_as("PartialObjectMetadata");
    return request;
}

Request list_request(Resource const& resource, std::string_view ns, ListOptions const& options) {
    Request request;
    request.path = path_of(resource, ns);
    request.what = "list " + describe_many(resource, ns);
    add_selectors(request, options.label_selector, options.field_selector);
    if (options.limit > 0) request.query.emplace_back("limit", std::to_string(options.limit));
    if (!options.continue_token.empty()) {
        // The token names the version; the server refuses to be told twice.
        request.query.emplace_back("continue", options.continue_token);
    } else if (!options.resource_version.empty()) {
        request.query.emplace_back("resourceVersion", options.resource_version);
        if (!options.resource_version_match.empty()) {
            request.query.emplace_back("resourceVersionMatch", options.resource_version_match);
        }
    }
    if (options.metadata_only) request.accept = metadata_as("PartialObjectMetadataList");
    return request;
}

Request watch_request(Resource const& resource, std::string_view ns, WatchOptions const& options) {
    Request request;
    request.path = path_of(resource, ns);
    request.what = "watch " + describe_many(resource, ns);
    request.long_lived = true;
    request.query.emplace_back("watch", "true");
    add_selectors(request, options.label_selector, options.field_selector);
    if (!options.resource_version.empty()) request.query.emplace_back("resourceVersion", options.resource_version);
    if (options.bookmarks) request.query.emplace_back("allowWatchBookmarks", "true");
    if (options.timeout_seconds > 0) {
        request.query.emplace_back("timeoutSeconds", std::to_string(options.timeout_seconds));
    }
    if (options.metadata_only) request.accept = metadata_as("PartialObjectMetadata");
    return request;
}

Request create_request(Resource const& resource, std::string_view ns, Object const& object,
                       std::string_view subresource, std::string_view name) {
    Request request;
    request.method = "POST";
    request.path = path_of(resource, ns, name, subresource);
    request.what = "create " + describe(resource, ns, name.empty() ? name_of(object) : std::string(name), subresource);
    request.content_type = json_type;
    request.body = to_json(object);
    return request;
}

Request replace_request(Resource const& resource, std::string_view ns, std::string_view name, Object const& object,
                        std::string_view subresource) {
    Request request;
    request.method = "PUT";
    request.path = path_of(resource, ns, name, subresource);
    request.what = "replace " + describe(resource, ns, name, subresource);
    request.content_type = json_type;
    request.body = to_json(object);
    return request;
}

Request patch_request(Resource const& resource, std::string_view ns, std::string_view name, Patch kind,
                      json::value const& patch, PatchOptions const& options) {
    Request request;
    request.method = "PATCH";
    request.path = path_of(resource, ns, name, options.subresource);
    request.what = (kind == Patch::apply ? "apply " : "patch ") + describe(resource, ns, name, options.subresource);
    switch (kind) {
        case Patch::merge:
            request.content_type = "application/merge-patch+json";
            break;
        case Patch::json:
            request.content_type = "application/json-patch+json";
            break;
        case Patch::apply:
            request.content_type = "application/apply-patch+yaml";
            break;  // JSON is YAML
    }
    if (!options.field_manager.empty()) request.query.emplace_back("fieldManager", options.field_manager);
    if (kind == Patch::apply && options.force) request.query.emplace_back("force", "true");
    request.body = to_json(patch);
    return request;
}

Request delete_request(Resource const& resource, std::string_view ns, std::string_view name,
                       DeleteOptions const& options) {
    Request request;
    request.method = "DELETE";
    request.path = path_of(resource, ns, name);
    request.what = "delete " + describe(resource, ns, name, {});
    json::object body;
    json::object preconditions;
    if (options.uid) preconditions["uid"] = *options.uid;
    if (options.resource_version) preconditions["resourceVersion"] = *options.resource_version;
    if (!preconditions.empty()) body["preconditions"] = std::move(preconditions);
    if (options.grace_period_seconds) body["gracePeriodSeconds"] = *options.grace_period_seconds;
    if (!options.propagation.empty()) body["propagationPolicy"] = options.propagation;
    if (body.empty()) return request;
    body["kind"] = "DeleteOptions";
    body["apiVersion"] = "v1";
    request.content_type = json_type;
    request.body = to_json(body);
    return request;
}

Request raw_request(std::string path, std::vector<std::pair<std::string, std::string>> query) {
    Request request;
    request.what = "get " + path;
    request.path = std::move(path);
    request.query = std::move(query);
    return request;
}

}  // namespace vedette::kube
