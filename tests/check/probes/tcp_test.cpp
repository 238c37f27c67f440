// The tcp check in a virtual network. TLS is http_tls_test.cpp's business.

#include "check/probes/suite_run.hpp"

namespace vedette::check {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

net::Endpoint const mail{"mail.example", 25};

// Says its banner, then what `answers` makes of what it hears, and closes when told to.
struct Mailer {
    std::string banner;
    std::string answer;
    bool close = false;
};

Async<void> serve_one(std::unique_ptr<net::Stream> stream, Mailer mailer) {
    if (!mailer.banner.empty()) {
        auto const said = co_await stream->write(mailer.banner, no_deadline);
        if (!said || mailer.close) co_return;
    }
    std::string heard(4096, '\0');
    auto count = co_await stream->read(heard, no_deadline);
    if (!count || *count == 0 || mailer.answer.empty()) co_return;
    auto const said = co_await stream->write(mailer.answer, no_deadline);
    if (!said || mailer.close) co_return;
    count = co_await stream->read(heard, no_deadline);
}

Async<void> serve_mail(ProbeWorld& world, std::unique_ptr<net::Listener> listener, Mailer mailer) {
    while (true) {
        auto stream = co_await listener->accept();
        world.tasks.spawn(serve_one(std::move(*stream), mailer));
    }
}

struct MailWorld : ProbeWorld {
    explicit MailWorld(Mailer mailer = {}) { tasks.spawn(serve_mail(*this, network.listen(mail), std::move(mailer))); }
    Outcome tcp(std::string more = "") {
        return outcome(fmt::format("{{type: tcp, with: {{host: mail.example, port: 25{}}}}}", more));
    }
};

TEST(TcpProbe, AnOpenPortIsOkWithItsNumbers) {
    MailWorld world;
    auto const outcome = world.tcp();
    EXPECT_EQ(said(outcome), "ok Ok: mail.example:25 accepts connections (0.0 ms)");
    EXPECT_EQ(outcome.checked, 1);
    EXPECT_EQ(outcome.details.at("address"), "mail.example:25");
    EXPECT_EQ(measured(outcome, "connect_ms"), 0);
    EXPECT_EQ(outcome.thresholds, (std::vector<Threshold>{{"connect", "1s", nullptr}}));
    world.world.pass(1s);
    EXPECT_EQ(world.network.open_streams(), 0U);
}

TEST(TcpProbe, EachOutageIsToldApart) {
    for (auto const& [faults, want] : {
             std::pair{world::Faults{.refuse = true},
                       "critical ConnectFailed: connect mail.example:25: connection refused"},
             std::pair{world::Faults{.blackhole = true},
                       "timeout DeadlineExceeded: connect mail.example:25: timed out"},
             std::pair{world::Faults{.latency = 6s}, "timeout DeadlineExceeded: connect mail.example:25: timed out"},
         }) {
        MailWorld world;
        world.network.set_faults(mail, faults);
        auto const outcome = world.tcp();
        EXPECT_EQ(said(outcome), want);
        EXPECT_EQ(outcome.failed, outcome.status == Status::critical ? 1 : 0);
    }
    MailWorld world;
    world.network.forget_name("mail.example");
    EXPECT_EQ(said(world.tcp()), "critical ConnectFailed: connect mail.example:25: no such host");
}

TEST(TcpProbe, SlowConnectionsWarnAtTheirLimit) {
    MailWorld world;
    world.network.set_faults(mail, {.latency = 1500ms});
    EXPECT_EQ(said(world.tcp()), "warning Slow: mail.example:25 accepts connections (1500.0 ms)");
    EXPECT_EQ(world.tcp(", warning: 2s").status, Status::ok);
}

TEST(TcpProbe, WhatIsExpectedIsAwaitedHoweverTheBytesAreCut) {
    MailWorld world({.banner = "220 mail.example ESMTP\r\n"});
    world.network.set_faults(mail, {.dribble_bytes = 1, .dribble_every = 10ms});
    EXPECT_EQ(world.tcp(", expect: '^220 .*ESMTP'").status, Status::ok);
}

TEST(TcpProbe, WhatIsSentIsAnswered) {
    MailWorld world({.answer = "+PONG\r\n"});
    EXPECT_EQ(world.tcp(", send: \"PING\\r\\n\", expect: PONG").status, Status::ok);
    EXPECT_EQ(said(world.tcp(", expect: PONG")), "timeout DeadlineExceeded: mail.example:25 said nothing: timed out")
        << "a peer that waits for us says nothing by itself";
}

TEST(TcpProbe, AnotherAnswerIsQuotedPrintable) {
    MailWorld closing({.banner = "554 no\x01 password=hunter2\r\n", .close = true});
    EXPECT_EQ(said(closing.tcp(", expect: '^220'")),
              "critical UnexpectedAnswer: mail.example:25 said \"554 no  password=[redacted]  \", which does not match "
              "^220");
    MailWorld waiting({.banner = "554 no\r\n"});
    EXPECT_EQ(said(waiting.tcp(", expect: '^220'")),
              "timeout DeadlineExceeded: mail.example:25 said \"554 no  \": timed out");
    MailWorld mute({.banner = "x", .close = true});
    mute.network.set_faults(mail, {.close_after = 0});
    EXPECT_EQ(said(mute.tcp(", expect: '^220'")),
              "critical UnexpectedAnswer: mail.example:25 said nothing, which does not match ^220");
}

TEST(TcpProbe, AnAnswerWithoutEndIsReadToItsLimit) {
    MailWorld world({.banner = std::string(200'000, 'x')});
    auto const outcome = world.tcp(", expect: z");
    EXPECT_EQ(outcome.reason, "UnexpectedAnswer");
    EXPECT_LT(outcome.message.size(), 300U);
}

TEST(TcpProbe, AResetInMidAnswerIsNamed) {
    MailWorld world({.banner = "220 mail.example ESMTP\r\n"});
    world.network.set_faults(mail, {.reset_after = 3});
    EXPECT_EQ(said(world.tcp(", expect: ESMTP")),
              "critical ConnectFailed: mail.example:25 said \"220\": connection reset by peer");
}

TEST(TcpProbe, TlsIsNamedAfterItsHostOrTheServerNameAndItsFailureIsCritical) {
    MailWorld world;
    EXPECT_EQ(world.tcp(", tls: true").status, Status::ok);
    EXPECT_EQ(world.tcp(", tls: true, server_name: mx.example").status, Status::ok);
    EXPECT_THAT(world.tls.handshakes(), ElementsAre("mail.example", "mx.example"));
    world.tls.fail_with(Error(Errc::tls_failure, "the peer does not speak TLS"));
    EXPECT_EQ(said(world.tcp(", tls: true")),
              "critical ConnectFailed: TLS handshake with mail.example:25: the peer does not speak TLS");
    world.tls.fail_with(std::nullopt);
    world.tls.hang(true);
    EXPECT_EQ(said(world.tcp(", tls: true")),
              "timeout DeadlineExceeded: TLS handshake with mail.example:25: timed out");
    EXPECT_EQ(world.tcp("").status, Status::ok) << "no TLS unless asked for";
}

TEST(TcpProbe, AnExpressionThatCannotBeUsedIsUnknown) {
    MailWorld world;
    EXPECT_THAT(said(world.tcp(", expect: '('")),
                HasSubstr("unknown InvalidParameter: expect is not an RE2 expression: "));
}

TEST(TcpProbe, ItsOwnTimeoutIsFiveSeconds) {
    MailWorld world;
    world.network.set_faults(mail, {.blackhole = true});
    auto const report = world.check("{type: tcp, with: {host: mail.example, port: 25}}");
    EXPECT_EQ(report.timeout, 5s);
    EXPECT_EQ(report.duration, 4900ms);
}

}  // namespace
}  // namespace vedette::check
