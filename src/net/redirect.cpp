// RFC 3986's reference resolution, as far as http URLs need it. User info never enters a resolved URL: whoever follows
// it decides anew whether the credentials go along.

#include "net/redirect.hpp"

#include "net/endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::net {
namespace {

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool has_scheme(std::string_view reference) {
    auto const end = reference.find_first_of(":/?#");
    if (end == 0 || end == std::string_view::npos || reference[end] != ':' || !is_letter(reference[0])) return false;
    return std::ranges::all_of(reference.substr(0, end), [](char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    });
}

// RFC 3986, 5.2.4, of a path that begins with a slash.
std::string without_dot_segments(std::string_view path) {
    std::string out;
    while (!path.empty()) {
        auto const end = std::min(path.find('/', 1), path.size());
        auto const segment = path.substr(0, end);
        bool const last = end == path.size();
        path.remove_prefix(end);
        if (segment == "/.") {
            if (last) out += '/';
        } else if (segment == "/..") {
            out.erase(std::min(out.rfind('/'), out.size()));
            if (last) out += '/';
        } else {
            out += segment;
        }
    }
    return out;
}

}  // namespace

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool becomes_get(int status, std::string_view method) {
    if (method == "GET" || method == "HEAD") return false;
    return status == 303 || ((status == 301 || status == 302) && method == "POST");
}

std::string resolve_location(Url const& base, std::string_view location) {
    location = location.substr(0, location.find('#'));
    if (has_scheme(location)) return std::string(location);
    if (location.starts_with("//")) return fmt::format("{}:{}", base.scheme, location);
    auto const query = std::min(location.find('?'), location.size());
    auto path = std::string(location.substr(0, query));
    auto const base_path = base.target.substr(0, base.target.find('?'));
    auto rest = std::string(location.substr(query));
    if (location.empty()) rest = base.target.substr(base_path.size());
    if (path.empty()) {
        path = base_path;
    } else if (!path.starts_with('/')) {
        path.insert(0, base_path.substr(0, base_path.rfind('/') + 1));
    }
    return fmt::format("{}://{}{}{}", base.scheme, to_string({base.host, base.port}), without_dot_segments(path), rest);
}

bool same_origin(Url const& a, Url const& b) {
    return a.scheme == b.scheme && a.host == b.host && a.port == b.port;
}

bool is_secret_header(std::string_view name) {
    std::string lower(name);
    std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    return std::ranges::any_of(
        std::initializer_list<std::string_view>{"auth", "cookie", "token", "key", "secret", "password", "session"},
        [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

}  // namespace vedette::net
