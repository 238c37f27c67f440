// Answers that last for minutes, beside those that do not: neither takes the other's connections.

#include "net/http_world.hpp"

#include <gtest/gtest.h>

namespace vedette::net {
namespace {

Endpoint const api{"api", 80};
Origin const plain{.endpoint = api};

std::string const event = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nevent\r\n";

// "/watch" sends an event and stays open, "/ends" ends, anything else is answered after a second.
Reply answer(std::string const& request, std::size_t) {
    if (request.starts_with("GET /watch")) return {event};
    if (request.starts_with("GET /ends")) return {event + "0\r\n\r\n", false, 1s};
    return {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", false, 1s};
}

Result<HttpResponse> open(HttpWorld& w, std::string target, Duration within = 10s) {
    HttpRequest request{.target = std::move(target)};
    request.long_lived = true;
    return w.world.run(w.client->send(plain, std::move(request), w.in(within)));
}

TEST(HttpLongLived, OpenWatchesTakeNoConnectionOfQuickRequests) {
    HttpWorld w({.connections_per_host = 1, .long_lived_per_host = 20});
    w.script(api, answer);
    std::vector<Result<HttpResponse>> watches;
    for (int i = 0; i < 20; ++i) watches.push_back(open(w, "/watch"));
    for (auto const& watch : watches) ASSERT_TRUE(watch) << watch.error().text();
    EXPECT_TRUE(w.get(plain));
    EXPECT_TRUE(w.get(plain));
    EXPECT_EQ(w.client->open_connections(), 21u);
    watches.clear();
    EXPECT_EQ(w.client->open_connections(), 1u);
}

TEST(HttpLongLived, WatchesHaveACapOfTheirOwnAndWaitForEachOther) {
    HttpWorld w({.connections_per_host = 5, .long_lived_per_host = 2});
    w.script(api, answer);
    auto const first = open(w, "/watch");
    auto second = open(w, "/watch");
    ASSERT_TRUE(first && second);
    auto const third = open(w, "/watch", 3s);
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().text(), "no answer from api:80 within the deadline (waiting for a free connection)");
    second = fail(Errc::closed, "let go");
    EXPECT_TRUE(open(w, "/watch"));
}

Async<void> read_to_the_end(HttpWorld& w, int& done) {
    HttpRequest request{.target = "/ends"};
    request.long_lived = true;
    auto const got = co_await fetch(*w.client, plain, std::move(request), w.in(10s));
    if (got && got->body == "event") ++done;
}

TEST(HttpLongLived, WatchesThatEndTogetherLeaveNoMoreIdleConnectionsThanQuickRequestsWould) {
    HttpWorld w({.connections_per_host = 2});
    w.script(api, answer);
    int done = 0;
    for (int i = 0; i < 10; ++i) w.tasks.spawn(read_to_the_end(w, done));
    w.world.pass(5s);
    EXPECT_EQ(done, 10);
    EXPECT_EQ(w.client->open_connections(), 2u);
}

Async<void> note_wait(HttpWorld& w, std::vector<Duration>& waits) {
    auto response = co_await w.client->send(plain, {.target = "/"}, w.in(10s));
    if (!response) co_return;
    waits.push_back(response->waited);
    auto const body = co_await read_all(std::move(response->body), 10, w.in(10s));
    EXPECT_TRUE(body);
}

TEST(HttpLongLived, AnAnswerSaysHowLongItsRequestWaitedForAConnection) {
    HttpWorld w({.connections_per_host = 1});
    w.script(api, answer);
    std::vector<Duration> waits;
    for (int i = 0; i < 3; ++i) w.tasks.spawn(note_wait(w, waits));
    w.world.pass(5s);
    EXPECT_EQ(waits, (std::vector<Duration>{0s, 1s, 2s}));
}

}  // namespace
}  // namespace vedette::net
