#pragma once
// Certificates, keys and trust as OpenSSL holds them, without OpenSSL's headers.

#include "net/tls.hpp"

#include <memory>
#include <string>
#include <vector>

struct bio_st;
struct evp_pkey_st;
struct ssl_ctx_st;
struct ssl_session_st;
struct ssl_st;
struct x509_st;
struct x509_store_st;

namespace vedette::net {

struct FreeOpenSsl {
    void operator()(bio_st* it) const;
    void operator()(evp_pkey_st* it) const;
    void operator()(ssl_ctx_st* it) const;
    void operator()(ssl_session_st* it) const;
    void operator()(ssl_st* it) const;
    void operator()(x509_st* it) const;
    void operator()(x509_store_st* it) const;
};
template <class T>
using Owned = std::unique_ptr<T, FreeOpenSsl>;

struct KeyPair {
    std::vector<Owned<x509_st>> chain;  ///< leaf first
    Owned<evp_pkey_st> key;
};

/// Errors: malformed (no certificate in it, or one that cannot be read).
Result<std::vector<Owned<x509_st>>> load_certificates(std::string const& pem);
/// Errors: invalid_input (unreadable, encrypted, or key and certificate do not belong together).
Result<KeyPair> load_key_pair(std::string const& certificate_pem, std::string const& key_pem);
/// Trusts exactly the certificates in `pem`, intermediate ones too. Errors: invalid_input.
Result<Owned<x509_store_st>> make_trust(std::string const& pem);
Owned<x509_store_st> make_system_trust();

/// Errors: invalid_input (a key or signature too weak for OpenSSL's policy).
Result<void> use_key_pair(ssl_st* connection, KeyPair const& pair);
/// Certificates are judged as of `now`.
void judge_as_of(ssl_st* connection, WallTime now);

Certificate describe(x509_st* certificate);
/// SHA-256 of `text`, as raw bytes: a cache key that holds no secret.
std::string digest(std::string_view text);

}  // namespace vedette::net
