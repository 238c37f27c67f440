#pragma once
// kube::Api, the door to an API server. Above it, Client gives the verbs their meaning; below it stand the HTTP
// transport (http_api.hpp) and the in-memory API server (fake/api_server.hpp).

#include "base/clock.hpp"
#include "base/task.hpp"
#include "kube/request.hpp"
#include "net/http.hpp"

#include <memory>
#include <optional>

namespace vedette::kube {

struct Response {
    int status = 0;
    net::Headers headers;
    std::unique_ptr<net::Body> body;                                       ///< never null
    std::shared_ptr<std::vector<net::Certificate> const> peer_chain = {};  ///< as net::HttpResponse's
    Duration waited{};  ///< before the server could hear of it: for credentials, for a free connection
};

/// Credentials that a plugin issued, as the next request would use them.
struct IssuedCredentials {
    std::string token;                ///< empty: none
    std::string certificate_pem;      ///< empty: none
    std::optional<WallTime> expires;  ///< as the plugin says; it is asked again from then on
};

/// Threads: one reactor. Lifetime: outlives its requests and their bodies. Cancellation: by unwinding; a body that is
/// destroyed before its end gives up its connection.
class Api {
public:
    virtual ~Api() = default;

    /// Sends one request and returns when the answer's header is there, whatever its status. No retries.
    /// Errors: transport errors only (dns_failure, refused, unreachable, tls_failure, timed_out, reset, closed,
    /// proxy_failure, malformed), and denied / invalid_input when credentials cannot be obtained.
    virtual Task<Response> send(Request request, Deadline deadline) = 0;

    /// What a credential plugin has issued us, which is run if need be; nothing if our credentials come from nowhere
    /// else than the Target. Errors: as ExecCredentials::current.
    virtual Task<std::optional<IssuedCredentials>> issued_credentials(Deadline) {
        co_return std::optional<IssuedCredentials>{};
    }
};

}  // namespace vedette::kube
