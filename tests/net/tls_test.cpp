#include "net/tls.hpp"

#include "base/random.hpp"
#include "net/real_sockets.hpp"

#include <gtest/gtest.h>

namespace vedette::net {
namespace {

WallTime day(int year, unsigned month, unsigned day_of_month) {
    return std::chrono::sys_days{std::chrono::year{year} / static_cast<int>(month) / static_cast<int>(day_of_month)};
}

struct NoNames final : Resolver {
    Task<void> resolve(std::string host, Deadline, FoundAddresses) override {
        co_return fail(Errc::dns_failure, "lookup {}: no such host", host);
    }
    Task<DnsAnswer> query(DnsQuestion question, Deadline) override {
        co_return fail(Errc::refused, "ask for {}: connection refused", question.name);
    }
};

// What a server does with each connection.
enum class Manners {
    echo,   // until the client ends
    greet,  // says "hi", waits for the client's end, ends in order
    drop,   // says "hi" and cuts the TCP connection without a goodbye
};

Async<void> behave(std::unique_ptr<TlsStream> stream, Manners manners, Deadline deadline) {
    if (manners != Manners::echo) {
        auto const said = co_await stream->write(std::span("hi", 2), deadline);
        if (!said || manners == Manners::drop) co_return;
    }
    std::string buffer(3000, '\0');
    for (;;) {
        auto const got = co_await stream->read(buffer, deadline);
        if (!got || *got == 0) break;
        auto const back = co_await stream->write(std::span(buffer).first(*got), deadline);
        if (!back) break;
    }
    co_await stream->finish(deadline);
}

Async<void> serve(Listener& listener, TlsServer& server, Manners manners, Deadline deadline, Result<void>& last) {
    for (;;) {
        auto accepted = co_await listener.accept();
        if (!accepted) co_return;
        auto session = co_await server.accept(std::move(*accepted), deadline);
        if (!session) {
            last = std::unexpected(session.error());
            continue;
        }
        last = Result<void>{};
        co_await behave(std::move(*session), manners, deadline);
    }
}

// Answers the first bytes with `bytes` and closes, or says nothing for ever.
Async<void> answer_raw(Listener& listener, std::string bytes, bool close, Deadline deadline) {
    auto accepted = co_await listener.accept();
    if (!accepted) co_return;
    char first[4096];
    auto const got = co_await (*accepted)->read(first, deadline);
    EXPECT_TRUE(got.has_value());
    auto const sent = co_await (*accepted)->write(bytes, deadline);
    EXPECT_TRUE(sent.has_value());
    if (close) co_return;
    auto const rest = co_await (*accepted)->read(first, deadline);
    (void)rest;
}

Task<std::unique_ptr<TlsStream>> open(Dialer& dialer, Tls& tls, Endpoint to, TlsOptions options, Deadline deadline) {
    auto stream = co_await dialer.connect(to, deadline);
    if (!stream) co_return pass(stream);
    auto session = co_await tls.connect(std::move(*stream), std::move(options), deadline);
    co_return session;
}

// Opens, and reads `wanted` bytes: a TLS 1.3 server judges our certificate only after our handshake is over.
Task<std::string> open_and_read(Dialer& dialer, Tls& tls, Endpoint to, TlsOptions options, Deadline deadline) {
    auto session = co_await open(dialer, tls, to, std::move(options), deadline);
    if (!session) co_return pass(session);
    char buffer[64];
    auto const got = co_await (*session)->read(buffer, deadline);
    if (!got) co_return std::unexpected(got.error());
    co_return std::string(buffer, *got);
}

class TlsTest : public testing::Test {
protected:
    void TearDown() override { sockets_.run(stop_group(group_)); }

    void start(Manners manners, TlsServerOptions options = {}) {
        if (options.certificate_pem.empty()) {
            auto const served = identity({"shop.example", "*.shop.example", "127.0.0.1"});
            options.certificate_pem = served.certificate_pem;
            options.key_pem = served.key_pem;
        }
        auto made = make_tls_server(sockets_.clock(), std::move(options));
        ASSERT_TRUE(made.has_value()) << made.error().text();
        server_ = std::move(*made);
        group_.spawn(serve(*listener_, *server_, manners, sockets_.soon(), server_saw_));
    }

    Identity identity(std::vector<std::string> names, Identity const* authority = nullptr) {
        return make_identity({.common_name = "server",
                              .names = std::move(names),
                              .not_before = day(2026, 1, 1),
                              .not_after = day(2027, 1, 1)},
                             authority ? authority : &authority_);
    }

    TlsOptions trusting(std::string name = "shop.example") const {
        return {.server_name = std::move(name), .ca_pem = authority_.certificate_pem};
    }

    Result<std::unique_ptr<TlsStream>> connect(TlsOptions options) {
        return sockets_.run(open(*dialer_, *tls_, listener_->local(), std::move(options), sockets_.soon()));
    }
    Result<std::string> greet(TlsOptions options) {
        return sockets_.run(open_and_read(*dialer_, *tls_, listener_->local(), std::move(options), sockets_.soon()));
    }
    std::string failure(TlsOptions options) {
        auto const got = connect(std::move(options));
        if (got) return "no failure";
        EXPECT_EQ(got.error().code(), Errc::tls_failure);
        return got.error().text();
    }

    RealSockets sockets_;
    NoNames names_;
    std::unique_ptr<Dialer> dialer_ = make_system_dialer(sockets_.executor(), sockets_.clock(), names_);
    std::unique_ptr<Tls> tls_ = make_tls(sockets_.clock());
    std::unique_ptr<Listener> listener_ = sockets_.listen();
    Identity authority_ = make_identity({.common_name = "test authority",
                                         .not_before = day(2020, 1, 1),
                                         .not_after = day(2040, 1, 1),
                                         .is_authority = true});
    std::unique_ptr<TlsServer> server_;
    Result<void> server_saw_;
    TaskGroup group_{sockets_.executor()};

    TlsTest() { sockets_.clock().set_wall(day(2026, 6, 1)); }
};

TEST_F(TlsTest, AHandshakeUnderAPrivateAuthorityShowsThePeersChain) {
    start(Manners::echo);
    auto const got = connect(trusting());
    ASSERT_TRUE(got.has_value()) << got.error().text();
    EXPECT_EQ((*got)->protocol(), "TLSv1.3");
    EXPECT_FALSE((*got)->resumed());
    Certificate const want{"CN=server",
                           "CN=test authority",
                           day(2026, 1, 1),
                           day(2027, 1, 1),
                           {"shop.example", "*.shop.example", "127.0.0.1"}};
    EXPECT_EQ((*got)->peer_chain(), std::vector{want});
}

TEST_F(TlsTest, WildcardsAndAddressesAreNamesToo) {
    start(Manners::greet);
    EXPECT_EQ(greet(trusting("a.shop.example")), Result<std::string>("hi"));
    EXPECT_EQ(greet(trusting("127.0.0.1")), Result<std::string>("hi"));
    EXPECT_EQ(greet(trusting("shop.example.")), Result<std::string>("hi"));
}

TEST_F(TlsTest, AnotherNameIsRefusedAndTheCertificatesNamesAreListed) {
    start(Manners::echo);
    EXPECT_EQ(failure(trusting("b.example")),
              "certificate is for shop.example, *.shop.example, 127.0.0.1, not b.example");
    EXPECT_EQ(failure(trusting("127.0.0.2")),
              "certificate is for shop.example, *.shop.example, 127.0.0.1, not 127.0.0.2");
}

TEST_F(TlsTest, ValidityIsJudgedByTheClock) {
    start(Manners::greet);
    sockets_.clock().set_wall(day(2027, 1, 2));
    EXPECT_EQ(failure(trusting()),
              "certificate has expired (on 2027-01-01T00:00:00Z, and by our clock it is 2027-01-02T00:00:00Z)");
    sockets_.clock().set_wall(day(2025, 12, 31));
    EXPECT_EQ(failure(trusting()),
              "certificate is not valid yet (from 2026-01-01T00:00:00Z, and by our clock it is 2025-12-31T00:00:00Z)");
    sockets_.clock().set_wall(day(2026, 12, 31));
    EXPECT_EQ(greet(trusting()), Result<std::string>("hi"));
}

TEST_F(TlsTest, AKeptSessionDoesNotOutliveItsCertificate) {
    start(Manners::greet);
    EXPECT_EQ(greet(trusting()), Result<std::string>("hi"));
    sockets_.clock().set_wall(day(2027, 1, 2));
    EXPECT_EQ(failure(trusting()),
              "certificate has expired (on 2027-01-01T00:00:00Z, and by our clock it is 2027-01-02T00:00:00Z)");
}

TEST_F(TlsTest, AnUnknownAuthorityIsNamed) {
    start(Manners::echo);
    auto const stranger = make_identity(
        {.common_name = "stranger", .not_before = day(2020, 1, 1), .not_after = day(2040, 1, 1), .is_authority = true});
    auto options = trusting();
    options.ca_pem = stranger.certificate_pem;
    EXPECT_EQ(failure(options), "certificate is signed by an unknown authority (issuer CN=test authority)");
    options.ca_pem.clear();
    EXPECT_EQ(failure(options), "certificate is signed by an unknown authority (issuer CN=test authority)");
    options.verify = false;
    EXPECT_TRUE(connect(options).has_value());
}

TEST_F(TlsTest, AnAuthorityOfTheSameNameWithAnotherKeyIsUnknown) {
    start(Manners::echo);
    auto const again = make_identity({.common_name = "test authority",
                                      .not_before = day(2020, 1, 1),
                                      .not_after = day(2040, 1, 1),
                                      .is_authority = true});
    auto options = trusting();
    options.ca_pem = again.certificate_pem;
    EXPECT_TRUE(
        failure(options).starts_with("certificate is signed by an unknown authority (issuer CN=test authority"));
}

TEST_F(TlsTest, AnIntermediateAuthorityTravelsWithTheLeaf) {
    auto const middle = make_identity(
        {.common_name = "middle", .not_before = day(2025, 1, 1), .not_after = day(2030, 1, 1), .is_authority = true},
        &authority_);
    auto const leaf = identity({"shop.example"}, &middle);
    start(Manners::greet, {.certificate_pem = leaf.certificate_pem, .key_pem = leaf.key_pem});
    auto const got = connect(trusting());
    ASSERT_TRUE(got.has_value()) << got.error().text();
    ASSERT_EQ((*got)->peer_chain().size(), 2u);
    EXPECT_EQ((*got)->peer_chain()[1].subject, "CN=middle");
}

TEST_F(TlsTest, AClientCertificateIsVerifiedAndShownToTheServer) {
    auto const client = identity({});
    auto const served = identity({"shop.example"});
    start(Manners::greet, {.certificate_pem = served.certificate_pem,
                           .key_pem = served.key_pem,
                           .client_ca_pem = authority_.certificate_pem,
                           .require_client_certificate = true});
    auto options = trusting();
    options.certificate_pem = client.certificate_pem;
    options.key_pem = client.key_pem;
    EXPECT_EQ(greet(options), Result<std::string>("hi"));

    auto const missing = greet(trusting());
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error(), Error(Errc::tls_failure, "the peer asks for a client certificate"));
    EXPECT_EQ(server_saw_.error().text(), "the peer sent no client certificate");

    auto const stranger =
        make_identity({.common_name = "stranger", .not_before = day(2026, 1, 1), .not_after = day(2027, 1, 1)});
    options.certificate_pem = stranger.certificate_pem;
    options.key_pem = stranger.key_pem;
    auto const wrong = greet(options);
    ASSERT_FALSE(wrong.has_value());
    EXPECT_EQ(wrong.error(), Error(Errc::tls_failure, "the peer rejected our client certificate (alert unknown CA)"));
    EXPECT_EQ(server_saw_.error().text(),
              "client certificate is signed by an unknown authority (issuer CN=stranger, itself)");
}

TEST_F(TlsTest, AKeyOfAnotherCertificateIsInvalidInputAndItsTextStaysSecret) {
    start(Manners::echo);
    auto const one = identity({});
    auto const other = identity({});
    auto options = trusting();
    options.certificate_pem = one.certificate_pem;
    options.key_pem = other.key_pem;
    auto const got = connect(options);
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error(),
              Error(Errc::invalid_input, "client certificate: the private key does not belong to the certificate"));
    options.key_pem = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
    auto const unreadable = connect(options);
    ASSERT_FALSE(unreadable.has_value());
    EXPECT_EQ(unreadable.error().text(), "client certificate: the private key cannot be read");
}

TEST_F(TlsTest, APlainHttpServerDoesNotSpeakTls) {
    group_.spawn(answer_raw(*listener_, "HTTP/1.1 400 Bad Request\r\n\r\n", false, sockets_.soon()));
    EXPECT_EQ(failure(trusting()), "the peer does not speak TLS");
}

TEST_F(TlsTest, AServerThatOnlySpeaksTls11IsRefused) {
    std::string hello = std::string("\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02", 11) + std::string(32, 'r');
    hello += std::string("\x00\xc0\x13\x00", 4);
    hello[4] = '\x2a';
    group_.spawn(answer_raw(*listener_, hello, false, sockets_.soon()));
    EXPECT_EQ(failure(trusting()), "the peer offers only TLS versions older than 1.2");
}

TEST_F(TlsTest, AnAlertInsteadOfAHelloIsPutIntoWords) {
    group_.spawn(answer_raw(*listener_, std::string("\x15\x03\x01\x00\x02\x02\x46", 7), false, sockets_.soon()));
    EXPECT_EQ(failure(trusting()), "the peer accepts none of our TLS versions (1.2 and 1.3)");
}

TEST_F(TlsTest, APeerThatClosesInTheMiddleOfTheHandshakeIsSaidToHaveClosed) {
    group_.spawn(answer_raw(*listener_, "\x16\x03\x03", true, sockets_.soon()));
    auto const got = connect(trusting());
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error(), Error(Errc::closed, "the peer closed the connection during the TLS handshake"));
}

TEST_F(TlsTest, ASilentPeerTimesOut) {
    group_.spawn(answer_raw(*listener_, "\x16", false, sockets_.soon()));
    auto const got = sockets_.run(open(*dialer_, *tls_, listener_->local(), trusting(), sockets_.clock().now() + 20ms));
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error(),
              Error(Errc::timed_out, "TLS handshake: timed out reading from " + to_string(listener_->local())));
}

TEST_F(TlsTest, TheSecondConnectionResumesTheFirstAndOtherTrustDoesNot) {
    start(Manners::greet);
    EXPECT_EQ(greet(trusting()), Result<std::string>("hi"));
    auto second = connect(trusting());
    ASSERT_TRUE(second.has_value());
    EXPECT_TRUE((*second)->resumed());
    ASSERT_EQ((*second)->peer_chain().size(), 1u);
    EXPECT_EQ((*second)->peer_chain()[0].subject, "CN=server");
    second->reset();  // the server here takes one connection at a time

    auto options = trusting();
    options.verify = false;
    auto const unverified = connect(options);
    ASSERT_TRUE(unverified.has_value());
    EXPECT_FALSE((*unverified)->resumed());
}

TEST_F(TlsTest, AGoodbyeIsACleanEndAndACutIsNot) {
    start(Manners::drop);
    auto const got = connect(trusting());
    ASSERT_TRUE(got.has_value());
    char buffer[16];
    EXPECT_EQ(sockets_.run((*got)->read(buffer, sockets_.soon())), Result<std::size_t>(2));
    auto const cut = sockets_.run((*got)->read(buffer, sockets_.soon()));
    ASSERT_FALSE(cut.has_value());
    EXPECT_EQ(cut.error(), Error(Errc::closed, to_string(listener_->local()) +
                                                   " closed the connection without ending the TLS session"));
}

TEST_F(TlsTest, AnOrderlyEndIsSeenOnBothSides) {
    start(Manners::greet);
    auto const got = connect(trusting());
    ASSERT_TRUE(got.has_value());
    char buffer[16];
    EXPECT_EQ(sockets_.run((*got)->read(buffer, sockets_.soon())), Result<std::size_t>(2));
    sockets_.run((*got)->finish(sockets_.soon()));
    EXPECT_EQ(sockets_.run((*got)->read(buffer, sockets_.soon())), Result<std::size_t>(0));
    EXPECT_FALSE((*got)->idle_and_open());
}

TEST_F(TlsTest, SessionTicketsThatArriveOnAnIdleConnectionLeaveItUsable) {
    start(Manners::echo);
    auto const got = connect(trusting());
    ASSERT_TRUE(got.has_value());
    auto& stream = **got;
    auto const ping = [](TlsStream& s, Deadline deadline) -> Task<std::size_t> {
        auto const sent = co_await s.write(std::span("ping", 4), deadline);
        if (!sent) co_return std::unexpected(sent.error());
        char buffer[16];
        auto const back = co_await s.read(buffer, deadline);
        co_return back;
    };
    EXPECT_TRUE(stream.idle_and_open());
    EXPECT_EQ(sockets_.run(ping(stream, sockets_.soon())), Result<std::size_t>(4));
    EXPECT_TRUE(stream.idle_and_open());
}

Async<void> send_in_pieces(TlsStream& stream, std::string const& text, Random& random, Deadline deadline) {
    for (std::size_t at = 0; at < text.size();) {
        auto const size = std::min<std::size_t>(1 + random.below(20'000), text.size() - at);
        auto const sent = co_await stream.write(std::span(text).subspan(at, size), deadline);
        EXPECT_TRUE(sent.has_value());
        at += size;
    }
}

Async<std::string> receive(TlsStream& stream, std::size_t size, Deadline deadline) {
    std::string text;
    std::string buffer(5000, '\0');
    while (text.size() < size) {
        auto const got = co_await stream.read(buffer, deadline);
        if (!got || *got == 0) break;
        text.append(buffer, 0, *got);
    }
    co_return text;
}

TEST_F(TlsTest, TenMegabytesComeBackUnchangedWhileBothDirectionsAreBusy) {
    start(Manners::echo);
    auto const got = connect(trusting());
    ASSERT_TRUE(got.has_value());
    Random random(7);
    std::string text(10 << 20, '\0');
    for (auto& byte : text) byte = static_cast<char>(random.next());
    TaskGroup sender(sockets_.executor());
    sender.spawn(send_in_pieces(**got, text, random, sockets_.soon()));
    auto const back = sockets_.run(receive(**got, text.size(), sockets_.soon()));
    EXPECT_EQ(back.size(), text.size());
    EXPECT_TRUE(back == text);
    sockets_.run(stop_group(sender));
}

TEST_F(TlsTest, CancellingAHandshakeClosesItsSocket) {
    auto const before = open_descriptors();
    TaskGroup clients(sockets_.executor());
    auto const client = [](Dialer& d, Tls& t, Endpoint to, TlsOptions options) -> Async<void> {
        auto const ignored = co_await open(d, t, to, std::move(options), no_deadline);
        (void)ignored;
        ADD_FAILURE() << "a cancelled handshake must not return";
    };
    clients.spawn(client(*dialer_, *tls_, listener_->local(), trusting()));
    auto const play = [](RealSockets& s, Listener& listener, TaskGroup& group, int closed) -> Async<void> {
        auto const accepted = co_await listener.accept();
        EXPECT_TRUE(accepted.has_value());
        char hello[1];
        auto const got = co_await (*accepted)->read(hello, s.soon());
        EXPECT_TRUE(got.has_value());
        EXPECT_EQ(open_descriptors(), closed + 2);
        co_await group.stop();
        EXPECT_EQ(open_descriptors(), closed + 1);
    };
    sockets_.run(play(sockets_, *listener_, clients, before));
    EXPECT_EQ(open_descriptors(), before);
}

TEST(ParseCertificates, TextsThatAreNoCertificatesAreMalformed) {
    EXPECT_EQ(parse_certificates("").error(), Error(Errc::malformed, "the PEM text holds no certificate"));
    EXPECT_EQ(parse_certificates("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").error(),
              Error(Errc::malformed, "certificate 1 of the PEM text cannot be read"));
}

TEST(ParseCertificates, ABundleIsReadInOrderAndKeysBetweenAreSkipped) {
    auto const one = make_identity({.common_name = "one",
                                    .organization = "system:masters",
                                    .names = {"a.example", "10.0.0.1", "::1"},
                                    .not_before = day(2026, 1, 1),
                                    .not_after = day(2060, 1, 1)});
    auto const two = make_identity({.common_name = "two", .not_before = day(2026, 1, 1), .not_after = WallTime::max()});
    auto const got = parse_certificates(one.certificate_pem + one.key_pem + two.certificate_pem);
    ASSERT_TRUE(got.has_value());
    ASSERT_EQ(got->size(), 2u);
    EXPECT_EQ((*got)[0].subject, "CN=one,O=system:masters");
    EXPECT_EQ((*got)[0].names, (std::vector<std::string>{"a.example", "10.0.0.1", "::1"}));
    EXPECT_EQ((*got)[0].not_after, day(2060, 1, 1));
    EXPECT_EQ((*got)[1].subject, "CN=two");
    EXPECT_EQ((*got)[1].not_after, WallTime::max());
}

TEST(MakeTlsServer, AnIdentityThatDoesNotFitTogetherIsInvalidInput) {
    RealSockets sockets;
    auto const got = make_tls_server(sockets.clock(), {.certificate_pem = "nonsense", .key_pem = "nonsense"});
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error(),
              Error(Errc::invalid_input, "server certificate: certificate: the PEM text holds no certificate"));
}

}  // namespace
}  // namespace vedette::net
