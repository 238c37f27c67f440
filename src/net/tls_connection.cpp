// A TLS session as a machine without I/O (OpenSSL on two memory BIOs) and a thin loop that carries bytes.
//
// A read may have to write (a key update's answer) while a write is under way. Whoever flushes takes everything
// along, so at most one write is in progress on the inner stream.

#include "net/tls_connection.hpp"

#include "base/ensure.hpp"
#include "base/with_deadline.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace vedette::net {
namespace {

constexpr std::size_t read_size = 8 * 1024;
constexpr std::size_t record_size = 16 * 1024;
// Records looked at by idle_and_open() before a talkative peer counts as not idle.
constexpr int idle_records = 16;

constexpr char handshake_record = 0x16;
constexpr char alert_record = 0x15;

}  // namespace

// The state while bytes travel; unwinding in the middle leaves the session cut.
struct TlsConnection::Flushing {
    TlsConnection& self;
    explicit Flushing(TlsConnection& connection) : self(connection) { self.flushing_ = self.cut_ = true; }
    ~Flushing() {
        self.flushing_ = false;
        self.flushed_.notify();
    }
    Flushing(Flushing const&) = delete;
    Flushing& operator=(Flushing const&) = delete;
};

TlsConnection::TlsConnection(asio::any_io_executor executor, Clock& clock, std::unique_ptr<Stream> inner,
                             Owned<ssl_st> ssl, std::unique_ptr<TlsWitness> witness)
    : clock_(clock),
      inner_(std::move(inner)),
      witness_(std::move(witness)),
      ssl_(std::move(ssl)),
      incoming_(BIO_new(BIO_s_mem())),
      outgoing_(BIO_new(BIO_s_mem())),
      buffer_(std::make_unique<char[]>(read_size)),
      flushed_(std::move(executor), "TLS write") {
    ensure(incoming_ && outgoing_, "a memory BIO needs only memory");
    SSL_set_bio(ssl_.get(), incoming_, outgoing_);
    attach(ssl_.get(), witness_.get());
}

TlsConnection::~TlsConnection() {
    // Without this OpenSSL takes a dropped connection for a broken session and never resumes it.
    if (SSL_is_init_finished(ssl_.get())) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

Task<void> TlsConnection::handshake(Deadline deadline) {
    for (bool done = false; !done;) {
        auto const stepped = co_await step(deadline, done);
        if (!stepped) co_return std::unexpected(stepped.error());
    }
    note_peer_chain();
    co_return Result<void>{};
}

Task<void> TlsConnection::step(Deadline deadline, bool& done) {
    ERR_clear_error();
    auto const outcome = SSL_do_handshake(ssl_.get());
    done = outcome == 1;
    std::optional<Error> failure;
    if (!done && SSL_get_error(ssl_.get(), outcome) != SSL_ERROR_WANT_READ) failure = explain_tls_failure(*witness_);
    // After a failure this sends our alert, as far as the peer still listens.
    auto flushed = co_await flush(deadline);
    if (failure) co_return std::unexpected(std::move(*failure));
    if (!flushed) co_return std::unexpected(sharpen(std::move(flushed).error()).in_context("TLS handshake"));
    if (done) co_return Result<void>{};

    bool const is_first = !anything_arrived_;
    auto got = co_await fill(deadline);
    if (!got) co_return pass(got, "TLS handshake");
    if (*got == 0) co_return fail(Errc::closed, "the peer closed the connection during the TLS handshake");
    if (is_first && buffer_[0] != handshake_record && buffer_[0] != alert_record) {
        co_return fail(Errc::tls_failure, "the peer does not speak TLS");
    }
    co_return Result<void>{};
}

Task<std::size_t> TlsConnection::read(std::span<char> into, Deadline deadline) {
    for (;;) {
        ERR_clear_error();
        std::size_t got = 0;
        auto const outcome = SSL_read_ex(ssl_.get(), into.data(), into.size(), &got);
        auto const state = outcome == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), outcome);
        std::optional<Error> failure;
        if (state == SSL_ERROR_SSL || state == SSL_ERROR_SYSCALL) failure = explain_tls_failure(*witness_);
        if (BIO_ctrl_pending(outgoing_) > 0) {
            // What cannot be sent is for the next write to report; what was read still counts.
            auto const flushed = co_await flush(deadline);
            (void)flushed;
        }
        if (failure) co_return std::unexpected(std::move(*failure));
        if (state == SSL_ERROR_NONE) co_return got;
        if (state == SSL_ERROR_ZERO_RETURN) co_return std::size_t{0};
        auto const filled = co_await fill(deadline);
        if (!filled) co_return std::unexpected(filled.error());
        if (*filled == 0)
            co_return fail(Errc::closed, "{} closed the connection without ending the TLS session", peer());
    }
}

Task<void> TlsConnection::write(std::span<char const> bytes, Deadline deadline) {
    while (!bytes.empty()) {
        if (flushing_) {
            auto const waited = co_await with_deadline(clock_, deadline, wait_for_flush());
            if (!waited) co_return fail(Errc::timed_out, "timed out writing to {}", peer());
        }
        auto const piece = bytes.first(std::min(bytes.size(), record_size));
        ERR_clear_error();
        std::size_t taken = 0;
        if (SSL_write_ex(ssl_.get(), piece.data(), piece.size(), &taken) != 1) {
            co_return std::unexpected(explain_tls_failure(*witness_));
        }
        bytes = bytes.subspan(taken);
        auto flushed = co_await flush(deadline);
        if (!flushed) co_return std::unexpected(sharpen(std::move(flushed).error()));
    }
    co_return Result<void>{};
}

Async<void> TlsConnection::finish(Deadline deadline) {
    if (!cut_ && !flushing_ && SSL_is_init_finished(ssl_.get())) {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
        ERR_clear_error();
        auto const flushed = co_await flush(deadline);
        (void)flushed;
    }
    co_await inner_->finish(deadline);
}

bool TlsConnection::idle_and_open() {
    if (cut_ || SSL_get_shutdown(ssl_.get()) != 0) return false;
    for (int i = 0; i < idle_records; ++i) {
        // A peek reads no application data but does process session tickets and key updates.
        char byte = 0;
        std::size_t got = 0;
        ERR_clear_error();
        auto const outcome = SSL_peek_ex(ssl_.get(), &byte, 1, &got);
        auto const state = outcome == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), outcome);
        ERR_clear_error();
        if (state != SSL_ERROR_WANT_READ) return false;
        if (inner_->idle_and_open()) return true;
        auto const arrived = inner_->take_arrived({buffer_.get(), read_size});
        if (!arrived || *arrived == 0) return false;
        give({buffer_.get(), *arrived});
    }
    return false;
}

std::optional<std::size_t> TlsConnection::take_arrived(std::span<char> into) {
    for (;;) {
        ERR_clear_error();
        std::size_t got = 0;
        auto const outcome = SSL_read_ex(ssl_.get(), into.data(), into.size(), &got);
        if (outcome == 1) return got;
        auto const state = SSL_get_error(ssl_.get(), outcome);
        ERR_clear_error();
        if (state == SSL_ERROR_ZERO_RETURN) return 0;
        if (state != SSL_ERROR_WANT_READ) return std::nullopt;
        auto const arrived = inner_->take_arrived({buffer_.get(), read_size});
        if (!arrived || *arrived == 0) return std::nullopt;
        give({buffer_.get(), *arrived});
    }
}

std::string TlsConnection::protocol() const {
    return SSL_get_version(ssl_.get());
}

bool TlsConnection::resumed() const {
    return SSL_session_reused(ssl_.get()) == 1;
}

Task<std::size_t> TlsConnection::fill(Deadline deadline) {
    auto got = co_await inner_->read({buffer_.get(), read_size}, deadline);
    if (got && *got > 0) give({buffer_.get(), *got});
    co_return got;
}

Task<void> TlsConnection::flush(Deadline deadline) {
    if (flushing_) co_return Result<void>{};
    while (auto const pending = BIO_ctrl_pending(outgoing_)) {
        if (cut_) co_return fail(Errc::reset, "the TLS session with {} was cut by an unfinished write", peer());
        std::string chunk(pending, '\0');
        auto const taken = BIO_read(outgoing_, chunk.data(), static_cast<int>(chunk.size()));
        ensure(taken > 0, "pending bytes can be read");
        chunk.resize(static_cast<std::size_t>(taken));
        Flushing const guard(*this);
        auto written = co_await inner_->write(chunk, deadline);
        if (!written) co_return pass(written);
        cut_ = false;
    }
    co_return Result<void>{};
}

Task<void> TlsConnection::wait_for_flush() {
    while (flushing_) co_await flushed_.wait();
    co_return Result<void>{};
}

// A peer that refuses us sends an alert and closes; our next write then meets a reset although the reason has
// already arrived.
Error TlsConnection::sharpen(Error error) {
    if (error.code() != Errc::reset) return error;
    while (auto const arrived = inner_->take_arrived({buffer_.get(), read_size})) {
        if (*arrived == 0) break;
        give({buffer_.get(), *arrived});
    }
    char byte = 0;
    std::size_t got = 0;
    ERR_clear_error();
    auto const outcome = SSL_peek_ex(ssl_.get(), &byte, 1, &got);
    bool const refused = outcome != 1 && SSL_get_error(ssl_.get(), outcome) == SSL_ERROR_SSL;
    return refused ? explain_tls_failure(*witness_) : error;
}

void TlsConnection::give(std::span<char const> bytes) {
    anything_arrived_ = true;
    auto const taken = BIO_write(incoming_, bytes.data(), static_cast<int>(bytes.size()));
    ensure(taken == static_cast<int>(bytes.size()), "a memory BIO takes everything");
}

void TlsConnection::note_peer_chain() {
    Owned<X509> const leaf(SSL_get1_peer_certificate(ssl_.get()));
    if (!leaf) return;
    peer_chain_.push_back(describe(leaf.get()));
    // On a client OpenSSL's chain begins with the leaf, on a server it does not.
    auto* chain = SSL_get_peer_cert_chain(ssl_.get());
    for (int i = witness_->is_server ? 0 : 1; chain && i < sk_X509_num(chain); ++i) {
        peer_chain_.push_back(describe(sk_X509_value(chain, i)));
    }
}

}  // namespace vedette::net
