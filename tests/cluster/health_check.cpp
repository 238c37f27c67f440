#include "cluster/health_check.hpp"

#include "base/json.hpp"
#include "base/time_format.hpp"
#include "cluster/cluster.hpp"
#include "cluster/operator_program.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace vedette::cluster {
namespace {

namespace json = boost::json;

constexpr auto checks_api = "/apis/activemonitor.keikoproj.io/v1alpha1";
constexpr auto workflows_api = "/apis/argoproj.io/v1alpha1";
constexpr auto uid_label = "activemonitor.keikoproj.io/healthcheck-uid";
constexpr auto run_annotation = "vedette.dev/run";

std::string indented(std::string_view text, int spaces) {
    std::string out;
    while (!text.empty()) {
        auto const line = text.substr(0, text.find('\n'));
        out += std::string(static_cast<std::size_t>(spaces), ' ').append(line) + "\n";
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    return out;
}

std::string workflow_section(std::string_view key, std::string_view name, std::string_view target,
                             std::string_view account, std::string_view source, std::string_view rules, int timeout) {
    return fmt::format(R"(  {}:
    generateName: {}-
    workflowtimeout: {}
{}    resource:
      namespace: {}
      serviceAccount: {}
      source:{}
)",
                       key, name, timeout, rules.empty() ? "" : fmt::format("    rbacRules: {}\n", rules), target,
                       account, source);
}

std::string inline_source(std::string_view script) {
    return "\n        inline: |\n" + indented(workflow_of(script), 10);
}

std::string annotation(json::object const& object, std::string_view key) {
    auto const* all = find(object, "metadata.annotations");
    auto const* value = all && all->is_object() ? all->get_object().if_contains(key) : nullptr;
    return value && value->is_string() ? std::string(value->get_string()) : "";
}

json::value status_of(json::object const& check) {
    auto const* status = find(check, "status");
    return status ? *status : json::value();
}

json::object const* condition_of(json::object const& check, std::string_view type) {
    auto const* all = find(check, "status.conditions");
    if (!all || !all->is_array()) return nullptr;
    for (auto const& each : all->get_array()) {
        if (get_string(each, "type") == type) return &each.get_object();
    }
    return nullptr;
}

std::string field_of_condition(json::object const& check, std::string_view type, std::string_view field) {
    auto const* condition = condition_of(check, type);
    return condition ? get_string(*condition, field) : "";
}

}  // namespace

json::object get(std::string const& path) {
    File const errors("");
    Output output;
    // A server that does not answer is no server that says: there is none.
    EXPECT_TRUE(eventually([&] {
        output = run(fmt::format("kubectl get --request-timeout=30s --raw '{}' 2>{}", path, errors.path()));
        return output.code == 0 || run("grep -q '(NotFound)' " + errors.path()).code == 0;
    })) << path
        << "\n"
        << run("cat " + errors.path()).text;
    if (output.code != 0) return {};
    auto document = parse_json(output.text, path);
    return document && document->is_object() ? std::move(document->get_object()) : json::object();
}

json::array items(std::string const& path) {
    auto const list = get(path);
    auto const* found = list.if_contains("items");
    return found && found->is_array() ? found->get_array() : json::array();
}

std::string workflow_of(std::string_view script) {
    return fmt::format(R"(spec:
  entrypoint: main
  templates:
  - name: main
    container:
      image: {}
      imagePullPolicy: Never
      command: [sh, -c]
      args: ['{}']
)",
                       busybox(), script);
}

std::string health_check(std::string_view ns, CheckText const& text) {
    auto const target = text.target.empty() ? std::string(ns) : text.target;
    auto yaml = fmt::format(R"(---
apiVersion: activemonitor.keikoproj.io/v1alpha1
kind: HealthCheck
metadata: {{name: {}, namespace: {}}}
spec:
  {}
  level: {}
)",
                            text.name, ns, text.schedule, text.level);
    yaml += indented(text.more, 2);
    yaml += workflow_section("workflow", text.name, target, text.account.empty() ? text.name : text.account,
                             text.source.empty() ? inline_source(text.script) : " " + text.source, text.rules,
                             text.timeout);
    if (!text.remedy.empty()) {
        yaml += workflow_section("remedyworkflow", text.name + "-remedy", target, text.remedy_account,
                                 inline_source(text.remedy), "", text.timeout);
    }
    return yaml;
}

json::object Check::object() const {
    return get(fmt::format("{}/namespaces/{}/healthchecks/{}", checks_api, ns_, name_));
}

std::string Check::text(std::string_view path) const {
    return get_string(object(), path);
}

std::int64_t Check::count(std::string_view path) const {
    return get_int(object(), path).value_or(0);
}

std::vector<WorkflowRun> Check::runs() const {
    std::vector<WorkflowRun> found;
    auto const uid = text("metadata.uid");
    // In every namespace: a Workflow need not be where its HealthCheck is.
    for (auto const& item : items(fmt::format("{}/workflows?labelSelector={}%3D{}", workflows_api, uid_label, uid))) {
        auto const& object = item.as_object();
        found.push_back({.id = annotation(object, run_annotation),
                         .name = get_string(object, "metadata.name"),
                         .phase = get_string(object, "status.phase"),
                         .created = get_string(object, "metadata.creationTimestamp"),
                         .finished = get_string(object, "status.finishedAt"),
                         .object = object});
    }
    std::sort(found.begin(), found.end(), [](WorkflowRun const& a, WorkflowRun const& b) {
        return std::pair(a.created, a.name) < std::pair(b.created, b.name);
    });
    return found;
}

std::vector<WorkflowRun> Check::remedies() const {
    auto all = runs();
    std::erase_if(all, [](WorkflowRun const& each) { return each.of_check(); });
    return all;
}

std::vector<std::string> Check::events() const {
    std::vector<std::string> reasons;
    for (auto const& item : items(fmt::format("/api/v1/namespaces/{}/events", ns_))) {
        bool const about = get_string(item, "involvedObject.kind") == "HealthCheck" &&
                           get_string(item, "involvedObject.name") == name_;
        if (about) reasons.push_back(get_string(item, "reason"));
    }
    return reasons;
}

void Check::patch(std::string_view spec_json) const {
    File const file(fmt::format("{{\"spec\":{}}}", spec_json));
    kubectl(fmt::format("-n {} patch healthcheck {} --type merge --patch-file {} >/dev/null", ns_, name_, file.path()));
}

void Check::remove() const {
    kubectl(fmt::format("-n {} delete healthcheck {} --wait=false --ignore-not-found >/dev/null", ns_, name_));
}

void wait_for_resource() {
    auto const established =
        "kubectl wait --for=condition=Established --timeout=30s crd/healthchecks.activemonitor.keikoproj.io "
        ">/dev/null 2>&1";
    EXPECT_TRUE(eventually([&] { return run(established).code == 0; }));
}

void Check::let_go() const {
    auto const all = runs();
    ASSERT_FALSE(all.empty()) << ns_ << "/" << name_ << " has no run";
    cluster::let_go(get_string(all.back().object, "metadata.namespace"), all.back().name);
}

void let_go(std::string const& ns, std::string const& workflow) {
    auto const pods = fmt::format("-n {} get pod -l workflows.argoproj.io/workflow={} -o ", ns, workflow);
    auto const has_ended = [&] {
        auto const end_of_script = try_kubectl(
            pods + R"(jsonpath='{.items[*].status.containerStatuses[?(@.name=="main")].state.terminated}')");
        if (!end_of_script.value_or("").empty()) return true;
        auto const object = get(fmt::format("{}/namespaces/{}/workflows/{}", workflows_api, ns, workflow));
        return WorkflowRun{.phase = get_string(object, "status.phase")}.ended();
    };
    // The answer of what has ended the script may be lost, and then there is nothing to be asked again.
    EXPECT_TRUE(eventually([&] {
        return run(fmt::format("kubectl -n {} exec $(kubectl {}name) -c main -- touch /tmp/go 2>/dev/null", ns, pods))
                       .code == 0 ||
               has_ended();
    })) << ns
        << "/" << workflow << " cannot be let go";
}

json::object Check::expect(std::string_view what, std::function<bool(json::object const&)> const& holds) const {
    json::object seen;
    bool held = false;
    std::string crash;
    eventually([&] {
        seen = object();
        held = !seen.empty() && holds(seen);
        crash = log_of_a_crash();
        return held || !crash.empty();
    });
    if (held) return seen;
    std::string told;
    for (auto const& each : runs())
        told += fmt::format("\n  {} {} {} {}", each.id, each.name, each.phase, each.created);
    ADD_FAILURE() << ns_ << "/" << name_ << " never came to this: " << what << "\n"
                  << to_pretty_json(status_of(seen)) << "\nevents: " << fmt::format("{}", fmt::join(events(), ", "))
                  << "\nWorkflows:" << told << (crash.empty() ? "" : "\nthe operator has ended: ") << crash;
    return seen;
}

json::object Check::expect_booked(std::int64_t runs) const {
    return expect(fmt::format("{} runs booked", runs), [&](json::object const& check) {
        return get_int(check, "status.totalHealthCheckRuns").value_or(0) >= runs;
    });
}

std::string reason_of(json::object const& check, std::string_view condition) {
    return field_of_condition(check, condition, "reason");
}

std::string message_of_condition(json::object const& check, std::string_view condition) {
    return field_of_condition(check, condition, "message");
}

std::string truth_of(json::object const& check, std::string_view condition) {
    return field_of_condition(check, condition, "status");
}

namespace {

std::int64_t number_of(WorkflowRun const& run_of_check) {
    return std::stoll(run_of_check.id.substr(std::string_view("check-").size()));
}

// Once Argo has ended all that is booked: a run that took too long is booked by the operator's own clock.
std::vector<WorkflowRun> runs_of_what_is_booked(Check const& check, std::int64_t number) {
    std::vector<WorkflowRun> runs;
    eventually([&] {
        runs = check.runs();
        return std::ranges::all_of(runs, [&](WorkflowRun const& each) {
            return !each.of_check() || number_of(each) > number || each.ended();
        });
    });
    return runs;
}

// By that clock Argo's end of a run comes later than the one that is booked.
bool timed_out_before(WorkflowRun const& run, std::string const& moment) {
    auto const created = parse_rfc3339(run.created);
    auto const later = parse_rfc3339(moment);
    auto const timeout = get_int(run.object, "spec.activeDeadlineSeconds");
    return created && later && timeout && *created + std::chrono::seconds(*timeout) <= *later;
}

void expect_in_order(WorkflowRun const& run, WorkflowRun const& next) {
    if (timed_out_before(run, next.created)) return;
    EXPECT_FALSE(run.finished.empty()) << next.id << " began before " << run.id << " had ended";
    EXPECT_LE(run.finished, next.created) << next.id << " began before " << run.id << " had ended";
}

}  // namespace

void expect_status_equals_the_workflows(Check const& check) {
    SCOPED_TRACE(check.ns() + "/" + check.name());
    auto const before = check.object();
    auto const number = get_int(before, "status.runNumber").value_or(0);
    std::map<std::string, WorkflowRun> by_id;
    std::int64_t succeeded = 0;
    std::int64_t failed = 0;
    WorkflowRun const* previous = nullptr;
    for (auto const& each : runs_of_what_is_booked(check, number)) {
        auto const [at, first] = by_id.emplace(each.id, each);
        EXPECT_TRUE(first) << each.id << " was run twice: " << at->second.name << " and " << each.name;
        if (!first || !each.of_check()) continue;
        if (previous) expect_in_order(*previous, each);
        previous = &at->second;
        if (number_of(each) > number) continue;
        EXPECT_TRUE(each.ended()) << each.id << " is booked and runs still";
        ++(each.phase == "Succeeded" ? succeeded : failed);
    }
    EXPECT_EQ(get_int(before, "status.successCount").value_or(0), succeeded);
    EXPECT_EQ(get_int(before, "status.failedCount").value_or(0), failed);
    EXPECT_EQ(get_int(before, "status.totalHealthCheckRuns").value_or(0), number);
    EXPECT_EQ(succeeded + failed, number) << "a run that was booked has no Workflow, or the other way round";
}

}  // namespace vedette::cluster
