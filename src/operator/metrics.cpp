// Per-check series begin with the labels that name the check, so that its removal is a range in each family. The two
// histograms have no label for the check: at 10,000 checks their buckets would be most of the scrape.

#include "operator/metrics.hpp"

#include "base/ensure.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::op {
namespace {

using metrics::Counter;
using metrics::Gauge;
using metrics::Histogram;
using Labels = std::vector<std::string>;

constexpr std::size_t metric_name_limit = 500;
constexpr std::size_t help_limit = 1000;

Labels const of_check{"healthcheck_namespace", "healthcheck_name"};

Labels of_check_and(std::string label) {
    auto labels = of_check;
    labels.push_back(std::move(label));
    return labels;
}

Labels kept(OperatorMetricsOptions const& options) {
    return options.namespace_label ? of_check_and("workflow") : Labels{"healthcheck_name", "workflow"};
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
      successes_(registry.declare<Counter>(
          {"healthcheck_success_count", "Runs that succeeded, since the operator started.", kept(options)})),
      errors_(registry.declare<Counter>(
          {"healthcheck_error_count", "Runs that failed, since the operator started.", kept(options)})),
      runtime_(registry.declare<Gauge>(
          {"healthcheck_runtime_seconds", "How long the last run that succeeded took.", kept(options)})),
      start_time_(registry.declare<Gauge>(
          {"healthcheck_starttime", "When the last run started, in Unix seconds.", kept(options)})),
      finished_time_(registry.declare<Gauge>(
          {"healthcheck_finishedtime", "When the last run ended, in Unix seconds.", kept(options)})),
      runs_(registry.declare<Counter>({"healthcheck_runs_total",
                                       "Runs booked, by result.",
                                       {"healthcheck_namespace", "healthcheck_name", "workflow", "result"}})),
      results_lost_(registry.declare<Counter>(
          {"healthcheck_results_lost_total", "Runs whose Workflow was gone before its end was seen.", of_check})),
      last_result_(registry.declare<Gauge>(
          {"healthcheck_last_result", "1 if the last run succeeded, 0 if it failed.", of_check_and("workflow")})),
      last_success_(registry.declare<Gauge>({"healthcheck_last_success_timestamp_seconds",
                                             "When the last run that succeeded ended, in Unix seconds.",
                                             of_check_and("workflow")})),
      next_run_(registry.declare<Gauge>(
          {"healthcheck_next_run_timestamp_seconds", "When the next run is to begin, in Unix seconds.", of_check})),
      overdue_(registry.declare<Gauge>(
          {"healthcheck_overdue_seconds", "For how long the next run should have begun by now.", of_check})),
      ready_(registry.declare<Gauge>(
          {"healthcheck_ready", "1 if the check runs as scheduled, 0 if it cannot.", of_check})),
      remedies_started_(registry.declare<Counter>({"healthcheck_remedy_started_total", "Remedies started.", of_check})),
      remedies_refused_(registry.declare<Counter>(
          {"healthcheck_remedy_refused_total", "Failures that got no remedy, by reason.", of_check_and("reason")})),
      remedies_verified_(
          registry.declare<Counter>({"healthcheck_remedy_verified_total",
                                     "Remedies by whether the check succeeded after them.", of_check_and("helped")})),
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
      heartbeats_(registry.declare<Counter>(
          {"vedette_operator_heartbeats_total", "Requests to --heartbeat-url, by result.", {"result"}})),
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

metrics::LabelValues OperatorMetrics::kept_labels(Known const& check) const {
    if (options_.namespace_label) return {check.ns, check.name};
    return {check.name};
}

void OperatorMetrics::added(HealthCheck const& check) {
    auto const [place, is_new] = checks_.try_emplace(check.uid, Known{check.ns, check.name});
    auto& known = place->second;
    if (is_new) {
        namesakes_[known.name].push_back(&known);
        ++namespaces_[known.ns];
        known.overdue = &overdue_.with({known.ns, known.name});
        known_checks_.set(static_cast<double>(checks_.size()));
    }
    auto const begin = [&](Purpose purpose) {
        auto labels = kept_labels(known);
        labels.push_back(workflow_label(purpose));
        successes_.with(labels);
        errors_.with(labels);
        for (auto const result : {"succeeded", "failed"}) {
            runs_.with({known.ns, known.name, workflow_label(purpose), result});
        }
    };
    begin(Purpose::check);
    if (!check.spec.remedy.empty()) begin(Purpose::remedy);
    if (!is_new) return;
    auto const& status = check.status;
    bool const succeeded = status.status == "Succeeded";
    metrics::LabelValues const labels{known.ns, known.name, workflow_label(Purpose::check)};
    if (succeeded || status.status == "Failed") last_result_.with(labels).set(succeeded ? 1 : 0);
    if (succeeded && status.finished_at) last_success_.with(labels).set(unix_seconds(*status.finished_at));
}

void OperatorMetrics::removed(HealthCheck const& check) {
    auto const found = checks_.find(check.uid);
    if (found == checks_.end()) return;
    auto& gone = found->second;
    auto& namesakes = namesakes_[gone.name];
    std::erase(namesakes, &gone);
    remove_series(gone);
    if (namesakes.empty()) namesakes_.erase(gone.name);
    if (auto const ns = namespaces_.find(gone.ns); --ns->second == 0) {
        lateness_.remove_starting({gone.ns});
        duration_.remove_starting({gone.ns});
        namespaces_.erase(ns);
    }
    checks_.erase(found);
    known_checks_.set(static_cast<double>(checks_.size()));
}

// Whether another HealthCheck still owns the series of `gone`: of a custom metric, or, by the empty name, of the five.
bool OperatorMetrics::shared(Known const& gone, std::string const& metric) const {
    return std::ranges::any_of(namesakes_.at(gone.name), [&](Known const* other) {
        return (!options_.namespace_label || other->ns == gone.ns) &&
               (metric.empty() || other->custom.contains(metric));
    });
}

void OperatorMetrics::remove_series(Known const& gone) {
    auto const kept = kept_labels(gone);
    if (!shared(gone, {})) {
        for (auto* const family : {&successes_, &errors_}) family->remove_starting(kept);
        for (auto* const family : {&runtime_, &start_time_, &finished_time_}) family->remove_starting(kept);
    }
    for (auto const& name : gone.custom) {
        auto& family =
            **registry_.try_declare<Gauge>({name, "", options_.namespace_label ? of_check : Labels{of_check[1]}});
        if (!shared(gone, name)) family.remove(kept);
        if (family.size() > 0) continue;
        registry_.forget(name);
        custom_families_.erase(name);
    }
    // While an old object of the same namespace and name goes, its successor may be there already.
    auto const successor = [&](Known const* other) { return other->ns == gone.ns; };
    if (std::ranges::any_of(namesakes_.at(gone.name), successor)) return;
    metrics::LabelValues const own{gone.ns, gone.name};
    for (auto* const family : {&runs_, &results_lost_, &remedies_started_, &remedies_refused_, &remedies_verified_}) {
        family->remove_starting(own);
    }
    for (auto* const family : {&last_result_, &last_success_, &next_run_, &overdue_, &ready_})
        family->remove_starting(own);
}

void OperatorMetrics::set_ready(HealthCheck const& check, std::optional<bool> ready) {
    auto const* const it = known(check);
    if (!it) return;
    if (ready) {
        ready_.with({it->ns, it->name}).set(*ready ? 1 : 0);
    } else {
        ready_.remove({it->ns, it->name});
    }
}

void OperatorMetrics::set_next_run(HealthCheck const& check, std::optional<WallTime> next) {
    auto* const it = known(check);
    if (!it) return;
    it->next_run = next;
    if (next) {
        next_run_.with({it->ns, it->name}).set(unix_seconds(*next));
    } else {
        next_run_.remove({it->ns, it->name});
    }
}

void OperatorMetrics::started(HealthCheck const& check, Purpose purpose, Duration lateness) {
    auto const* const it = known(check);
    if (!it) return;
    lateness_.with({it->ns, workflow_label(purpose)}).observe(seconds(lateness));
    if (purpose == Purpose::remedy) remedies_started_.with({it->ns, it->name}).add();
}

std::vector<std::string> OperatorMetrics::booked(HealthCheck const& check, Purpose purpose, RunResult const& result,
                                                 std::vector<CustomMetric> const& custom) {
    auto* const it = known(check);
    if (!it) return {};
    auto const workflow = workflow_label(purpose);
    auto const took = seconds(result.finished - result.started);
    auto kept = kept_labels(*it);
    kept.push_back(workflow);
    auto& successes = successes_.with(kept);
    auto& errors = errors_.with(kept);
    (result.succeeded ? successes : errors).add();
    if (result.succeeded) runtime_.with(kept).set(took);
    start_time_.with(kept).set(unix_seconds(result.started));
    finished_time_.with(kept).set(unix_seconds(result.finished));

    runs_.with({it->ns, it->name, workflow, result.succeeded ? "succeeded" : "failed"}).add();
    last_result_.with({it->ns, it->name, workflow}).set(result.succeeded ? 1 : 0);
    if (result.succeeded) last_success_.with({it->ns, it->name, workflow}).set(unix_seconds(result.finished));
    duration_.with({it->ns, workflow}).observe(took);

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
    if (!check.custom.contains(metric.name) && check.custom.size() >= custom_metrics_limit) {
        return fmt::format("custom metric {}: a HealthCheck may have {} of them", metric.name, custom_metrics_limit);
    }
    if (registry_.find(metric.name) && !custom_families_.contains(metric.name)) {
        return fmt::format("custom metric {}: the operator itself has a metric of that name", metric.name);
    }
    auto const labels = options_.namespace_label ? of_check : Labels{of_check[1]};
    auto declared = registry_.try_declare<Gauge>({metric.name, metric.help.substr(0, help_limit), labels});
    if (!declared) return fmt::format("custom metric {}: {}", metric.name, declared.error().text());
    custom_families_.insert(metric.name);
    check.custom.insert(metric.name);
    (*declared)->with(kept_labels(check)).set(metric.value);
    return std::nullopt;
}

void OperatorMetrics::result_lost(HealthCheck const& check) {
    if (auto const* const it = known(check)) results_lost_.with({it->ns, it->name}).add();
}

void OperatorMetrics::remedy_refused(HealthCheck const& check, std::string_view reason) {
    if (auto const* const it = known(check)) remedies_refused_.with({it->ns, it->name, reason}).add();
}

void OperatorMetrics::remedy_verified(HealthCheck const& check, bool helped) {
    auto const* const it = known(check);
    if (it) remedies_verified_.with({it->ns, it->name, helped ? "true" : "false"}).add();
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
}

void OperatorMetrics::set_policy_known(bool known) {
    policy_known_.set(known ? 1 : 0);
}

void OperatorMetrics::heartbeat(bool succeeded) {
    heartbeats_.with({succeeded ? "succeeded" : "failed"}).add();
}

void OperatorMetrics::update_overdue() {
    auto const now = clock_.wall();
    for (auto& [uid, check] : checks_) check.overdue->set(check.next_run ? seconds(now - *check.next_run) : 0);
}

}  // namespace vedette::op
