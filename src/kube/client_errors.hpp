#pragma once
// What a refusal by the API server means: https://kubernetes.io/docs/reference/using-api/api-concepts/ and the reasons
// of metav1.Status.

#include "base/clock.hpp"
#include "kube/api.hpp"

#include <boost/json.hpp>

#include <optional>

namespace vedette::kube {

/// The error of a Status object; `code` is the HTTP status, or the object's own code in a watch. Text:
/// `list pods: pods is forbidden: ... (Forbidden)`, `what` in front.
Error error_of_status(std::string const& what, int code, boost::json::object const& status);

/// An answer that is no Kubernetes object: quotes its beginning. malformed, unless the HTTP status alone says more
/// (401, 403, 413, 429, 5xx) or it is the API server's "404 page not found" (unsupported).
Error error_of_foreign(std::string const& what, int code, std::string const& body);

/// Retry-After in seconds; its date form, which API servers do not use, counts as absent.
std::optional<Duration> retry_after(net::Headers const& headers);

/// Whether a GET that failed in transport may be sent again.
bool may_pass(Errc code);

}  // namespace vedette::kube
