#pragma once
// A small HTTP/1.1 server on a Listener.

#include "base/task_group.hpp"
#include "net/http.hpp"
#include "net/tls.hpp"

#include <functional>
#include <memory>

namespace vedette::net {

/// A request as a handler sees it: complete, with its body read.
struct ServerRequest : HttpRequest {
    std::string peer;
    std::vector<Certificate> client_chain;  ///< verified client certificate, leaf first; empty without one
};

struct HttpServerOptions {
    std::size_t header_limit = 64 * 1024;                ///< beyond: 431 and close
    std::size_t body_limit = 8 * 1024 * 1024;            ///< beyond: 413 and close
    std::size_t connections = 1024;                      ///< beyond: accepted connections wait
    Duration header_timeout = std::chrono::seconds(30);  ///< also for an idle kept connection and the TLS handshake
    Duration write_timeout = std::chrono::seconds(30);
};

/// Errors of a handler become 500 with the text; an exception is a bug and aborts. A streamed response body (an
/// unbounded watch) is sent chunked, piece by piece, until its Body ends or the peer goes away; Body::read failing
/// in the middle cuts the connection, as a real server's crash would.
using HttpHandler = std::function<Task<HttpResponse>(ServerRequest request)>;

class HttpServer {
public:
    virtual ~HttpServer() = default;
    virtual Endpoint local() const = 0;
    /// Serves until cancelled, or until the listener breaks; connections end with it.
    virtual Async<void> serve() = 0;
    /// What broke the listener; nothing while it serves and after it was cancelled.
    virtual std::optional<Error> failure() const = 0;
};

/// `tls` may be null for plain HTTP and must outlive the server, as must `clock`.
std::unique_ptr<HttpServer> make_http_server(asio::any_io_executor executor, Clock& clock,
                                             std::unique_ptr<Listener> listener, TlsServer* tls, HttpHandler handler,
                                             HttpServerOptions options = {});

}  // namespace vedette::net
