#include "base/duration.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

namespace vedette {
namespace {

TEST(ParseDuration, NumbersWithUnitsAddUp) {
    struct Row {
        std::string_view text;
        Duration want;
    };
    for (auto const& row : {
             Row{"250ms", 250ms},
             Row{"0s", 0s},
             Row{"30s", 30s},
             Row{"1h30m", 90min},
             Row{"1.5h", 90min},
             Row{"1d", 24h},
             Row{"2w", 336h},
             Row{".5s", 500ms},
             Row{"1.s", 1s},
             Row{"1m1ms", 60'001ms},
             Row{"0.0000005s", 500ns},
             Row{"0.0000000001s", 0ns},
             Row{"15250w", 15250 * 168h},
             Row{"0.333333333333333333333333333333h", 1'199'999'999'999ns},
             Row{"00001s", 1s},
         }) {
        EXPECT_EQ(parse_duration(row.text), Result<Duration>(row.want)) << row.text;
    }
}

TEST(ParseDuration, ErrorsSayWhatToWrite) {
    struct Row {
        std::string_view text;
        std::string want;
    };
    for (auto const& row : {
             Row{"", "a duration is empty: write one such as 30s or 1h30m"},
             Row{"30", "duration \"30\" lacks a unit: add one of ms, s, m, h, d, w"},
             Row{"1h30", "duration \"1h30\" lacks a unit: add one of ms, s, m, h, d, w"},
             Row{"-5s", "duration \"-5s\" is negative"},
             Row{"5y", "duration \"5y\" has the unknown unit \"y\": use ms, s, m, h, d, w"},
             Row{"5S", "duration \"5S\" has the unknown unit \"S\": use ms, s, m, h, d, w"},
             Row{"5 s", "duration \"5 s\" has the unknown unit \" s\": use ms, s, m, h, d, w"},
             Row{"s", "\"s\" is not a duration such as 30s or 1h30m"},
             Row{".s", "\".s\" is not a duration such as 30s or 1h30m"},
             Row{"soon", "\"soon\" is not a duration such as 30s or 1h30m"},
         }) {
        auto const got = parse_duration(row.text);
        ASSERT_FALSE(got.has_value()) << row.text;
        EXPECT_EQ(got.error(), Error(Errc::invalid_input, row.want));
    }
}

TEST(ParseDuration, HugeNumbersAreErrorsNotOverflows) {
    for (std::string const& text : {std::string("15251w"), std::string("9223372037s"), std::string("15250w15250w"),
                                    std::string(100'000, '9') + "ms", std::string("99999999999999999999999999w")}) {
        auto const got = parse_duration(text);
        ASSERT_FALSE(got.has_value());
        EXPECT_EQ(got.error().code(), Errc::too_large);
        EXPECT_LT(got.error().text().size(), 150u);
    }
    std::string many;
    for (int i = 0; i < 100'000; ++i) many += "1s";
    EXPECT_EQ(parse_duration(many), Result<Duration>(100'000s));
}

TEST(FormatDuration, IsShortAndExact) {
    struct Row {
        Duration duration;
        std::string want;
    };
    for (auto const& row : {
             Row{0s, "0s"},
             Row{250ms, "250ms"},
             Row{1500ms, "1.5s"},
             Row{90min, "1h30m"},
             Row{24h, "1d"},
             Row{36h, "1d12h"},
             Row{168h, "7d"},
             Row{1ns, "0.000001ms"},
             Row{1h + 1ns, "1h0.000001ms"},
             Row{61s, "1m1s"},
             Row{-90s, "-1m30s"},
             Row{Duration::min(), "-106751d23h47m16.854775808s"},
         }) {
        EXPECT_EQ(format_duration(row.duration), row.want);
    }
}

TEST(FormatDuration, IsReadBackUnchanged) {
    Random random(3);
    for (int i = 0; i < 20'000; ++i) {
        Duration const want(static_cast<std::int64_t>(random.next() >> (1 + random.below(62))));
        ASSERT_EQ(parse_duration(format_duration(want)), Result<Duration>(want)) << format_duration(want);
    }
}

TEST(FormatAge, HasTwoUnitsAtMost) {
    struct Row {
        Duration age;
        std::string want;
    };
    for (auto const& row : {
             Row{-5s, "0s"},
             Row{0s, "0s"},
             Row{45s, "45s"},
             Row{119s, "119s"},
             Row{120s, "2m"},
             Row{200s, "3m20s"},
             Row{12min + 30s, "12m"},
             Row{179min, "179m"},
             Row{3h, "3h"},
             Row{3h + 5min, "3h5m"},
             Row{47h, "47h"},
             Row{48h, "2d"},
             Row{76h, "3d4h"},
             Row{24h * 9, "9d"},
             Row{24h * 730, "2y"},
             Row{24h * 760, "2y30d"},
             Row{24h * 365 * 9, "9y"},
         }) {
        EXPECT_EQ(format_age(row.age), row.want);
    }
}

}  // namespace
}  // namespace vedette
