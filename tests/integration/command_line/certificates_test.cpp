// Certificates that do not fit, in both directions, and clocks that differ.

#include "integration/command_line/peer.hpp"
#include "integration/command_line/program.hpp"

namespace vedette::cli {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

constexpr char advice[] = "; check the certificates in the kubeconfig, the server's, and this machine's clock";

class CommandLineCertificates : public CommandLine {
protected:
    /// A run against a server that shows `shown`; `server_` is its address.
    Ran check(net::TlsServer& tls, std::string const& cluster = "certificate-authority: ca.crt",
              std::string const& user = "token: token-4f1dc0ffee") {
        auto const http = net::make_http_server(sockets_.executor(), sockets_.clock(), sockets_.listen(), &tls,
                                                SameAnswer{.status = 200, .body = "ok", .content_type = "text/plain"});
        Serving const serving(sockets_, http->serve());
        server_ = to_string(http->local());
        kubeconfig("https://" + server_, cluster, user);
        return vedette({"check", "--kubeconfig", "config", "-o", "json"});
    }
    std::string handshake(std::string const& reason) const {
        return fmt::format("the API server cannot be reached: TLS handshake with {}: {}{}", server_, reason, advice);
    }
    std::string server_;
};

TEST_F(CommandLineCertificates, Expired) {
    auto const ran = check(*tls_server(identity({"127.0.0.1"}, -3h, -1h)));
    auto const document = document_of(ran);
    auto const message = message_of(document, "apiserver-livez");
    expect_unreachable(ran, message);
    EXPECT_THAT(message,
                MatchesRegex(handshake(R"(certificate has expired \(on ....-..-..T..:..:..Z, and by our clock )"
                                       R"(it is ....-..-..T..:..:..Z\))")));
    EXPECT_EQ(status_of(document, "apiserver-cert"), "critical");
    EXPECT_THAT(message_of(document, "apiserver-cert"), HasSubstr("expired"));
}

TEST_F(CommandLineCertificates, OfTomorrowBecauseOurClockIsAnHourBehind) {
    auto const ran = check(*tls_server(identity({"127.0.0.1"}, 1h, 24h)));
    auto const document = document_of(ran);
    auto const message = message_of(document, "apiserver-livez");
    expect_unreachable(ran, message);
    EXPECT_THAT(message,
                MatchesRegex(handshake(R"(certificate is not valid yet \(from ....-..-..T..:..:..Z, and by our )"
                                       R"(clock it is ....-..-..T..:..:..Z\))")));
    EXPECT_EQ(status_of(document, "apiserver-cert"), "critical");
}

TEST_F(CommandLineCertificates, ForAnotherName) {
    auto const ran = check(*tls_server(identity({"api.example", "10.0.0.1"})));
    expect_unreachable(ran, handshake("certificate is for api.example, 10.0.0.1, not 127.0.0.1"));
}

TEST_F(CommandLineCertificates, OfAnAuthorityThatTheKubeconfigDoesNotName) {
    auto const other = net::make_identity({.common_name = "other authority",
                                           .not_before = sockets_.clock().wall() - 1h,
                                           .not_after = sockets_.clock().wall() + 1h,
                                           .is_authority = true});
    write("other.crt", other.certificate_pem);
    auto const unknown = "certificate is signed by an unknown authority (issuer CN=test authority)";
    auto tls = tls_server(identity());
    auto ran = check(*tls, "certificate-authority: other.crt");
    expect_unreachable(ran, handshake(unknown));
    ran = check(*tls, "insecure-skip-tls-verify: false");
    expect_unreachable(ran, handshake(unknown));
}

TEST_F(CommandLineCertificates, OursIsMissingOrRefused) {
    auto tls = tls_server(identity(), true);
    auto ran = check(*tls);
    auto const says = [](std::string_view reason) {
        return testing::AllOf(HasSubstr(reason), testing::EndsWith(advice));
    };
    expect_unreachable(ran, says("the peer asks for a client certificate"));
    auto const stranger = net::make_identity({.common_name = "stranger",
                                              .not_before = sockets_.clock().wall() - 1h,
                                              .not_after = sockets_.clock().wall() + 1h});
    write("me.crt", stranger.certificate_pem);
    write("me.key", stranger.key_pem);
    ran = check(*tls, "certificate-authority: ca.crt", "client-certificate: me.crt, client-key: me.key");
    expect_unreachable(ran, says("the peer rejected our client certificate (alert unknown CA)"));
    EXPECT_THAT(ran.out, testing::Not(HasSubstr(stranger.key_pem.substr(40, 40))));
}

class CommandLineClock : public CommandLine {
protected:
    std::string livez(Duration ahead, std::string& status) {
        GoodCluster cluster(sockets_, ahead);
        Serving const serving(sockets_, cluster.serve());
        write("config", cluster.kubeconfig());
        auto const document = document_of(vedette({"check", "--kubeconfig", "config", "-o", "json"}));
        status = status_of(document, "apiserver-livez");
        auto const measured = entry(document, "apiserver-livez").at("measurements").as_object();
        auto const seconds = std::chrono::duration<double>(ahead).count();
        EXPECT_NEAR(measured.at("clock_ahead_seconds").as_double(), -seconds, 60);
        return message_of(document, "apiserver-livez");
    }
};

TEST_F(CommandLineClock, AnHourOffIsAWarningThatSaysWhichWay) {
    std::string status;
    EXPECT_THAT(livez(1h, status),
                MatchesRegex("our clock is (60m|59m.*|1h) behind the API server's, so ages, leases "
                             "and certificates are misjudged; synchronise the clocks .chrony, NTP."));
    EXPECT_EQ(status, "warning");
    EXPECT_THAT(livez(-1h, status), HasSubstr(" ahead of the API server's"));
    EXPECT_EQ(status, "warning");
    EXPECT_THAT(livez(0h, status), HasSubstr("/livez answers 200"));
    EXPECT_EQ(status, "ok");
}

}  // namespace
}  // namespace vedette::cli
