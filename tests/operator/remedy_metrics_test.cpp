// What alerts go by, in a whole operator: the breaker, whether remedies help, a pause, and what the remedy policy says.

#include "operator/operator_scene.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

kube::Resource const config_maps{.group = "", .version = "v1", .plural = "configmaps", .kind = "ConfigMap"};

// The values of a series of health/check, in the order of their labels.
std::vector<std::string> values(OperatorScene& scene, std::string const& series) {
    auto const begin = fmt::format(R"({}{{healthcheck_namespace="health",healthcheck_name="check")", series);
    std::vector<std::string> found;
    std::istringstream text(scene.first.metrics());
    for (std::string line; std::getline(text, line);) {
        if (line.starts_with(begin)) found.push_back(line.substr(line.rfind(' ') + 1));
    }
    return found;
}

void put_policy(OperatorScene& scene, boost::json::object const& data) {
    scene.server.put({{"apiVersion", "v1"},
                      {"kind", "ConfigMap"},
                      {"metadata", {{"name", remedy_policy_name}, {"namespace", "health"}}},
                      {"data", data}});
}

std::vector<std::string> told_of_the_policy(OperatorScene& scene) {
    std::vector<std::string> found;
    for (auto const& line : scene.first.log) {
        if (line.contains("remedy policy")) found.push_back(line);
    }
    return found;
}

bool enabled(OperatorScene& scene) {
    return scene.first.metrics().contains("\nvedette_operator_remedies_enabled 1.0\n");
}

TEST(RemedyMetrics, TheBreakersGaugeStaysUntilTheCheckSucceedsThroughARestart) {
    OperatorScene scene;
    scene.fates["check-"] = {.phase = "Failed", .message = "no"};
    auto spec = remedy_spec();
    spec["remedyBreaker"] = true;
    scene.add("check", spec);
    scene.start();
    scene.pass(1s);
    EXPECT_THAT(values(scene, "healthcheck_remedy_breaker_open"), ElementsAre("0.0"));
    scene.pass(1h);
    EXPECT_THAT(values(scene, "healthcheck_remedy_breaker_open"), ElementsAre("1.0"));
    EXPECT_THAT(values(scene, "healthcheck_remedy_unhelpful"), ElementsAre("2.0"));
    scene.first.kill();
    Member second(scene, "second");
    second.start();
    scene.pass(1s);
    EXPECT_THAT(second.metrics(), HasSubstr("\nhealthcheck_remedy_breaker_open{healthcheck_namespace=\"health\","
                                            "healthcheck_name=\"check\"} 1.0\n"));
    scene.fates.clear();
    scene.pass(2min);
    EXPECT_THAT(second.metrics(), HasSubstr("\nhealthcheck_remedy_breaker_open{healthcheck_namespace=\"health\","
                                            "healthcheck_name=\"check\"} 0.0\n"));
    second.kill();
    scene.end();
}

TEST(RemedyMetrics, APauseEndsWhatAnAlertGoesByAndTheNextResultBringsItBack) {
    OperatorScene scene;
    scene.fates["check-"] = {.phase = "Failed", .message = "no"};
    scene.add("check", remedy_spec());
    scene.start();
    scene.pass(5min);
    EXPECT_THAT(values(scene, "healthcheck_last_result"), Contains("0.0"));
    EXPECT_THAT(values(scene, "healthcheck_remedy_unhelpful"), Not(IsEmpty()));
    scene.edit("check", {{"repeatAfterSec", 0}});
    scene.pass(10s);
    EXPECT_EQ(scene.status("check").status, "Stopped");
    for (auto const* series : {"healthcheck_last_result", "healthcheck_ready", "healthcheck_remedy_unhelpful",
                               "healthcheck_remedy_breaker_open"}) {
        EXPECT_THAT(values(scene, series), IsEmpty()) << series;
    }
    scene.fates.clear();
    scene.edit("check", {{"repeatAfterSec", 3600}});
    scene.pass(10s);
    EXPECT_THAT(values(scene, "healthcheck_last_result"), ElementsAre("1.0")) << "its first result, and not the next";
    EXPECT_THAT(values(scene, "healthcheck_ready"), ElementsAre("1.0"));
    EXPECT_THAT(values(scene, "healthcheck_remedy_breaker_open"), ElementsAre("0.0"));
    scene.end();
}

TEST(RemedyMetrics, EachChangeOfThePolicyIsOneLineAndTheGaugeFollows) {
    OperatorScene scene;
    scene.start();
    EXPECT_FALSE(enabled(scene)) << "it has not been read";
    scene.pass(20min);
    EXPECT_TRUE(enabled(scene));
    put_policy(scene, {{"enabled", "false"}});
    scene.pass(20min);
    EXPECT_FALSE(enabled(scene));
    scene.merge(config_maps, "health", std::string(remedy_policy_name),
                {{"data", {{"enabled", "true"}, {"budgetPerCluster", "10/1h"}}}});
    scene.pass(1s);
    EXPECT_TRUE(enabled(scene));
    scene.merge(config_maps, "health", std::string(remedy_policy_name), {{"metadata", {{"labels", {{"a", "b"}}}}}});
    scene.pass(1s);
    scene.merge(config_maps, "health", std::string(remedy_policy_name), {{"data", {{"enabled", "flase"}}}});
    scene.pass(1s);
    EXPECT_FALSE(enabled(scene));
    scene.erase(config_maps, "health", remedy_policy_name);
    scene.pass(1s);
    EXPECT_TRUE(enabled(scene));
    EXPECT_THAT(
        told_of_the_policy(scene),
        ElementsAre("there is no remedy policy at health/vedette-remedy-policy: remedies run without budgets",
                    "remedy policy health/vedette-remedy-policy: remedies are off",
                    "remedy policy health/vedette-remedy-policy: remedies run, at most 10/1h",
                    "remedy policy health/vedette-remedy-policy: data.enabled: \"flase\" is neither true nor false: "
                    "write one of these; no remedy runs until it can be read",
                    "there is no remedy policy at health/vedette-remedy-policy: remedies run without budgets"));
    scene.end();
}

}  // namespace
}  // namespace vedette::op
