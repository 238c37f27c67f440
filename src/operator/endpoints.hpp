#pragma once
// What the operator serves: /healthz and /readyz for the kubelet, /metrics for Prometheus.

#include "base/event.hpp"
#include "base/files.hpp"
#include "base/metrics.hpp"
#include "kube/client.hpp"
#include "net/dialer.hpp"
#include "net/http_server.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vedette::op {

/// How one part of the operator is.
struct Health {
    bool ok = true;
    /// One sentence when it is not: "health/hello was due 40s ago and was not attempted". When it is: what people
    /// should know all the same, shown by ?verbose.
    std::string why = {};
};
struct HealthPart {
    std::string name;             ///< a word: "scheduler"
    std::function<Health()> ask;  ///< answers at once
};

struct HealthAnswer {
    int status = 200;
    std::string text;
};
/// 200 "ok", or 500 with a sentence per part that is not well. `verbose` lists all parts as Kubernetes does:
/// https://kubernetes.io/docs/reference/using-api/health-checks/
HealthAnswer health_answer(std::string_view name, std::vector<HealthPart> const& parts, bool verbose);

/// ":8080", "127.0.0.1:9090", "[::1]:80", "localhost:80" as Go reads them; nothing for "0" and "", which switch a
/// server off. An empty host is every address of the machine. Port 0: any that is free. Errors: invalid_input, one
/// sentence.
Result<std::optional<net::Endpoint>> parse_bind_address(std::string_view text);

/// Listens on real sockets; an empty host on IPv6 and IPv4 together, on IPv4 alone where there is no IPv6.
/// Errors: those of net::listen_tcp.
Result<std::unique_ptr<net::Listener>> listen_on(asio::any_io_executor executor, Clock& clock, net::Endpoint at);

struct EndpointsOptions {
    std::string probe_address = ":8081";  ///< --health-probe-bind-address
    std::string metrics_address = {};     ///< --metrics-bind-address; empty: ":8080", or ":8443" when secure
    bool metrics_secure = false;          ///< --metrics-secure: TLS, and only those whom the API server lets in
    std::string metrics_certificate_path =
        {};  ///< --metrics-cert-path: folder of tls.crt and tls.key; empty: self-signed
    std::vector<HealthPart> healthz = {};
    std::vector<HealthPart> readyz = {};
};

/// What the endpoints stand on; all references outlive them, and so does what `client` refers to.
struct EndpointsDoors {
    asio::any_io_executor executor;
    Clock& clock;
    Files& files;
    metrics::Registry& registry;
    kube::Client client;  ///< reviews tokens; used only when secure
    std::function<Result<std::unique_ptr<net::Listener>>(net::Endpoint)> listen;
    std::function<void(std::string sentence)> warn;
};

class Endpoints {
public:
    /// Binds. Errors: invalid_input (an address, a certificate), denied, io (address in use) and those of reading the
    /// certificate; the text names the flag.
    static Result<std::unique_ptr<Endpoints>> open(EndpointsDoors doors, EndpointsOptions options);
    ~Endpoints();

    /// Where they listen, with the ports that were chosen; nothing if switched off.
    std::optional<net::Endpoint> probes() const;
    std::optional<net::Endpoint> metrics() const;

    /// Serves until cancelled. Errors: io, when a listener broke.
    Task<void> serve();

private:
    struct State;
    explicit Endpoints(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace vedette::op
