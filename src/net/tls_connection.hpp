#pragma once
// One TLS session, client or server, over any Stream.

#include "base/event.hpp"
#include "net/tls_failure.hpp"
#include "net/tls_material.hpp"

namespace vedette::net {

class TlsConnection final : public TlsStream {
public:
    /// `ssl` knows its role and has no BIOs yet. `clock` outlives the connection.
    TlsConnection(asio::any_io_executor executor, Clock& clock, std::unique_ptr<Stream> inner, Owned<ssl_st> ssl,
                  std::unique_ptr<TlsWitness> witness);
    ~TlsConnection() override;

    /// Errors: tls_failure, closed, reset, timed_out. Cancellation: the connection is good for nothing afterwards.
    Task<void> handshake(Deadline deadline);

    Task<std::size_t> read(std::span<char> into, Deadline deadline) override;
    Task<void> write(std::span<char const> bytes, Deadline deadline) override;
    Async<void> finish(Deadline deadline) override;
    bool idle_and_open() override;
    std::optional<std::size_t> take_arrived(std::span<char> into) override;
    std::string peer() const override { return inner_->peer(); }

    std::vector<Certificate> const& peer_chain() const override { return peer_chain_; }
    std::string protocol() const override;
    bool resumed() const override;

private:
    struct Flushing;

    Task<void> step(Deadline deadline, bool& done);
    Task<std::size_t> fill(Deadline deadline);
    Task<void> flush(Deadline deadline);
    Task<void> wait_for_flush();
    Error sharpen(Error error);
    void give(std::span<char const> bytes);
    void note_peer_chain();

    Clock& clock_;
    std::unique_ptr<Stream> inner_;
    std::unique_ptr<TlsWitness> witness_;
    Owned<ssl_st> ssl_;
    bio_st* incoming_;  // owned by ssl_
    bio_st* outgoing_;  // owned by ssl_
    std::unique_ptr<char[]> buffer_;
    std::vector<Certificate> peer_chain_;
    Event flushed_;
    bool flushing_ = false;
    bool cut_ = false;  // a record was sent in part: nothing can follow it
    bool anything_arrived_ = false;
};

}  // namespace vedette::net
