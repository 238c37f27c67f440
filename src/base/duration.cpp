// Durations as text. Sums are kept in 128 bits and checked once per number, so no input can overflow.

#include "base/duration.hpp"

#include <algorithm>
#include <optional>

namespace vedette {
namespace {

namespace chr = std::chrono;

__extension__ using Wide = __int128;

struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
};

constexpr Unit units[] = {
    {"ms", 1'000'000},        {"s", 1'000'000'000},      {"m", 60'000'000'000},
    {"h", 3'600'000'000'000}, {"d", 86'400'000'000'000}, {"w", 604'800'000'000'000},
};

constexpr Wide largest = Duration::max().count();

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::string_view take_digits(std::string_view& rest) {
    std::size_t n = 0;
    while (n < rest.size() && is_digit(rest[n])) ++n;
    auto const digits = rest.substr(0, n);
    rest.remove_prefix(n);
    return digits;
}

std::string_view take_letters(std::string_view& rest) {
    std::size_t n = 0;
    while (n < rest.size() && !is_digit(rest[n]) && rest[n] != '.') ++n;
    auto const letters = rest.substr(0, n);
    rest.remove_prefix(n);
    return letters;
}

std::optional<std::int64_t> unit_named(std::string_view name) {
    for (auto const& unit : units) {
        if (unit.name == name) return unit.nanoseconds;
    }
    return std::nullopt;
}

/// whole.fraction units, or nothing if that is past the largest duration.
std::optional<Wide> scaled(std::string_view whole, std::string_view fraction, std::int64_t unit) {
    Wide value = 0;
    for (char c : whole) {
        value = value * 10 + (c - '0');
        if (value > largest) return std::nullopt;
    }
    value *= unit;
    Wide place = unit;
    Wide divisor = 1;
    Wide digits = 0;
    for (char c : fraction.substr(0, 18)) {
        digits = digits * 10 + (c - '0');
        divisor *= 10;
    }
    value += digits * place / divisor;
    return value > largest ? std::nullopt : std::optional(value);
}

/// "3d4h" or "3d": the smaller unit only if it is not zero.
std::string two_units(std::int64_t big, char big_unit, std::int64_t small, char small_unit) {
    if (small == 0) return fmt::format("{}{}", big, big_unit);
    return fmt::format("{}{}{}{}", big, big_unit, small, small_unit);
}

/// nanoseconds as a decimal number of `unit`, exact.
std::string decimal(std::uint64_t nanoseconds, std::uint64_t unit, int digits) {
    auto text = fmt::format("{}.{:0{}}", nanoseconds / unit, nanoseconds % unit, digits);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
    auto const shown = text.substr(0, 64);
    if (text.empty()) return fail(Errc::invalid_input, "a duration is empty: write one such as 30s or 1h30m");
    if (text.front() == '-') return fail(Errc::invalid_input, "duration \"{}\" is negative", shown);
    Wide sum = 0;
    for (auto rest = text; !rest.empty();) {
        auto const whole = take_digits(rest);
        std::string_view fraction;
        if (!rest.empty() && rest.front() == '.') {
            rest.remove_prefix(1);
            fraction = take_digits(rest);
        }
        if (whole.empty() && fraction.empty()) {
            return fail(Errc::invalid_input, "\"{}\" is not a duration such as 30s or 1h30m", shown);
        }
        auto const name = take_letters(rest);
        if (name.empty()) {
            return fail(Errc::invalid_input, "duration \"{}\" lacks a unit: add one of ms, s, m, h, d, w", shown);
        }
        auto const unit = unit_named(name);
        if (!unit) {
            return fail(Errc::invalid_input, "duration \"{}\" has the unknown unit \"{}\": use ms, s, m, h, d, w",
                        shown, name.substr(0, 16));
        }
        auto const part = scaled(whole, fraction, *unit);
        if (!part || (sum += *part) > largest) {
            return fail(Errc::too_large, "duration \"{}\" is too long: the longest is 15250w", shown);
        }
    }
    return Duration(static_cast<std::int64_t>(sum));
}

std::string format_duration(Duration duration) {
    if (duration == Duration::zero()) return "0s";
    std::string text = duration < Duration::zero() ? "-" : "";
    // Unsigned, so that the most negative duration has an absolute value.
    auto left = static_cast<std::uint64_t>(duration.count());
    if (duration < Duration::zero()) left = 0 - left;
    for (auto const& [name, size] : {Unit{"d", 86'400'000'000'000}, units[3], units[2]}) {
        auto const unit = static_cast<std::uint64_t>(size);
        if (left >= unit) text += fmt::format("{}{}", left / unit, name);
        left %= unit;
    }
    if (left >= 1'000'000'000) return text + decimal(left, 1'000'000'000, 9) + "s";
    if (left > 0) return text + decimal(left, 1'000'000, 6) + "ms";
    return text;
}

std::string format_age(Duration age) {
    auto const seconds = std::max<std::int64_t>(0, chr::floor<chr::seconds>(age).count());
    if (seconds < 2 * 60) return fmt::format("{}s", seconds);
    auto const minutes = seconds / 60;
    if (minutes < 10) return two_units(minutes, 'm', seconds % 60, 's');
    if (minutes < 3 * 60) return fmt::format("{}m", minutes);
    auto const hours = minutes / 60;
    if (hours < 8) return two_units(hours, 'h', minutes % 60, 'm');
    if (hours < 48) return fmt::format("{}h", hours);
    auto const days = hours / 24;
    if (days < 8) return two_units(days, 'd', hours % 24, 'h');
    if (days < 2 * 365) return fmt::format("{}d", days);
    auto const years = days / 365;
    if (years < 8) return two_units(years, 'y', days % 365, 'd');
    return fmt::format("{}y", years);
}

}  // namespace vedette
