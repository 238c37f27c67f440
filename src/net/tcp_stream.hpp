#pragma once
// A connected socket as a Stream. Only the dialer and the listener make one.

#include "net/stream.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace vedette::net {

/// Takes a connected socket; sets TCP_NODELAY and keep-alive (a dead peer is noticed within a minute or so).
/// `clock` outlives it.
std::unique_ptr<Stream> make_tcp_stream(asio::ip::tcp::socket socket, Clock& clock);

Endpoint from_asio(asio::ip::tcp::endpoint const& endpoint);

}  // namespace vedette::net
