#pragma once
// What a change of HealthCheck manifests would do, told before anybody applies it. Pure but for `read_file`; needs no
// cluster.

#include "base/time_zone.hpp"
#include "operator/manifest.hpp"
#include "operator/native_checks.hpp"
#include "operator/plan_cost.hpp"
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
    PlannedCost cost;  ///< of the new one
    /// What stops the remedy alone is an error too, with `stops_remedy`; so is DuplicateName, which stops nothing.
    std::vector<Problem> problems;
};
std::string_view to_string(PlannedCheck::Change change);

/// What a remedy may do, and how often.
struct BlastRadius {
    std::string check;  ///< "ns/name"
    std::string account;
    std::string reach;                ///< "the whole cluster" or "namespace shop"
    std::vector<std::string> rights;  ///< writing ones: "delete pods"
    double most_per_hour = 0;         ///< whatever the check does; 0 for a dry run, and where it is stopped
    std::string bounded_by;           ///< what of the remedy policy does: "budgetPerNamespace 3/1h"; empty: nothing
    /// By remedyRunsLimit and remedyResetInterval, as long as the check does nothing but fail: a success in between
    /// sets the limit back.
    std::optional<double> while_failing_per_hour;
    std::string dry_run_by;  ///< "spec.dryRun", "--remedy-dry-run", ...; empty: it is none
    std::string stopped_by;  ///< "the remedy policy says enabled: false"; empty: it is not
};

/// Remedies of all HealthChecks together, dry runs and stopped ones apart.
struct RemediesTogether {
    double most_per_hour = 0;
    std::int64_t most_at_once = 0;
    std::vector<std::string> bounded_by;  ///< what of the remedy policy bounds them: "maxConcurrent 10%"
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
    double pods_per_hour = 0;           ///< of those whose text tells; tries again apart
    std::size_t of_unknown_pods = 0;    ///< HealthChecks whose text does not tell
    double requests_per_hour = 0;       ///< of the operator to the API server
    std::int64_t workflows_kept = 0;    ///< that stand in etcd at a time, of those whose text tells
    std::int64_t bytes_kept = 0;        ///< of these, as the operator writes them
    std::size_t of_unknown_keep = 0;    ///< HealthChecks whose Workflows stand longer than anything here tells
    std::size_t never_deleted = 0;      ///< those of them whose text is here: nothing says when their Workflows go
    double never_deleted_per_hour = 0;  ///< Workflows that come and stay
    std::int64_t rbac_objects = 0;
    std::int64_t rbac_bytes = 0;
};

struct Plan {
    std::vector<PlannedCheck> checks;  ///< by namespace and name
    PlannedLoad before;
    PlannedLoad after;
    std::vector<RbacChange> rbac;  ///< in the order of creation, then what is no longer needed
    std::vector<BlastRadius> remedies;
    RemediesTogether remedies_together;
    std::optional<ManifestPolicy> policy;  ///< the remedy policy that counts, if one is given
    std::vector<Narrowing> narrower_than_reference;
    std::vector<UnreadManifest> unread;  ///< a warning each
    std::size_t errors = 0;
    std::size_t warnings = 0;
};

/// The flags of the operator that is to run these checks, and what else is among their files.
struct PlanOptions {
    RbacPolicy policy{.extra_rules = rules_for_checks};
    /// Reads a file source below --source-dir, as make_mounted_files() does; not set: file sources are refused.
    std::function<Result<std::string>(std::string const& path)> read_file;
    std::optional<ManifestPolicy> remedy_policy;  ///< nothing: there is no ConfigMap
    bool remedy_dry_run = false;                  ///< --remedy-dry-run
    /// How long Argo keeps a Workflow whose text does not say (workflowDefaults); nothing: until somebody deletes it.
    std::optional<std::chrono::seconds> workflow_ttl;
    TimeZone time_zone = TimeZone::utc();  ///< the operator's: of crons that name none
    std::vector<UnreadManifest> unread;
};

/// `before` may be empty: then everything is added. Of several of one name the last counts, as if they were applied one
/// after the other. No other errors than those in the plan.
Plan make_plan(std::vector<ManifestCheck> before, std::vector<ManifestCheck> after, WallTime now,
               PlanOptions const& options = {});

}  // namespace vedette::op
