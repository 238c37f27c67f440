// The dns check: the judgement of answers from a played resolver, and the way to a real name server over UDP and TCP.

#include "check/probes/suite_run.hpp"
#include "net/real_sockets.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace vedette::check {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::string_literals;

// Answers every question alike, after a while, and remembers what it was asked.
class PlayedResolver final : public net::Resolver {
public:
    explicit PlayedResolver(Clock& clock) : clock_(clock) {}
    Task<void> resolve(std::string host, Deadline, net::FoundAddresses) override {
        co_return fail(Errc::dns_failure, "lookup {}: no such host", host);
    }
    Task<net::DnsAnswer> query(net::DnsQuestion question, Deadline deadline) override {
        questions.push_back(std::move(question));
        co_await clock_.sleep_until(std::min(deadline, clock_.now() + delay), "a name server");
        if (clock_.now() >= deadline) co_return fail(Errc::timed_out, "ask 10.0.0.10:53 for shop.example: timed out");
        co_return answer;
    }

    Result<net::DnsAnswer> answer = net::DnsAnswer{"NOERROR", {"10.0.0.1", "10.0.0.2"}, std::chrono::seconds(60)};
    Duration delay{};
    std::vector<net::DnsQuestion> questions;

private:
    Clock& clock_;
};

struct DnsWorld : WorldContext {
    CheckReport check(std::string const& yaml) {
        ProbeContext played{world.clock(), world.random(), network, names, tls, *http, process, nullptr, nullptr, {}};
        Interrupt interrupt;
        auto report = world.run(run_checks(instances_of(yaml), played, {}, {}, interrupt));
        return std::move(report.checks.at(0));
    }
    Outcome dns(std::string more = "") {
        return check(fmt::format("{{type: dns, with: {{name: shop.example{}}}}}", more)).outcome;
    }
    void answer_with(std::vector<std::string> records, std::string rcode = "NOERROR") {
        names.answer = net::DnsAnswer{std::move(rcode), std::move(records), std::chrono::seconds(60)};
    }

    PlayedResolver names{world.clock()};
};

TEST(DnsProbe, AnAnswerIsOkWithItsRecordsAndNumbers) {
    DnsWorld world;
    auto const outcome = world.dns();
    EXPECT_EQ(said(outcome), "ok Ok: A shop.example answered 10.0.0.1, 10.0.0.2 in 0 ms");
    EXPECT_EQ(outcome.checked, 1);
    EXPECT_EQ(outcome.details.at("rcode"), "NOERROR");
    EXPECT_EQ(outcome.details.at("answers"), (boost::json::array{"10.0.0.1", "10.0.0.2"}));
    EXPECT_EQ(outcome.details.at("ttl_seconds"), 60);
    EXPECT_EQ(outcome.details.at("server"), "system");
    EXPECT_EQ(measured(outcome, "lookup_ms"), 0);
    EXPECT_EQ(outcome.thresholds, (std::vector<Threshold>{{"lookup", "1s", "4s"}}));
}

TEST(DnsProbe, TheQuestionIsTheSuites) {
    DnsWorld world;
    world.dns();
    world.dns(", server: '10.0.0.10:5353', type: srv, transport: tcp, recursion: false");
    ASSERT_EQ(world.names.questions.size(), 2U);
    auto const& plain = world.names.questions[0];
    EXPECT_EQ(plain.name, "shop.example");
    EXPECT_EQ(plain.type, net::DnsType::a);
    EXPECT_EQ(plain.server, "");
    EXPECT_FALSE(plain.over_tcp);
    EXPECT_TRUE(plain.recursive);
    auto const& special = world.names.questions[1];
    EXPECT_EQ(special.type, net::DnsType::srv);
    EXPECT_EQ(special.server, "10.0.0.10:5353");
    EXPECT_TRUE(special.over_tcp);
    EXPECT_FALSE(special.recursive);
}

TEST(DnsProbe, TheResponseCodeIsJudgedFirst) {
    DnsWorld world;
    world.answer_with({}, "NXDOMAIN");
    EXPECT_EQ(said(world.dns()), "critical UnexpectedRcode: A shop.example answered NXDOMAIN, expected NOERROR");
    EXPECT_EQ(said(world.dns(", rcode: nxdomain")), "ok Ok: A shop.example answered NXDOMAIN in 0 ms");
    world.answer_with({"10.0.0.1"});
    EXPECT_EQ(said(world.dns(", rcode: NXDOMAIN")),
              "critical UnexpectedRcode: A shop.example answered NOERROR, expected NXDOMAIN");
}

TEST(DnsProbe, TooFewRecordsAreCritical) {
    DnsWorld world;
    world.answer_with({});
    EXPECT_EQ(said(world.dns()), "critical TooFewRecords: A shop.example has 0 records, expected at least 1");
    EXPECT_EQ(world.dns(", min_records: 0").status, Status::ok);
    world.answer_with({"10.0.0.1", "10.0.0.2"});
    EXPECT_EQ(said(world.dns(", min_records: 3")),
              "critical TooFewRecords: A shop.example has 2 records, expected at least 3");
}

TEST(DnsProbe, ExactlyTheseRecordsInAnyOrderWhateverTheirSpelling) {
    DnsWorld world;
    EXPECT_EQ(world.dns(", exact: [10.0.0.2, 10.0.0.1]").status, Status::ok);
    EXPECT_EQ(said(world.dns(", exact: [10.0.0.1]")),
              "critical UnexpectedRecords: A shop.example answered 10.0.0.1, 10.0.0.2, expected 10.0.0.1");
    world.answer_with({});
    EXPECT_EQ(said(world.dns(", exact: [10.0.0.1]")),
              "critical UnexpectedRecords: A shop.example answered nothing, expected 10.0.0.1");
    world.answer_with({"10 mail.example"});
    EXPECT_EQ(world.dns(", type: MX, exact: ['10 MAIL.example.']").status, Status::ok);
    world.answer_with({"fd00::1"});
    EXPECT_EQ(world.dns(", type: AAAA, exact: ['fd00:0::0001']").status, Status::ok);
    world.answer_with({"v=1 X"});
    EXPECT_EQ(world.dns(", type: TXT, exact: ['v=1 x']").status, Status::critical) << "texts are as they are";
}

TEST(DnsProbe, OneRecordMustMatch) {
    DnsWorld world;
    EXPECT_EQ(world.dns(", match: '\\.2$'").status, Status::ok);
    EXPECT_EQ(said(world.dns(", match: '\\.3$'")),
              "critical NoMatch: A shop.example answered 10.0.0.1, 10.0.0.2, which does not match \\.3$");
}

TEST(DnsProbe, SlowAnswersTurnAtTheirLimits) {
    DnsWorld world;
    world.names.delay = 1500ms;
    EXPECT_EQ(said(world.dns()), "warning Slow: A shop.example answered 10.0.0.1, 10.0.0.2 in 1500 ms");
    EXPECT_EQ(world.dns(", warning: 2s").status, Status::ok);
    EXPECT_EQ(world.dns(", critical: 1s").status, Status::critical);
    world.names.delay = 4001ms;
    EXPECT_EQ(said(world.dns()), "critical Slow: A shop.example answered 10.0.0.1, 10.0.0.2 in 4001 ms");
}

TEST(DnsProbe, AQuestionThatGotNoAnswerKeepsItsWords) {
    DnsWorld world;
    world.names.answer = fail(Errc::refused, "ask 10.0.0.10:53 for shop.example: connection refused");
    EXPECT_EQ(said(world.dns()), "critical QueryFailed: ask 10.0.0.10:53 for shop.example: connection refused");
    world.names.answer = fail(Errc::malformed, "ask 10.0.0.10:53 for shop.example: the answer is cut off");
    EXPECT_EQ(said(world.dns()), "critical QueryFailed: ask 10.0.0.10:53 for shop.example: the answer is cut off");
    world.names.delay = 20s;
    EXPECT_EQ(said(world.dns()), "timeout DeadlineExceeded: ask 10.0.0.10:53 for shop.example: timed out");
}

TEST(DnsProbe, ParametersThatCannotBeUsedAreUnknownAndNobodyIsAsked) {
    DnsWorld world;
    EXPECT_EQ(said(world.dns(", type: HTTPS")),
              "unknown InvalidParameter: HTTPS is not a record type that can be asked for");
    EXPECT_EQ(said(world.dns(", rcode: NXDOMIAN")), "unknown InvalidParameter: NXDOMIAN is not a response code");
    EXPECT_EQ(said(world.dns(", transport: dot")), "unknown InvalidParameter: transport dot is neither udp nor tcp");
    EXPECT_THAT(said(world.dns(", match: '('")),
                HasSubstr("unknown InvalidParameter: match is not an RE2 expression: "));
    EXPECT_TRUE(world.names.questions.empty());
}

TEST(DnsProbe, RecordsOfAPeerAreShownPrintableAndNotWithoutEnd) {
    DnsWorld world;
    std::vector<std::string> many(100, std::string("x\x01\xff") + std::string(1000, 'y'));
    world.answer_with(many);
    auto const outcome = world.dns(", type: TXT");
    EXPECT_LT(outcome.message.size(), 300U);
    EXPECT_EQ(outcome.details.at("answers").as_array().size(), 50U);
    EXPECT_THAT(std::string(outcome.details.at("answers").as_array()[0].as_string()), HasSubstr("x \xef\xbf\xbdy"));
}

// --- a real name server ---------------------------------------------------------------------------------------------

std::string reply_to(std::string const& query) {
    auto const end = query.find('\0', 12) + 5;
    return query.substr(0, 2) + "\x81\x80\0\1\0\1\0\0\0\0"s + query.substr(12, end - 12) +
           "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0\7"s;
}

struct Heard {
    std::vector<std::string> over_udp;
    std::vector<std::string> over_tcp;
};

using asio::ip::tcp;
using asio::ip::udp;

Async<void> serve_udp(udp::socket& socket, Heard& heard) {
    for (;;) {
        std::string query(512, '\0');
        udp::endpoint from;
        auto const size = co_await socket.async_receive_from(asio::buffer(query), from, asio::use_awaitable);
        query.resize(size);
        heard.over_udp.push_back(query);
        auto const reply = reply_to(query);
        co_await socket.async_send_to(asio::buffer(reply), from, asio::use_awaitable);
    }
}

Async<void> serve_tcp(tcp::acceptor& acceptor, Heard& heard) {
    for (;;) {
        auto socket = co_await acceptor.async_accept(asio::use_awaitable);
        std::string head(2, '\0');
        co_await asio::async_read(socket, asio::buffer(head), asio::use_awaitable);
        auto const size =
            static_cast<std::size_t>(static_cast<unsigned char>(head[0])) << 8 | static_cast<unsigned char>(head[1]);
        std::string query(size, '\0');
        co_await asio::async_read(socket, asio::buffer(query), asio::use_awaitable);
        heard.over_tcp.push_back(query);
        auto reply = reply_to(query);
        reply.insert(0, {static_cast<char>(reply.size() >> 8), static_cast<char>(reply.size() & 255)});
        co_await asio::async_write(socket, asio::buffer(reply), asio::use_awaitable);
    }
}

class RealDnsTest : public testing::Test {
protected:
    RealDnsTest() {
        bind_both();
        group_.spawn(serve_udp(udp_, heard_));
        group_.spawn(serve_tcp(tcp_, heard_));
    }
    void TearDown() override { sockets_.run(net::stop_group(group_)); }

    // One number that is free for both.
    void bind_both() {
        auto const loopback = asio::ip::address_v4::loopback();
        boost::system::error_code taken;
        do {
            udp_ = udp::socket(sockets_.executor(), udp::endpoint(loopback, 0));
            tcp_ = tcp::acceptor(sockets_.executor(), tcp::v4());
            tcp_.bind(tcp::endpoint(loopback, udp_.local_endpoint().port()), taken);
        } while (taken);
        tcp_.listen();
    }

    Outcome dns(std::string more = "") {
        auto const yaml = fmt::format(
            "{{type: dns, with: {{name: shop.example, server: '127.0.0.1:{}', warning: 9s, critical: 9s{}}}}}",
            udp_.local_endpoint().port(), more);
        Interrupt interrupt;
        auto report = sockets_.run(run_checks(instances_of(yaml), context_, {}, {}, interrupt));
        return std::move(report.checks.at(0).outcome);
    }

    net::RealSockets sockets_;
    Heard heard_;
    udp::socket udp_{sockets_.executor()};
    tcp::acceptor tcp_{sockets_.executor()};
    std::unique_ptr<net::Resolver> resolver_ = net::make_system_resolver(sockets_.executor(), sockets_.clock());
    WorldContext others_;
    ProbeContext context_{sockets_.clock(), others_.world.random(), others_.network, *resolver_, others_.tls,
                          *others_.http,    others_.process,        nullptr,         nullptr,    {}};
    TaskGroup group_{sockets_.executor()};
};

TEST_F(RealDnsTest, TheTransportIsUdpUnlessTcpIsAskedFor) {
    auto const outcome = dns(", exact: [10.0.0.7]");
    EXPECT_EQ(outcome.status, Status::ok) << outcome.message;
    EXPECT_EQ(heard_.over_udp.size(), 1U);
    EXPECT_TRUE(heard_.over_tcp.empty());
    EXPECT_EQ(dns(", transport: tcp").status, Status::ok);
    EXPECT_EQ(heard_.over_udp.size(), 1U);
    EXPECT_EQ(heard_.over_tcp.size(), 1U);
}

TEST_F(RealDnsTest, RecursionIsDesiredUnlessSaidOtherwise) {
    dns();
    dns(", recursion: false");
    ASSERT_EQ(heard_.over_udp.size(), 2U);
    EXPECT_EQ(heard_.over_udp[0][2] & 1, 1);
    EXPECT_EQ(heard_.over_udp[1][2] & 1, 0);
}

TEST_F(RealDnsTest, AServerThatIsNoAddressIsUnknown) {
    Interrupt interrupt;
    auto instances = instances_of("{type: dns, with: {name: shop.example, server: ns.example}}");
    auto const report = sockets_.run(run_checks(std::move(instances), context_, {}, {}, interrupt));
    EXPECT_EQ(said(report.checks.at(0).outcome), "unknown InvalidParameter: the name server ns.example is no address");
}

}  // namespace
}  // namespace vedette::check
