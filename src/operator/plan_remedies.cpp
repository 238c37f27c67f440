// A budget bounds the remedies of the worst hour, not of the average one: 20/1d may all run in one hour.

#include "operator/plan_remedies.hpp"

#include "operator/workflow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace vedette::op {
namespace {

bool remedy_can_run(ManifestCheck const& check) {
    return std::none_of(check.problems.begin(), check.problems.end(), [](auto const& problem) {
        return problem.severity == Problem::Severity::error || problem.stops_remedy;
    });
}

bool only_reads(std::string const& verb) {
    return verb == "get" || verb == "list" || verb == "watch";
}

std::vector<std::string> writing_rights(Spec const& spec, RbacPolicy const& policy) {
    auto rules = spec.remedy.rbac_rules;
    if (rules.empty()) rules = default_rules(Purpose::remedy, policy.reference_defaults);
    for (auto& rule : rules) std::erase_if(rule.verbs, only_reads);
    return missing_rights(rules, {});
}

double most_in_an_hour(RemedyBudget const& budget) {
    auto const windows = std::ceil(3600.0 / std::chrono::duration<double>(budget.window).count());
    return static_cast<double>(budget.count) * std::max(1.0, windows);
}

// Lowers `most`, and says by what.
bool bound(double& most, double by) {
    if (by >= most) return false;
    most = by;
    return true;
}

void bound_by_spec(BlastRadius& radius, Spec const& spec) {
    if (spec.cooldown && *spec.cooldown > Duration::zero()) {
        bound(radius.most_per_hour, 3600.0 / std::chrono::duration<double>(*spec.cooldown).count());
    }
    auto const limit = spec.remedy_runs_limit;
    auto const interval = spec.remedy_reset_interval.count();
    if (limit < 0 && interval != 0) radius.most_per_hour = 0;
    if (limit > 0 && interval > 0) {
        auto const allowed = static_cast<double>(limit) * 3600.0 / static_cast<double>(interval);
        radius.while_failing_per_hour = std::min(radius.most_per_hour, allowed);
    }
}

void bound_by_policy(BlastRadius& radius, RemedyPolicy const& policy, std::string_view ns) {
    auto const hold = [&radius](std::string_view key, RemedyBudget const& budget) {
        auto const of_one = std::min<std::int64_t>(budget.count, most_recent_remedies);
        if (bound(radius.most_per_hour, most_in_an_hour({of_one, budget.window}))) {
            radius.bounded_by = fmt::format("{} {}", key, to_string(budget));
        }
    };
    if (auto const named = budget_in(policy, ns)) hold(named->key, named->budget);
    if (policy.budget_per_cluster) hold("budgetPerCluster", *policy.budget_per_cluster);
    if (radius.while_failing_per_hour) {
        radius.while_failing_per_hour = std::min(*radius.while_failing_per_hour, radius.most_per_hour);
    }
}

// Why none runs, whatever fails; empty: they do.
std::string stopped_by(RemedyPolicy const& policy, std::string_view ns) {
    if (policy.state == RemedyPolicy::State::unreadable) return "the remedy policy cannot be read";
    if (auto const key = off_switch(policy, ns); !key.empty()) {
        return fmt::format("the remedy policy says {}: false", key);
    }
    auto const none = [](std::optional<RemedyPlaces> const& places) { return places && places->of(1) == 0; };
    if (none(policy.max_concurrent)) return "the remedy policy says maxConcurrent: 0";
    auto const own = policy.namespaces.find(ns);
    if (own == policy.namespaces.end() || !none(own->second.max_concurrent)) return "";
    return fmt::format("the remedy policy says namespace.{}.maxConcurrent: 0", ns);
}

std::optional<BlastRadius> blast_radius(PlannedRemedy const& remedy, RemedyPolicy const& policy,
                                        RbacPolicy const& rights) {
    auto const& check = remedy.of.check;
    auto const& spec = check.spec;
    if (spec.remedy.empty() || !remedy_can_run(remedy.of)) return std::nullopt;
    BlastRadius radius{.check = check.ns + "/" + check.name,
                       .account = remedy_service_account(spec),
                       .reach = spec.level() == Level::cluster ? "the whole cluster" : "namespace " + spec.remedy.ns,
                       .rights = writing_rights(spec, rights)};
    radius.stopped_by = stopped_by(policy, check.ns);
    radius.dry_run_by = dry_run_switch(policy, check.ns);
    if (radius.dry_run_by.empty() && spec.dry_run) radius.dry_run_by = "spec.dryRun";
    if (!radius.stopped_by.empty() || !radius.dry_run_by.empty()) return radius;
    radius.most_per_hour = remedy.runs_per_hour;
    bound_by_spec(radius, spec);
    bound_by_policy(radius, policy, check.ns);
    return radius;
}

// What the remedies of one namespace, or of all, come to.
class Sum {
public:
    void add(double per_hour, std::int64_t at_once) {
        per_hour_ += per_hour;
        at_once_ += at_once;
    }
    void hold(std::string_view key, RemedyBudget const& budget, std::vector<std::string>& told) {
        if (bound(per_hour_, most_in_an_hour(budget))) told.push_back(fmt::format("{} {}", key, to_string(budget)));
    }
    void hold(std::string_view key, std::optional<RemedyPlaces> const& places, std::int64_t remedied,
              std::vector<std::string>& told) {
        if (!places || places->of(remedied) >= at_once_) return;
        at_once_ = places->of(remedied);
        told.push_back(fmt::format("{} {}", key, to_string(*places)));
    }
    double per_hour() const { return at_once_ == 0 ? 0 : per_hour_; }
    std::int64_t at_once() const { return at_once_; }

private:
    double per_hour_ = 0;
    std::int64_t at_once_ = 0;
};

struct InNamespace {
    Sum sum;
    std::int64_t remedied = 0;
};

RemediesTogether together(std::map<std::string, InNamespace> namespaces, RemedyPolicy const& policy) {
    RemediesTogether all;
    Sum sum;
    std::int64_t remedied = 0;
    for (auto& [ns, mine] : namespaces) {
        remedied += mine.remedied;
        if (auto const named = budget_in(policy, ns)) mine.sum.hold(named->key, named->budget, all.bounded_by);
        auto const own = policy.namespaces.find(ns);
        if (own != policy.namespaces.end()) {
            auto const key = fmt::format("namespace.{}.maxConcurrent", ns);
            mine.sum.hold(key, own->second.max_concurrent, mine.remedied, all.bounded_by);
        }
        sum.add(mine.sum.per_hour(), mine.sum.at_once());
    }
    if (policy.budget_per_cluster) sum.hold("budgetPerCluster", *policy.budget_per_cluster, all.bounded_by);
    sum.hold("maxConcurrent", policy.max_concurrent, remedied, all.bounded_by);
    all.most_per_hour = sum.per_hour();
    all.most_at_once = sum.at_once();
    // budgetPerNamespace holds in several.
    std::sort(all.bounded_by.begin(), all.bounded_by.end());
    all.bounded_by.erase(std::unique(all.bounded_by.begin(), all.bounded_by.end()), all.bounded_by.end());
    return all;
}

}  // namespace

void plan_remedies(Plan& plan, std::vector<PlannedRemedy> const& checks, PlanOptions const& options) {
    auto policy = options.remedy_policy ? options.remedy_policy->policy : default_remedy_policy();
    policy.dry_run_by_flag = options.remedy_dry_run;
    std::map<std::string, InNamespace> namespaces;
    for (auto const& each : checks) {
        auto& mine = namespaces[each.of.check.ns];
        if (!each.of.check.spec.remedy.empty()) ++mine.remedied;
        auto radius = blast_radius(each, policy, options.policy);
        if (!radius) continue;
        bool const runs = radius->stopped_by.empty() && radius->dry_run_by.empty();
        mine.sum.add(radius->most_per_hour, runs && radius->most_per_hour > 0 ? 1 : 0);
        plan.remedies.push_back(std::move(*radius));
    }
    plan.remedies_together = together(std::move(namespaces), policy);
}

}  // namespace vedette::op
