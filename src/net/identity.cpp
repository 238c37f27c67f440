// Fresh keys and certificates, for embedded servers and tests.

#include "base/ensure.hpp"
#include "net/text.hpp"
#include "net/tls_material.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace vedette::net {
namespace {

constexpr char const* only_memory = "building a certificate needs only memory";

template <class Write>
std::string to_pem(Write write) {
    Owned<BIO> const out(BIO_new(BIO_s_mem()));
    ensure(out && write(out.get()) == 1, only_memory);
    char* text = nullptr;
    auto const size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

void set_time(ASN1_TIME* field, WallTime when) {
    auto const seconds = std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count();
    ensure(ASN1_TIME_set(field, static_cast<std::time_t>(seconds)) != nullptr, "a WallTime is a valid date");
}

void set_serial(X509* certificate) {
    std::uint64_t serial = 0;
    ensure(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "the system has randomness");
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), (serial >> 1) | 1);  // RFC 5280: positive
}

void add_name_part(X509_NAME* name, char const* field, std::string const& value) {
    if (value.empty()) return;
    auto const* bytes = reinterpret_cast<unsigned char const*>(value.data());
    ensure(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, bytes, static_cast<int>(value.size()), -1, 0) == 1,
           "a common name has at most 64 characters");
}

void add_extension(X509* certificate, X509* issuer, int nid, char const* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> const extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value), &X509_EXTENSION_free);
    ensure(extension && X509_add_ext(certificate, extension.get(), -1) == 1, only_memory);
}

GENERAL_NAME* general_name(std::string const& name) {
    auto* general = GENERAL_NAME_new();
    auto const address = parse_address(name);
    if (!address) {
        auto* text = ASN1_IA5STRING_new();
        ASN1_STRING_set(text, name.data(), static_cast<int>(name.size()));
        GENERAL_NAME_set0_value(general, GEN_DNS, text);
        return general;
    }
    auto* bytes = ASN1_OCTET_STRING_new();
    if (address->is_v4()) {
        auto const raw = address->to_v4().to_bytes();
        ASN1_OCTET_STRING_set(bytes, raw.data(), static_cast<int>(raw.size()));
    } else {
        auto const raw = address->to_v6().to_bytes();
        ASN1_OCTET_STRING_set(bytes, raw.data(), static_cast<int>(raw.size()));
    }
    GENERAL_NAME_set0_value(general, GEN_IPADD, bytes);
    return general;
}

void add_names(X509* certificate, std::vector<std::string> const& names) {
    if (names.empty()) return;
    std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> const all(sk_GENERAL_NAME_new_null(),
                                                                            &GENERAL_NAMES_free);
    for (auto const& name : names) sk_GENERAL_NAME_push(all.get(), general_name(name));
    ensure(X509_add1_ext_i2d(certificate, NID_subject_alt_name, all.get(), 0, 0) == 1, only_memory);
}

}  // namespace

Identity make_identity(IdentityOptions const& options, Identity const* authority) {
    Owned<EVP_PKEY> const key(EVP_EC_gen("P-256"));
    Owned<X509> const certificate(X509_new());
    ensure(key && certificate, only_memory);
    X509_set_version(certificate.get(), X509_VERSION_3);
    set_serial(certificate.get());
    set_time(X509_getm_notBefore(certificate.get()), options.not_before);
    set_time(X509_getm_notAfter(certificate.get()), options.not_after);
    add_name_part(X509_get_subject_name(certificate.get()), "O", options.organization);
    add_name_part(X509_get_subject_name(certificate.get()), "CN", options.common_name);
    X509_set_pubkey(certificate.get(), key.get());

    std::optional<KeyPair> signer;
    if (authority) {
        auto loaded = load_key_pair(authority->certificate_pem, authority->key_pem);
        ensure(loaded.has_value(), "an authority is an Identity that was made here or verified before");
        signer = std::move(*loaded);
    }
    auto* const issuer = signer ? signer->chain.front().get() : certificate.get();
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));

    add_extension(certificate.get(), issuer, NID_basic_constraints,
                  options.is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(certificate.get(), issuer, NID_key_usage,
                  options.is_authority ? "critical,keyCertSign,cRLSign,digitalSignature" : "critical,digitalSignature");
    if (!options.is_authority) add_extension(certificate.get(), issuer, NID_ext_key_usage, "serverAuth,clientAuth");
    add_extension(certificate.get(), issuer, NID_subject_key_identifier, "hash");
    if (signer) add_extension(certificate.get(), issuer, NID_authority_key_identifier, "keyid:always");
    add_names(certificate.get(), options.names);
    ensure(X509_sign(certificate.get(), signer ? signer->key.get() : key.get(), EVP_sha256()) > 0, only_memory);

    Identity made{to_pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate.get()); }), to_pem([&](BIO* out) {
                      return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
                  })};
    // Peers trust roots, so an intermediate authority travels along.
    bool const intermediate = signer && X509_NAME_cmp(X509_get_subject_name(issuer), X509_get_issuer_name(issuer)) != 0;
    if (intermediate) made.certificate_pem += authority->certificate_pem;
    return made;
}

}  // namespace vedette::net
