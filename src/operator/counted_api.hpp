#pragma once
// What the operator asks of the API server, counted.

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "kube/api.hpp"

#include <string>

namespace vedette::op {

/// A request as RBAC sees it.
struct ApiCall {
    std::string verb;      ///< get, list, watch, create, update, patch, delete, deletecollection
    std::string resource;  ///< "pods", "workflows.argoproj.io", "healthchecks.activemonitor.keikoproj.io/status";
                           ///< empty for what is no resource, such as /version
    bool operator==(ApiCall const&) const = default;
};
ApiCall api_call(kube::Request const& request);

/// A debug line for each request: "patch pods/status: 200 after 3.1 ms (/api/v1/namespaces/shop/pods/web/status)".
/// Paths name objects; queries, headers and bodies are not told. Without a log nothing is put together.
struct ApiTrace {
    Clock const* clock = nullptr;  ///< outlives the API; not null if there is a log
    Log log;
};

/// Passes requests on to `inner` and counts their answers in vedette_operator_api_requests_total, where the code of a
/// request without an answer is "error", and as client-go does in rest_client_requests_total. `host` is the API
/// server's, with its port. Lifetime: `inner` and `registry` outlive it.
class CountedApi final : public kube::Api {
public:
    CountedApi(kube::Api& inner, metrics::Registry& registry, std::string host, ApiTrace trace = {});

    Task<kube::Response> send(kube::Request request, Deadline deadline) override;
    Task<std::optional<kube::IssuedCredentials>> issued_credentials(Deadline deadline) override;

private:
    kube::Api& inner_;
    std::string host_;
    ApiTrace trace_;
    metrics::Family<metrics::Counter>& requests_;
    metrics::Family<metrics::Counter>& client_requests_;
};

}  // namespace vedette::op
