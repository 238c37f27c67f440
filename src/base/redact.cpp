// One scan from left to right. Each rule looks at the text from here on and answers with the span of a secret; what a
// rule reads is either skipped with its answer or bounded by the line's next delimiter, so the scan stays linear.
// Not regular expressions: "bearer token expired" is prose and must stay, which takes a look at the word.

#include "base/redact.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace vedette {
namespace {

constexpr std::string_view mark = "[redacted]";

/// Offsets from the place a rule was asked about. `end` is where the scan goes on.
struct Secret {
    std::size_t begin;
    std::size_t end;
};
using Found = std::optional<Secret>;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_word(char c) {
    auto const l = lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool starts_with(std::string_view text, std::string_view lower_prefix) {
    if (text.size() < lower_prefix.size()) return false;
    return std::ranges::equal(text.substr(0, lower_prefix.size()), lower_prefix, {}, lower);
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::ranges::any_of(words,
                               [&](std::string_view w) { return w.size() == word.size() && starts_with(word, w); });
}

std::size_t skip(std::string_view text, std::size_t from, std::string_view set) {
    return std::min(text.find_first_not_of(set, from), text.size());
}

std::size_t until(std::string_view text, std::size_t from, std::string_view set) {
    return std::min(text.find_first_of(set, from), text.size());
}

constexpr std::string_view ends_authority = " \t\r\n/?#\"'<>`\\";
constexpr std::string_view ends_value = " \t\r\n\"'`,;&)]}\\<>";

/// `://user:pass@host`, asked at the colon.
Found url_user_info(std::string_view text) {
    if (!text.starts_with("://")) return std::nullopt;
    auto const authority = text.substr(0, until(text, 3, ends_authority));
    auto const at = authority.rfind('@');
    if (at == std::string_view::npos || at == 3) return std::nullopt;
    return Secret{3, at};
}

/// A PEM private key, whole, even when its end is cut off.
Found private_key(std::string_view text) {
    if (!text.starts_with("-----BEGIN ")) return std::nullopt;
    auto const label_end = text.substr(0, 64).find("-----", 11);
    if (label_end == std::string_view::npos) return std::nullopt;
    if (!text.substr(11, label_end - 11).ends_with("PRIVATE KEY")) return std::nullopt;
    auto const end = text.find("-----END ", label_end);
    if (end == std::string_view::npos) return Secret{0, text.size()};
    auto const close = text.find("-----", end + 9);
    return Secret{0, close == std::string_view::npos ? text.size() : close + 5};
}

bool is_base64url(char c) {
    return is_word(c) || c == '-';
}

/// `eyJ....eyJ....signature`: two parts at least.
Found web_token(std::string_view text) {
    if (!text.starts_with("eyJ")) return std::nullopt;
    std::size_t end = 3;
    std::size_t dots = 0;
    while (end < text.size()) {
        bool const dot = text[end] == '.' && dots < 4 && end + 1 < text.size() && is_base64url(text[end + 1]);
        if (!dot && !is_base64url(text[end])) break;
        dots += dot;
        ++end;
    }
    if (dots == 0 || end < 10) return std::nullopt;
    return Secret{0, end};
}

bool is_prose_after_bearer(std::string_view word) {
    return is_one_of(word, {"token", "tokens", "auth", "authentication", "authorization", "scheme", "credential",
                            "credentials", "header", "format", "method", "or", "and", "is", "was", "of", "realm"});
}

/// `bearer abc`, asked at the b.
Found bearer(std::string_view text) {
    if (!starts_with(text, "bearer")) return std::nullopt;
    auto const begin = skip(text, 6, " \t");
    if (begin == 6) return std::nullopt;
    auto const end = until(text, begin, ends_value);
    auto const word_end = until(text, begin, " \t\r\n\"'`,;&)]}\\<>=:.");
    if (end == begin || is_prose_after_bearer(text.substr(begin, word_end - begin))) return std::nullopt;
    return Secret{begin, end};
}

/// Past the `": "` between a key and its value: closing quote, spaces, one of `:=`, spaces, opening quote (these may
/// be escaped: JSON inside JSON). Nothing if no value follows.
Found value_after_key(std::string_view text, std::size_t key_end) {
    auto const key_closed = skip(text, key_end, "\"'\\");
    auto const colon = skip(text, key_closed, " \t");
    if (colon == text.size() || (text[colon] != ':' && text[colon] != '=')) return std::nullopt;
    if (text.substr(colon).starts_with("://")) return std::nullopt;
    auto const quote = skip(text, skip(text, colon + 1, " \t"), "\\");
    bool const quoted = quote < text.size() && (text[quote] == '"' || text[quote] == '\'');
    auto const begin = quoted ? quote + 1 : quote;
    auto end = until(text, begin, ends_value);
    if (quoted) {
        // A quoted value may hold spaces; it ends at its own quote, or before the backslash that escapes it.
        auto const same_quote = text[quote] == '"' ? std::string_view("\"\\\r\n") : std::string_view("'\\\r\n");
        end = until(text, begin, same_quote);
    }
    if (begin >= end) return std::nullopt;
    return Secret{begin, end};
}

std::size_t secret_key_length(std::string_view text) {
    for (std::string_view key : {"password", "passwd", "token", "client-key-data", "client_secret", "client-secret",
                                 "clientsecret", "api_key", "api-key", "apikey", "passphrase", "secret_access_key",
                                 "secretaccesskey", "secret_key", "secret-key", "secretkey"}) {
        if (starts_with(text, key)) return key.size();
    }
    return 0;
}

/// `password=..`, `"token": ".."`, asked at the key's first letter; the key may be the end of a longer word.
Found keyed_value(std::string_view text) {
    auto const key = secret_key_length(text);
    if (key == 0) return std::nullopt;
    auto const value = value_after_key(text, key);
    if (!value) return std::nullopt;
    auto const shown = text.substr(value->begin, value->end - value->begin);
    // automountServiceAccountToken: false is no secret.
    if (is_one_of(shown, {"true", "false", "null"}) || text.substr(value->begin).starts_with(mark)) return std::nullopt;
    return Secret{value->begin, value->end};
}

/// `Authorization: Basic abc`. Without a scheme only what looks like a credential: "authorization: denied" is prose.
Found authorization(std::string_view text) {
    if (!starts_with(text, "authorization")) return std::nullopt;
    auto const value = value_after_key(text, 13);
    if (!value) return std::nullopt;
    auto const word_end = std::min(until(text, value->begin, ends_value), value->end);
    auto const word = text.substr(value->begin, word_end - value->begin);
    if (is_one_of(word, {"bearer", "basic", "digest", "negotiate", "token", "apikey"})) {
        auto const begin = skip(text, word_end, " \t");
        // A digest is a list with spaces and quotes in it; the other credentials are one word.
        auto const end = until(text, begin, is_one_of(word, {"digest"}) ? std::string_view("\r\n") : ends_value);
        if (begin == end) return std::nullopt;
        return Secret{begin, end};
    }
    bool const has_digit = word.find_first_of("0123456789") != std::string_view::npos;
    if (!has_digit && word.size() < 20) return std::nullopt;
    return Secret{value->begin, word_end};
}

/// `Cookie: a=b; c=d` and `Set-Cookie:`, to the end of the line.
Found cookie(std::string_view text) {
    if (!starts_with(text, "cookie:")) return std::nullopt;
    auto const begin = skip(text, 7, " \t");
    auto const end = until(text, begin, "\r\n");
    if (text.substr(begin, end - begin).find('=') == std::string_view::npos) return std::nullopt;
    return Secret{begin, end};
}

Found secret_at(std::string_view text, char before) {
    switch (lower(text.front())) {
        case ':':
            return url_user_info(text);
        case '-':
            return private_key(text);
        case 'e':
            return is_base64url(before) ? std::nullopt : web_token(text);
        case 'b':
            return is_word(before) ? std::nullopt : bearer(text);
        case 'a': {
            auto const header = authorization(text);
            return header ? header : keyed_value(text);
        }
        case 'c': {
            auto const cookies = cookie(text);
            return cookies && !is_word(before) ? cookies : keyed_value(text);
        }
        case 'p':
        case 's':
        case 't':
            return keyed_value(text);
        default:
            return std::nullopt;
    }
}

}  // namespace

std::string redact(std::string_view text) {
    std::string out;
    std::size_t copied = 0;
    for (std::size_t i = 0; i < text.size();) {
        auto const found = secret_at(text.substr(i), i == 0 ? ' ' : text[i - 1]);
        if (!found || text.substr(i + found->begin).starts_with(mark)) {
            ++i;
            continue;
        }
        out += text.substr(copied, i + found->begin - copied);
        out += mark;
        copied = i = i + found->end;
    }
    out += text.substr(copied);
    return out;
}

}  // namespace vedette
