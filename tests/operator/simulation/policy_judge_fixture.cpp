#include "operator/simulation/policy_judge.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::op::simulation {
namespace {

constexpr auto time_to_hear = std::chrono::minutes(5);  // of a change of the policy: a watch may hang
constexpr auto times_have_seconds = std::chrono::seconds(2);

}  // namespace

void PolicyJudge::policy_changed(RemedyPolicy policy) {
    policies_.back().until = clock_.now();
    policies_.push_back({std::move(policy)});
}

void PolicyJudge::forget(std::string const& uid) {
    std::erase_if(ended_, [&](Remedy const& each) { return each.uid == uid; });
}

std::optional<std::string> PolicyJudge::objection(HealthCheck const& check, std::vector<Remedy> const& under_way,
                                                  std::vector<std::string> const& remedied, bool counts) const {
    std::optional<std::string> why;
    for (auto const& known : policies_) {
        if (known.until != TimePoint::max() && clock_.now() > known.until + time_to_hear) continue;
        why = objection_of(known.policy, check, under_way, remedied, counts);
        if (!why) return why;
    }
    return why;
}

std::optional<std::string> PolicyJudge::objection_of(RemedyPolicy const& policy, HealthCheck const& check,
                                                     std::vector<Remedy> const& under_way,
                                                     std::vector<std::string> const& remedied, bool counts) const {
    if (policy.state == RemedyPolicy::State::unreadable) return "the policy cannot be read";
    auto const found = policy.namespaces.find(check.ns);
    auto const own = found == policy.namespaces.end() ? NamespaceRemedyPolicy{} : found->second;
    if (!policy.enabled || !own.enabled) return "remedies are off";
    if (policy.dry_run || own.dry_run) return "the policy says dryRun";
    if (!counts) return std::nullopt;
    auto const now = [&](bool whole_cluster) {
        return std::ranges::count_if(under_way, [&](Remedy const& each) {
            return each.uid != check.uid && (whole_cluster || each.ns == check.ns);
        });
    };
    if (policy.max_concurrent && now(true) >= policy.max_concurrent->of(std::ssize(remedied))) {
        return "maxConcurrent is reached";
    }
    if (own.max_concurrent && now(false) >= own.max_concurrent->of(std::ranges::count(remedied, check.ns))) {
        return "maxConcurrent of the namespace is reached";
    }
    auto const spent = [&](std::optional<RemedyBudget> const& budget, bool whole_cluster) {
        return budget && within(budget->window, check, whole_cluster, under_way) >= budget->count;
    };
    if (spent(own.budget ? own.budget : policy.budget_per_namespace, false)) return "the namespace's budget is spent";
    if (spent(policy.budget_per_cluster, true)) return "the cluster's budget is spent";
    return std::nullopt;
}

// Those that both clocks call recent.
std::int64_t PolicyJudge::within(Duration window, HealthCheck const& check, bool whole_cluster,
                                 std::vector<Remedy> const& under_way) const {
    auto const counts = [&](Remedy const& each) {
        bool const recent =
            each.under_way || (clock_.now() - each.steady < window - times_have_seconds &&
                               clock_.wall() - each.wall < window - times_have_seconds && each.steady > set_at_);
        return recent && (whole_cluster || each.ns == check.ns);
    };
    auto const others =
        std::ranges::count_if(under_way, [&](Remedy const& each) { return each.uid != check.uid && counts(each); });
    return others + std::ranges::count_if(ended_, counts);
}

}  // namespace vedette::op::simulation
