#pragma once
#include "base/error.hpp"

#include <string>
#include <string_view>

namespace vedette::check {

/// RFC 4648, both alphabets, with or without padding; line breaks are skipped. Errors: malformed.
Result<std::string> decode_base64(std::string_view text);

}  // namespace vedette::check
