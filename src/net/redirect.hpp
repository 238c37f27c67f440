#pragma once
// Following redirects: where they lead, and what may be told there. Pure.

#include "net/http.hpp"

#include <string>
#include <string_view>

namespace vedette::net {

/// 301, 302, 303, 307, 308.
bool is_redirect(int status);

/// Whether the request that follows is a GET without a body (RFC 9110, 15.4): after 303, and after 301 and 302 to a
/// POST in practice.
bool becomes_get(int status, std::string_view method);

/// The URL that a Location header of `base` names (RFC 3986, 5.2): absolute, without a fragment. It may have a scheme
/// that is not ours.
std::string resolve_location(Url const& base, std::string_view location);

/// Scheme, host and port are the same.
bool same_origin(Url const& a, Url const& b);

/// Whether a header of that name is for the first host alone: credentials, cookies, keys.
bool is_secret_header(std::string_view name);

}  // namespace vedette::net
