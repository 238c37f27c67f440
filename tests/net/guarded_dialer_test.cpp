#include "net/guarded_dialer.hpp"

#include "net/http_world.hpp"
#include "net/real_sockets.hpp"
#include "net/resolving_dialer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vedette::net {
namespace {

AddressPolicy allowing(std::vector<std::string> const& blocks) {
    return *AddressPolicy::parse(blocks, "--source-allow");
}

struct Scene {
    explicit Scene(AddressPolicy policy = allowing({}))
        : dialer(resolver, std::move(policy),
                 [this](Resolver& guarded) { return std::make_unique<ResolvingDialer>(w.network, guarded); }) {}

    std::string connect(std::string host) {
        auto const stream = w.world.run(dialer.connect({std::move(host), 80}, w.in(5s)));
        return stream ? (*stream)->peer() : stream.error().text();
    }

    HttpWorld w;
    TableResolver resolver;
    GuardedDialer dialer;
};

TEST(GuardedDialer, NamesAndLiteralsThatMayBeDialedAreDialed) {
    Scene s;
    s.w.always({"10.0.0.1", 80}, "");
    s.resolver.answers["shop.example"] = {{"10.0.0.1"}};
    EXPECT_EQ(s.connect("shop.example"), "10.0.0.1:80");
    EXPECT_EQ(s.connect("10.0.0.1"), "10.0.0.1:80");
}

TEST(GuardedDialer, WhatIsRefusedIsNeitherLookedUpNorDialed) {
    Scene s;
    EXPECT_EQ(s.connect("169.254.169.254"),
              "connect 169.254.169.254:80: 169.254.169.254 is a link-local address: it is never dialed");
    EXPECT_EQ(s.connect("localhost"),
              "connect localhost:80: localhost is a loopback address: it is dialed only when "
              "--source-allow names it");
    EXPECT_EQ(s.connect("2130706433"),
              "connect 2130706433:80: the host \"2130706433\" is a number: write an IPv4 "
              "address as four decimal numbers");
    EXPECT_THAT(s.resolver.asked, testing::IsEmpty());
    EXPECT_THAT(s.w.world.trace(), testing::IsEmpty());
}

TEST(GuardedDialer, ANameThatLeadsToARefusedAddressIsRefusedAndTheErrorSaysWhere) {
    Scene s;
    s.resolver.answers["evil.example"] = {{"fe80::1", "169.254.169.254"}};
    s.resolver.answers["own.example"] = {{"::ffff:127.0.0.1"}};
    EXPECT_EQ(s.connect("evil.example"),
              "connect evil.example:80: lookup evil.example: fe80::1 is a link-local address: it is never dialed");
    EXPECT_EQ(s.connect("own.example"),
              "connect own.example:80: lookup own.example: ::ffff:127.0.0.1 carries "
              "127.0.0.1, a loopback address: it is dialed only when --source-allow names it");
    EXPECT_THAT(s.w.world.trace(), testing::IsEmpty());
}

TEST(GuardedDialer, OfSeveralAddressesOnlyThosePassThatMay) {
    Scene s;
    s.w.always({"10.0.0.1", 80}, "");
    s.resolver.answers["both.example"] = {{"169.254.169.254", "10.0.0.1"}};
    EXPECT_EQ(s.connect("both.example"), "10.0.0.1:80");
}

TEST(GuardedDialer, ANameThatLeadsElsewhereTheSecondTimeIsJudgedTheSecondTime) {
    Scene s;
    s.w.always({"10.0.0.1", 80}, "");
    s.w.always({"169.254.169.254", 80}, "");
    s.resolver.answers["rebinding.example"] = {{"10.0.0.1"}, {"169.254.169.254"}};
    EXPECT_EQ(s.connect("rebinding.example"), "10.0.0.1:80");
    EXPECT_THAT(s.connect("rebinding.example"), testing::HasSubstr("it is never dialed"));
    EXPECT_EQ(s.w.network.connections(), 1);
    EXPECT_THAT(s.resolver.asked, testing::ElementsAre("rebinding.example", "rebinding.example"));
}

TEST(GuardedDialer, AnotherFailureIsNotTakenForARefusal) {
    Scene s;
    s.resolver.answers["shop.example"] = {{"10.0.0.1"}};
    EXPECT_EQ(s.connect("shop.example"), "connect 10.0.0.1:80: connection refused");
    EXPECT_EQ(s.connect("gone.example"), "connect gone.example:80: lookup gone.example: no such host");
}

TEST(GuardedDialer, NameServersAreJudgedToo) {
    Scene s;
    for (auto const& [server, want] : {
             std::pair{"10.0.0.10:53", "NOERROR"},
             std::pair{"", "NOERROR"},
             std::pair{"fd00::a", "NOERROR"},
             std::pair{"169.254.20.10", "name server: 169.254.20.10 is a link-local address: it is never dialed"},
             std::pair{"10.0.0.10, 169.254.20.10:53",
                       "name server: 169.254.20.10 is a link-local address: it is never "
                       "dialed"},
             std::pair{"[::1]:53",
                       "name server: ::1 is a loopback address: it is dialed only when --source-allow names "
                       "it"},
             std::pair{"[fe80::1", "name server: fe80::1 is a link-local address: it is never dialed"},
         }) {
        DnsQuestion const question{.name = "shop.example", .server = server};
        auto const answer = s.w.world.run(s.dialer.resolver().query(question, s.w.in(5s)));
        EXPECT_EQ(answer ? answer->rcode : answer.error().text(), want) << server;
    }
}

// The system's own parts: names of /etc/hosts never reach a name server, and literals never reach the resolver.
TEST(GuardedDialer, TheSystemsDialerUnderGuardConnectsToNoHostThatIsRefused) {
    RealSockets sockets;
    auto const listener = sockets.listen();
    auto const port = listener->local().port;
    TableResolver hosts;
    hosts.answers["in-hosts.example"] = {{"127.0.0.1"}};
    auto const make = [&sockets](Resolver& guarded) {
        return make_system_dialer(sockets.executor(), sockets.clock(), guarded);
    };
    GuardedDialer closed(hosts, allowing({}), make);
    for (std::string const host : {"in-hosts.example", "127.0.0.1", "::ffff:127.0.0.1", "localhost"}) {
        auto const refused = sockets.run(closed.connect({host, port}, sockets.soon()));
        ASSERT_FALSE(refused) << host;
        EXPECT_EQ(refused.error().code(), Errc::denied) << refused.error().text();
    }
    GuardedDialer open(hosts, allowing({"127.0.0.1"}), make);
    for (std::string const host : {"in-hosts.example", "127.0.0.1"}) {
        auto const connected = sockets.run(open.connect({host, port}, sockets.soon()));
        EXPECT_TRUE(connected) << host << ": " << connected.error().text();
    }
}

}  // namespace
}  // namespace vedette::net
