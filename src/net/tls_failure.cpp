// OpenSSL's codes become sentences here and nowhere else. Texts name certificates and alerts, never key material.

#include "net/tls_failure.hpp"

#include "base/ensure.hpp"
#include "base/time_format.hpp"
#include "net/tls_material.hpp"

#include <fmt/ranges.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace vedette::net {
namespace {

int witness_index() {
    static int const index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

std::string wrong_name(Certificate const& certificate, std::string const& wanted) {
    if (certificate.names.empty()) return fmt::format("certificate is for no name at all, not {}", wanted);
    constexpr std::size_t shown = 10;
    auto const count = std::min(shown, certificate.names.size());
    std::span const first(certificate.names.data(), count);
    auto const more = certificate.names.size() - count;
    return fmt::format("certificate is for {}{}, not {}", fmt::join(first, ", "),
                       more ? fmt::format(" and {} more", more) : "", wanted);
}

// A wrong clock makes good certificates look bad, so it is named.
std::string judged_as_of(X509_STORE_CTX* context) {
    auto const* param = X509_STORE_CTX_get0_param(context);
    return format_rfc3339(WallTime(std::chrono::seconds(X509_VERIFY_PARAM_get_time(param))));
}

std::string verification_sentence(X509_STORE_CTX* context, TlsWitness const& witness) {
    auto const code = X509_STORE_CTX_get_error(context);
    auto* current = X509_STORE_CTX_get_current_cert(context);
    if (!current) return fmt::format("certificate is not acceptable: {}", X509_verify_cert_error_string(code));
    auto const certificate = describe(current);
    bool const is_leaf = X509_STORE_CTX_get_error_depth(context) == 0;
    auto const whose = is_leaf ? "certificate" : fmt::format("certificate of the authority {}", certificate.subject);
    switch (code) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return fmt::format("{} has expired (on {}, and by our clock it is {})", whose,
                               format_rfc3339(certificate.not_after), judged_as_of(context));
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return fmt::format("{} is not valid yet (from {}, and by our clock it is {})", whose,
                               format_rfc3339(certificate.not_before), judged_as_of(context));
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return wrong_name(certificate, witness.server_name);
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            return fmt::format("certificate is signed by an unknown authority (issuer {})", certificate.issuer);
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return fmt::format("certificate is signed by an unknown authority (issuer {}, itself)", certificate.issuer);
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
            return fmt::format(
                "certificate is signed by an unknown authority (issuer {}, with another key than the "
                "one trusted)",
                certificate.issuer);
        case X509_V_ERR_INVALID_PURPOSE:
            return fmt::format("{} is not meant for {}", whose, witness.is_server ? "clients" : "servers");
        default:
            return fmt::format("{} is not acceptable: {}", whose, X509_verify_cert_error_string(code));
    }
}

bool about_certificates(int alert) {
    switch (alert) {
        case SSL_AD_BAD_CERTIFICATE:
        case SSL_AD_UNSUPPORTED_CERTIFICATE:
        case SSL_AD_CERTIFICATE_REVOKED:
        case SSL_AD_CERTIFICATE_EXPIRED:
        case SSL_AD_CERTIFICATE_UNKNOWN:
        case SSL_AD_UNKNOWN_CA:
        case SSL_AD_ACCESS_DENIED:
        case SSL_AD_DECRYPT_ERROR:
        case SSL_AD_CERTIFICATE_REQUIRED:
            return true;
        default:
            return false;
    }
}

std::string alert_sentence(int alert, TlsWitness const& witness) {
    auto const words = SSL_alert_desc_string_long(alert);
    if (witness.is_server && about_certificates(alert)) {
        return fmt::format("the peer rejected our certificate (alert {})", words);
    }
    // Servers older than TLS 1.3 ask with a general alert.
    bool const wants_one =
        alert == SSL_AD_CERTIFICATE_REQUIRED ||
        (witness.asked_for_certificate && (alert == SSL_AD_HANDSHAKE_FAILURE || about_certificates(alert)));
    if (wants_one && !witness.has_certificate) return "the peer asks for a client certificate";
    if (witness.asked_for_certificate && about_certificates(alert)) {
        return fmt::format("the peer rejected our client certificate (alert {})", words);
    }
    if (alert == SSL_AD_PROTOCOL_VERSION) return "the peer accepts none of our TLS versions (1.2 and 1.3)";
    if (alert == SSL_AD_UNRECOGNIZED_NAME) return fmt::format("the peer does not serve {}", witness.server_name);
    if (alert == SSL_AD_HANDSHAKE_FAILURE) return "the peer and we have no cipher in common (alert handshake failure)";
    return fmt::format("the peer ended the TLS session (alert {})", words);
}

std::string reason_sentence(int reason, TlsWitness const& witness) {
    switch (reason) {
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_HTTP_REQUEST:
        case SSL_R_HTTPS_PROXY_REQUEST:
        case SSL_R_UNKNOWN_PROTOCOL:
            return "the peer does not speak TLS";
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_WRONG_SSL_VERSION:
        case SSL_R_VERSION_TOO_LOW:
            return "the peer offers only TLS versions older than 1.2";
        case SSL_R_NO_SHARED_CIPHER:
            return "the peer and we have no cipher in common";
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return "the peer sent no client certificate";
        case SSL_R_CERTIFICATE_VERIFY_FAILED:
            if (!witness.verify_failure.empty()) return witness.verify_failure;
            break;
        default:
            break;
    }
    return {};
}

}  // namespace

void attach(ssl_st* connection, TlsWitness* witness) {
    ensure(SSL_set_ex_data(connection, witness_index(), witness) == 1, "the slot was reserved");
}

TlsWitness& witness_of(ssl_st* connection) {
    auto* witness = static_cast<TlsWitness*>(SSL_get_ex_data(connection, witness_index()));
    ensure(witness != nullptr, "every connection has a witness from its start");
    return *witness;
}

int note_verification(int accepted, x509_store_ctx_st* context) {
    if (accepted) return accepted;
    auto* connection = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto& witness = witness_of(connection);
    if (witness.verify_failure.empty()) {
        auto const sentence = verification_sentence(context, witness);
        witness.verify_failure = witness.is_server ? "client " + sentence : sentence;
    }
    return accepted;
}

Error explain_tls_failure(TlsWitness const& witness) {
    std::string text;
    while (auto const code = ERR_get_error()) {
        if (!text.empty()) continue;  // the first says most; the queue must still be emptied
        auto const reason = ERR_GET_REASON(code);
        if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
            text = reason > SSL_AD_REASON_OFFSET ? alert_sentence(reason - SSL_AD_REASON_OFFSET, witness)
                                                 : reason_sentence(reason, witness);
        }
        if (auto const* words = ERR_reason_error_string(code); text.empty() && words) {
            text = fmt::format("TLS failed: {}", words);
        }
    }
    if (text.empty()) text = "TLS failed for an unknown reason";
    return {Errc::tls_failure, std::move(text)};
}

}  // namespace vedette::net
