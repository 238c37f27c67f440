#pragma once
// The blanks around a text.

#include <string_view>

namespace vedette {

/// `text` without any of `blanks` at either end. It views what `text` views.
std::string_view trim(std::string_view text, std::string_view blanks = " \t\r\n");

}  // namespace vedette
