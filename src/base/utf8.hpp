#pragma once
// UTF-8, one code point at a time (RFC 3629: no surrogates, no overlong forms, nothing past U+10FFFF).

#include <cstddef>
#include <optional>
#include <string_view>

namespace vedette {

/// The first code point of a text that is not empty. Bytes that are not UTF-8 count one by one, as U+FFFD.
struct CodePoint {
    char32_t value = 0;
    std::size_t length = 1;  ///< bytes it takes in the text
    bool valid = true;
};

CodePoint first_code_point(std::string_view text);

/// Offset of the first byte that is not UTF-8.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

/// Code points in the text: what we take for columns on a terminal.
std::size_t count_code_points(std::string_view text);

}  // namespace vedette
