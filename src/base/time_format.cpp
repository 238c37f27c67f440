// Times as text, by hand on std::chrono's calendar: libstdc++ 12 formats and parses no times.

#include "base/time_format.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace vedette {
namespace {

namespace chr = std::chrono;

struct Parts {
    chr::year_month_day date;
    chr::hh_mm_ss<chr::nanoseconds> time;
};

Parts split(WallTime when) {
    auto const day = chr::floor<chr::days>(when);
    return {chr::year_month_day(day), chr::hh_mm_ss<chr::nanoseconds>(when - day)};
}

// By hand: a status holds a dozen times, and is written a dozen times for each run.
std::string date_and_time(Parts const& parts, char separator) {
    auto const year = static_cast<int>(parts.date.year());
    std::string text;
    text.reserve(std::string_view("2026-01-31T12:00:00.123456789Z").size());
    if (year < 0 || year > 9999) {
        text = fmt::format("{:04}", year);
    } else {
        for (int const unit : {1000, 100, 10, 1}) text += static_cast<char>('0' + year / unit % 10);
    }
    auto const add = [&text](char before, auto number) {
        text += before;
        text += static_cast<char>('0' + number / 10);
        text += static_cast<char>('0' + number % 10);
    };
    add('-', static_cast<unsigned>(parts.date.month()));
    add('-', static_cast<unsigned>(parts.date.day()));
    add(separator, parts.time.hours().count());
    add(':', parts.time.minutes().count());
    add(':', parts.time.seconds().count());
    return text;
}

/// Reads a text from left to right; after the first failure every further read fails too.
class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool ok() const { return ok_; }
    bool at_end() const { return rest_.empty(); }

    int number(std::size_t digits, int low, int high) {
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            auto const digit = next_digit();
            if (!digit) return fail_with(low);
            value = value * 10 + *digit;
        }
        return value >= low && value <= high ? value : fail_with(low);
    }

    char one_of(std::string_view allowed) {
        if (rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos) {
            ok_ = false;
            return '\0';
        }
        auto const c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    chr::nanoseconds fraction() {
        if (rest_.empty() || rest_.front() != '.') return {};
        rest_.remove_prefix(1);
        std::int64_t value = 0;
        int digits = 0;
        while (auto const digit = next_digit()) {
            if (digits++ < 9) value = value * 10 + *digit;
        }
        if (digits == 0) ok_ = false;
        for (; digits < 9; ++digits) value *= 10;
        return chr::nanoseconds(value);
    }

private:
    std::optional<int> next_digit() {
        if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return std::nullopt;
        int const digit = rest_.front() - '0';
        rest_.remove_prefix(1);
        return digit;
    }

    int fail_with(int value) {
        ok_ = false;
        return value;
    }

    std::string_view rest_;
    bool ok_ = true;
};

chr::minutes read_offset(Reader& in) {
    auto const sign = in.one_of("Zz+-");
    if (!in.ok() || sign == 'Z' || sign == 'z') return {};
    auto const hours = in.number(2, 0, 23);
    in.one_of(":");
    chr::minutes const offset(hours * 60 + in.number(2, 0, 59));
    return sign == '-' ? -offset : offset;
}

std::optional<WallTime> read_time(std::string_view text) {
    Reader in(text);
    auto const year = in.number(4, 0, 9999);
    in.one_of("-");
    auto const month = in.number(2, 1, 12);
    in.one_of("-");
    auto const day = in.number(2, 1, 31);
    in.one_of("Tt");
    auto const hours = in.number(2, 0, 23);
    in.one_of(":");
    auto const minutes = in.number(2, 0, 59);
    in.one_of(":");
    auto const seconds = in.number(2, 0, 59);
    auto const fraction = in.fraction();
    auto const offset = read_offset(in);
    chr::year_month_day const date(chr::year(year), chr::month(static_cast<unsigned>(month)),
                                   chr::day(static_cast<unsigned>(day)));
    if (!in.ok() || !in.at_end() || !date.ok()) return std::nullopt;
    auto const whole = chr::sys_seconds(chr::sys_days(date)) + chr::hours(hours) + chr::minutes(minutes) +
                       chr::seconds(seconds) - offset;
    // One second of room on both sides keeps the sum with the fraction inside 64 bits.
    if (whole <= chr::ceil<chr::seconds>(WallTime::min()) || whole >= chr::floor<chr::seconds>(WallTime::max())) {
        return std::nullopt;
    }
    return WallTime(whole) + fraction;
}

}  // namespace

std::string format_rfc3339(WallTime when, int fraction_digits) {
    auto const parts = split(when);
    auto text = date_and_time(parts, 'T');
    if (fraction_digits > 0) {
        auto const nanoseconds = fmt::format("{:09}", parts.time.subseconds().count());
        text += '.';
        text += nanoseconds.substr(0, static_cast<std::size_t>(std::min(fraction_digits, 9)));
    }
    text += 'Z';
    return text;
}

Result<WallTime> parse_rfc3339(std::string_view text) {
    if (auto const when = read_time(text)) return *when;
    return fail(Errc::malformed, "\"{}\" is not a time such as 2026-01-31T12:00:00Z", text.substr(0, 64));
}

std::string format_python(WallTime when) {
    auto const parts = split(when);
    return fmt::format("{}.{:06}", date_and_time(parts, ' '), parts.time.subseconds().count() / 1000);
}

}  // namespace vedette
