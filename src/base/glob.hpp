#pragma once
// Patterns for names: `*` stands for any text, `?` for one code point, everything else for itself.

#include <string_view>

namespace vedette {

/// Whole text against whole pattern, case-sensitive. Time: at most length of pattern times length of text.
bool glob_match(std::string_view pattern, std::string_view text);

/// Whether the pattern can match anything but itself.
bool is_glob(std::string_view pattern);

}  // namespace vedette
