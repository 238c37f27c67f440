// Reading cron schedules. The grammar and its corners (`N/step` runs to the field's end, `*/2` counts as restricted,
// empty list items are skipped, Sunday is 0 only) are robfig/cron's; what makes it panic or spin is an error here.

#include "base/cron.hpp"
#include "base/trim.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

namespace vedette {
namespace {

namespace chr = std::chrono;

__extension__ using Wide = __int128;

struct FieldRule {
    std::string_view name;
    unsigned low;
    unsigned high;
    std::string_view words;  ///< names of the values from `low` on, three letters each
};

constexpr FieldRule rules[] = {
    {"minute", 0, 59, ""},
    {"hour", 0, 23, ""},
    {"day of month", 1, 31, ""},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {"day of week", 0, 6, "sunmontuewedthufrisat"},
};

struct FieldValue {
    std::uint64_t bits = 0;
    bool star = false;
};

std::vector<std::string_view> split(std::string_view text, std::string_view separators, bool keep_empty) {
    std::vector<std::string_view> parts;
    while (true) {
        auto const end = text.find_first_of(separators);
        auto const part = text.substr(0, end);
        if (keep_empty || !part.empty()) parts.push_back(part);
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string shown(std::string_view text) {
    return fmt::format("\"{}\"", text.substr(0, 64));
}

template <class... Args>
std::unexpected<Error> bad(FieldRule const& rule, fmt::format_string<Args...> format, Args&&... args) {
    return std::unexpected(
        Error(Errc::invalid_input, fmt::format(format, std::forward<Args>(args)...)).in_context(rule.name));
}

std::optional<unsigned> word_value(FieldRule const& rule, std::string_view text) {
    if (text.size() != 3) return std::nullopt;
    std::string lower;
    for (char c : text) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    for (std::size_t i = 0; i < rule.words.size(); i += 3) {
        if (rule.words.substr(i, 3) == lower) return rule.low + static_cast<unsigned>(i / 3);
    }
    return std::nullopt;
}

Result<unsigned> number(FieldRule const& rule, std::string_view text, std::string_view whole) {
    if (auto const value = word_value(rule, text)) return *value;
    unsigned value = 0;
    auto const got = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || got.ptr != text.data() + text.size() || got.ec == std::errc::invalid_argument) {
        return bad(rule, "{} in {} is not a number{}", shown(text), shown(whole),
                   rule.words.empty() ? "" : " or a name");
    }
    if (got.ec != std::errc()) return bad(rule, "{} is too large", shown(text));
    return value;
}

/// `*`, `5`, `1-5`, each with `/step` or not.
Result<FieldValue> parse_range(FieldRule const& rule, std::string_view text) {
    auto const halves = split(text, "/", true);
    auto const ends = split(halves[0], "-", true);
    if (halves.size() > 2) return bad(rule, "{} has more than one slash", shown(text));
    if (ends.size() > 2) return bad(rule, "{} has more than one hyphen", shown(text));
    bool star = ends[0] == "*" || ends[0] == "?";
    auto low = rule.low;
    auto high = rule.high;
    if (star && ends.size() > 1) return bad(rule, "{} is a range that begins with a star", shown(text));
    if (!star) {
        auto const first = number(rule, ends[0], text);
        if (!first) return std::unexpected(first.error());
        auto const last = ends.size() == 2 ? number(rule, ends[1], text) : first;
        if (!last) return std::unexpected(last.error());
        low = *first;
        // `5/10` means from 5 to the end.
        high = ends.size() == 1 && halves.size() == 2 ? rule.high : *last;
    }
    unsigned step = 1;
    if (halves.size() == 2) {
        auto const given = number(FieldRule{rule.name, 0, 0, ""}, halves[1], text);
        if (!given) return std::unexpected(given.error());
        if (*given == 0) return bad(rule, "{} has a step of zero", shown(text));
        step = *given;
        star = star && step == 1;
    }
    if (low < rule.low || low > rule.high || high > rule.high) {
        return bad(rule, "{} is outside {}-{}", shown(text), rule.low, rule.high);
    }
    if (low > high) return bad(rule, "{} begins after it ends", shown(text));
    FieldValue value{.bits = 0, .star = star};
    for (std::uint64_t i = low; i <= high; i += step) value.bits |= std::uint64_t{1} << i;
    return value;
}

Result<FieldValue> parse_field(FieldRule const& rule, std::string_view text) {
    FieldValue all;
    for (auto const part : split(text, ",", false)) {
        auto const value = parse_range(rule, part);
        if (!value) return value;
        all.bits |= value->bits;
        all.star = all.star || value->star;
    }
    if (all.bits == 0) return bad(rule, "{} names no value", shown(text));
    return all;
}

std::optional<std::string_view> spelled_out(std::string_view descriptor) {
    if (descriptor == "@yearly" || descriptor == "@annually") return "0 0 1 1 *";
    if (descriptor == "@monthly") return "0 0 1 * *";
    if (descriptor == "@weekly") return "0 0 * * 0";
    if (descriptor == "@daily" || descriptor == "@midnight") return "0 0 * * *";
    if (descriptor == "@hourly") return "0 * * * *";
    return std::nullopt;
}

/// Go's time.ParseDuration: ns us ms s m h, a sign, several numbers; "0" needs no unit.
std::optional<Duration> parse_go_duration(std::string_view text) {
    bool const negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    if (text == "0") return Duration::zero();
    if (text.empty()) return std::nullopt;
    struct Unit {
        std::string_view name;
        double nanoseconds;
    };
    constexpr Unit units[] = {{"ns", 1},   {"us", 1e3}, {"\u00b5s", 1e3}, {"\u03bcs", 1e3},
                              {"ms", 1e6}, {"s", 1e9},  {"m", 60e9},      {"h", 3600e9}};
    // Fractions of a second are cut by @every anyway, so double precision is enough up to 2^53 ns; beyond that whole
    // seconds are exact because the sum is kept apart from the fraction.
    double fraction = 0;
    Wide whole = 0;
    while (!text.empty()) {
        auto const digits_end = std::min(text.find_first_not_of("0123456789."), text.size());
        auto const amount = text.substr(0, digits_end);
        auto const dot = amount.find('.');
        auto const before = amount.substr(0, dot);
        auto const after = dot == std::string_view::npos ? "" : amount.substr(dot + 1);
        if ((before.empty() && after.empty()) || after.find('.') != std::string_view::npos) return std::nullopt;
        text.remove_prefix(digits_end);
        auto const unit_end = std::min(text.find_first_of("0123456789."), text.size());
        auto const* unit = std::ranges::find(units, text.substr(0, unit_end), &Unit::name);
        if (unit == std::end(units)) return std::nullopt;
        text.remove_prefix(unit_end);
        std::uint64_t count = 0;
        auto const got = std::from_chars(before.data(), before.data() + before.size(), count);
        if (!before.empty() && got.ec != std::errc()) return std::nullopt;
        double part = 0;
        double place = 0.1;
        for (char c : after) {
            part += (c - '0') * place;
            place /= 10;
        }
        whole += static_cast<Wide>(count) * static_cast<std::int64_t>(unit->nanoseconds);
        fraction += part * unit->nanoseconds;
        if (whole > Duration::max().count() || fraction > 9e18) return std::nullopt;
    }
    whole += static_cast<std::int64_t>(fraction + 0.5);
    if (whole > Duration::max().count()) return std::nullopt;
    auto const nanoseconds = static_cast<std::int64_t>(whole);
    return Duration(negative ? -nanoseconds : nanoseconds);
}

Result<Duration> parse_every(std::string_view text) {
    auto const given = parse_go_duration(text);
    if (!given) return fail(Errc::invalid_input, "@every {} is not a duration such as 1h30m", shown(text));
    return *given;
}

}  // namespace

Result<CronSchedule> parse_cron(std::string_view text, TimeZone default_zone) {
    auto const original = text;
    CronSchedule schedule(default_zone);
    if (text.starts_with("TZ=") || text.starts_with("CRON_TZ=")) {
        auto const space = text.find(' ');
        if (space == std::string_view::npos) {
            return fail(Errc::invalid_input, "schedule {} has a time zone and nothing after it", shown(original));
        }
        auto const equals = text.find('=');
        auto zone = TimeZone::named(text.substr(equals + 1, space - equals - 1));
        if (!zone) return pass(zone, fmt::format("schedule {}", shown(original)));
        schedule.zone_ = *zone;
        text = text.substr(space);
    }
    text = trim(text, " \t\r\n\v\f");
    if (text.empty()) return fail(Errc::invalid_input, "the schedule is empty");
    if (text.starts_with("@every ")) {
        auto const written = parse_every(text.substr(7));
        if (!written) return std::unexpected(written.error());
        schedule.raised_ = *written < 1s;
        schedule.interval_ = std::max<Duration>(chr::floor<chr::seconds>(*written), 1s);
        return schedule;
    }
    if (text.starts_with('@')) {
        auto const spelled = spelled_out(text);
        if (!spelled) {
            return fail(Errc::invalid_input,
                        "{} is none of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, @every",
                        shown(text));
        }
        text = *spelled;
    }
    auto const parts = split(text, " \t\r\n\v\f", false);
    if (parts.size() != std::size(rules)) {
        return fail(Errc::invalid_input,
                    "schedule {} has {} fields, not 5: minute, hour, day of month, month, day of week", shown(original),
                    parts.size());
    }
    FieldValue values[std::size(rules)];
    for (std::size_t i = 0; i < parts.size(); ++i) {
        auto value = parse_field(rules[i], parts[i]);
        if (!value) return pass(value, fmt::format("schedule {}", shown(original)));
        values[i] = *value;
    }
    schedule.fields_ = {.minutes = values[0].bits,
                        .hours = values[1].bits,
                        .days = values[2].bits,
                        .months = values[3].bits,
                        .weekdays = values[4].bits,
                        .any_day = values[2].star,
                        .any_weekday = values[4].star};
    if (!schedule.fields_.ever_has_a_day()) {
        return fail(Errc::invalid_input, "schedule {} never fires: no such month has such a day", shown(original));
    }
    return schedule;
}

Result<CronSchedule> parse_cron(std::string_view text) {
    return parse_cron(text, TimeZone::local());
}

Result<CronSchedule> parse_cron(std::string_view text, std::string_view default_zone) {
    auto const zone = TimeZone::named(default_zone);
    if (!zone) return std::unexpected(zone.error());
    return parse_cron(text, *zone);
}

}  // namespace vedette
