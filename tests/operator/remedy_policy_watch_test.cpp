// A remedy policy that the operator may not read, or may not read any more: no remedy runs, or a kill switch thrown now
// would not be seen. Both must show.

#include "operator/operator_scene.hpp"

namespace vedette::op {
namespace {

using testing::Contains;
using testing::HasSubstr;

// The line of /readyz?verbose.
std::string told(OperatorScene& scene) {
    auto const parts = scene.first->readyz();
    auto const answer = health_answer("readyz", parts, true);
    EXPECT_EQ(answer.status, 200) << "its metrics are to be read all the same";
    auto const at = answer.text.find("[+]remedy-policy");
    return at == std::string::npos ? "" : answer.text.substr(at, answer.text.find('\n', at) - at);
}

bool known(OperatorScene& scene) {
    return scene.first.metrics().contains("\nvedette_operator_remedy_policy_known 1.0\n");
}

bool about_policy(kube::Request const& request) {
    return request.path.find("/configmaps") != std::string::npos;
}

TEST(RemedyPolicyWatch, OneThatMayNotBeReadIsToldByMetricAndReadinessAndStopsRemedies) {
    OperatorScene scene;
    bool forbidden = true;
    scene.first.door.answers = [&](kube::Request const& request) {
        bool const no = forbidden && about_policy(request);
        return no ? std::optional(refusal(403, "Forbidden", "configmaps is forbidden")) : std::nullopt;
    };
    scene.fates["check-"] = {.phase = "Failed", .message = "no"};
    scene.add("check", remedy_spec());
    scene.start();
    scene.pass(5min);
    EXPECT_FALSE(known(scene));
    EXPECT_THAT(told(scene), testing::StartsWith("[+]remedy-policy ok, but no remedy runs: ConfigMap health/"
                                                 "vedette-remedy-policy has not been read: "));
    EXPECT_THAT(told(scene), HasSubstr("configmaps is forbidden"));
    EXPECT_THAT(scene.runs("check"), testing::Each(testing::StartsWith("check-")));
    forbidden = false;
    scene.pass(1min);
    EXPECT_TRUE(known(scene));
    EXPECT_EQ(told(scene), "[+]remedy-policy ok");
    scene.pass(5min);
    EXPECT_THAT(scene.runs("check"), Contains(testing::StartsWith("remedy-")));
    scene.end();
}

TEST(RemedyPolicyWatch, OneThatMayNoLongerBeReadShowsWithinTheNextWatch) {
    OperatorScene scene;
    scene.start();
    scene.pass(10s);
    EXPECT_TRUE(known(scene)) << "it is known not to be there";
    scene.first.door.answers = [](kube::Request const& request) {
        return about_policy(request) ? std::optional(refusal(403, "Forbidden", "configmaps is forbidden"))
                                     : std::nullopt;
    };
    scene.pass(11min);
    EXPECT_FALSE(known(scene));
    EXPECT_THAT(told(scene), testing::StartsWith("[+]remedy-policy ok, but "));
    EXPECT_THAT(told(scene), HasSubstr("changes of ConfigMap health/vedette-remedy-policy are not seen: "));
    scene.first.door.answers = {};
    scene.pass(1min);
    EXPECT_TRUE(known(scene));
    scene.end();
}

TEST(RemedyPolicyWatch, OutOfSightItStopsRemediesForThenTheKillSwitchWouldNotBeSeen) {
    OperatorScene scene;
    scene.fates["check-"] = {.phase = "Failed", .message = "no"};
    scene.add("check", remedy_spec());
    scene.start();
    scene.pass(3min);
    auto const remedies = [&] {
        return std::ranges::count_if(scene.runs("check"), [](auto const& run) { return run.starts_with("remedy-"); });
    };
    EXPECT_GT(remedies(), 0);
    scene.first.door.answers = [](kube::Request const& request) {
        return about_policy(request) ? std::optional(refusal(403, "Forbidden", "configmaps is forbidden"))
                                     : std::nullopt;
    };
    scene.pass(12min);
    EXPECT_THAT(told(scene),
                HasSubstr("ok, but no remedy runs: changes of ConfigMap health/vedette-remedy-policy are "));
    auto const before = remedies();
    scene.pass(10min);
    EXPECT_EQ(remedies(), before);
    scene.first.door.answers = {};
    scene.pass(5min);
    EXPECT_GT(remedies(), before);
    scene.end();
}

TEST(RemedyPolicyWatch, OneThatIsNotUnderstoodIsNotKnown) {
    OperatorScene scene;
    scene.server.put({{"apiVersion", "v1"},
                      {"kind", "ConfigMap"},
                      {"metadata", {{"name", remedy_policy_name}, {"namespace", "health"}}},
                      {"data", {{"enabled", "flase"}}}});
    scene.start();
    scene.pass(1s);
    EXPECT_FALSE(known(scene));
    EXPECT_THAT(told(scene), HasSubstr("flase"));
    scene.end();
}

}  // namespace
}  // namespace vedette::op
