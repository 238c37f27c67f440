#pragma once
// Servers that are not what a kubeconfig hopes for, on real sockets of 127.0.0.1.

#include "base/random.hpp"
#include "kube/fake/api_server.hpp"
#include "net/http_server.hpp"
#include "net/real_sockets.hpp"
#include "net/tls.hpp"
#include "sim/https_front.hpp"

namespace vedette::cli {

/// Runs a server's task for as long as this lives; what the task uses outlives it.
class Serving {
public:
    Serving(net::RealSockets& sockets, Async<void> task) : sockets_(sockets), tasks_(sockets.executor()) {
        tasks_.spawn(std::move(task));
    }
    ~Serving() { sockets_.run(net::stop_group(tasks_)); }
    Serving(Serving const&) = delete;
    Serving& operator=(Serving const&) = delete;

private:
    net::RealSockets& sockets_;
    TaskGroup tasks_;
};

/// What a peer does with each connection.
struct Manners {
    std::string greeting;           ///< said at once
    std::string answer;             ///< said after the first bytes have been read
    std::string refrain;            ///< said again and again after the answer
    std::size_t refrain_bytes = 0;  ///< until this much has been sent; 0: not at all
    enum class Then { close, silence } then = Then::close;
};

/// Accepts connections and behaves by its manners, with no regard for what it is told. `tls` may be null; it, like
/// `sockets`, outlives the peer.
class Peer {
public:
    Peer(net::RealSockets& sockets, net::TlsServer* tls, Manners manners);
    Async<void> serve();

    std::uint16_t port() const { return listener_->local().port; }
    std::string url() const;
    /// Bytes that were sent, all connections together.
    std::size_t sent() const { return sent_; }
    int connections() const { return connections_; }

private:
    Async<void> talk(std::unique_ptr<net::Stream> stream);
    Task<void> say(net::Stream& stream, std::string const& text);

    net::RealSockets& sockets_;
    net::TlsServer* tls_;
    Manners manners_;
    std::unique_ptr<net::Listener> listener_;
    std::size_t sent_ = 0;
    int connections_ = 0;
    TaskGroup tasks_;
};

/// The same answer to every HTTP request.
struct SameAnswer {
    int status = 200;
    std::string body;
    std::string content_type = "application/json";

    Task<net::HttpResponse> operator()(net::ServerRequest request) const;
};

/// A Kubernetes refusal, as the API server words it.
SameAnswer refusal(int status, std::string_view reason, std::string_view message);

/// A healthy simulated cluster behind HTTPS. Its clock may be another than ours.
class GoodCluster {
public:
    GoodCluster(net::RealSockets& sockets, Duration clock_ahead = {});
    Async<void> serve() { return front_->serve(); }
    /// With the admin's certificate embedded.
    std::string kubeconfig() const;

private:
    net::SkewedClock clock_;
    Random random_;
    kube::fake::ApiServer server_;
    sim::Keys keys_;
    std::unique_ptr<sim::HttpsFront> front_;
};

}  // namespace vedette::cli
