// Listening sockets. Running out of file descriptors is a state to wait out, not an error: accept pauses and tries
// again, while the kernel keeps the connections in its backlog.

#include "net/dialer.hpp"
#include "net/tcp_stream.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>

namespace vedette::net {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

constexpr auto pause_when_exhausted = 50ms;

bool exhausted(error_code const& error) {
    return error == asio::error::no_descriptors || error == asio::error::no_buffer_space ||
           error == asio::error::no_memory || error == boost::system::errc::too_many_files_open_in_system;
}

// The client was gone before we came to it (accept(2) hands its network errors to us).
bool concerns_only_that_client(error_code const& error) {
    return error == asio::error::connection_aborted || error == asio::error::connection_reset ||
           error == asio::error::network_down || error == asio::error::network_unreachable ||
           error == asio::error::host_unreachable || error == asio::error::interrupted ||
           error == asio::error::timed_out || error == boost::system::errc::protocol_error;
}

class TcpListener final : public Listener {
public:
    TcpListener(tcp::acceptor acceptor, Clock& clock) : acceptor_(std::move(acceptor)), clock_(clock) {
        local_ = from_asio(acceptor_.local_endpoint());
    }

    Task<std::unique_ptr<Stream>> accept() override {
        for (;;) {
            error_code error;
            auto socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
            if (!error) co_return make_tcp_stream(std::move(socket), clock_);
            if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
            if (exhausted(error)) {
                co_await clock_.sleep_for(pause_when_exhausted, "free file descriptors");
            } else if (!concerns_only_that_client(error)) {
                co_return fail(Errc::io, "accept on {}: {}", to_string(local_), error.message());
            }
        }
    }

    Endpoint local() const override { return local_; }

private:
    tcp::acceptor acceptor_;
    Clock& clock_;
    Endpoint local_;
};

std::unexpected<Error> failed(Endpoint const& at, error_code const& error) {
    bool const denied = error == asio::error::access_denied;
    return fail(denied ? Errc::denied : Errc::io, "listen on {}: {}", to_string(at), error.message());
}

}  // namespace

Result<std::unique_ptr<Listener>> listen_tcp(asio::any_io_executor executor, Clock& clock, Endpoint at) {
    error_code error;
    auto const address = asio::ip::make_address(at.host, error);
    if (error) return fail(Errc::invalid_input, "listen on {}: {} is not an IP address", to_string(at), at.host);
    tcp::endpoint const local(address, at.port);
    tcp::acceptor acceptor(std::move(executor));
    acceptor.open(local.protocol(), error);
    if (error) return failed(at, error);
    acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (error) return failed(at, error);
    acceptor.bind(local, error);
    if (error) return failed(at, error);
    acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return failed(at, error);
    return std::make_unique<TcpListener>(std::move(acceptor), clock);
}

}  // namespace vedette::net
