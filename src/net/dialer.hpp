#pragma once
// Opening byte streams. All code above net/ reaches the outside through a Dialer, so a test that replaces the
// Dialer has replaced the network.

#include "net/resolver.hpp"
#include "net/stream.hpp"

#include <memory>
#include <string>
#include <vector>

namespace vedette::net {

/// Opens TCP connections: the system's sockets, or world::Network in tests.
///
/// Lifetime: outlives every task it returned; streams may outlive it. Threads: one reactor.
/// Cancellation: a half-open socket is closed before the task unwinds.
class Dialer {
public:
    virtual ~Dialer() = default;

    /// Connects to the first address of `to.host` that answers: IPv6 first, IPv4 250 ms later (RFC 8305), each as soon
    /// as the lookup has found it. `deadline` covers name lookup and connection together.
    ///
    /// Errors: dns_failure (no address), refused (every address said no), unreachable (no route), timed_out. A
    /// closed port and a silent firewall mean different outages: never merge them. The text names the endpoint:
    /// "connect shop.example:443: connection refused".
    virtual Task<std::unique_ptr<Stream>> connect(Endpoint to, Deadline deadline) = 0;
};

/// Real sockets. `resolver` and `clock` outlive it.
std::unique_ptr<Dialer> make_system_dialer(asio::any_io_executor executor, Clock& clock, Resolver& resolver);

/// Listens on a loopback or other literal address. Errors: invalid_input, denied, io (address in use).
Result<std::unique_ptr<Listener>> listen_tcp(asio::any_io_executor executor, Clock& clock, Endpoint at);

}  // namespace vedette::net
