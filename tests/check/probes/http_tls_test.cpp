// The http and tcp checks against a real TLS server: trust, names, client certificates, and a certificate whose end is
// near, past or still ahead of its beginning.

#include "check/probes/suite_run.hpp"
#include "net/real_sockets.hpp"

namespace vedette::check {
namespace {

using std::chrono::days;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// PEM text as a YAML scalar of flow style.
std::string quoted(std::string const& pem) {
    std::string text = "\"";
    for (char const c : pem) {
        if (c == '\n') {
            text += "\\n";
        } else {
            text += c;
        }
    }
    return text + '"';
}

Task<net::HttpResponse> greet(net::ServerRequest request) {
    auto const who = request.client_chain.empty() ? "nobody" : request.client_chain.front().subject;
    net::HttpResponse response{.status = 200, .headers = {}, .body = net::make_body("hello " + who)};
    co_return response;
}

class ProbeTlsTest : public testing::Test {
protected:
    void TearDown() override { sockets_.run(net::stop_group(group_)); }

    net::Identity identity(WallTime from, WallTime to, std::vector<std::string> names = {"127.0.0.1"}) {
        return net::make_identity(
            {.common_name = "shop", .names = std::move(names), .not_before = from, .not_after = to}, &authority_);
    }

    /// Serves with a certificate of that life, counted in days from now.
    void serve(int from, int to, std::vector<std::string> names = {"127.0.0.1"}, bool ask_for_client = false) {
        auto const now = sockets_.clock().wall();
        auto const own = identity(now + days(from), now + days(to), std::move(names));
        net::TlsServerOptions options{.certificate_pem = own.certificate_pem, .key_pem = own.key_pem};
        if (ask_for_client) {
            options.client_ca_pem = authority_.certificate_pem;
            options.require_client_certificate = true;
        }
        auto made = net::make_tls_server(sockets_.clock(), std::move(options));
        ASSERT_TRUE(made.has_value()) << made.error().text();
        tls_server_ = std::move(*made);
        server_ =
            net::make_http_server(sockets_.executor(), sockets_.clock(), sockets_.listen(), tls_server_.get(), greet);
        group_.spawn(server_->serve());
    }

    Outcome run(std::string yaml) {
        Interrupt interrupt;
        auto report = sockets_.run(run_checks(instances_of(yaml), context_, {}, {}, interrupt));
        auto outcome = std::move(report.checks.at(0).outcome);
        // The port differs from run to run, and so does the time.
        auto const port = ":" + std::to_string(server_->local().port);
        for (auto at = outcome.message.find(port); at != std::string::npos; at = outcome.message.find(port)) {
            outcome.message.replace(at, port.size(), ":PORT");
        }
        return outcome;
    }
    Outcome http(std::string more) {
        return run(fmt::format("{{type: http, with: {{url: 'https://127.0.0.1:{}/', warning: 20s, critical: 20s{}}}}}",
                               server_->local().port, more));
    }
    Outcome tcp(std::string more) {
        return run(fmt::format("{{type: tcp, with: {{host: 127.0.0.1, port: {}, warning: 20s, tls: true{}}}}}",
                               server_->local().port, more));
    }
    std::string trusting() const { return ", ca: " + quoted(authority_.certificate_pem); }

    net::RealSockets sockets_;
    net::Identity authority_ = net::make_identity({.common_name = "test authority",
                                                   .names = {},
                                                   .not_before = sockets_.clock().wall() - days(4000),
                                                   .not_after = sockets_.clock().wall() + days(4000),
                                                   .is_authority = true});
    std::unique_ptr<net::TlsServer> tls_server_;
    std::unique_ptr<net::HttpServer> server_;
    std::unique_ptr<net::Resolver> resolver_ = net::make_system_resolver(sockets_.executor(), sockets_.clock());
    std::unique_ptr<net::Dialer> dialer_ = net::make_system_dialer(sockets_.executor(), sockets_.clock(), *resolver_);
    std::unique_ptr<net::Tls> tls_ = net::make_tls(sockets_.clock());
    std::unique_ptr<net::HttpClient> client_ =
        net::make_http_client(sockets_.executor(), sockets_.clock(), *dialer_, *tls_);
    Random random_{1};
    NoPrograms process_;
    ProbeContext context_{sockets_.clock(), random_,  *dialer_, *resolver_, *tls_,
                          *client_,         process_, nullptr,  nullptr,    {}};
    TaskGroup group_{sockets_.executor()};
};

TEST_F(ProbeTlsTest, TheAuthorityOfTheSuiteIsTrustedAndAnotherIsNot) {
    serve(-100, 100);
    auto const trusted = http(trusting() + ", match: hello");
    EXPECT_EQ(trusted.status, Status::ok) << trusted.message;
    EXPECT_NEAR(measured(trusted, "certificate_left_seconds"), 100 * 86400.0, 60);

    auto const unknown = http("");
    EXPECT_EQ(
        said(unknown),
        "critical RequestFailed: https://127.0.0.1:PORT/: TLS handshake with 127.0.0.1:PORT: certificate is signed "
        "by an unknown authority (issuer CN=test authority)");
    EXPECT_EQ(http(", insecure: true").status, Status::ok);
    EXPECT_THAT(said(http(", ca: nonsense")), HasSubstr("unknown InvalidParameter: https://127.0.0.1:PORT/: "));
}

TEST_F(ProbeTlsTest, ACertificateThatHasExpiredOrIsNotYetValidIsCriticalWithItsDate) {
    serve(-100, -2);
    EXPECT_THAT(said(http(trusting())), HasSubstr("certificate has expired (on 20"));
    EXPECT_EQ(http(trusting()).status, Status::critical);
    EXPECT_EQ(http(", insecure: true").status, Status::ok);
}

TEST_F(ProbeTlsTest, ACertificateFromTheFutureIsCritical) {
    serve(2, 100);
    EXPECT_THAT(said(http(trusting())), HasSubstr("certificate is not valid yet (from 20"));
}

TEST_F(ProbeTlsTest, ACertificateThatEndsSoonWarnsThenTurnsCritical) {
    serve(-100, 20);
    auto const outcome = http(trusting());
    EXPECT_EQ(outcome.status, Status::warning);
    EXPECT_EQ(outcome.reason, "CertificateExpires");
    EXPECT_THAT(outcome.message, HasSubstr("and its certificate expires in 19d ("));
    EXPECT_EQ(http(trusting() + ", certificate_critical: 21d").status, Status::critical);
    EXPECT_EQ(http(trusting() + ", certificate_warning: 19d").status, Status::ok);
}

TEST_F(ProbeTlsTest, ACertificateForAnotherNameIsRefusedUnlessServerNameSaysSo) {
    serve(-100, 100, {"shop.example"});
    EXPECT_THAT(said(http(trusting())), HasSubstr("certificate is for shop.example, not 127.0.0.1"));
    EXPECT_EQ(http(trusting() + ", server_name: shop.example").status, Status::ok);
}

TEST_F(ProbeTlsTest, TheClientCertificateOfTheSuiteIsShown) {
    serve(-100, 100, {"127.0.0.1"}, true);
    auto const now = sockets_.clock().wall();
    auto const client = net::make_identity(
        {.common_name = "prober", .names = {}, .not_before = now - days(1), .not_after = now + days(1)}, &authority_);
    auto const with_certificate = fmt::format("{}, client_certificate: {}, client_key: {}, match: 'hello .*prober'",
                                              trusting(), quoted(client.certificate_pem), quoted(client.key_pem));
    auto const outcome = http(with_certificate);
    EXPECT_EQ(outcome.status, Status::ok) << outcome.message;
    EXPECT_THAT(said(http(trusting())), HasSubstr("the peer asks for a client certificate"));
    auto const no_key = http(trusting() + ", client_certificate: " + quoted(client.certificate_pem));
    EXPECT_EQ(no_key.reason, "InvalidParameter") << no_key.message;
}

TEST_F(ProbeTlsTest, TcpShakesHandsWithTheSameRules) {
    serve(-100, 100);
    EXPECT_EQ(tcp(trusting()).status, Status::ok);
    EXPECT_EQ(
        said(tcp("")),
        "critical ConnectFailed: TLS handshake with 127.0.0.1:PORT: certificate is signed by an unknown authority "
        "(issuer CN=test authority)");
    EXPECT_EQ(tcp(", insecure: true").status, Status::ok);
    EXPECT_THAT(said(tcp(trusting() + ", server_name: till.example")),
                HasSubstr("certificate is for 127.0.0.1, not till.example"));
    EXPECT_THAT(said(tcp(", ca: nonsense")), HasSubstr("unknown InvalidParameter"));
    auto const talk = tcp(trusting() + ", send: \"GET / HTTP/1.0\\r\\n\\r\\n\", expect: 'HTTP/1\\.[01] 200'");
    EXPECT_EQ(talk.status, Status::ok) << talk.message;
}

}  // namespace
}  // namespace vedette::check
