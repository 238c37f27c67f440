// As bad_input_test.cpp, where it is not the spec that is bad: what may not be created, namespaces and kinds that are
// not there, names of any length, statuses that somebody else wrote.

#include "base/json.hpp"
#include "operator/bad_input.hpp"

namespace vedette::op {
namespace {

namespace json = boost::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

bool is_create(kube::Request const& request, std::string_view of) {
    return request.method == "POST" && request.path.ends_with(of) && request.body.find("bad") != std::string::npos;
}

TEST(BadInput, WhatMayNotBeCreatedIsToldAndTriedAgainUntilItMay) {
    struct Case {
        std::string of;
        std::string reason;
    };
    for (auto const& each : {Case{"/workflows", "CreateFailed"}, Case{"/serviceaccounts", "RBACForbidden"},
                             Case{"/clusterroles", "RBACForbidden"}, Case{"/clusterrolebindings", "RBACForbidden"}}) {
        SCOPED_TRACE(each.of);
        OperatorScene scene;
        scene.first.door.answers = [&](kube::Request const& request) -> std::optional<kube::Scripted> {
            if (!is_create(request, each.of)) return std::nullopt;
            return refusal(403, "Forbidden", "workflows.argoproj.io is forbidden: User \"op\" cannot create it");
        };
        scene.add("good");
        scene.add("bad");
        live_beside_a_good_one(scene);
        expect_told(scene, each.reason, "User \"op\" cannot create it");
        auto const refused =
            std::count_if(scene.first.door.sent.begin(), scene.first.door.sent.end(),
                          [&](auto const& line) { return line.starts_with("POST ") && line.ends_with(each.of); });
        EXPECT_GE(refused, 6);
        EXPECT_LE(scene.first.door.sent.size(), alone().requests + most_requests);
        scene.first.door.answers = nullptr;
        expect_healed(scene, 303s);
        expect_gone(scene);
    }
}

TEST(BadInput, AReasonThatChangesEachTimeIsStillTriedLessAndLess) {
    OperatorScene scene;
    int tries = 0;
    scene.first.door.answers = [&](kube::Request const& request) -> std::optional<kube::Scripted> {
        if (!is_create(request, "/workflows")) return std::nullopt;
        return refusal(403, "Forbidden", fmt::format("quota exceeded, request {}", ++tries));
    };
    scene.add("good");
    scene.add("bad");
    live_beside_a_good_one(scene);
    EXPECT_THAT(tries, AllOf(testing::Ge(6), testing::Le(12)));
    scene.first.door.answers = nullptr;
    expect_healed(scene, 303s);
    expect_gone(scene);
}

TEST(BadInput, ANamespaceThatIsNotThereIsToldAndWaitedFor) {
    for (std::string const level : {"cluster", "namespace"}) {
        SCOPED_TRACE(level);
        OperatorScene scene;
        scene.add("good");
        scene.add("bad", {{"level", level}, {"workflow", {{"resource", {{"namespace", "nowhere"}}}}}});
        live_beside_a_good_one(scene);
        expect_told(scene, "RBACNamespaceMissing", "namespace nowhere does not exist");
        EXPECT_LE(scene.first.door.sent.size(), alone().requests + most_requests);
        scene.make_namespace("nowhere");
        expect_healed(scene, 303s);
        expect_gone(scene);
    }
}

TEST(BadInput, ANamespaceThatIsBeingDeletedIsToldAndWaitedFor) {
    OperatorScene scene;
    scene.make_namespace("going");
    scene.delete_namespace("going");
    scene.add("good");
    scene.add("bad", {{"workflow", {{"resource", {{"namespace", "going"}}}}}});
    live_beside_a_good_one(scene);
    expect_told(scene, "RBACTerminating", "namespace going is being terminated");
    EXPECT_LE(scene.first.door.sent.size(), alone().requests + most_requests);
    scene.server.collect_garbage();
    scene.make_namespace("going");
    expect_healed(scene, 303s);
    expect_gone(scene);
}

TEST(BadInput, ANamespaceThatGoesAwayUnderALiveCheck) {
    OperatorScene scene;
    scene.make_namespace("going");
    scene.add("good");
    scene.add("bad", {{"workflow", {{"resource", {{"namespace", "going"}}}}}});
    scene.start();
    scene.pass(90s);
    EXPECT_EQ(scene.status("bad").success_count, 2);
    scene.delete_namespace("going");
    scene.pass(100s);
    // Its rights are still there, so it is the Workflow that may not be created.
    EXPECT_THAT(scene.condition("bad"), AllOf(StartsWith("Ready=False CreateFailed: "),
                                              HasSubstr("in namespace going because it is being terminated")));
    scene.server.collect_garbage();
    scene.pass(long_enough - 190s);
    expect_untouched(scene);
    EXPECT_THAT(scene.condition("bad"), StartsWith("Ready=False RBACNamespaceMissing: "));
    EXPECT_THAT(warnings(scene),
                ElementsAre(HasSubstr("because it is being terminated"), HasSubstr("namespace going does not exist")));
    expect_mended(scene);
}

TEST(BadInput, ArgoThatIsInstalledLaterIsWaitedForAndChecksWithoutWorkflowsRun) {
    OperatorScene scene({.argo_installed = false});
    scene.add_as_written("native", {{"level", "namespace"}, {"repeatAfterSec", 60}, {"checks", {{{"type", "x"}}}}});
    scene.add("bad");
    scene.start();
    scene.pass(long_enough);
    EXPECT_EQ(scene.status("native").success_count, 10);
    EXPECT_THAT(scene.condition("bad"), StartsWith("Ready=False CreateFailed: "));
    EXPECT_THAT(scene.events("bad"), ElementsAre(StartsWith("Warning CreateFailed x1: ")));
    for (auto& part : scene.first->readyz()) EXPECT_TRUE(part.ask().ok) << part.name << ": " << part.ask().why;
    scene.install_argo();
    expect_healed(scene, 303s);
    scene.pass(60s);
    EXPECT_GE(scene.status("bad").success_count, 1);
    expect_gone(scene);
}

TEST(BadInput, NamesAsLongAsKubernetesAllowsRunLikeOthers) {
    for (int const length : {63, 253}) {
        SCOPED_TRACE(length);
        auto const name = std::string(static_cast<std::size_t>(length), 'n');
        OperatorScene scene;
        scene.add("good");
        scene.add("bad", {{"workflow", {{"generateName", repeated("g", 253)}}}});
        scene.add(name,
                  {{"workflow",
                    {{"generateName", repeated("h", 253)}, {"resource", {{"serviceAccount", repeated("s", 253)}}}}}});
        live_beside_a_good_one(scene);
        EXPECT_EQ(scene.times(name), alone().times);
        EXPECT_EQ(scene.times("bad"), alone().times);
        EXPECT_EQ(scene.made_by(name).at(0).name.size(), 62u);
        EXPECT_THAT(scene.events(name), Not(IsEmpty())) << "an event's name is made of the object's";
        EXPECT_THAT(scene.first.metrics(), HasSubstr("healthcheck_success_count{healthcheck_name=\"" + name + "\""));
        scene.end();
    }
}

TEST(BadInput, NamesThatNoServerTakes) {
    try_row({"an account that is no name", at("workflow.resource.serviceAccount", "My Account"),
             "ServiceAccountInvalid", "\"My Account\" is no name"});
    try_row({"a namespace that is no name", at("workflow.resource.namespace", "a/b"), "NamespaceInvalid",
             "\"a/b\" is no name"});
    try_row({"a Workflow that cannot be named", at("workflow.generateName", "bad..name-"), "GenerateNameInvalid",
             "cannot begin"});
}

// --- what stands in statuses --------------------------------------------------------------------------------------

TEST(BadInput, AWorkflowWhoseStatusIsGarbageTimesOutOrEndsAsFarAsItCanBeRead) {
    auto const large = std::string(1u << 20, 'm');
    struct Case {
        std::string what;
        json::value status;
        std::string ends;  ///< the check's status
        std::string message;
    };
    for (auto const& each : {
             Case{"phase is a number", {{"phase", 7}}, "Failed", "Failed"},
             Case{"phase is a list", {{"phase", {"Succeeded"}}}, "Failed", "Failed"},
             Case{"phase in lower case", {{"phase", "succeeded"}}, "Failed", "Failed"},
             Case{"status is text", "Succeeded", "Failed", "Failed"},
             Case{"status is a list", json::array{1, nullptr, json::object{}}, "Failed", "Failed"},
             Case{"times are nonsense",
                  {{"phase", "Succeeded"}, {"startedAt", "yesterday"}, {"finishedAt", 12}},
                  "Succeeded",
                  ""},
             Case{"times of other centuries",
                  {{"phase", "Succeeded"},
                   {"startedAt", "9999-12-31T23:59:59Z"},
                   {"finishedAt", "0001-01-01T00:00:00Z"}},
                  "Succeeded",
                  ""},
             Case{"times of the next century",
                  {{"phase", "Succeeded"},
                   {"startedAt", "2100-01-01T00:00:00Z"},
                   {"finishedAt", "2200-01-01T00:00:00Z"}},
                  "Succeeded",
                  ""},
             Case{"message is an object", {{"phase", "Failed"}, {"message", {{"a", 1}}}}, "Failed", ""},
             Case{"message of 1 MB", {{"phase", "Error"}, {"message", large}}, "Failed", "mmmm"},
             Case{"outputs are text", {{"phase", "Succeeded"}, {"outputs", "x"}}, "Succeeded", ""},
             Case{"parameters are an object",
                  {{"phase", "Succeeded"}, {"outputs", {{"parameters", {{"value", "x"}}}}}},
                  "Succeeded",
                  ""},
             Case{"parameters are anything",
                  {{"phase", "Succeeded"},
                   {"outputs",
                    {{"parameters",
                      {nullptr,
                       1,
                       "x",
                       json::object{},
                       {{"value", nullptr}},
                       {{"value", 7}},
                       {{"value", "{"}},
                       {{"value", "[]"}},
                       {{"value", R"({"metrics": 3})"}},
                       {{"value",
                         R"({"metrics": [null, 1, {}, {"name": ""}, {"name": 1}, {"name": "a b", "value": "x"}]})"}},
                       {{"value", R"({"metrics": [{"NAME": "9 \" lives", "Value": 1e400}]})"}}}}}}},
                  "Succeeded",
                  ""},
         }) {
        SCOPED_TRACE(each.what);
        OperatorScene scene;
        scene.fates["bad-"] = {.phase = ""};
        scene.add("good");
        scene.add("bad");
        scene.start();
        scene.pass(5s);
        auto const name = scene.made_by("bad").at(0).name;
        scene.merge(workflow_resource(), "health", name, {{"status", each.status}});
        scene.fates.clear();
        scene.pass(60s);
        auto const status = scene.status("bad");
        EXPECT_EQ(status.status, each.ends);
        EXPECT_THAT(status.error_message, StartsWith(each.message));
        EXPECT_LE(status.error_message.size(), 4096u);
        scene.pass(long_enough - 65s);
        expect_untouched(scene);
        EXPECT_GE(scene.made_by("bad").size(), 7u) << "it goes on";
        EXPECT_EQ(scene.status("bad").status, "Succeeded");
        EXPECT_THAT(warnings(scene), SizeIs(testing::Le(1u)));
        expect_gone(scene);
    }
}

TEST(BadInput, AStatusOfAHealthCheckThatIsGarbageIsWrittenAnew) {
    auto const most = std::numeric_limits<std::int64_t>::max();
    for (auto const& garbage : {
             json::value{{"successCount", "many"}, {"conditions", "none"}, {"currentWorkflow", {"a"}}, {"status", 7}},
             json::value{{"successCount", most}, {"failedCount", most}, {"totalHealthCheckRuns", most}},
             json::value{{"runNumber", most}, {"remedyEpisode", most}, {"consecutiveFailures", most}},
             json::value{{"runNumber", -most}, {"successCount", -most}, {"failedCount", -most}},
             json::value{{"finishedAt", "9999-12-31T23:59:59Z"}, {"lastSlot", "9999-12-31T23:59:59Z"}},
             json::value{{"finishedAt", "0001-01-01T00:00:00Z"}, {"lastSlot", "1677-01-01T00:00:00Z"}},
             json::value{{"finishedAt", "2200-01-01T00:00:00Z"}, {"lastSlot", "2200-01-01T00:00:00Z"}},
             json::value{{"currentWorkflow",
                          {{"run", "check-7"},
                           {"namespace", "no/where"},
                           {"name", "x?y"},
                           {"uid", ""},
                           {"slot", "9999-12-31T23:59:59Z"},
                           {"createdAt", "0001-01-01T00:00:00Z"}}}},
             json::value{{"remedyIntent", {{"episode", most}, {"attempt", -1}, {"expiresAt", "9999-12-31T23:59:59Z"}}},
                         {"status", "Failed"}},
             json::value{{"conditions", {nullptr, 7, json::object{}, {{"type", "Ready"}, {"status", 5}}}}},
         }) {
        SCOPED_TRACE(to_json(garbage));
        OperatorScene scene;
        scene.add("good");
        scene.add("bad");
        scene.merge(health_check_resource(), "health", "bad", {{"status", garbage}}, "status");
        live_beside_a_good_one(scene);
        EXPECT_GE(scene.made_by("bad").size(), 8u);
        EXPECT_EQ(scene.status("bad").status, "Succeeded");
        EXPECT_THAT(scene.condition("bad"), StartsWith("Ready=True "));
        expect_gone(scene);
    }
}

TEST(BadInput, ACronWhoseLastSlotLiesInTheNextCenturyTicks) {
    OperatorScene scene;
    scene.add("bad", {{"repeatAfterSec", nullptr}, {"schedule", {{"cron", "*/2 * * * *"}}}});
    scene.merge(health_check_resource(), "health", "bad",
                {{"status", {{"finishedAt", "2100-01-01T00:00:00Z"}, {"lastSlot", "2100-01-01T00:00:00Z"}}}}, "status");
    scene.start();
    scene.pass(long_enough);
    EXPECT_THAT(scene.times("bad"), SizeIs(4));
    expect_gone(scene);
}

TEST(BadInput, AllKindsAtOnceBesideAGoodOne) {
    OperatorScene scene;
    scene.add("good");
    scene.add("bad", at("workflow.resource", nullptr));
    for (int i = 0; i < 30; ++i) {
        auto const name = fmt::format("b{}", i);
        switch (i % 6) {
            case 0:
                scene.add(name, at("level", "CLUSTER"));
                break;
            case 1:
                scene.add(name, text_row("# nothing"));
                break;
            case 2:
                scene.add(name, at("workflow.resource.namespace", fmt::format("nowhere-{}", i)));
                break;
            case 3:
                scene.add(name, at("workflow.generateName", ""));
                break;
            case 4:
                scene.add_as_written(name, "text");
                break;
            default:
                scene.add(name, {{"repeatAfterSec", 0}, {"schedule", {{"cron", "0 0 30 2 *"}}}});
                break;
        }
    }
    live_beside_a_good_one(scene);
    for (int i = 0; i < 30; ++i) {
        EXPECT_THAT(scene.condition(fmt::format("b{}", i)), StartsWith("Ready=False "));
        EXPECT_THAT(scene.events(fmt::format("b{}", i)), SizeIs(1));
    }
    expect_gone(scene);
}

}  // namespace
}  // namespace vedette::op
