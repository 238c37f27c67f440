// A server that is not Kubernetes is never healthy (contracts 4): apiserver-livez and -readyz name the cause, and
// whatever had to be read is unknown.

#include "check/engine_scene.hpp"
#include "check/same_answer.hpp"
#include "check/suite.hpp"

namespace vedette::check {
namespace {

struct ForeignScene : EngineScene {
    ForeignScene(int status, std::string body)
        : EngineScene(built_in_suite().checks), foreign(status, std::move(body)) {
        context.client = &client_of_foreign;
        report = run();
    }
    SameAnswer foreign;
    kube::Client client_of_foreign{foreign, world.clock(), world.random()};
    RunReport report;
};

TEST(ForeignServer, LivezCarriesTheCauseAndEveryOtherCheckThatReadsIsUnknown) {
    struct Row {
        int status;
        std::string body;
    };
    for (auto const& row :
         {Row{404, "<html><h1>Not Found</h1></html>"}, Row{404, R"({"detail":"Not Found"})"}, Row{404, ""},
          Row{405, "<html>405 Not Allowed</html>"}, Row{405, R"({"message":"Method Not Allowed"})"},
          Row{406, "Not Acceptable"}, Row{415, ""}, Row{400, "Bad Request"}, Row{302, ""},
          Row{200, "<html>welcome</html>"}, Row{200, R"({"hello":"world"})"}, Row{502, "Bad Gateway"}}) {
        SCOPED_TRACE(fmt::format("{} {}", row.status, row.body));
        ForeignScene const scene(row.status, row.body);
        for (std::size_t i = 0; i < scene.instances.size(); ++i) {
            auto const& type = *scene.instances[i].type;
            auto const& outcome = scene.report.checks[i].outcome;
            auto const want = type.name == "apiserver-livez" ? Status::critical : Status::unknown;
            auto const reads = type.judge || type.name.starts_with("apiserver-");
            if (reads) EXPECT_EQ(outcome.status, want) << type.name << ": " << outcome.message;
        }
    }
}

TEST(ForeignServer, TheWordsOfAnApiServerDoNotMakeOneWithoutTheCoreKinds) {
    ForeignScene const scene(404, "404 page not found\n");
    EXPECT_FALSE(scene.report.healthy());
    for (std::size_t i = 0; i < scene.instances.size(); ++i) {
        auto const& type = *scene.instances[i].type;
        auto const& outcome = scene.report.checks[i].outcome;
        EXPECT_NE(outcome.status, Status::ok) << type.name;
        if (!type.needs || !type.needs().front().resource.group.empty()) continue;
        EXPECT_EQ(outcome.reason, "NotKubernetes") << type.name << ": " << outcome.message;
    }
}

}  // namespace
}  // namespace vedette::check
