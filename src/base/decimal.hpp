#pragma once
// Decimal numbers as JSON and YAML spell them.

#include <optional>
#include <string_view>

namespace vedette {

/// The double nearest to `[-]digits[.digits][e[sign]digits]`; too small ones are zero. Nothing if the text is not
/// such a number as a whole, or past the largest double.
std::optional<double> parse_decimal(std::string_view text);

}  // namespace vedette
