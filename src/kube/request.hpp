#pragma once
// Requests as plain values: what goes over the wire, built by pure functions and compared in tests. What each verb
// means: https://kubernetes.io/docs/reference/using-api/api-concepts/

#include "kube/resource.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vedette::kube {

using Object = boost::json::object;

/// Who goes first when the client-side rate limit holds requests back.
enum class Priority { high, normal, low };

struct Request {
    std::string method = "GET";
    std::string path;                                        ///< encoded, without the query
    std::vector<std::pair<std::string, std::string>> query;  ///< not yet encoded
    std::string accept = "application/json";
    std::string content_type;  ///< empty without a body
    std::string body;
    std::optional<Priority> priority;  ///< nothing: the client's
    bool long_lived = false;           ///< the answer goes on for minutes: a watch
    std::string what;                  ///< for errors: "list pods", "get Deployment shop/web"

    bool operator==(Request const&) const = default;
    /// Path and encoded query.
    std::string target() const;
};

/// Which objects, and from when on.
struct ListOptions {
    std::string label_selector;
    std::string field_selector;
    std::int64_t limit = 500;  ///< page size; 0 asks for everything at once
    std::string continue_token;
    std::string resource_version;        ///< "" most recent, "0" any (the server's cache)
    std::string resource_version_match;  ///< "", "Exact", "NotOlderThan"
    bool metadata_only = false;          ///< PartialObjectMetadataList
};

struct GetOptions {
    std::string subresource;     ///< "status", "scale"
    bool metadata_only = false;  ///< PartialObjectMetadata
};

struct WatchOptions {
    std::string label_selector;
    std::string field_selector;
    std::string resource_version;
    bool bookmarks = true;
    std::int64_t timeout_seconds = 0;  ///< 0: the server's choice
    bool metadata_only = false;
};

struct DeleteOptions {
    std::optional<std::string> uid;               ///< precondition
    std::optional<std::string> resource_version;  ///< precondition
    std::optional<std::int64_t> grace_period_seconds;
    std::string propagation;  ///< "", "Background", "Foreground", "Orphan"
};

enum class Patch { merge, json, apply };

struct PatchOptions {
    std::string field_manager = "vedette";
    bool force = false;       ///< server-side apply takes over fields of other managers
    std::string subresource;  ///< "status", "scale"
};

/// An empty `ns` is the whole cluster (or a cluster-scoped resource).
std::string path_of(Resource const& resource, std::string_view ns, std::string_view name = {},
                    std::string_view subresource = {});

/// `metadata_only`: PartialObjectMetadata; servers that cannot reduce objects answer with whole ones.
Request get_request(Resource const& resource, std::string_view ns, std::string_view name,
                    std::string_view subresource = {}, bool metadata_only = false);
Request list_request(Resource const& resource, std::string_view ns, ListOptions const& options = {});
Request watch_request(Resource const& resource, std::string_view ns, WatchOptions const& options = {});
Request create_request(Resource const& resource, std::string_view ns, Object const& object,
                       std::string_view subresource = {}, std::string_view name = {});
/// PUT; the object's metadata.resourceVersion makes it conditional.
Request replace_request(Resource const& resource, std::string_view ns, std::string_view name, Object const& object,
                        std::string_view subresource = {});
Request patch_request(Resource const& resource, std::string_view ns, std::string_view name, Patch kind,
                      boost::json::value const& patch, PatchOptions const& options = {});
Request delete_request(Resource const& resource, std::string_view ns, std::string_view name,
                       DeleteOptions const& options = {});
Request raw_request(std::string path, std::vector<std::pair<std::string, std::string>> query = {});

}  // namespace vedette::kube
