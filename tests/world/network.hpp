#pragma once
// Network: TCP in virtual time. Pipes in memory, faults per endpoint, every step noted in the world's trace, so the
// code that talks to the outside is tested against peers that are silent, slow, half gone or lying.

#include "net/dialer.hpp"
#include "world/world.hpp"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace vedette::world {

/// What is wrong with an endpoint. Byte counts are of what the endpoint sends on one connection; a fault that is
/// set later applies to connections opened later.
struct Faults {
    bool refuse = false;                      ///< connect says "connection refused"
    bool blackhole = false;                   ///< connect never answers
    Duration latency{};                       ///< one way, and once for connecting
    Duration jitter{};                        ///< up to this much more, drawn per segment; the order is kept
    std::optional<std::size_t> silent_after;  ///< then nothing arrives any more, not even the end: a half-open peer
    std::optional<std::size_t> reset_after;   ///< then both directions are cut
    std::optional<std::size_t> close_after;   ///< then the endpoint ends its half, and what it still sends is lost
    std::size_t dribble_bytes = 0;            ///< at most so many bytes per read, if not 0 ...
    Duration dribble_every{};                 ///< ... and not sooner than this after the last ones
    bool fragment = false;                    ///< reads return pieces of random length
};

/// Zero to three faults drawn at random, those that let a connection live being likelier.
Faults draw_faults(Random& random);

/// Lifetime: outlives its listeners and every connect(); streams may outlive it, but not the world.
class Network final : public net::Dialer {
public:
    explicit Network(World& world);
    ~Network() override;

    Task<std::unique_ptr<net::Stream>> connect(net::Endpoint to, Deadline deadline) override;

    /// Listens; port 0 picks a free one. The endpoint must not be taken.
    std::unique_ptr<net::Listener> listen(net::Endpoint at);

    void set_faults(net::Endpoint const& endpoint, Faults faults) { faults_[endpoint] = faults; }
    /// The name does not resolve any more.
    void forget_name(std::string host) { unknown_names_.insert(std::move(host)); }

    /// Ends of connections that have not been destroyed, those that wait to be accepted included.
    std::size_t open_streams() const { return *open_streams_; }
    /// Connections made so far.
    std::size_t connections() const { return connections_; }

private:
    class PipeListener;

    World& world_;
    std::map<net::Endpoint, Faults> faults_;
    std::set<std::string> unknown_names_;
    std::map<net::Endpoint, PipeListener*> listeners_;
    std::shared_ptr<std::size_t> open_streams_ = std::make_shared<std::size_t>(0);
    std::size_t connections_ = 0;
    std::uint16_t next_port_ = 20000;
};

}  // namespace vedette::world
