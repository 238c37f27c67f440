#pragma once
// The HTTPS front of the in-memory API server: what a real kube-apiserver's address looks like to kubectl and to us.

#include "kube/fake/api_server.hpp"
#include "net/http_server.hpp"
#include "net/tls.hpp"

#include <memory>
#include <string>

namespace vedette::sim {

/// Trust and credentials of one simulated cluster, made at start and forgotten with it.
struct Keys {
    net::Identity authority;
    net::Identity server;
    net::Identity admin;  ///< client certificate, O=system:masters
    std::string token;    ///< bearer token, the alternative to the certificate
};
/// Valid from an hour before `now` for `lifetime`.
Keys make_keys(WallTime now, Random& random, Duration lifetime);

/// Serves `server` at a loopback address over TLS. Requests without the client certificate or the token get 401.
class HttpsFront {
public:
    /// Errors: io (address in use), denied. All references outlive the front.
    static Result<std::unique_ptr<HttpsFront>> open(asio::any_io_executor executor, Clock& clock,
                                                    kube::fake::ApiServer& server, Keys const& keys, net::Endpoint at);
    ~HttpsFront();

    net::Endpoint local() const;
    /// Serves until cancelled, or until failure() says why it cannot go on.
    Async<void> serve();
    std::optional<Error> failure() const;

private:
    struct State;
    explicit HttpsFront(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// A kubeconfig for the cluster at `local`, with the admin's certificate embedded.
std::string kubeconfig_for(net::Endpoint const& local, Keys const& keys, std::string_view name);

}  // namespace vedette::sim
