// A socket as a Stream. The system call comes first and the reactor only when it would block, so a read of bytes that
// are already there arms no timer. A deadline cancels the socket, which disturbs the other direction too; both
// directions therefore treat a cancelled wait that is not theirs as nothing but a reason to look again.

#include "net/tcp_stream.hpp"

#include "net/alarm.hpp"

#include <boost/asio/redirect_error.hpp>

#include <netinet/tcp.h>
#include <sys/socket.h>

namespace vedette::net {
namespace {

using boost::system::error_code;

// After this many operations in a row that did not wait, others on the reactor get a turn.
constexpr unsigned turns_before_yield = 16;

error_code last_system_error() {
    return {errno, boost::system::system_category()};
}

bool would_block(error_code const& error) {
    return error == asio::error::would_block || error == asio::error::try_again;
}

Error explain(error_code const& error, std::string_view doing, std::string const& peer) {
    if (error == asio::error::connection_reset || error == asio::error::broken_pipe ||
        error == asio::error::connection_aborted) {
        return {Errc::reset, fmt::format("connection reset by {}", peer)};
    }
    if (error == asio::error::timed_out) {
        return {Errc::reset, fmt::format("connection to {} lost: its host stopped answering", peer)};
    }
    if (error == asio::error::host_unreachable || error == asio::error::network_unreachable) {
        return {Errc::unreachable, fmt::format("{} {}: no route any more", doing, peer)};
    }
    return {Errc::io, fmt::format("{} {}: {}", doing, peer, error.message())};
}

void set_option(int fd, int level, int name, int value) {
    // Best effort: a socket without the option still works.
    (void)::setsockopt(fd, level, name, &value, sizeof value);
}

class TcpStream final : public Stream {
public:
    TcpStream(asio::ip::tcp::socket socket, Clock& clock) : socket_(std::move(socket)), clock_(clock) {
        error_code ignored;
        socket_.native_non_blocking(true, ignored);
        auto const fd = socket_.native_handle();
        set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
        set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
        set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 30);
        set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
        set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
        auto const remote = socket_.remote_endpoint(ignored);
        peer_ = to_string(from_asio(remote));
    }

    Task<std::size_t> read(std::span<char> into, Deadline deadline) override {
        Patience patience;
        for (;;) {
            error_code error;
            auto const got = receive(into, 0, error);
            if (!error) {
                co_await yield_sometimes();
                co_return got;
            }
            if (!would_block(error)) co_return std::unexpected(explain(error, "reading from", peer_));
            if (patience.expired) co_return fail(Errc::timed_out, "timed out reading from {}", peer_);
            patience.start(*this, deadline);
            turns_ = 0;
            error_code ignored;  // the next system call says what happened
            co_await socket_.async_wait(asio::ip::tcp::socket::wait_read,
                                        asio::redirect_error(asio::use_awaitable, ignored));
        }
    }

    Task<void> write(std::span<char const> bytes, Deadline deadline) override {
        Patience patience;
        while (!bytes.empty()) {
            auto const sent = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent >= 0) {
                bytes = bytes.subspan(static_cast<std::size_t>(sent));
                co_await yield_sometimes();
                continue;
            }
            auto const error = last_system_error();
            if (error == asio::error::interrupted) continue;
            if (!would_block(error)) co_return std::unexpected(explain(error, "writing to", peer_));
            if (patience.expired) co_return fail(Errc::timed_out, "timed out writing to {}", peer_);
            patience.start(*this, deadline);
            turns_ = 0;
            error_code ignored;
            co_await socket_.async_wait(asio::ip::tcp::socket::wait_write,
                                        asio::redirect_error(asio::use_awaitable, ignored));
        }
        co_return Result<void>{};
    }

    Async<void> finish(Deadline) override {
        error_code ignored;
        socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
        co_return;
    }

    bool idle_and_open() override {
        char byte = 0;
        error_code error;
        receive({&byte, 1}, MSG_PEEK, error);
        return would_block(error);
    }

    std::optional<std::size_t> take_arrived(std::span<char> into) override {
        error_code error;
        auto const got = receive(into, 0, error);
        if (error) return std::nullopt;
        return got;
    }

    std::string peer() const override { return peer_; }

private:
    // One operation's deadline; its timer exists only once the operation has to wait.
    struct Patience {
        bool expired = false;
        std::optional<Alarm> alarm;

        void start(TcpStream& stream, Deadline deadline) {
            if (alarm) return;
            alarm.emplace(stream.clock_, deadline, [this, &stream] {
                expired = true;
                error_code ignored;
                stream.socket_.cancel(ignored);
            });
        }
    };

    std::size_t receive(std::span<char> into, int flags, error_code& error) {
        for (;;) {
            auto const got = ::recv(socket_.native_handle(), into.data(), into.size(), flags | MSG_DONTWAIT);
            if (got >= 0) {
                error = {};
                return static_cast<std::size_t>(got);
            }
            error = last_system_error();
            if (error != asio::error::interrupted) return 0;
        }
    }

    Async<void> yield_sometimes() {
        if (++turns_ < turns_before_yield) co_return;
        turns_ = 0;
        co_await asio::post(socket_.get_executor(), asio::use_awaitable);
    }

    asio::ip::tcp::socket socket_;
    Clock& clock_;
    std::string peer_;
    unsigned turns_ = 0;
};

}  // namespace

std::unique_ptr<Stream> make_tcp_stream(asio::ip::tcp::socket socket, Clock& clock) {
    return std::make_unique<TcpStream>(std::move(socket), clock);
}

Endpoint from_asio(asio::ip::tcp::endpoint const& endpoint) {
    return {endpoint.address().to_string(), endpoint.port()};
}

}  // namespace vedette::net
