// Client and server against each other on a network that breaks at random: whatever happens, each request has one
// result by its deadline.

#include "net/http_bodies.hpp"
#include "net/http_world.hpp"

#include <gtest/gtest.h>

namespace vedette::net {
namespace {

struct Tally {
    std::size_t results = 0;
    std::size_t good = 0;
    std::size_t late = 0;
};

Async<void> fetch_counted(HttpWorld& w, Origin to, HttpRequest request, Duration start, Duration within, Tally& tally) {
    co_await w.world.clock().sleep_for(start);
    auto const deadline = w.in(within);
    auto const got = co_await fetch(*w.client, std::move(to), std::move(request), deadline);
    ++tally.results;
    if (got) ++tally.good;
    if (w.world.clock().now() > deadline) ++tally.late;
    w.world.note(got ? fmt::format("got {} and {} bytes", got->status, got->body.size()) : got.error().text());
}

Task<HttpResponse> random_answer(HttpWorld& w, int& alive, ServerRequest request) {
    auto& random = w.world.random();
    co_await w.world.clock().sleep_for(std::chrono::milliseconds(random.below(500)));
    if (request.target == "/stream") {
        auto body = std::make_unique<Ticks>(w.world.clock(), alive, static_cast<int>(random.below(5)));
        co_return HttpResponse{.status = 200, .headers = {}, .body = std::move(body)};
    }
    if (random.chance(0.1)) co_return fail(Errc::io, "an error of the handler");
    co_return text_response(200, random.suffix(random.below(6000)));
}

struct Story {
    std::vector<std::string> trace;
    Tally tally;
    int alive = 0;
    std::size_t open = 0;
};

Story tell(std::uint64_t seed) {
    constexpr std::size_t requests = 30;
    Story story;
    HttpWorld w({.connections_per_host = 2}, seed);
    auto& random = w.world.random();
    std::vector<std::unique_ptr<HttpServer>> servers;
    TaskGroup serving(w.world.executor());
    for (std::uint16_t port = 1; port <= 4; ++port) {
        Endpoint const at{"random", port};
        w.network.set_faults(at, world::draw_faults(random));
        servers.push_back(make_http_server(
            w.world.executor(), w.world.clock(), w.network.listen(at), nullptr,
            [&w, &story](ServerRequest request) { return random_answer(w, story.alive, std::move(request)); },
            {.header_timeout = 5s, .write_timeout = 5s}));
        serving.spawn(servers.back()->serve());
    }
    TaskGroup asking(w.world.executor());
    for (std::size_t i = 0; i < requests; ++i) {
        Origin to{.endpoint = {"random", static_cast<std::uint16_t>(1 + random.below(4))}};
        HttpRequest request{.target = random.chance(0.3) ? "/stream" : "/text"};
        if (random.chance(0.3)) request.method = "POST";
        if (request.method == "POST") request.body = random.suffix(random.below(3000));
        auto const start = std::chrono::milliseconds(random.below(10'000));
        auto const within = std::chrono::milliseconds(1 + random.below(8000));
        asking.spawn(fetch_counted(w, std::move(to), std::move(request), start, within, story.tally));
    }
    w.world.run(asking.join());
    w.client->close_idle();
    story.open = w.client->open_connections();
    w.world.run(serving.stop());
    servers.clear();
    story.open += w.network.open_streams();
    story.trace = w.world.trace();
    EXPECT_EQ(story.tally.results, requests);
    return story;
}

TEST(HttpUnderRandomFaults, EachRequestEndsByItsDeadlineWithOneResultAndNothingStaysOpen) {
    std::size_t good = 0;
    std::size_t bad = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        SCOPED_TRACE(seed);
        auto const story = tell(seed);
        EXPECT_EQ(story.tally.late, 0u);
        EXPECT_EQ(story.open, 0u);
        EXPECT_EQ(story.alive, 0);
        good += story.tally.good;
        bad += story.tally.results - story.tally.good;
    }
    EXPECT_GT(good, 500u);  // the faults let enough through ...
    EXPECT_GT(bad, 500u);   // ... and break enough
}

TEST(HttpUnderRandomFaults, TheSameSeedGivesTheSameTrace) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(seed);
        auto const first = tell(seed).trace;
        EXPECT_GT(first.size(), 100u);
        EXPECT_EQ(first, tell(seed).trace);
    }
}

}  // namespace
}  // namespace vedette::net
