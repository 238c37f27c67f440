// ingress: Ingresses that lead nowhere. Secrets named by spec.tls are not read: listing them cluster-wide would be a
// right to read every secret there is.

#include "check/objects/ingress.hpp"

#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/network/endpoints_of.hpp"
#include "check/catalogue/network/network.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::check {
namespace {

std::vector<Read> needs() {
    std::vector<Read> reads;
    reads.push_back(read_of<Ingress>());
    reads.push_back(read_of<IngressClass>(true));
    reads.push_back(read_of<Service>());
    return reads;
}

struct Classes {
    bool known = false;
    bool has_default = false;
    std::set<std::string_view> names;
};

Classes classes_of(View const& view) {
    Classes classes{.known = view.has<IngressClass>()};
    if (!classes.known) return classes;
    for (auto const& each : view.everything<IngressClass>()) {
        classes.names.insert(each.meta.name);
        classes.has_default |= each.is_default;
    }
    return classes;
}

std::optional<Finding> class_trouble(Ingress const& ingress, Classes const& classes) {
    if (!classes.known || ingress.legacy_class) return std::nullopt;
    auto finding = finding_of("Ingress", ingress.meta);
    if (!ingress.class_name.empty()) {
        if (classes.names.contains(ingress.class_name)) return std::nullopt;
        finding.reason = "ClassMissing";
        finding.message = [&ingress] {
            return fmt::format("names the IngressClass {}, which does not exist", ingress.class_name);
        };
        return finding;
    }
    // Some controllers serve Ingresses without a class; one with an address is evidently served.
    if (classes.has_default || ingress.has_address) return std::nullopt;
    finding.reason = "NoClass";
    finding.message = [] { return "names no IngressClass, and there is no default one"; };
    return finding;
}

void judge_backends(Ingress const& ingress, std::map<ServiceKey, Service const*> const& services, Findings& findings) {
    for (auto const& backend : ingress.backends) {
        auto const found = services.find({ingress.meta.ns, backend.service});
        auto finding = finding_of("Ingress", ingress.meta);
        if (found == services.end()) {
            finding.reason = "ServiceMissing";
            finding.message = [&] {
                return fmt::format("leads {} to Service {}, which does not exist", backend.route, backend.service);
            };
            findings.add(finding);
        } else if (!found->second->external_name && !found->second->has_port(backend.port_name, backend.port)) {
            finding.reason = "PortMissing";
            finding.message = [&] {
                return fmt::format("leads {} to port {} of Service {}, which has no such port", backend.route,
                                   backend.port_name.empty() ? fmt::format("{}", backend.port) : backend.port_name,
                                   backend.service);
            };
            findings.add(finding);
        }
    }
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    auto const services = services_by_name(view);
    auto const classes = classes_of(view);
    Findings findings(params.max_failures_listed);
    auto const ingresses = view.list<Ingress>();
    for (auto const* ingress : ingresses) {
        if (ingress->meta.deleted || younger_than(ingress->meta.created, params.min_age, now)) continue;
        judge_backends(*ingress, services, findings);
        if (auto finding = class_trouble(*ingress, classes)) {
            findings.add(*finding);
        } else if (!ingress->has_address) {
            auto no_address = finding_of("Ingress", ingress->meta, Status::warning);
            no_address.reason = "NoAddress";
            no_address.message = [] { return "has no address: no controller has taken it up"; };
            no_address.since = ingress->meta.created;
            findings.add(no_address);
        }
    }
    auto const checked = static_cast<std::int64_t>(ingresses.size());
    auto outcome =
        std::move(findings).conclude(checked, fmt::format("all {} Ingresses lead to a Service", checked), now);
    outcome.measurements = {{"ingresses_in_trouble", static_cast<double>(outcome.failed)}};
    return outcome;
}

}  // namespace

CheckType const ingress{
    .name = "ingress",
    .group = "network",
    .summary = "Ingresses whose class, Service or port does not exist, or that got no address",
    .explain =
        "Such an Ingress answers with 404 or 503, or nobody serves it. TLS secrets are not looked at, because "
        "listing them is a right to read all secrets. Source: Popeye 1401 and 1402, k8sgpt.",
    .critical =
        "an Ingress older than min_age leads to a Service or port that does not exist, names an IngressClass that "
        "does not exist, or names none and there is no default",
    .warning = "no controller has given it an address",
    .causes =
        "the Service was renamed or removed, or its port got another number or name\n"
        "the ingress controller is not installed, is down, or serves another class\n"
        "the cloud's load balancer was not created: look at the controller's Service",
    .next =
        "kubectl describe ingress -n NS NAME  # rules, backends, events\n"
        "kubectl get ingressclass  # which classes exist, which is the default\n"
        "kubectl get service -n NS  # names and ports\n"
        "kubectl get pods,services -A | grep -i ingress  # is the controller up, has it an address",
    .companions = "service-endpoints deployments-available",
    .min_age = std::chrono::minutes(10),
    .needs = needs,
    .judge = judge,
};

}  // namespace vedette::check
