// One small look when a connection comes, instead of a task that watches the folder: without connections nobody needs
// the new certificate.

#include "operator/serving_certificate.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

constexpr auto look_interval = 10s;
constexpr std::size_t file_limit = 1u << 20;
constexpr auto self_signed_lifetime = std::chrono::days(365);
constexpr auto self_signed_renewal = std::chrono::days(180);

net::Identity self_signed(WallTime now) {
    return net::make_identity({.common_name = "vedette-operator",
                               .names = {"localhost", "127.0.0.1", "::1"},
                               .not_before = now - std::chrono::hours(1),
                               .not_after = now + self_signed_lifetime});
}

}  // namespace

ServingCertificate::ServingCertificate(Clock& clock, Files& files, std::string folder, Warn warn)
    : clock_(clock), files_(files), folder_(std::move(folder)), warn_(std::move(warn)) {}

Result<std::unique_ptr<ServingCertificate>> ServingCertificate::open(Clock& clock, Files& files, std::string folder,
                                                                     Warn warn) {
    std::unique_ptr<ServingCertificate> made(new ServingCertificate(clock, files, std::move(folder), std::move(warn)));
    auto version = made->version();
    if (!version) return pass(version);
    made->seen_ = std::move(*version);
    made->next_look_ = clock.now() + look_interval;
    if (auto loaded = made->load(); !loaded) return pass(loaded);
    made->count(true);
    return made;
}

void ServingCertificate::count(bool loaded) {
    if (folder_.empty()) return;
    ++reads_;
    if (!loaded) ++failed_reads_;
}

// Of a self-signed one, the half year it was made in.
Result<std::string> ServingCertificate::version() const {
    if (folder_.empty()) return std::to_string(clock_.wall().time_since_epoch() / self_signed_renewal);
    auto certificate = files_.version(folder_ + "/tls.crt");
    if (!certificate) return pass(certificate);
    auto key = files_.version(folder_ + "/tls.key");
    if (!key) return pass(key);
    return *certificate + "\n" + *key;
}

Result<void> ServingCertificate::load() {
    net::Identity identity;
    if (folder_.empty()) {
        identity = self_signed(clock_.wall());
    } else {
        auto certificate = files_.read(folder_ + "/tls.crt", file_limit);
        if (!certificate) return pass(certificate);
        auto key = files_.read(folder_ + "/tls.key", file_limit);
        if (!key) return pass(key);
        identity = {std::move(*certificate), std::move(*key)};
    }
    auto server = net::make_tls_server(
        clock_, {.certificate_pem = std::move(identity.certificate_pem), .key_pem = std::move(identity.key_pem)});
    if (!server) return pass(server, folder_ + "/tls.crt and tls.key");
    current_ = std::move(*server);
    return {};
}

// The version is taken before the files are read, so what changes meanwhile is seen the next time.
void ServingCertificate::refresh() {
    if (clock_.now() < next_look_) return;
    next_look_ = clock_.now() + look_interval;
    auto const version = this->version();
    auto const seen = version ? *version : version.error().text();
    if (seen == seen_) return;
    seen_ = seen;
    auto const loaded = version ? load() : Result<void>(std::unexpected(version.error()));
    count(loaded.has_value());
    if (loaded) return;
    warn_(fmt::format("the new certificate of the metrics server is not used, the one before goes on: {}",
                      loaded.error().text()));
}

Task<std::unique_ptr<net::TlsStream>> ServingCertificate::accept(std::unique_ptr<net::Stream> stream,
                                                                 Deadline deadline) {
    refresh();
    auto const server = current_;  // kept for the handshake, even if the certificate changes during it
    auto session = co_await server->accept(std::move(stream), deadline);
    co_return session;
}

}  // namespace vedette::op
