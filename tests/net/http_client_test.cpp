#include "net/http_client.hpp"

#include "net/http_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vedette::net {
namespace {

using testing::HasSubstr;

Endpoint const api{"api", 80};
Origin const plain{.endpoint = api};
Endpoint const secure_api{"api", 6443};
Origin const secure{.endpoint = secure_api, .tls = TlsOptions{.server_name = "api"}};

std::string ok(std::string const& body) {
    return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
}

std::string text_of(Result<Fetched> const& result) {
    return result ? fmt::format("status {}", result->status) : result.error().text();
}

TEST(HttpClient, AnAnswerComesBackWithItsHeadersAndTheRequestIsWellFormed) {
    HttpWorld w;
    w.always(api, "HTTP/1.1 200 OK\r\nX-One: 1\r\nContent-Length: 5\r\n\r\nhello");
    auto const got = w.get(plain, "/path?q=1");
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->status, 200);
    EXPECT_EQ(got->body, "hello");
    EXPECT_EQ(got->headers.get("x-one"), "1");
    EXPECT_EQ(w.requests.at(0), "GET /path?q=1 HTTP/1.1\r\nHost: api\r\nAccept-Encoding: gzip\r\n\r\n");
}

TEST(HttpClient, ConnectionsAreKeptAndUsedAgain) {
    HttpWorld w;
    w.always(api, ok("x"));
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(w.get(plain));
    EXPECT_EQ(w.network.connections(), 1u);
    EXPECT_EQ(w.client->open_connections(), 1u);
    w.client->close_idle();
    EXPECT_EQ(w.client->open_connections(), 0u);
    w.world.pass(1s);
    EXPECT_EQ(w.network.open_streams(), 0u);
}

TEST(HttpClient, AnIdleConnectionIsClosedWhenItsTimeIsOver) {
    HttpWorld w({.keep_idle = 30s});
    w.always(api, ok("x"));
    ASSERT_TRUE(w.get(plain));
    w.world.pass(29s);
    EXPECT_EQ(w.client->open_connections(), 1u);
    w.world.pass(2s);
    EXPECT_EQ(w.client->open_connections(), 0u);
    EXPECT_EQ(w.network.open_streams(), 0u);
}

TEST(HttpClient, OtherCredentialsNeverShareAConnection) {
    HttpWorld w;
    w.always(secure_api, ok("x"));
    ASSERT_TRUE(w.get(secure));
    auto other = secure;
    other.tls->certificate_pem = "another";
    ASSERT_TRUE(w.get(other));
    EXPECT_EQ(w.network.connections(), 2u);
}

TEST(HttpClient, ConnectionsUnderOtherTrustOrAnotherNameAreNotShared) {
    HttpWorld w;
    w.always(secure_api, ok("x"));
    ASSERT_TRUE(w.get(secure));
    for (auto const change :
         {+[](TlsOptions& tls) { tls.ca_pem = "another"; }, +[](TlsOptions& tls) { tls.key_pem = "x"; },
          +[](TlsOptions& tls) { tls.certificate_pem = "x"; }, +[](TlsOptions& tls) { tls.verify = false; },
          +[](TlsOptions& tls) { tls.server_name = "another"; }}) {
        auto other = secure;
        change(*other.tls);
        auto const before = w.network.connections();
        ASSERT_TRUE(w.get(other));
        EXPECT_EQ(w.network.connections(), before + 1);
        ASSERT_TRUE(w.get(other));
        EXPECT_EQ(w.network.connections(), before + 1);
    }
}

TEST(HttpClient, AnswersThatForbidKeepingCloseTheConnection) {
    for (std::string const answer : {
             "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
             "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
             "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxUNASKED",
         }) {
        SCOPED_TRACE(answer);
        HttpWorld w;
        w.always(api, answer);
        auto const got = w.get(plain);
        ASSERT_TRUE(got) << got.error().text();
        EXPECT_EQ(got->body, "x");
        EXPECT_EQ(w.client->open_connections(), 0u);
    }
}

TEST(HttpClient, EveryWayToEndABodyIsUnderstoodHoweverTheBytesAreCut) {
    struct Row {
        std::string answer;
        std::string want;
    };
    for (auto const& row : {
             Row{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc"},
             Row{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "abc"},
             Row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=1\r\nabc\r\nA\r\n0123456789\r\n0\r\n"
                 "Trailer: t\r\n\r\n",
                 "abc0123456789"},
             Row{"HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end"},
             Row{"HTTP/1.0 200 OK\r\n\r\nuntil the end", "until the end"},
             Row{"HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", ""},
             Row{"HTTP/1.1 304 Not Modified\r\n\r\n", ""},
             Row{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n"
                 "Content-Length: 1\r\n\r\nx",
                 "x"},
         }) {
        for (std::size_t step : {0u, 1u, 2u, 7u}) {
            SCOPED_TRACE(row.answer);
            HttpWorld w;
            w.network.set_faults(api, {.dribble_bytes = step, .dribble_every = 1ms});
            w.always(api, row.answer, true);
            auto const got = w.get(plain);
            ASSERT_TRUE(got) << got.error().text();
            EXPECT_EQ(got->body, row.want);
        }
    }
}

TEST(HttpClient, AHeadRequestHasNoBodyWhateverTheLengthSays) {
    HttpWorld w;
    w.always(api, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
    auto const got = w.send(plain, {.method = "HEAD"});
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->headers.get("Content-Length"), "500");
    EXPECT_EQ(w.client->open_connections(), 1u);
}

TEST(HttpClient, BrokenAnswersAreNamed) {
    struct Row {
        std::string answer;
        Errc code;
        std::string text;
    };
    for (auto const& row : {
             Row{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", Errc::closed,
                 "the peer closed after 3 of 10 bytes"},
             Row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", Errc::closed, "closed after 2 bytes"},
             Row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", Errc::closed, "after 1 bytes"},
             Row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Errc::malformed, "malformed chunk"},
             Row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", Errc::malformed, "longer than"},
             Row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", Errc::malformed,
                 "out of range"},
             Row{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", Errc::malformed, "header with"},
             Row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n", Errc::malformed,
                 "header with"},
             Row{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", Errc::malformed,
                 "header with"},
             Row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", Errc::malformed, "transfer coding"},
             Row{"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", Errc::malformed, "header with"},
             Row{"SSH-2.0-OpenSSH\r\n", Errc::malformed, "does not speak HTTP"},
             Row{"HTTP/1.1 2x0 OK\r\n\r\n", Errc::malformed, "malformed response header"},
             Row{"HTTP/1.1 101 Switching Protocols\r\n\r\n", Errc::malformed, "unasked"},
             Row{"HTTP/1.1 200 OK\r\nX: y", Errc::closed, "closed after 21 bytes of the header"},
             Row{"", Errc::closed, "closed without an answer"},
         }) {
        SCOPED_TRACE(row.answer);
        HttpWorld w;
        w.always(api, row.answer, true);
        auto const got = w.get(plain);
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().code(), row.code) << got.error().text();
        EXPECT_THAT(got.error().text(), HasSubstr(row.text));
        EXPECT_EQ(w.client->open_connections(), 0u);
    }
}

TEST(HttpClient, AnEndlessHeaderIsTooLargeAtItsLimit) {
    HttpWorld w({.header_limit = 1000});
    w.always(api, "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'));
    auto const got = w.get(plain);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), Errc::too_large);
    EXPECT_EQ(w.client->open_connections(), 0u);

    std::string const frame = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: \r\n\r\n";
    HttpWorld exact({.header_limit = 1000});
    auto fitting = frame;
    fitting.insert(frame.size() - 4, std::string(1000 - frame.size(), 'x'));
    exact.always(api, fitting);
    EXPECT_TRUE(exact.get(plain)) << text_of(exact.get(plain));
}

TEST(HttpClient, EachPhaseThatTakesTooLongIsNamedAtTheDeadline) {
    {
        HttpWorld w;
        w.network.set_faults(api, {.blackhole = true});
        EXPECT_EQ(text_of(w.get(plain, "/", 5s)), "connect api:80: timed out");
        EXPECT_EQ(w.world.elapsed(), 5s);
    }
    {
        HttpWorld w;
        w.always(secure_api, ok("x"));
        w.tls.hang(true);
        EXPECT_EQ(text_of(w.get(secure, "/", 5s)), "no answer from api:6443 within the deadline (TLS handshake)");
        EXPECT_EQ(w.world.elapsed(), 5s);
    }
    {
        HttpWorld w;
        w.network.set_faults(api, {.silent_after = 0});
        w.always(api, ok("x"));
        EXPECT_EQ(text_of(w.get(plain, "/", 5s)), "no answer from api:80 within the deadline (header)");
        EXPECT_EQ(w.world.elapsed(), 5s);
    }
    {
        HttpWorld w;
        w.network.set_faults(api, {.silent_after = ok(std::string(100, 'x')).size() - 60});
        w.always(api, ok(std::string(100, 'x')));
        EXPECT_EQ(text_of(w.get(plain, "/", 5s)),
                  "no answer from api:80 within the deadline (body, after 40 of 100 bytes)");
        EXPECT_EQ(w.world.elapsed(), 5s);
    }
    {
        HttpWorld w;
        auto deaf = w.network.listen(api);  // accepts by itself, never reads
        EXPECT_EQ(text_of(w.send(plain, {.method = "POST", .body = std::string(1'000'000, 'x')}, 5s)),
                  "no answer from api:80 within the deadline (request)");
        EXPECT_EQ(w.world.elapsed(), 5s);
    }
}

TEST(HttpClient, ASlowHeaderEndsAtTheDeadlineAlthoughBytesKeepComing) {
    HttpWorld w;
    w.network.set_faults(api, {.dribble_bytes = 1, .dribble_every = 500ms});
    w.always(api, ok("x"));
    auto const got = w.get(plain, "/", 5s);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), Errc::timed_out);
    EXPECT_EQ(w.world.elapsed(), 5s);
    EXPECT_EQ(w.client->open_connections(), 0u);
}

TEST(HttpClient, AResetInMidBodySaysHowFarItCame) {
    HttpWorld w;
    auto const answer = ok(std::string(1000, 'x'));
    w.network.set_faults(api, {.reset_after = answer.size() - 600});
    w.always(api, answer);
    auto const got = w.get(plain);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), Errc::reset);
    EXPECT_THAT(got.error().text(), HasSubstr("connection reset after 400 of 1000 bytes"));
}

TEST(HttpClient, ConnectFailuresStayApart) {
    HttpWorld w;
    EXPECT_EQ(w.get(plain).error().code(), Errc::refused);
    w.network.forget_name("api");
    EXPECT_EQ(w.get(plain).error().code(), Errc::dns_failure);
    EXPECT_EQ(w.client->open_connections(), 0u);
}

TEST(HttpClient, ATlsFailureKeepsItsReason) {
    HttpWorld w;
    w.always(secure_api, ok("x"));
    w.tls.fail_with(Error(Errc::tls_failure, "certificate has expired"));
    auto const refused = w.get(secure);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::tls_failure);
    EXPECT_EQ(refused.error().text(), "TLS handshake with api:6443: certificate has expired");
}

TEST(HttpClient, AnAnswerCarriesTheCertificatesOfItsOwnConnection) {
    HttpWorld w;
    w.always(secure_api, ok("x"));
    w.always(api, ok("x"));
    auto other = secure;
    other.tls->server_name = "other";
    w.tls.set_peer_chain("api", {Certificate{.subject = "CN=api"}});
    w.tls.set_peer_chain("other", {Certificate{.subject = "CN=other"}});
    auto const shown = [&w](Origin const& origin) {
        auto const got = w.get(origin);
        return got && got->peer_chain ? got->peer_chain->at(0).subject : "none";
    };
    EXPECT_EQ(shown(secure), "CN=api");
    EXPECT_EQ(shown(other), "CN=other");
    EXPECT_EQ(shown(secure), "CN=api") << "the connection is kept, and so is what it was shown";
    EXPECT_EQ(w.network.connections(), 2u);
    EXPECT_EQ(shown(plain), "none");
}

// The peer takes a second request on a kept connection and cuts it without a word.
void cut_second_request(HttpWorld& w) {
    w.script(api, [](std::string const&, std::size_t number) {
        return number == 1 ? Reply{.bytes = "", .close = true} : Reply{.bytes = ok(std::to_string(number))};
    });
}

TEST(HttpClient, AGetIsRepeatedOnceWhenItsKeptConnectionWasDead) {
    HttpWorld w;
    cut_second_request(w);
    ASSERT_TRUE(w.get(plain));
    auto const got = w.get(plain);
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->body, "2");
    EXPECT_EQ(w.requests.size(), 3u);
    EXPECT_EQ(w.network.connections(), 2u);
}

TEST(HttpClient, APostIsNeverRepeated) {
    HttpWorld w;
    cut_second_request(w);
    ASSERT_TRUE(w.get(plain));
    auto const got = w.send(plain, {.method = "POST", .body = "order"});
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), Errc::closed);
    EXPECT_EQ(w.requests.size(), 2u);
}

TEST(HttpClient, AGetIsNotRepeatedForEverNorOnANewConnection) {
    HttpWorld w;
    w.always(api, "", true);
    ASSERT_FALSE(w.get(plain));
    EXPECT_EQ(w.requests.size(), 1u);
}

TEST(HttpClient, AConnectionThatThePeerClosedWhileIdleIsNotUsedEvenForAPost) {
    HttpWorld w;
    w.script(api, [](std::string const&, std::size_t) { return Reply{.bytes = ok("x"), .close = true}; });
    ASSERT_TRUE(w.get(plain));
    w.world.pass(1s);
    auto const got = w.send(plain, {.method = "POST", .body = "order"});
    EXPECT_TRUE(got) << got.error().text();
    EXPECT_EQ(w.network.connections(), 2u);
}

struct Finished {
    std::vector<int> order;
    std::vector<Errc> errors;
};
Async<void> fetch_into(HttpWorld& w, int number, Duration within, Finished& finished) {
    auto const got = co_await fetch(*w.client, plain, {.target = "/" + std::to_string(number)}, w.in(within));
    finished.order.push_back(number);
    if (!got) finished.errors.push_back(got.error().code());
}

TEST(HttpClient, MoreRequestsThanConnectionsWaitFirstComeFirstServed) {
    HttpWorld w({.connections_per_host = 2});
    w.script(api, [](std::string const&, std::size_t) { return Reply{.bytes = ok("x"), .after = 1s}; });
    Finished finished;
    for (int i = 0; i < 7; ++i) w.tasks.spawn(fetch_into(w, i, 60s, finished));
    w.world.pass(10s);
    EXPECT_THAT(finished.order, testing::ElementsAre(0, 1, 2, 3, 4, 5, 6));
    EXPECT_TRUE(finished.errors.empty());
    EXPECT_EQ(w.network.connections(), 2u);
    EXPECT_EQ(w.client->open_connections(), 2u);
}

TEST(HttpClient, AWaiterLeavesAtItsOwnDeadlineAndNobodyLosesATurn) {
    HttpWorld w({.connections_per_host = 1});
    w.script(api, [](std::string const&, std::size_t) { return Reply{.bytes = ok("x"), .after = 4s}; });
    Finished finished;
    w.tasks.spawn(fetch_into(w, 0, 60s, finished));
    w.tasks.spawn(fetch_into(w, 1, 2s, finished));
    w.tasks.spawn(fetch_into(w, 2, 4s, finished));  // its turn and its deadline come together
    w.tasks.spawn(fetch_into(w, 3, 60s, finished));
    w.world.pass(3s);
    EXPECT_THAT(finished.order, testing::ElementsAre(1));
    w.world.pass(30s);
    EXPECT_EQ(finished.order.size(), 4u);
    EXPECT_EQ(finished.order.back(), 3);
    EXPECT_THAT(finished.errors, testing::ElementsAre(Errc::timed_out, Errc::timed_out));
    EXPECT_LE(w.client->open_connections(), 1u);
}

TEST(HttpClient, TheQueueForAHostIsBounded) {
    HttpWorld w({.connections_per_host = 1});
    w.network.set_faults(api, {.silent_after = 0});
    w.always(api, ok("x"));
    Finished finished;
    for (int i = 0; i < 1 + 1024; ++i) w.tasks.spawn(fetch_into(w, i, 60s, finished));
    w.world.pass(1s);
    EXPECT_TRUE(finished.order.empty());
    w.tasks.spawn(fetch_into(w, 5000, 60s, finished));
    w.world.pass(1s);
    EXPECT_THAT(finished.errors, testing::ElementsAre(Errc::too_large));
}

TEST(HttpClient, ACancelledRequestLeavesNothingBehind) {
    HttpWorld w({.connections_per_host = 1});
    w.network.set_faults(api, {.silent_after = 20});
    w.always(api, ok("x"));
    Finished finished;
    TaskGroup requests(w.world.executor());
    for (int i = 0; i < 3; ++i) requests.spawn(fetch_into(w, i, 60s, finished));
    w.world.pass(1s);
    w.world.run(requests.stop());
    EXPECT_TRUE(finished.order.empty());
    EXPECT_EQ(w.client->open_connections(), 0u);
}

Task<HttpResponse> send_only(HttpWorld& w, Deadline deadline) {
    co_return co_await w.client->send(plain, {}, deadline);
}

TEST(HttpClient, ABodyThatIsDroppedEarlyClosesItsConnection) {
    HttpWorld w;
    w.always(api, ok(std::string(100'000, 'x')));
    {
        auto const response = w.world.run(send_only(w, w.in(5s)));
        ASSERT_TRUE(response);
        EXPECT_EQ(w.client->open_connections(), 1u);
    }
    EXPECT_EQ(w.client->open_connections(), 0u);
    w.world.pass(1s);
    EXPECT_EQ(w.network.open_streams(), 0u);
}

Async<void> refuse_early(std::unique_ptr<Listener> listener) {
    auto const stream = co_await listener->accept();
    std::string piece(100, ' ');
    auto const count = co_await (*stream)->read(piece, no_deadline);
    EXPECT_TRUE(count);
    std::string const answer = "HTTP/1.1 413 Too Large\r\nContent-Length: 1\r\n\r\nx";
    auto const written = co_await (*stream)->write(answer, no_deadline);
    EXPECT_TRUE(written);
}

TEST(HttpClient, AnAnswerThatComesBeforeTheRequestIsReadWholeIsStillAnAnswer) {
    HttpWorld w;
    w.tasks.spawn(refuse_early(w.network.listen(api)));
    auto const got = w.send(plain, {.method = "POST", .body = std::string(1'000'000, 'x')});
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->status, 413);
    EXPECT_EQ(w.client->open_connections(), 0u);
}

TEST(HttpClient, RequestsThatWouldBreakTheProtocolAreNotSent) {
    HttpWorld w;
    HttpRequest injected;
    injected.headers.add("X", "a\r\nEvil: 1");
    HttpRequest wrong_length{.method = "POST", .body = "abc"};
    wrong_length.headers.add("Content-Length", "5");
    std::vector<HttpRequest> requests{
        {.target = "/a b"}, {.target = ""}, {.target = "/a\tb"}, {.method = "GET\r\n"}, {.method = "G(T"},
        {.method = ""},     injected,       wrong_length};
    for (auto const* name :
         {"", "a:b", "X Y", "Transfer-Encoding ", "X\t", "caf\xc3\xa9", "a(b)", "Transfer-Encoding"}) {
        requests.emplace_back().headers.add(name, "chunked");
    }
    for (auto const& request : requests) {
        SCOPED_TRACE(testing::PrintToString(std::vector<std::pair<std::string, std::string>>(request.headers.begin(),
                                                                                             request.headers.end())) +
                     request.method + request.target);
        auto const got = w.send(plain, request);
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().code(), Errc::invalid_input);
    }
}

TEST(HttpClient, ReadAllStopsAtItsLimit) {
    HttpWorld w;
    auto const limited = [&w](std::string text) {
        return w.world.run(read_all(make_body(std::move(text)), 10, no_deadline));
    };
    EXPECT_EQ(limited("0123456789"), Result<std::string>("0123456789"));
    EXPECT_EQ(limited("0123456789x").error().code(), Errc::too_large);
}

}  // namespace
}  // namespace vedette::net
