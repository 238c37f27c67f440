#pragma once
// What went wrong in a handshake, in a sentence for people.

#include "base/error.hpp"

#include <functional>
#include <string>

struct ssl_session_st;
struct ssl_st;
struct x509_store_ctx_st;

namespace vedette::net {

/// What OpenSSL's callbacks notice about one connection.
struct TlsWitness {
    bool is_server = false;
    std::string server_name;             ///< whom the client wants to reach
    bool has_certificate = false;        ///< the client has one to send
    bool asked_for_certificate = false;  ///< the server wants one
    std::string verify_failure;          ///< why the peer's chain was not accepted, deepest cause first seen
    /// Given a session to keep; the callee takes its own reference.
    std::function<void(ssl_session_st*)> on_session;
};

/// Makes `witness` findable from OpenSSL's callbacks; it must outlive `connection`.
void attach(ssl_st* connection, TlsWitness* witness);
TlsWitness& witness_of(ssl_st* connection);

/// The verify callback: notes the first failure in words.
int note_verification(int accepted, x509_store_ctx_st* context);

/// Takes OpenSSL's queued errors and says what they mean.
Error explain_tls_failure(TlsWitness const& witness);

}  // namespace vedette::net
