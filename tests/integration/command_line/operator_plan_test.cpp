// vedette operator plan, as its page tells it: what it reads, what it prints, how it exits. What is in a plan is tested
// in tests/operator/plan_test.cpp.

#include "base/json.hpp"
#include "base/time_format.hpp"
#include "integration/command_line/program.hpp"

#include <fmt/ranges.h>

namespace vedette::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// `more` are further lines of spec, indented by two.
std::string health_check(std::string const& name, std::string const& more = "  repeatAfterSec: 60\n",
                         std::string const& after = "") {
    return fmt::format(
        "apiVersion: activemonitor.keikoproj.io/v1alpha1\nkind: HealthCheck\n"
        "metadata: {{name: {}, namespace: health}}\nspec:\n  level: cluster\n{}"
        "  workflow:\n    generateName: hello-\n    resource:\n      namespace: health\n      serviceAccount: "
        "hello-sa\n"
        "      source:\n        inline: 'spec: {{entrypoint: hello}}'\n{}",
        name, more, after);
}

class CommandLinePlan : public CommandLine {
protected:
    Ran plan(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"operator", "plan"});
        return vedette(std::move(arguments));
    }
    boost::json::object document(Ran const& ran) {
        EXPECT_EQ(ran.err, "");
        auto const parsed = parse_json(ran.out, "standard output");
        if (!parsed || !parsed->is_object()) {
            ADD_FAILURE() << "no JSON document: " << ran.out.substr(0, 400);
            return {};
        }
        EXPECT_EQ(get_string(*parsed, "schema"), "vedette.operator-plan/v1");
        return parsed->get_object();
    }
    // The first slot of each check, as its distance from now.
    std::vector<Duration> first_slots(Ran const& ran) {
        std::vector<Duration> distances;
        for (auto const& check : document(ran).at("checks").as_array()) {
            auto const slot = parse_rfc3339(std::string(check.at("next_slots").at(0).as_string()));
            if (!slot) ADD_FAILURE() << slot.error().text();
            distances.push_back(slot.value_or(WallTime()) - sockets_.clock().wall());
        }
        return distances;
    }
};

TEST_F(CommandLinePlan, TheExitCodeSaysWhetherEverythingCanRun) {
    write("one.yaml", health_check("one"));
    write("one-slower.yaml", health_check("one", "  repeatAfterSec: 300\n"));
    write("blank.yaml", health_check("blank", "  schedule: {cron: nonsense}\n"));
    write("other.yaml", "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n");
    write("text.yaml", "this: [is\nno: YAML\n");
    write("remedy.yaml", health_check("one",
                                      "  repeatAfterSec: 60\n  remedyworkflow: {generateName: FIX-, resource: "
                                      "{namespace: health, serviceAccount: s, source: {inline: a}}}\n"));
    write("miscased.yaml", "apiVersion: activemonitor.keikoproj.io/v1alpha1\nkind: Healthcheck\n");
    write("several.yaml", health_check("one") + "---\nkind: Secret\napiVersion: v1\n---\n" + health_check("two"));
    struct Row {
        std::vector<std::string> arguments;
        int code;
        std::string out;  // a part of it
        std::string err;  // likewise; empty: there is nothing
    };
    for (auto const& row : std::vector<Row>{
             {{"one.yaml"},
              0,
              "1 added, 0 changed, 0 removed, 0 unchanged; Workflows per hour: 0 -> 60; pods per hour: 0 -> 0 and "
              "those of 1 HealthCheck; 0 errors",
              ""},
             {{"one.yaml", "--old", "one.yaml"}, 0, "0 added, 0 changed, 0 removed, 1 unchanged", ""},
             {{"one-slower.yaml", "--old", "one.yaml"}, 0, "repeatAfterSec: 60 -> 300", ""},
             {{"other.yaml", "--old", "one.yaml"}, 0, "0 added, 0 changed, 1 removed", ""},
             {{"several.yaml"}, 0, "2 added", ""},
             {{"one.yaml", "several.yaml"},
              1,
              "  several.yaml:1: error: health/one\n    health/one is also in one.yaml:1: only the last would be "
              "applied\n",
              ""},
             {{"remedy.yaml"}, 1, "remedy.yaml:1: error: health/one\n    spec.remedyworkflow.generateName", ""},
             {{"one.yaml", "miscased.yaml"}, 0, "miscased.yaml:1: warning: Healthcheck default/", ""},
             {{"miscased.yaml", "other.yaml"},
              2,
              "",
              "miscased.yaml:1: kind Healthcheck of activemonitor.keikoproj.io/v1alpha1 is not read; did you mean "
              "kind: "
              "HealthCheck?\nvedette: there is no HealthCheck in these files, but ConfigMap of v1, Healthcheck of "
              "activemonitor.keikoproj.io/v1alpha1\n"},
             {{"one.yaml", "blank.yaml"}, 1, "blank.yaml:1: error: health/blank", ""},
             {{"blank.yaml"}, 1, "1 error", ""},
             {{"one.yaml", "--old", "blank.yaml"}, 0, "1 added, 0 changed, 1 removed", ""},
             {{"missing.yaml"}, 2, "", "missing.yaml: no such file"},
             {{"one.yaml", "missing.yaml"}, 2, "", "missing.yaml"},
             {{"one.yaml", "--old", "missing.yaml"}, 2, "", "missing.yaml"},
             {{"."}, 2, "", "is a directory"},
             {{"other.yaml"}, 2, "", "there is no HealthCheck in these files"},
             {{"text.yaml"}, 2, "", "text.yaml:2:"},
             {{"one.yaml", "-o", "xml"}, 2, "", "--output"},
             {{}, 2, "", "FILE"},
         }) {
        SCOPED_TRACE(fmt::format("{}", fmt::join(row.arguments, " ")));
        auto const run = plan(row.arguments);
        EXPECT_EQ(run.code, row.code);
        EXPECT_THAT(run.out, HasSubstr(row.out));
        EXPECT_EQ(run.out.empty(), row.out.empty());
        EXPECT_THAT(run.err, HasSubstr(row.err));
        EXPECT_EQ(run.err.empty(), row.err.empty());
    }
}

TEST_F(CommandLinePlan, AHyphenIsStandardInputOnce) {
    write("one.yaml", health_check("one"));
    auto const read = shell("\"$VEDETTE\" operator plan - <one.yaml");
    EXPECT_EQ(read.code, 0);
    EXPECT_THAT(read.out, AllOf(HasSubstr("1 added"), HasSubstr("standard input:1")));
    auto const old = shell("\"$VEDETTE\" operator plan one.yaml --old - <one.yaml");
    EXPECT_EQ(old.code, 0);
    EXPECT_THAT(old.out, HasSubstr("1 unchanged"));
    expect_refused(shell("\"$VEDETTE\" operator plan - --old - <one.yaml"),
                   "standard input can be read once only: write - for one file");
    auto const nothing = shell("\"$VEDETTE\" operator plan - </dev/null");
    EXPECT_EQ(nothing.code, 2);
    EXPECT_THAT(nothing.err, HasSubstr("no HealthCheck"));
}

TEST_F(CommandLinePlan, JsonHoldsThePlanAlsoWhereSomethingIsWrong) {
    write("mixed.yaml", health_check("one") + "---\n" + health_check("blank", "  schedule: {cron: nonsense}\n"));
    auto const run = plan({"mixed.yaml", "-o", "json"});
    EXPECT_EQ(run.code, 1);
    auto const found = document(run);
    EXPECT_EQ(found.at("errors"), 1);
    auto const& checks = found.at("checks").as_array();
    ASSERT_EQ(checks.size(), 2u);
    EXPECT_EQ(get_string(checks[0], "name"), "blank");
    EXPECT_EQ(get_string(checks[0].at("problems").at(0), "reason"), "ScheduleInvalid");
    EXPECT_EQ(checks[0].at("next_slots").as_array().size(), 0u);
    EXPECT_EQ(get_string(checks[1], "change"), "added");
    EXPECT_FALSE(found.at("rbac").as_array().empty());
}

TEST_F(CommandLinePlan, WhatRunsAlreadyIsNotShownAsRunningAtOnce) {
    auto const ended = format_rfc3339(sockets_.clock().wall() - 10min);
    write("new.yaml", health_check("one", "  repeatAfterSec: 1800\n"));
    write("old.yaml",
          health_check("one", "  repeatAfterSec: 3600\n",
                       fmt::format("status: {{status: Succeeded, startedAt: \"{0}\", finishedAt: \"{0}\"}}\n", ended)));
    auto const by_status = first_slots(plan({"new.yaml", "--old", "old.yaml", "-o", "json"}));
    ASSERT_EQ(by_status.size(), 1u);
    EXPECT_GT(by_status[0], 10min);
    EXPECT_LT(by_status[0], 21min);
    EXPECT_GT(first_slots(plan({"new.yaml", "--old", "new.yaml", "-o", "json"})).at(0), 20min);
    EXPECT_LT(first_slots(plan({"new.yaml", "-o", "json"})).at(0), 1min);
}

TEST_F(CommandLinePlan, TheTimeZoneOfTheMachineIsNotTheOperators) {
    // Ticks are a quarter of an hour apart in two zones, so one of UTC is none of Kathmandu's (UTC+5:45) hours.
    write("cron.yaml", health_check("one", "  schedule: {cron: \"0 * * * *\"}\n"));
    auto const minute = [&](std::string const& flags) {
        auto const ran =
            shell("TZ=Asia/Kathmandu \"$VEDETTE\" operator plan cron.yaml --old cron.yaml -o json " + flags);
        return std::string(document(ran).at("checks").at(0).at("next_slots").at(0).as_string()).substr(14, 2);
    };
    EXPECT_EQ(minute(""), "00");
    EXPECT_EQ(minute("--time-zone Asia/Kathmandu"), "15");
    EXPECT_EQ(minute("--time-zone UTC"), "00");
    expect_refused(plan({"cron.yaml", "--time-zone", "Asia/Atlantis"}),
                   "--time-zone: there is no time zone \"Asia/Atlantis\"");
}

TEST_F(CommandLinePlan, TellsWhatRunsCostTheApiServerAndEtcd) {
    write("one.yaml", health_check("one"));
    EXPECT_THAT(plan({"one.yaml"}).out,
                AllOf(HasSubstr("API requests per hour: 0 -> 240\nWorkflows in etcd: 0 -> 0\n  1 HealthCheck keeps "
                                "every Workflow: about 60 more an hour;"),
                      HasSubstr("\nRBAC objects in etcd: 0 -> 3, about "),
                      testing::ContainsRegex("health/one +240  never deleted, about [0-9.]+ k?B each")));
    auto const found = document(plan({"one.yaml", "--workflow-ttl", "30m", "-o", "json"}));
    EXPECT_EQ(found.at("workflows_kept").at("after"), 31);
    EXPECT_EQ(found.at("of_unknown_keep").at("after"), 0);
    EXPECT_EQ(found.at("api_requests_per_hour").at("after").as_double(), 240);
    EXPECT_EQ(found.at("checks").at(0).at("workflows_kept"), 31);
    expect_refused(plan({"one.yaml", "--workflow-ttl", "soon"}),
                   "--workflow-ttl: \"soon\" is not a duration such as 30s or 1h30m");
}

TEST_F(CommandLinePlan, TheRemedyPolicyAmongTheFilesCounts) {
    auto const policy = [](std::string_view ns, std::string_view data) {
        return fmt::format(
            "---\napiVersion: v1\nkind: ConfigMap\n"
            "metadata: {{name: vedette-remedy-policy, namespace: {}}}\ndata: {{{}}}\n",
            ns, data);
    };
    write("one.yaml", health_check("one",
                                   "  repeatAfterSec: 60\n  remedyworkflow: {generateName: fix-, resource: "
                                   "{namespace: health, serviceAccount: fix-sa, source: {inline: 'spec: {a: 1}'"
                                   "}}}\n"));
    write("health.yaml", policy("health", "budgetPerCluster: 3/1h"));
    write("ops.yaml", policy("ops", "enabled: 'false'"));
    write("bad.yaml", policy("health", "enabled: maybe"));
    write("again.yaml", policy("health", "enabled: 'true', namespace.helth.enabled: 'false'"));
    auto const again = plan({"one.yaml", "health.yaml", "again.yaml"});
    EXPECT_EQ(again.code, 1);
    EXPECT_THAT(again.out, AllOf(HasSubstr("again.yaml:2: error: the remedy policy of health\n    "
                                           "health/vedette-remedy-policy is also in health.yaml:2: only the last would "
                                           "be applied\n"),
                                 HasSubstr("namespace.helth: no HealthCheck of these files is there; did you mean"),
                                 HasSubstr("; 1 error, 1 warning")));
    EXPECT_THAT(plan({"one.yaml"}).out, HasSubstr("all together up to 60 per hour and 1 at once\n"));
    EXPECT_THAT(plan({"one.yaml", "health.yaml"}).out,
                AllOf(HasSubstr("up to 3 per hour (budgetPerCluster 3/1h)"), HasSubstr("0 errors"),
                      HasSubstr("remedy policy: health/vedette-remedy-policy (health.yaml:2)\n")));
    EXPECT_THAT(plan({"one.yaml", "ops.yaml"}).out, HasSubstr("never: the remedy policy says enabled: false"));
    EXPECT_THAT(plan({"one.yaml", "--remedy-dry-run"}).out, HasSubstr("never: a dry run (--remedy-dry-run)"));
    auto const bad = plan({"one.yaml", "bad.yaml"});
    EXPECT_EQ(bad.code, 1);
    EXPECT_THAT(bad.out, AllOf(HasSubstr("bad.yaml:2: error: the remedy policy of health\n"),
                               HasSubstr("\"maybe\" is neither true nor false")));
    expect_refused(plan({"one.yaml", "health.yaml", "ops.yaml"}),
                   "there is a remedy policy in health and in ops: say with --policy-configmap which one counts");
    EXPECT_THAT(plan({"one.yaml", "health.yaml", "ops.yaml", "--policy-configmap", "health/vedette-remedy-policy"}).out,
                HasSubstr("up to 3 per hour"));
    expect_refused(plan({"one.yaml", "health.yaml", "--policy-configmap", "ops/vedette-remedy-policy"}),
                   "--policy-configmap: no file holds the ConfigMap ops/vedette-remedy-policy");
    expect_refused(plan({"one.yaml", "--policy-configmap", "ops"}),
                   "--policy-configmap: \"ops\" is not NAMESPACE/NAME");
}

TEST_F(CommandLinePlan, TakesTheFlagsOfTheOperatorThatShallRunThem) {
    write("one.yaml", health_check("one"));
    write("allow.yaml", "levels: [namespace]\n");
    write("mistaken.yaml", "level: [namespace]\n");
    auto const refused = plan({"one.yaml", "--rbac-allow", "allow.yaml"});
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.out, AllOf(HasSubstr("allow.yaml"), HasSubstr("1 error")));
    auto const mistaken = plan({"one.yaml", "--rbac-allow", "mistaken.yaml"});
    EXPECT_EQ(mistaken.code, 2);
    EXPECT_THAT(mistaken.err, HasSubstr("--rbac-allow: mistaken.yaml:1"));
    EXPECT_EQ(plan({"one.yaml", "--rbac-allow", "missing.yaml"}).code, 2);

    auto const narrow = plan({"one.yaml"});
    EXPECT_THAT(narrow.out, HasSubstr("gave by wildcard and we do not"));
    auto const wide = plan({"one.yaml", "--rbac-defaults", "reference"});
    EXPECT_EQ(wide.code, 0);
    EXPECT_THAT(wide.out, AllOf(HasSubstr("get, list, watch: *.*"), Not(HasSubstr("gave by wildcard"))));

    auto filed = health_check("filed");
    filed.replace(filed.find("inline: "), std::string::npos, "file: {path: hello.yaml}\n");
    write("filed.yaml", filed);
    write("sources/hello.yaml", "spec: {entrypoint: hello}\n");
    EXPECT_THAT(plan({"filed.yaml"}).out, HasSubstr("file sources are switched off"));
    EXPECT_EQ(plan({"filed.yaml", "--source-dir", "sources"}).code, 0);
    write("sources/hello.yaml", "[no, workflow]\n");
    EXPECT_EQ(plan({"filed.yaml", "--source-dir", "sources"}).code, 1);
}

}  // namespace
}  // namespace vedette::cli
