// Which address is tried when (RFC 8305), in virtual time.

#include "net/address_queue.hpp"
#include "net/dialer.hpp"
#include "net/full_backlog.hpp"
#include "net/stepped_sockets.hpp"

#include <gtest/gtest.h>

namespace vedette::net {
namespace {

// Finds addresses one after the other, then ends as it is told or never.
class SlowResolver final : public Resolver {
public:
    struct Find {
        Duration after;
        std::vector<std::string> addresses;
    };
    explicit SlowResolver(Clock& clock) : clock_(clock) {}

    Task<void> resolve(std::string, Deadline, FoundAddresses found) override {
        ++running;
        struct Leave {
            int& count;
            ~Leave() { --count; }
        } const leave{running};
        for (auto const& find : finds) {
            co_await clock_.sleep_for(find.after);
            found(find.addresses);
        }
        if (hangs) co_await clock_.sleep_for(24h);
        co_return end;
    }
    Task<DnsAnswer> query(DnsQuestion question, Deadline) override {
        co_return fail(Errc::refused, "ask for {}: connection refused", question.name);
    }

    std::vector<Find> finds;
    bool hangs = false;
    Result<void> end;
    int running = 0;

private:
    Clock& clock_;
};

class DialerRaceTest : public testing::Test {
protected:
    // Who answered and when, or the error.
    std::string dial(std::uint16_t port, Duration within = 10s) {
        auto const start = sockets_.elapsed();
        auto const got = sockets_.run(dialer_->connect({"shop.example", port}, sockets_.in(within)));
        auto const took = (sockets_.elapsed() - start) / 1ms;
        return fmt::format("{} at {} ms", got ? (*got)->peer() : got.error().text(), took);
    }
    std::unique_ptr<Listener> listen(std::string host, std::uint16_t port = 0) {
        auto made = listen_tcp(sockets_.executor(), sockets_.clock(), {std::move(host), port});
        return made ? std::move(*made) : nullptr;
    }

    SteppedSockets sockets_;
    SlowResolver resolver_{sockets_.clock()};
    std::unique_ptr<Dialer> dialer_ = make_system_dialer(sockets_.executor(), sockets_.clock(), resolver_);
};

TEST_F(DialerRaceTest, ASilentAddressCostsAQuarterOfASecond) {
    FullBacklog const silent(sockets_.executor(), "127.0.0.2");
    auto const live = listen("127.0.0.1", silent.port());
    ASSERT_TRUE(live);
    resolver_.finds = {{0s, {"127.0.0.2", "127.0.0.1"}}};
    EXPECT_EQ(dial(silent.port()), fmt::format("127.0.0.1:{} at 250 ms", silent.port()));
    resolver_.finds = {{0s, {"127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.1"}}};
    EXPECT_EQ(dial(silent.port()), fmt::format("127.0.0.1:{} at 750 ms", silent.port()));
}

TEST_F(DialerRaceTest, IPv6GoesFirstWhicheverTheResolverNamesFirst) {
    auto const live = listen("127.0.0.1");
    ASSERT_TRUE(live);
    auto const port = live->local().port;
    std::optional<FullBacklog> silent;
    try {
        silent.emplace(sockets_.executor(), "::1", port);
    } catch (boost::system::system_error const& e) {
        GTEST_SKIP() << "no IPv6 here: " << e.what();
    }
    for (auto const& addresses : {std::vector<std::string>{"::1", "127.0.0.1"}, {"127.0.0.1", "::1"}}) {
        resolver_.finds = {{0s, addresses}};
        EXPECT_EQ(dial(port), fmt::format("127.0.0.1:{} at 250 ms", port));
    }
}

TEST_F(DialerRaceTest, ConnectingBeginsWhileTheLookupStillRuns) {
    auto const live = listen("127.0.0.1");
    resolver_.finds = {{10ms, {"127.0.0.1"}}};
    resolver_.hangs = true;
    EXPECT_EQ(dial(live->local().port), fmt::format("{} at 10 ms", to_string(live->local())));
    EXPECT_EQ(resolver_.running, 0) << "the lookup is given up with the race";
}

TEST_F(DialerRaceTest, AnAddressThatIsFoundLateJoinsTheRace) {
    auto const live = listen("127.0.0.1");
    resolver_.finds = {{0s, {"127.0.0.3"}}, {40ms, {"127.0.0.1"}}};  // nobody listens on the first
    EXPECT_EQ(dial(live->local().port), fmt::format("{} at 40 ms", to_string(live->local())));
}

TEST_F(DialerRaceTest, WhatFailedCountsOnceTheLookupHasEnded) {
    auto const port = listen("127.0.0.1")->local().port;  // closed again at once
    resolver_.finds = {{0s, {"127.0.0.1"}}, {500ms, {"127.0.0.3"}}};
    EXPECT_EQ(dial(port), fmt::format("connect shop.example:{}: connection refused at 500 ms", port));
    resolver_.finds.clear();
    EXPECT_EQ(dial(port), fmt::format("connect shop.example:{}: the name has no address at 0 ms", port));
    resolver_.end = fail(Errc::dns_failure, "lookup shop.example: no such host");
    EXPECT_EQ(dial(port), fmt::format("connect shop.example:{}: lookup shop.example: no such host at 0 ms", port));
}

TEST_F(DialerRaceTest, TheDeadlineCoversLookupAndConnection) {
    FullBacklog const silent(sockets_.executor(), "127.0.0.2");
    resolver_.finds = {{3s, {"127.0.0.2"}}};
    EXPECT_EQ(dial(silent.port(), 5s), fmt::format("connect shop.example:{}: timed out at 5000 ms", silent.port()));
    resolver_.finds.clear();
    resolver_.hangs = true;
    EXPECT_EQ(dial(443, 5s),
              "connect shop.example:443: lookup shop.example: timed out waiting for the name servers at 5000 ms");
}

TEST(AddressQueue, TheFamiliesAlternateIPv6First) {
    struct Row {
        std::vector<std::string> added;
        std::vector<std::string> want;
    };
    for (auto const& row : {
             Row{{"10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1", "fd00::2"},
                 {"fd00::1", "10.0.0.1", "fd00::2", "10.0.0.2", "10.0.0.3"}},
             Row{{"fd00::1", "fd00::2", "fd00::3", "10.0.0.1"}, {"fd00::1", "10.0.0.1", "fd00::2", "fd00::3"}},
         }) {
        AddressQueue queue;
        for (auto const& address : row.added) queue.add(asio::ip::make_address(address));
        std::vector<std::string> got;
        while (!queue.empty()) got.push_back(queue.take().to_string());
        EXPECT_EQ(got, row.want);
    }
}

TEST(AddressQueue, AFamilyThatComesLaterIsNext) {
    AddressQueue queue;
    for (auto const* address : {"10.0.0.1", "10.0.0.2"}) queue.add(asio::ip::make_address(address));
    EXPECT_EQ(queue.take().to_string(), "10.0.0.1");
    queue.add(asio::ip::make_address("fd00::1"));
    EXPECT_EQ(queue.take().to_string(), "fd00::1");
    EXPECT_EQ(queue.take().to_string(), "10.0.0.2");
}

}  // namespace
}  // namespace vedette::net
