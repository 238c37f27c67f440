// namespaces-terminating: namespaces that do not finish being deleted, and what holds them.

#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/policy/policy.hpp"
#include "check/catalogue/reads_of.hpp"
#include "check/objects/policy.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

// By how much they explain.
constexpr std::string_view obstacles[] = {
    "NamespaceDeletionDiscoveryFailure", "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceDeletionContentFailure", "NamespaceFinalizersRemaining", "NamespaceContentRemaining"};

Condition const* obstacle(Namespace const& each) {
    for (auto const type : obstacles) {
        auto const* condition = find_condition(each.conditions, type);
        if (condition && condition->status == "True") return condition;
    }
    return nullptr;
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    Findings findings(params.max_failures_listed);
    std::int64_t terminating = 0;
    auto const namespaces = view.list<Namespace>();
    for (auto const* each : namespaces) {
        if (!each->meta.deleted) continue;
        ++terminating;
        if (younger_than(each->meta.deleted, params.min_age, now)) continue;
        auto finding = finding_of("Namespace", each->meta);
        auto const* holds = obstacle(*each);
        finding.reason = holds ? std::string_view(holds->type) : "StuckTerminating";
        finding.since = each->meta.deleted;
        finding.message = [holds] {
            if (!holds) return std::string("does not finish terminating");
            return "does not finish terminating: " + (holds->message.empty() ? holds->reason : holds->message);
        };
        findings.add(finding);
    }
    auto const checked = static_cast<std::int64_t>(namespaces.size());
    auto outcome = std::move(findings).conclude(checked, fmt::format("none of {} namespaces is stuck", checked), now);
    outcome.measurements = {{"namespaces_terminating", static_cast<double>(terminating)}};
    return outcome;
}

}  // namespace

CheckType const namespaces_terminating{
    .name = "namespaces-terminating",
    .group = "policy",
    .summary = "Namespaces that have been terminating for min_age, and what holds them",
    .explain =
        "The message repeats what the namespace controller says: objects or finalizers that remain, or an "
        "APIService that does not answer, without which it cannot know what to delete.",
    .critical = "a namespace was deleted min_age ago and is still there",
    .causes =
        "an object in it has a finalizer whose controller is gone (uninstalled before its objects)\n"
        "an APIService is down (NamespaceDeletionDiscoveryFailure): see apiservices\n"
        "pods do not end: their node is unreachable",
    .next =
        "kubectl get namespace NAME -o jsonpath='{.status.conditions[*].message}'  # what holds it\n"
        "kubectl api-resources --verbs=list --namespaced -o name | xargs -n1 kubectl get -n NAME "
        "--ignore-not-found\n"
        "kubectl get apiservices | grep False  # is discovery broken\n"
        "kubectl patch KIND OBJECT -n NAME --type=merge -p '{\"metadata\":{\"finalizers\":null}}'  # the last "
        "resort: what the finalizer guarded is left behind",
    .companions = "apiservices",
    .min_age = std::chrono::minutes(10),
    .needs = reads_of<Namespace>,
    .judge = judge,
    .cluster_scoped = true,
};

}  // namespace vedette::check
