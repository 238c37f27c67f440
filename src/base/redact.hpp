#pragma once
// Secrets stay out of what we print. Every text that leaves the process for people or logs goes through redact().

#include <string>
#include <string_view>

namespace vedette {

/// The text with each secret it shows replaced by `[redacted]`; other text comes back byte for byte. Linear time.
///
/// Secrets are: user info in a URL (`://user:pass@`), what follows `Authorization: <scheme>` or `Bearer`, values of
/// keys that end in password, passwd, passphrase, token, client-key-data, client_secret, secret key, secret_access_key
/// or api key (`key=value`, `key: value`, JSON too), cookies, PEM private keys, and JSON web tokens (`eyJ...`).
std::string redact(std::string_view text);

}  // namespace vedette
