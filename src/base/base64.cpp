#include "base/base64.hpp"

#include <array>
#include <cstdint>

namespace vedette {
namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> make_values() {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < digits.size(); ++i) {
        values[static_cast<unsigned char>(digits[i])] = static_cast<std::int8_t>(i);
    }
    values['-'] = 62;
    values['_'] = 63;
    return values;
}

constexpr auto values = make_values();

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

std::string base64_encode(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        auto const group = bytes.substr(i, 3);
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            bits = bits << 8 | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0u);
        }
        for (std::size_t k = 0; k < 4; ++k) text += k <= group.size() ? digits[bits >> (18 - 6 * k) & 63] : '=';
    }
    return text;
}

Result<std::string> base64_decode(std::string_view text) {
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    std::uint32_t bits = 0;
    std::size_t count = 0;
    bool padded = false;
    for (char const c : text) {
        if (is_blank(c)) continue;
        if (c == '=') {
            padded = true;
            continue;
        }
        auto const value = values[static_cast<unsigned char>(c)];
        if (value < 0 || padded) return fail(Errc::malformed, "not base64");
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        if (++count % 4 == 0) {
            bytes += {static_cast<char>(bits >> 16), static_cast<char>(bits >> 8), static_cast<char>(bits)};
        }
    }
    switch (count % 4) {
        case 1:
            return fail(Errc::malformed, "not base64: it ends too soon");
        case 2:
            bytes += static_cast<char>(bits >> 4);
            break;
        case 3:
            bytes += {static_cast<char>(bits >> 10), static_cast<char>(bits >> 2)};
            break;
        default:
            break;
    }
    return bytes;
}

}  // namespace vedette
