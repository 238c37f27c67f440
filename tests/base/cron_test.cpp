#include "base/cron.hpp"

#include "base/random.hpp"
#include "base/time_format.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

namespace vedette {
namespace {

using namespace std::chrono;

CronSchedule parsed(std::string_view text, std::string_view zone = "UTC") {
    auto schedule = parse_cron(text, zone);
    EXPECT_TRUE(schedule.has_value()) << schedule.error().text();
    return schedule ? *schedule : *parse_cron("* * * * *", "UTC");
}

WallTime at(std::string_view text) {
    return *parse_rfc3339(text);
}

std::string next(std::string_view schedule, std::string_view zone, std::string_view after) {
    auto const tick = parsed(schedule, zone).next(at(after));
    return tick ? format_rfc3339(*tick) : "never";
}

TEST(Cron, NextTicks) {
    struct Row {
        std::string_view schedule;
        std::string_view zone;
        std::string_view after;
        std::string_view want;
    };
    for (auto const& row : {
             Row{"* * * * *", "UTC", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"},
             Row{"* * * * *", "UTC", "2025-12-31T23:59:59.999Z", "2026-01-01T00:00:00Z"},
             Row{"? ? ? ? ?", "UTC", "2026-01-01T00:00:30Z", "2026-01-01T00:01:00Z"},
             Row{"*/15 * * * *", "UTC", "2026-01-01T00:45:00Z", "2026-01-01T01:00:00Z"},
             Row{"5/20 * * * *", "UTC", "2026-01-01T00:06:00Z", "2026-01-01T00:25:00Z"},
             Row{"0 0 * * SUN", "UTC", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"},
             Row{"0 0 13 * Fri", "UTC", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"},
             Row{"0 0 13 * *", "UTC", "2026-01-01T00:00:00Z", "2026-01-13T00:00:00Z"},
             Row{"0 0 * * 5", "UTC", "2026-01-03T00:00:00Z", "2026-01-09T00:00:00Z"},
             Row{"0 0 */2 * 5", "UTC", "2026-01-03T00:00:00Z", "2026-01-05T00:00:00Z"},
             Row{"0 0 31 feb-apr *", "UTC", "2026-01-01T00:00:00Z", "2026-03-31T00:00:00Z"},
             Row{"0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"},
             Row{"0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"},
             Row{"@yearly", "UTC", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
             Row{"@annually", "UTC", "2025-06-01T00:00:00Z", "2026-01-01T00:00:00Z"},
             Row{"@monthly", "UTC", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"},
             Row{"@weekly", "UTC", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"},
             Row{"@daily", "UTC", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"},
             Row{"@midnight", "UTC", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"},
             Row{"@hourly", "UTC", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"},
             Row{"TZ=Asia/Kolkata 0 9 * * *", "UTC", "2026-01-01T00:00:00Z", "2026-01-01T03:30:00Z"},
             Row{"CRON_TZ=UTC @daily", "Asia/Kolkata", "2026-01-01T05:00:00Z", "2026-01-02T00:00:00Z"},
             Row{" 0\t9 * * * ", "America/New_York", "2026-01-01T00:00:00Z", "2026-01-01T14:00:00Z"},
             Row{"1,,2 * * * *", "UTC", "2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"},
             Row{"* * * * *", "UTC", "1969-12-31T23:58:30.5Z", "1969-12-31T23:59:00Z"},
             Row{"0 0 1 1 *", "UTC", "2262-02-01T00:00:00Z", "never"},
         }) {
        EXPECT_EQ(next(row.schedule, row.zone, row.after), row.want) << row.schedule << " after " << row.after;
    }
}

TEST(Cron, AGapSkipsATickAndADoubledHourTicksTwice) {
    struct Row {
        std::string_view schedule;
        std::string_view zone;
        std::vector<std::string_view> ticks;
    };
    for (auto const& row : {
             Row{"30 2 * * *",
                 "Europe/Berlin",
                 {"2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"}},
             Row{"30 2 * * *",
                 "Europe/Berlin",
                 {"2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"}},
             Row{"0 1 * * *",
                 "America/New_York",
                 {"2026-10-31T05:00:00Z", "2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z", "2026-11-02T06:00:00Z"}},
             Row{"0 * * * *", "Europe/Berlin", {"2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"}},
             Row{"15 2 * * *", "Australia/Lord_Howe", {"2026-10-02T15:45:00Z", "2026-10-04T15:15:00Z"}},
             Row{"45 1 * * *",
                 "Australia/Lord_Howe",
                 {"2026-04-03T14:45:00Z", "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z", "2026-04-05T15:15:00Z"}},
             // Midnight does not exist on the day summer time begins.
             Row{"0 0 * * *", "America/Santiago", {"2026-09-05T04:00:00Z", "2026-09-07T03:00:00Z"}},
         }) {
        SCOPED_TRACE(std::string(row.schedule) + " " + std::string(row.zone));
        auto const schedule = parsed(row.schedule, row.zone);
        for (std::size_t i = 0; i + 1 < row.ticks.size(); ++i) {
            EXPECT_EQ(format_rfc3339(schedule.next(at(row.ticks[i])).value()), row.ticks[i + 1]);
            EXPECT_EQ(format_rfc3339(schedule.previous(at(row.ticks[i + 1]) - 1ns).value()), row.ticks[i]);
        }
    }
}

TEST(Cron, PreviousIncludesTheMomentItself) {
    auto const schedule = parsed("0 12 * * *");
    EXPECT_EQ(schedule.previous(at("2026-01-01T12:00:00Z")), at("2026-01-01T12:00:00Z"));
    EXPECT_EQ(schedule.previous(at("2026-01-01T11:59:59.999Z")), at("2025-12-31T12:00:00Z"));
    EXPECT_EQ(parsed("0 0 29 2 *").previous(at("2026-01-01T00:00:00Z")), at("2024-02-29T00:00:00Z"));
    EXPECT_EQ(schedule.next(WallTime::max()), std::nullopt);
    EXPECT_EQ(parsed("0 0 29 2 *").previous(WallTime::min() + 24h), std::nullopt);
}

TEST(Cron, EveryCountsFromTheWholeSecond) {
    struct Row {
        std::string_view schedule;
        Duration want;
        bool raised = false;
    };
    for (auto const& row : {
             Row{"@every 1h30m", 90min},
             Row{"@every 1.5h", 90min},
             Row{"@every 90s", 90s},
             Row{"@every 10ms", 1s, true},
             Row{"@every 0", 1s, true},
             Row{"@every -5m", 1s, true},
             Row{"@every 999ms999us999ns", 1s, true},
             Row{"@every 1s", 1s},
             Row{"@every 1500ms", 1s},
             Row{"@every 2m0.9s", 2min},
             Row{"@every 1h1us1ns", 1h},
             Row{"TZ=Asia/Kolkata @every 5m", 5min},
         }) {
        auto const schedule = parsed(row.schedule);
        EXPECT_TRUE(schedule.every());
        EXPECT_EQ(schedule.interval(), row.want) << row.schedule;
        EXPECT_EQ(schedule.raised_to_a_second(), row.raised) << row.schedule;
        EXPECT_EQ(schedule.next(at("2026-01-01T00:00:00.7Z")), at("2026-01-01T00:00:00Z") + row.want);
        EXPECT_EQ(schedule.previous(at("2026-01-01T00:00:00Z")), std::nullopt);
    }
    EXPECT_FALSE(parsed("@hourly").every());
    EXPECT_EQ(parsed("@every 2540000h").next(at("2026-01-01T00:00:00Z")), std::nullopt);
}

TEST(Cron, ErrorsNameTheFieldAndTheBadText) {
    struct Row {
        std::string_view text;
        std::string want;
    };
    for (auto const& row : {
             Row{"", "the schedule is empty"},
             Row{"  ", "the schedule is empty"},
             Row{"* * * *", "schedule \"* * * *\" has 4 fields, not 5: minute, hour, day of month, month, day of week"},
             Row{"0 * * * * *",
                 "schedule \"0 * * * * *\" has 6 fields, not 5: minute, hour, day of month, month, day of week"},
             Row{"60 * * * *", "schedule \"60 * * * *\": minute: \"60\" is outside 0-59"},
             Row{"* 24 * * *", "schedule \"* 24 * * *\": hour: \"24\" is outside 0-23"},
             Row{"* * 0 * *", "schedule \"* * 0 * *\": day of month: \"0\" is outside 1-31"},
             Row{"* * * 13 *", "schedule \"* * * 13 *\": month: \"13\" is outside 1-12"},
             Row{"* * * * 7", "schedule \"* * * * 7\": day of week: \"7\" is outside 0-6"},
             Row{"* * * * sun-7", "schedule \"* * * * sun-7\": day of week: \"sun-7\" is outside 0-6"},
             Row{"5-1 * * * *", "schedule \"5-1 * * * *\": minute: \"5-1\" begins after it ends"},
             Row{"*/0 * * * *", "schedule \"*/0 * * * *\": minute: \"*/0\" has a step of zero"},
             Row{"1/2/3 * * * *", "schedule \"1/2/3 * * * *\": minute: \"1/2/3\" has more than one slash"},
             Row{"1-2-3 * * * *", "schedule \"1-2-3 * * * *\": minute: \"1-2-3\" has more than one hyphen"},
             Row{"*-5 * * * *", "schedule \"*-5 * * * *\": minute: \"*-5\" is a range that begins with a star"},
             Row{"x * * * *", "schedule \"x * * * *\": minute: \"x\" in \"x\" is not a number"},
             Row{"-1 * * * *", "schedule \"-1 * * * *\": minute: \"\" in \"-1\" is not a number"},
             Row{"* * * june *", "schedule \"* * * june *\": month: \"june\" in \"june\" is not a number or a name"},
             Row{"99999999999 * * * *", "schedule \"99999999999 * * * *\": minute: \"99999999999\" is too large"},
             Row{", * * * *", "schedule \", * * * *\": minute: \",\" names no value"},
             Row{"0 0 30 2 *", "schedule \"0 0 30 2 *\" never fires: no such month has such a day"},
             Row{"0 0 31 4,6,9,11 ?", "schedule \"0 0 31 4,6,9,11 ?\" never fires: no such month has such a day"},
             Row{"TZ=UTC", "schedule \"TZ=UTC\" has a time zone and nothing after it"},
             Row{"TZ=Mars/Base * * * * *", "schedule \"TZ=Mars/Base * * * * *\": there is no time zone \"Mars/Base\""},
             Row{"@every",
                 "\"@every\" is none of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, "
                 "@every"},
             Row{"@every 1d", "@every \"1d\" is not a duration such as 1h30m"},
             Row{"@every 5", "@every \"5\" is not a duration such as 1h30m"},
         }) {
        auto const got = parse_cron(row.text, "UTC");
        ASSERT_FALSE(got.has_value()) << row.text;
        EXPECT_EQ(got.error(), Error(Errc::invalid_input, row.want));
    }
    EXPECT_EQ(parse_cron("* * * * *", "Nowhere").error().text(), "there is no time zone \"Nowhere\"");
    EXPECT_LT(parse_cron(std::string(1'000'000, '*'), "UTC").error().text().size(), 300u);
    EXPECT_LT(parse_cron("@every " + std::string(1'000'000, '9') + "h", "UTC").error().text().size(), 300u);
    EXPECT_FALSE(parse_cron("@every 99999999999999h", "UTC").has_value());
    EXPECT_TRUE(parse_cron("0 0 30 2 1", "UTC").has_value()) << "every Monday of February";
}

// The slow way: every minute of four years, its local time field by field, against sets spelled out value by value.

struct LocalMinute {
    std::uint8_t minute, hour, day, month, weekday;
};

constexpr auto first_minute = sys_days(2023y / 1 / 1);
constexpr std::size_t minutes_checked = (4 * 365 + 1) * 1440;

std::vector<LocalMinute> local_minutes(std::string_view zone_name) {
    auto const zone = TimeZone::named(zone_name).value();
    std::vector<LocalMinute> all;
    all.reserve(minutes_checked);
    for (std::size_t i = 0; i < minutes_checked; i += 30) {
        // Offsets change on half hours only.
        auto const utc = sys_seconds(first_minute) + minutes(i);
        auto const local = utc + zone.span_at(utc).offset;
        auto const day = floor<days>(local);
        year_month_day const date(day);
        auto const minute_of_day = static_cast<unsigned>(duration_cast<minutes>(local - day).count());
        for (unsigned m = minute_of_day; m < minute_of_day + 30; ++m) {
            all.push_back({static_cast<std::uint8_t>(m % 60), static_cast<std::uint8_t>(m / 60),
                           static_cast<std::uint8_t>(static_cast<unsigned>(date.day())),
                           static_cast<std::uint8_t>(static_cast<unsigned>(date.month())),
                           static_cast<std::uint8_t>(weekday(day).c_encoding())});
        }
    }
    return all;
}

struct Set {
    bool values[64] = {};
    bool star = false;
};

/// Numbers, `*`, ranges and steps; no names.
Set set_of(std::string field, int low, int high) {
    Set set;
    for (std::size_t begin = 0; begin <= field.size();) {
        auto const end = std::min(field.find(',', begin), field.size());
        auto const part = field.substr(begin, end - begin);
        begin = end + 1;
        auto const slash = part.find('/');
        int const step = slash == std::string::npos ? 1 : std::atoi(part.c_str() + slash + 1);
        auto const range = part.substr(0, slash);
        auto const hyphen = range.find('-');
        bool const star = range == "*";
        int const from = star ? low : std::atoi(range.c_str());
        int to = slash == std::string::npos ? from : high;
        if (star) to = high;
        if (hyphen != std::string::npos) to = std::atoi(range.c_str() + hyphen + 1);
        for (int v = from; v <= to; v += step) set.values[v] = true;
        set.star = set.star || (star && step == 1);
    }
    return set;
}

std::vector<WallTime> ticks_by_enumeration(std::string const& schedule, std::vector<LocalMinute> const& all) {
    std::vector<std::string> fields(1);
    for (char c : schedule) c == ' ' ? fields.emplace_back() : fields.back() += c;
    auto const minute = set_of(fields[0], 0, 59);
    auto const hour = set_of(fields[1], 0, 23);
    auto const day = set_of(fields[2], 1, 31);
    auto const month = set_of(fields[3], 1, 12);
    auto const week = set_of(fields[4], 0, 6);
    std::vector<WallTime> ticks;
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto const& m = all[i];
        if (!minute.values[m.minute] || !hour.values[m.hour] || !month.values[m.month]) continue;
        bool const by_day = day.values[m.day];
        bool const by_week = week.values[m.weekday];
        if (day.star || week.star ? by_day && by_week : by_day || by_week) ticks.push_back(first_minute + minutes(i));
    }
    return ticks;
}

void compare(std::string const& text, std::string_view zone, std::vector<LocalMinute> const& all, Random& random) {
    SCOPED_TRACE(text + " in " + std::string(zone));
    auto const ticks = ticks_by_enumeration(text, all);
    auto const schedule = parsed(text, zone);
    auto const check = [&](WallTime when) {
        auto const after = std::ranges::upper_bound(ticks, when);
        if (after != ticks.end()) ASSERT_EQ(schedule.next(when), *after) << format_rfc3339(when, 9);
        if (after != ticks.begin()) ASSERT_EQ(schedule.previous(when), *(after - 1)) << format_rfc3339(when, 9);
    };
    for (std::size_t i = 0; i < std::min<std::size_t>(ticks.size(), 300); ++i) {
        auto const tick = ticks[random.below(ticks.size())];
        check(tick);
        check(tick - 1ns);
    }
    for (int i = 0; i < 300; ++i) {
        check(first_minute + seconds(random.below(minutes_checked * 60)) + nanoseconds(random.below(1'000'000'000)));
    }
    // Around the changes of the clock, minute by minute.
    auto const zone_of = TimeZone::named(zone).value();
    for (auto t = sys_seconds(first_minute); t < sys_seconds(first_minute) + days(3 * 365);) {
        auto const change = zone_of.span_at(t).end;
        if (change > sys_seconds(first_minute) + days(3 * 365)) break;
        for (auto m = change - 3h; m < change + 3h; m += 7min) check(m);
        t = change;
    }
}

constexpr std::string_view zones[] = {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
                                      "UTC"};

TEST(Cron, AgreesWithTheEnumerationOfEveryMinute) {
    Random random(17);
    for (auto const zone : zones) {
        auto const all = local_minutes(zone);
        for (std::string const text :
             {"* * * * *",    "0 * * * *",     "*/7 * * * *",  "30 2 * * *",     "0 2 * * *",
              "59 1 * * *",   "0 3 * * *",     "15 2 * * 0",   "0 0 * * *",      "59 23 * * *",
              "0 0 1 * *",    "0 0 31 * *",    "30 2 29 3 *",  "0 0 29 2 *",     "0 12 * * 1-5",
              "0 12 13 * 5",  "0 12 */2 * 1",  "0 12 */1 * 1", "5/20 1-3 * * *", "0,30 2,3 * 3,10 *",
              "* 2 * 3,11 0", "45 1 * 4,10 *", "0 0 1 1 *",    "30 4 1,15 * 5"}) {
            compare(text, zone, all, random);
            if (HasFatalFailure()) return;
        }
    }
}

std::string random_field(Random& random, int low, int high) {
    auto const value = [&](int from) {
        return from + static_cast<int>(random.below(static_cast<std::uint64_t>(high - from + 1)));
    };
    std::string field;
    for (auto parts = 1 + random.below(3); parts > 0; --parts) {
        if (!field.empty()) field += ',';
        auto const from = value(low);
        switch (random.below(5)) {
            case 0:
                field += "*";
                break;
            case 1:
                field += fmt::format("*/{}", 1 + random.below(20));
                break;
            case 2:
                field += fmt::format("{}-{}", from, value(from));
                break;
            case 3:
                field += fmt::format("{}/{}", from, 1 + random.below(9));
                break;
            default:
                field += fmt::format("{}", from);
                break;
        }
    }
    return field;
}

TEST(Cron, AgreesWithTheEnumerationOnRandomSchedules) {
    auto const* given = std::getenv("SEED");
    std::uint64_t const seed = given ? std::strtoull(given, nullptr, 10) : 20260131;
    SCOPED_TRACE(fmt::format("SEED={}", seed));
    Random random(seed);
    for (auto const zone : zones) {
        auto const all = local_minutes(zone);
        for (int i = 0; i < 15; ++i) {
            auto const text =
                fmt::format("{} {} {} {} {}", random_field(random, 0, 59), random_field(random, 0, 23),
                            random_field(random, 1, 31), random_field(random, 1, 12), random_field(random, 0, 6));
            if (!parse_cron(text, zone)) continue;  // such as 31 April
            compare(text, zone, all, random);
            if (HasFatalFailure()) return;
        }
    }
}

}  // namespace
}  // namespace vedette
