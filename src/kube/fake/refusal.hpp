#pragma once
// Refusal: a request that the API server turns down, in the words of k8s.io/apimachinery/pkg/api/errors.

#include "kube/resource.hpp"

#include <boost/json.hpp>

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::kube::fake {

/// One reason inside a refusal: details.causes of a Status.
struct Cause {
    std::string reason;   ///< "FieldValueInvalid"
    std::string message;  ///< "Invalid value: \"A\": must be lower case"
    std::string field;    ///< "metadata.name"
};

struct Refusal {
    int code = 500;
    std::string reason;
    std::string message;
    boost::json::object details{};  ///< name, group, kind, causes, retryAfterSeconds
    std::string continue_token{};   ///< where an expired list may go on, inconsistently

    /// The Status object that goes over the wire.
    boost::json::object status() const;
};

template <class T>
using Answer = std::expected<T, Refusal>;

inline std::unexpected<Refusal> refuse(Refusal refusal) {
    return std::unexpected(std::move(refusal));
}

/// "Deployment.apps", "Pod": how messages about invalid objects name a kind.
std::string group_kind(Resource const& resource);

Refusal not_found(Resource const& resource, std::string_view name);
Refusal already_exists(Resource const& resource, std::string_view name);
Refusal conflict(Resource const& resource, std::string_view name, std::string_view why);
/// The conflict of a stale metadata.resourceVersion.
Refusal modified(Resource const& resource, std::string_view name);
/// `why` follows "pods \"x\" is forbidden: ".
Refusal forbidden(Resource const& resource, std::string_view name, std::string_view why);
/// What RBAC answers; an empty `ns` reads "at the cluster scope".
Refusal no_permission(std::string_view user, std::string_view verb, Resource const& resource, std::string_view ns,
                      std::string_view name);
Refusal invalid(Resource const& resource, std::string_view name, std::vector<Cause> causes);
Refusal bad_request(std::string message);
Refusal expired(std::string message);
Refusal method_not_allowed();
Refusal no_such_path();
Refusal not_acceptable();
Refusal unsupported_media_type();
/// A body that is not JSON: clients that prefer protobuf then fall back.
Refusal unsupported_body();
/// A patch that this server leaves to the real one: strategic merge, server-side apply.
Refusal unsupported_patch();
/// A list that asks for a version that does not exist yet.
Refusal version_too_large(std::uint64_t wanted, std::uint64_t current);
/// What `code` reads like when a fault sends it.
Refusal generic(int code, std::optional<int> retry_after_seconds);

Cause invalid_value(std::string field, std::string_view value, std::string_view why);
Cause required_value(std::string field, std::string_view why);
Cause forbidden_value(std::string field, std::string_view why);

/// The Status of something done: `details` name the object.
boost::json::object success_status(Resource const& resource, std::string_view name, std::string_view uid);

}  // namespace vedette::kube::fake
