// c-ares between its callbacks: whatever it wants to wait for, Asio and the Clock wait for.

#include "net/ares_channel.hpp"

#include "base/ensure.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <netdb.h>
#include <sys/time.h>

namespace vedette::net {

using boost::system::error_code;
using Descriptor = asio::posix::stream_descriptor;

namespace {

void ensure_library() {
    static int const status = ares_library_init(ARES_LIB_INIT_ALL);
    ensure(status == ARES_SUCCESS, "c-ares initialises with nothing but memory");
}

}  // namespace

struct AresChannel::Socket {
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

AresChannel::AresChannel(asio::any_io_executor executor, Clock& clock) : executor_(executor), clock_(clock) {}

AresChannel::~AresChannel() {
    close();
}

Result<void> AresChannel::open(ChannelOptions const& options) {
    ensure_library();
    auto resolv_conf = options.resolv_conf;
    char only_name_servers[] = "b";
    ares_options wanted{};
    wanted.resolvconf_path = resolv_conf.data();
    wanted.lookups = only_name_servers;
    wanted.timeout = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(options.timeout).count());
    wanted.tries = options.attempts;
    wanted.sock_state_cb = &on_socket;
    wanted.sock_state_cb_data = this;
    wanted.flags = options.flags;
    constexpr int given = ARES_OPT_SOCK_STATE_CB | ARES_OPT_FLAGS | ARES_OPT_RESOLVCONF | ARES_OPT_LOOKUPS |
                          ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_DOMAINS;  // no domains: no search list
    auto status = ares_init_options(&channel_, &wanted, given);
    if (status != ARES_SUCCESS) {
        channel_ = nullptr;
        return fail(Errc::io, "name lookup cannot start: {}", ares_strerror(status));
    }
    if (options.servers.empty()) return {};
    status = ares_set_servers_ports_csv(channel_, options.servers.c_str());
    if (status != ARES_SUCCESS) return fail(Errc::invalid_input, "{} are no name servers", options.servers);
    return {};
}

void AresChannel::begin(std::shared_ptr<Event> changed) {
    ensure(reusable(), "a channel runs one request at a time");
    changed_ = std::move(changed);
    done_ = false;
    addresses_.clear();
    reply_.clear();
}

void AresChannel::start_addresses(std::string const& host, int family, std::shared_ptr<Event> changed) {
    begin(std::move(changed));
    ares_addrinfo_hints hints{};
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM;  // one entry per address
    ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, &on_addresses, this);
    wait_for_traffic();
}

void AresChannel::start_query(std::string const& name, int type, std::shared_ptr<Event> changed) {
    constexpr int class_internet = 1;
    begin(std::move(changed));
    ares_query(channel_, name.c_str(), class_internet, type, &on_reply, this);
    wait_for_traffic();
}

void AresChannel::close() {
    if (!channel_) return;
    closing_ = true;
    alarm_.reset();
    ares_destroy(std::exchange(channel_, nullptr));
    sockets_.clear();
}

void AresChannel::on_socket(void* self, ares_socket_t fd, int readable, int writable) {
    static_cast<AresChannel*>(self)->socket_changed(fd, readable != 0, writable != 0);
}

void AresChannel::on_addresses(void* self, int status, int, ares_addrinfo* answer) {
    std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> const owned(answer, &ares_freeaddrinfo);
    auto& channel = *static_cast<AresChannel*>(self);
    for (auto const* node = answer ? answer->nodes : nullptr; node; node = node->ai_next) {
        char text[NI_MAXHOST];
        if (::getnameinfo(node->ai_addr, node->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0 &&
            std::ranges::find(channel.addresses_, text) == channel.addresses_.end()) {
            channel.addresses_.emplace_back(text);
        }
    }
    channel.end(status == ARES_SUCCESS && channel.addresses_.empty() ? ARES_ENODATA : status);
}

void AresChannel::on_reply(void* self, int status, int, unsigned char* bytes, int size) {
    auto& channel = *static_cast<AresChannel*>(self);
    if (bytes && size > 0) channel.reply_.assign(bytes, bytes + size);
    channel.end(status);
}

void AresChannel::end(int status) {
    if (closing_) return;
    status_ = status;
    done_ = true;
    ended_ = clock_.now();
    changed_->notify();
}

void AresChannel::socket_changed(ares_socket_t fd, bool readable, bool writable) {
    if (!readable && !writable) {
        forget(fd);
        return;
    }
    auto& socket = sockets_[fd];
    if (!socket) {
        socket = std::make_shared<Socket>(executor_);
        error_code error;
        socket->descriptor.assign(fd, error);
        if (error) fault_ = error.message();
    }
    socket->want_read = readable;
    socket->want_write = writable;
}

// Now, while the number still means this socket: c-ares is about to close it and the next may get the same.
void AresChannel::forget(ares_socket_t fd) {
    auto const found = sockets_.find(fd);
    if (found == sockets_.end()) return;
    found->second->descriptor.release();
    sockets_.erase(found);
}

// Waits for whatever c-ares waits for; called after every time it ran.
void AresChannel::wait_for_traffic() {
    if (!channel_) return;
    if (!fault_.empty()) {
        // A socket that cannot be polled, such as when the machine is out of epoll watches: nothing would ever come.
        if (!done_) end(ARES_ENOMEM);
        close();
        return;
    }
    for (auto const& [fd, socket] : sockets_) {
        if (socket->want_read && !socket->reading) wait(fd, socket, true);
        if (socket->want_write && !socket->writing) wait(fd, socket, false);
    }
    alarm_.reset();
    timeval limit{};
    if (done_ || !ares_timeout(channel_, nullptr, &limit)) return;
    auto const delay = std::chrono::seconds(limit.tv_sec) + std::chrono::microseconds(limit.tv_usec);
    alarm_.emplace(clock_, clock_.now() + delay, [weak = weak_from_this()] {
        if (auto const self = weak.lock()) self->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    });
}

void AresChannel::wait(ares_socket_t fd, std::shared_ptr<Socket> const& socket, bool reading) {
    (reading ? socket->reading : socket->writing) = true;
    socket->descriptor.async_wait(
        reading ? Descriptor::wait_read : Descriptor::wait_write,
        [weak = weak_from_this(), of = std::weak_ptr(socket), fd, reading](error_code const& error) {
            auto const self = weak.lock();
            auto const alive = of.lock();
            if (!self || !alive) return;
            (reading ? alive->reading : alive->writing) = false;
            if (error) return;
            self->process(reading ? fd : ARES_SOCKET_BAD, reading ? ARES_SOCKET_BAD : fd);
        });
}

void AresChannel::process(ares_socket_t readable, ares_socket_t writable) {
    if (!channel_) return;
    ares_process_fd(channel_, readable, writable);
    wait_for_traffic();
}

Async<int> await_request(std::shared_ptr<AresChannel> channel, Deadline deadline) {
    CloseUnlessDone const closer(channel);
    while (!channel->done()) {
        if (channel->clock().now() >= deadline) co_return ARES_ETIMEOUT;
        Alarm const alarm(channel->clock(), deadline, [channel] { channel->changed().notify(); });
        co_await channel->changed().wait();
    }
    co_return channel->status();
}

}  // namespace vedette::net
