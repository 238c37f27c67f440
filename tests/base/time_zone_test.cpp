#include "base/time_zone.hpp"

#include <gtest/gtest.h>

namespace vedette {
namespace {

using namespace std::chrono;

TimeZone zone(std::string_view name) {
    auto found = TimeZone::named(name);
    EXPECT_TRUE(found.has_value()) << found.error().text();
    return found.value_or(TimeZone::utc());
}

TEST(TimeZone, OffsetsChangeWhereTheLawSaysSo) {
    struct Row {
        std::string_view zone;
        sys_seconds change;
        seconds before;
        seconds after;
    };
    for (auto const& row : {
             Row{"Europe/Berlin", sys_days(2026y / 3 / 29) + 1h, 1h, 2h},
             Row{"Europe/Berlin", sys_days(2026y / 10 / 25) + 1h, 2h, 1h},
             Row{"America/New_York", sys_days(2026y / 3 / 8) + 7h, -5h, -4h},
             Row{"Australia/Lord_Howe", sys_days(2026y / 4 / 4) + 15h, 11h, 10h + 30min},
             Row{"Australia/Lord_Howe", sys_days(2026y / 10 / 3) + 15h + 30min, 10h + 30min, 11h},
         }) {
        SCOPED_TRACE(row.zone);
        auto const before = zone(row.zone).span_at(row.change - 1s);
        auto const after = zone(row.zone).span_at(row.change);
        EXPECT_EQ(before.end, row.change);
        EXPECT_EQ(after.begin, row.change);
        EXPECT_EQ(before.offset, row.before);
        EXPECT_EQ(after.offset, row.after);
    }
    EXPECT_EQ(zone("Asia/Kolkata").span_at(sys_days(2026y / 1 / 1)).offset, 5h + 30min);
    EXPECT_EQ(zone("UTC").span_at(sys_seconds()).offset, 0s);
}

TEST(TimeZone, NamesThatAreNoZoneAreRefused) {
    for (std::string const& name : {std::string("Mars/Olympus"), std::string("europe/berlin"), std::string("../passwd"),
                                    std::string("/etc/localtime"), std::string("Europe"), std::string("Europe/Berlin "),
                                    std::string("\u00e9"), std::string(1'000'000, 'A'), std::string("UTC\0", 4)}) {
        auto const got = TimeZone::named(name);
        ASSERT_FALSE(got.has_value()) << name.substr(0, 40);
        EXPECT_EQ(got.error().code(), Errc::invalid_input);
        EXPECT_LT(got.error().text().size(), 150u);
    }
    EXPECT_EQ(TimeZone::named("Mars/Olympus").error().text(), "there is no time zone \"Mars/Olympus\"");
    EXPECT_EQ(TimeZone::named(""), Result<TimeZone>(TimeZone::utc()));
    EXPECT_EQ(zone("Europe/Berlin").name(), "Europe/Berlin");
    EXPECT_FALSE(TimeZone::local().name().empty());
}

TEST(TimeZone, TheLocalOneIsThatOfTheEnvironmentOrTheMachine) {
    auto const of_the_machine = TimeZone::local();
    ::setenv("TZ", ":Asia/Kolkata", 1);
    EXPECT_EQ(TimeZone::local(), zone("Asia/Kolkata"));
    ::setenv("TZ", "Mars/Olympus", 1);
    EXPECT_EQ(TimeZone::local(), TimeZone::utc());
    for (auto const* name : {"Local", ":Local"}) {
        ::setenv("TZ", name, 1);
        EXPECT_EQ(TimeZone::local(), of_the_machine) << name;
    }
    ::unsetenv("TZ");
}

}  // namespace
}  // namespace vedette
