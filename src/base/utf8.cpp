// UTF-8 decoding. The ranges of the second byte (RFC 3629, section 4) rule out overlong forms and surrogates, so no
// check is needed on the decoded value.

#include "base/utf8.hpp"

#include <cstdint>

namespace vedette {
namespace {

struct Lead {
    std::size_t length;
    unsigned bits;
    unsigned second_low;
    unsigned second_high;
};

Lead lead_of(unsigned byte) {
    if (byte >= 0xC2 && byte <= 0xDF) return {2, byte & 0x1F, 0x80, 0xBF};
    if (byte == 0xE0) return {3, byte & 0x0F, 0xA0, 0xBF};
    if (byte == 0xED) return {3, byte & 0x0F, 0x80, 0x9F};
    if (byte >= 0xE1 && byte <= 0xEF) return {3, byte & 0x0F, 0x80, 0xBF};
    if (byte == 0xF0) return {4, byte & 0x07, 0x90, 0xBF};
    if (byte == 0xF4) return {4, byte & 0x07, 0x80, 0x8F};
    if (byte >= 0xF1 && byte <= 0xF3) return {4, byte & 0x07, 0x80, 0xBF};
    return {0, 0, 0, 0};
}

constexpr CodePoint invalid{.value = 0xFFFD, .length = 1, .valid = false};

}  // namespace

CodePoint first_code_point(std::string_view text) {
    auto const byte = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(text[i])); };
    if (byte(0) < 0x80) return {.value = byte(0)};
    auto const lead = lead_of(byte(0));
    if (lead.length == 0 || text.size() < lead.length) return invalid;
    if (byte(1) < lead.second_low || byte(1) > lead.second_high) return invalid;
    auto value = lead.bits;
    for (std::size_t i = 1; i < lead.length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return invalid;
        value = (value << 6) | (byte(i) & 0x3F);
    }
    return {.value = value, .length = lead.length};
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        if (static_cast<unsigned char>(text[i]) < 0x80) {
            ++i;
            continue;
        }
        auto const point = first_code_point(text.substr(i));
        if (!point.valid) return i;
        i += point.length;
    }
    return std::nullopt;
}

std::size_t count_code_points(std::string_view text) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < text.size(); ++count) i += first_code_point(text.substr(i)).length;
    return count;
}

}  // namespace vedette
