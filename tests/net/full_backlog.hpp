#pragma once
// A port of the loopback interface that never answers a connection: its queue is full, so the kernel drops each SYN.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include <list>
#include <sys/socket.h>

namespace vedette::net {

class FullBacklog {
public:
    using tcp = boost::asio::ip::tcp;

    FullBacklog(boost::asio::any_io_executor executor, std::string const& address, std::uint16_t port = 0)
        : acceptor_(executor) {
        tcp::endpoint const at(boost::asio::ip::make_address(address), port);
        acceptor_.open(at.protocol());
        if (at.protocol() == tcp::v6()) acceptor_.set_option(boost::asio::ip::v6_only(true));
        acceptor_.set_option(tcp::acceptor::reuse_address(true));
        acceptor_.bind(at);
        acceptor_.listen(0);
        for (int i = 0; i < 4; ++i) {
            auto& socket = fill_.emplace_back(executor, at.protocol());
            socket.native_non_blocking(true);
            // Asio's own connect would wait for the answer that never comes.
            auto const to = acceptor_.local_endpoint();
            (void)::connect(socket.native_handle(), to.data(), static_cast<socklen_t>(to.size()));
        }
    }

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
    tcp::acceptor acceptor_;
    std::list<tcp::socket> fill_;
};

}  // namespace vedette::net
