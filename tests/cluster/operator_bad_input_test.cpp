// HealthChecks that cannot run, beside one that can: each says why, in its status and in an event, and the good one
// does not notice.

#include "base/json.hpp"
#include "cluster/cluster.hpp"
#include "cluster/health_check.hpp"
#include "cluster/manifest.hpp"
#include "cluster/operator_program.hpp"
#include "cluster/operator_together.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

namespace vedette::cluster {
namespace {

namespace json = boost::json;

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr auto ns = "bad";

std::string json_string(std::string_view text) {
    return json::serialize(json::string(text));
}

std::string inline_of(std::string_view text) {
    return fmt::format("{{inline: {}}}", json_string(text));
}

std::string deep(int levels) {
    return "spec: " + std::string(static_cast<std::size_t>(levels), '[') +
           std::string(static_cast<std::size_t>(levels), ']');
}

struct Bad {
    CheckText text;
    std::string reason;   ///< of the condition Ready and of the event
    std::string message;  ///< part of what the condition says
};

// `pages`: address of the web server with a page that is no Workflow.
std::vector<Bad> bad_ones(std::string const& pages) {
    auto const with_source = [](std::string name, std::string source) {
        return CheckText{.name = std::move(name), .source = std::move(source)};
    };
    auto const with_cron = [](std::string name, std::string cron) {
        return CheckText{.name = std::move(name), .schedule = fmt::format("schedule: {{cron: \"{}\"}}", cron)};
    };
    auto const url = [&](std::string_view path) {
        return fmt::format("{{url: {{path: \"http://{}{}\"}}}}", pages, path);
    };
    return {
        {with_source("blank", inline_of("  \n ")), "SourceEmpty", "holds no Workflow"},
        {with_source("comment", inline_of("# nothing here\n")), "WorkflowInvalid", "empty"},
        {with_source("no-yaml", inline_of("spec: {a: [}")), "WorkflowInvalid", "workflow:1:"},
        {with_source("huge", inline_of("spec: {a: " + std::string((1 << 20) + 1, 'x') + "}")), "WorkflowInvalid",
         "bytes"},
        {with_source("deep", inline_of(deep(1000))), "WorkflowInvalid", "workflow:1:"},
        {with_source("list", inline_of("spec: [1, 2]")), "WorkflowInvalid", "spec is"},
        {with_source("nothing", "{}"), "SourceMissing", "names no Workflow"},
        {with_source("page", url("/page.html")), "SourceFailed", "HTML"},
        {with_source("absent", url("/no-such-page")), "SourceFailed", "404"},
        {with_source("again", url("/cgi-bin/again")), "SourceFailed", "redirect"},
        {with_source("silent", url("/cgi-bin/silent")), "SourceFailed", "deadline"},
        {with_source("broken", url("/cgi-bin/broken")), "SourceFailed", "500"},
        {with_source("endless", url("/cgi-bin/endless")), "SourceFailed", "bytes"},
        {with_source("closed", fmt::format("{{url: {{path: \"http://{}:1/\"}}}}", variable("NODE_IP"))), "SourceFailed",
         "refused"},
        {with_source("metadata", "{url: {path: \"http://169.254.169.254/latest\"}}"), "SourceInvalid",
         "169.254.169.254"},
        {with_source("no-map", "{configMap: {name: missing, key: text}}"), "SourceFailed", "missing"},
        {{.name = "level", .level = "Cluster"}, "LevelInvalid", "Cluster"},
        {with_cron("february", "0 0 30 2 *"), "ScheduleInvalid", "spec.schedule.cron"},
        {with_cron("six-fields", "0 0 * * * *"), "ScheduleInvalid", "spec.schedule.cron"},
        {with_cron("no-zone", "TZ=Mars/Olympus 0 0 * * *"), "ScheduleInvalid", "Mars/Olympus"},
        {{.name = "no-right", .rules = "[{apiGroups: [\"\"], resources: [secrets], verbs: [get]}]"},
         "RBACNotGranted",
         "secrets"},
        {{.name = "doomed", .target = "dying"}, "RBACTerminating", "being terminated"},
        {{.name = "nowhere", .target = "no-such-namespace"}, "RBACNamespaceMissing", "no-such-namespace"},
    };
}

// A page that is no Workflow, and answers that lead nowhere. busybox' httpd passes an answer of its own on as it is.
std::string web_server() {
    std::string script =
        "mkdir -p /www/cgi-bin; cd /www; echo \"<!DOCTYPE html><html></html>\" >page.html; cd cgi-bin; ";
    for (auto const* each : {
             "again: printf \"HTTP/1.0 302 Found\\r\\nLocation: /cgi-bin/again\\r\\n\\r\\n\"",
             "broken: printf \"HTTP/1.0 500 Broken\\r\\n\\r\\n\"",
             "endless: printf \"HTTP/1.0 200 OK\\r\\n\\r\\n\"; exec yes",
             "silent: exec sleep 600",
         }) {
        std::string_view const line(each);
        auto const colon = line.find(':');
        script += fmt::format("(echo \"#!/bin/sh\"; echo '{}') >{}; ", line.substr(colon + 2), line.substr(0, colon));
    }
    return pod("web", script + "chmod +x *; exec httpd -f -p 80 -h /www");
}

// Two that kubectl's own checks would not let us write as the others.
std::string odd_ones() {
    return fmt::format(R"(---
apiVersion: activemonitor.keikoproj.io/v1alpha1
kind: HealthCheck
metadata: {{name: no-resource, namespace: {0}}}
spec: {{repeatAfterSec: 60, level: cluster, workflow: {{generateName: x-}}}}
---
apiVersion: activemonitor.keikoproj.io/v1alpha1
kind: HealthCheck
metadata: {{name: no-name, namespace: {0}}}
spec:
  repeatAfterSec: 60
  level: namespace
  workflow: {{generateName: "", resource: {{namespace: {0}, serviceAccount: no-name, source: {{inline: "spec: {{}}"}}}}}}
)",
                       ns);
}

// Whatever holds a finalizer keeps its namespace from going.
void make_namespace_that_is_being_deleted(std::string const& name) {
    kubectl(fmt::format("create namespace {} >/dev/null", name));
    kubectl(fmt::format("-n {} create configmap anchor >/dev/null", name));
    kubectl(
        fmt::format("-n {} patch configmap anchor --type merge -p "
                    "'{{\"metadata\":{{\"finalizers\":[\"vedette.dev/test\"]}}}}' >/dev/null",
                    name));
    kubectl(fmt::format("delete namespace {} --wait=false >/dev/null", name));
}

// Names of 253 characters, and of 63.
std::string long_name() {
    std::string name(253, 'n');
    for (std::size_t at = 62; at < name.size(); at += 63) name[at] = '.';
    return name;
}
std::string label_name() {
    return std::string(63, 'l');
}

std::vector<Bad>& bad() {
    static std::vector<Bad> all;
    return all;
}

class OperatorBadInput : public testing::Test {
protected:
    static void SetUpTestSuite() { common_operator(); }
    static void TearDownTestSuite() {
        kubectl("-n dying patch configmap anchor --type merge -p '{\"metadata\":{\"finalizers\":null}}' >/dev/null");
        kubectl(fmt::format("-n {} delete healthchecks --all --wait=false >/dev/null", ns));
        end_common_operator();
        kubectl(fmt::format("delete namespace {} not-yet --wait=false --ignore-not-found >/dev/null", ns));
    }
};

bool says_so(json::object const& check, Bad const& bad) {
    return truth_of(check, "Ready") == "False" && reason_of(check, "Ready") == bad.reason &&
           message_of_condition(check, "Ready").find(bad.message) != std::string::npos;
}

TEST_F(OperatorBadInput, AStatusOfGarbageIsEndured) {
    Check const garbled(ns, "garbled");
    kubectl("create -f - >/dev/null", health_check(ns, {.name = "garbled", .script = "sleep 60", .timeout = 60}));
    std::string workflow;
    ASSERT_TRUE(eventually([&] {
        workflow = garbled.text("status.currentWorkflow.name");
        return !workflow.empty();
    }));
    kubectl(
        fmt::format("-n {} patch workflow {} --type merge -p '{{\"status\":{{\"phase\":[1],\"message\":{{}},"
                    "\"outputs\":7,\"startedAt\":\"yesterday\"}}}}' >/dev/null",
                    ns, workflow));
    garbled.expect_booked(1);  // Argo may mend it; the time-out does in any case
}

TEST_F(OperatorBadInput, LongNamesAreCut) {
    for (auto const& name : {long_name(), label_name()}) {
        Check const check(ns, name);
        check.expect("it succeeded",
                     [](json::object const& object) { return get_string(object, "status.status") == "Succeeded"; });
        EXPECT_LE(check.runs().at(0).name.size(), 63U);
    }
}

TEST_F(OperatorBadInput, EachSaysWhyInItsStatusAndInAnEventAndRunsNothing) {
    auto const path = fmt::format("/apis/activemonitor.keikoproj.io/v1alpha1/namespaces/{}/healthchecks", ns);
    std::map<std::string, json::object> seen;
    eventually([&] {
        for (auto const& each : items(path)) seen[get_string(each, "metadata.name")] = each.as_object();
        return std::all_of(bad().begin(), bad().end(),
                           [&](Bad const& each) { return says_so(seen[each.text.name], each); });
    });
    std::set<std::pair<std::string, std::string>> told;  // a moment after the status
    eventually([&] {
        for (auto const& each : items(fmt::format("/api/v1/namespaces/{}/events", ns))) {
            told.emplace(get_string(each, "involvedObject.name"), get_string(each, "reason"));
        }
        return std::ranges::all_of(bad(),
                                   [&](Bad const& each) { return told.contains({each.text.name, each.reason}); });
    });
    auto const workflows = kubectl(fmt::format("-n {} get workflows -o name", ns));
    for (auto const& each : bad()) {
        auto const& name = each.text.name;
        SCOPED_TRACE(name);
        EXPECT_TRUE(says_so(seen[name], each)) << each.reason << ": " << each.message << "\n"
                                               << to_pretty_json(seen[name]);
        EXPECT_TRUE(told.contains({name, each.reason})) << "no event says so";
        EXPECT_THAT(workflows, Not(HasSubstr("/" + name + "-")));
    }
}

TEST_F(OperatorBadInput, TheGoodOneBesideThemGoesOn) {
    Check const good(ns, "good");
    auto const object = good.expect_booked(good.count("status.totalHealthCheckRuns") + 1);
    EXPECT_EQ(get_int(object, "status.failedCount").value_or(0), 0);
    expect_status_equals_the_workflows(good);
}

TEST_F(OperatorBadInput, WhatIsTakenFromALiveOneIsMissedUntilItIsBack) {
    Check const good(ns, "good");
    good.patch(R"({"workflow":{"resource":null}})");
    good.expect("it says what it lacks",
                [](json::object const& each) { return reason_of(each, "Ready") == "ResourceMissing"; });
    good.patch(
        fmt::format(R"({{"remedyRunsLimit":-1,"remedyResetInterval":60,"workflow":{{"resource":{{"namespace":"{}",
                             "serviceAccount":"good","source":{{"inline":{}}}}}}}}})",
                    ns, json_string(workflow_of("true"))));
    good.expect_booked(good.count("status.totalHealthCheckRuns") + 1);
}

TEST_F(OperatorBadInput, WhatWasMissingIsMadeAndNobodyTouchesTheCheck) {
    Check const check(ns, "too-early");
    kubectl("create -f - >/dev/null", health_check(ns, {.name = "too-early", .target = "not-yet"}));
    check.expect("it says what it lacks",
                 [](json::object const& each) { return reason_of(each, "Ready") == "RBACNamespaceMissing"; });
    kubectl("create namespace not-yet >/dev/null");
    check.expect_booked(1);
}

}  // namespace

void begin_bad_input() {
    create_namespace(ns);
    kubectl(fmt::format("-n {} apply -f - >/dev/null", ns), web_server());
    make_namespace_that_is_being_deleted("dying");
    kubectl(fmt::format("-n {} wait pod/web --for=condition=Ready --timeout=180s >/dev/null", ns));
    bad() = bad_ones(kubectl(fmt::format("-n {} get pod web -o jsonpath='{{.status.podIP}}'", ns)));
    auto all = odd_ones();
    for (auto const& each : bad()) all += health_check(ns, each.text);
    all += health_check(ns, {.name = "good", .schedule = "repeatAfterSec: 5"});
    all += health_check(ns, {.name = long_name(), .account = "long"});
    all += health_check(ns, {.name = label_name(), .account = "label"});
    kubectl("create -f - >/dev/null", all);
    bad().push_back({{.name = "no-resource"}, "ResourceMissing", "resource"});
    bad().push_back({{.name = "no-name"}, "GenerateNameInvalid", "generateName"});
}

}  // namespace vedette::cluster
