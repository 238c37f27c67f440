#include "net/gzip.hpp"
#include "net/http_client.hpp"
#include "net/http_world.hpp"

#include <gtest/gtest.h>

namespace vedette::net {
namespace {

Origin const plain{.endpoint = {"api", 80}};

std::string packed_answer(std::string const& packed) {
    return fmt::format("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n{}", packed.size(),
                       packed);
}

TEST(HttpClientGzip, GzipIsAskedForAndUnpacked) {
    HttpWorld w;
    std::string const text(10'000, 'a');
    w.always(plain.endpoint, packed_answer(gzip(text)));
    auto const got = w.get(plain);
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->body, text);
    EXPECT_FALSE(got->headers.has("Content-Encoding"));
    EXPECT_FALSE(got->headers.has("Content-Length"));
    EXPECT_EQ(w.client->open_connections(), 1u);
}

TEST(HttpClientGzip, WhoeverAsksForAnEncodingGetsItAsItIs) {
    HttpWorld w;
    auto const packed = gzip("text");
    w.always(plain.endpoint, packed_answer(packed));
    HttpRequest request;
    request.headers.add("Accept-Encoding", "gzip");
    auto const got = w.send(plain, request);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->body, packed);
}

TEST(HttpClientGzip, CorruptAndCutGzipIsMalformed) {
    auto corrupt = gzip(std::string(10'000, 'a') + "b");
    corrupt[corrupt.size() / 2] ^= 0x55;
    auto const whole = gzip("a longer text that is cut");
    for (auto const& packed : {corrupt, std::string("not gzip at all"), whole.substr(0, whole.size() - 3)}) {
        HttpWorld w;
        w.always(plain.endpoint, packed_answer(packed));
        auto const got = w.get(plain);
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().code(), Errc::malformed) << got.error().text();
    }
}

Task<std::size_t> largest_piece(HttpWorld& w, std::size_t& total, Deadline deadline) {
    auto response = co_await w.client->send(plain, {}, deadline);
    if (!response) co_return pass(response);
    std::size_t largest = 0;
    while (true) {
        auto const piece = co_await response->body->read(deadline);
        if (!piece) co_return std::unexpected(piece.error());
        if (piece->empty()) co_return largest;
        largest = std::max(largest, piece->size());
        total += piece->size();
    }
}

TEST(HttpClientGzip, AGzipBombComesInBoundedPieces) {
    HttpWorld w;
    w.always(plain.endpoint, packed_answer(gzip(std::string(50'000'000, '\0'))));
    std::size_t total = 0;
    auto const largest = w.world.run(largest_piece(w, total, w.in(10s)));
    ASSERT_TRUE(largest) << largest.error().text();
    EXPECT_EQ(total, 50'000'000u);
    EXPECT_LE(*largest, 256u * 1024);
}

TEST(HttpClientGzip, WhatIsPackedOtherwiseOrTwiceStaysAsItIsAndSaysSo) {
    for (std::string const coding :
         {"Content-Encoding: deflate, gzip\r\n", "Content-Encoding: gzip, gzip\r\n", "Content-Encoding: br\r\n",
          "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n"}) {
        SCOPED_TRACE(coding);
        HttpWorld w;
        auto const body = gzip(gzip("text"));
        w.always(plain.endpoint,
                 fmt::format("HTTP/1.1 200 OK\r\n{}Content-Length: {}\r\n\r\n", coding, body.size()) + body);
        auto const got = w.get(plain);
        ASSERT_TRUE(got) << got.error().text();
        EXPECT_EQ(got->body, body);
        EXPECT_TRUE(got->headers.has("Content-Encoding"));
        EXPECT_EQ(got->headers.get("Content-Length"), std::to_string(body.size()));
    }
}

TEST(HttpClientGzip, TheCodingsNameIsReadWithoutCase) {
    HttpWorld w;
    auto const body = gzip("text");
    w.always(
        plain.endpoint,
        fmt::format("HTTP/1.1 200 OK\r\nContent-Encoding:  GZip \r\nContent-Length: {}\r\n\r\n", body.size()) + body);
    EXPECT_EQ(w.get(plain)->body, "text");
}

}  // namespace
}  // namespace vedette::net
