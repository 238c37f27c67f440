#pragma once
// The one way to run c-ares: its sockets wait in Asio and its timers are the Clock's.

#include "base/event.hpp"
#include "net/alarm.hpp"
#include "net/resolver.hpp"

#include <ares.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vedette::net {

/// One c-ares channel and the one request that runs on it: c-ares can only cancel all requests of a channel.
///
/// Held by shared_ptr: wait handlers share it, so that one which c-ares has already forgotten finds it closed instead
/// of gone. Threads: one reactor. Lifetime: `clock` outlives it.
class AresChannel : public std::enable_shared_from_this<AresChannel> {
public:
    AresChannel(asio::any_io_executor executor, Clock& clock);
    ~AresChannel();
    AresChannel(AresChannel const&) = delete;
    AresChannel& operator=(AresChannel const&) = delete;

    /// `flags`: ARES_FLAG_*, beside those of the options. Errors: io, invalid_input (the list of servers).
    Result<void> open(ResolverOptions const& options, int flags);

    /// Start a request on an open channel that runs none; finish() awaits it.
    void start_addresses(std::string const& host);
    void start_query(std::string const& name, int type);

    /// Ends the request, to nobody, and closes every socket.
    void close();

    bool done() const { return done_; }
    int status() const { return status_; }  ///< ARES_*, once done
    std::vector<std::string> take_addresses() { return std::move(addresses_); }
    std::string take_reply() { return std::move(reply_); }  ///< the message as it came; empty if none came
    TimePoint opened() const { return opened_; }
    Event& changed() { return changed_; }
    Clock& clock() { return clock_; }

private:
    struct Socket;

    static void on_socket(void* self, ares_socket_t fd, int readable, int writable);
    static void on_addresses(void* self, int status, int timeouts, ares_addrinfo* answer);
    static void on_reply(void* self, int status, int timeouts, unsigned char* bytes, int size);

    void begin();
    void end(int status);
    void socket_changed(ares_socket_t fd, bool readable, bool writable);
    void forget(ares_socket_t fd);
    void wait_for_traffic();
    void wait(ares_socket_t fd, std::shared_ptr<Socket> const& socket, bool reading);
    void process(ares_socket_t readable, ares_socket_t writable);

    asio::any_io_executor executor_;
    Clock& clock_;
    Event changed_;
    TimePoint opened_;
    ares_channel channel_ = nullptr;
    std::map<ares_socket_t, std::shared_ptr<Socket>> sockets_;
    std::optional<Alarm> alarm_;
    std::vector<std::string> addresses_;
    std::string reply_;
    int status_ = ARES_SUCCESS;
    bool done_ = true;
    bool closing_ = false;
};

/// Awaits the request of `channel`: its ARES_* status, ARES_ETIMEOUT at the deadline. The channel is closed, and with
/// it every socket, unless the request has ended.
Async<int> finish(std::shared_ptr<AresChannel> channel, Deadline deadline);

}  // namespace vedette::net
