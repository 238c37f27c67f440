// TLS clients: one SSL_CTX, and everything that differs between targets is set per connection. Parsed trust stores,
// key pairs and sessions are kept under a digest of what they came from.

#include "net/tls.hpp"

#include "base/ensure.hpp"
#include "base/recently_used.hpp"
#include "net/text.hpp"
#include "net/tls_connection.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace vedette::net {
namespace {

constexpr std::size_t kept_sessions = 1024;
constexpr std::size_t kept_trust_stores = 64;
constexpr std::size_t kept_key_pairs = 64;

using Sessions = RecentlyUsed<Owned<SSL_SESSION>>;

int keep_session(SSL* connection, SSL_SESSION* session) {
    auto& witness = witness_of(connection);
    if (witness.on_session) witness.on_session(session);
    return 0;  // on_session took its own reference
}

// Called when the server asks for a certificate, whether or not we have one.
int note_request(SSL* connection, void*) {
    witness_of(connection).asked_for_certificate = true;
    return 1;
}

Owned<SSL_CTX> make_client_context() {
    Owned<SSL_CTX> context(SSL_CTX_new(TLS_client_method()));
    ensure(context != nullptr, "OpenSSL has TLS clients");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context.get(), &keep_session);
    return context;
}

// A certificate's validity is checked only in a full handshake, so a session must not outlive its certificate.
bool still_valid(SSL_SESSION* session, WallTime now) {
    auto* leaf = SSL_SESSION_get0_peer(session);
    if (!leaf || SSL_SESSION_is_resumable(session) != 1) return false;
    auto const certificate = describe(leaf);
    return certificate.not_before <= now && now <= certificate.not_after;
}

class OpenSslTls final : public Tls {
public:
    explicit OpenSslTls(Clock& clock) : clock_(clock), context_(make_client_context()) {}

    Task<std::unique_ptr<TlsStream>> connect(std::unique_ptr<Stream> stream, TlsOptions options,
                                             Deadline deadline) override {
        auto const executor = co_await asio::this_coro::executor;
        if (options.server_name.ends_with('.')) options.server_name.pop_back();
        auto const key = session_key(options, stream->peer());
        auto witness = std::make_unique<TlsWitness>();
        witness->server_name = options.server_name;
        auto ssl = prepare(options, *witness);
        if (!ssl) co_return pass(ssl);
        if (options.resume) {
            offer_session(ssl->get(), key);
            witness->on_session = [sessions = sessions_, key](SSL_SESSION* session) {
                SSL_SESSION_up_ref(session);
                sessions->put(key, Owned<SSL_SESSION>(session));
            };
        }
        auto connection =
            std::make_unique<TlsConnection>(executor, clock_, std::move(stream), std::move(*ssl), std::move(witness));
        auto const done = co_await connection->handshake(deadline);
        if (!done) {
            sessions_->erase(key);
            co_return std::unexpected(done.error());
        }
        co_return std::unique_ptr<TlsStream>(std::move(connection));
    }

private:
    Result<Owned<SSL>> prepare(TlsOptions const& options, TlsWitness& witness) {
        Owned<SSL> ssl(SSL_new(context_.get()));
        ensure(ssl != nullptr, "a connection needs only memory");
        SSL_set_connect_state(ssl.get());
        SSL_set_cert_cb(ssl.get(), &note_request, nullptr);
        if (auto const named = set_name(ssl.get(), options); !named) return std::unexpected(named.error());
        if (options.verify) {
            auto const trust = trust_for(options.ca_pem);
            if (!trust) return std::unexpected(trust.error());
            SSL_set1_verify_cert_store(ssl.get(), *trust);
            judge_as_of(ssl.get(), clock_.wall());
            SSL_set_verify(ssl.get(), SSL_VERIFY_PEER, &note_verification);
        } else {
            SSL_set_verify(ssl.get(), SSL_VERIFY_NONE, nullptr);
        }
        if (!options.certificate_pem.empty()) {
            auto const pair = key_pair_for(options);
            if (!pair) return std::unexpected(pair.error());
            auto used = use_key_pair(ssl.get(), **pair);
            if (!used) return pass(used, "client certificate");
            witness.has_certificate = true;
        }
        set_alpn(ssl.get(), options.alpn);
        return ssl;
    }

    static Result<void> set_name(SSL* ssl, TlsOptions const& options) {
        auto const& name = options.server_name;
        if (name.empty()) {
            if (options.verify) return fail(Errc::invalid_input, "TLS needs a server name to verify");
            return {};
        }
        auto* param = SSL_get0_param(ssl);
        // Only subject alternative names count, as for every other client of Kubernetes.
        X509_VERIFY_PARAM_set_hostflags(param,
                                        X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        bool set = false;
        if (is_ip_literal(name)) {
            set = X509_VERIFY_PARAM_set1_ip_asc(param, name.c_str()) == 1;
        } else {
            set = X509_VERIFY_PARAM_set1_host(param, name.c_str(), name.size()) == 1 &&
                  SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
        }
        ERR_clear_error();
        if (!set) return fail(Errc::invalid_input, "{} is no name for a TLS server", name);
        return {};
    }

    static void set_alpn(SSL* ssl, std::vector<std::string> const& protocols) {
        std::vector<unsigned char> wire;
        for (auto const& protocol : protocols) {
            ensure(!protocol.empty() && protocol.size() < 256, "ALPN names have 1 to 255 bytes");
            wire.push_back(static_cast<unsigned char>(protocol.size()));
            wire.insert(wire.end(), protocol.begin(), protocol.end());
        }
        if (!wire.empty()) SSL_set_alpn_protos(ssl, wire.data(), static_cast<unsigned>(wire.size()));
    }

    Result<X509_STORE*> trust_for(std::string const& ca_pem) {
        if (ca_pem.empty()) {
            if (!system_trust_) system_trust_ = make_system_trust();
            return system_trust_.get();
        }
        auto const key = digest(ca_pem);
        if (auto* kept = trust_.find(key)) return kept->get();
        auto made = make_trust(ca_pem);
        if (!made) return pass(made);
        return trust_.put(key, std::move(*made)).get();
    }

    Result<KeyPair const*> key_pair_for(TlsOptions const& options) {
        auto const key = digest(options.certificate_pem + '\0' + options.key_pem);
        if (auto const* kept = key_pairs_.find(key)) return kept;
        auto loaded = load_key_pair(options.certificate_pem, options.key_pem);
        if (!loaded) return pass(loaded, "client certificate");
        return &key_pairs_.put(key, std::move(*loaded));
    }

    static std::string session_key(TlsOptions const& options, std::string const& peer) {
        std::string alpn;
        for (auto const& protocol : options.alpn) alpn += protocol + ',';
        return fmt::format("{}\n{}\n{}\n{}\n", options.server_name, peer, options.verify, alpn) +
               digest(options.ca_pem) + digest(options.certificate_pem + '\0' + options.key_pem);
    }

    void offer_session(SSL* ssl, std::string const& key) {
        auto const* kept = sessions_->find(key);
        if (!kept) return;
        if (still_valid(kept->get(), clock_.wall())) {
            SSL_set_session(ssl, kept->get());
        } else {
            sessions_->erase(key);
        }
    }

    Clock& clock_;
    Owned<SSL_CTX> context_;
    Owned<X509_STORE> system_trust_;
    RecentlyUsed<Owned<X509_STORE>> trust_{kept_trust_stores};
    RecentlyUsed<KeyPair> key_pairs_{kept_key_pairs};
    std::shared_ptr<Sessions> sessions_ = std::make_shared<Sessions>(kept_sessions);  // streams may outlive us
};

}  // namespace

std::unique_ptr<Tls> make_tls(Clock& clock) {
    return std::make_unique<OpenSslTls>(clock);
}

}  // namespace vedette::net
