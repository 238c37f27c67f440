#pragma once
// What the people on call have said about remedies: the ConfigMap vedette-remedy-policy as a value. Flat keys, so that
// one `kubectl patch` throws the kill switch; docs/remedies.md is its page.
//
// What cannot be read stops every remedy: a kill switch with a typing slip in it must not be a remedy that runs.

#include "base/error.hpp"
#include "operator/health_check.hpp"

#include <map>

namespace vedette::op {

inline constexpr std::string_view remedy_policy_name = "vedette-remedy-policy";

/// So many remedies in any stretch of time of that length.
struct RemedyBudget {
    std::int64_t count = 0;
    Duration window{};

    bool operator==(RemedyBudget const&) const = default;
};
/// "10/1h".
std::string to_string(RemedyBudget const& budget);

/// What the keys `namespace.NAME.*` say. Whatever says no wins: a namespace cannot switch on what the cluster has
/// switched off. Its budget takes the place of budgetPerNamespace; that of the cluster counts besides.
struct NamespaceRemedyPolicy {
    bool enabled = true;
    bool dry_run = false;
    std::optional<RemedyBudget> budget;
    std::optional<std::int64_t> max_concurrent;

    bool operator==(NamespaceRemedyPolicy const&) const = default;
};

struct RemedyPolicy {
    enum class State {
        unknown,     ///< the ConfigMap has not been looked for yet: remedies wait
        unreadable,  ///< it is there, and `trouble` says what is wrong with it: no remedies
        known,       ///< read, or known to be absent
    };
    State state = State::unknown;
    std::string trouble;
    bool enabled = true;
    bool dry_run = false;
    std::optional<RemedyBudget> budget_per_cluster;
    std::optional<RemedyBudget> budget_per_namespace;
    std::optional<std::int64_t> max_concurrent;
    std::map<std::string, NamespaceRemedyPolicy, std::less<>> namespaces;

    bool operator==(RemedyPolicy const&) const = default;
};

/// There is no ConfigMap: remedies run, without budgets.
RemedyPolicy default_remedy_policy();

/// Reads a ConfigMap. Unknown keys, values that are not understood and binaryData make it unreadable; each adds a
/// Problem (field "data.KEY", reason RemedyPolicyInvalid) to `problems`, if given. Blanks around a value are ignored.
RemedyPolicy read_remedy_policy(boost::json::object const& config_map, std::vector<Problem>* problems = nullptr);

/// A budget as the keys have it: a count up to a million, a slash, a duration from 1s to 7d. Errors: invalid_input.
Result<RemedyBudget> parse_remedy_budget(std::string_view text);

}  // namespace vedette::op
