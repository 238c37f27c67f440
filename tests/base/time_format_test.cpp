#include "base/time_format.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

namespace vedette {
namespace {

using namespace std::chrono;

WallTime at(sys_days day, nanoseconds time = 0ns) {
    return WallTime(day) + time;
}

TEST(FormatRfc3339, FractionsAreCutAndEarlyTimesAreRight) {
    auto const when = at(2026y / 1 / 31, 12h + 5min + 9s + 987654321ns);
    EXPECT_EQ(format_rfc3339(when), "2026-01-31T12:05:09Z");
    EXPECT_EQ(format_rfc3339(when, 3), "2026-01-31T12:05:09.987Z");
    EXPECT_EQ(format_rfc3339(when, 9), "2026-01-31T12:05:09.987654321Z");
    EXPECT_EQ(format_rfc3339(when, 99), "2026-01-31T12:05:09.987654321Z");
    EXPECT_EQ(format_python(when), "2026-01-31 12:05:09.987654");
    EXPECT_EQ(format_python(WallTime()), "1970-01-01 00:00:00.000000");
    EXPECT_EQ(format_rfc3339(WallTime() - 1ns, 9), "1969-12-31T23:59:59.999999999Z");
}

TEST(ParseRfc3339, OffsetsAndFractionsOfAnyLength) {
    auto const noon = at(2024y / 2 / 29, 12h);
    struct Row {
        std::string_view text;
        WallTime want;
    };
    for (auto const& row : {
             Row{"2024-02-29T12:00:00Z", noon},
             Row{"2024-02-29t12:00:00z", noon},
             Row{"2024-02-29T14:00:00+02:00", noon},
             Row{"2024-02-29T00:30:00-11:30", noon},
             Row{"2024-03-01T00:30:00+12:30", noon},
             Row{"2024-02-29T12:00:00.5Z", noon + 500ms},
             Row{"2024-02-29T12:00:00.123456789Z", noon + 123456789ns},
             Row{"2024-02-29T12:00:00.1234567899999999999999999999999999999Z", noon + 123456789ns},
             Row{"1969-12-31T23:59:59.25Z", WallTime() - 750ms},
         }) {
        auto const got = parse_rfc3339(row.text);
        ASSERT_TRUE(got.has_value()) << row.text;
        EXPECT_EQ(*got, row.want) << row.text;
    }
}

TEST(ParseRfc3339, AnythingElseIsRefused) {
    for (std::string_view text : {"",
                                  "2024",
                                  "2024-02-30T12:00:00Z",
                                  "2023-02-29T00:00:00Z",
                                  "2024-13-01T00:00:00Z",
                                  "2024-00-01T00:00:00Z",
                                  "2024-01-01T24:00:00Z",
                                  "2024-01-01T00:60:00Z",
                                  "2024-01-01T00:00:60Z",
                                  "2024-01-01T00:00:00",
                                  "2024-01-01 00:00:00Z",
                                  "2024-01-01T00:00:00.Z",
                                  "2024-01-01T00:00:00+0200",
                                  "2024-01-01T00:00:00+24:00",
                                  "2024-01-01T00:00:00Zx",
                                  "2024-1-1T00:00:00Z",
                                  "+024-01-01T00:00:00Z",
                                  "0001-01-01T00:00:00Z",
                                  "9999-12-31T23:59:59Z",
                                  "2024-01-01T00:00:00\xE2\x80\x89Z"}) {
        EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
    }
    EXPECT_EQ(parse_rfc3339("yesterday").error(),
              Error(Errc::malformed, "\"yesterday\" is not a time such as 2026-01-31T12:00:00Z"));
}

TEST(ParseRfc3339, ReadsWhatFormatWrites) {
    Random random(11);
    for (int i = 0; i < 10'000; ++i) {
        WallTime const when{nanoseconds(static_cast<std::int64_t>(random.next() / 2))};
        auto const text = format_rfc3339(when, 9);
        if (when > at(2262y / 4 / 11)) continue;
        ASSERT_EQ(parse_rfc3339(text), Result<WallTime>(when)) << text;
    }
}

}  // namespace
}  // namespace vedette
