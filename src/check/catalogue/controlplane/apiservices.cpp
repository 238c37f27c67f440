// apiservices: parts of the API that are not available. One of them is enough to break `kubectl get all`, namespace
// deletion and garbage collection.

#include "check/catalogue/controlplane/controlplane.hpp"
#include "check/catalogue/failure_of.hpp"
#include "check/catalogue/reads_of.hpp"
#include "check/objects/api_service.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

Outcome judge(View const& view, Params const& params, WallTime now) {
    Findings findings;
    auto const services = view.list<ApiService>();
    for (auto const* service : services) {
        auto const* available = find_condition(service->conditions, "Available");
        if (available && available->status == "True") continue;
        auto failure = failure_of("APIService", service->meta);
        failure.reason = available && !available->reason.empty() ? available->reason : "NotAvailable";
        failure.since = available && available->since ? available->since : service->meta.created;
        failure.message = "is not available";
        if (!service->service.empty()) failure.message += fmt::format(" through Service {}", service->service);
        if (available && !available->message.empty()) failure.message += ": " + available->message;
        if (!younger_than(failure.since, params.min_age, now)) findings.add(std::move(failure));
    }
    auto const checked = static_cast<std::int64_t>(services.size());
    auto outcome = std::move(findings).conclude(checked, fmt::format("all {} APIServices are available", checked),
                                                params.max_failures_listed, now);
    outcome.measurements = {{"apiservices_unavailable", static_cast<double>(outcome.failed)}};
    return outcome;
}

}  // namespace

CheckType const apiservices{
    .name = "apiservices",
    .group = "controlplane",
    .summary = "APIServices whose Available condition has not been True for min_age",
    .explain =
        "Critical when an APIService has not been available for min_age. Aggregated ones are served by a Service in "
        "the cluster (metrics-server and the like): look at its pods and its certificate. While one is down, "
        "discovery is incomplete, namespaces do not finish deleting and garbage collection stops. Source: "
        "KubeAggregatedAPIDown of kubernetes-mixin.",
    .min_age = std::chrono::minutes(5),
    .needs = reads_of<ApiService>,
    .judge = judge,
    .cluster_scoped = true,
};

}  // namespace vedette::check
