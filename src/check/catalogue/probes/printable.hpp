#pragma once
#include <string>
#include <string_view>

namespace vedette::check {

/// Bytes of a peer or a program as text for people: at most `limit` bytes, bytes that are not UTF-8 as U+FFFD, control
/// characters as blanks.
std::string printable(std::string_view bytes, std::size_t limit = 500);

}  // namespace vedette::check
