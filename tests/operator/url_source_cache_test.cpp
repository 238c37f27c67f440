#include "operator/source_scene.hpp"

#include <gmock/gmock.h>

namespace vedette::op {
namespace {

using testing::HasSubstr;
using testing::Not;

// Answers 304 to whoever knows the version.
net::Script versioned(std::string& text, std::string& etag) {
    return [&text, &etag](std::string const& request, std::size_t) {
        bool const known = request.contains(fmt::format("If-None-Match: {}\r\n", etag));
        return net::Reply{known ? "HTTP/1.1 304 Not Modified\r\n\r\n"
                                : http_answer("200 OK", text, fmt::format("ETag: {}\r\n", etag))};
    };
}

TEST(UrlSourceCache, ATextThatHasNotChangedIsNotSentAgain) {
    std::string text = "spec: {a: 1}\n";
    std::string etag = "\"1\"";
    SourceScene s;
    s.shop(versioned(text, etag));
    EXPECT_EQ(s.got(shop_url), "spec: {a: 1}\n");
    text = "what a 304 must not read";
    EXPECT_EQ(s.got(shop_url), "spec: {a: 1}\n");
    EXPECT_EQ(s.w.requests.size(), 2);
    EXPECT_THAT(s.w.requests[1], HasSubstr("If-None-Match: \"1\"\r\n"));

    text = "spec: {a: 2}\n";
    etag = "W/\"2\"";
    EXPECT_EQ(s.got(shop_url), "spec: {a: 2}\n");
    EXPECT_EQ(s.got(shop_url), "spec: {a: 2}\n");
    EXPECT_THAT(s.w.requests[3], HasSubstr("If-None-Match: W/\"2\"\r\n"));
    EXPECT_EQ(s.reader.cache().entries(), 1);
}

TEST(UrlSourceCache, ATimeOfChangeIsAVersionToo) {
    SourceScene s;
    s.shop([](std::string const& request, std::size_t) {
        bool const known = request.contains("If-Modified-Since: Sun, 01 Mar 2026 10:00:00 GMT\r\n");
        return net::Reply{
            known ? "HTTP/1.1 304 Not Modified\r\n\r\n"
                  : http_answer("200 OK", "spec: {}\n", "Last-Modified: Sun, 01 Mar 2026 10:00:00 GMT\r\n")};
    });
    EXPECT_EQ(s.got(shop_url), "spec: {}\n");
    EXPECT_EQ(s.got(shop_url), "spec: {}\n");
    EXPECT_THAT(s.w.requests[1], HasSubstr("If-Modified-Since"));
}

TEST(UrlSourceCache, WhatHasNoVersionOrMayNotBeStoredIsAskedForAnew) {
    for (auto const* fields : {"", "ETag: \"1\"\r\nCache-Control: private, no-store\r\n"}) {
        SourceScene s;
        s.shop(http_answer("200 OK", "spec: {}\n", fields));
        EXPECT_EQ(s.got(shop_url), "spec: {}\n");
        EXPECT_EQ(s.got(shop_url), "spec: {}\n");
        EXPECT_THAT(s.w.requests[1], Not(HasSubstr("If-")));
        EXPECT_EQ(s.reader.cache().entries(), 0);
    }
}

TEST(UrlSourceCache, AnAnswerWithoutAVersionForgetsTheOneBefore) {
    SourceScene s;
    s.shop([](auto const&, std::size_t number) {
        return net::Reply{http_answer("200 OK", "spec: {}\n", number == 0 ? "ETag: \"1\"\r\n" : "")};
    });
    for (int i = 0; i < 3; ++i) EXPECT_EQ(s.got(shop_url), "spec: {}\n");
    EXPECT_THAT(s.w.requests[1], HasSubstr("If-None-Match"));
    EXPECT_THAT(s.w.requests[2], Not(HasSubstr("If-None-Match")));
}

TEST(UrlSourceCache, AFailureIsToldAndForgetsNothing) {
    std::string text = "spec: {}\n";
    std::string etag = "\"1\"";
    SourceScene s;
    auto good = versioned(text, etag);
    s.shop([good](std::string const& request, std::size_t number) {
        return number == 1 ? net::Reply{http_answer("500 Oops", "")} : good(request, number);
    });
    EXPECT_EQ(s.got(shop_url), "spec: {}\n");
    EXPECT_THAT(s.got(shop_url), HasSubstr("answered 500"));
    EXPECT_EQ(s.got(shop_url), "spec: {}\n");
    EXPECT_THAT(s.w.requests[2], HasSubstr("If-None-Match"));
}

TEST(UrlSourceCache, AnotherUserAndAnUncheckedCertificateShareNothing) {
    std::string text = "spec: {}\n";
    std::string etag = "\"1\"";
    SourceScene s;
    s.shop(versioned(text, etag));
    s.w.script({"10.0.0.1", 443}, versioned(text, etag));
    for (auto const* url : {shop_url, "http://joe:pw@shop.example/w.yaml", "http://ann:pw@shop.example/w.yaml"}) {
        EXPECT_EQ(s.got(url), "spec: {}\n");
    }
    EXPECT_EQ(s.got("https://shop.example/w.yaml", false), "spec: {}\n");
    EXPECT_EQ(s.got("https://shop.example/w.yaml", true), "spec: {}\n");
    for (auto const& request : s.w.requests) EXPECT_THAT(request, Not(HasSubstr("If-None-Match")));
    EXPECT_EQ(s.reader.cache().entries(), 5);
}

TEST(UrlSourceCache, VersionsBelongToTheAddressThatNamedThemNotToTheOneThatRedirects) {
    std::string text = "spec: {}\n";
    std::string etag = "\"1\"";
    SourceScene s;
    s.shop(http_redirect("http://other.example/w"));
    s.other(versioned(text, etag));
    EXPECT_EQ(s.got(shop_url), "spec: {}\n");
    EXPECT_EQ(s.got(shop_url), "spec: {}\n");
    ASSERT_EQ(s.w.requests.size(), 4);
    EXPECT_THAT(s.w.requests[2], Not(HasSubstr("If-None-Match")));
    EXPECT_THAT(s.w.requests[3], HasSubstr("If-None-Match"));
}

TEST(UrlSourceCache, ItIsBounded) {
    SourceScene s({.url = {.cache_entries = 3}});
    s.shop(http_answer("200 OK", "spec: {}\n", "ETag: \"1\"\r\n"));
    for (int i = 0; i < 10; ++i) EXPECT_EQ(s.got(fmt::format("http://shop.example/{}", i)), "spec: {}\n");
    EXPECT_EQ(s.reader.cache().entries(), 3);
}

}  // namespace
}  // namespace vedette::op
