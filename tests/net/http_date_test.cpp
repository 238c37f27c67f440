#include "net/http_date.hpp"

#include <gtest/gtest.h>

namespace vedette::net {
namespace {

TEST(HttpDate, IsRead) {
    using namespace std::chrono;
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), sys_days{year(1994) / 11 / 6} + 8h + 49min + 37s);
    EXPECT_EQ(parse_http_date("Thu, 29 Feb 2024 23:59:59 GMT"), sys_days{year(2024) / 2 / 29} + 24h - 1s);
    EXPECT_EQ(parse_http_date("Wed, 31 Dec 2025 00:00:00 GMT"), sys_days{year(2025) / 12 / 31});
}

TEST(HttpDate, WhatIsNoDateIsNone) {
    for (auto const* text :
         {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Now 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT",
          "Sun, 06 Nov 0001 08:49:37 GMT", "Sun, 06 Nov 9999 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
          "Sun Nov  6 08:49:37 1994"}) {
        EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace vedette::net
