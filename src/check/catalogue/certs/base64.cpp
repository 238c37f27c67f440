#include "check/catalogue/certs/base64.hpp"

#include <cstdint>

namespace vedette::check {
namespace {

int value_of(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+' || c == '-') return 62;
    if (c == '/' || c == '_') return 63;
    return -1;
}

}  // namespace

Result<std::string> decode_base64(std::string_view text) {
    while (!text.empty() && (text.back() == '=' || text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 3);
    std::uint32_t buffer = 0;
    int bits = 0;
    for (char const c : text) {
        if (c == '\n' || c == '\r') continue;
        auto const value = value_of(c);
        if (value < 0) return fail(Errc::malformed, "not base64");
        buffer = (buffer << 6 | static_cast<std::uint32_t>(value)) & 0xffffff;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        bytes += static_cast<char>(static_cast<unsigned char>(buffer >> bits & 0xff));
    }
    if (bits >= 6) return fail(Errc::malformed, "not base64: it ends too soon");
    return bytes;
}

}  // namespace vedette::check
