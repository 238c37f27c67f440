#include "check/objects/quantity.hpp"

#include "check/objects/meta.hpp"

#include <gtest/gtest.h>

namespace vedette::check {
namespace {

TEST(Quantity, EverySuffixAndNotation) {
    struct Row {
        std::string_view text;
        double want;
    };
    for (auto const& row : {Row{"0", 0},        Row{"1", 1},       Row{"+1", 1},
                            Row{"-1", -1},      Row{"1.5", 1.5},   Row{".5", 0.5},
                            Row{"5.", 5},       Row{"500m", 0.5},  Row{"250u", 250e-6},
                            Row{"7n", 7e-9},    Row{"2k", 2000},   Row{"3M", 3e6},
                            Row{"1G", 1e9},     Row{"1T", 1e12},   Row{"1P", 1e15},
                            Row{"1E", 1e18},    Row{"1Ki", 1024},  Row{"1.5Gi", 1610612736},
                            Row{"1Ei", 0x1p60}, Row{"2e3", 2000},  Row{"2E3", 2000},
                            Row{"2e+3", 2000},  Row{"2e-3", 0.002}}) {
        auto const got = parse_quantity(row.text);
        ASSERT_TRUE(got.has_value()) << std::string(row.text);
        EXPECT_DOUBLE_EQ(*got, row.want) << std::string(row.text);
    }
}

TEST(Quantity, AnythingElseIsMalformed) {
    for (auto const* text : {"", "m", "-", ".", "1 Gi", "1gi", "1K", "0x10", "1e", "1e+", "1e+-3", "1ee3", "1.2.3",
                             "1Gi ", "nan", "inf", "1e999999999999"}) {
        auto const got = parse_quantity(text);
        ASSERT_FALSE(got.has_value()) << text;
        EXPECT_EQ(got.error().code(), Errc::malformed);
    }
}

TEST(Clip, OneLineNoLongerThanTheLimitAndNeverHalfACharacter) {
    EXPECT_EQ(clip("short"), "short");
    EXPECT_EQ(clip("two\nlines\t\r\nhere\n"), "two lines here");
    EXPECT_EQ(clip(std::string(300, 'x')), std::string(197, 'x') + "...");
    EXPECT_EQ(clip("ääääää", 8), "ää...");
    EXPECT_EQ(clip("", 5), "");
}

}  // namespace
}  // namespace vedette::check
