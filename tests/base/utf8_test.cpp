#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace vedette {
namespace {

TEST(Utf8, TheEdgesOfEachLength) {
    struct Row {
        std::string_view text;
        char32_t value;
        std::size_t length;
        bool valid;
    };
    for (auto const& row : {
             Row{"\x7f", 0x7F, 1, true},
             Row{"\xc2\x80", 0x80, 2, true},
             Row{"\xdf\xbf", 0x7FF, 2, true},
             Row{"\xe0\xa0\x80", 0x800, 3, true},
             Row{"\xed\x9f\xbf", 0xD7FF, 3, true},
             Row{"\xee\x80\x80", 0xE000, 3, true},
             Row{"\xef\xbf\xbf", 0xFFFF, 3, true},
             Row{"\xf0\x90\x80\x80", 0x10000, 4, true},
             Row{"\xf4\x8f\xbf\xbf", 0x10FFFF, 4, true},
             Row{"\xc1\xbf", 0xFFFD, 1, false},
             Row{"\xc2", 0xFFFD, 1, false},
             Row{"\xe0\x9f\xbf", 0xFFFD, 1, false},
             Row{"\xed\xa0\x80", 0xFFFD, 1, false},
             Row{"\xf0\x8f\xbf\xbf", 0xFFFD, 1, false},
             Row{"\xf4\x90\x80\x80", 0xFFFD, 1, false},
             Row{"\xf5\x80\x80\x80", 0xFFFD, 1, false},
             Row{"\x80", 0xFFFD, 1, false},
             Row{"\xe2\x82", 0xFFFD, 1, false},
             Row{"\xe2\x82\x41", 0xFFFD, 1, false},
         }) {
        auto const got = first_code_point(row.text);
        EXPECT_EQ(got.value, row.value);
        EXPECT_EQ(got.length, row.length);
        EXPECT_EQ(got.valid, row.valid);
        EXPECT_EQ(find_invalid_utf8(row.text).has_value(), !row.valid);
    }
}

TEST(Utf8, CountsCodePointsAndFindsTheFirstBadByte) {
    EXPECT_EQ(count_code_points(""), 0u);
    EXPECT_EQ(count_code_points("a\u00e9\u20ac\xff"), 4u);
    EXPECT_EQ(find_invalid_utf8("a\u00e9\xff"), 3u);
    EXPECT_EQ(find_invalid_utf8(""), std::nullopt);
}

}  // namespace
}  // namespace vedette
