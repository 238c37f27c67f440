#pragma once
// Base64 (RFC 4648): what kubeconfigs, Secrets, JWTs and basic authentication wrap bytes in.

#include "base/error.hpp"

#include <string>
#include <string_view>

namespace vedette {

/// The standard alphabet, padded.
std::string base64_encode(std::string_view bytes);

/// Both alphabets (standard and URL-safe), padded or not; blanks and line ends are skipped.
/// Errors: malformed. The text is never repeated: it may be a secret.
Result<std::string> base64_decode(std::string_view text);

}  // namespace vedette
