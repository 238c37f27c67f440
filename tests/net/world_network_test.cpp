// The test world's own network: what its faults do, exactly.

#include "base/task_group.hpp"
#include "world/network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vedette::world {
namespace {

using testing::ElementsAre;

net::Endpoint const there{"there", 80};

// One piece as it was read: what and when.
struct Piece {
    std::string text;  // or "<end>", "<reset>", "<late>"
    Duration at{};
};

struct Ends {
    std::unique_ptr<net::Stream> ours;
    std::unique_ptr<net::Stream> theirs;
};

class NetworkTest : public testing::Test {
protected:
    Ends connect(Faults faults = {}) {
        network_.set_faults(there, faults);
        return world_.run(make_pair(*this));
    }
    static Async<Ends> make_pair(NetworkTest& test) {
        auto ours = co_await test.network_.connect(there, test.in(10s));
        auto theirs = co_await test.listener_->accept();
        co_return Ends{std::move(*ours), std::move(*theirs)};
    }

    void write(net::Stream& stream, std::string text) {
        auto const written = world_.run(write_all(stream, std::move(text), in(10s)));
        EXPECT_TRUE(written);
    }
    static Task<void> write_all(net::Stream& stream, std::string text, Deadline deadline) {
        co_return co_await stream.write(text, deadline);
    }

    // Reads until something other than bytes comes.
    std::vector<Piece> read(net::Stream& stream, Duration within = 10s) {
        return world_.run(read_all(*this, stream, in(within)));
    }
    static Async<std::vector<Piece>> read_all(NetworkTest& test, net::Stream& stream, Deadline deadline) {
        std::vector<Piece> pieces;
        std::string buffer(1000, '\0');
        while (true) {
            auto const got = co_await stream.read(buffer, deadline);
            auto text = got ? buffer.substr(0, *got) : got.error().code() == Errc::reset ? "<reset>" : "<late>";
            if (text.empty()) text = "<end>";
            pieces.push_back({text, test.world_.elapsed()});
            if (text.starts_with('<')) co_return pieces;
        }
    }
    static std::vector<std::string> texts(std::vector<Piece> const& pieces) {
        std::vector<std::string> all;
        for (auto const& piece : pieces) all.push_back(piece.text);
        return all;
    }

    Deadline in(Duration duration) { return world_.clock().now() + duration; }
    Duration now() const { return world_.elapsed(); }

    World world_;
    Network network_{world_};
    std::unique_ptr<net::Listener> listener_ = network_.listen(there);
};

TEST_F(NetworkTest, LatencyDelaysConnectingAndEachDirectionOnce) {
    auto const ends = connect({.latency = 30ms});
    EXPECT_EQ(now(), 30ms);
    write(*ends.ours, "up");
    EXPECT_EQ(now(), 30ms) << "writing waits for nobody";
    EXPECT_EQ(read(*ends.theirs, 100ms).at(0).at, 60ms);
    auto const sent = now();
    write(*ends.theirs, "down");
    EXPECT_EQ(read(*ends.ours, 100ms).at(0).at - sent, 30ms);
}

TEST_F(NetworkTest, JitterSpreadsArrivalsWithinItsBoundAndKeepsTheirOrder) {
    auto const ends = connect({.jitter = 50ms});
    std::vector<Duration> sent;
    std::string want;
    for (char c = 'a'; c <= 'z'; ++c) {
        world_.pass(20ms);
        sent.push_back(now());
        want += c;
        write(*ends.theirs, std::string(1, c));
    }
    // Read after the fact, so only the order and what had arrived can be told ...
    std::string got;
    for (auto const& text : texts(read(*ends.ours, 1s))) got += text.size() == 1 ? text : "";
    EXPECT_EQ(got, want);
    // ... and as they come: each within the bound, not all alike.
    std::set<Duration> delays;
    for (int i = 0; i < 20; ++i) {
        auto const start = now();
        write(*ends.theirs, "x");
        auto const pieces = read(*ends.ours, 60ms);
        ASSERT_EQ(pieces.at(0).text, "x");
        EXPECT_LT(pieces[0].at - start, 50ms);
        delays.insert(pieces[0].at - start);
    }
    EXPECT_GT(delays.size(), 10u);
}

TEST_F(NetworkTest, AHalfThatIsFinishedEndsThereAndTheOtherStaysOpen) {
    auto const ends = connect();
    write(*ends.ours, "request");
    world_.run(ends.ours->finish(in(1s)));
    EXPECT_THAT(texts(read(*ends.theirs)), ElementsAre("request", "<end>"));
    write(*ends.theirs, "answer");
    EXPECT_THAT(texts(read(*ends.ours, 1s)), ElementsAre("answer", "<late>"));
}

TEST_F(NetworkTest, DribblingGivesFewBytesAtATimeAndNotSooner) {
    auto const ends = connect({.dribble_bytes = 2, .dribble_every = 100ms});
    write(*ends.theirs, "abcde");
    auto const pieces = read(*ends.ours, 1s);
    EXPECT_THAT(texts(pieces), ElementsAre("ab", "cd", "e", "<late>"));
    EXPECT_EQ(pieces[0].at, 0ms);
    EXPECT_EQ(pieces[1].at, 100ms);
    EXPECT_EQ(pieces[2].at, 200ms);
}

TEST_F(NetworkTest, FragmentsAreCutAtRandomAndNothingIsLost) {
    auto const ends = connect({.fragment = true});
    std::string want;
    for (int i = 0; i < 200; ++i) want += static_cast<char>('a' + i % 26);
    write(*ends.theirs, want);
    auto all = texts(read(*ends.ours, 1s));
    all.pop_back();
    EXPECT_GT(all.size(), 2u);
    std::string got;
    for (auto const& text : all) got += text;
    EXPECT_EQ(got, want);
}

TEST_F(NetworkTest, EachCutHappensAtItsByte) {
    {
        auto const ends = connect({.silent_after = 3});
        write(*ends.theirs, "abcdef");
        EXPECT_THAT(texts(read(*ends.ours, 1s)), ElementsAre("abc", "<late>"));
    }
    {
        auto const ends = connect({.close_after = 3});
        write(*ends.theirs, "abcdef");
        EXPECT_THAT(texts(read(*ends.ours, 1s)), ElementsAre("abc", "<end>"));
    }
    {
        auto const ends = connect({.reset_after = 3});
        write(*ends.theirs, "abc");
        EXPECT_THAT(texts(read(*ends.ours, 1s)), ElementsAre("abc", "<reset>"));
        EXPECT_THAT(texts(read(*ends.theirs, 1s)), ElementsAre("<reset>"));
    }
}

TEST_F(NetworkTest, AStreamThatIsDestroyedEndsForTheOtherSideAndIsCounted) {
    auto ends = connect();
    EXPECT_EQ(network_.open_streams(), 2u);
    ends.theirs.reset();
    EXPECT_EQ(network_.open_streams(), 1u);
    EXPECT_FALSE(ends.ours->idle_and_open());
    EXPECT_THAT(texts(read(*ends.ours)), ElementsAre("<end>"));
}

TEST_F(NetworkTest, AWriterWaitsForAReaderThatDoesNotReadAndNotForEver) {
    auto const ends = connect();
    auto const written = world_.run(write_all(*ends.ours, std::string(200'000, 'x'), in(3s)));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code(), Errc::timed_out);
    EXPECT_EQ(now(), 3s);
}

}  // namespace
}  // namespace vedette::world
