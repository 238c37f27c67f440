#pragma once
#include "base/clock.hpp"
#include "base/files.hpp"
#include "net/tls.hpp"

#include <functional>
#include <memory>
#include <string>

namespace vedette::op {

/// A TLS server whose certificate may change while it serves: read again when tls.crt or tls.key of its folder have
/// changed (a mounted Secret that cert-manager renews), or, without a folder, made by itself and again before it
/// lapses. Connections keep the certificate they were opened with.
///
/// Lifetime: `clock` and `files` outlive it; it outlives its handshakes. Threads: one reactor, which the reading of two
/// small files holds, at most every ten seconds.
class ServingCertificate final : public net::TlsServer {
public:
    using Warn = std::function<void(std::string sentence)>;

    /// `folder` empty: self-signed, for localhost. `warn` hears, once for each change, why new files are not used; what
    /// was good before goes on being served.
    /// Errors: those of reading the files, invalid_input (they do not parse or do not belong together).
    static Result<std::unique_ptr<ServingCertificate>> open(Clock& clock, Files& files, std::string folder, Warn warn);

    /// Of the files, since it was opened; none of a self-signed one.
    std::uint64_t reads() const { return reads_; }
    std::uint64_t failed_reads() const { return failed_reads_; }

    Task<std::unique_ptr<net::TlsStream>> accept(std::unique_ptr<net::Stream> stream, Deadline deadline) override;

private:
    ServingCertificate(Clock& clock, Files& files, std::string folder, Warn warn);
    Result<std::string> version() const;
    Result<void> load();
    void count(bool loaded);
    void refresh();

    Clock& clock_;
    Files& files_;
    std::string folder_;
    Warn warn_;
    std::shared_ptr<net::TlsServer> current_;
    std::string seen_;  // the version that was loaded, or last refused
    TimePoint next_look_{};
    std::uint64_t reads_ = 0;
    std::uint64_t failed_reads_ = 0;
};

}  // namespace vedette::op
