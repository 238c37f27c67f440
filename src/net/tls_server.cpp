// TLS servers: one SSL_CTX per identity.

#include "base/ensure.hpp"
#include "net/tls_connection.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace vedette::net {
namespace {

class OpenSslTlsServer final : public TlsServer {
public:
    OpenSslTlsServer(Clock& clock, Owned<SSL_CTX> context, KeyPair identity)
        : clock_(clock), context_(std::move(context)), identity_(std::move(identity)) {}

    Task<std::unique_ptr<TlsStream>> accept(std::unique_ptr<Stream> stream, Deadline deadline) override {
        auto const executor = co_await asio::this_coro::executor;
        Owned<SSL> ssl(SSL_new(context_.get()));
        ensure(ssl != nullptr, "a connection needs only memory");
        SSL_set_accept_state(ssl.get());
        auto used = use_key_pair(ssl.get(), identity_);
        if (!used) co_return pass(used, "server certificate");
        judge_as_of(ssl.get(), clock_.wall());
        auto witness = std::make_unique<TlsWitness>();
        witness->is_server = true;
        auto connection =
            std::make_unique<TlsConnection>(executor, clock_, std::move(stream), std::move(ssl), std::move(witness));
        auto const done = co_await connection->handshake(deadline);
        if (!done) {
            co_await connection->finish(deadline);
            co_return std::unexpected(done.error());
        }
        co_return std::unique_ptr<TlsStream>(std::move(connection));
    }

private:
    Clock& clock_;
    Owned<SSL_CTX> context_;
    KeyPair identity_;
};

Result<void> ask_for_clients(SSL_CTX* context, TlsServerOptions const& options) {
    auto trust = make_trust(options.client_ca_pem);
    if (!trust) return pass(trust, "client");
    auto const authorities = load_certificates(options.client_ca_pem);
    for (auto const& authority : *authorities) SSL_CTX_add_client_CA(context, authority.get());
    SSL_CTX_set1_verify_cert_store(context, trust->get());
    int const insist = options.require_client_certificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | insist, &note_verification);
    return {};
}

}  // namespace

Result<std::unique_ptr<TlsServer>> make_tls_server(Clock& clock, TlsServerOptions options) {
    auto identity = load_key_pair(options.certificate_pem, options.key_pem);
    if (!identity) return pass(identity, "server certificate");
    Owned<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
    ensure(context != nullptr, "OpenSSL has TLS servers");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
    constexpr unsigned char session_context[] = "vedette";
    SSL_CTX_set_session_id_context(context.get(), session_context, sizeof session_context - 1);
    if (options.client_ca_pem.empty() && options.require_client_certificate) {
        return fail(Errc::invalid_input, "a server that requires client certificates needs their authority");
    }
    if (!options.client_ca_pem.empty()) {
        if (auto asked = ask_for_clients(context.get(), options); !asked) return pass(asked);
    }
    Owned<SSL> const trial(SSL_new(context.get()));
    ensure(trial != nullptr, "a connection needs only memory");
    if (auto used = use_key_pair(trial.get(), *identity); !used) return pass(used, "server certificate");
    return std::make_unique<OpenSslTlsServer>(clock, std::move(context), std::move(*identity));
}

}  // namespace vedette::net
