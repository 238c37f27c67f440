// Shared lists: who shares them, who waits, and what happens to whom when they fail or are forbidden.

#include "check/engine_scene.hpp"
#include "check/suite.hpp"

namespace vedette::check {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// --- shared reads -------------------------------------------------------------------------------------------------

TEST(Engine, ChecksThatNeedTheSameListShareOneRequest) {
    EngineScene scene({instance_of(node_count, "a"), instance_of(node_count, "b"), instance_of(node_count, "c")});
    scene.add_node("n1");
    scene.add_node("n2");
    auto const before = scene.api.requests();
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("a ok", "b ok", "c ok"));
    EXPECT_EQ(report.checks[2].outcome.message, "2 nodes");
    EXPECT_EQ(scene.api.requests() - before, 1U);
}

TEST(Engine, ASlowSharedListTimesOutForTheImpatientAndAnswersThePatient) {
    EngineScene scene({instance_of(node_count, "impatient"), instance_of(node_count, "patient")});
    scene.add_node("n1");
    scene.instances[0].params.timeout = 2s;
    scene.instances[1].params.timeout = 20s;
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::delay, .delay = 10s});
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("impatient timeout", "patient ok"));
    EXPECT_EQ(report.checks[0].duration, 2s);
    EXPECT_EQ(report.checks[0].outcome.message, "timed out after 2s, waiting for the list of nodes");
    EXPECT_EQ(report.checks[1].duration, 10s);
}

TEST(Engine, AnUnreachableServerIsUnknownForWhoeverNeedsItAndForNobodyElse) {
    EngineScene scene({instance_of(node_count, "nodes"), instance_of(answering, "probe")});
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::refuse});
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("nodes unknown", "probe ok"));
    EXPECT_THAT(report.checks[0].outcome.message, HasSubstr("could not list nodes: "));
}

TEST(Engine, WithoutAClusterObjectChecksAreUnknownAndProbesRun) {
    EngineScene scene({instance_of(node_count, "nodes"), instance_of(answering, "probe")});
    scene.context.client = nullptr;
    scene.context.target = nullptr;
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("nodes unknown", "probe ok"));
    EXPECT_EQ(report.checks[0].outcome.reason, "NoCluster");
    EXPECT_EQ(report.server, "");
}

// Passes requests on, and remembers how many were under way at once.
class Crowd final : public kube::Api {
public:
    explicit Crowd(kube::Api& api) : api_(api) {}
    Task<kube::Response> send(kube::Request request, Deadline deadline) override {
        most = std::max(most, ++now_);
        auto answer = co_await api_.send(std::move(request), deadline);
        --now_;
        co_return answer;
    }
    int most = 0;

private:
    kube::Api& api_;
    int now_ = 0;
};

// Three of the eight connections to a host are left to the probes that say why nothing can be read.
TEST(Engine, ListsThatHangLeaveConnectionsToTheProbesOfTheApiServer) {
    std::vector<Instance> lists;
    for (auto const& instance : built_in_suite().checks) {
        if (instance.type->judge) lists.push_back(instance);
    }
    EngineScene scene(std::move(lists));
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::hang});
    Crowd crowd(scene.api);
    kube::Client client(crowd, scene.world.clock(), scene.world.random());
    scene.context.client = &client;
    for (auto const& check : scene.run().checks) EXPECT_EQ(check.outcome.status, Status::timeout);
    EXPECT_EQ(crowd.most, 5);
}

TEST(Engine, AListThatEndsHandsItsTurnToTheNext) {
    EngineScene scene(built_in_suite().checks);
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::delay, .delay = 1s});
    for (auto const& check : scene.run().checks) {
        EXPECT_NE(check.outcome.status, Status::timeout) << check.identity.name << ": " << check.outcome.message;
    }
}

// --- rights and namespaces ----------------------------------------------------------------------------------------

bool only_in_shop(std::string_view, std::string_view, kube::Resource const&, std::string_view ns) {
    return ns == "shop";
}

TEST(Engine, A403IsUnknownAndNamesTheMissingVerbAndResourceAndTheWayOut) {
    EngineScene scene({instance_of(pod_count, "pods"), instance_of(node_count, "nodes")});
    scene.api.set_authorizer(only_in_shop);
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("pods unknown", "nodes unknown"));
    EXPECT_THAT(report.checks[0].outcome.message, HasSubstr("verb list on pods"));
    EXPECT_THAT(report.checks[0].outcome.message, HasSubstr("--namespace"));
    EXPECT_THAT(report.checks[1].outcome.message, HasSubstr("verb list on nodes"));
    EXPECT_THAT(report.checks[1].outcome.message, testing::Not(HasSubstr("--namespace")));
}

TEST(Engine, WithRightsInOneNamespaceOnlyTheNamespaceOptionGivesAFullAnswer) {
    EngineScene scene({instance_of(pod_count, "pods"), instance_of(node_count, "nodes")});
    scene.add_pod("shop", "web");
    scene.add_pod("other", "db");
    scene.api.set_authorizer(only_in_shop);
    scene.options.namespaces = {"shop"};
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("pods ok", "nodes skipped"));
    EXPECT_EQ(report.checks[0].outcome.message, "1 pods: shop/web");
    EXPECT_THAT(report.checks[1].outcome.message, HasSubstr("--namespace"));
    EXPECT_TRUE(report.healthy());
}

TEST(Engine, ANamespaceWithoutRightsSpoilsTheAnswerEvenWhenAnotherHasThem) {
    EngineScene scene({instance_of(pod_count, "pods")});
    scene.add_pod("shop", "web");
    scene.api.set_authorizer(only_in_shop);
    scene.options.namespaces = {"shop", "other"};
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("pods unknown"));
    EXPECT_THAT(report.checks[0].outcome.message, HasSubstr("verb list on pods"));
}

TEST(Engine, OneChecksForbiddenNamespaceDoesNotSpoilAnotherChecks) {
    EngineScene scene(
        {instance_of(pod_count, "shop"), instance_of(pod_count, "other"), instance_of(pod_count, "both")});
    scene.add_pod("shop", "web");
    scene.api.set_authorizer(only_in_shop);
    scene.instances[0].params.namespaces = {"shop"};
    scene.instances[1].params.namespaces = {"other"};
    scene.instances[2].params.namespaces = {"shop", "other"};
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("shop ok", "other unknown", "both unknown"));
    EXPECT_EQ(report.checks[0].outcome.message, "1 pods: shop/web");
    EXPECT_EQ(report.checks[1].outcome.message,
              "no permission: this needs the verb list on pods in the namespace other");
}

TEST(Engine, WhoNamesItsNamespacesIsJudgedThoughTheWholeClusterMayNotBeRead) {
    EngineScene scene({instance_of(pod_count, "all"), instance_of(pod_count, "shop"), instance_of(pod_count, "other")});
    scene.add_pod("shop", "web");
    scene.api.set_authorizer(only_in_shop);
    scene.instances[1].params.namespaces = {"shop"};
    scene.instances[2].params.namespaces = {"other"};
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("all unknown", "shop ok", "other unknown"));
    EXPECT_THAT(report.checks[0].outcome.message, HasSubstr("in the whole cluster"));
    EXPECT_EQ(report.checks[1].outcome.message, "1 pods: shop/web");
}

TEST(Engine, WithRightsInTheWholeClusterNobodysNamespaceIsReadApart) {
    EngineScene scene({instance_of(pod_count, "all"), instance_of(pod_count, "shop")});
    scene.add_pod("shop", "web");
    scene.add_pod("other", "db");
    scene.instances[1].params.namespaces = {"shop"};
    scene.api.add_fault(
        {.kind = kube::fake::Fault::Kind::status, .path_prefix = "/api/v1/namespaces/shop/pods", .status = 400});
    auto const report = scene.run();
    EXPECT_EQ(report.checks[0].outcome.message, "2 pods: other/db shop/web");
    EXPECT_EQ(report.checks[1].outcome.message, "1 pods: shop/web");
}

TEST(Engine, AServerThatIsGoneIsNotAskedAgainForEachNamespace) {
    EngineScene scene({instance_of(pod_count, "first"), instance_of(pod_count, "second")});
    scene.add_pod("a", "web");
    scene.add_pod("b", "web");
    scene.instances[0].params.namespaces = {"a"};
    scene.instances[1].params.namespaces = {"b"};
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::status,
                         .path_prefix = "/api/v1/namespaces/a/pods",
                         .times = 1,
                         .status = 400});
    EXPECT_THAT(statuses(scene.run()), ElementsAre("first unknown", "second unknown"));
}

bool shop_and_nodes(std::string_view, std::string_view, kube::Resource const& resource, std::string_view ns) {
    return ns == "shop" || resource.plural == "nodes";
}

TEST(Engine, AnOptionalListIsMissingForWhomeverItIsNotWhole) {
    EngineScene scene({instance_of(pods_optional, "shop"), instance_of(pods_optional, "other")});
    scene.instances[0].params.namespaces = {"shop"};
    scene.instances[1].params.namespaces = {"other"};
    scene.api.set_authorizer(shop_and_nodes);
    auto const report = scene.run();
    EXPECT_EQ(report.checks[0].outcome.message, "with pods");
    EXPECT_EQ(report.checks[1].outcome.message, "without pods");
}

TEST(Engine, AGlobReadsTheWholeClusterOnceAndShowsOnlyWhatItMatches) {
    EngineScene scene({instance_of(pod_count, "pods")});
    scene.add_pod("shop-a", "web");
    scene.add_pod("shop-b", "web");
    scene.add_pod("other", "db");
    auto const before = scene.api.requests();
    scene.options.namespaces = {"shop-*"};
    auto const report = scene.run();
    EXPECT_EQ(report.checks[0].outcome.message, "2 pods: shop-a/web shop-b/web");
    EXPECT_EQ(scene.api.requests() - before, 1U);
}

TEST(Engine, AListThatRestartsAfterItsTokenExpiredCountsEachObjectOnce) {
    EngineScene scene({instance_of(node_count, "nodes")});
    for (int i = 0; i < 700; ++i) scene.add_node("n" + std::to_string(i));
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::reset_body, .times = 1, .after_bytes = 4000});
    auto const report = scene.run();
    EXPECT_EQ(report.checks[0].outcome.checked, 700);
}

}  // namespace
}  // namespace vedette::check
