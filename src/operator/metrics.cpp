// Per-check series are rows of two tables, so a check costs little and its removal is that of its rows. The two
// histograms have no label for the check: at 10,000 checks their buckets would be most of the scrape.

#include "operator/metrics.hpp"

#include "base/ensure.hpp"
#include "operator/remedy_decision.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::op {
namespace {

using metrics::Counter;
using metrics::Gauge;
using metrics::Histogram;
using metrics::LabelValues;
using metrics::Type;
using Labels = std::vector<std::string>;

constexpr std::size_t metric_name_limit = 500;
constexpr std::size_t help_limit = 1000;

Labels const of_check{"healthcheck_namespace", "healthcheck_name"};

// Of the reference's five, and of custom metrics.
Labels labels_of_kept(OperatorMetricsOptions const& options) {
    return options.namespace_label ? of_check : Labels{of_check[1]};
}

// Both look at the operator's promise of 20 ms and at checks that wait for a place.
std::vector<double> const lateness_bounds{0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};
std::vector<double> const duration_bounds{1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600};

// Those of controller-runtime and of its workqueue, which come about by repeated multiplication.
std::vector<double> const reconcile_bounds{
    0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1,  1.25, 1.5,
    1.75,  2,    2.5,   3,    3.5, 4,    4.5, 5,    6,   7,    8,   9,    10,  15,  20,  25,  30,  40, 50,   60};
std::vector<double> queue_bounds() {
    std::vector<double> bounds;
    for (double bound = 10e-9; bounds.size() < 12; bound *= 10) bounds.push_back(bound);
    return bounds;
}

Labels const of_queue{"name", "controller"};
metrics::LabelValues const our_queue{"healthcheck", "healthcheck"};

double unix_seconds(WallTime when) {
    return std::chrono::duration<double>(when.time_since_epoch()).count();
}

double seconds(Duration duration) {
    return std::max(0.0, std::chrono::duration<double>(duration).count());
}

std::string_view result_word(ReconcileResult result) {
    switch (result) {
        case ReconcileResult::success:
            return "success";
        case ReconcileResult::error:
            return "error";
        case ReconcileResult::requeue:
            return "requeue";
        case ReconcileResult::requeue_after:
            return "requeue_after";
    }
    bug("a reconcile's result has a word");
}

}  // namespace

std::string_view workflow_label(Purpose purpose) {
    return purpose == Purpose::check ? "healthCheck" : "remedy";
}

OperatorMetrics::OperatorMetrics(metrics::Registry& registry, Clock const& clock, OperatorMetricsOptions options)
    : registry_(registry),
      clock_(clock),
      options_(options),
      own_(registry, of_check),
      kept_(registry, labels_of_kept(options)),
      successes_(kept_.declare(
          Type::counter,
          {"healthcheck_success_count", "Runs that succeeded, since the operator started.", {"workflow"}})),
      errors_(kept_.declare(
          Type::counter, {"healthcheck_error_count", "Runs that failed, since the operator started.", {"workflow"}})),
      runtime_(kept_.declare(
          Type::gauge, {"healthcheck_runtime_seconds", "How long the last run that succeeded took.", {"workflow"}})),
      start_time_(kept_.declare(
          Type::gauge, {"healthcheck_starttime", "When the last run started, in Unix seconds.", {"workflow"}})),
      finished_time_(kept_.declare(
          Type::gauge, {"healthcheck_finishedtime", "When the last run ended, in Unix seconds.", {"workflow"}})),
      runs_(own_.declare(Type::counter, {"healthcheck_runs_total", "Runs booked, by result.", {"workflow", "result"}})),
      results_lost_(own_.declare(
          Type::counter, {"healthcheck_results_lost_total", "Runs whose Workflow was gone before its end was seen."})),
      last_result_(own_.declare(
          Type::gauge, {"healthcheck_last_result", "1 if the last run succeeded, 0 if it failed.", {"workflow"}})),
      last_success_(own_.declare(Type::gauge, {"healthcheck_last_success_timestamp_seconds",
                                               "When the last run that succeeded ended, in Unix seconds.",
                                               {"workflow"}})),
      next_run_(own_.declare(
          Type::gauge, {"healthcheck_next_run_timestamp_seconds", "When the next run is to begin, in Unix seconds."})),
      overdue_(own_.declare(Type::gauge,
                            {"healthcheck_overdue_seconds",
                             "For how long the next run should have begun by now, or the one under way ended."})),
      ready_(own_.declare(Type::gauge, {"healthcheck_ready", "1 if the check runs as scheduled, 0 if it cannot."})),
      remedies_started_(own_.declare(Type::counter, {"healthcheck_remedy_started_total", "Remedies started."})),
      remedies_refused_(own_.declare(
          Type::counter, {"healthcheck_remedy_refused_total", "Failures that got no remedy, by reason.", {"reason"}})),
      remedies_verified_(own_.declare(
          Type::counter,
          {"healthcheck_remedy_verified_total", "Remedies by whether the check succeeded after them.", {"helped"}})),
      breaker_open_(own_.declare(
          Type::gauge, {"healthcheck_remedy_breaker_open", "1 if the breaker keeps the remedy from running, else 0."})),
      unhelpful_(own_.declare(
          Type::gauge, {"healthcheck_remedy_unhelpful", "Remedies in a row after which the check still failed."})),
      lateness_(registry.declare<Histogram>({"healthcheck_start_lateness_seconds",
                                             "From when a run was due to when its Workflow was created.",
                                             {"healthcheck_namespace", "workflow"},
                                             lateness_bounds})),
      duration_(registry.declare<Histogram>({"healthcheck_run_duration_seconds",
                                             "How long runs took.",
                                             {"healthcheck_namespace", "workflow"},
                                             duration_bounds})),
      reconciled_(registry.declare<Counter>(
          {"controller_runtime_reconcile_total", "Steps on a HealthCheck, by result.", {"controller", "result"}})),
      reconcile_errors_(registry
                            .declare<Counter>({"controller_runtime_reconcile_errors_total",
                                               "Steps on a HealthCheck about something that did not work.",
                                               {"controller"}})
                            .with({"healthcheck"})),
      reconcile_time_(registry
                          .declare<Histogram>({"controller_runtime_reconcile_time_seconds",
                                               "How long steps took; no step waits for an answer.",
                                               {"controller"},
                                               reconcile_bounds})
                          .with({"healthcheck"})),
      queue_depth_(
          registry.declare<Gauge>({"workqueue_depth", "Events that wait for their step.", of_queue}).with(our_queue)),
      queue_adds_(registry.declare<Counter>({"workqueue_adds_total", "Events put into the queue of steps.", of_queue})
                      .with(our_queue)),
      queue_retries_(
          registry
              .declare<Counter>({"workqueue_retries_total", "Steps that asked for one more at a later time.", of_queue})
              .with(our_queue)),
      queue_duration_(registry
                          .declare<Histogram>({"workqueue_queue_duration_seconds",
                                               "How long events waited for their step.", of_queue, queue_bounds()})
                          .with(our_queue)),
      work_duration_(
          registry
              .declare<Histogram>({"workqueue_work_duration_seconds",
                                   "How long steps took; no step waits for an answer.", of_queue, queue_bounds()})
              .with(our_queue)),
      known_checks_(registry.declare<Gauge>({"vedette_operator_healthchecks", "HealthChecks there are."}).only()),
      running_(registry.declare<Gauge>({"vedette_operator_workflows_running", "Workflows under way.", {"workflow"}})),
      waiting_(registry
                   .declare<Gauge>(
                       {"vedette_operator_runs_waiting", "Runs that wait for a place under --max-running-workflows."})
                   .only()),
      watch_restarts_(registry.declare<Counter>({"vedette_operator_watch_restarts_total",
                                                 "Watches that were begun: the first, and one for each that ended.",
                                                 {"resource"}})),
      leader_(registry
                  .declare<Gauge>({"leader_election_master_status",
                                   "1 if this process holds the Lease or needs none, 0 if it stands by.",
                                   {"name"}})
                  .with({"689451f8.keikoproj.io"})),
      acting_(registry
                  .declare<Gauge>({"vedette_operator_acting",
                                   "1 if this process has taken the HealthChecks up, 0 if it stands by or refuses to.",
                                   {}})
                  .only()),
      policy_known_(registry
                        .declare<Gauge>({"vedette_operator_remedy_policy_known",
                                         "1 if the remedy policy was read or is known to be absent, and is watched; 0 "
                                         "if it cannot be read, and no remedy runs."})
                        .only()),
      remedies_enabled_(
          registry
              .declare<Gauge>({"vedette_operator_remedies_enabled",
                               "1 if remedies may run, 0 if none does: they are switched off for the whole cluster, "
                               "or a dry run, or the remedy policy cannot be read."})
              .only()),
      heartbeats_(registry.declare<Counter>(
          {"vedette_operator_heartbeats_total", "Requests to --heartbeat-url, by result.", {"result"}})),
      heartbeat_failures_(registry
                              .declare<Gauge>({"vedette_operator_heartbeat_consecutive_failures",
                                               "Requests to --heartbeat-url that failed since the last success."})
                              .only()),
      hook_(registry.on_collect([this] { update_overdue(); })) {
    registry.declare<Gauge>({"vedette_build_info", "Always 1; the label says which version runs.", {"version"}})
        .with({VEDETTE_VERSION})
        .set(1);
    for (auto const purpose : {Purpose::check, Purpose::remedy}) set_running(purpose, 0);
    for (auto const result :
         {ReconcileResult::success, ReconcileResult::error, ReconcileResult::requeue, ReconcileResult::requeue_after}) {
        reconciled_.with({"healthcheck", result_word(result)});
    }
    for (auto const* result : {"succeeded", "failed"}) heartbeats_.with({result});
}

OperatorMetrics::Known* OperatorMetrics::known(HealthCheck const& check) {
    auto const found = checks_.find(check.uid);
    return found == checks_.end() ? nullptr : &found->second;
}

void OperatorMetrics::added(HealthCheck const& check) {
    auto const [place, is_new] = checks_.try_emplace(check.uid);
    auto& known = place->second;
    if (is_new) {
        auto const of_kept = options_.namespace_label ? LabelValues{check.ns, check.name} : LabelValues{check.name};
        known.own = own_.claim({check.ns, check.name});
        known.kept = kept_.claim(of_kept);
        ++namespaces_[check.ns];
        overdue_.in(known.own).begin();
        known_checks_.set(static_cast<double>(checks_.size()));
        begin_runs(known, Purpose::check);
        results_lost_.in(known.own).begin();
    }
    if (!check.spec.remedy.empty() && !std::exchange(known.counts_remedies, true)) begin_remedies(known);
    if (!is_new) return;
    auto const& status = check.status;
    bool const succeeded = status.status == "Succeeded";
    LabelValues const of_checks{workflow_label(Purpose::check)};
    if (succeeded || status.status == "Failed") last_result_.in(known.own, of_checks).set(succeeded ? 1 : 0);
    if (succeeded && status.finished_at) last_success_.in(known.own, of_checks).set(unix_seconds(*status.finished_at));
}

void OperatorMetrics::begin_runs(Known const& check, Purpose purpose) {
    auto const workflow = workflow_label(purpose);
    successes_.in(check.kept, {workflow}).begin();
    errors_.in(check.kept, {workflow}).begin();
    for (auto const result : {"succeeded", "failed"}) runs_.in(check.own, {workflow, result}).begin();
}

void OperatorMetrics::begin_remedies(Known const& check) {
    begin_runs(check, Purpose::remedy);
    remedies_started_.in(check.own).begin();
    for (auto const reason : remedy_refusals) remedies_refused_.in(check.own, {reason}).begin();
    for (auto const helped : {"true", "false"}) remedies_verified_.in(check.own, {helped}).begin();
}

// While an old object of the same namespace and name goes, its successor may be there already, and owns its rows.
void OperatorMetrics::removed(HealthCheck const& check) {
    auto const found = checks_.find(check.uid);
    if (found == checks_.end()) return;
    auto const& gone = found->second;
    remove_custom(gone);
    auto const ns = namespaces_.find(gone.own.labels()[0]);
    if (--ns->second == 0) {
        lateness_.remove_starting({ns->first});
        duration_.remove_starting({ns->first});
        namespaces_.erase(ns);
    }
    own_.release(gone.own);
    kept_.release(gone.kept);
    checks_.erase(found);
    known_checks_.set(static_cast<double>(checks_.size()));
}

void OperatorMetrics::remove_custom(Known const& gone) {
    for (auto const& name : gone.custom) {
        auto& owners = custom_.at(name);
        auto const owner = owners.find(gone.kept);
        if (--owner->second > 0) continue;
        owners.erase(owner);
        auto& family = **registry_.try_declare<Gauge>({name, "", labels_of_kept(options_)});
        family.remove(gone.kept.labels());
        if (!owners.empty()) continue;
        registry_.forget(name);
        custom_.erase(name);
    }
}

void OperatorMetrics::set_ready(HealthCheck const& check, bool ready) {
    if (auto const* const it = known(check)) ready_.in(it->own).set(ready ? 1 : 0);
}

// A new leader, which goes by the status, would not show them either.
void OperatorMetrics::set_paused(HealthCheck const& check) {
    auto* const it = known(check);
    if (!it) return;
    for (auto* const column : {&ready_, &last_result_, &last_success_}) column->clear(it->own);
    hide_remedy(*it);
}

void OperatorMetrics::set_remedy(HealthCheck const& check) {
    auto* const it = known(check);
    if (!it) return;
    if (check.spec.remedy.empty()) return hide_remedy(*it);
    it->shows_remedies = true;
    auto const unhelpful = check.status.remedy_unhelpful;
    bool const open = check.spec.remedy_breaker && unhelpful >= breaker_opens_after;
    breaker_open_.in(it->own).set(open ? 1 : 0);
    unhelpful_.in(it->own).set(static_cast<double>(unhelpful));
}

void OperatorMetrics::hide_remedy(Known& check) {
    if (!std::exchange(check.shows_remedies, false)) return;
    for (auto* const column : {&breaker_open_, &unhelpful_}) column->clear(check.own);
}

void OperatorMetrics::set_next_run(HealthCheck const& check, std::optional<WallTime> next) {
    auto* const it = known(check);
    if (!it) return;
    it->next_run = next;
    if (next) {
        next_run_.in(it->own).set(unix_seconds(*next));
    } else {
        next_run_.clear(it->own);
    }
}

void OperatorMetrics::started(HealthCheck const& check, Purpose purpose, Duration lateness) {
    auto const* const it = known(check);
    if (!it) return;
    lateness_.with({check.ns, workflow_label(purpose)}).observe(seconds(lateness));
    if (purpose == Purpose::remedy) remedies_started_.in(it->own).add();
}

std::vector<std::string> OperatorMetrics::booked(HealthCheck const& check, Purpose purpose, RunResult const& result,
                                                 std::vector<CustomMetric> const& custom) {
    auto* const it = known(check);
    if (!it) return {};
    auto const workflow = workflow_label(purpose);
    auto const took = seconds(result.finished - result.started);
    auto successes = successes_.in(it->kept, {workflow});
    auto errors = errors_.in(it->kept, {workflow});
    for (auto* const counter : {&successes, &errors}) counter->begin();
    (result.succeeded ? successes : errors).add();
    if (result.succeeded) runtime_.in(it->kept, {workflow}).set(took);
    start_time_.in(it->kept, {workflow}).set(unix_seconds(result.started));
    finished_time_.in(it->kept, {workflow}).set(unix_seconds(result.finished));

    runs_.in(it->own, {workflow, result.succeeded ? "succeeded" : "failed"}).add();
    last_result_.in(it->own, {workflow}).set(result.succeeded ? 1 : 0);
    if (result.succeeded) last_success_.in(it->own, {workflow}).set(unix_seconds(result.finished));
    duration_.with({check.ns, workflow}).observe(took);

    std::vector<std::string> refused;
    for (auto const& metric : custom) {
        if (auto why = set_custom(*it, metric)) refused.push_back(std::move(*why));
    }
    return refused;
}

// A sentence when it cannot be taken over.
std::optional<std::string> OperatorMetrics::set_custom(Known& check, CustomMetric const& metric) {
    if (metric.name.size() > metric_name_limit) {
        return fmt::format("a custom metric's name has {} bytes; {} are allowed", metric.name.size(),
                           metric_name_limit);
    }
    bool const is_new = std::ranges::find(check.custom, metric.name) == check.custom.end();
    if (is_new && check.custom.size() >= custom_metrics_limit) {
        return fmt::format("custom metric {}: a HealthCheck may have {} of them", metric.name, custom_metrics_limit);
    }
    if (registry_.find(metric.name) && !custom_.contains(metric.name)) {
        return fmt::format("custom metric {}: the operator itself has a metric of that name", metric.name);
    }
    auto declared =
        registry_.try_declare<Gauge>({metric.name, metric.help.substr(0, help_limit), labels_of_kept(options_)});
    if (!declared) return fmt::format("custom metric {}: {}", metric.name, declared.error().text());
    if (is_new) {
        ++custom_[metric.name][check.kept];
        check.custom.push_back(metric.name);
    }
    (*declared)->with(check.kept.labels()).set(metric.value);
    return std::nullopt;
}

void OperatorMetrics::result_lost(HealthCheck const& check) {
    if (auto const* const it = known(check)) results_lost_.in(it->own).add();
}

void OperatorMetrics::remedy_refused(HealthCheck const& check, std::string_view reason) {
    if (auto const* const it = known(check)) remedies_refused_.in(it->own, {reason}).add();
}

void OperatorMetrics::remedy_verified(HealthCheck const& check, bool helped) {
    auto const* const it = known(check);
    if (it) remedies_verified_.in(it->own, {helped ? "true" : "false"}).add();
}

void OperatorMetrics::queued() {
    queue_adds_.add();
}

void OperatorMetrics::taken(Duration waited) {
    queue_duration_.observe(seconds(waited));
}

void OperatorMetrics::reconciled(ReconcileResult result, Duration took, bool wakes) {
    reconciled_.with({"healthcheck", result_word(result)}).add();
    if (result == ReconcileResult::error) reconcile_errors_.add();
    if (wakes) queue_retries_.add();
    reconcile_time_.observe(seconds(took));
    work_duration_.observe(seconds(took));
}

void OperatorMetrics::set_queue_depth(std::size_t health_checks) {
    queue_depth_.set(static_cast<double>(health_checks));
}

void OperatorMetrics::set_running(Purpose purpose, std::size_t workflows) {
    running_.with({workflow_label(purpose)}).set(static_cast<double>(workflows));
}

void OperatorMetrics::set_waiting(std::size_t runs) {
    waiting_.set(static_cast<double>(runs));
}

void OperatorMetrics::watch_restarted(std::string_view resource) {
    watch_restarts_.with({resource}).add();
}

void OperatorMetrics::set_leader(bool leads) {
    leader_.set(leads ? 1 : 0);
}

void OperatorMetrics::set_acting(bool acts) {
    acting_.set(acts ? 1 : 0);
    if (!acts) heartbeat_failures_.set(0);
}

void OperatorMetrics::set_policy_known(bool known) {
    policy_known_.set(known ? 1 : 0);
}

void OperatorMetrics::set_remedies_enabled(bool enabled) {
    remedies_enabled_.set(enabled ? 1 : 0);
}

void OperatorMetrics::heartbeat(bool succeeded) {
    heartbeats_.with({succeeded ? "succeeded" : "failed"}).add();
    heartbeat_failures_.set(succeeded ? 0 : heartbeat_failures_.value() + 1);
}

void OperatorMetrics::update_overdue() {
    auto const now = clock_.wall();
    for (auto& [uid, check] : checks_) {
        overdue_.in(check.own).set(check.next_run ? seconds(now - *check.next_run) : 0);
    }
}

}  // namespace vedette::op
