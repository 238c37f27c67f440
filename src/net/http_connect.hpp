#pragma once
// From an Origin to a connection that an HTTP request can be written to: TCP, proxy, TLS.

#include "net/http_client.hpp"
#include "net/http_codec.hpp"
#include "net/http_pool.hpp"

namespace vedette::net {

/// What a failure of `phase` means to a person; a timeout becomes "no answer from NAME within the deadline (PHASE)".
Error say_which_phase(Error error, std::string_view name, std::string_view phase);

/// Reads a response's head from `connection`; what follows it stays in the buffer.
/// Errors: those of Stream::read, closed (the end came first), malformed, too_large.
Task<ResponseHead> read_response_head(HttpConnection& connection, std::size_t limit, Deadline deadline);

/// Opens a connection to `origin`, which the caller owns for the whole await.
/// Errors: those of Dialer::connect and Tls::connect, proxy_failure.
Task<std::unique_ptr<HttpConnection>> open_connection(Dialer& dialer, Tls& tls, Origin const& origin,
                                                      std::size_t header_limit, Deadline deadline);

}  // namespace vedette::net
