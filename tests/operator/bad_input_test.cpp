// Whatever is wrong with one HealthCheck concerns that one: it says so in its status and in one event, heals once it is
// mended, and the check beside it runs as if it were alone in the world.

#include "operator/bad_input.hpp"

#include "base/json.hpp"

namespace vedette::op {
namespace {

namespace json = boost::json;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

TEST(BadInput, TextsThatAreNoWorkflow) {
    auto const deep_blocks = [] {
        std::string text = "spec:\n";
        for (int depth = 1; depth <= 1000; ++depth) text += std::string(static_cast<std::size_t>(depth), ' ') + "a:\n";
        return text;
    }();
    for (auto const& row : {
             Row{"empty", text_row(""), "SourceEmpty", "spec.workflow.resource.source.inline holds no Workflow"},
             Row{"blank", text_row(" \n\t\r\n "), "SourceEmpty", "holds no Workflow"},
             Row{"comment", text_row("# nothing yet\n  # really\n"), "WorkflowInvalid", "the Workflow text is empty"},
             Row{"null", text_row("null"), "WorkflowInvalid", "the Workflow text is empty"},
             Row{"no YAML", text_row("spec: {entrypoint: [main"), "WorkflowInvalid", "workflow:1:"},
             Row{"a tab", text_row("spec:\n\tentrypoint: main\n"), "WorkflowInvalid", "workflow:2:"},
             Row{"HTML", text_row("<!DOCTYPE html>\n<html><body>Sign in</body></html>"), "WorkflowInvalid",
                 "not an object"},
             Row{"a word", text_row("hello"), "WorkflowInvalid", "the Workflow text is a string, not an object"},
             Row{"a list", text_row("[spec]"), "WorkflowInvalid", "not an object"},
             Row{"two documents", text_row("spec: {}\n---\nspec: {}\n"), "WorkflowInvalid", "document"},
             Row{"no spec", text_row("metadata: {labels: {a: b}}"), "WorkflowInvalid", "has no spec"},
             Row{"spec is null", text_row("spec:"), "WorkflowInvalid", "has no spec"},
             Row{"spec is text", text_row("spec: main"), "WorkflowInvalid", "spec is a string, not an object"},
             Row{"spec is a list", text_row("spec: [a, b]"), "WorkflowInvalid", "spec is a sequence, not an object"},
             Row{"spec is a number", text_row("spec: 7"), "WorkflowInvalid", "not an object"},
             Row{"1 MB and a byte", text_row(std::string((1u << 20) + 1, 'x')), "WorkflowInvalid", "1048577 bytes"},
             Row{"4 MB", text_row("spec: {a: " + std::string(4u << 20, 'x') + "}"), "WorkflowInvalid", "bytes"},
             Row{"deep flow", text_row("spec: " + repeated("[", 1000) + repeated("]", 1000)), "WorkflowInvalid",
                 "deep"},
             Row{"deep braces", text_row("spec: " + repeated("{a: ", 1000) + "1" + repeated("}", 1000)),
                 "WorkflowInvalid", "deep"},
             Row{"deep blocks", text_row(deep_blocks), "WorkflowInvalid", "deep"},
             Row{"a bomb",
                 text_row("a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\n"
                          "c: &c [*b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c]\n"
                          "e: &e [*d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e]\n"
                          "g: &g [*f, *f, *f, *f, *f, *f, *f, *f]\nh: &h [*g, *g, *g, *g, *g, *g, *g, *g]\n"
                          "spec: [*h, *h, *h, *h, *h, *h, *h, *h]\n"),
                 "WorkflowInvalid", "alias"},
         }) {
        try_row(row);
    }
}

TEST(BadInput, TextsAsLongAsTheyMayBeAreRun) {
    OperatorScene scene;
    auto const filling = std::string(std::size_t{1} << 20, '#');
    scene.add("good");
    scene.add("bad",
              text_row(fmt::format("{}\n{}", hello_text, filling.substr(0, filling.size() - hello_text.size() - 1))));
    live_beside_a_good_one(scene);
    EXPECT_THAT(scene.times("bad"), SizeIs(alone().times.size()));
}

TEST(BadInput, SpecsOfAnotherTypeThanObject) {
    for (auto const& row : {
             Row{"text", "hello", "WrongType", "spec is not an object"},
             Row{"list", json::array{1, 2}, "WrongType", "spec is not an object"},
             Row{"number", 7, "WrongType", "spec is not an object"},
             Row{"empty", json::object{}, "WorkflowMissing", "spec.workflow and spec.checks are missing"},
             Row{"none", nullptr, "WorkflowMissing", "spec.workflow and spec.checks are missing"},
         }) {
        SCOPED_TRACE(row.what);
        OperatorScene scene;
        scene.add("good");
        scene.add_as_written("bad", row.spec);
        live_beside_a_good_one(scene);
        expect_told(scene, row.reason, row.says);
        expect_mended(scene);
    }
}

TEST(BadInput, MembersOfAnotherType) {
    struct Member {
        std::string path;
        json::value value;
        std::string wanted;
    };
    auto const source = std::string("workflow.resource.source");
    for (auto const& each : {
             Member{"repeatAfterSec", "60", "a whole number"},
             Member{"repeatAfterSec", 1.5, "a whole number"},
             Member{"repeatAfterSec", 1e300, "a whole number"},
             Member{"description", 5, "a string"},
             Member{"level", json::array{"cluster"}, "a string"},
             Member{"schedule", "@hourly", "an object"},
             Member{"schedule.cron", 5, "a string"},
             Member{"workflow", "hello", "an object"},
             Member{"workflow", json::array{}, "an object"},
             Member{"workflow.generateName", 3, "a string"},
             Member{"workflow.workflowtimeout", "5", "a whole number"},
             Member{"workflow.rbacRules", json::object{}, "a list of rules"},
             Member{"workflow.rbacRules", {"get"}, "a list of rules"},
             Member{"workflow.resource", 7, "an object"},
             Member{"workflow.resource.namespace", json::object{}, "a string"},
             Member{"workflow.resource.serviceAccount", true, "a string"},
             Member{source, "spec: {}", "an object"},
             Member{source + ".inline", json::object{{"spec", json::object{}}}, "a string"},
             Member{"remedyworkflow", "fix", "an object"},
             Member{"remedyworkflow.generateName", json::array{}, "a string"},
             Member{"backoffFactor", 0.5, "a string"},
             Member{"backoffMin", "1", "a whole number"},
             Member{"backoffMax", json::array{}, "a whole number"},
             Member{"remedyRunsLimit", "2", "a whole number"},
             Member{"remedyResetInterval", false, "a whole number"},
             Member{"checks", json::object{}, "a list of checks"},
             Member{"serviceAccountName", 7, "a string"},
             Member{"failureThreshold", "two", "a whole number"},
             Member{"cooldown", 10, "a string"},
             Member{"dryRun", "yes", "true or false"},
             Member{"remedyOnLostResult", 1, "true or false"},
             Member{"remedyBreaker", "true", "true or false"},
         }) {
        try_row({each.path + " " + to_json(each.value), at(each.path, each.value), "WrongType",
                 fmt::format("spec.{} is not {}", each.path, each.wanted)});
    }
    for (auto const& [path, value] : std::vector<std::pair<std::string, json::value>>{{"url", "https://x"},
                                                                                      {"url.path", 1},
                                                                                      {"file", "x"},
                                                                                      {"file.path", json::array{}},
                                                                                      {"configMap", "x"},
                                                                                      {"configMap.name", 1}}) {
        auto spec = at(source + "." + path, value);
        spec.at_pointer("/workflow/resource/source").as_object()["inline"] = nullptr;
        try_row({path, std::move(spec), "WrongType", fmt::format("spec.{}.{} is not ", source, path)});
    }
}

TEST(BadInput, SpecsThatCannotBeMeant) {
    auto const cron = [](std::string_view text) {
        return json::value{{"repeatAfterSec", nullptr}, {"schedule", {{"cron", text}}}};
    };
    for (auto const& row : {
             Row{"no resource", at("workflow.resource", nullptr), "ResourceMissing",
                 "spec.workflow.resource is missing"},
             Row{"no name", at("workflow.generateName", ""), "GenerateNameInvalid", "generateName is empty"},
             Row{"a name in upper case", at("workflow.generateName", "Hello-"), "GenerateNameInvalid", "cannot begin"},
             Row{"a name of 1 MB", at("workflow.generateName", std::string(1u << 20, 'A')), "GenerateNameInvalid", ""},
             Row{"no namespace", at("workflow.resource.namespace", ""), "NamespaceMissing", "namespace is empty"},
             Row{"no account", at("workflow.resource.serviceAccount", ""), "ServiceAccountMissing", "is empty"},
             Row{"no source", at("workflow.resource.source.inline", nullptr), "SourceMissing", "names no Workflow"},
             Row{"negative time-out", at("workflow.workflowtimeout", -1), "TimeoutInvalid", "is negative"},
             Row{"Cluster", at("level", "Cluster"), "LevelInvalid", "neither cluster nor namespace"},
             Row{"no level", at("level", nullptr), "LevelMissing", "write cluster or namespace"},
             Row{"a level of 1 MB", at("level", std::string(1u << 20, 'c')), "LevelInvalid", "spec.level"},
             Row{"30 February", cron("0 0 30 2 *"), "ScheduleInvalid", "spec.schedule.cron"},
             Row{"six fields", cron("0 0 * * * *"), "ScheduleInvalid", "spec.schedule.cron"},
             Row{"Sunday is 0", cron("0 0 * * 7"), "ScheduleInvalid", "spec.schedule.cron"},
             Row{"bad zone", cron("TZ=Europe/Atlantis 0 * * * *"), "ScheduleInvalid", "Atlantis"},
             Row{"a zone alone", cron("TZ=Europe/Berlin"), "ScheduleInvalid", "spec.schedule.cron"},
             Row{"a zone that is no name", cron("CRON_TZ=../../etc/passwd 0 * * * *"), "ScheduleInvalid", "cron"},
             Row{"every nothing", cron("@every"), "ScheduleInvalid", "spec.schedule.cron"},
             Row{"remedy without resource", at("remedyworkflow.generateName", "fix-"), "RemedyResourceMissing",
                 "remedy"},
             Row{"remedy without account", at("remedyworkflow.resource.namespace", "health"), "ServiceAccountMissing",
                 "spec.remedyworkflow.resource.serviceAccount is empty"},
         }) {
        try_row(row);
    }
}

TEST(BadInput, AResourceThatIsTakenFromALiveCheckStopsThatOneUntilItIsBack) {
    OperatorScene scene;
    scene.add("good");
    scene.add("bad");
    scene.start();
    scene.pass(90s);
    scene.edit("bad", at("workflow.resource", nullptr));
    scene.pass(long_enough - 90s);
    expect_untouched(scene);
    EXPECT_THAT(scene.condition("bad"), StartsWith("Ready=False ResourceMissing: "));
    EXPECT_THAT(scene.times("bad"), SizeIs(2));
    EXPECT_THAT(scene.events("bad"), Contains(StartsWith("Warning ResourceMissing x1: ")));
    EXPECT_EQ(scene.status("bad").success_count, 2);
    scene.mend("bad");
    expect_healed(scene, 5s);
    EXPECT_EQ(scene.status("bad").success_count, 3);
    expect_gone(scene);
}

TEST(BadInput, NegativeNumbersAreNoLimitsAndNoCrash) {
    OperatorScene scene;
    scene.fates["bad-"] = {.phase = "Failed", .message = "no"};
    json::value const remedy{
        {"generateName", "fix-"},
        {"resource", {{"namespace", "health"}, {"serviceAccount", "fix-sa"}, {"source", {{"inline", hello_text}}}}}};
    scene.add("good");
    scene.add("bad", {{"remedyworkflow", remedy},
                      {"remedyRunsLimit", std::numeric_limits<std::int64_t>::min()},
                      {"remedyResetInterval", 60},
                      {"failureThreshold", -3},
                      {"backoffMin", -1},
                      {"backoffMax", std::numeric_limits<std::int64_t>::min()}});
    live_beside_a_good_one(scene);
    EXPECT_EQ(scene.status("bad").failed_count, static_cast<std::int64_t>(scene.made_by("bad").size()));
    for (auto const& each : scene.made_by("bad")) EXPECT_THAT(each.run, StartsWith("check-"));
    EXPECT_THAT(scene.condition("bad"), AllOf(StartsWith("Ready=True"), HasSubstr("; but spec.")));
    EXPECT_THAT(scene.condition("bad", "Remediating"), StartsWith("Remediating=False "));
    scene.edit("bad", {{"repeatAfterSec", -60}});
    scene.pass(1s);
    EXPECT_EQ(scene.status("bad").status, "Stopped");
    EXPECT_THAT(scene.status("bad").error_message, HasSubstr("spec.repeatAfterSec set to -60, "));
    expect_gone(scene);
}

TEST(BadInput, NumbersBeyondAnyClockWaitForEver) {
    OperatorScene scene;
    auto const most = std::numeric_limits<std::int64_t>::max();
    scene.add("good");
    scene.add("bad", {{"repeatAfterSec", most}, {"backoffMin", most}, {"backoffMax", most}, {"remedyRunsLimit", most}});
    live_beside_a_good_one(scene);
    EXPECT_THAT(scene.times("bad"), SizeIs(1));
    EXPECT_EQ(scene.status("bad").status, "Succeeded");
    expect_gone(scene);
}

}  // namespace
}  // namespace vedette::op
