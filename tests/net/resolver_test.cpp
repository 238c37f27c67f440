#include "net/resolver.hpp"

#include "net/real_sockets.hpp"

#include <boost/asio/ip/udp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <gtest/gtest.h>

namespace vedette::net {
namespace {

using asio::ip::udp;

constexpr char type_a = 1;

// A name server on the loopback interface: knows some names, fails for others, is silent for the rest.
struct Zone {
    std::map<std::string, std::pair<std::string, std::string>>
        addresses;                         ///< name -> raw A and AAAA, each may be empty
    std::map<std::string, char> failures;  ///< name -> response code
    int questions = 0;
};

// The question's name, dotted, and where its type stands.
std::pair<std::string, std::size_t> name_in(std::string const& query) {
    std::string name;
    std::size_t at = 12;
    while (query[at] != 0) {
        auto const length = static_cast<std::size_t>(query[at]);
        name += (name.empty() ? "" : ".") + query.substr(at + 1, length);
        at += length + 1;
    }
    return {name, at + 1};
}

std::string answer_to(std::string const& query, Zone& zone) {
    ++zone.questions;
    auto const [name, type_at] = name_in(query);
    auto const type = query[type_at + 1];
    auto reply = query.substr(0, type_at + 4);
    reply[2] = '\x81';
    reply[3] = '\x80';
    std::fill(reply.begin() + 6, reply.begin() + 12, '\0');
    if (auto const failed = zone.failures.find(name); failed != zone.failures.end()) {
        reply[3] = static_cast<char>('\x80' | failed->second);
        return reply;
    }
    auto const known = zone.addresses.find(name);
    if (known == zone.addresses.end()) return {};
    auto const& raw = type == type_a ? known->second.first : known->second.second;
    if (raw.empty()) return reply;
    reply[7] = 1;
    reply += std::string("\xc0\x0c\x00", 3) + type + std::string("\x00\x01\x00\x00\x00\x3c\x00", 7);
    reply += static_cast<char>(raw.size()) + raw;
    return reply;
}

Async<void> serve(udp::socket& socket, Zone& zone) {
    for (;;) {
        std::string query(512, '\0');
        udp::endpoint from;
        auto const size = co_await socket.async_receive_from(asio::buffer(query), from, asio::use_awaitable);
        query.resize(size);
        auto const reply = answer_to(query, zone);
        if (!reply.empty()) co_await socket.async_send_to(asio::buffer(reply), from, asio::use_awaitable);
    }
}

class ResolverTest : public testing::Test {
protected:
    ResolverTest() { group_.spawn(serve(server_, zone_)); }
    void TearDown() override { sockets_.run(stop_group(group_)); }

    Result<std::vector<std::string>> resolve(std::string host) {
        return sockets_.run(resolver_->resolve(std::move(host), sockets_.soon()));
    }

    RealSockets sockets_;
    udp::socket server_{sockets_.executor(), udp::endpoint(asio::ip::address_v4::loopback(), 0)};
    Zone zone_;
    std::unique_ptr<Resolver> resolver_ =
        make_resolver(sockets_.executor(), sockets_.clock(),
                      {.servers = fmt::format("127.0.0.1:{}", server_.local_endpoint().port()), .with_search = false});
    TaskGroup group_{sockets_.executor()};
};

TEST_F(ResolverTest, BothFamiliesOfANameAreFound) {
    zone_.addresses["shop.example"] = {std::string("\x0a\x00\x00\x01", 4),
                                       std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16)};
    auto got = resolve("shop.example");
    ASSERT_TRUE(got.has_value()) << got.error().text();
    std::ranges::sort(*got);
    EXPECT_EQ(*got, (std::vector<std::string>{"10.0.0.1", "2001:db8::1"}));
}

TEST_F(ResolverTest, OneFamilyIsEnough) {
    zone_.addresses["v4.example"] = {std::string("\x0a\x00\x00\x02", 4), ""};
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
    auto const got = sockets_.run(resolver_->resolve("silent.example", sockets_.clock().now() + 30ms));
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error(), Error(Errc::timed_out, "lookup silent.example: timed out waiting for the name servers"));
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_GT(zone_.questions, 0);
}

TEST_F(ResolverTest, CancellingALookupClosesItsSockets) {
    auto const before = open_descriptors();
    auto const look_up = [](Resolver& resolver) -> Async<void> {
        auto const ignored = co_await resolver.resolve("silent.example", no_deadline);
        (void)ignored;
        ADD_FAILURE() << "a cancelled lookup must not return";
    };
    auto const play = [](RealSockets& s, Zone& zone, TaskGroup& lookups) -> Async<void> {
        while (zone.questions == 0) co_await s.clock().sleep_for(1ms);
        co_await lookups.stop();
    };
    TaskGroup lookups(sockets_.executor());
    lookups.spawn(look_up(*resolver_));
    sockets_.run(play(sockets_, zone_, lookups));
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(ResolverTest, LookupsRunSideBySide) {
    zone_.addresses["a.example"] = {std::string("\x0a\x00\x00\x0a", 4), ""};
    zone_.addresses["b.example"] = {std::string("\x0a\x00\x00\x0b", 4), ""};
    std::map<std::string, std::string> found;
    auto const look_up = [](Resolver& resolver, std::string host, Deadline deadline,
                            std::map<std::string, std::string>& into) -> Async<void> {
        auto const got = co_await resolver.resolve(host, deadline);
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
    EXPECT_EQ(zone_.questions, 0);
}

TEST(SystemResolver, AServerListThatCannotBeReadIsInvalidInput) {
    RealSockets sockets;
    auto const resolver = make_resolver(sockets.executor(), sockets.clock(), {.servers = "nobody"});
    auto const got = sockets.run(resolver->resolve("shop.example", sockets.soon()));
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code(), Errc::invalid_input);
}

}  // namespace
}  // namespace vedette::net
