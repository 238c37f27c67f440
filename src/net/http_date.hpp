#pragma once
#include "base/clock.hpp"

#include <optional>
#include <string_view>

namespace vedette::net {

/// The time of a Date header, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7): exactly that form, the only one that
/// servers of this century write.
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace vedette::net
