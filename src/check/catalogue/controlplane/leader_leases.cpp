// leader-leases: whether the controller manager and the scheduler have a leader that is alive. Managed clusters hide
// these leases; then the check does not apply.

#include "base/duration.hpp"
#include "check/catalogue/controlplane/controlplane.hpp"
#include "check/catalogue/finding_of.hpp"
#include "check/objects/lease.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"leases", ParamKind::texts, R"(["kube-controller-manager", "kube-scheduler"])",
     "leases of kube-system to look at"},
    {"max_age", ParamKind::duration, "\"60s\"", "a lease renewed longer ago than this has lost its leader", 0},
};

std::vector<Read> needs() {
    auto read = read_of<Lease>();
    read.only_namespace = "kube-system";
    std::vector<Read> reads;
    reads.push_back(std::move(read));
    return reads;
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    auto const names = params.texts("leases");
    auto const max_age = params.duration("max_age");
    Findings findings(params.max_failures_listed);
    std::int64_t checked = 0;
    boost::json::array holders;
    for (auto const& lease : view.everything<Lease>()) {
        if (lease.meta.ns != "kube-system") continue;
        if (std::find(names.begin(), names.end(), lease.meta.name) == names.end()) continue;
        ++checked;
        holders.push_back(boost::json::object{{"lease", lease.meta.name}, {"holder", lease.holder}});
        auto finding = finding_of("Lease", lease.meta);
        finding.since = lease.renewed;
        if (lease.holder.empty()) {
            finding.reason = "NoLeader";
            finding.message = [] { return "has no holder: no instance leads"; };
            findings.add(finding);
        } else if (!lease.renewed || now - *lease.renewed > max_age) {
            finding.reason = "LeaseExpired";
            finding.message = [&] { return fmt::format("has not been renewed by its holder {}", clip(lease.holder)); };
            findings.add(finding);
        }
    }
    if (checked == 0)
        return Outcome::skipped("no such lease in kube-system: the control plane is not visible", "NotFound");
    auto outcome =
        std::move(findings).conclude(checked, fmt::format("all {} leaders renew their leases", checked), now);
    outcome.details["leases"] = std::move(holders);
    outcome.thresholds = {{"age", nullptr, boost::json::string(format_duration(max_age))}};
    return outcome;
}

}  // namespace

CheckType const leader_leases{
    .name = "leader-leases",
    .group = "controlplane",
    .summary = "Leases of the controller manager and the scheduler that nobody renews",
    .explain =
        "Without a living leader nothing is scheduled (kube-scheduler) or reconciled (kube-controller-manager): "
        "Deployments keep their old pods, dead nodes keep theirs. Leaders renew every 10 seconds at the latest and "
        "a lease lasts 15. Clocks that differ by more than max_age look like a dead leader. Takes the place of "
        "ComponentStatus, which Kubernetes deprecated in 1.19.",
    .critical = "a lease in kube-system has no holder, or was renewed longer than max_age ago",
    .skipped = "none of the leases exists: managed clusters hide them",
    .causes =
        "the scheduler or controller manager crash-loops or was stopped\n"
        "it cannot reach the API server, or its credentials expired\n"
        "its node is down and no other instance exists\n"
        "the clock here or there is wrong",
    .next =
        "kubectl get leases -n kube-system kube-scheduler kube-controller-manager  # holder and age\n"
        "kubectl get pods -n kube-system -l tier=control-plane -o wide  # is it running, where\n"
        "kubectl logs -n kube-system -l component=kube-scheduler --tail=50  # or kube-controller-manager\n"
        "date -u; kubectl get --raw /version -v=8 2>&1 | grep -i date  # do the clocks agree",
    .companions = "pods-not-ready deployments-available",
    .with = with,
    .needs = needs,
    .judge = judge,
    .cluster_scoped = true,
};

}  // namespace vedette::check
