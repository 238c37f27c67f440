#include "net/http.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vedette::net {
namespace {

TEST(ParseUrl, GoodOnesComeApart) {
    struct Row {
        std::string text;
        Url want;
    };
    for (auto const& row : {
             Row{"http://shop.example", {"http", "", "shop.example", 80, "/"}},
             Row{"HTTPS://shop.example/", {"https", "", "shop.example", 443, "/"}},
             Row{"https://shop.example:8443/a/b?c=d#e", {"https", "", "shop.example", 8443, "/a/b?c=d"}},
             Row{"http://shop.example?q=1", {"http", "", "shop.example", 80, "/?q=1"}},
             Row{"http://shop.example#frag/x", {"http", "", "shop.example", 80, "/"}},
             Row{"http://me:p%40ss@shop.example/", {"http", "me:p@ss", "shop.example", 80, "/"}},
             Row{"http://a@b@shop.example/", {"http", "a@b", "shop.example", 80, "/"}},
             Row{"http://[fd00::1]:8080/x", {"http", "", "fd00::1", 8080, "/x"}},
             Row{"http://[::1]", {"http", "", "::1", 80, "/"}},
             Row{"http://10.0.0.1:65535/", {"http", "", "10.0.0.1", 65535, "/"}},
             Row{"http://shop.example:/", {"http", "", "shop.example", 80, "/"}},
             Row{"http://shop.example/a@b:c", {"http", "", "shop.example", 80, "/a@b:c"}},
         }) {
        SCOPED_TRACE(row.text);
        auto const got = parse_url(row.text);
        ASSERT_TRUE(got) << got.error().text();
        EXPECT_EQ(got->scheme, row.want.scheme);
        EXPECT_EQ(got->user, row.want.user);
        EXPECT_EQ(got->host, row.want.host);
        EXPECT_EQ(got->port, row.want.port);
        EXPECT_EQ(got->target, row.want.target);
    }
}

TEST(ParseUrl, BadOnesAreRefusedInASentenceWithoutSecrets) {
    for (std::string const text : {"",
                                   "shop.example",
                                   "ftp://shop.example",
                                   "http://",
                                   "http:///path",
                                   "http://:80",
                                   "http://h:0",
                                   "http://h:x",
                                   "http://h:65536",
                                   "http://h:-1",
                                   "http://h:1 ",
                                   "http://a b/",
                                   "http://h/\r\nx",
                                   "http://[::1",
                                   "http://[x]/",
                                   "http://[::1]x",
                                   "http://me:secret@",
                                   "http://me:secret@h:x/",
                                   "http://me%zzsecret@h/",
                                   "http://h\"x/"}) {
        SCOPED_TRACE(text);
        auto const got = parse_url(text);
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().code(), Errc::invalid_input);
        EXPECT_THAT(got.error().text(), testing::StartsWith("not a usable URL: "));
        EXPECT_THAT(got.error().text(), testing::Not(testing::HasSubstr("secret")));
    }
}

TEST(PercentCoding, EveryByteSurvivesTheRoundTrip) {
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    auto const encoded = percent_encode(all);
    EXPECT_EQ(percent_decode(encoded), Result<std::string>(all));
    EXPECT_EQ(percent_encode("aZ09-._~ /&="), "aZ09-._~%20%2F%26%3D");
    EXPECT_EQ(percent_encode("\xff"), "%FF");
    for (std::string const text : {"%", "%1", "%g0", "%0g", "a%"}) {
        EXPECT_EQ(percent_decode(text).error().code(), Errc::invalid_input) << text;
    }
}

}  // namespace
}  // namespace vedette::net
