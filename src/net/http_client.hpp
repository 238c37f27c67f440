#pragma once
// The HTTP/1.1 client: kept connections with a cap per host, deadlines everywhere, streaming bodies.

#include "net/dialer.hpp"
#include "net/http.hpp"
#include "net/tls.hpp"

#include <functional>
#include <memory>

namespace vedette::net {

/// Whom to talk to, and how to get there.
struct Origin {
    Endpoint endpoint;
    std::optional<TlsOptions> tls;  ///< absent: plain HTTP
    std::optional<Url> proxy;       ///< HTTP CONNECT for https origins, absolute-form requests for http ones
};

struct HttpClientOptions {
    std::size_t connections_per_host = 8;   ///< more requests wait their turn, first come first served
    std::size_t long_lived_per_host = 256;  ///< of HttpRequest::long_lived, which are counted apart
    std::size_t header_limit = 64 * 1024;   ///< bytes of a response's header; beyond: too_large
    Duration keep_idle = std::chrono::seconds(90);
};

/// One per reactor. Lifetime: outlives its requests and their bodies. A request is sent again, once, only when it was
/// a GET or HEAD and a kept connection turned out to be dead before the first byte of the answer.
class HttpClient {
public:
    virtual ~HttpClient() = default;

    /// Sends `request`; returns when the header of the response is there. `deadline` covers the wait for a free
    /// connection, connecting, TLS, sending and the header; each Body::read has its own.
    /// Adds Host, Content-Length, Accept-Encoding: gzip (and decodes it) unless set.
    ///
    /// Errors: those of Dialer::connect and Tls::connect; refused by a proxy: proxy_failure; no answer: timed_out
    /// ("no answer from api:6443 ..."); reset / closed before an answer; malformed; too_large (endless header).
    virtual Task<HttpResponse> send(Origin origin, HttpRequest request, Deadline deadline) = 0;

    /// Open connections, in use or idle.
    virtual std::size_t open_connections() const = 0;
    /// Closes the idle ones.
    virtual void close_idle() = 0;
};

std::unique_ptr<HttpClient> make_http_client(asio::any_io_executor executor, Clock& clock, Dialer& dialer, Tls& tls,
                                             HttpClientOptions options = {});

/// Looks a variable up.
using Environment = std::function<std::optional<std::string>(std::string)>;

/// The proxy for `endpoint` by the usual variables (HTTPS_PROXY, HTTP_PROXY, NO_PROXY and their lower-case forms),
/// NO_PROXY with host suffixes, ports and CIDR ranges as golang.org/x/net/http/httpproxy reads them.
/// Errors: invalid_input (a proxy URL that cannot be read).
Result<std::optional<Url>> proxy_from_environment(std::string_view scheme, Endpoint const& endpoint,
                                                  Environment environment);

/// The way to `url`: TLS with its host's name for https, and the proxy if there is an `environment` to name one.
/// Errors: those of proxy_from_environment.
Result<Origin> origin_of(Url const& url, Environment const& environment);

/// The value of an Authorization or Proxy-Authorization header for Url::user (RFC 7617: a colon stands in it even
/// without a password).
std::string basic_authorization(std::string_view user);

}  // namespace vedette::net
