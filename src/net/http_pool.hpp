#pragma once
// Kept connections, and whose turn it is: at most so many per host, first come first served. What stays for minutes is
// counted apart, so that ten watches do not keep a lease from being renewed.

#include "base/event.hpp"
#include "net/tls.hpp"

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>

namespace vedette::net {

/// A stream, and what was read ahead of the message before.
struct HttpConnection {
    explicit HttpConnection(std::unique_ptr<Stream> s) : stream(std::move(s)) {}

    /// Reads more into `buffer`; the count of bytes, 0 at the end of the stream. Errors: those of Stream::read.
    Task<std::size_t> fill(Deadline deadline);

    std::unique_ptr<Stream> stream;
    std::string buffer;
    std::shared_ptr<std::vector<Certificate> const> peer_chain;  ///< null without TLS
    bool heard = false;  ///< whether a byte came back since the request was sent
};

/// Which connections may stand in for one another.
struct PoolKey {
    Endpoint endpoint;     ///< what the cap counts
    std::string identity;  ///< TLS options and proxy
};

/// How long a lease is likely to be held.
enum class Stay { quick, long_lived };

/// Lifetime: outlives its leases. Threads: one reactor.
class HttpPool {
public:
    struct Limits {
        std::size_t per_host = 8;
        std::size_t long_lived_per_host = 256;
        std::size_t waiting_per_host = 1024;  ///< of each kind
        Duration keep_idle = std::chrono::seconds(90);
    };

    /// The right to one open connection; it ends with the object.
    class Lease {
    public:
        Lease(HttpPool& pool, PoolKey key, Stay stay) : pool_(&pool), key_(std::move(key)), stay_(stay) {}
        Lease(Lease&& other) noexcept
            : pool_(std::exchange(other.pool_, nullptr)), key_(std::move(other.key_)), stay_(other.stay_) {}
        Lease& operator=(Lease&&) = delete;
        ~Lease();

        /// The kept connection used last that is still open; null if there is none.
        std::unique_ptr<HttpConnection> take_idle();
        /// Keeps `connection` for the next lease, and ends this one.
        void keep(std::unique_ptr<HttpConnection> connection);

    private:
        HttpPool* pool_;
        PoolKey key_;
        Stay stay_;
    };

    HttpPool(asio::any_io_executor executor, Clock& clock, Limits limits);
    ~HttpPool();
    HttpPool(HttpPool const&) = delete;
    HttpPool& operator=(HttpPool const&) = delete;

    /// Waits for its turn. Errors: timed_out, too_large (too many wait already).
    Task<Lease> acquire(PoolKey key, Stay stay, Deadline deadline);

    /// Leases and idle connections.
    std::size_t size() const;
    void close_idle();

private:
    struct Waiter;
    struct Idle {
        std::string identity;
        std::unique_ptr<HttpConnection> connection;
        TimePoint until;
    };
    struct Queue {
        std::size_t leased = 0;
        std::list<Waiter*> waiting;
    };
    struct Host {
        Queue quick;
        Queue long_lived;
        std::deque<Idle> idle;  // oldest first

        Queue& queue(Stay stay) { return stay == Stay::quick ? quick : long_lived; }
        bool unused() const;
    };

    static Task<void> wait_turn(Waiter& waiter);
    void leave(Endpoint const& endpoint, Stay stay);
    void trim(Host& host);
    void forget_if_unused(Endpoint const& endpoint);
    void arm_sweep();
    void sweep();

    asio::any_io_executor executor_;
    Clock& clock_;
    Limits limits_;
    std::map<Endpoint, Host> hosts_;
    std::optional<Clock::TimerId> sweep_;
};

}  // namespace vedette::net
