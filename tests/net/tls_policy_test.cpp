// What a client sends and refuses to send, and which sessions it takes up again: over real sockets.

#include "net/real_sockets.hpp"
#include "net/tls.hpp"
#include "net/tls_connection.hpp"
#include "net/tls_material.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace vedette::net {
namespace {

using testing::HasSubstr;
using testing::Not;

WallTime day(int year) {
    return std::chrono::sys_days{std::chrono::year{year} / 1 / 1};
}

struct NoNames final : Resolver {
    Task<void> resolve(std::string host, Deadline, FoundAddresses) override {
        co_return fail(Errc::dns_failure, "lookup {}: no such host", host);
    }
    Task<DnsAnswer> query(DnsQuestion question, Deadline) override {
        co_return fail(Errc::refused, "ask for {}: connection refused", question.name);
    }
};

// A server that speaks TLS 1.2 and nothing newer.
class OldServer final : public TlsServer {
public:
    OldServer(Clock& clock, Identity const& identity)
        : clock_(clock),
          context_(SSL_CTX_new(TLS_server_method())),
          pair_(std::move(*load_key_pair(identity.certificate_pem, identity.key_pem))) {
        SSL_CTX_set_max_proto_version(context_.get(), TLS1_2_VERSION);
    }

    Task<std::unique_ptr<TlsStream>> accept(std::unique_ptr<Stream> stream, Deadline deadline) override {
        auto const executor = co_await asio::this_coro::executor;
        Owned<SSL> ssl(SSL_new(context_.get()));
        SSL_set_accept_state(ssl.get());
        auto const used = use_key_pair(ssl.get(), pair_);
        EXPECT_TRUE(used.has_value());
        auto witness = std::make_unique<TlsWitness>();
        witness->is_server = true;
        auto connection =
            std::make_unique<TlsConnection>(executor, clock_, std::move(stream), std::move(ssl), std::move(witness));
        auto const done = co_await connection->handshake(deadline);
        if (!done) co_return std::unexpected(done.error());
        co_return std::unique_ptr<TlsStream>(std::move(connection));
    }

private:
    Clock& clock_;
    Owned<SSL_CTX> context_;
    KeyPair pair_;
};

// Says "hi" to each client and waits for its end.
Async<void> greet_all(Listener& listener, TlsServer& server, Deadline deadline) {
    for (;;) {
        auto accepted = co_await listener.accept();
        if (!accepted) co_return;
        auto session = co_await server.accept(std::move(*accepted), deadline);
        if (!session) continue;
        auto const said = co_await (*session)->write(std::span("hi", 2), deadline);
        char byte = 0;
        auto const end = co_await (*session)->read(std::span(&byte, 1), deadline);
        (void)said;
        (void)end;
    }
}

struct Greeting {
    std::string protocol;
    bool resumed = false;
    std::string text;
};

Task<Greeting> greet(Dialer& dialer, Tls& tls, Endpoint to, TlsOptions options, Deadline deadline) {
    auto stream = co_await dialer.connect(to, deadline);
    if (!stream) co_return pass(stream);
    auto session = co_await tls.connect(std::move(*stream), std::move(options), deadline);
    if (!session) co_return pass(session);
    char buffer[8];
    auto const got = co_await (*session)->read(buffer, deadline);
    if (!got) co_return std::unexpected(got.error());
    co_return Greeting{(*session)->protocol(), (*session)->resumed(), std::string(buffer, *got)};
}

// The first bytes a client sends.
Async<void> capture_hello(Listener& listener, std::string& hello, Deadline deadline) {
    auto accepted = co_await listener.accept();
    char bytes[4096];
    auto const got = co_await (*accepted)->read(bytes, deadline);
    if (got) hello.assign(bytes, *got);
}

class TlsPolicyTest : public testing::Test {
protected:
    TlsPolicyTest() { sockets_.clock().set_wall(day(2026)); }
    void TearDown() override { sockets_.run(stop_group(group_)); }

    void start(std::unique_ptr<TlsServer> server) {
        server_ = std::move(server);
        group_.spawn(greet_all(*listener_, *server_, sockets_.soon()));
    }
    void start(TlsServerOptions options = {}) {
        auto const served = identity("server");
        options.certificate_pem = served.certificate_pem;
        options.key_pem = served.key_pem;
        auto made = make_tls_server(sockets_.clock(), std::move(options));
        ASSERT_TRUE(made) << made.error().text();
        start(std::move(*made));
    }
    Identity identity(std::string name) {
        return make_identity({.common_name = std::move(name),
                              .names = {"shop.example", "127.0.0.1"},
                              .not_before = day(2025),
                              .not_after = day(2030)},
                             &authority_);
    }
    static Identity new_authority(std::string name) {
        return make_identity(
            {.common_name = std::move(name), .not_before = day(2020), .not_after = day(2040), .is_authority = true});
    }
    TlsOptions trusting() const { return {.server_name = "shop.example", .ca_pem = authority_.certificate_pem}; }
    Result<Greeting> meet(TlsOptions options) {
        return sockets_.run(greet(*dialer_, *tls_, listener_->local(), std::move(options), sockets_.soon()));
    }
    bool resumes(TlsOptions const& options) {
        auto const got = meet(options);
        EXPECT_TRUE(got) << got.error().text();
        return got && got->resumed;
    }
    std::string hello_for(std::string server_name) {
        std::string hello;
        group_.spawn(capture_hello(*listener_, hello, sockets_.soon()));
        EXPECT_FALSE(meet({.server_name = std::move(server_name), .ca_pem = authority_.certificate_pem}));
        return hello;
    }

    RealSockets sockets_;
    NoNames names_;
    std::unique_ptr<Dialer> dialer_ = make_system_dialer(sockets_.executor(), sockets_.clock(), names_);
    std::unique_ptr<Tls> tls_ = make_tls(sockets_.clock());
    std::unique_ptr<Listener> listener_ = sockets_.listen();
    Identity authority_ = new_authority("test authority");
    std::unique_ptr<TlsServer> server_;
    TaskGroup group_{sockets_.executor()};
};

TEST_F(TlsPolicyTest, AHandshakeWithTls12Completes) {
    start(std::make_unique<OldServer>(sockets_.clock(), identity("old")));
    auto const got = meet(trusting());
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->protocol, "TLSv1.2");
    EXPECT_EQ(got->text, "hi");
    EXPECT_TRUE(resumes(trusting()));
}

TEST_F(TlsPolicyTest, TheNameIsSentSoThatTheServerCanChooseItsCertificateAndAnAddressIsNot) {
    EXPECT_THAT(hello_for("shop.example"), HasSubstr("shop.example"));
    EXPECT_THAT(hello_for("127.0.0.1"), Not(HasSubstr("127.0.0.1")));
}

TEST_F(TlsPolicyTest, ASessionIsNotTakenUpUnderAnotherAuthority) {
    start();
    auto other = trusting();
    other.ca_pem += new_authority("a second one").certificate_pem;
    EXPECT_FALSE(resumes(trusting()));
    EXPECT_FALSE(resumes(other));
    EXPECT_TRUE(resumes(trusting()));
    EXPECT_TRUE(resumes(other));
}

TEST_F(TlsPolicyTest, ASessionIsNotTakenUpWithAnotherClientCertificate) {
    start({.client_ca_pem = authority_.certificate_pem});
    auto const as = [this](Identity const& who) {
        auto options = trusting();
        options.certificate_pem = who.certificate_pem;
        options.key_pem = who.key_pem;
        return options;
    };
    auto const alice = identity("alice");
    auto const bob = identity("bob");
    EXPECT_FALSE(resumes(as(alice)));
    EXPECT_FALSE(resumes(as(bob)));
    EXPECT_FALSE(resumes(trusting()));
    EXPECT_TRUE(resumes(as(alice)));
}

TEST_F(TlsPolicyTest, WithoutAnAuthorityOfItsOwnATargetIsTrustedAsTheSystemDoes) {
    start();
    auto options = trusting();
    options.ca_pem.clear();
    EXPECT_FALSE(meet(options));
    auto const bundle = testing::TempDir() + "system-trust.pem";
    std::ofstream(bundle) << authority_.certificate_pem;
    ::setenv("SSL_CERT_FILE", bundle.c_str(), 1);
    tls_ = make_tls(sockets_.clock());
    auto const got = meet(options);
    ::unsetenv("SSL_CERT_FILE");
    std::filesystem::remove(bundle);
    EXPECT_TRUE(got) << got.error().text();
}

// A key that every OpenSSL in use takes for too weak.
Identity weak_identity() {
    Owned<EVP_PKEY> const key(EVP_RSA_gen(512));
    Owned<X509> const certificate(X509_new());
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    auto const text_of = [](BIO* bio) {
        char* text = nullptr;
        auto const size = BIO_get_mem_data(bio, &text);
        return std::string(text, static_cast<std::size_t>(size));
    };
    Owned<BIO> const first(BIO_new(BIO_s_mem()));
    Owned<BIO> const second(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(first.get(), certificate.get());
    PEM_write_bio_PrivateKey(second.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return {text_of(first.get()), text_of(second.get())};
}

TEST_F(TlsPolicyTest, AKeyTooWeakForOpenSslIsSaidAndNotSilentlyLeftOut) {
    start({.client_ca_pem = authority_.certificate_pem});
    auto const weak = weak_identity();
    auto options = trusting();
    options.certificate_pem = weak.certificate_pem;
    options.key_pem = weak.key_pem;
    auto const got = meet(options);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error(), Error(Errc::invalid_input,
                                 "client certificate: OpenSSL's policy on this machine forbids the "
                                 "certificate or its key (ee key too small)"));
    auto const server =
        make_tls_server(sockets_.clock(), {.certificate_pem = weak.certificate_pem, .key_pem = weak.key_pem});
    ASSERT_FALSE(server);
    EXPECT_EQ(server.error().code(), Errc::invalid_input);
}

TEST(ParseCertificates, AnEncryptedOneIsMalformedAndNobodyIsAskedForAPassPhrase) {
    auto text = make_identity({.common_name = "x", .not_before = day(2026), .not_after = day(2027)}).certificate_pem;
    text.insert(text.find('\n') + 1,
                "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00000000000000000000000000000000\n\n");
    EXPECT_EQ(parse_certificates(text).error(), Error(Errc::malformed, "certificate 1 of the PEM text is encrypted"));
}

}  // namespace
}  // namespace vedette::net
