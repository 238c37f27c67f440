#include "net/dialer.hpp"

#include "net/full_backlog.hpp"
#include "net/real_sockets.hpp"
#include "world/world.hpp"

#include <gtest/gtest.h>

namespace vedette::net {
namespace {

class ScriptedResolver final : public Resolver {
public:
    explicit ScriptedResolver(std::vector<std::string> addresses) : addresses_(std::move(addresses)) {}
    Task<void> resolve(std::string host, Deadline, FoundAddresses found) override {
        if (addresses_.empty()) co_return fail(Errc::dns_failure, "lookup {}: no such host", host);
        found(addresses_);
        co_return Result<void>{};
    }
    Task<DnsAnswer> query(DnsQuestion question, Deadline) override {
        co_return fail(Errc::refused, "ask for {}: connection refused", question.name);
    }

private:
    std::vector<std::string> addresses_;
};

std::uint16_t closed_port(RealSockets& sockets) {
    return sockets.listen()->local().port;  // closed again at once
}

Async<void> accept_one(Listener& listener, std::unique_ptr<Stream>& into) {
    auto accepted = co_await listener.accept();
    if (accepted) into = std::move(*accepted);
}

// A connected pair: ours and the server's end.
struct Pair {
    std::unique_ptr<Stream> client;
    std::unique_ptr<Stream> server;
};

Async<Pair> connect_pair(RealSockets& sockets, Dialer& dialer, Listener& listener) {
    Pair pair;
    TaskGroup group(sockets.executor());
    group.spawn(accept_one(listener, pair.server));
    auto connected = co_await dialer.connect(listener.local(), sockets.soon());
    if (connected) pair.client = std::move(*connected);
    co_await group.join();
    co_return pair;
}

class DialerTest : public testing::Test {
protected:
    std::unique_ptr<Dialer> dialer(std::vector<std::string> addresses = {}) {
        resolver_ = std::make_unique<ScriptedResolver>(std::move(addresses));
        return make_system_dialer(sockets_.executor(), sockets_.clock(), *resolver_);
    }
    Pair pair() {
        auto const d = dialer();
        auto const listener = sockets_.listen();
        return sockets_.run(connect_pair(sockets_, *d, *listener));
    }

    RealSockets sockets_;
    std::unique_ptr<Resolver> resolver_;
};

TEST_F(DialerTest, AClosedPortIsRefusedAndTheTextNamesTheEndpoint) {
    auto const port = closed_port(sockets_);
    auto const d = dialer();
    auto const got = sockets_.run(d->connect({"127.0.0.1", port}, sockets_.soon()));
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code(), Errc::refused);
    EXPECT_EQ(got.error().text(), fmt::format("connect 127.0.0.1:{}: connection refused", port));
}

TEST_F(DialerTest, OneRefusedAddressOfTwoDoesNotMatterWhicheverComesFirst) {
    auto const listener = sockets_.listen();
    for (auto const& addresses : {std::vector<std::string>{"::1", "127.0.0.1"}, {"127.0.0.1", "::1"}}) {
        auto const d = dialer(addresses);
        auto const got = sockets_.run(d->connect({"shop.example", listener->local().port}, sockets_.soon()));
        ASSERT_TRUE(got.has_value()) << got.error().text();
        EXPECT_EQ((*got)->peer(), to_string(listener->local()));
    }
}

TEST_F(DialerTest, ANameWithoutAddressIsADnsFailure) {
    auto const d = dialer();
    auto const got = sockets_.run(d->connect({"nowhere.example", 443}, sockets_.soon()));
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error(),
              Error(Errc::dns_failure, "connect nowhere.example:443: lookup nowhere.example: no such host"));
}

TEST_F(DialerTest, AddressesThatFailDifferentlyAreNamedAndTheMostTellingGivesTheCode) {
    auto const port = closed_port(sockets_);
    // A multicast address has no TCP: the kernel answers "network is unreachable" by itself.
    auto const d = dialer({"224.0.0.1", "127.0.0.1"});
    auto const got = sockets_.run(d->connect({"shop.example", port}, sockets_.soon()));
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error(),
              Error(Errc::refused, fmt::format("connect shop.example:{}: connection refused (127.0.0.1), network is "
                                               "unreachable (224.0.0.1)",
                                               port)));
}

TEST_F(DialerTest, ADeadlineThatHasPassedIsATimeout) {
    auto const listener = sockets_.listen();
    auto const d = dialer();
    auto const got = sockets_.run(d->connect(listener->local(), sockets_.clock().now() - 1s));
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error(), Error(Errc::timed_out, fmt::format("connect {}: timed out", to_string(listener->local()))));
}

TEST_F(DialerTest, ListeningOnATakenPortOrANameIsAnError) {
    auto const listener = sockets_.listen();
    auto const again = listen_tcp(sockets_.executor(), sockets_.clock(), listener->local());
    ASSERT_FALSE(again.has_value());
    EXPECT_EQ(again.error().code(), Errc::io);
    auto const named = listen_tcp(sockets_.executor(), sockets_.clock(), {"shop.example", 0});
    ASSERT_FALSE(named.has_value());
    EXPECT_EQ(named.error().code(), Errc::invalid_input);
}

TEST_F(DialerTest, BytesTravelAndAFinishedStreamEndsCleanly) {
    auto ends = pair();
    ASSERT_TRUE(ends.client && ends.server);
    auto const talk = [](RealSockets& s, Pair& p) -> Async<std::string> {
        auto const written = co_await p.client->write(std::span("hello", 5), s.soon());
        EXPECT_TRUE(written.has_value());
        co_await p.client->finish(s.soon());
        std::string text;
        for (;;) {
            char piece[3];
            auto const got = co_await p.server->read(piece, s.soon());
            if (!got || *got == 0) break;
            text.append(piece, *got);
        }
        co_return text;
    };
    EXPECT_EQ(sockets_.run(talk(sockets_, ends)), "hello");
}

TEST_F(DialerTest, ASilentPeerTimesOutAndTheOtherDirectionIsNotDisturbed) {
    auto ends = pair();
    char byte = 0;
    Result<std::size_t> answered = 0;
    auto const listen_long = [](RealSockets& s, Stream& stream, char& into,
                                Result<std::size_t>& result) -> Async<void> {
        result = co_await stream.read(std::span(&into, 1), s.soon());
    };
    auto const play = [](RealSockets& s, Pair& p, TaskGroup& group) -> Async<Result<void>> {
        // Fill the way out until nobody takes more, while a read is waiting on the same socket.
        std::string const block(1 << 20, 'x');
        Result<void> written;
        while (written) written = co_await p.client->write(block, s.clock().now() + 20ms);
        auto const told = co_await p.server->write(std::span("!", 1), s.soon());
        EXPECT_TRUE(told.has_value());
        co_await group.join();
        co_return written;
    };
    TaskGroup group(sockets_.executor());
    group.spawn(listen_long(sockets_, *ends.client, byte, answered));
    auto const written = sockets_.run(play(sockets_, ends, group));
    ASSERT_FALSE(written.has_value());
    EXPECT_EQ(written.error(), Error(Errc::timed_out, "timed out writing to " + ends.client->peer()));
    EXPECT_EQ(answered, Result<std::size_t>(1));
    EXPECT_EQ(byte, '!');
    sockets_.run(stop_group(group));
}

TEST_F(DialerTest, AReadThatIsLateSaysFromWhom) {
    auto ends = pair();
    char byte = 0;
    auto const got = sockets_.run(ends.client->read(std::span(&byte, 1), sockets_.clock().now() + 5ms));
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error(), Error(Errc::timed_out, "timed out reading from " + ends.client->peer()));
}

TEST_F(DialerTest, APeerThatDropsUnreadBytesIsAReset) {
    auto ends = pair();
    auto const sent = sockets_.run(ends.client->write(std::span("unread", 6), sockets_.soon()));
    ASSERT_TRUE(sent.has_value());
    ends.server.reset();
    char byte = 0;
    auto const got = sockets_.run(ends.client->read(std::span(&byte, 1), sockets_.soon()));
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error(), Error(Errc::reset, "connection reset by " + ends.client->peer()));
}

TEST_F(DialerTest, AKeptConnectionIsUsableUntilThePeerClosesOrSpeaks) {
    auto quiet = pair();
    EXPECT_TRUE(quiet.client->idle_and_open());
    quiet.server.reset();
    EXPECT_FALSE(quiet.client->idle_and_open());

    auto talkative = pair();
    auto const sent = sockets_.run(talkative.server->write(std::span("?", 1), sockets_.soon()));
    ASSERT_TRUE(sent.has_value());
    EXPECT_FALSE(talkative.client->idle_and_open());
}

TEST_F(DialerTest, CancellingReadsAcceptsAndConnectsLeavesNoSocketOpen) {
    auto const before = open_descriptors();
    {
        auto ends = pair();
        auto const listener = sockets_.listen();
        std::unique_ptr<Stream> never;
        auto const read_one = [](Stream& stream) -> Async<void> {
            char byte = 0;
            auto const ignored = co_await stream.read(std::span(&byte, 1), no_deadline);
            (void)ignored;
            ADD_FAILURE() << "a cancelled read must not return";
        };
        FullBacklog const silent(sockets_.executor(), "127.0.0.1");
        auto const connect_one = [](Dialer& d, std::uint16_t port) -> Async<void> {
            auto const ignored = co_await d.connect({"127.0.0.1", port}, no_deadline);
            (void)ignored;
            ADD_FAILURE() << "a cancelled connect must not return";
        };
        auto const d = dialer();
        TaskGroup group(sockets_.executor());
        group.spawn(read_one(*ends.client));
        group.spawn(accept_one(*listener, never));
        group.spawn(connect_one(*d, silent.port()));
        auto const play = [](RealSockets& s, TaskGroup& g) -> Async<void> {
            co_await s.clock().sleep_for(1ms);
            co_await g.stop();
        };
        sockets_.run(play(sockets_, group));
        EXPECT_EQ(group.size(), 0u);
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST(Endpoint, AnIPv6LiteralIsWrittenInBrackets) {
    EXPECT_EQ(to_string(Endpoint{"::1", 443}), "[::1]:443");
    EXPECT_EQ(to_string(Endpoint{"shop.example", 80}), "shop.example:80");
}

}  // namespace
}  // namespace vedette::net
