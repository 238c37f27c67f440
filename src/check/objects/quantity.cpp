#include "check/objects/quantity.hpp"

#include <charconv>
#include <cmath>
#include <optional>

namespace vedette::check {
namespace {

struct Suffix {
    std::string_view text;
    double factor;
};

constexpr Suffix suffixes[] = {
    {"", 1},        {"n", 1e-9},    {"u", 1e-6},    {"m", 1e-3},    {"k", 1e3},     {"M", 1e6},
    {"G", 1e9},     {"T", 1e12},    {"P", 1e15},    {"E", 1e18},    {"Ki", 0x1p10}, {"Mi", 0x1p20},
    {"Gi", 0x1p30}, {"Ti", 0x1p40}, {"Pi", 0x1p50}, {"Ei", 0x1p60},
};

// The sign, digits and at most one dot in front; 0 if there is no number.
std::size_t number_length(std::string_view text) {
    std::size_t at = 0;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    bool dot = false;
    std::size_t digits = 0;
    for (; at < text.size(); ++at) {
        if (text[at] >= '0' && text[at] <= '9') {
            ++digits;
        } else if (text[at] == '.' && !dot) {
            dot = true;
        } else {
            break;
        }
    }
    return digits ? at : 0;
}

std::optional<double> factor_of(std::string_view suffix) {
    for (auto const& known : suffixes) {
        if (known.text == suffix) return known.factor;
    }
    if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) return std::nullopt;
    auto exponent = suffix.substr(1);
    if (exponent[0] == '+') {
        exponent.remove_prefix(1);
        if (exponent.starts_with('-')) return std::nullopt;
    }
    int value = 0;
    auto const [end, error] = std::from_chars(exponent.data(), exponent.data() + exponent.size(), value);
    if (error != std::errc() || end != exponent.data() + exponent.size()) return std::nullopt;
    return std::pow(10.0, value);
}

}  // namespace

Result<double> parse_quantity(std::string_view text) {
    auto const length = number_length(text);
    if (!length) return fail(Errc::malformed, "\"{}\" is not a quantity", text.substr(0, 40));
    auto digits = text.substr(0, length);
    if (digits[0] == '+') digits.remove_prefix(1);
    double value = 0;
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    auto const factor = factor_of(text.substr(length));
    if (error != std::errc() || end != digits.data() + digits.size() || !factor || !std::isfinite(value * *factor)) {
        return fail(Errc::malformed, "\"{}\" is not a quantity", text.substr(0, 40));
    }
    return value * *factor;
}

}  // namespace vedette::check
