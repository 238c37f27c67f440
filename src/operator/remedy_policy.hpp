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

/// So many remedies at once: a number, or a share of the HealthChecks that have a remedy.
struct RemedyPlaces {
    std::int64_t value = 0;
    bool percent = false;

    /// Where `remedied` HealthChecks have a remedy: a percentage is rounded up and is at least one.
    std::int64_t of(std::int64_t remedied) const;
    bool operator==(RemedyPlaces const&) const = default;
};
/// "4", "10%".
std::string to_string(RemedyPlaces const& places);

/// What the keys `namespace.NAME.*` say. Whatever says no wins: a namespace cannot switch on what the cluster has
/// switched off. Its budget takes the place of budgetPerNamespace; that of the cluster counts besides.
struct NamespaceRemedyPolicy {
    bool enabled = true;
    bool dry_run = false;
    std::optional<RemedyBudget> budget;
    std::optional<RemedyPlaces> max_concurrent;  ///< a percentage: of those in the namespace

    bool operator==(NamespaceRemedyPolicy const&) const = default;
};

struct RemedyPolicy {
    enum class State {
        unknown,     ///< the ConfigMap was not looked for yet, or, with `trouble`, is out of sight: remedies wait
        unreadable,  ///< it is there, and `trouble` says what is wrong with it: no remedies
        known,       ///< read, or known to be absent
    };
    State state = State::unknown;
    std::string trouble;
    bool enabled = true;
    bool dry_run = false;
    bool dry_run_by_flag = false;  ///< --remedy-dry-run: in no ConfigMap, and no ConfigMap takes it back
    std::optional<RemedyBudget> budget_per_cluster;
    std::optional<RemedyBudget> budget_per_namespace;
    std::optional<RemedyPlaces> max_concurrent;
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
/// A count up to a million, or a whole percentage from 1% to 100%. Errors: invalid_input.
Result<RemedyPlaces> parse_remedy_places(std::string_view text);

/// Which budget holds in a namespace, and the key that says so; nothing: none does.
struct NamedBudget {
    std::string key;  ///< "budgetPerNamespace", "namespace.shop.budget"
    RemedyBudget budget;
};
std::optional<NamedBudget> budget_in(RemedyPolicy const& policy, std::string_view ns);

/// The key that switches remedies of HealthChecks of that namespace off, "namespace.shop.enabled"; empty: none does.
std::string off_switch(RemedyPolicy const& policy, std::string_view ns);
/// Who makes its remedies dry runs: "--remedy-dry-run", "dryRun of the remedy policy" or "namespace.shop.dryRun of the
/// remedy policy"; empty: nobody but perhaps the HealthCheck itself.
std::string dry_run_switch(RemedyPolicy const& policy, std::string_view ns);

}  // namespace vedette::op
