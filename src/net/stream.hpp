#pragma once
// Byte streams: a TCP connection, a TLS session over one, or a pipe of the test world.

#include "base/clock.hpp"
#include "base/task.hpp"
#include "net/endpoint.hpp"

#include <memory>
#include <optional>
#include <span>

namespace vedette::net {

/// Threads: one reactor; at most one read and one write at a time. Destroying a stream closes it at once.
class Stream {
public:
    virtual ~Stream() = default;

    /// Reads at least one byte, at most into.size(). 0 means the peer has ended the stream cleanly.
    /// `into` belongs to the caller for the whole await.
    /// Errors: reset (cut in the middle), timed_out at `deadline`, closed (TLS without close_notify), tls_failure, io.
    virtual Task<std::size_t> read(std::span<char> into, Deadline deadline) = 0;

    /// Writes all of `bytes`, which belong to the caller for the whole await. Errors: reset, timed_out, io.
    virtual Task<void> write(std::span<char const> bytes, Deadline deadline) = 0;

    /// Says that no more bytes will be written (TCP FIN, TLS close_notify). Best effort, bounded by `deadline`.
    virtual Async<void> finish(Deadline deadline) = 0;

    /// Whether a kept connection is still usable: false once the peer has closed or sent something unasked.
    virtual bool idle_and_open() = 0;

    /// Takes what has already arrived without waiting: at most into.size() bytes, 0 at the peer's clean end, nullopt
    /// when there is nothing or the stream cannot tell. Only while no read is in progress.
    virtual std::optional<std::size_t> take_arrived(std::span<char> into) {
        (void)into;
        return std::nullopt;
    }

    /// The peer's address, for people: "10.0.0.1:443".
    virtual std::string peer() const = 0;
};

/// Accepts connections. Destroying it stops listening.
class Listener {
public:
    virtual ~Listener() = default;
    /// Waits for the next connection, and waits out what passes (no free descriptors, a client that has gone);
    /// cancelled by unwinding. Errors: io, and then for ever.
    virtual Task<std::unique_ptr<Stream>> accept() = 0;
    /// The bound endpoint, with the port that was chosen for port 0.
    virtual Endpoint local() const = 0;
};

}  // namespace vedette::net
