// from_chars is exact and knows no locale, but calls too large and too small by the same name; strtod tells them
// apart, and that is all it is asked.

#include "base/decimal.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>

namespace vedette {

std::optional<double> parse_decimal(std::string_view text) {
    double number = 0;
    auto const* const end = text.data() + text.size();
    auto const got = std::from_chars(text.data(), end, number);
    if (got.ptr != end || got.ec == std::errc::invalid_argument) return std::nullopt;
    if (got.ec == std::errc::result_out_of_range) {
        if (std::abs(std::strtod(std::string(text).c_str(), nullptr)) > 1) return std::nullopt;
        return text.front() == '-' ? -0.0 : 0.0;
    }
    return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

}  // namespace vedette
