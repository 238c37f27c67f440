#pragma once
// The one way to run c-ares: its sockets wait in Asio and its timers are the Clock's.

#include "base/event.hpp"
#include "net/alarm.hpp"

#include <ares.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vedette::net {

struct ChannelOptions {
    std::string servers;  ///< "10.0.0.10:53,[::1]:5353"; empty: resolv.conf's
    std::string resolv_conf = "/etc/resolv.conf";
    Duration timeout = std::chrono::seconds(2);  ///< for one server's answer; doubled in each further round
    int attempts = 2;                            ///< rounds over all servers
    int flags = 0;                               ///< ARES_FLAG_*
};

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

    /// Errors: io, invalid_input (the list of servers).
    Result<void> open(ChannelOptions const& options);

    /// Start a request on an open channel that runs none; `changed` is notified when it ends. The name is asked for as
    /// it stands, and name servers only. `family`: AF_INET or AF_INET6.
    void start_addresses(std::string const& host, int family, std::shared_ptr<Event> changed);
    void start_query(std::string const& name, int type, std::shared_ptr<Event> changed);

    /// Ends the request, to nobody, and closes every socket.
    void close();

    bool done() const { return done_; }
    bool reusable() const { return channel_ && done_; }
    int status() const { return status_; }      ///< ARES_*, once done; success means at least one address or a reply
    TimePoint ended() const { return ended_; }  ///< once done
    std::string const& fault() const { return fault_; }  ///< why this host could not ask at all; else empty
    std::vector<std::string> take_addresses() { return std::move(addresses_); }
    std::string take_reply() { return std::move(reply_); }  ///< the message as it came; empty if none came
    Clock& clock() { return clock_; }
    Event& changed() { return *changed_; }

private:
    struct Socket;

    static void on_socket(void* self, ares_socket_t fd, int readable, int writable);
    static void on_addresses(void* self, int status, int timeouts, ares_addrinfo* answer);
    static void on_reply(void* self, int status, int timeouts, unsigned char* bytes, int size);

    void begin(std::shared_ptr<Event> changed);
    void end(int status);
    void socket_changed(ares_socket_t fd, bool readable, bool writable);
    void forget(ares_socket_t fd);
    void wait_for_traffic();
    void wait(ares_socket_t fd, std::shared_ptr<Socket> const& socket, bool reading);
    void process(ares_socket_t readable, ares_socket_t writable);

    asio::any_io_executor executor_;
    Clock& clock_;
    std::shared_ptr<Event> changed_;
    TimePoint ended_{};
    ares_channel channel_ = nullptr;
    std::map<ares_socket_t, std::shared_ptr<Socket>> sockets_;
    std::optional<Alarm> alarm_;
    std::vector<std::string> addresses_;
    std::string reply_;
    std::string fault_;
    int status_ = ARES_SUCCESS;
    bool done_ = true;
    bool closing_ = false;
};

/// Awaits the request of `channel`: its ARES_* status, ARES_ETIMEOUT at the deadline. The channel is closed, and with
/// it every socket, unless the request has ended.
Async<int> await_request(std::shared_ptr<AresChannel> channel, Deadline deadline);

/// Closes a channel, and with it every socket, when it leaves scope before the request has ended.
struct CloseUnlessDone {
    std::shared_ptr<AresChannel> channel;
    explicit CloseUnlessDone(std::shared_ptr<AresChannel> of) : channel(std::move(of)) {}
    ~CloseUnlessDone() {
        if (!channel->done()) channel->close();
    }
    CloseUnlessDone(CloseUnlessDone const&) = delete;
    CloseUnlessDone& operator=(CloseUnlessDone const&) = delete;
};

}  // namespace vedette::net
