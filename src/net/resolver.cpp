// Names to addresses by c-ares, whose sockets wait in Asio and whose timers are the Clock's.
//
// A lookup has a channel to itself, because c-ares can only cancel all lookups of a channel. Idle channels hold no
// socket and are used again, for half a minute: so resolv.conf is not read for each lookup, yet a change is noticed.

#include "net/resolver.hpp"

#include "base/ensure.hpp"
#include "base/event.hpp"
#include "net/alarm.hpp"

#include <ares.h>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <netdb.h>
#include <sys/time.h>

namespace vedette::net {
namespace {

using boost::system::error_code;
using Descriptor = asio::posix::stream_descriptor;

constexpr std::size_t idle_channels = 16;
constexpr auto channel_lifetime = 30s;

void ensure_library() {
    static int const status = ares_library_init(ARES_LIB_INIT_ALL);
    ensure(status == ARES_SUCCESS, "c-ares initialises with nothing but memory");
}

// One c-ares channel and the lookup that runs on it. Wait handlers share it, so that one which c-ares has already
// forgotten finds it closed instead of gone.
class Channel : public std::enable_shared_from_this<Channel> {
public:
    Channel(asio::any_io_executor executor, Clock& clock)
        : executor_(executor), clock_(clock), changed_(executor, "name lookup"), opened_(clock.now()) {}
    ~Channel() { close(); }

    /// `flags`: ARES_FLAG_*, beside those of the options.
    Result<void> open(ResolverOptions const& options, int flags) {
        ensure_library();
        ares_options wanted{};
        wanted.sock_state_cb = &on_socket;
        wanted.sock_state_cb_data = this;
        wanted.flags = flags | (options.with_search ? 0 : ARES_FLAG_NOSEARCH);
        auto status = ares_init_options(&channel_, &wanted, ARES_OPT_SOCK_STATE_CB | ARES_OPT_FLAGS);
        if (status != ARES_SUCCESS) {
            channel_ = nullptr;
            return fail(Errc::io, "name lookup cannot start: {}", ares_strerror(status));
        }
        if (options.servers.empty()) return {};
        status = ares_set_servers_ports_csv(channel_, options.servers.c_str());
        if (status != ARES_SUCCESS) return fail(Errc::invalid_input, "{} are no name servers", options.servers);
        return {};
    }

    void start(std::string const& host) {
        done_ = false;
        addresses_.clear();
        ares_addrinfo_hints hints{};
        hints.ai_family = AF_UNSPEC;
        hints.ai_socktype = SOCK_STREAM;  // one entry per address
        ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, &on_answer, this);
        wait_for_traffic();
    }

    void close() {
        if (!channel_) return;
        closing_ = true;  // c-ares reports the unfinished lookup, to nobody
        alarm_.reset();
        ares_destroy(std::exchange(channel_, nullptr));
        sockets_.clear();
    }

    bool done() const { return done_; }
    int status() const { return status_; }
    std::vector<std::string> take_addresses() { return std::move(addresses_); }
    TimePoint opened() const { return opened_; }
    Event& changed() { return changed_; }

private:
    struct Socket {
        Descriptor descriptor;
        bool want_read = false;
        bool want_write = false;
        bool reading = false;
        bool writing = false;

        explicit Socket(asio::any_io_executor const& executor) : descriptor(executor) {}
        // The descriptor is c-ares's own; it closes it.
        ~Socket() {
            if (descriptor.is_open()) descriptor.release();
        }
        Socket(Socket const&) = delete;
        Socket& operator=(Socket const&) = delete;
    };

    static void on_socket(void* self, ares_socket_t fd, int readable, int writable) {
        static_cast<Channel*>(self)->socket_changed(fd, readable != 0, writable != 0);
    }

    static void on_answer(void* self, int status, int, ares_addrinfo* answer) {
        std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> const owned(answer, &ares_freeaddrinfo);
        static_cast<Channel*>(self)->answered(status, answer);
    }

    void answered(int status, ares_addrinfo const* answer) {
        if (closing_) return;
        status_ = status;
        for (auto const* node = answer ? answer->nodes : nullptr; node; node = node->ai_next) {
            char text[NI_MAXHOST];
            if (::getnameinfo(node->ai_addr, node->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0 &&
                std::ranges::find(addresses_, text) == addresses_.end()) {
                addresses_.emplace_back(text);
            }
        }
        done_ = true;
        changed_.notify();
    }

    void socket_changed(ares_socket_t fd, bool readable, bool writable) {
        if (!readable && !writable) {
            forget(fd);
            return;
        }
        auto& socket = sockets_[fd];
        if (!socket) {
            socket = std::make_shared<Socket>(executor_);
            error_code error;
            socket->descriptor.assign(fd, error);
            ensure(!error, "a socket that was just opened can be polled");
        }
        socket->want_read = readable;
        socket->want_write = writable;
    }

    // Now, while the number still means this socket: c-ares is about to close it and the next may get the same.
    void forget(ares_socket_t fd) {
        auto const found = sockets_.find(fd);
        if (found == sockets_.end()) return;
        found->second->descriptor.release();
        sockets_.erase(found);
    }

    // Waits for whatever c-ares waits for; called after every time it ran.
    void wait_for_traffic() {
        if (!channel_) return;
        for (auto const& [fd, socket] : sockets_) {
            if (socket->want_read && !socket->reading) wait(fd, socket, Descriptor::wait_read, &Socket::reading);
            if (socket->want_write && !socket->writing) wait(fd, socket, Descriptor::wait_write, &Socket::writing);
        }
        alarm_.reset();
        timeval limit{};
        if (done_ || !ares_timeout(channel_, nullptr, &limit)) return;
        auto const delay = std::chrono::seconds(limit.tv_sec) + std::chrono::microseconds(limit.tv_usec);
        alarm_.emplace(clock_, clock_.now() + delay, [weak = weak_from_this()] {
            if (auto const self = weak.lock()) self->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
        });
    }

    void wait(ares_socket_t fd, std::shared_ptr<Socket> const& socket, Descriptor::wait_type what,
              bool Socket::* waiting) {
        (*socket).*waiting = true;
        socket->descriptor.async_wait(
            what, [weak = weak_from_this(), of = std::weak_ptr(socket), fd, what, waiting](error_code const& error) {
                auto const self = weak.lock();
                auto const alive = of.lock();
                if (!self || !alive) return;
                (*alive).*waiting = false;
                if (error) return;
                bool const reading = what == Descriptor::wait_read;
                self->process(reading ? fd : ARES_SOCKET_BAD, reading ? ARES_SOCKET_BAD : fd);
            });
    }

    void process(ares_socket_t readable, ares_socket_t writable) {
        if (!channel_) return;
        ares_process_fd(channel_, readable, writable);
        wait_for_traffic();
    }

    asio::any_io_executor executor_;
    Clock& clock_;
    Event changed_;
    TimePoint opened_;
    ares_channel channel_ = nullptr;
    std::map<ares_socket_t, std::shared_ptr<Socket>> sockets_;
    std::optional<Alarm> alarm_;
    std::vector<std::string> addresses_;
    int status_ = ARES_SUCCESS;
    bool done_ = true;
    bool closing_ = false;
};

Error explain(std::string const& host, int status) {
    switch (status) {
        case ARES_ENOTFOUND:
            return {Errc::dns_failure, fmt::format("lookup {}: no such host", host)};
        case ARES_ENODATA:
            return {Errc::dns_failure, fmt::format("lookup {}: the name has no address", host)};
        case ARES_ESERVFAIL:
            return {Errc::dns_failure, fmt::format("lookup {}: the name server failed", host)};
        case ARES_EREFUSED:
            return {Errc::dns_failure, fmt::format("lookup {}: the name server refused to answer", host)};
        case ARES_ECONNREFUSED:
            return {Errc::dns_failure, fmt::format("lookup {}: no name server is reachable", host)};
        case ARES_EBADNAME:
            return {Errc::dns_failure, fmt::format("lookup {}: not a valid host name", host)};
        case ARES_ETIMEOUT:
            return {Errc::timed_out, fmt::format("lookup {}: timed out waiting for the name servers", host)};
        default:
            return {Errc::dns_failure, fmt::format("lookup {}: {}", host, ares_strerror(status))};
    }
}

// RFC 6761: these never leave the machine, whatever its name servers say.
bool is_loopback_name(std::string host) {
    std::ranges::transform(host, host.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    if (host.ends_with('.')) host.pop_back();
    return host == "localhost" || host.ends_with(".localhost");
}

// Closes the channel, and with it every socket, unless the lookup has ended.
struct Lookup {
    std::shared_ptr<Channel> channel;
    ~Lookup() {
        if (!channel->done()) channel->close();
    }
};

class AresResolver final : public Resolver {
public:
    AresResolver(asio::any_io_executor executor, Clock& clock, ResolverOptions options)
        : executor_(std::move(executor)), clock_(clock), options_(std::move(options)) {}

    Task<std::vector<std::string>> resolve(std::string host, Deadline deadline) override {
        error_code not_literal;
        asio::ip::make_address(host, not_literal);
        if (!not_literal) co_return std::vector{host};
        if (is_loopback_name(host)) co_return std::vector<std::string>{"::1", "127.0.0.1"};

        auto channel = take_channel();
        if (!channel) co_return pass(channel);
        auto answer = co_await ask(*channel, host, deadline);
        if (answer.status != ARES_ECONNREFUSED) {
            if ((*channel)->done()) give_back(*channel);
        } else {
            answer = co_await ask_why(host, deadline);
        }
        if (answer.status != ARES_SUCCESS) co_return std::unexpected(explain(host, answer.status));
        if (answer.addresses.empty()) co_return std::unexpected(explain(host, ARES_ENODATA));
        co_return std::move(answer.addresses);
    }

private:
    struct Answer {
        int status = ARES_ETIMEOUT;
        std::vector<std::string> addresses;
    };

    Async<Answer> ask(std::shared_ptr<Channel> channel, std::string host, Deadline deadline) {
        Lookup const lookup{channel};
        channel->start(host);
        while (!channel->done()) {
            if (clock_.now() >= deadline) co_return Answer{};
            Alarm const alarm(clock_, deadline, [channel] { channel->changed().notify(); });
            co_await channel->changed().wait();
        }
        co_return Answer{channel->status(), channel->take_addresses()};
    }

    // When every server failed, refused or was away, c-ares calls all of it ECONNREFUSED. Asked once more without
    // going on to the next server, it tells what the first one said.
    Async<Answer> ask_why(std::string host, Deadline deadline) {
        auto const channel = std::make_shared<Channel>(executor_, clock_);
        auto const opened = channel->open(options_, ARES_FLAG_NOCHECKRESP);
        if (!opened) co_return Answer{ARES_ECONNREFUSED, {}};
        auto answer = co_await ask(channel, host, deadline);
        co_return answer;
    }

    Result<std::shared_ptr<Channel>> take_channel() {
        auto const oldest = clock_.now() - channel_lifetime;
        while (!idle_.empty()) {
            auto channel = std::move(idle_.back());
            idle_.pop_back();
            if (channel->opened() > oldest) return channel;
        }
        auto channel = std::make_shared<Channel>(executor_, clock_);
        auto const opened = channel->open(options_, 0);
        if (!opened) return std::unexpected(opened.error());
        return channel;
    }

    void give_back(std::shared_ptr<Channel> const& channel) {
        if (idle_.size() < idle_channels) idle_.push_back(channel);
    }

    asio::any_io_executor executor_;
    Clock& clock_;
    ResolverOptions options_;
    std::vector<std::shared_ptr<Channel>> idle_;
};

}  // namespace

std::unique_ptr<Resolver> make_resolver(asio::any_io_executor executor, Clock& clock, ResolverOptions options) {
    return std::make_unique<AresResolver>(std::move(executor), clock, std::move(options));
}

std::unique_ptr<Resolver> make_system_resolver(asio::any_io_executor executor, Clock& clock) {
    return make_resolver(std::move(executor), clock, {});
}

}  // namespace vedette::net
