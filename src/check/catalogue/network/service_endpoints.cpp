// service-endpoints: Services that select pods and lead to none that is ready.
//
// Two pods of one Service may both be young, so the slice's last change tells the age; it is written when a pod's
// readiness or the Service itself makes the slice change.

#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/network/endpoints_of.hpp"
#include "check/catalogue/network/network.hpp"
#include "check/catalogue/reads_of.hpp"
#include "check/objects/replicated.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::check {
namespace {

std::string port_called(ServicePort const& port) {
    return port.name.empty() ? fmt::format("{}", port.number) : fmt::format("{} ({})", port.name, port.number);
}

using Labels = std::vector<std::pair<std::string, std::string>>;

bool selects(Labels const& selector, Labels const& labels) {
    return std::all_of(selector.begin(), selector.end(), [&](auto const& wanted) {
        return std::find(labels.begin(), labels.end(), wanted) != labels.end();
    });
}

template <class Workload>
bool selects_one_at_zero(View const& view, Service const& service) {
    if (!view.has<Workload>()) return false;
    auto const& all = view.everything<Workload>();
    return std::any_of(all.begin(), all.end(), [&](Workload const& workload) {
        return workload.meta.ns == service.meta.ns && workload.desired == 0 &&
               selects(service.selector, workload.pod_labels);
    });
}

std::vector<Read> needs() {
    auto reads = reads_of<Service, EndpointSlice>();
    reads.push_back(read_of<Deployment>(true));
    reads.push_back(read_of<StatefulSet>(true));
    return reads;
}

std::optional<Finding> trouble(Service const& service, Behind const& behind, bool strict) {
    auto finding = finding_of("Service", service.meta);
    finding.since = behind.changed ? behind.changed : service.meta.created;
    if (behind.total == 0) {
        finding.reason = "NoEndpoints";
        finding.message = [] { return "has no endpoints: its selector matches no running pod"; };
        return finding;
    }
    if (behind.ready == 0) {
        finding.reason = "NoReadyEndpoints";
        finding.message = [&behind] { return fmt::format("has no ready endpoint: 0 of {}", behind.total); };
        return finding;
    }
    for (auto const& port : service.ports) {
        if (behind.ports.contains(port.name)) continue;
        finding.reason = "TargetPortMissing";
        finding.message = [&port] {
            return fmt::format("has no endpoint for port {}: no pod has its target port", port_called(port));
        };
        return finding;
    }
    if (strict && behind.ready == 1) {
        finding.status = Status::warning;
        finding.reason = "SingleEndpoint";
        finding.message = [] { return "has a single ready endpoint"; };
        return finding;
    }
    return std::nullopt;
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    auto const endpoints = endpoints_by_service(view);
    Behind const nothing;
    Findings findings(params.max_failures_listed);
    std::int64_t checked = 0;
    std::int64_t single = 0;
    std::int64_t at_zero = 0;
    for (auto const* service : view.list<Service>()) {
        if (service->selector.empty() || service->headless || service->external_name || service->meta.deleted) continue;
        ++checked;
        auto const found = endpoints.find({service->meta.ns, service->meta.name});
        auto const& behind = found == endpoints.end() ? nothing : found->second;
        if (behind.ready == 1) ++single;
        if (behind.total == 0 && !params.strict &&
            (selects_one_at_zero<Deployment>(view, *service) || selects_one_at_zero<StatefulSet>(view, *service))) {
            ++at_zero;  // somebody wants it so
            continue;
        }
        auto finding = trouble(*service, behind, params.strict);
        if (finding && !younger_than(finding->since, params.min_age, now)) findings.add(*finding);
    }
    auto outcome =
        std::move(findings).conclude(checked, fmt::format("all {} Services lead to ready pods", checked), now);
    outcome.details["single_endpoint"] = single;
    outcome.details["scaled_to_zero"] = at_zero;
    outcome.measurements = {{"services_without_endpoints", static_cast<double>(outcome.failed)}};
    return outcome;
}

}  // namespace

CheckType const service_endpoints{
    .name = "service-endpoints",
    .group = "network",
    .summary = "Services with a selector but no ready endpoint, or a port that leads nowhere",
    .explain =
        "Who calls such a Service gets refused connections or nothing. Headless and ExternalName Services and "
        "those without a selector are left out; a single endpoint, and a workload that is scaled to zero, count only "
        "under strict. Source: Popeye 1105, "
        "1106, 1109.",
    .critical = "a Service has had no ready endpoint for min_age, or a port of it names a target port that no pod has",
    .warning = "under strict, it has a single ready endpoint",
    .causes =
        "its pods are down or not ready: see their own checks\n"
        "its selector matches no pod: a label was changed, or the Deployment was removed\n"
        "targetPort names a port that the container does not declare",
    .next =
        "kubectl get endpointslices -n NS -l kubernetes.io/service-name=NAME  # who is behind it\n"
        "kubectl get service -n NS NAME -o jsonpath='{.spec.selector}'  # what it selects\n"
        "kubectl get pods -n NS --show-labels  # which pods carry that, and are they ready",
    .companions =
        "pods-not-ready pods-crashloop deployments-available statefulsets-ready webhooks apiservices nodes-ready",
    .min_age = std::chrono::minutes(5),
    .needs = needs,
    .judge = judge,
};

}  // namespace vedette::check
