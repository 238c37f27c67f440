// The world is written to as a controller would, past HTTP: what it costs is the server's, not the operator's.

#include "operator_world.hpp"

#include "base/hash.hpp"
#include "base/time_format.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::bench {
namespace {

namespace json = boost::json;
using kube::fake::Change;
using kube::fake::Snapshot;

constexpr auto picked_up_after = std::chrono::milliseconds(200);
constexpr std::string_view uid_label = "activemonitor.keikoproj.io/healthcheck-uid";
constexpr std::string_view check_text = R"(apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  labels:
    workflows.argoproj.io/controller-instanceid: activemonitor-workflows
spec:
  ttlStrategy:
    secondsAfterCompletion: 60
  entrypoint: start
  templates:
  - name: start
    retryStrategy:
      limit: 3
    container:
      image: ravihari/ctrmemory:v2
      command: ["python"]
      args: ["promanalysis.py", "http://prometheus.system.svc.cluster.local:9090", "health", "memory-demo", "95"]
)";
constexpr std::string_view remedy_text = R"(apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  labels:
    workflows.argoproj.io/controller-instanceid: activemonitor-workflows
spec:
  ttlStrategy:
    secondsAfterCompletion: 60
  entrypoint: start
  templates:
  - name: start
    retryStrategy:
      limit: 1
    container:
      image: ravihari/kubectl:v1
      command: ["kubectl"]
      args: ["rollout", "restart", "deployment/memory-demo", "--namespace", "health"]
)";

kube::Resource workflow_kind() {
    return {.group = "argoproj.io", .version = "v1alpha1", .plural = "workflows", .kind = "Workflow"};
}

kube::Resource health_check_kind() {
    return {
        .group = "activemonitor.keikoproj.io", .version = "v1alpha1", .plural = "healthchecks", .kind = "HealthCheck"};
}

double milliseconds(Duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

// Up to half a second more or less, by its name.
Duration unevenness(json::object const& workflow) {
    auto const word = stable_hash(get_string(workflow, "metadata.name"));
    return std::chrono::milliseconds(static_cast<std::int64_t>(word % 1001) - 500);
}

std::string check_of(json::object const& workflow) {
    auto const* labels = find(workflow, "metadata.labels");
    auto const* object = labels ? labels->if_object() : nullptr;
    auto const* uid = object ? object->if_contains(uid_label) : nullptr;
    return uid && uid->is_string() ? std::string(uid->get_string()) : std::string();
}

// What Argo leaves of the one pod of a Workflow: the operator does not want it, and must not keep it.
json::object nodes_of(json::object const& workflow, std::string_view phase, std::string const& now) {
    auto const name = get_string(workflow, "metadata.name");
    json::object node{{"id", name},
                      {"name", name},
                      {"displayName", name},
                      {"type", "Pod"},
                      {"templateName", "start"},
                      {"templateScope", "local/" + name},
                      {"phase", phase},
                      {"startedAt", now},
                      {"progress", phase == "Succeeded" ? "1/1" : "0/1"},
                      {"hostNodeName", "worker-17.example"},
                      {"resourcesDuration", {{"cpu", 2}, {"memory", 51}}}};
    if (phase == "Succeeded") {
        node["finishedAt"] = now;
        node["outputs"] = {{"exitCode", "0"}};
    }
    return json::object{{name, std::move(node)}};
}

json::array settled_conditions(std::string const& since) {
    auto const condition = [&](char const* type, bool is_true, char const* reason, char const* message) {
        return json::object{{"type", type},
                            {"status", is_true ? "True" : "False"},
                            {"reason", reason},
                            {"message", message},
                            {"lastTransitionTime", since}};
    };
    return {condition("Progressing", false, "Succeeded", ""), condition("Degraded", false, "Succeeded", ""),
            condition("Ready", true, "Scheduled", "the check runs as scheduled")};
}

}  // namespace

json::object Samples::report() {
    auto sorted = std::exchange(values, {});
    std::sort(sorted.begin(), sorted.end());
    if (sorted.empty()) return {{"count", 0}};
    auto const at = [&](double share) {
        return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
    };
    return {{"count", sorted.size()}, {"p50", at(0.5)}, {"p99", at(0.99)}, {"max", sorted.back()}};
}

World::World(kube::fake::ApiServer& server, Clock& clock, WorldOptions options)
    : server_(server), clock_(clock), options_(options) {
    server_.add_kind({.resource = health_check_kind(), .singular = "healthcheck", .short_names = {"hc"}});
    server_.add_kind({.resource = workflow_kind(), .singular = "workflow", .status_subresource = false});
    server_.on_change([this](Change const& change) { heard(change); });
}

// --- furnishing ---------------------------------------------------------------------------------------------------

json::object World::health_check(int number) const {
    auto const place = fmt::format("team-{:02}", number % options_.namespaces);
    auto const name = fmt::format("check-{:05}", number);
    auto const workflow = [&](std::string_view prefix, std::string_view account, std::string_view text) {
        return json::object{{"generateName", fmt::format("{}{}-", prefix, name)},
                            {"workflowtimeout", 30},
                            {"resource",
                             {{"namespace", place},
                              {"serviceAccount", fmt::format("{}-{:02}", account, number % options_.namespaces)},
                              {"source", {{"inline", text}}}}}};
    };
    json::object spec{{"repeatAfterSec", options_.period.count()},
                      {"level", "namespace"},
                      {"description", "memory of the demo service stays below its limit"},
                      {"workflow", workflow("", "checks", check_text)}};
    if (options_.remedies) {
        spec["remedyworkflow"] = workflow("remedy-", "remedies", remedy_text);
        spec["remedyRunsLimit"] = 3;
        spec["remedyResetInterval"] = 3600;
        spec["remedyBreaker"] = true;
    }
    return {{"apiVersion", health_check_kind().api_version()},
            {"kind", "HealthCheck"},
            {"metadata", {{"name", name}, {"namespace", place}}},
            {"spec", std::move(spec)}};
}

// The Workflow of the last run, which the sweeper deletes when its time has come.
json::object World::past_workflow(json::object const& check, WallTime ended) const {
    auto const ns = get_string(check, "metadata.namespace");
    auto const name = get_string(check, "status.lastSuccessfulWorkflow");
    auto const uid = get_string(check, "metadata.uid");
    auto const finished = format_rfc3339(ended);
    json::object workflow{{"apiVersion", workflow_kind().api_version()},
                          {"kind", "Workflow"},
                          {"metadata",
                           {{"name", name},
                            {"namespace", ns},
                            {"creationTimestamp", format_rfc3339(ended - options_.runs)},
                            {"labels",
                             {{"workflows.argoproj.io/controller-instanceid", "activemonitor-workflows"},
                              {"workflows.argoproj.io/completed", "true"},
                              {"workflows.argoproj.io/phase", "Succeeded"},
                              {uid_label, uid}}},
                            {"annotations", {{"vedette.dev/run", "check-100"}, {"vedette.dev/healthcheck-uid", uid}}}}},
                          {"spec", {{"entrypoint", "start"}}}};
    workflow["metadata"].get_object()["ownerReferences"] =
        json::array{json::object{{"apiVersion", health_check_kind().api_version()},
                                 {"kind", "HealthCheck"},
                                 {"name", get_string(check, "metadata.name")},
                                 {"uid", uid},
                                 {"controller", true}}};
    workflow["status"] = {{"phase", "Succeeded"},
                          {"startedAt", format_rfc3339(ended - options_.runs)},
                          {"finishedAt", finished},
                          {"nodes", nodes_of(workflow, "Succeeded", finished)}};
    return workflow;
}

void World::furnish() {
    auto const now = clock_.wall();
    auto const step = Duration(options_.period) / std::max(1, options_.checks);
    for (; numbered_ < options_.checks; ++numbered_) {
        auto const ended = now - step * (numbered_ + 1);
        auto const finished = format_rfc3339(ended);
        auto const next = std::chrono::ceil<std::chrono::seconds>(std::chrono::floor<std::chrono::seconds>(ended) +
                                                                  std::chrono::seconds(1) + options_.period);
        auto check = health_check(numbered_);
        auto const last = fmt::format("check-{:05}-past2", numbered_);
        check["status"] = {{"startedAt", format_rfc3339(ended - options_.runs)},
                           {"finishedAt", finished},
                           {"lastSuccessfulWorkflow", last},
                           {"successCount", 100},
                           {"totalHealthCheckRuns", 100},
                           {"status", "Succeeded"},
                           {"runNumber", 100},
                           {"observedGeneration", 1},
                           {"lastSlot", format_rfc3339(ended - options_.runs)},
                           {"nextRunTime", format_rfc3339(next)},
                           {"conditions", settled_conditions(finished)}};
        auto const stored = server_.put(std::move(check));
        auto const kept = server_.put(past_workflow(stored, ended));
        auto const goes = clock_.now() + options_.keep - Duration(now - ended);
        clock_.call_at(goes, [this, ns = get_string(kept, "metadata.namespace"), last] {
            server_.erase(workflow_kind(), ns, last);
        });
    }
}

void World::add_new(int count) {
    added_at_ = clock_.now();
    awaited_ = static_cast<std::size_t>(count);
    for (int i = 0; i < count; ++i) server_.put(health_check(numbered_++));
}

// --- Argo and the sweeper -----------------------------------------------------------------------------------------

void World::heard(Change const& change) {
    if (change.key.collection == workflow_kind().qualified()) {
        if (!change.before && change.after && !find(*change.after, "status.phase")) begun(change.after);
    } else if (change.key.collection == health_check_kind().qualified()) {
        booked(change);
    }
}

void World::begun(Snapshot const& workflow) {
    auto const uid = check_of(*workflow);
    auto const now = clock_.now();
    ++begun_;
    if (under_way_[uid]++ > 0) ++doubled_;
    auto const before = ended_.find(uid);
    if (before != ended_.end()) {
        auto const due = before->second + options_.period;
        lateness_.values.push_back(milliseconds(now - due));
        silence_ = std::max(silence_, silence(now));
        if (auto const at = due_.find(due); at != due_.end()) due_.erase(at);  // else it is doubled
    } else if (awaited_ > 0 && --awaited_ == 0) {
        all_begun_ms_ = milliseconds(now - added_at_);
    }
    last_begun_ = now;
    clock_.call_at(now + picked_up_after, [this, workflow] { write_phase(workflow, "Running"); });
    auto const ends = now + options_.runs + unevenness(*workflow);
    clock_.call_at(ends, [this, workflow, uid] {
        --under_way_[uid];
        ended_[uid] = clock_.now();
        due_.insert(ended_[uid] + options_.period);
        write_phase(workflow, "Succeeded");
    });
    clock_.call_at(ends + options_.keep, [this, workflow] {
        server_.erase(workflow_kind(), get_string(*workflow, "metadata.namespace"),
                      get_string(*workflow, "metadata.name"));
    });
}

void World::write_phase(Snapshot const& workflow, std::string_view phase) {
    auto object = *workflow;
    bool const ended = phase == "Succeeded";
    auto const now = format_rfc3339(clock_.wall());
    auto& labels = object["metadata"].get_object()["labels"].get_object();
    labels["workflows.argoproj.io/phase"] = phase;
    if (ended) labels["workflows.argoproj.io/completed"] = "true";
    json::object status{
        {"phase", phase},
        {"startedAt", get_string(*workflow, "metadata.creationTimestamp")},
        {"progress", ended ? "1/1" : "0/1"},
        {"nodes", nodes_of(object, phase, now)},
        {"conditions", json::array{json::object{{"type", "PodRunning"}, {"status", ended ? "False" : "True"}}}}};
    if (ended) {
        status["finishedAt"] = now;
        status["resourcesDuration"] = {{"cpu", 2}, {"memory", 51}};
    }
    object["status"] = std::move(status);
    server_.put(std::move(object));
}

void World::booked(Change const& change) {
    if (!change.before || !change.after) return;
    auto const runs = [](Snapshot const& check) { return get_int(*check, "status.totalHealthCheckRuns").value_or(0); };
    if (runs(change.after) <= runs(change.before)) return;
    auto const ended = ended_.find(get_string(*change.after, "metadata.uid"));
    if (ended != ended_.end()) telling_.values.push_back(milliseconds(clock_.now() - ended->second));
}

// For how long one has been due and none was made; less than nothing where none is due.
Duration World::silence(TimePoint now) const {
    return due_.empty() ? Duration::zero() : now - std::max(last_begun_, *due_.begin());
}

json::object World::report() {
    auto const now = clock_.now();
    silence_ = std::max(silence_, silence(now));
    json::object report{{"begun", begun_},
                        {"doubled", doubled_},
                        {"requests", server_.requests()},
                        {"lateness_ms", lateness_.report()},
                        {"telling_ms", telling_.report()},
                        {"due", std::distance(due_.begin(), due_.upper_bound(now))},
                        {"awaited", awaited_},
                        {"all_begun_ms", all_begun_ms_},
                        {"silence_ms", milliseconds(std::exchange(silence_, {}))}};
    begun_ = 0;
    return report;
}

}  // namespace vedette::bench
