// What a run makes of a cluster that says too much, is not there, or answers for some lists only, and of a caller that
// goes away.

#include "base/task_group.hpp"
#include "check/engine_scene.hpp"
#include "check/suite.hpp"

namespace vedette::check {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Async<Outcome> repeat_a_secret(ProbeContext&, Params, Deadline) {
    auto outcome = Outcome::critical("pull failed: https://robot:hunter2@registry.example/v2", "PullFailed");
    outcome.failures.push_back({.kind = "Pod", .ns = "shop", .name = "web", .message = "password=hunter2 is wrong"});
    outcome.details = {{"events", {{{"message", "Bearer hunter2hunter2"}}}}, {"count", 2}};
    co_return outcome;
}

constexpr CheckType talkative{.name = "talkative",
                              .group = "probes",
                              .summary = "",
                              .explain = "",
                              .probe = repeat_a_secret,
                              .needs_cluster = false};

Async<Outcome> fail_at_once(ProbeContext&, Params, Deadline) {
    co_return Outcome::critical("refused", "Refused");
}

constexpr CheckType refused{
    .name = "refused", .group = "probes", .summary = "", .explain = "", .probe = fail_at_once, .needs_cluster = false};

TEST(Engine, WhatAClusterSaysIsShownWithoutSecrets) {
    EngineScene scene({instance_of(talkative, "talkative")});
    auto const report = scene.run();
    auto const& outcome = report.checks[0].outcome;
    EXPECT_EQ(outcome.message, "pull failed: https://[redacted]@registry.example/v2");
    EXPECT_EQ(outcome.failures[0].message, "password=[redacted] is wrong");
    EXPECT_THAT(boost::json::serialize(outcome.details), Not(HasSubstr("hunter2")));
    EXPECT_EQ(outcome.details.at("count"), 2);
}

TEST(Engine, BetweenTwoAttemptsThereIsAPause) {
    EngineScene scene({instance_of(refused, "refused")});
    scene.instances[0].params.retries = 4;
    auto const report = scene.run();
    EXPECT_EQ(report.checks[0].attempts, 5);
    EXPECT_GE(report.checks[0].duration, 400ms);
    EXPECT_LE(report.checks[0].duration, 1200ms);
}

TEST(Engine, ANamespaceThatDoesNotExistIsUnknownAndNotAllWell) {
    EngineScene scene({instance_of(pod_count, "typo"), instance_of(pod_count, "well")});
    scene.add_pod("shop", "web");
    scene.instances[0].params.namespaces = {"shpo"};
    scene.instances[1].params.namespaces = {"shop"};
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("typo unknown", "well ok"));
    EXPECT_EQ(report.checks[0].outcome.message, "there is no namespace shpo");
    EXPECT_EQ(report.checks[0].outcome.reason, "NamespaceNotFound");
}

TEST(Engine, WhoMayNotLookAtNamespacesIsJudgedByTheLists) {
    EngineScene scene({instance_of(pod_count, "pods")});
    scene.add_pod("shop", "web");
    scene.options.namespaces = {"shop"};
    scene.api.set_authorizer([](std::string_view, std::string_view, kube::Resource const& resource, std::string_view) {
        return resource.plural != "namespaces";
    });
    EXPECT_THAT(statuses(scene.run()), ElementsAre("pods ok"));
}

TEST(Engine, AnOptionalListThatFailsForAnotherReasonThanRightsIsUnknown) {
    EngineScene scene({instance_of(pods_optional, "check")});
    scene.add_node("n1");
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::status, .path_prefix = "/api/v1/pods", .status = 500});
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("check unknown"));
    EXPECT_THAT(report.checks[0].outcome.message, HasSubstr("could not list pods"));
}

TEST(Engine, AListCutOffByTheDeadlineOfTheRunSaysSoAndBlamesNoServer) {
    EngineScene scene({instance_of(pod_count, "pods")});
    scene.options.deadline = scene.world.clock().now() + 1s;
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::hang});
    auto const report = scene.run();
    EXPECT_EQ(report.checks[0].outcome.message, "not finished: interrupted");
}

TEST(Engine, ACheckThatWaitedForItsListsTellsThemApartFromATimeoutOfItsOwn) {
    EngineScene scene({instance_of(pods_optional, "both")});
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::hang});
    auto const report = scene.run();
    EXPECT_EQ(report.checks[0].outcome.message, "timed out after 10s, waiting for the list of nodes and pods");
    EXPECT_EQ(report.checks[0].outcome.reason, "ListMissing");
}

// Fails as a client does whose name servers do not answer: after seconds.
class Nameless final : public kube::Api {
public:
    explicit Nameless(Clock& clock) : clock_(clock) {}
    Task<kube::Response> send(kube::Request, Deadline) override {
        ++asked;
        co_await clock_.sleep_for(4s);
        co_return fail(Errc::dns_failure, "api.example: no such host");
    }
    int asked = 0;

private:
    Clock& clock_;
};

TEST(Engine, AServerWithoutANameIsNotLookedUpForEachListInTurn) {
    std::vector<Instance> lists;
    for (auto const& instance : built_in_suite().checks) {
        if (instance.type->judge) lists.push_back(instance);
    }
    EngineScene scene(std::move(lists));
    Nameless api(scene.world.clock());
    kube::Client client(api, scene.world.clock(), scene.world.random());
    scene.context.client = &client;
    auto const report = scene.run();
    for (auto const& check : report.checks) {
        EXPECT_EQ(check.outcome.status, Status::unknown) << check.identity.name << ": " << check.outcome.message;
    }
    EXPECT_LE(scene.world.elapsed(), 5s);
}

Async<void> run_and_leave(EngineScene& scene, Duration patience) {
    auto const executor = co_await asio::this_coro::executor;
    TaskGroup tasks(executor);
    tasks.spawn([](EngineScene& s) -> Async<void> {
        co_await run_checks(s.instances, s.context, s.options, {&s.diary}, s.interrupt);
    }(scene));
    co_await scene.world.clock().sleep_for(patience);
    co_await tasks.stop();
}

TEST(Engine, ACallerThatGoesAwayLeavesNothingBehind) {
    EngineScene scene({instance_of(answering, "slow"), instance_of(pod_count, "pods")});
    scene.options.deadline = scene.world.clock().now() + 1h;
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::hang});
    scene.world.run(run_and_leave(scene, 500ms));
    EXPECT_EQ(scene.world.elapsed(), 500ms);
    scene.interrupt.raise();  // would call into a run that is gone
    EXPECT_THAT(scene.diary.lines, ElementsAre("begin 2", "start slow", "start pods"));
}

}  // namespace
}  // namespace vedette::check
