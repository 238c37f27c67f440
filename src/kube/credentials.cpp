// Headers are built from text that a person or a program wrote: a line break in it would forge a header, so every
// value passes one gate.

#include "kube/credentials.hpp"

#include "base/base64.hpp"
#include "base/trim.hpp"

namespace vedette::kube {
namespace {

constexpr std::size_t token_limit = 64 * 1024;
bool fits_a_header(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool names_a_header(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$&'*+-.^_`|~").contains(c);
}

std::string encode_key(std::string_view key) {
    std::string result;
    for (char const c : key) {
        if (names_a_header(c)) {
            result += c;
        } else {
            fmt::format_to(std::back_inserter(result), "%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return result;
}

}  // namespace

TokenFile::TokenFile(Files& files, std::string path, std::string first)
    : files_(files), path_(std::move(path)), token_(std::move(first)) {}

Result<std::string> TokenFile::current() {
    // Asked before reading: a change in between shows as another change next time.
    auto const version = files_.version(path_);
    if (version && *version == version_) return token_;
    auto text = files_.read(path_, token_limit);
    auto token = std::string(text ? trim(*text) : "");
    if (!token.empty()) {
        token_ = std::move(token);
        version_ = version.value_or("");
    }
    if (!token_.empty()) return token_;
    if (text) return fail(Errc::invalid_input, "token file {}: is empty", path_);
    auto const code = text.error().code() == Errc::denied ? Errc::denied : Errc::invalid_input;
    return fail(code, "token file {}", text.error().text());
}

Result<std::string> bearer(std::string const& token) {
    if (fits_a_header(token)) return "Bearer " + token;
    return fail(Errc::invalid_input, "the token holds a line break or another control character");
}

std::string basic(std::string const& username, std::string const& password) {
    return "Basic " + base64_encode(username + ":" + password);
}

Result<net::Headers> impersonation_headers(Impersonation const& as) {
    net::Headers headers;
    if (as.user.empty()) return headers;
    headers.add("Impersonate-User", as.user);
    if (!as.uid.empty()) headers.add("Impersonate-Uid", as.uid);
    for (auto const& group : as.groups) headers.add("Impersonate-Group", group);
    for (auto const& [key, values] : as.extra) {
        for (auto const& value : values) headers.add("Impersonate-Extra-" + encode_key(key), value);
    }
    for (auto const& [name, value] : headers) {
        if (!fits_a_header(value)) {
            return fail(Errc::invalid_input, "{} holds a line break or another control character", name);
        }
    }
    return headers;
}

}  // namespace vedette::kube
