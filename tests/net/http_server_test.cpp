#include "net/http_server.hpp"

#include "net/gzip.hpp"
#include "net/http_bodies.hpp"
#include "net/http_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vedette::net {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Endpoint const here{"here", 80};
Origin const origin{.endpoint = here};

struct ServerWorld;
Async<void> take_turns(ServerWorld& w);

struct ServerWorld : HttpWorld {
    explicit ServerWorld(HttpServerOptions options = {}, TlsServer* tls_server = nullptr, std::uint64_t seed = 1)
        : HttpWorld({}, seed),
          server(make_http_server(
              world.executor(), world.clock(), network.listen(here), tls_server,
              [this](ServerRequest request) { return handle(*this, std::move(request)); }, options)) {
        tasks.spawn(server->serve());
    }
    ~ServerWorld() { world.run(tasks.stop()); }

    static Task<HttpResponse> handle(ServerWorld& w, ServerRequest request) {
        auto const target = request.target;
        w.seen.push_back(std::move(request));
        if (target == "/slow") {
            ++w.handling;
            struct Leave {
                int& count;
                ~Leave() { --count; }
            } const leave{w.handling};
            co_await w.world.clock().sleep_for(3s);
            co_return text_response(200, "slow");
        }
        if (target == "/error") co_return fail(Errc::io, "the disk is full");
        if (target == "/bad-header") {
            auto response = text_response(200, "x");
            response.headers.add("X", "a\r\nb: c");
            co_return response;
        }
        if (target.starts_with("/bad-name")) {
            auto response = text_response(200, "x");
            response.headers.add(target == "/bad-name-blank" ? "Transfer-Encoding " : "X(Y", "chunked");
            co_return response;
        }
        if (target == "/empty") co_return text_response(204, "");
        if (target == "/large") co_return text_response(200, std::string(5000, 'a'));
        if (target == "/just-too-small") co_return text_response(200, std::string(1024, 'a'));
        if (target == "/huge") co_return text_response(200, std::string(3'000'000, 'a'));
        if (target == "/huge-and-busy") {
            w.tasks.spawn(take_turns(w));
            co_return text_response(200, std::string(3'000'000, 'a'));
        }
        if (target == "/ticks" || target == "/breaks") {
            auto body = std::make_unique<Ticks>(w.world.clock(), w.alive, target == "/breaks" ? 2 : -1);
            co_return HttpResponse{.status = 200, .headers = {}, .body = std::move(body)};
        }
        if (target == "/quiet") {
            auto body = std::make_unique<Ticks>(w.world.clock(), w.alive);
            body->period = 24h;
            co_return HttpResponse{.status = 200, .headers = {}, .body = std::move(body)};
        }
        co_return text_response(200, w.seen.back().method + " " + target + " " + w.seen.back().body);
    }

    /// Writes `bytes` to a new connection and reads until the server closes it or `for_long` has passed.
    std::string talk(std::string bytes, Duration for_long = 1s, Duration pause = {}) {
        return world.run(talk_to(*this, std::move(bytes), in(for_long), pause));
    }
    static Async<std::string> talk_to(ServerWorld& w, std::string bytes, Deadline until, Duration pause) {
        auto stream = co_await w.network.connect(here, until);
        if (!stream) co_return "not connected";
        auto const step = pause > Duration{} ? 1 : std::max<std::size_t>(bytes.size(), 1);
        for (std::size_t at = 0; at < bytes.size(); at += step) {
            auto const written = co_await (*stream)->write(std::span(bytes).subspan(at, step), until);
            if (!written) break;
            co_await w.world.clock().sleep_for(pause);
        }
        std::string answer;
        std::string piece(4096, '\0');
        while (true) {
            auto const count = co_await (*stream)->read(piece, until);
            if (!count) co_return answer + (count.error().code() == Errc::reset ? "<reset>" : "<open>");
            if (*count == 0) co_return answer + "<closed>";
            answer.append(piece, 0, *count);
        }
    }

    std::vector<ServerRequest> seen;
    int alive = 0;
    int handling = 0;
    int turns = 0;  // of somebody else, since a large answer was given
    std::unique_ptr<HttpServer> server;
};

TEST(HttpServer, RequestsAreAnsweredAndTheConnectionIsKept) {
    ServerWorld w;
    for (int i = 0; i < 3; ++i) {
        auto const got = w.send(origin, {.method = "POST", .target = "/x", .body = "data"});
        ASSERT_TRUE(got) << got.error().text();
        EXPECT_EQ(got->body, "POST /x data");
    }
    EXPECT_EQ(w.network.connections(), 1u);
    EXPECT_THAT(w.seen[0].peer, StartsWith("10.0.0.1:"));
}

TEST(HttpServer, TheWireFormatIsExact) {
    ServerWorld w;
    EXPECT_EQ(w.talk("GET /a HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"),
              "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nConnection: close\r\n\r\n"
              "GET /a <closed>");
}

TEST(HttpServer, PipelinedRequestsAreAnsweredInOrder) {
    ServerWorld w;
    auto const answer = w.talk(
        "GET /slow HTTP/1.1\r\nHost: h\r\n\r\nPOST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nxyGET /c "
        "HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        10s);
    auto const first = answer.find("slow");
    auto const second = answer.find("POST /b xy");
    auto const third = answer.find("GET /c");
    ASSERT_NE(third, std::string::npos) << answer;
    EXPECT_LT(first, second);
    EXPECT_LT(second, third);
    EXPECT_TRUE(answer.ends_with("<closed>"));
}

TEST(HttpServer, Http10IsAnsweredAndClosedUnlessItAsksToStay) {
    ServerWorld w;
    EXPECT_TRUE(w.talk("GET /a HTTP/1.0\r\n\r\n").ends_with("GET /a <closed>"));
    auto const kept = w.talk("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(kept, HasSubstr("Connection: keep-alive"));
    EXPECT_TRUE(kept.ends_with("<open>"));
    auto const streamed = w.talk("GET /ticks HTTP/1.0\r\n\r\n", 3500ms);
    EXPECT_THAT(streamed, HasSubstr("\r\n\r\ntick 0\ntick 1\ntick 2\n"));
}

TEST(HttpServer, AChunkedRequestIsReadWhole) {
    ServerWorld w;
    auto const answer = w.talk(
        "PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
    EXPECT_TRUE(answer.ends_with("PUT /x abc<closed>")) << answer;
}

TEST(HttpServer, HeadGetsTheHeadersOfGetAndNoBody) {
    ServerWorld w;
    auto const answer = w.talk("HEAD /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, HasSubstr("Content-Length: 5000\r\n"));
    EXPECT_TRUE(answer.ends_with("\r\n\r\n<closed>"));
    auto const empty = w.talk("GET /empty HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(empty, testing::Not(HasSubstr("Content-Length")));
}

TEST(HttpServer, TheInvitationToContinueComesBeforeTheBody) {
    ServerWorld w;
    auto const answer = w.talk("POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(answer, "HTTP/1.1 100 Continue\r\n\r\n<open>");
}

TEST(HttpServer, LargeTextsArePackedForThoseWhoAcceptIt) {
    ServerWorld w;
    auto const packed = w.talk("GET /large HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(packed, HasSubstr("Content-Encoding: gzip\r\n"));
    EXPECT_LT(packed.size(), 1000u);
    EXPECT_EQ(w.get(origin, "/large")->body, std::string(5000, 'a'));
    for (std::string const line : {"Accept-Encoding: gzip;q=0\r\n", "Accept-Encoding: br\r\n", ""}) {
        auto const unpacked = w.talk("GET /large HTTP/1.1\r\nHost: h\r\n" + line + "Connection: close\r\n\r\n");
        EXPECT_THAT(unpacked, testing::Not(HasSubstr("gzip")));
    }
    auto const small = w.talk("GET /just-too-small HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n");
    EXPECT_THAT(small, testing::Not(HasSubstr("gzip")));
}

Async<void> take_turns(ServerWorld& w) {
    for (w.turns = 0; w.turns < 1000; ++w.turns) co_await asio::post(w.world.executor(), asio::use_awaitable);
}

Async<int> turns_until_answered(ServerWorld& w, std::string target) {
    auto const got = co_await fetch(*w.client, origin, {.target = std::move(target)}, w.in(10s));
    EXPECT_EQ(got ? got->body : got.error().text(), std::string(3'000'000, 'a'));
    co_return w.turns;
}

TEST(HttpServer, PackingALargeTextLeavesTheReactorToOthers) {
    ServerWorld w;
    auto const steps = static_cast<int>(3'000'000 / GzipWriter::step_size);
    EXPECT_GE(w.world.run(turns_until_answered(w, "/huge-and-busy")), steps);
}

TEST(HttpServer, AHandlersErrorIs500WithItsText) {
    ServerWorld w;
    auto const got = w.get(origin, "/error");
    ASSERT_TRUE(got);
    EXPECT_EQ(got->status, 500);
    EXPECT_EQ(got->body, "the disk is full\n");
    EXPECT_EQ(w.get(origin, "/bad-header")->status, 500);
    EXPECT_EQ(w.get(origin, "/bad-name-blank")->status, 500);
    EXPECT_EQ(w.get(origin, "/bad-name-sign")->status, 500);
}

TEST(HttpServer, LimitsAndBrokenRequestsAreAnsweredAndClosed) {
    struct Row {
        std::string request;
        std::string status;
    };
    for (auto const& row : {
             Row{"GET / HTTP/1.1\r\nX: " + std::string(3000, 'x'), "431 "},
             Row{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n", "413 "},
             Row{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3E9\r\n" + std::string(1001, 'x'),
                 "413 "},
             Row{"nonsense\r\n\r\n", "400 "},
             Row{"GET / HTTP/1.1\r\n\r\n", "400 "},
             Row{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400 "},
             Row{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400 "},
             Row{"GET / HTTP/1.1\r\nHost: h", "408 "},
             Row{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc", "408 "},
         }) {
        SCOPED_TRACE(row.request.substr(0, 80));
        ServerWorld w({.header_limit = 2000, .body_limit = 1000, .header_timeout = 5s});
        auto const answer = w.talk(row.request, 60s);
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + row.status));
        EXPECT_TRUE(answer.ends_with("<closed>")) << answer;
        EXPECT_TRUE(w.seen.empty());
    }
    ServerWorld w({.header_limit = 2000, .body_limit = 1000});
    EXPECT_EQ(w.send(origin, {.method = "POST", .body = std::string(1000, 'x')})->status, 200);
}

TEST(HttpServer, ASlowHeaderEndsAtTheTimeoutAndAnIdleConnectionIsClosedSilently) {
    ServerWorld w({.header_timeout = 5s});
    EXPECT_THAT(w.talk("GET / HTTP/1.1\r\nHost: here\r\n\r\n", 60s, 1s), StartsWith("HTTP/1.1 408 "));
    auto const before = w.world.elapsed();
    EXPECT_EQ(w.talk("", 60s), "<closed>");
    EXPECT_EQ(w.world.elapsed() - before, 5s);
}

TEST(HttpServer, AStreamComesPieceByPieceAndEndsWithTheReader) {
    ServerWorld w;
    auto const answer = w.talk("GET /ticks HTTP/1.1\r\nHost: h\r\n\r\n", 2500ms);
    EXPECT_THAT(answer, HasSubstr("Transfer-Encoding: chunked\r\n"));
    EXPECT_THAT(answer, HasSubstr("7\r\ntick 0\n\r\n7\r\ntick 1\n\r\n<open>"));
    w.world.pass(1ms);
    EXPECT_EQ(w.alive, 0);
    EXPECT_EQ(w.network.open_streams(), 0u);
}

TEST(HttpServer, AReaderWhoLeavesAQuietStreamIsNoticedAtOnce) {
    ServerWorld w;
    EXPECT_TRUE(w.talk("GET /quiet HTTP/1.1\r\nHost: h\r\n\r\n", 2s).ends_with("<open>"));
    w.world.pass(1ms);
    EXPECT_EQ(w.alive, 0);
    EXPECT_EQ(w.network.open_streams(), 0u);
}

// Asks, ends its half, and reads what comes.
Async<std::string> ask_and_finish(ServerWorld& w, std::string target, Deadline until) {
    auto stream = co_await w.network.connect(here, until);
    auto const request = fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", target);
    auto const written = co_await (*stream)->write(request, until);
    EXPECT_TRUE(written);
    co_await w.world.clock().sleep_for(500ms);  // while the handler works
    co_await (*stream)->finish(until);
    std::string answer;
    std::string piece(4096, '\0');
    while (true) {
        auto const count = co_await (*stream)->read(piece, until);
        if (!count || *count == 0) co_return answer + (count ? "<closed>" : "<open>");
        answer.append(piece, 0, *count);
    }
}

TEST(HttpServer, AClientThatEndsItsHalfGetsItsAnswerButNoEndlessStream) {
    ServerWorld w;
    auto const slow = w.world.run(ask_and_finish(w, "/slow", w.in(10s)));
    EXPECT_THAT(slow, StartsWith("HTTP/1.1 200 OK"));
    EXPECT_TRUE(slow.ends_with("slow<closed>")) << slow;
    auto const before = w.world.elapsed();
    auto const ticks = w.world.run(ask_and_finish(w, "/ticks", w.in(60s)));
    EXPECT_TRUE(ticks.ends_with("<closed>")) << ticks;
    EXPECT_THAT(ticks, testing::Not(HasSubstr("tick 5")));
    EXPECT_LT(w.world.elapsed() - before, 60s);
    EXPECT_EQ(w.alive, 0);
}

TEST(HttpServer, AConnectionIsEndedInOrderUnlessAnAnswerBrokeOff) {
    auto const ends_in_order = [](std::string target) {
        ServerWorld w;
        w.talk("GET " + target + " HTTP/1.0\r\n\r\n", 10s);
        return std::ranges::any_of(w.world.trace(), [](auto const& line) { return line.ends_with("server finishes"); });
    };
    EXPECT_TRUE(ends_in_order("/a"));
    EXPECT_FALSE(ends_in_order("/breaks"));
}

// Accepts nobody any more.
class BrokenListener final : public Listener {
public:
    Task<std::unique_ptr<Stream>> accept() override { co_return fail(Errc::io, "accept on here:80: no such device"); }
    Endpoint local() const override { return here; }
};

TEST(HttpServer, AListenerThatBreaksEndsTheServerAndIsNamed) {
    HttpWorld w;
    auto const server =
        make_http_server(w.world.executor(), w.world.clock(), std::make_unique<BrokenListener>(), nullptr, {});
    EXPECT_FALSE(server->failure());
    w.world.run(server->serve());
    EXPECT_EQ(server->failure(), Error(Errc::io, "accept on here:80: no such device"));
    EXPECT_EQ(w.world.elapsed(), 0s);
}

TEST(HttpServer, AStreamThatBreaksIsCutWithoutItsEnd) {
    ServerWorld w;
    auto const got = w.get(origin, "/breaks");
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), Errc::closed);
    EXPECT_THAT(got.error().text(), HasSubstr("closed after 14 bytes"));
}

Async<void> ask_and_wait(ServerWorld& w, std::string target) {
    auto stream = co_await w.network.connect(here, no_deadline);
    auto const request = fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", target);
    auto const written = co_await (*stream)->write(request, no_deadline);
    EXPECT_TRUE(written);
    co_await w.world.clock().sleep_for(1h);
}

TEST(HttpServer, AReaderWhoDoesNotReadCostsTheWriteTimeoutAndNoMore) {
    ServerWorld w({.write_timeout = 7s});
    w.tasks.spawn(ask_and_wait(w, "/huge"));
    w.world.pass(6s);
    EXPECT_EQ(w.network.open_streams(), 2u);
    w.world.pass(2s);
    EXPECT_EQ(w.network.open_streams(), 1u);  // the reader's own
}

TEST(HttpServer, CancellingItEndsItsConnectionsAndHandlers) {
    ServerWorld w;
    TaskGroup clients(w.world.executor());
    clients.spawn(ask_and_wait(w, "/ticks"));
    clients.spawn(ask_and_wait(w, "/slow"));
    clients.spawn(ask_and_wait(w, "/idle"));
    w.world.pass(1s);
    EXPECT_EQ(w.handling, 1);
    EXPECT_EQ(w.alive, 1);
    w.world.run(w.tasks.stop());
    EXPECT_EQ(w.handling, 0);
    EXPECT_EQ(w.alive, 0);
    EXPECT_EQ(w.network.open_streams(), 3u);  // the clients' own
    w.world.run(clients.stop());
}

TEST(HttpServer, MoreConnectionsThanAllowedWait) {
    ServerWorld w({.connections = 2});
    TaskGroup clients(w.world.executor());
    for (int i = 0; i < 4; ++i) clients.spawn(ask_and_wait(w, "/ticks"));
    w.world.pass(1s);
    EXPECT_EQ(w.seen.size(), 2u);
    w.world.run(clients.stop());
    w.world.pass(1s);
    EXPECT_EQ(w.seen.size(), 4u);
}

TEST(HttpServer, AClientsCertificateReachesTheHandlerAndAFailedHandshakeDoesNot) {
    world::PlainTlsServer tls;
    tls.set_client_chain({Certificate{.subject = "CN=someone"}});
    ServerWorld w({}, &tls);
    ASSERT_TRUE(w.get(origin));
    ASSERT_EQ(w.seen.at(0).client_chain.size(), 1u);
    EXPECT_EQ(w.seen[0].client_chain[0].subject, "CN=someone");
    w.client->close_idle();
    tls.fail_with(Error(Errc::tls_failure, "no"));
    EXPECT_FALSE(w.get(origin));
    EXPECT_EQ(w.seen.size(), 1u);
}

}  // namespace
}  // namespace vedette::net
