// HealthChecks that cannot run, beside one that can: each says why, in its status and in an event, and the good one
// does not notice.

#include "base/json.hpp"
#include "cluster/cluster.hpp"
#include "cluster/health_check.hpp"
#include "cluster/manifest.hpp"
#include "cluster/operator_program.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

namespace vedette::cluster {
namespace {

namespace json = boost::json;

using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;

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
        {with_source("broken", url("/cgi-bin/broken")), "SourceFailed", "500"},
        {with_source("endless", url("/cgi-bin/endless")), "SourceFailed", "bytes"},
        {with_source("closed", fmt::format("{{url: {{path: \"http://{}:1/\"}}}}", variable("NODE_IP"))), "SourceFailed",
         "refused"},
        {with_source("metadata", "{url: {path: \"http://169.254.169.254/latest\"}}"), "SourceFailed",
         "169.254.169.254"},
        {with_source("no-map", "{configMap: {name: missing, key: text}}"), "SourceFailed", "missing"},
        {{.name = "level", .level = "Cluster"}, "LevelInvalid", "Cluster"},
        {with_cron("february", "0 0 30 2 *"), "ScheduleInvalid", "spec.schedule.cron"},
        {with_cron("six-fields", "0 0 * * * *"), "ScheduleInvalid", "spec.schedule.cron"},
        {with_cron("no-zone", "TZ=Mars/Olympus 0 0 * * *"), "ScheduleInvalid", "Mars/Olympus"},
        {{.name = "no-right", .rules = "[{apiGroups: [\"\"], resources: [secrets], verbs: [get]}]"},
         "RBACNotGranted",
         "secrets"},
        {{.name = "doomed", .target = "dying"}, "RBACForbidden", "being terminated"},
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

TEST(OperatorBadInput, EachSaysWhyAndTheGoodOneGoesOn) {
    kubectl(fmt::format("create namespace {} >/dev/null", ns));
    kubectl(fmt::format("-n {} apply -f - >/dev/null", ns), web_server());
    kubectl(fmt::format("-n {} wait pod/web --for=condition=Ready --timeout=60s >/dev/null", ns));
    auto const pages = kubectl(fmt::format("-n {} get pod web -o jsonpath='{{.status.podIP}}'", ns));
    Operator const program;
    // Whatever holds a finalizer keeps its namespace from going.
    kubectl("create namespace dying >/dev/null");
    kubectl("-n dying create configmap anchor >/dev/null");
    kubectl(
        "-n dying patch configmap anchor --type merge -p '{\"metadata\":{\"finalizers\":[\"vedette.dev/test\"]}}' "
        ">/dev/null");
    kubectl("delete namespace dying --wait=false >/dev/null");

    Check const good(ns, "good");
    kubectl("create -f - >/dev/null", health_check(ns, {.name = "good", .schedule = "repeatAfterSec: 2"}));
    auto const bad = bad_ones(pages);
    std::string all;
    for (auto const& each : bad) all += health_check(ns, each.text);
    all += health_check(
        ns, {.name = "silent", .source = fmt::format("{{url: {{path: \"http://{}/cgi-bin/silent\"}}}}", pages)});
    // What the API server itself would refuse or fill in, written as text.
    all += fmt::format(
        "---\napiVersion: activemonitor.keikoproj.io/v1alpha1\nkind: HealthCheck\n"
        "metadata: {{name: no-resource, namespace: {}}}\n"
        "spec: {{repeatAfterSec: 60, level: cluster, workflow: {{generateName: x-}}}}\n",
        ns);
    all += fmt::format(
        "---\napiVersion: activemonitor.keikoproj.io/v1alpha1\nkind: HealthCheck\n"
        "metadata: {{name: no-name, namespace: {0}}}\n"
        "spec: {{repeatAfterSec: 60, level: namespace, workflow: {{generateName: \"\", resource: "
        "{{namespace: {0}, serviceAccount: no-name, source: {{inline: \"spec: {{}}\"}}}}}}}}\n",
        ns);
    kubectl("create -f - >/dev/null", all);

    auto const expect_told = [](std::string const& name, std::string const& reason, std::string const& message) {
        SCOPED_TRACE(name);
        Check const check(ns, name);
        auto const object = check.expect(
            "Ready is False because of " + reason,
            [&](json::object const& each) {
                return truth_of(each, "Ready") == "False" && reason_of(each, "Ready") == reason;
            },
            seconds(60));
        EXPECT_THAT(message_of_condition(object, "Ready"), HasSubstr(message));
        EXPECT_TRUE(eventually(seconds(20), [&] {
            auto const reasons = check.events();
            return std::find(reasons.begin(), reasons.end(), reason) != reasons.end();
        })) << "no event says so";
        EXPECT_TRUE(check.runs().empty());
    };
    for (auto const& each : bad) expect_told(each.text.name, each.reason, each.message);
    expect_told("no-resource", "ResourceMissing", "resource");
    expect_told("no-name", "GenerateNameInvalid", "generateName");
    expect_told("silent", "SourceFailed", "deadline");  // the last, for it takes its time

    auto const booked = good.count("status.totalHealthCheckRuns");
    auto const still = good.expect_booked(booked + 2);
    EXPECT_EQ(get_int(still, "status.failedCount").value_or(0), 0);
    expect_status_equals_the_workflows(good);
    EXPECT_TRUE(program.answers("/healthz"));

    // A live one loses what it needs, and gets it back.
    Check const fickle(ns, "good");
    fickle.patch(R"({"workflow":{"resource":null}})");
    fickle.expect("it says what it lacks",
                  [](json::object const& each) { return reason_of(each, "Ready") == "ResourceMissing"; });
    fickle.patch(
        fmt::format(R"({{"remedyRunsLimit":-1,"remedyResetInterval":60,"workflow":{{"resource":{{"namespace":"{}",
                             "serviceAccount":"good","source":{{"inline":{}}}}}}}}})",
                    ns, json_string(workflow_of("true"))));
    fickle.expect_booked(fickle.count("status.totalHealthCheckRuns") + 1);

    // What was missing is made: nobody touches the HealthCheck.
    kubectl("create namespace no-such-namespace >/dev/null");
    Check(ns, "nowhere").expect_booked(1);
    kubectl("-n dying patch configmap anchor --type merge -p '{\"metadata\":{\"finalizers\":null}}' >/dev/null");
    kubectl(fmt::format("-n {} delete healthchecks --all >/dev/null", ns));
    kubectl(fmt::format("delete namespace {} no-such-namespace --wait=false >/dev/null", ns));
}

TEST(OperatorBadInput, LongNamesAndStatusesOfGarbageAreEndured) {
    kubectl("create namespace odd >/dev/null");
    Operator const program;
    std::string name(252, 'n');
    for (std::size_t at = 62; at < name.size(); at += 63) name[at] = '.';
    Check const longest("odd", name + "n");
    auto text = CheckText{.name = longest.name(), .account = "long"};
    kubectl("create -f - >/dev/null", health_check("odd", text));
    Check const label("odd", std::string(63, 'l'));
    kubectl("create -f - >/dev/null", health_check("odd", {.name = label.name(), .account = "label"}));
    Check const garbled("odd", "garbled");
    kubectl("create -f - >/dev/null", health_check("odd", {.name = "garbled", .script = "sleep 8"}));

    ASSERT_TRUE(eventually(seconds(60), [&] { return !garbled.text("status.currentWorkflow.name").empty(); }));
    kubectl(fmt::format(
        "-n odd patch workflow {} --type merge -p '{{\"status\":{{\"phase\":[1],\"message\":{{}},\"outputs\":7,"
        "\"startedAt\":\"yesterday\"}}}}' >/dev/null",
        garbled.text("status.currentWorkflow.name")));
    for (auto const* each : {&longest, &label}) {
        each->expect("it succeeded",
                     [](json::object const& object) { return get_string(object, "status.status") == "Succeeded"; });
        EXPECT_LE(each->runs().at(0).name.size(), 63U);
    }
    // Argo does not mend what it cannot read: the time-out does.
    garbled.expect_booked(1);
    EXPECT_TRUE(program.answers("/healthz"));
    kubectl("-n odd delete healthchecks --all >/dev/null");
    kubectl("delete namespace odd --wait=false >/dev/null");
}

}  // namespace
}  // namespace vedette::cluster
