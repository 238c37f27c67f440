#include "net/dns_query.hpp"

#include "net/real_sockets.hpp"
#include "net/resolver.hpp"

#include <boost/asio/ip/udp.hpp>
#include <gtest/gtest.h>

namespace vedette::net {
namespace {

using asio::ip::udp;
using namespace std::string_literals;

std::string u16(unsigned value) {
    return {static_cast<char>(value >> 8), static_cast<char>(value & 255)};
}

// A name on the wire.
std::string wire(std::string_view name) {
    std::string out;
    while (!name.empty()) {
        auto const label = name.substr(0, name.find('.'));
        out += static_cast<char>(label.size());
        out += label;
        name.remove_prefix(std::min(label.size() + 1, name.size()));
    }
    return out + '\0';
}

// A record of the name in the question.
std::string record(DnsType type, std::string const& data, unsigned ttl = 60) {
    return "\xc0\x0c"s + u16(static_cast<unsigned>(type)) + u16(1) + u16(0) + u16(ttl) +
           u16(static_cast<unsigned>(data.size())) + data;
}

std::string message(unsigned rcode, std::vector<std::string> const& records, DnsType type = DnsType::a) {
    auto text = u16(7) + u16(0x8180 | rcode) + u16(1) + u16(static_cast<unsigned>(records.size())) + u16(0) + u16(0) +
                wire("shop.example") + u16(static_cast<unsigned>(type)) + u16(1);
    for (auto const& one : records) text += one;
    return text;
}

TEST(ReadDnsReply, EachTypeReadsAsZoneFilesHaveIt) {
    struct Row {
        DnsType type;
        std::string data;
        std::string want;
    };
    auto const numbers = u16(0) + u16(1) + u16(0) + u16(2) + u16(0) + u16(3) + u16(0) + u16(4) + u16(0) + u16(5);
    for (auto const& row : {
             Row{DnsType::a, "\x0a\0\0\1"s, "10.0.0.1"},
             Row{DnsType::aaaa, "\xfd"s + std::string(14, '\0') + "\1", "fd00::1"},
             Row{DnsType::cname, wire("web.example"), "web.example"},
             Row{DnsType::ns, wire("ns.example"), "ns.example"},
             Row{DnsType::ptr, "\xc0\x0c"s, "shop.example"},
             Row{DnsType::mx, u16(10) + wire("mail.example"), "10 mail.example"},
             Row{DnsType::srv, u16(0) + u16(5) + u16(8080) + wire("web.example"), "0 5 8080 web.example"},
             Row{DnsType::txt, "\3v=1\2 x"s, "v=1 x"},
             Row{DnsType::soa, wire("ns.example") + wire("admin.example") + numbers,
                 "ns.example admin.example 1 2 3 4 5"},
         }) {
        SCOPED_TRACE(row.want);
        auto const got = read_dns_reply(message(0, {record(row.type, row.data)}, row.type), row.type);
        ASSERT_TRUE(got.has_value()) << got.error().text();
        EXPECT_EQ(*got, (DnsAnswer{"NOERROR", {row.want}, std::chrono::seconds(60)}));
    }
}

TEST(ReadDnsReply, TheLeastTtlCountsAndTheCnameOnTheWayIsLeftOut) {
    auto const got =
        read_dns_reply(message(0, {record(DnsType::cname, wire("web.example"), 5),
                                   record(DnsType::a, "\x0a\0\0\1"s, 300), record(DnsType::a, "\x0a\0\0\2"s, 30)}),
                       DnsType::a);
    EXPECT_EQ(got, (DnsAnswer{"NOERROR", {"10.0.0.1", "10.0.0.2"}, std::chrono::seconds(30)}));
}

TEST(ReadDnsReply, AResponseCodeIsAnAnswer) {
    EXPECT_EQ(read_dns_reply(message(3, {}), DnsType::a), (DnsAnswer{.rcode = "NXDOMAIN", .answers = {}}));
    EXPECT_EQ(read_dns_reply(message(5, {}), DnsType::a), (DnsAnswer{.rcode = "REFUSED", .answers = {}}));
    EXPECT_EQ(read_dns_reply(message(9, {}), DnsType::a), (DnsAnswer{.rcode = "RCODE9", .answers = {}}));
}

TEST(ReadDnsReply, EveryTruncationIsMalformed) {
    auto const whole = message(0, {record(DnsType::mx, u16(10) + wire("mail.example"))}, DnsType::mx);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        SCOPED_TRACE(size);
        auto const got = read_dns_reply(std::string_view(whole).substr(0, size), DnsType::mx);
        ASSERT_FALSE(got.has_value());
        EXPECT_EQ(got.error().code(), Errc::malformed);
    }
    EXPECT_TRUE(read_dns_reply(whole, DnsType::mx).has_value());
}

TEST(ReadDnsReply, ARecordWhoseLengthLiesIsMalformed) {
    EXPECT_FALSE(read_dns_reply(message(0, {record(DnsType::a, "\x0a\0\0"s)}), DnsType::a).has_value());
    EXPECT_FALSE(read_dns_reply(message(0, {record(DnsType::a, "\x0a\0\0\1\1"s)}), DnsType::a).has_value());
    EXPECT_FALSE(read_dns_reply(message(0, {record(DnsType::txt, "\x09short"s)}), DnsType::txt).has_value());
}

TEST(ReadDnsReply, APointerThatChasesItselfIsMalformed) {
    auto const at = message(0, {}).size() + 12;  // where the record's data begin
    auto const loop = "\xc0"s + static_cast<char>(at);
    EXPECT_FALSE(read_dns_reply(message(0, {record(DnsType::ns, loop)}), DnsType::ns).has_value());
}

// --- real sockets ---------------------------------------------------------------------------------------------------

// Repeats the question with the response code and the records it was given; silent without a response code.
struct NameServer {
    std::optional<unsigned> rcode = 0;
    std::vector<std::string> records;
    std::vector<std::string> questions;
};

Async<void> serve(udp::socket& socket, NameServer& state) {
    for (;;) {
        std::string query(512, '\0');
        udp::endpoint from;
        auto const size = co_await socket.async_receive_from(asio::buffer(query), from, asio::use_awaitable);
        query.resize(size);
        auto const end = query.find('\0', 12) + 5;
        state.questions.push_back(query.substr(12, end - 12));
        if (!state.rcode) continue;
        auto reply = query.substr(0, 2) + u16(0x8180 | *state.rcode) + u16(1) +
                     u16(static_cast<unsigned>(state.records.size())) + u16(0) + u16(0) + query.substr(12, end - 12);
        for (auto const& one : state.records) reply += one;
        co_await socket.async_send_to(asio::buffer(reply), from, asio::use_awaitable);
    }
}

class DnsQueryTest : public testing::Test {
protected:
    DnsQueryTest() { group_.spawn(serve(server_, state_)); }
    void TearDown() override { sockets_.run(stop_group(group_)); }

    Result<DnsAnswer> ask(std::string name, DnsType type, Deadline deadline) {
        return sockets_.run(resolver_->query({std::move(name), type, address()}, deadline));
    }
    Result<DnsAnswer> ask(std::string name, DnsType type) { return ask(std::move(name), type, sockets_.soon()); }
    std::string address() { return fmt::format("127.0.0.1:{}", server_.local_endpoint().port()); }

    RealSockets sockets_;
    udp::socket server_{sockets_.executor(), udp::endpoint(asio::ip::address_v4::loopback(), 0)};
    NameServer state_;
    std::unique_ptr<Resolver> resolver_ = make_system_resolver(sockets_.executor(), sockets_.clock());
    TaskGroup group_{sockets_.executor()};
};

TEST_F(DnsQueryTest, TheRecordsOfTheServerAskedComeBack) {
    state_.records = {record(DnsType::srv, u16(0) + u16(5) + u16(8080) + wire("web.example"))};
    EXPECT_EQ(ask("_http._tcp.example", DnsType::srv),
              (DnsAnswer{"NOERROR", {"0 5 8080 web.example"}, std::chrono::seconds(60)}));
}

TEST_F(DnsQueryTest, EveryResponseCodeIsQuotedAndAskedForOnce) {
    for (auto const& [code, word] : {std::pair(2u, "SERVFAIL"), {3u, "NXDOMAIN"}, {4u, "NOTIMP"}, {5u, "REFUSED"}}) {
        SCOPED_TRACE(word);
        state_.rcode = code;
        state_.questions.clear();
        auto const got = ask("shop.example", DnsType::a);
        ASSERT_TRUE(got.has_value()) << got.error().text();
        EXPECT_EQ(got->rcode, word);
        EXPECT_EQ(state_.questions.size(), 1u);
    }
}

TEST_F(DnsQueryTest, AnAddressIsAskedForByItsReverseName) {
    state_.records = {record(DnsType::ptr, wire("shop.example"))};
    EXPECT_TRUE(ask("10.1.2.3", DnsType::ptr).has_value());
    ASSERT_EQ(state_.questions.size(), 1u);
    EXPECT_EQ(state_.questions[0], wire("3.2.1.10.in-addr.arpa") + u16(12) + u16(1));
}

TEST_F(DnsQueryTest, ASilentServerTimesOutAndNoSocketStaysOpen) {
    state_.rcode.reset();
    auto const before = open_descriptors();
    auto const got = ask("shop.example", DnsType::a, sockets_.clock().now() + 30ms);
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error(), Error(Errc::timed_out, fmt::format("ask {} for shop.example: timed out", address())));
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(DnsQueryTest, APortWhereNobodyListensIsRefused) {
    udp::socket other(sockets_.executor(), udp::endpoint(asio::ip::address_v4::loopback(), 0));
    auto const nobody = fmt::format("127.0.0.1:{}", other.local_endpoint().port());
    other.close();
    auto const got = sockets_.run(resolver_->query({"shop.example", DnsType::a, nobody}, sockets_.soon()));
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code(), Errc::refused) << got.error().text();
}

TEST_F(DnsQueryTest, AServerThatIsNoAddressIsInvalidInput) {
    for (auto const* server : {"ns.example", "10.0.0.1:0", "10.0.0.1:x", "10.0.0.1,10.0.0.2", "[::1", ":53"}) {
        SCOPED_TRACE(server);
        auto const got = sockets_.run(resolver_->query({"shop.example", DnsType::a, server}, sockets_.soon()));
        ASSERT_FALSE(got.has_value());
        EXPECT_EQ(got.error().code(), Errc::invalid_input);
    }
}

}  // namespace
}  // namespace vedette::net
