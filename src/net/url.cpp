// URLs (RFC 3986) as far as an HTTP client needs them: absolute, http or https, taken apart and never repaired.

#include "net/http.hpp"
#include "net/http_codec.hpp"
#include "net/text.hpp"

namespace vedette::net {
namespace {

constexpr std::string_view digits = "0123456789ABCDEF";

bool unreserved(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

bool printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; });
}

// The sentences below quote nothing that stands before an '@'.
Result<Url> bad(char const* why) {
    return fail(Errc::invalid_input, "not a usable URL: {}", why);
}

bool valid_name(std::string_view host) {
    return !host.empty() && std::ranges::all_of(host, [](char c) {
        return unreserved(c) || static_cast<unsigned char>(c) >= 0x80 || std::string_view("!$&'()*+,;=").contains(c);
    });
}

Result<std::string> read_host(std::string_view text) {
    if (!text.starts_with('[')) {
        if (!valid_name(text)) return fail(Errc::invalid_input, "not a usable URL: its host is missing or malformed");
        return std::string(text);
    }
    text = text.substr(1, text.size() - 2);
    auto const address = parse_address(text);
    if (!address || !address->is_v6())
        return fail(Errc::invalid_input, "not a usable URL: its IPv6 address is malformed");
    return std::string(text);
}

Result<void> read_authority(std::string_view authority, Url& url) {
    if (auto const at = authority.rfind('@'); at != std::string_view::npos) {
        auto user = percent_decode(authority.substr(0, at));
        if (!user) return fail(Errc::invalid_input, "not a usable URL: its user part is malformed");
        url.user = std::move(*user);
        authority.remove_prefix(at + 1);
    }
    auto const host_end =
        authority.starts_with('[') ? authority.find(']') + 1 : std::min(authority.find(':'), authority.size());
    if (host_end == 0 && !authority.empty() && authority.front() == '[') {
        return fail(Errc::invalid_input, "not a usable URL: a bracket is missing");
    }
    auto host = read_host(authority.substr(0, host_end));
    if (!host) return pass(host);
    url.host = std::move(*host);
    authority.remove_prefix(host_end);
    if (authority.empty() || authority == ":") return {};
    if (authority.front() != ':')
        return fail(Errc::invalid_input, "not a usable URL: its host is missing or malformed");
    auto const port = parse_port(authority.substr(1));
    if (!port) return fail(Errc::invalid_input, "not a usable URL: its port is no number from 1 to 65535");
    url.port = *port;
    return {};
}

}  // namespace

std::string percent_encode(std::string_view text) {
    std::string encoded;
    encoded.reserve(text.size());
    for (char c : text) {
        if (unreserved(c)) {
            encoded += c;
            continue;
        }
        auto const byte = static_cast<unsigned char>(c);
        encoded += '%';
        encoded += digits[byte >> 4];
        encoded += digits[byte & 15];
    }
    return encoded;
}

Result<std::string> percent_decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        auto const high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        auto const low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
        if (high < 0 || low < 0) return fail(Errc::invalid_input, "a '%' without two hexadecimal digits");
        decoded += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return decoded;
}

Result<Url> parse_url(std::string_view text) {
    if (!printable(text)) return bad("it holds a space or a control character");
    auto const colon = text.find("://");
    if (colon == std::string_view::npos) return bad("it does not begin with http:// or https://");
    Url url;
    if (same_word(text.substr(0, colon), "http")) url.scheme = "http";
    if (same_word(text.substr(0, colon), "https")) url.scheme = "https";
    if (url.scheme.empty()) return bad("it does not begin with http:// or https://");
    url.port = url.scheme == "https" ? 443 : 80;
    text.remove_prefix(colon + 3);
    text = text.substr(0, text.find('#'));
    auto const authority_end = std::min(text.find_first_of("/?"), text.size());
    if (auto const read = read_authority(text.substr(0, authority_end), url); !read) {
        return std::unexpected(read.error());
    }
    url.target = std::string(text.substr(authority_end));
    if (!url.target.starts_with('/')) url.target.insert(0, "/");
    return url;
}

}  // namespace vedette::net
