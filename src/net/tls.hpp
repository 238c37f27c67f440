#pragma once
// TLS over any Stream. OpenSSL stays in the .cpp files.

#include "net/stream.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vedette::net {

/// What a peer's certificate says; times are UTC.
struct Certificate {
    std::string subject;
    std::string issuer;
    WallTime not_before;
    WallTime not_after;
    std::vector<std::string> names;  ///< subject alternative names: DNS names and IP addresses
    bool operator==(Certificate const&) const = default;
};

/// A client's wishes for one session. PEM texts, never file names: whoever reads files is above.
struct TlsOptions {
    std::string server_name;      ///< SNI and the name that is verified; an IP literal is verified but not sent
    bool verify = true;           ///< chain and name; false only when a person said so, or to read a certificate
    std::string ca_pem;           ///< trust exactly these; empty: the system's
    std::string certificate_pem;  ///< client certificate chain; empty: none
    std::string key_pem;
    std::vector<std::string> alpn;  ///< such as "http/1.1"; empty: not sent
    bool resume = true;             ///< offer the session kept from the last handshake with the same peer and options
};

class TlsStream : public Stream {
public:
    virtual std::vector<Certificate> const& peer_chain() const = 0;  ///< leaf first, as sent
    virtual std::string protocol() const = 0;                        ///< "TLSv1.3"
    virtual bool resumed() const = 0;
};

/// One per reactor: holds one SSL_CTX for clients and the session cache. Trust is set per connection.
class Tls {
public:
    virtual ~Tls() = default;

    /// Client handshake over `stream`; TLS 1.2 is the floor.
    /// Errors: tls_failure with the reason in words ("certificate has expired", "certificate is for a, b, not c",
    /// "signed by an unknown authority", "the peer does not speak TLS"), reset, timed_out, invalid_input (PEM texts
    /// that do not parse, do not belong together or are too weak for OpenSSL's policy).
    virtual Task<std::unique_ptr<TlsStream>> connect(std::unique_ptr<Stream> stream, TlsOptions options,
                                                     Deadline deadline) = 0;
};

/// `clock` outlives it. Certificate validity is judged by `clock.wall()`.
std::unique_ptr<Tls> make_tls(Clock& clock);

/// A server's identity, and whom it asks for certificates.
struct TlsServerOptions {
    std::string certificate_pem;
    std::string key_pem;
    std::string client_ca_pem;  ///< non-empty: a client certificate signed by these is asked for and, if sent, verified
    bool require_client_certificate = false;
};

class TlsServer {
public:
    virtual ~TlsServer() = default;
    virtual Task<std::unique_ptr<TlsStream>> accept(std::unique_ptr<Stream> stream, Deadline deadline) = 0;
};

/// Errors: invalid_input (the PEM texts do not parse, do not belong together or are too weak for OpenSSL's policy).
Result<std::unique_ptr<TlsServer>> make_tls_server(Clock& clock, TlsServerOptions options);

/// Reads the certificates of a PEM text, leaf first. Errors: malformed.
Result<std::vector<Certificate>> parse_certificates(std::string const& pem);

/// Errors: invalid_input (unreadable, encrypted, or key and certificate do not belong together).
Result<void> check_key_pair(std::string const& certificate_pem, std::string const& key_pem);

/// A new P-256 key and a certificate for `names`, signed by itself or by `authority`: for embedded servers and
/// tests. Valid from `not_before` to `not_after`.
struct Identity {
    std::string certificate_pem;
    std::string key_pem;
};
struct IdentityOptions {
    std::string common_name;
    std::string organization;
    std::vector<std::string> names;  ///< DNS names and IP literals
    WallTime not_before;
    WallTime not_after;
    bool is_authority = false;
};
Identity make_identity(IdentityOptions const& options, Identity const* authority = nullptr);

}  // namespace vedette::net
