#include "net/gzip.hpp"
#include "operator/source_scene.hpp"

#include <gmock/gmock.h>

namespace vedette::op {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(UrlSource, TheBodyOfA200IsTheText) {
    SourceScene s;
    s.shop(http_answer("200 OK", "spec: {}\n"));
    EXPECT_EQ(s.got("http://shop.example/a/w.yaml?ref=main#top"), "spec: {}\n");
    ASSERT_EQ(s.w.requests.size(), 1);
    EXPECT_THAT(s.w.requests[0], testing::StartsWith("GET /a/w.yaml?ref=main HTTP/1.1\r\nHost: shop.example\r\n"));
    EXPECT_THAT(s.w.requests[0], Not(HasSubstr("Authorization")));
    EXPECT_THAT(s.w.requests[0], Not(HasSubstr("If-")));
}

TEST(UrlSource, AnyOtherStatusIsAnErrorThatNamesIt) {
    for (auto const& [status, fields, want] : {
             std::tuple{"500 Oops", "", "unavailable: url http://shop.example/w.yaml: answered 500, not 200"},
             {"503 Busy", "Retry-After: 1\r\n", "unavailable: url http://shop.example/w.yaml: answered 503, not 200"},
             {"404 Not Found", "", "rejected: url http://shop.example/w.yaml: answered 404, not 200"},
             {"429 Slowly", "", "too_many_requests: url http://shop.example/w.yaml: answered 429, not 200"},
             {"201 Created", "", "rejected: url http://shop.example/w.yaml: answered 201, not 200"},
             {"206 Partial", "", "rejected: url http://shop.example/w.yaml: answered 206, not 200"},
             {"301 Moved", "", "rejected: url http://shop.example/w.yaml: answered 301, not 200"},
             {"300 Choose", "Location: /x\r\n", "rejected: url http://shop.example/w.yaml: answered 300, not 200"},
         }) {
        SourceScene s;
        s.shop(http_answer(status, "spec: {}\n", fields));
        EXPECT_EQ(s.got(shop_url), want);
    }
    SourceScene s;
    s.shop("HTTP/1.1 304 Not Modified\r\n\r\n");
    EXPECT_EQ(s.got(shop_url), "rejected: url http://shop.example/w.yaml: answered 304, not 200");
}

TEST(UrlSource, APeerThatHangsEndsWithTheTimeoutAndLeavesNothingOpen) {
    struct Row {
        world::Faults faults;
        char const* where;
    };
    auto const answer = http_answer("200 OK", std::string(100, 'x'));
    for (auto const& row : {
             Row{{.blackhole = true}, "connect 10.0.0.1:80: timed out"},
             Row{{.silent_after = 0}, "no answer from shop.example:80 within the deadline (header)"},
             Row{{.silent_after = answer.size() - 50},
                 "no answer from shop.example:80 within the deadline (body, after 50 of 100 bytes)"},
             Row{{.dribble_bytes = 1, .dribble_every = 1s},
                 "no answer from shop.example:80 within the deadline (header)"},
         }) {
        SourceScene s;
        s.shop(answer);
        s.w.network.set_faults({"10.0.0.1", 80}, row.faults);
        EXPECT_EQ(s.got(shop_url), fmt::format("timed_out: url {}: {}", shop_url, row.where));
        EXPECT_EQ(s.w.world.elapsed(), 30s);
        s.w.world.pass(1s);
        EXPECT_EQ(s.w.network.open_streams(), 0);
    }
}

TEST(UrlSource, TheTimeoutHoldsForAllRedirectsTogether) {
    SourceScene s;
    s.shop([](auto const&, std::size_t number) {
        return net::Reply{.bytes = http_redirect(fmt::format("/{}", number)), .after = 7s};
    });
    EXPECT_THAT(s.got(shop_url), HasSubstr("timed_out: url http://shop.example/w.yaml, redirected to "
                                           "http://shop.example/3: no answer"));
    EXPECT_EQ(s.w.world.elapsed(), 30s);
}

TEST(UrlSource, ACallersDeadlineThatComesFirstCounts) {
    SourceScene s;
    s.w.network.set_faults({"10.0.0.1", 80}, {.blackhole = true});
    Source const source{.kind = Source::Kind::url, .path = shop_url};
    EXPECT_FALSE(s.w.world.run(s.reader.read(source, "health", s.w.in(3s))));
    EXPECT_EQ(s.w.world.elapsed(), 3s);
}

TEST(UrlSource, RedirectsThatNeverEndAreGivenUp) {
    SourceScene s;
    s.shop(http_redirect("/w.yaml"));
    EXPECT_EQ(s.got(shop_url),
              "rejected: url http://shop.example/w.yaml, redirected to http://shop.example/w.yaml: "
              "more than 10 redirects");
    EXPECT_EQ(s.w.requests.size(), 11);
}

TEST(UrlSource, TenRedirectsOfAnyKindAreFollowed) {
    SourceScene s;
    s.shop([](auto const&, std::size_t number) {
        char const* const kinds[] = {"301 a", "302 b", "303 c", "307 d", "308 e"};
        auto const next = fmt::format("http://other.example/{}", number);
        return net::Reply{number < 9 ? http_redirect(fmt::format("{}", number), kinds[number % 5])
                                     : http_redirect(next, "307 d")};
    });
    s.other(http_answer("200 OK", "spec: {}\n"));
    EXPECT_EQ(s.got(shop_url), "spec: {}\n");
    EXPECT_EQ(s.w.requests.size(), 11);
    EXPECT_THAT(s.w.requests.back(), testing::StartsWith("GET /9 HTTP/1.1\r\nHost: other.example\r\n"));
}

TEST(UrlSource, NoRedirectLeadsToAnAddressThatIsNotDialedNorToAnotherScheme) {
    for (auto const& [location, want] : {
             std::pair{"http://169.254.169.254/latest/meta-data",
                       "denied: url http://shop.example/w.yaml, redirected to http://169.254.169.254/latest/meta-data: "
                       "169.254.169.254 is a link-local address: it is never dialed"},
             {"http://[::ffff:a9fe:a9fe]/x",
              "denied: url http://shop.example/w.yaml, redirected to http://[::ffff:a9fe:a9fe]/x: "
              "::ffff:169.254.169.254 "
              "carries 169.254.169.254, a link-local address: it is never dialed"},
             {"//localhost:8080/x",
              "denied: url http://shop.example/w.yaml, redirected to http://localhost:8080/x: localhost is a loopback "
              "address: it is dialed only when --source-allow names it"},
             {"http://2130706433/",
              "invalid_input: url http://shop.example/w.yaml, redirected to http://2130706433/: the host "
              "\"2130706433\" is "
              "a number: write an IPv4 address as four decimal numbers"},
             {"http://metadata.google.internal/",
              "denied: url http://shop.example/w.yaml, redirected to http://metadata.google.internal/: "
              "metadata.google.internal is the metadata service of Google Cloud: it is never dialed"},
             {"http://inside.example/",
              "denied: url http://shop.example/w.yaml, redirected to http://inside.example/: connect "
              "inside.example:80: "
              "lookup inside.example: 127.0.0.1 is a loopback address: it is dialed only when --source-allow names it"},
             {"file:///etc/passwd",
              "invalid_input: url http://shop.example/w.yaml: redirects: not a usable URL: it does not begin with "
              "http:// "
              "or https://"},
             {"gopher://10.0.0.2/",
              "invalid_input: url http://shop.example/w.yaml: redirects: not a usable URL: it does not begin with "
              "http:// "
              "or https://"},
         }) {
        SourceScene s;
        s.resolver.answers["inside.example"] = {{"127.0.0.1"}};
        s.shop(http_redirect(location));
        EXPECT_EQ(s.got(shop_url), want);
        EXPECT_EQ(s.w.network.connections(), 1) << location;
    }
}

TEST(UrlSource, ANameThatComesToLeadToTheMetadataServiceIsRefusedFromThenOn) {
    SourceScene s;
    s.resolver.answers["shop.example"] = {{"10.0.0.1"}, {"169.254.169.254"}};
    s.w.always({"10.0.0.1", 80}, http_answer("200 OK", "spec: {}\n", "Connection: close\r\n"), true);
    s.w.always({"169.254.169.254", 80}, http_answer("200 OK", "role: secret\n"));
    EXPECT_EQ(s.got(shop_url), "spec: {}\n");
    EXPECT_EQ(
        s.got(shop_url),
        "denied: url http://shop.example/w.yaml: connect shop.example:80: lookup shop.example: 169.254.169.254 is a "
        "link-local address: it is never dialed");
    EXPECT_EQ(s.w.network.connections(), 1);
}

TEST(UrlSource, ARedirectToTheSameNameIsJudgedByTheAddressItHasThen) {
    SourceScene s;
    s.resolver.answers["shop.example"] = {{"10.0.0.1"}, {"169.254.169.254"}};
    s.w.always({"10.0.0.1", 80}, http_redirect("/again"), true);
    s.w.always({"169.254.169.254", 80}, http_answer("200 OK", "role: secret\n"));
    EXPECT_THAT(s.got(shop_url), HasSubstr("it is never dialed"));
    EXPECT_EQ(s.w.network.connections(), 1);
}

TEST(UrlSource, AnAllowedLoopbackAddressIsReadFrom) {
    SourceScene s({}, {"127.0.0.0/8"});
    s.w.always({"127.0.0.1", 8080}, http_answer("200 OK", "spec: {}\n"));
    EXPECT_EQ(s.got("http://127.0.0.1:8080/"), "spec: {}\n");
}

// Writes one GB in chunks as fast as it is read, and counts what has left.
Async<void> stream_a_gigabyte(net::Listener& listener, std::size_t& sent) {
    auto stream = co_await listener.accept();
    std::string request(4096, '\0');
    auto const asked = co_await (*stream)->read(request, no_deadline);
    (void)asked;
    std::string const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    auto written = co_await (*stream)->write(head, no_deadline);
    std::string const chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
    while (written && sent < (std::size_t{1} << 30)) {
        written = co_await (*stream)->write(chunk, no_deadline);
        sent += chunk.size();
    }
}

TEST(UrlSource, AGigabyteIsReadNoFurtherThanTheLimit) {
    SourceScene s;
    std::size_t sent = 0;
    auto const listener = s.w.network.listen({"10.0.0.1", 80});
    s.w.tasks.spawn(stream_a_gigabyte(*listener, sent));
    EXPECT_EQ(s.got(shop_url), "too_large: url http://shop.example/w.yaml: a body of more than 1048576 bytes");
    s.w.world.pass(1s);
    EXPECT_LT(sent, source_limit + (1 << 18));
    EXPECT_EQ(s.w.network.open_streams(), 0);
}

TEST(UrlSource, WhatIsPackedCountsUnpacked) {
    SourceScene s;
    auto const packed = net::gzip(std::string(50'000'000, '#'));
    ASSERT_LT(packed.size(), source_limit);
    s.shop(http_answer("200 OK", packed, "Content-Encoding: gzip\r\n"));
    EXPECT_EQ(s.got(shop_url), "too_large: url http://shop.example/w.yaml: a body of more than 1048576 bytes");
}

TEST(UrlSource, TheLimitIsExact) {
    SourceScene s({.url = {.limit = 10}});
    s.shop([](auto const&, std::size_t number) {
        return net::Reply{http_answer("200 OK", number == 0 ? "0123456789" : "0123456789a")};
    });
    EXPECT_EQ(s.got(shop_url), "0123456789");
    EXPECT_EQ(s.got(shop_url), "too_large: url http://shop.example/w.yaml: a body of more than 10 bytes");
}

TEST(UrlSource, AnHtmlPageIsNoWorkflow) {
    constexpr auto refused =
        "invalid_input: url http://shop.example/w.yaml: answered with an HTML page, not with a Workflow: give the "
        "address "
        "of the raw file";
    for (auto const& [type, body] : {
             std::pair{"text/html", "spec: {}"},
             {"Text/HTML ; charset=utf-8", "spec: {}"},
             {"application/xhtml+xml", "spec: {}"},
             {"text/plain", "<!DOCTYPE html><p>Sign in"},
             {"text/plain", "\n  <html>"},
             {"text/plain", "\xef\xbb\xbf<html>"},
         }) {
        SourceScene s;
        s.shop(http_answer("200 OK", body, fmt::format("Content-Type: {}\r\n", type)));
        EXPECT_EQ(s.got(shop_url), refused) << type << body;
    }
    for (auto const& [type, body] : {
             std::pair{"text/html-ish", "spec: {}"},
             {"text/plain", "a: <b>"},
             {"application/octet-stream", ""},
             {"", "\xef\xbb\xbfspec: {}"},
         }) {
        SourceScene s;
        s.shop(http_answer("200 OK", body, fmt::format("Content-Type: {}\r\n", type)));
        EXPECT_EQ(s.got(shop_url), body);
    }
}

TEST(UrlSource, CertificatesAreVerifiedUnlessTheSourceSaysOtherwise) {
    SourceScene s;
    s.w.always({"10.0.0.1", 443}, http_redirect("https://other.example/w"), true);
    s.w.always({"10.0.0.2", 443}, http_answer("200 OK", "spec: {}\n"), true);
    EXPECT_EQ(s.got("https://shop.example/w.yaml"), "spec: {}\n");
    EXPECT_EQ(s.got("https://shop.example/w.yaml", false), "spec: {}\n");
    EXPECT_THAT(s.tls.asked, ElementsAre("shop.example verified", "other.example verified", "shop.example unverified",
                                         "other.example unverified"));
    s.w.tls.fail_with(Error(Errc::tls_failure, "certificate has expired"));
    EXPECT_EQ(
        s.got("https://shop.example/w.yaml"),
        "tls_failure: url https://shop.example/w.yaml: TLS handshake with shop.example:443: certificate has expired");
}

TEST(UrlSource, CredentialsGoToTheirOwnHostAloneAndAppearInNoError) {
    SourceScene s;
    s.shop(http_redirect("http://other.example/w?sig=hidden"));
    s.other([](auto const&, std::size_t number) {
        return net::Reply{number == 1 ? http_redirect("http://shop.example/back") : http_answer("500 Oops", "")};
    });
    auto const error = s.got("http://joe:pass%3Aword@shop.example/w.yaml?token=hidden");
    ASSERT_GE(s.w.requests.size(), 3);
    auto const basic = "Authorization: Basic am9lOnBhc3M6d29yZA==\r\n";  // joe:pass:word
    EXPECT_THAT(s.w.requests[0], HasSubstr(basic));
    EXPECT_THAT(s.w.requests[1], Not(HasSubstr("Authorization")));
    EXPECT_THAT(s.w.requests[2], HasSubstr(basic));
    EXPECT_EQ(error,
              "unavailable: url http://shop.example/w.yaml, redirected to http://other.example/w: answered 500, "
              "not 200");
}

TEST(UrlSource, CredentialsInALocationAreForThatHostAndAUserAloneHasAnEmptyPassword) {
    SourceScene s;
    s.shop(http_redirect("http://ann:pw@other.example/w"));
    s.other(http_answer("404 No", ""));
    auto const error = s.got("http://joe@shop.example/w.yaml");
    EXPECT_EQ(error,
              "rejected: url http://shop.example/w.yaml, redirected to http://other.example/w: answered 404, not "
              "200");
    EXPECT_THAT(s.w.requests[0], HasSubstr("Authorization: Basic am9lOg==\r\n"));  // joe:
    EXPECT_THAT(s.w.requests[1], HasSubstr("Authorization: Basic YW5uOnB3\r\n"));  // ann:pw
    for (auto const* url : {"http://joe:secret@", "http://joe:secret@h:x/", "joe:secret@h"}) {
        EXPECT_THAT(s.got(url),
                    testing::AllOf(HasSubstr("invalid_input: url: not a usable URL"), Not(HasSubstr("secret"))));
    }
}

TEST(UrlSource, WhatAPeerSaysCannotSpoilAnError) {
    SourceScene s;
    s.shop(http_redirect("http://ev\xff\xfel.example/\xc3\x28" + std::string(3000, 'a')));
    auto const error = s.got(shop_url);
    EXPECT_THAT(error, HasSubstr("its host is not ASCII: write the name's xn-- form"));
    EXPECT_THAT(error, Not(HasSubstr("\xff")));
    EXPECT_LT(error.size(), 520);
    EXPECT_EQ(s.w.network.connections(), 1);
}

TEST(UrlSource, UnderRandomFaultsEveryReadEndsInTimeAndWholeOrNot) {
    auto const text = "spec: {}\n" + std::string(3000, '#');
    int whole = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        SourceScene s({}, {}, seed);
        SCOPED_TRACE(s.w.world.seed());
        for (auto const* address : {"10.0.0.1", "10.0.0.2"}) {
            s.w.network.set_faults({address, 80}, world::draw_faults(s.w.world.random()));
        }
        s.shop(http_redirect("http://other.example/w"));
        s.other(http_answer("200 OK", text, "ETag: \"1\"\r\n"));
        auto const got = s.get(shop_url);
        ASSERT_LE(s.w.world.elapsed(), 30s);
        if (got) ASSERT_EQ(*got, text);
        whole += got ? 1 : 0;
    }
    EXPECT_GT(whole, 50);
    EXPECT_LT(whole, 290);
}

}  // namespace
}  // namespace vedette::op
