// Custom metrics that are refused: whoever writes the Workflow is told on the HealthCheck, once for each trouble.

#include "base/json.hpp"
#include "operator/operator_scene.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

namespace json = boost::json;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

json::object outputs(std::string_view metrics) {
    json::object const parameter{{"name", "metrics"}, {"value", fmt::format(R"({{"metrics": {}}})", metrics)}};
    return {{"parameters", json::array{parameter}}};
}

std::vector<std::string> refused(std::string_view metrics) {
    std::vector<std::string> sentences;
    custom_metrics("check", {{"status", {{"outputs", outputs(metrics)}}}}, &sentences);
    return sentences;
}

TEST(CustomMetrics, EachThatIsNotOfTheDocumentedShapeIsASentence) {
    EXPECT_THAT(refused(R"([{"name": "a", "value": 1}, {"name": "b"}])"), IsEmpty());
    EXPECT_THAT(refused(R"({"name": "a", "value": 1})"), ElementsAre("metrics is no array"));
    EXPECT_THAT(refused(R"([7, {"value": 1}, {"name": 3}, {"name": "late", "value": "1"}])"),
                ElementsAre("element 1 of metrics is no object", "element 2 of metrics has no name",
                            "element 3 of metrics has no name", "custom metric late: its value is no number"));
    EXPECT_THAT(refused(fmt::format(R"([{{"name": "{}", "value": null}}])", std::string(5000, 'x'))),
                ElementsAre(AllOf(EndsWith("...: its value is no number"), SizeIs(testing::Lt(200u)))));
}

TEST(CustomMetrics, WhatIsRefusedIsOneWarningOnTheCheckThatCountsItsRuns) {
    OperatorScene scene;
    scene.fates["check-"] = {.outputs =
                                 outputs(R"([{"name": "good", "value": 1}, {"name": "late", "value": "soon"}, 7])")};
    scene.add("check");
    scene.start();
    scene.pass(3min);
    EXPECT_THAT(scene.first.metrics(), HasSubstr("check_good{healthcheck_name=\"check\"} 1.0\n"));
    EXPECT_EQ(scene.status("check").success_count, 3) << "the run is what it is";
    EXPECT_THAT(scene.events("check"),
                Contains("Warning CustomMetricRefused x3: custom metric late: its value is no number; element 3 of "
                         "metrics is no object"));
    EXPECT_THAT(scene.first.log, Contains(StartsWith("health/check: CustomMetricRefused: custom metric late")));
    scene.end();
}

TEST(CustomMetrics, TooManyAndThoseOfTheOperatorItselfAreToldAndCut) {
    OperatorScene scene;
    std::string many = R"([{"name": "ready", "value": 1})";
    for (int i = 0; i < 110; ++i) many += fmt::format(R"(, {{"name": "m{}", "value": 1}})", i);
    scene.fates["healthcheck-"] = {.outputs = outputs(many + "]")};
    scene.add("healthcheck");
    scene.start();
    scene.pass(10s);
    EXPECT_THAT(scene.events("healthcheck"),
                Contains("Warning CustomMetricRefused x1: custom metric healthcheck_ready: the operator itself has a "
                         "metric of that name; custom metric healthcheck_m100: a HealthCheck may have 100 of them; "
                         "custom metric healthcheck_m101: a HealthCheck may have 100 of them; and 8 more"));
    scene.end();
}

TEST(CustomMetrics, NothingIsToldOfThoseThatAreFine) {
    OperatorScene scene;
    scene.fates["check-"] = {.outputs = outputs(R"([{"name": "good", "value": 1}])")};
    scene.add("check");
    scene.start();
    scene.pass(10s);
    EXPECT_THAT(scene.events("check"), Not(Contains(HasSubstr("CustomMetricRefused"))));
    scene.end();
}

}  // namespace
}  // namespace vedette::op
