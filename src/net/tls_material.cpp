// Reading PEM texts into OpenSSL's objects and back into values.

#include "net/tls_material.hpp"

#include "base/ensure.hpp"
#include "net/text.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace vedette::net {
namespace {

Owned<BIO> open_text(std::string const& text) {
    Owned<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    ensure(bio != nullptr, "a memory BIO needs only memory");
    return bio;
}

// OpenSSL's own callback asks on the terminal.
int no_password(char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

std::string name_text(X509_NAME const* name) {
    Owned<BIO> const out(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
    char* text = nullptr;
    auto const size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

// Years far beyond what a WallTime holds ("99991231235959Z" means for ever) become its end.
WallTime time_of(ASN1_TIME const* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return WallTime::min();
    auto const year = parts.tm_year + 1900;
    if (year > 2261) return WallTime::max();
    if (year < 1678) return WallTime::min();
    std::chrono::sys_days const day = std::chrono::year(year) / (parts.tm_mon + 1) / parts.tm_mday;
    return day + std::chrono::hours(parts.tm_hour) + std::chrono::minutes(parts.tm_min) +
           std::chrono::seconds(parts.tm_sec);
}

std::string address_of(ASN1_OCTET_STRING const* bytes) {
    auto const* data = reinterpret_cast<char const*>(ASN1_STRING_get0_data(bytes));
    auto text = address_text({data, static_cast<std::size_t>(ASN1_STRING_length(bytes))});
    return text.empty() ? "an address of unknown kind" : text;
}

std::vector<std::string> names_of(X509* certificate) {
    std::vector<std::string> names;
    std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> const all(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
        &GENERAL_NAMES_free);
    for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
        auto const* name = sk_GENERAL_NAME_value(all.get(), i);
        if (name->type == GEN_DNS) {
            auto const* text = ASN1_STRING_get0_data(name->d.dNSName);
            names.emplace_back(text, text + ASN1_STRING_length(name->d.dNSName));
        } else if (name->type == GEN_IPADD) {
            names.push_back(address_of(name->d.iPAddress));
        }
    }
    return names;
}

}  // namespace

void FreeOpenSsl::operator()(bio_st* it) const {
    BIO_free_all(it);
}
void FreeOpenSsl::operator()(evp_pkey_st* it) const {
    EVP_PKEY_free(it);
}
void FreeOpenSsl::operator()(ssl_ctx_st* it) const {
    SSL_CTX_free(it);
}
void FreeOpenSsl::operator()(ssl_session_st* it) const {
    SSL_SESSION_free(it);
}
void FreeOpenSsl::operator()(ssl_st* it) const {
    SSL_free(it);
}
void FreeOpenSsl::operator()(x509_st* it) const {
    X509_free(it);
}
void FreeOpenSsl::operator()(x509_store_st* it) const {
    X509_STORE_free(it);
}

Result<std::vector<Owned<x509_st>>> load_certificates(std::string const& pem) {
    std::vector<Owned<X509>> found;
    auto const bio = open_text(pem);
    ERR_clear_error();
    for (;;) {
        bool encrypted = false;
        Owned<X509> certificate(PEM_read_bio_X509(bio.get(), nullptr, &no_password, &encrypted));
        if (!certificate && encrypted) {
            ERR_clear_error();
            return fail(Errc::malformed, "certificate {} of the PEM text is encrypted", found.size() + 1);
        }
        if (!certificate) break;
        found.push_back(std::move(certificate));
    }
    auto const why = ERR_peek_last_error();
    ERR_clear_error();
    bool const at_end = ERR_GET_LIB(why) == ERR_LIB_PEM && ERR_GET_REASON(why) == PEM_R_NO_START_LINE;
    if (!at_end) return fail(Errc::malformed, "certificate {} of the PEM text cannot be read", found.size() + 1);
    if (found.empty()) return fail(Errc::malformed, "the PEM text holds no certificate");
    return found;
}

Result<KeyPair> load_key_pair(std::string const& certificate_pem, std::string const& key_pem) {
    auto chain = load_certificates(certificate_pem);
    if (!chain) return fail(Errc::invalid_input, "certificate: {}", chain.error().text());
    bool encrypted = false;
    auto const bio = open_text(key_pem);
    Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_password, &encrypted));
    ERR_clear_error();
    if (encrypted) return fail(Errc::invalid_input, "the private key is encrypted");
    if (!key) return fail(Errc::invalid_input, "the private key cannot be read");
    bool const belongs = X509_check_private_key(chain->front().get(), key.get()) == 1;
    ERR_clear_error();
    if (!belongs) return fail(Errc::invalid_input, "the private key does not belong to the certificate");
    return KeyPair{std::move(*chain), std::move(key)};
}

Result<Owned<x509_store_st>> make_trust(std::string const& pem) {
    auto certificates = load_certificates(pem);
    if (!certificates) return fail(Errc::invalid_input, "certificate authority: {}", certificates.error().text());
    Owned<X509_STORE> store(X509_STORE_new());
    for (auto const& certificate : *certificates) X509_STORE_add_cert(store.get(), certificate.get());
    X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
    return store;
}

Owned<x509_store_st> make_system_trust() {
    Owned<X509_STORE> store(X509_STORE_new());
    X509_STORE_set_default_paths(store.get());
    ERR_clear_error();  // a machine without a bundle trusts nobody
    return store;
}

Result<void> use_key_pair(ssl_st* connection, KeyPair const& pair) {
    ERR_clear_error();
    bool used = SSL_use_certificate(connection, pair.chain.front().get()) == 1;
    used = used && SSL_use_PrivateKey(connection, pair.key.get()) == 1;
    for (std::size_t i = 1; used && i < pair.chain.size(); ++i) {
        used = SSL_add1_chain_cert(connection, pair.chain[i].get()) == 1;
    }
    if (used) return {};
    auto const* words = ERR_reason_error_string(ERR_peek_error());
    auto failure = fail(Errc::invalid_input, "OpenSSL's policy on this machine forbids the certificate or its key ({})",
                        words ? words : "no reason given");
    ERR_clear_error();
    return failure;
}

void judge_as_of(ssl_st* connection, WallTime now) {
    auto const seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    X509_VERIFY_PARAM_set_time(SSL_get0_param(connection), static_cast<std::time_t>(seconds));
}

Certificate describe(x509_st* certificate) {
    return {name_text(X509_get_subject_name(certificate)), name_text(X509_get_issuer_name(certificate)),
            time_of(X509_get0_notBefore(certificate)), time_of(X509_get0_notAfter(certificate)), names_of(certificate)};
}

Result<void> check_key_pair(std::string const& certificate_pem, std::string const& key_pem) {
    auto const pair = load_key_pair(certificate_pem, key_pem);
    if (!pair) return std::unexpected(pair.error());
    return {};
}

std::string digest(std::string_view text) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    ensure(EVP_Digest(text.data(), text.size(), bytes, &size, EVP_sha256(), nullptr) == 1, "SHA-256 is built in");
    return {bytes, bytes + size};
}

Result<std::vector<Certificate>> parse_certificates(std::string const& pem) {
    auto loaded = load_certificates(pem);
    if (!loaded) return pass(loaded);
    std::vector<Certificate> certificates;
    for (auto const& certificate : *loaded) certificates.push_back(describe(certificate.get()));
    return certificates;
}

}  // namespace vedette::net
