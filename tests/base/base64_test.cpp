#include "base/base64.hpp"

#include <gtest/gtest.h>

namespace vedette {
namespace {

TEST(Base64, TheVectorsOfRfc4648GoBothWays) {
    for (auto const& [plain, text] :
         {std::pair{"", ""}, std::pair{"f", "Zg=="}, std::pair{"fo", "Zm8="}, std::pair{"foo", "Zm9v"},
          std::pair{"foob", "Zm9vYg=="}, std::pair{"fooba", "Zm9vYmE="}, std::pair{"foobar", "Zm9vYmFy"}}) {
        EXPECT_EQ(base64_encode(plain), text);
        EXPECT_EQ(base64_decode(text), Result<std::string>(plain));
    }
}

TEST(Base64, LineEndsUrlSafeDigitsAndMissingPaddingAreRead) {
    EXPECT_EQ(base64_decode("Zm9v\nYm Fy"), Result<std::string>("foobar"));
    EXPECT_EQ(base64_decode("_-8"), base64_decode("/+8="));
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    EXPECT_EQ(base64_decode(base64_encode(all)), Result<std::string>(all));
}

TEST(Base64, WhatIsNotBase64IsRefusedWithoutRepeatingIt) {
    for (auto const* text : {"Zg==Zg", "Z", "sec%ret", "Zm9v\x01"}) {
        auto const got = base64_decode(text);
        ASSERT_FALSE(got.has_value()) << text;
        EXPECT_EQ(got.error().text().find("sec"), std::string::npos);
    }
}

}  // namespace
}  // namespace vedette
