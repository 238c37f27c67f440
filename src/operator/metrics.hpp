#pragma once
// The operator's own series. docs/metrics.md lists them all; a test compares it with this.
//
// The five series of the reference keep their names and labels; two HealthChecks of one name in two namespaces share
// them, as there, unless `namespace_label` is set. All others tell namespaces apart by healthcheck_namespace: a
// plain "namespace" would clash with the label that Prometheus gives to what it scrapes.

#include "base/clock.hpp"
#include "base/metrics_table.hpp"
#include "operator/booking.hpp"
#include "operator/workflow.hpp"

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace vedette::op {

struct OperatorMetricsOptions {
    bool namespace_label = false;  ///< --metrics-namespace-label: healthcheck_namespace on the reference's five and on
                                   ///< custom metrics too
};

/// controller-runtime's words for how a step on one HealthCheck ended.
enum class ReconcileResult { success, error, requeue, requeue_after };

/// "healthCheck" or "remedy", the values of the label `workflow`.
std::string_view workflow_label(Purpose purpose);

/// Custom metrics of one HealthCheck, at most.
inline constexpr std::size_t custom_metrics_limit = 100;

/// Why a failure gets no remedy though the HealthCheck has a valid one: counted from zero.
inline constexpr std::array<std::string_view, 11> remedy_refusals{
    "BelowFailureThreshold",  "RemediesDisabled", "RemedyBreakerOpen", "RemedyBudgetSpent",
    "RemedyCooldown",         "RemedyDropped",    "RemedyDryRun",      "RemedyExpired",
    "RemedyPolicyUnreadable", "RemedyRunsLimit",  "RemedySuperseded"};

/// HealthChecks are known by their UID: what concerns one that was not added, or has been removed, is ignored, so a
/// late answer brings no series back. Threads: one reactor. Lifetime: `registry` and `clock` outlive it.
class OperatorMetrics {
public:
    OperatorMetrics(metrics::Registry& registry, Clock const& clock, OperatorMetricsOptions options = {});

    // --- one HealthCheck --------------------------------------------------------------------------------------------

    /// It is there, or has changed. The counters begin at zero, those of remedies where its spec has one; what the
    /// status says of the last run is taken over.
    void added(HealthCheck const& check);
    /// It is gone, and its series with it, except what another HealthCheck of that name still owns.
    void removed(HealthCheck const& check);
    /// When the next run is to begin; nothing while one is under way or the check is paused. From that time on it is
    /// overdue, until this is called again.
    void set_next_run(HealthCheck const& check, std::optional<WallTime> next);
    /// Whether it runs as scheduled, or cannot.
    void set_ready(HealthCheck const& check, bool ready);
    /// It runs no more, as its spec says: whatever tells how it fares goes, so that nobody is called for it. It is back
    /// with set_ready(), with set_remedy() and with the next result.
    void set_paused(HealthCheck const& check);
    /// What its status says of its remedies; nothing where its spec has none.
    void set_remedy(HealthCheck const& check);
    /// `lateness`: from when it was due to when its Workflow was created, or spec.checks had their place; negative
    /// counts as none.
    void started(HealthCheck const& check, Purpose purpose, Duration lateness);
    /// A result stands in the status. Returns a sentence for each custom metric that could not be taken over.
    std::vector<std::string> booked(HealthCheck const& check, Purpose purpose, RunResult const& result,
                                    std::vector<CustomMetric> const& custom = {});
    /// A run whose result nobody will ever know.
    void result_lost(HealthCheck const& check);
    /// A failure got no remedy; `reason` is one of a fixed set of CamelCase words.
    void remedy_refused(HealthCheck const& check, std::string_view reason);
    /// The first result of the check after a remedy.
    void remedy_verified(HealthCheck const& check, bool helped);

    // --- the operator -----------------------------------------------------------------------------------------------

    /// An event was put into the queue of steps.
    void queued();
    void set_queue_depth(std::size_t health_checks);
    /// A step began, on an event that was in the queue for so long.
    void taken(Duration waited);
    /// It ended, after so long; `wakes`: the HealthCheck is to be stepped again at a time of its own.
    void reconciled(ReconcileResult result, Duration took, bool wakes);
    void set_running(Purpose purpose, std::size_t workflows);
    void set_waiting(std::size_t runs);  ///< for a place under --max-running-workflows
    void watch_restarted(std::string_view resource);
    void set_leader(bool leads);
    void set_acting(bool acts);  ///< it has taken the HealthChecks up
    /// The remedy policy was read, or is known to be absent, and its watch is well.
    void set_policy_known(bool known);
    /// A remedy may run, as far as the policy of the whole cluster and the flags say.
    void set_remedies_enabled(bool enabled);
    void heartbeat(bool succeeded);

private:
    struct Known {
        metrics::Table::Row own;
        metrics::Table::Row kept;
        std::optional<WallTime> next_run;
        std::vector<std::string> custom = {};  ///< names
        bool counts_remedies = false;          ///< their counters have begun
        bool shows_remedies = false;           ///< there are the gauges of set_remedy()
    };
    template <class Metric>
    using Family = metrics::Family<Metric>;
    using Column = metrics::Table::Column;

    Known* known(HealthCheck const& check);
    void begin_runs(Known const& check, Purpose purpose);
    void begin_remedies(Known const& check);
    void hide_remedy(Known& check);
    std::optional<std::string> set_custom(Known& check, CustomMetric const& metric);
    void remove_custom(Known const& gone);
    void update_overdue();

    metrics::Registry& registry_;
    Clock const& clock_;
    OperatorMetricsOptions options_;
    metrics::Table own_;                   // a row for each namespace and name
    metrics::Table kept_;                  // the reference's five: by name alone, unless namespace_label is set
    std::map<std::string, Known> checks_;  // by UID
    std::map<std::string, std::size_t, std::less<>> namespaces_;  // how many HealthChecks are in it
    /// By name: who has it, as rows of kept_, and how many HealthChecks each of them stands for.
    std::map<std::string, std::map<metrics::Table::Row, std::size_t>> custom_;

    Column& successes_;
    Column& errors_;
    Column& runtime_;
    Column& start_time_;
    Column& finished_time_;

    Column& runs_;
    Column& results_lost_;
    Column& last_result_;
    Column& last_success_;
    Column& next_run_;
    Column& overdue_;
    Column& ready_;
    Column& remedies_started_;
    Column& remedies_refused_;
    Column& remedies_verified_;
    Column& breaker_open_;
    Column& unhelpful_;
    Family<metrics::Histogram>& lateness_;
    Family<metrics::Histogram>& duration_;

    Family<metrics::Counter>& reconciled_;
    metrics::Counter& reconcile_errors_;
    metrics::Histogram& reconcile_time_;
    metrics::Gauge& queue_depth_;
    metrics::Counter& queue_adds_;
    metrics::Counter& queue_retries_;
    metrics::Histogram& queue_duration_;
    metrics::Histogram& work_duration_;
    metrics::Gauge& known_checks_;
    Family<metrics::Gauge>& running_;
    metrics::Gauge& waiting_;
    Family<metrics::Counter>& watch_restarts_;
    metrics::Gauge& leader_;
    metrics::Gauge& acting_;
    metrics::Gauge& policy_known_;
    metrics::Gauge& remedies_enabled_;
    Family<metrics::Counter>& heartbeats_;
    metrics::Gauge& heartbeat_failures_;
    metrics::CollectHook hook_;
};

}  // namespace vedette::op
