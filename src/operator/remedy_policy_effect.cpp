// What holds for the whole cluster comes first. Where nothing runs there, namespaces are left out: none of them can
// switch anything on.

#include "operator/remedy_policy_effect.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

namespace vedette::op {
namespace {

constexpr std::size_t most_namespaces = 5;

using Words = std::vector<std::string>;

Words limits(std::optional<RemedyBudget> const& budget, std::optional<RemedyPlaces> const& at_once) {
    Words words;
    if (budget) words.push_back(to_string(*budget));
    if (at_once) words.push_back(fmt::format("{} at once", to_string(*at_once)));
    return words;
}

// Why nothing runs anywhere; empty: nothing says so.
std::string stop_of(RemedyPolicy const& policy) {
    switch (policy.state) {
        case RemedyPolicy::State::unknown:
            return policy.trouble.empty() ? "no remedy runs until it has been read" : policy.trouble;
        case RemedyPolicy::State::unreadable:
            return fmt::format("{}; no remedy runs until it can be read", policy.trouble);
        case RemedyPolicy::State::known:
            break;
    }
    if (!policy.enabled) return "remedies are off";
    if (policy.dry_run_by_flag) return "remedies are told and do not run (--remedy-dry-run)";
    if (policy.dry_run) return "remedies are told and do not run (dryRun)";
    return {};
}

std::string effect_in(NamespaceRemedyPolicy const& policy) {
    if (!policy.enabled) return "they are off";
    if (policy.dry_run) return "they are told and do not run (dryRun)";
    auto const bounds = limits(policy.budget, policy.max_concurrent);
    return bounds.empty() ? std::string() : fmt::format("at most {}", fmt::join(bounds, ", "));
}

std::string effect_in_namespaces(RemedyPolicy const& policy) {
    Words words;
    std::size_t left = 0;
    for (auto const& [name, mine] : policy.namespaces) {
        auto const effect = effect_in(mine);
        if (effect.empty()) continue;
        if (words.size() < most_namespaces) {
            words.push_back(fmt::format("; in namespace {} {}", name, effect));
        } else {
            ++left;
        }
    }
    if (left > 0) words.push_back(fmt::format("; and otherwise in {} more", left));
    return fmt::format("{}", fmt::join(words, ""));
}

}  // namespace

bool remedies_enabled(RemedyPolicy const& policy) {
    return stop_of(policy).empty();
}

std::string effect_of(RemedyPolicy const& policy) {
    if (auto stop = stop_of(policy); !stop.empty()) return stop;
    auto bounds = limits(policy.budget_per_cluster, policy.max_concurrent);
    if (auto const& each = policy.budget_per_namespace) {
        bounds.push_back(fmt::format("{} in each namespace", to_string(*each)));
    }
    auto const run = bounds.empty() ? std::string("remedies run without budgets")
                                    : fmt::format("remedies run, at most {}", fmt::join(bounds, ", "));
    return run + effect_in_namespaces(policy);
}

}  // namespace vedette::op
