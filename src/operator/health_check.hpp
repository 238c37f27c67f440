#pragma once
// HealthCheck, activemonitor.keikoproj.io/v1alpha1, as a value: what users wrote (spec) and what the operator last
// said (status). The namespace is `op`: `operator` is a C++ keyword.
//
// Reading never fails as a whole: whatever is wrong with a HealthCheck concerns that one alone and becomes a Problem
// in its status. Field names and meanings: docs/migrate-from-active-monitor.md.

#include "base/clock.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::op {

inline constexpr std::string_view api_group = "activemonitor.keikoproj.io";
inline constexpr std::string_view api_version = "activemonitor.keikoproj.io/v1alpha1";

/// Where the text of a Workflow comes from. Of several keys the first in this order counts, as in the reference.
struct Source {
    enum class Kind { none, inline_text, url, file, config_map };
    Kind kind = Kind::none;
    std::string text;         ///< inline
    std::string path;         ///< the address of url, the mounted path of file
    bool verify_cert = true;  ///< url: false only when spelled out
    std::string config_map;   ///< name, in the Workflow's namespace
    std::string key;

    bool operator==(Source const&) const = default;
};

/// rbac/v1 PolicyRule.
struct PolicyRule {
    std::vector<std::string> api_groups;
    std::vector<std::string> resources;
    std::vector<std::string> resource_names;
    std::vector<std::string> non_resource_urls;
    std::vector<std::string> verbs;

    auto operator<=>(PolicyRule const&) const = default;
};

/// spec.workflow and spec.remedyworkflow.
struct WorkflowSpec {
    std::string generate_name;
    bool has_resource = false;
    std::string ns;
    std::string service_account;
    Source source;
    std::chrono::seconds timeout{};      ///< workflowtimeout; zero: not set
    std::vector<PolicyRule> rbac_rules;  ///< empty: the defaults

    /// Every member at its zero value: `{}` and absent are the same.
    bool empty() const { return *this == WorkflowSpec{}; }
    bool operator==(WorkflowSpec const&) const = default;
};

enum class Level { none, cluster, ns };

struct Spec {
    std::chrono::seconds repeat_after{};  ///< zero and less: not set
    std::string cron;
    std::string level_text;  ///< as written; level() is what it means
    std::string description;
    WorkflowSpec workflow;
    WorkflowSpec remedy;
    std::string backoff_factor_text;
    std::optional<double> backoff_factor;  ///< nothing: absent or no number
    std::chrono::seconds backoff_min{};
    std::chrono::seconds backoff_max{};
    std::int64_t remedy_runs_limit = 0;
    std::chrono::seconds remedy_reset_interval{};
    bool has_workflow = false;

    // Ours; all optional in the schema.
    boost::json::array checks;           ///< instances of the catalogue, as written; run without a Workflow
    std::string service_account_name;    ///< whom the reads of `checks` impersonate
    std::int64_t failure_threshold = 0;  ///< a remedy from so many failures in a row on; 0 and 1: at the first
    std::string cooldown_text;           ///< as written
    std::optional<Duration> cooldown;    ///< after the end of a remedy; nothing: absent or no duration
    bool dry_run = false;                ///< remedies are planned and told, never run
    bool remedy_on_lost_result = false;  ///< also when a Workflow was deleted before it ended
    bool remedy_breaker = false;         ///< no remedy after two in a row that did not help

    Level level() const;
    /// Neither repeatAfterSec nor a cron: the check is Stopped.
    bool paused() const { return repeat_after.count() <= 0 && cron.empty(); }
    /// Runs checks of our catalogue, not a Workflow.
    bool native() const { return !has_workflow && !checks.empty(); }
    bool operator==(Spec const&) const = default;
};

enum class Purpose { check, remedy };

/// What identifies a run, across restarts and leaders. For a remedy: `number` is the episode, `attempt` counts in it.
struct RunId {
    Purpose purpose = Purpose::check;
    std::int64_t number = 0;
    std::int64_t attempt = 0;

    bool operator==(RunId const&) const = default;
};
/// "check-12" or "remedy-3-1".
std::string to_string(RunId const& run);
/// Errors: nothing but the two forms above is read.
std::optional<RunId> parse_run_id(std::string_view text);

/// The Workflow that is under way, written before anything waits for it, so that whoever comes after us finds it.
struct CurrentWorkflow {
    RunId run;
    std::string ns;
    std::string name;
    std::string uid;
    WallTime slot{};
    WallTime created{};

    bool operator==(CurrentWorkflow const&) const = default;
};

/// A remedy that a booked failure asked for. Past `expires` it is dropped, never replayed.
struct RemedyIntent {
    std::int64_t episode = 0;
    std::int64_t attempt = 0;
    WallTime expires{};

    bool operator==(RemedyIntent const&) const = default;
};

inline constexpr std::size_t most_recent_remedies = 32;

/// metav1.Condition.
struct StatusCondition {
    std::string type;  ///< Ready, Progressing, Remediating, Degraded, ResultLost
    bool is_true = false;
    std::string reason;
    std::string message;
    WallTime since{};

    bool operator==(StatusCondition const&) const = default;
};

/// What the reference's status holds, and our optional additions. Zero and empty members are left out of the object.
struct Status {
    std::string status;  ///< Succeeded, Failed, Stopped or nothing
    std::string error_message;
    std::string remedy_status;
    std::string remedy_error_message;
    std::optional<WallTime> started_at;
    std::optional<WallTime> finished_at;
    std::optional<WallTime> last_failed_at;
    std::optional<WallTime> remedy_triggered_at;
    std::optional<WallTime> remedy_finished_at;
    std::optional<WallTime> remedy_last_failed_at;
    std::string last_failed_workflow;
    std::string last_successful_workflow;
    std::int64_t success_count = 0;
    std::int64_t failed_count = 0;
    std::int64_t total_runs = 0;  ///< totalHealthCheckRuns
    std::int64_t remedy_success_count = 0;
    std::int64_t remedy_failed_count = 0;
    std::int64_t remedy_total_runs = 0;

    // Ours; all optional in the schema.
    std::int64_t run_number = 0;      ///< runs booked; the next run is number + 1
    std::int64_t remedy_episode = 0;  ///< rises with the first failure after a success
    std::int64_t remedy_attempt = 0;  ///< remedies booked in this episode
    std::int64_t consecutive_failures = 0;
    std::int64_t observed_generation = 0;
    std::optional<WallTime> last_slot;  ///< the tick or due time of the last run booked
    std::optional<WallTime> next_run_time;
    std::optional<CurrentWorkflow> current;
    std::optional<RemedyIntent> intent;
    std::int64_t remedy_unhelpful = 0;      ///< remedies in a row after which the check still failed
    std::vector<WallTime> recent_remedies;  ///< when remedies ended, newest last, at most most_recent_remedies
    std::vector<StatusCondition> conditions;

    bool operator==(Status const&) const = default;
};

struct HealthCheck {
    std::string ns;
    std::string name;
    std::string uid;
    std::string resource_version;
    std::int64_t generation = 0;
    std::optional<WallTime> created;
    std::optional<WallTime> deleted;
    Spec spec;
    Status status;
};

/// One thing that is wrong or surprising about a HealthCheck.
struct Problem {
    enum class Severity {
        error,    ///< it cannot run as it is
        warning,  ///< it runs, perhaps not as its author thinks
    };
    Severity severity = Severity::error;
    std::string field;          ///< "spec.workflow.resource.serviceAccount"
    std::string reason;         ///< CamelCase: of the event and the condition
    std::string message;        ///< one sentence: what is wrong and what to write instead
    bool stops_remedy = false;  ///< a warning: the check runs, and its remedy does not

    bool operator==(Problem const&) const = default;
};

/// Reads an object, or a manifest that has no metadata from a server yet. Members of a wrong type count as absent and
/// add a Problem to `problems`, if given.
HealthCheck read_health_check(boost::json::object const& object, std::vector<Problem>* problems = nullptr);

/// Sets one condition; `since` moves only when its truth changes.
void set_condition(Status& status, std::string_view type, bool is_true, std::string reason, std::string message,
                   WallTime now);
StatusCondition const* find_condition(Status const& status, std::string_view type);

/// Never fails: what is of a wrong type or shape reads as absent.
Status read_status(boost::json::object const& object);
/// The status as the API spells it; times with second precision in UTC, rounded down.
boost::json::object status_object(Status const& status);

/// What is wrong with the spec itself; empty if it can run. Pure; needs no cluster.
std::vector<Problem> validate(Spec const& spec);

}  // namespace vedette::op
