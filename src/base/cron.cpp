// Ticks of a cron schedule. Inside a span of constant offset local time is plain arithmetic, so the search goes span
// by span, day by day, and takes the time of day from bit sets: no case for daylight saving, and the same code in
// both directions.

#include "base/cron.hpp"

#include <algorithm>
#include <bit>

namespace vedette {
namespace {

namespace chr = std::chrono;
using chr::sys_seconds;

// Local times count seconds since 1970-01-01 00:00 local time, in the same type as UTC ones.
using LocalSeconds = sys_seconds;

constexpr chr::days horizon(9 * 366);

bool has(std::uint64_t bits, unsigned value) {
    return ((bits >> value) & 1U) != 0;
}

/// The smallest value in the set that is at least `from`.
std::optional<unsigned> at_least(std::uint64_t bits, unsigned from) {
    auto const left = from > 63 ? 0 : bits >> from << from;
    return left == 0 ? std::nullopt : std::optional(static_cast<unsigned>(std::countr_zero(left)));
}

/// The largest value in the set that is at most `to`.
std::optional<unsigned> at_most(std::uint64_t bits, unsigned to) {
    auto const left = bits & (~std::uint64_t{0} >> (63 - std::min(to, 63U)));
    return left == 0 ? std::nullopt : std::optional(63U - static_cast<unsigned>(std::countl_zero(left)));
}

struct TimesOfDay {
    std::uint64_t minutes;
    std::uint64_t hours;

    static chr::minutes time(unsigned hour, unsigned minute) { return chr::minutes(hour * 60 + minute); }

    std::optional<chr::minutes> first_from(chr::minutes from) const {
        auto const count = static_cast<unsigned>(from.count());
        if (has(hours, count / 60)) {
            if (auto const minute = at_least(minutes, count % 60)) return time(count / 60, *minute);
        }
        auto const hour = at_least(hours, count / 60 + 1);
        return hour ? std::optional(time(*hour, *at_least(minutes, 0))) : std::nullopt;
    }

    std::optional<chr::minutes> last_until(chr::minutes until) const {
        auto const count = static_cast<unsigned>(until.count());
        if (has(hours, count / 60)) {
            if (auto const minute = at_most(minutes, count % 60)) return time(count / 60, *minute);
        }
        if (count < 60) return std::nullopt;
        auto const hour = at_most(hours, count / 60 - 1);
        return hour ? std::optional(time(*hour, *at_most(minutes, 59))) : std::nullopt;
    }
};

/// The first match in [from, end), local time.
template <class HasDay>
std::optional<LocalSeconds> first_match(LocalSeconds from, LocalSeconds end, TimesOfDay times, HasDay has_day) {
    for (auto day = chr::floor<chr::days>(from); day < end; day += chr::days(1)) {
        if (!has_day(day)) continue;
        auto const earliest = std::max(chr::ceil<chr::minutes>(from - day), chr::minutes(0));
        auto const time = earliest < chr::days(1) ? times.first_from(earliest) : std::nullopt;
        if (!time) continue;
        return day + *time < end ? std::optional(LocalSeconds(day + *time)) : std::nullopt;
    }
    return std::nullopt;
}

/// The last match in [begin, to], local time.
template <class HasDay>
std::optional<LocalSeconds> last_match(LocalSeconds begin, LocalSeconds to, TimesOfDay times, HasDay has_day) {
    for (auto day = chr::floor<chr::days>(to); day + chr::days(1) > begin; day -= chr::days(1)) {
        if (!has_day(day)) continue;
        auto const latest = std::min(chr::floor<chr::minutes>(to - day), chr::minutes(24 * 60 - 1));
        auto const time = times.last_until(latest);
        if (!time) continue;
        return day + *time >= begin ? std::optional(LocalSeconds(day + *time)) : std::nullopt;
    }
    return std::nullopt;
}

sys_seconds const earliest = chr::ceil<chr::seconds>(WallTime::min());
sys_seconds const latest = chr::floor<chr::seconds>(WallTime::max());

}  // namespace

bool CronSchedule::Fields::has_day(chr::sys_days day) const {
    chr::year_month_day const date(day);
    if (!has(months, static_cast<unsigned>(date.month()))) return false;
    bool const day_matches = has(days, static_cast<unsigned>(date.day()));
    bool const weekday_matches = has(weekdays, chr::weekday(day).c_encoding());
    return any_day || any_weekday ? day_matches && weekday_matches : day_matches || weekday_matches;
}

bool CronSchedule::Fields::ever_has_a_day() const {
    // A star leaves the other field alone to restrict, so it is enough that some chosen month has a chosen day.
    if (!any_day && !any_weekday) return true;
    for (unsigned month = 1; month <= 12; ++month) {
        if (!has(months, month)) continue;
        auto const last = static_cast<unsigned>((chr::year(2024) / chr::month(month) / chr::last).day());
        auto const first_day = at_least(days, 1);
        if (first_day && *first_day <= last) return true;
    }
    return false;
}

std::optional<WallTime> CronSchedule::next(WallTime after) const {
    auto const whole = chr::floor<chr::seconds>(after);
    if (every()) {
        auto const tick = whole + chr::floor<chr::seconds>(interval_);
        return tick < latest ? std::optional(WallTime(tick)) : std::nullopt;
    }
    auto const has_day = [this](chr::sys_days day) { return fields_.has_day(day); };
    auto const limit = std::min(whole + horizon, latest);
    for (auto from = whole + 1s; from < limit;) {
        auto const span = zone_.span_at(from);
        auto const end = std::min(span.end, limit);
        auto const found =
            first_match(from + span.offset, end + span.offset, {fields_.minutes, fields_.hours}, has_day);
        if (found) return WallTime(*found - span.offset);
        from = end;
    }
    return std::nullopt;
}

std::optional<WallTime> CronSchedule::previous(WallTime before_or_at) const {
    if (every()) return std::nullopt;
    auto const has_day = [this](chr::sys_days day) { return fields_.has_day(day); };
    auto const whole = chr::floor<chr::seconds>(before_or_at);
    auto const limit = whole < earliest + horizon ? earliest : whole - horizon;
    for (auto to = whole; to >= limit;) {
        auto const span = zone_.span_at(to);
        auto const begin = std::max(span.begin, limit);
        auto const found = last_match(begin + span.offset, to + span.offset, {fields_.minutes, fields_.hours}, has_day);
        if (found) return WallTime(*found - span.offset);
        to = begin - 1s;
    }
    return std::nullopt;
}

}  // namespace vedette
