// webhooks: admission webhooks that cannot be called. One with failurePolicy Fail and nothing behind it stops every
// create and update it matches, pods of the webhook itself included.

#include "base/base64.hpp"
#include "base/duration.hpp"
#include "check/catalogue/certs/expiry.hpp"
#include "check/catalogue/controlplane/controlplane.hpp"
#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/network/endpoints_of.hpp"
#include "check/objects/webhook.hpp"
#include "net/tls.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"warning", ParamKind::duration, "\"21d\"", "a caBundle that ends sooner", 0},
    {"critical", ParamKind::duration, "\"7d\"", "a caBundle that ends sooner", 0},
};

std::vector<Read> needs() {
    std::vector<Read> reads;
    reads.push_back(read_of<ValidatingWebhookConfiguration>());
    reads.push_back(read_of<MutatingWebhookConfiguration>());
    reads.push_back(read_of<Service>());
    reads.push_back(read_of<EndpointSlice>());
    return reads;
}

struct Surroundings {
    std::map<ServiceKey, Service const*> services;
    std::map<ServiceKey, Behind> endpoints;
    ExpiryLimits limits;
    Duration min_age{};
    bool strict = false;
    WallTime now{};
};

struct Judged {
    Findings findings;
    std::int64_t webhooks = 0;
    std::int64_t single = 0;
};

// A bundle may hold old authorities beside the one in use: the one that lasts longest counts.
void judge_bundle(Webhook const& webhook, Finding finding, Surroundings const& around, Findings& findings) {
    if (webhook.ca_bundle.empty()) return;
    auto const pem = base64_decode(webhook.ca_bundle);
    auto const certificates =
        pem ? net::parse_certificates(*pem) : Result<std::vector<net::Certificate>>(std::unexpected(pem.error()));
    if (!certificates || certificates->empty()) {
        finding.reason = "CaBundleUnreadable";
        finding.message = [&] {
            return fmt::format("webhook {} has a caBundle that holds no certificate", webhook.name);
        };
        findings.add(finding);
        return;
    }
    auto const& last = *std::max_element(certificates->begin(), certificates->end(),
                                         [](auto const& a, auto const& b) { return a.not_after < b.not_after; });
    auto const status = judge_expiry(last.not_before, last.not_after, around.now, around.limits);
    if (status == Status::ok) return;
    finding.reason = around.now >= last.not_after ? "CaBundleExpired" : "CaBundleExpires";
    if (status == Status::warning) finding.status = Status::warning;
    finding.message = [&] {
        return fmt::format("webhook {} has a caBundle that {}", webhook.name,
                           describe_expiry(last.not_before, last.not_after, around.now));
    };
    findings.add(finding);
}

std::string service_called(Webhook const& webhook) {
    return fmt::format("Service {}/{}", webhook.service_ns, webhook.service_name);
}

std::string_view consequence(Webhook const& webhook) {
    return webhook.fails_closed ? ", and rejects what it matches" : "";
}

/// Nothing if somebody answers.
std::optional<Finding> judge_service(Webhook const& webhook, Finding finding, Surroundings const& around,
                                     Judged& judged) {
    auto const service = around.services.find({webhook.service_ns, webhook.service_name});
    if (service == around.services.end()) {
        finding.reason = "ServiceMissing";
        finding.message = [&webhook] {
            return fmt::format("webhook {} calls {}, which does not exist{}", webhook.name, service_called(webhook),
                               consequence(webhook));
        };
        return finding;
    }
    if (service->second->external_name) return std::nullopt;
    if (!service->second->has_port({}, webhook.port)) {
        finding.reason = "PortMissing";
        finding.message = [&webhook] {
            return fmt::format("webhook {} calls port {} of {}, which has no such port{}", webhook.name, webhook.port,
                               service_called(webhook), consequence(webhook));
        };
        return finding;
    }
    auto const endpoints = around.endpoints.find({webhook.service_ns, webhook.service_name});
    auto const ready = endpoints == around.endpoints.end() ? 0 : endpoints->second.ready;
    if (ready == 0) {
        if (endpoints != around.endpoints.end()) finding.since = endpoints->second.changed;
        if (younger_than(finding.since, around.min_age, around.now)) return std::nullopt;
        finding.reason = "NoReadyEndpoints";
        finding.message = [&webhook] {
            return fmt::format("webhook {} calls {}, which has no ready endpoint{}", webhook.name,
                               service_called(webhook), consequence(webhook));
        };
        return finding;
    }
    if (ready == 1 && webhook.fails_closed) {
        ++judged.single;
        if (!around.strict) return std::nullopt;
        finding.status = Status::warning;
        finding.reason = "SingleEndpoint";
        finding.message = [&webhook] {
            return fmt::format("webhook {} fails closed and depends on the single endpoint of {}", webhook.name,
                               service_called(webhook));
        };
        return finding;
    }
    return std::nullopt;
}

void judge_one(std::string_view kind, Meta const& meta, Webhook const& webhook, Surroundings const& around,
               Judged& judged) {
    ++judged.webhooks;
    auto const finding = finding_of(kind, meta, webhook.fails_closed ? Status::critical : Status::warning);
    if (!webhook.service_name.empty()) {
        auto const unserved = judge_service(webhook, finding, around, judged);
        if (unserved) judged.findings.add(*unserved);
    }
    judge_bundle(webhook, finding, around, judged.findings);
    if (around.strict && webhook.timeout_seconds > 10) {
        auto slow = finding_of(kind, meta, Status::warning);
        slow.reason = "LongTimeout";
        slow.message = [&] {
            return fmt::format("webhook {} may hold a request for {} seconds", webhook.name, webhook.timeout_seconds);
        };
        judged.findings.add(slow);
    }
}

template <class Configuration>
void judge_all(View const& view, std::string_view kind, Surroundings const& around, Judged& judged) {
    for (auto const* configuration : view.list<Configuration>()) {
        if (younger_than(configuration->meta.created, around.min_age, around.now)) continue;
        for (auto const& webhook : configuration->webhooks) {
            judge_one(kind, configuration->meta, webhook, around, judged);
        }
    }
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    Surroundings const around{.services = services_by_name(view),
                              .endpoints = endpoints_by_service(view),
                              .limits = {params.duration("warning"), params.duration("critical")},
                              .min_age = params.min_age,
                              .strict = params.strict,
                              .now = now};
    Judged judged{.findings = Findings(params.max_failures_listed)};
    judge_all<ValidatingWebhookConfiguration>(view, "ValidatingWebhookConfiguration", around, judged);
    judge_all<MutatingWebhookConfiguration>(view, "MutatingWebhookConfiguration", around, judged);
    auto outcome = std::move(judged.findings)
                       .conclude(judged.webhooks, fmt::format("all {} webhooks can be called", judged.webhooks), now);
    outcome.details["failing_closed_on_a_single_endpoint"] = judged.single;
    outcome.thresholds = {{"ca_bundle_left", boost::json::string(format_duration(around.limits.warning)),
                           boost::json::string(format_duration(around.limits.critical))}};
    return outcome;
}

}  // namespace

CheckType const webhooks{
    .name = "webhooks",
    .group = "controlplane",
    .summary = "Admission webhooks without a Service, ready endpoint or valid caBundle",
    .explain =
        "The API server asks a webhook before it stores what the webhook matches. With failurePolicy Fail and "
        "nobody behind it, all of that is rejected: new pods cannot start, the webhook's own among them. Deleting "
        "the configuration lifts that. Source: k8sgpt.",
    .critical =
        "a webhook with failurePolicy Fail calls a Service or port that does not exist or has had no ready "
        "endpoint for min_age, or its caBundle is unreadable, expired, or ends within `critical`",
    .warning =
        "the same with failurePolicy Ignore; a caBundle that ends within `warning`; under strict, a single "
        "endpoint behind failurePolicy Fail, and timeouts over 10s",
    .causes =
        "the webhook's pods are down: look at its Deployment first\n"
        "it was uninstalled and its configuration forgotten\n"
        "its Service was renamed or its port changed\n"
        "the certificate was renewed and the caBundle was not (cert-manager's cainjector is down)",
    .next =
        "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations  # all of them\n"
        "kubectl get endpointslices -n NS -l kubernetes.io/service-name=SERVICE  # who answers for it\n"
        "kubectl get events -A | grep 'failed calling webhook'  # what is being rejected\n"
        "kubectl delete validatingwebhookconfiguration NAME  # lifts the block; its owner must put it back",
    .companions = "service-endpoints deployments-available pods-not-ready",
    .min_age = std::chrono::minutes(2),
    .with = with,
    .needs = needs,
    .judge = judge,
    .cluster_scoped = true,
};

}  // namespace vedette::check
