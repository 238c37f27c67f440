#include "net/resolver.hpp"

#include "net/real_sockets.hpp"
#include "net/zone.hpp"

#include <gtest/gtest.h>

namespace vedette::net {
namespace {

Task<std::vector<std::string>> resolve_all(Resolver& resolver, std::string host, Deadline deadline) {
    std::vector<std::string> all;
    auto const found = [&all](std::vector<std::string> const& some) {
        all.insert(all.end(), some.begin(), some.end());
    };
    auto ended = co_await resolver.resolve(std::move(host), deadline, found);
    if (!ended) co_return pass(ended);
    co_return all;
}

class ResolverTest : public testing::Test {
protected:
    void TearDown() override { sockets_.run(zone_.stop()); }

    Result<std::vector<std::string>> resolve(std::string host) {
        return sockets_.run(resolve_all(*resolver_, std::move(host), sockets_.soon()));
    }

    RealSockets sockets_;
    Zone zone_{sockets_.executor(), sockets_.clock()};
    std::unique_ptr<Resolver> resolver_ =
        make_resolver(sockets_.executor(), sockets_.clock(), {.servers = zone_.address(), .resolv_conf = "/dev/null"});
};

TEST_F(ResolverTest, BothFamiliesOfANameAreFound) {
    zone_.addresses["shop.example"] = Zone::both(1);
    auto got = resolve("shop.example");
    ASSERT_TRUE(got.has_value()) << got.error().text();
    std::ranges::sort(*got);
    EXPECT_EQ(*got, (std::vector<std::string>{"10.0.0.1", "2001:db8::1"}));
}

TEST_F(ResolverTest, OneFamilyIsEnough) {
    zone_.addresses["v4.example"] = {Zone::four(2), ""};
    EXPECT_EQ(resolve("v4.example"), (std::vector<std::string>{"10.0.0.2"}));
}

TEST_F(ResolverTest, EachWayToHaveNoAddressIsSaidInItsOwnWords) {
    zone_.failures["nowhere.example"] = 3;
    zone_.failures["broken.example"] = 2;
    zone_.addresses["empty.example"] = {};
    auto const row = [&](std::string const& host) {
        auto const got = resolve(host);
        if (got) return std::string("found");
        EXPECT_EQ(got.error().code(), Errc::dns_failure);
        return got.error().text();
    };
    EXPECT_EQ(row("nowhere.example"), "lookup nowhere.example: no such host");
    EXPECT_EQ(row("empty.example"), "lookup empty.example: the name has no address");
    EXPECT_EQ(row("broken.example"), "lookup broken.example: the name server failed");
}

TEST_F(ResolverTest, ASilentServerTimesOutAtTheDeadlineAndNoSocketStaysOpen) {
    auto const before = open_descriptors();
    auto const got = sockets_.run(resolve_all(*resolver_, "silent.example", sockets_.clock().now() + 30ms));
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error(), Error(Errc::timed_out, "lookup silent.example: timed out waiting for the name servers"));
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_GT(zone_.questions(), 0);
}

TEST_F(ResolverTest, CancellingALookupClosesItsSockets) {
    auto const before = open_descriptors();
    auto const look_up = [](Resolver& resolver) -> Async<void> {
        auto const ignored = co_await resolve_all(resolver, "silent.example", no_deadline);
        (void)ignored;
        ADD_FAILURE() << "a cancelled lookup must not return";
    };
    auto const play = [](RealSockets& s, Zone& zone, TaskGroup& lookups) -> Async<void> {
        while (zone.questions() == 0) co_await s.clock().sleep_for(1ms);
        co_await lookups.stop();
    };
    TaskGroup lookups(sockets_.executor());
    lookups.spawn(look_up(*resolver_));
    sockets_.run(play(sockets_, zone_, lookups));
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(ResolverTest, LookupsRunSideBySide) {
    zone_.addresses["a.example"] = {Zone::four(10), ""};
    zone_.addresses["b.example"] = {Zone::four(11), ""};
    std::map<std::string, std::string> found;
    auto const look_up = [](Resolver& resolver, std::string host, Deadline deadline,
                            std::map<std::string, std::string>& into) -> Async<void> {
        auto const got = co_await resolve_all(resolver, host, deadline);
        into[host] = got ? got->front() : got.error().text();
    };
    TaskGroup lookups(sockets_.executor());
    for (int i = 0; i < 40; ++i) {
        lookups.spawn(look_up(*resolver_, i % 2 ? "a.example" : "b.example", sockets_.soon(), found));
    }
    sockets_.run(lookups.join());
    EXPECT_EQ(found, (std::map<std::string, std::string>{{"a.example", "10.0.0.10"}, {"b.example", "10.0.0.11"}}));
}

TEST_F(ResolverTest, LoopbackNamesAndLiteralsAskNobody) {
    auto const loopback = std::vector<std::string>{"::1", "127.0.0.1"};
    EXPECT_EQ(resolve("localhost"), loopback);
    EXPECT_EQ(resolve("LocalHost."), loopback);
    EXPECT_EQ(resolve("db.localhost"), loopback);
    EXPECT_EQ(resolve("10.1.2.3"), std::vector<std::string>{"10.1.2.3"});
    EXPECT_EQ(resolve("fd00::1"), std::vector<std::string>{"fd00::1"});
    EXPECT_EQ(zone_.questions(), 0);
}

TEST(SystemResolver, AServerListThatCannotBeReadIsInvalidInput) {
    RealSockets sockets;
    auto const resolver = make_resolver(sockets.executor(), sockets.clock(), {.servers = "nobody"});
    auto const got = sockets.run(resolve_all(*resolver, "shop.example", sockets.soon()));
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code(), Errc::invalid_input);
}

}  // namespace
}  // namespace vedette::net
