#include "net/http_codec.hpp"

#include <gtest/gtest.h>

namespace vedette::net {
namespace {

TEST(BodyDecoder, TheResultDoesNotDependOnHowTheBytesAreCut) {
    struct Row {
        BodyPlan plan;
        std::string input;
        std::string want;
        std::size_t used;
        bool done;
    };
    BodyPlan const chunked{.framing = Framing::chunked};
    for (auto const& row : {
             Row{{.framing = Framing::none}, "next", "", 0, true},
             Row{{.framing = Framing::length, .length = 0}, "next", "", 0, true},
             Row{{.framing = Framing::length, .length = 3}, "abcnext", "abc", 3, true},
             Row{{.framing = Framing::length, .length = 9}, "abc", "abc", 3, false},
             Row{{.framing = Framing::until_close}, "abc", "abc", 3, false},
             Row{chunked, "3\r\nabc\r\n0\r\n\r\nnext", "abc", 13, true},
             Row{chunked, "3;name=\"v\"\r\nabc\r\n000\r\nA: b\r\nC: d\r\n\r\nnext", "abc", 36, true},
             Row{chunked, "aB\r\n" + std::string(0xab, 'x'), std::string(0xab, 'x'), 4 + 0xab, false},
             Row{chunked, "1 \r\nx\r\n", "x", 7, false},
         }) {
        for (std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{5}, row.input.size()}) {
            SCOPED_TRACE(row.input);
            BodyDecoder decoder(row.plan);
            std::string output;
            std::size_t used = 0;
            for (std::size_t at = 0; at < row.input.size(); at += step) {
                auto const got = decoder.feed(std::string_view(row.input).substr(at, step), output);
                ASSERT_TRUE(got) << got.error().text();
                used += *got;
            }
            EXPECT_EQ(output, row.want);
            EXPECT_EQ(used, row.used);
            EXPECT_EQ(decoder.done(), row.done);
        }
    }
}

TEST(BodyDecoder, BrokenChunksAreMalformed) {
    for (std::string const input : {"\r\n", "g\r\n", "-1\r\n", "1\n", "1\r\r", "1;a\n", "1\r\nab", "1\r\na\rb",
                                    "1\r\na\n", "1000000000000000\r\n"}) {
        BodyDecoder decoder({.framing = Framing::chunked});
        std::string output;
        auto const got = decoder.feed(input, output);
        ASSERT_FALSE(got) << input;
        EXPECT_EQ(got.error().code(), Errc::malformed);
    }
}

TEST(BodyDecoder, ExtensionsAndTrailersAreBounded) {
    for (std::string const start : {"1;", "0\r\nX: "}) {
        BodyDecoder decoder({.framing = Framing::chunked});
        std::string output;
        EXPECT_FALSE(decoder.feed(start + std::string(20'000, 'x'), output));
    }
}

TEST(PlanResponseBody, FollowsTheOrderOfTheRfc) {
    struct Row {
        int status;
        std::string method;
        std::string name;
        std::string value;
        Framing want;
    };
    for (auto const& row : {
             Row{200, "GET", "Content-Length", "5", Framing::length},
             Row{200, "GET", "Transfer-Encoding", "Chunked", Framing::chunked},
             Row{200, "GET", "X", "y", Framing::until_close},
             Row{200, "HEAD", "Content-Length", "5", Framing::none},
             Row{204, "GET", "Content-Length", "5", Framing::none},
             Row{304, "GET", "Content-Length", "5", Framing::none},
             Row{200, "CONNECT", "Content-Length", "5", Framing::none},
             Row{403, "CONNECT", "Content-Length", "5", Framing::length},
         }) {
        ResponseHead head{.status = row.status};
        head.headers.add(row.name, row.value);
        auto const plan = plan_response_body(head, row.method);
        ASSERT_TRUE(plan);
        EXPECT_EQ(plan->framing, row.want) << row.status << row.method << row.name;
        EXPECT_EQ(plan->keep_alive, row.want != Framing::until_close);
    }
}

TEST(FindHead, MeasuresAHeadAndKnowsItsLimit) {
    EXPECT_EQ(**find_head("a\r\n\r\nrest", 100, {}), 5u);
    EXPECT_FALSE(*find_head("a\r\n\r", 100, {}));
    EXPECT_EQ(**find_head("a\r\n\r\n", 5, {}), 5u);
    EXPECT_EQ(find_head("ab\r\n\r\n", 5, {}).error().code(), Errc::too_large);
    for (std::size_t searched = 0; searched <= 4; ++searched) {
        EXPECT_EQ(**find_head("a\r\n\r\nrest", 100, {}, searched), 5u) << searched;
    }
    EXPECT_FALSE(*find_head("HTT", 100, "HTTP/1."));
    EXPECT_EQ(find_head("HTTQ", 100, "HTTP/1.").error().code(), Errc::malformed);
}

TEST(Headers, NamesCompareWithoutCaseAndSetReplacesEveryOne) {
    Headers headers;
    headers.add("A", "1");
    headers.add("a", "2");
    headers.add("B", "x, Close");
    EXPECT_EQ(headers.get("a"), "1");
    EXPECT_TRUE(has_token(headers, "b", "close"));
    EXPECT_FALSE(has_token(headers, "b", "clos"));
    headers.set("a", "3");
    EXPECT_EQ(headers.get("A"), "3");
    EXPECT_FALSE(without(headers, "A").has("a"));
}

}  // namespace
}  // namespace vedette::net
