// What a run looks like in each output, and its exit code.

#include "base/json.hpp"
#include "cli/exit_code.hpp"
#include "cli/json_output.hpp"
#include "cli/table_output.hpp"

#include <gmock/gmock.h>

namespace vedette::cli {
namespace {

namespace json = boost::json;
using check::Outcome;
using check::Status;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

WallTime const start{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};

check::CheckReport check_of(std::string name, std::string group, Outcome outcome) {
    check::CheckReport report;
    report.id = "suite/" + name;
    report.identity = {.name = name, .type = name, .group = group, .service = "kubernetes"};
    if (outcome.status != Status::skipped) {
        report.started_at = start;
        report.finished_at = start + 250ms;
        report.duration = 250ms;
        report.attempts = 1;
    }
    report.outcome = std::move(outcome);
    return report;
}

check::RunReport run_of(std::vector<check::CheckReport> checks) {
    check::RunReport run;
    run.status = Status::skipped;
    for (auto const& each : checks) run.status = worse(run.status, each.outcome.status);
    run.started_at = start;
    run.finished_at = start + 1500ms;
    run.duration = 1500ms;
    run.server = "https://api.example:6443";
    run.context = "test";
    run.checks = std::move(checks);
    return run;
}

check::CheckReport crashing() {
    auto outcome = Outcome::critical("Pod shop/web-1 restarts for ever, for 2h", "CrashLoopBackOff");
    outcome.checked = 12;
    outcome.failed = 7;
    outcome.failures_truncated = true;
    outcome.failures = {{.kind = "Pod",
                         .ns = "shop",
                         .name = "web-1",
                         .status = Status::critical,
                         .reason = "CrashLoopBackOff",
                         .message = "restarts <for> ever & ever",
                         .since = start - 2h},
                        {.kind = "Node", .ns = {}, .name = "n1", .status = Status::warning, .reason = "Odd"}};
    outcome.measurements = {{"response_ms", 12.0}};
    outcome.details = {{"http_status", 500}};
    outcome.thresholds = {{"response", "1s", nullptr}};
    return check_of("pods-crashloop", "workloads", outcome);
}

std::vector<check::CheckReport> one_of_each() {
    return {check_of("a-ok", "nodes", Outcome::ok("fine")),
            check_of("b-warning", "nodes", Outcome::warning("hm", "Hm")),
            crashing(),
            check_of("d-unknown", "nodes", Outcome::unknown("could not list", "ReadFailed")),
            check_of("e-timeout", "probes", Outcome::timeout("timed out after 5s")),
            check_of("f-skipped", "probes", Outcome::skipped("does not apply"))};
}

std::vector<std::string> keys(json::value const& value) {
    std::vector<std::string> result;
    for (auto const& [key, each] : value.as_object()) result.emplace_back(key);
    return result;
}

// --- json ---------------------------------------------------------------------------------------------------------

TEST(JsonOutput, TheDocumentHasTheKeysOfItsSchemaInOrder) {
    auto const document = json_document(run_of(one_of_each()));
    EXPECT_THAT(keys(document), ElementsAre("schema", "status", "healthy", "started_at", "finished_at",
                                            "duration_seconds", "target", "counts", "checks"));
    EXPECT_EQ(document.at("schema"), "vedette.check/v1");
    EXPECT_EQ(document.at("status"), "critical");
    EXPECT_EQ(document.at("healthy"), false);
    EXPECT_EQ(document.at("started_at"), "2026-03-01T00:00:00.000Z");
    EXPECT_EQ(document.at("finished_at"), "2026-03-01T00:00:01.500Z");
    EXPECT_EQ(document.at("duration_seconds"), 1.5);
    EXPECT_EQ(to_json(document.at("counts")),
              R"({"critical":1,"timeout":1,"unknown":1,"warning":1,"ok":1,"skipped":1})");
    EXPECT_EQ(to_json(document.at("target")), R"({"server":"https://api.example:6443","context":"test"})");
}

TEST(JsonOutput, ACheckHasEveryKeyWhateverItsStatus) {
    auto const document = json_document(run_of(one_of_each()));
    ASSERT_EQ(document.at("checks").as_array().size(), 6U);
    for (auto const& each : document.at("checks").as_array()) {
        EXPECT_THAT(keys(each),
                    ElementsAre("id", "name", "type", "group", "service", "status", "healthy", "reason", "message",
                                "started_at", "finished_at", "duration_seconds", "attempts", "fresh_until", "checked",
                                "failed", "failures", "failures_truncated", "measurements", "details", "thresholds"));
        EXPECT_TRUE(each.at("fresh_until").is_null());
        EXPECT_EQ(each.at("started_at").is_null(), each.at("status") == "skipped");
        EXPECT_EQ(each.at("finished_at").is_null(), each.at("status") == "skipped");
    }
}

TEST(JsonOutput, FailuresMeasurementsAndThresholdsAreTold) {
    auto const document = json_document(run_of({crashing()}));
    auto const& check = document.at("checks").as_array()[0];
    EXPECT_EQ(check.at("id"), "suite/pods-crashloop");
    EXPECT_EQ(check.at("failed"), 7);
    EXPECT_EQ(check.at("failures_truncated"), true);
    EXPECT_EQ(to_json(check.at("measurements")), R"({"response_ms":12.0})");
    EXPECT_EQ(to_json(check.at("thresholds")), R"({"response":{"warning":"1s","critical":null}})");
    EXPECT_EQ(to_json(check.at("failures").as_array()[0]),
              R"({"kind":"Pod","namespace":"shop","name":"web-1","status":"critical","reason":"CrashLoopBackOff",)"
              R"("message":"restarts <for> ever & ever","since":"2026-02-28T22:00:00.000Z"})");
    auto const& node = check.at("failures").as_array()[1];
    EXPECT_TRUE(node.at("namespace").is_null());
    EXPECT_TRUE(node.at("since").is_null());
}

TEST(JsonOutput, WithoutAClusterTheTargetIsNull) {
    auto run = run_of({});
    run.server.clear();
    run.context.clear();
    EXPECT_EQ(to_json(json_document(run).at("target")), R"({"server":null,"context":null})");
}

// --- junit --------------------------------------------------------------------------------------------------------

TEST(JunitOutput, ATestSuitePerGroupCountsItsCases) {
    auto const text = junit_document(run_of(one_of_each()));
    EXPECT_THAT(text, HasSubstr("<testsuites name=\"vedette\" time=\"1.500\">"));
    EXPECT_THAT(text, HasSubstr("<testsuite name=\"nodes\" tests=\"3\" failures=\"0\" errors=\"1\" skipped=\"0\""));
    EXPECT_THAT(text, HasSubstr("<testsuite name=\"workloads\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\""));
    EXPECT_THAT(text, HasSubstr("<testsuite name=\"probes\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"1\""));
    EXPECT_LT(text.find("\"nodes\""), text.find("\"workloads\""));
}

TEST(JunitOutput, EachStatusHasItsElementAndTextIsEscaped) {
    auto const text = junit_document(run_of(one_of_each()));
    EXPECT_THAT(text, HasSubstr("type=\"CrashLoopBackOff\">Pod shop/web-1 restarts &lt;for&gt; ever &amp; ever&#10;"));
    EXPECT_THAT(text, HasSubstr("<error message=\"could not list\" type=\"ReadFailed\">"));
    EXPECT_THAT(text, HasSubstr("<failure message=\"timed out after 5s\""));
    EXPECT_THAT(text, HasSubstr("<skipped message=\"does not apply\"/>"));
    EXPECT_THAT(text, HasSubstr("<system-out>warning: hm"));
    EXPECT_THAT(text, HasSubstr("<testcase name=\"a-ok\" classname=\"kubernetes.nodes\" time=\"0.250\"/>"));
}

TEST(JunitOutput, ControlCharactersThatXmlCannotHoldAreReplaced) {
    auto const text = junit_document(run_of({check_of("a\"b", "g", Outcome::critical("bell\a and \x1b[31m", "X"))}));
    EXPECT_THAT(text, AllOf(HasSubstr("name=\"a&quot;b\""), HasSubstr("bell? and ?[31m")));
}

// --- table --------------------------------------------------------------------------------------------------------

TEST(TableOutput, TheWorstComesFirstAndItsObjectsFollow) {
    auto const text = table_text(run_of(one_of_each()), {});
    std::size_t last = 0;
    for (auto const* name : {"pods-crashloop", "e-timeout", "d-unknown", "b-warning", "a-ok", "f-skipped"}) {
        auto const at = text.find(name);
        ASSERT_NE(at, std::string::npos) << name;
        EXPECT_GT(at, last) << name;
        last = at;
    }
    EXPECT_GT(text.find("Pod shop/web-1", last), last);
    EXPECT_THAT(text, HasSubstr("... 2 more in pods-crashloop"));
    EXPECT_THAT(text, HasSubstr("NOT HEALTHY on https://api.example:6443 (test): 1 critical, 1 timeout, 1 unknown, "
                                "1 warning, 1 ok, 1 skipped in 1.50 s"));
    EXPECT_THAT(text, HasSubstr("vedette checks explain"));
}

TEST(TableOutput, AHealthyRunSaysSoAndGivesNoAdvice) {
    auto const text = table_text(run_of({check_of("a-ok", "nodes", Outcome::ok("fine"))}), {});
    EXPECT_THAT(text, AllOf(HasSubstr("\nhealthy on "), Not(HasSubstr("NOT HEALTHY")), Not(HasSubstr("explain"))));
    EXPECT_THAT(table_text(run_of({}), {}), HasSubstr("no checks"));
}

TEST(TableOutput, TheCauseOfAnUnreachableServerIsToldOnce) {
    std::string const cause = "connect api.example:6443: connection refused";
    std::vector<check::CheckReport> checks{
        check_of("apiserver-livez", "controlplane", Outcome::critical(cause, "Unreachable"))};
    for (auto const* name : {"x", "y", "z"}) {
        checks.push_back(check_of(name, "nodes", Outcome::unknown("could not list nodes: " + cause, "ReadFailed")));
    }
    checks.push_back(check_of("denied", "nodes", Outcome::unknown("no permission", "Forbidden")));
    auto const text = table_text(run_of(checks), {});
    EXPECT_EQ(text.find(cause), text.rfind(cause));
    EXPECT_THAT(text, AllOf(HasSubstr("3 more checks could not be done for the same reason"),
                            HasSubstr("no permission"), HasSubstr("1 critical, 4 unknown")));
}

TEST(TableOutput, ColourIsOnlyUsedWhenAskedFor) {
    auto const run = run_of(one_of_each());
    EXPECT_EQ(table_text(run, {}).find('\x1b'), std::string::npos);
    EXPECT_NE(table_text(run, {.colour = true}).find("\x1b[31m"), std::string::npos);
}

// --- exit codes ---------------------------------------------------------------------------------------------------

TEST(ExitCode, FollowsTheWorstStatusInEitherStyleAndACronJobIsAlwaysZero) {
    struct Row {
        Status status;
        int plain;
        int nagios;
    };
    for (auto const& row : {Row{Status::ok, 0, 0}, Row{Status::skipped, 0, 0}, Row{Status::warning, 0, 1},
                            Row{Status::critical, 1, 2}, Row{Status::timeout, 1, 2}, Row{Status::unknown, 1, 3}}) {
        SCOPED_TRACE(check::to_string(row.status));
        check::RunReport run;
        run.status = row.status;
        EXPECT_EQ(exit_code_of(run, ExitCodes::plain, false), row.plain);
        EXPECT_EQ(exit_code_of(run, ExitCodes::nagios, false), row.nagios);
        EXPECT_EQ(exit_code_of(run, ExitCodes::plain, true), 0);
        EXPECT_EQ(exit_code_of(run, ExitCodes::nagios, true), 0);
    }
}

}  // namespace
}  // namespace vedette::cli
