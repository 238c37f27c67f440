// resource-quota: quotas that are nearly or wholly used up. A full one shows as pods that are never created.

#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/policy/policy.hpp"
#include "check/catalogue/reads_of.hpp"
#include "check/objects/policy.hpp"
#include "check/objects/quantity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"warning", ParamKind::number, "90", "percent of a quota in use", 0, 1e6},
    {"critical", ParamKind::number, "100", "percent of a quota in use", 0, 1e6},
};

/// Nothing if it cannot be said: unreadable, or a quota of zero that nobody has tried to use.
std::optional<double> percent_used(QuotaLine const& line) {
    auto const used = parse_quantity(line.used);
    auto const hard = parse_quantity(line.hard);
    if (!used || !hard) return std::nullopt;
    if (*hard <= 0) return *used > 0 ? std::optional(1e6) : std::nullopt;
    return 100.0 * *used / *hard;
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    auto const warning = params.number("warning");
    auto const critical = params.number("critical");
    Findings findings(params.max_failures_listed);
    double most = 0;
    auto const quotas = view.list<ResourceQuota>();
    for (auto const* quota : quotas) {
        for (auto const& line : quota->lines) {
            auto const percent = percent_used(line);
            if (!percent) continue;
            most = std::max(most, *percent);
            if (*percent < std::min(warning, critical)) continue;
            auto finding =
                finding_of("ResourceQuota", quota->meta, *percent >= critical ? Status::critical : Status::warning);
            finding.reason = *percent >= 100 ? "QuotaUsedUp" : "QuotaNearlyUsedUp";
            finding.message = [&] {
                auto const share = *percent < 1e6 ? fmt::format(" ({:.0f}%)", std::floor(*percent)) : std::string();
                return fmt::format("allows {} of {}, {} in use{}", line.hard, line.resource, line.used, share);
            };
            findings.add(finding);
        }
    }
    auto const checked = static_cast<std::int64_t>(quotas.size());
    auto outcome = std::move(findings).conclude(checked, fmt::format("all {} quotas have room", checked), now);
    outcome.measurements = {{"used_most_percent", most}};
    outcome.thresholds = {{"used_percent", warning, critical}};
    return outcome;
}

}  // namespace

CheckType const resource_quota{
    .name = "resource-quota",
    .group = "policy",
    .summary = "ResourceQuotas that are nearly or wholly used up",
    .explain =
        "What no longer fits is refused, quietly: a Deployment just has fewer pods. Look for FailedCreate events "
        "of ReplicaSets and Jobs. Source: KubeQuotaAlmostFull and KubeQuotaExceeded of kubernetes-mixin, "
        "Kuberhealthy (90%).",
    .critical = "a resource of a quota is used to `critical` percent",
    .warning = "a resource of a quota is used to `warning` percent",
    .causes =
        "the namespace has grown: more replicas, or larger requests\n"
        "a rollout needs room for old and new pods at once (maxSurge)\n"
        "finished Jobs and their pods are kept (count/jobs.batch, pods)",
    .next =
        "kubectl describe quota -n NS  # used beside hard\n"
        "kubectl get events -n NS --field-selector reason=FailedCreate  # what was refused\n"
        "kubectl get pods -n NS -o "
        "custom-columns='POD:.metadata.name,CPU:.spec.containers[*].resources.requests.cpu'",
    .companions = "deployments-available statefulsets-ready daemonsets-ready jobs-failed events-warning",
    .with = with,
    .needs = reads_of<ResourceQuota>,
    .judge = judge,
};

}  // namespace vedette::check
