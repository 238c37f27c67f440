#pragma once
// What a change of HealthCheck manifests would do, told before anybody applies it. Pure but for `read_file`; needs no
// cluster.

#include "operator/manifest.hpp"
#include "operator/native_checks.hpp"
#include "operator/rbac.hpp"

namespace vedette::op {

inline constexpr std::size_t most_slots = 60;

struct PlannedCheck {
    enum class Change { added, removed, changed, unchanged };
    Change change = Change::unchanged;
    std::string ns;
    std::string name;
    std::string where;                        ///< file:line of the new one, or of the one that goes
    std::vector<std::string> changed_fields;  ///< "repeatAfterSec: 60 -> 30"
    /// Those of the next hour, the first `most_slots` of them, at least the next one: counted from the last run that
    /// the status of the old or the new object tells of, from now where a check exists and neither tells, and at once
    /// for what is new.
    std::vector<WallTime> next_slots;
    bool more_slots = false;  ///< the hour has more of them
    double runs_per_hour = 0;
    std::vector<Problem> problems;
};
std::string_view to_string(PlannedCheck::Change change);

/// What a remedy may do, and how often.
struct BlastRadius {
    std::string check;  ///< "ns/name"
    std::string account;
    std::string reach;                ///< "the whole cluster" or "namespace shop"
    std::vector<std::string> rights;  ///< writing ones: "delete pods"
    double most_per_hour = 0;         ///< whatever the check does; 0 for a dry run
    /// By remedyRunsLimit and remedyResetInterval, as long as the check does nothing but fail: a success in between
    /// sets the limit back.
    std::optional<double> while_failing_per_hour;
    bool dry_run = false;
};

struct RbacChange {
    enum class Change { created, narrowed_or_widened, no_longer_needed };
    Change change = Change::created;
    std::string kind;
    std::string ns;
    std::string name;
    std::vector<std::string> gained;  ///< rights
    std::vector<std::string> lost;
    std::vector<std::string> needed_by;
};
std::string_view to_string(RbacChange::Change change);

/// An account that release v0.15.0 of active-monitor gave rights to by wildcard, and we do not.
struct Narrowing {
    std::string account;              ///< "ns/name"
    std::vector<std::string> verbs;   ///< on every resource of every group, there
    std::vector<std::string> rights;  ///< here
    auto operator<=>(Narrowing const&) const = default;
};

/// What HealthChecks cost together, remedies apart. spec.checks make no Workflow and no pod.
struct PlannedLoad {
    double workflows_per_hour = 0;
    double pods_per_hour = 0;         ///< of those whose text tells; tries again apart
    std::size_t of_unknown_pods = 0;  ///< HealthChecks whose text does not tell
};

struct Plan {
    std::vector<PlannedCheck> checks;  ///< by namespace and name
    PlannedLoad before;
    PlannedLoad after;
    std::vector<RbacChange> rbac;  ///< in the order of creation, then what is no longer needed
    std::vector<BlastRadius> remedies;
    std::vector<Narrowing> narrower_than_reference;
    std::size_t errors = 0;
    std::size_t warnings = 0;
};

/// The flags of the operator that is to run these checks.
struct PlanOptions {
    RbacPolicy policy{.extra_rules = rules_for_checks};
    /// Reads a file source below --source-dir, as make_mounted_files() does; not set: file sources are refused.
    std::function<Result<std::string>(std::string const& path)> read_file;
};

/// `before` may be empty: then everything is added. No other errors than those in the plan.
Plan make_plan(std::vector<ManifestCheck> before, std::vector<ManifestCheck> after, WallTime now,
               PlanOptions const& options = {});

}  // namespace vedette::op
