// apiservices: parts of the API that are not available. One of them is enough to break `kubectl get all`, namespace
// deletion and garbage collection.

#include "check/catalogue/controlplane/controlplane.hpp"
#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/reads_of.hpp"
#include "check/objects/api_service.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

Outcome judge(View const& view, Params const& params, WallTime now) {
    Findings findings(params.max_failures_listed);
    auto const services = view.list<ApiService>();
    for (auto const* service : services) {
        auto const* available = find_condition(service->conditions, "Available");
        if (available && available->status == "True") continue;
        auto finding = finding_of("APIService", service->meta);
        finding.reason = reason_or(available ? std::string_view(available->reason) : "", "NotAvailable");
        finding.since = available && available->since ? available->since : service->meta.created;
        finding.message = [&] {
            std::string words = "is not available";
            if (!service->service.empty()) words += fmt::format(" through Service {}", service->service);
            if (available && !available->message.empty()) words += ": " + available->message;
            return words;
        };
        if (!younger_than(finding.since, params.min_age, now)) findings.add(finding);
    }
    auto const checked = static_cast<std::int64_t>(services.size());
    auto outcome = std::move(findings).conclude(checked, fmt::format("all {} APIServices are available", checked), now);
    outcome.measurements = {{"apiservices_unavailable", static_cast<double>(outcome.failed)}};
    return outcome;
}

}  // namespace

CheckType const apiservices{
    .name = "apiservices",
    .group = "controlplane",
    .summary = "APIServices whose Available condition has not been True for min_age",
    .explain =
        "Aggregated APIs are served by a Service in the cluster, metrics-server for one. While one is down, "
        "discovery is incomplete: namespaces do not finish deleting, garbage collection stops and `kubectl get "
        "all` complains. Source: KubeAggregatedAPIDown of kubernetes-mixin.",
    .critical = "the condition Available of an APIService has not been True for min_age",
    .causes =
        "the pods behind the Service are down or not ready (MissingEndpoints, FailedDiscoveryCheck)\n"
        "the certificate or the caBundle of the APIService is wrong or expired\n"
        "the API server cannot reach the pod network: a network policy, or a host-network control plane\n"
        "the program was uninstalled and its APIService forgotten",
    .next =
        "kubectl describe apiservice NAME  # condition and message\n"
        "kubectl get endpointslices -n NS -l kubernetes.io/service-name=SERVICE  # who answers for it\n"
        "kubectl logs -n NS deploy/NAME --tail=50  # what the server says\n"
        "kubectl delete apiservice NAME  # only when its program is gone for good",
    .companions = "service-endpoints namespaces-terminating deployments-available hpa",
    .min_age = std::chrono::minutes(5),
    .needs = reads_of<ApiService>,
    .judge = judge,
    .cluster_scoped = true,
};

}  // namespace vedette::check
