#include "check/engine.hpp"

#include "check/objects/node.hpp"
#include "check/objects/pod.hpp"
#include "check/world_context.hpp"

#include <gmock/gmock.h>

namespace vedette::check {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// --- probes of our own --------------------------------------------------------------------------------------------

Async<Outcome> answer_after_two_seconds(ProbeContext& context, Params, Deadline) {
    co_await context.clock.sleep_for(2s);
    co_return Outcome::ok("fine");
}

Async<Outcome> wait_for_ever(ProbeContext& context, Params, Deadline) {
    co_await context.clock.sleep_until(no_deadline, "a probe that never ends");
    co_return Outcome::ok("never");
}

Async<Outcome> throw_a_bug(ProbeContext& context, Params, Deadline) {
    co_await context.clock.sleep_for(1s);
    throw std::runtime_error("index 7 of 3");
}

Async<Outcome> throw_a_secret(ProbeContext& context, Params, Deadline) {
    co_await context.clock.sleep_for(1s);
    throw std::runtime_error("password=hunter2");
}

// Has words of its own for its deadline.
Async<Outcome> give_up_in_time(ProbeContext& context, Params, Deadline deadline) {
    co_await context.clock.sleep_until(deadline);
    co_return Outcome::timeout("nobody came");
}

Async<Outcome> abort_itself(ProbeContext& context, Params, Deadline) {
    co_await context.clock.sleep_for(1s);
    throw boost::system::system_error(asio::error::operation_aborted);
}

// Fails until the third second of the world.
Async<Outcome> heal_at_three(ProbeContext& context, Params, Deadline) {
    co_await context.clock.sleep_for(1s);
    if (context.clock.now() < TimePoint{} + 3s) co_return Outcome::critical("not yet", "NotYet");
    co_return Outcome::ok("at last");
}

Async<Outcome> be_critical(ProbeContext&, Params, Deadline) {
    auto outcome = Outcome::critical("broken", "Broken");
    outcome.failures.push_back({.kind = "Node", .ns = {}, .name = "n1"});
    co_return outcome;
}

constexpr CheckType answering{.name = "answering",
                              .group = "probes",
                              .summary = "",
                              .explain = "",
                              .probe = answer_after_two_seconds,
                              .needs_cluster = false};
constexpr CheckType waiting{.name = "waiting",
                            .group = "probes",
                            .summary = "",
                            .explain = "",
                            .timeout = 5s,
                            .probe = wait_for_ever,
                            .needs_cluster = false};
constexpr CheckType throwing{
    .name = "throwing", .group = "probes", .summary = "", .explain = "", .probe = throw_a_bug, .needs_cluster = false};
constexpr CheckType leaking{.name = "leaking",
                            .group = "probes",
                            .summary = "",
                            .explain = "",
                            .probe = throw_a_secret,
                            .needs_cluster = false};
constexpr CheckType punctual{.name = "punctual",
                             .group = "probes",
                             .summary = "",
                             .explain = "",
                             .timeout = 1s,
                             .probe = give_up_in_time,
                             .needs_cluster = false};
constexpr CheckType aborting{
    .name = "aborting", .group = "probes", .summary = "", .explain = "", .probe = abort_itself, .needs_cluster = false};
constexpr CheckType healing{
    .name = "healing", .group = "probes", .summary = "", .explain = "", .probe = heal_at_three, .needs_cluster = false};
constexpr CheckType broken{
    .name = "broken", .group = "probes", .summary = "", .explain = "", .probe = be_critical, .needs_cluster = false};

// --- object checks of our own -------------------------------------------------------------------------------------

std::vector<Read> need_nodes() {
    std::vector<Read> reads;
    reads.push_back(read_of<Node>());
    return reads;
}

Outcome count_nodes(View const& view, Params const&, WallTime) {
    auto const nodes = view.list<Node>();
    auto outcome = Outcome::ok(fmt::format("{} nodes", nodes.size()));
    outcome.checked = static_cast<std::int64_t>(nodes.size());
    return outcome;
}

std::vector<Read> need_pods() {
    std::vector<Read> reads;
    reads.push_back(read_of<Pod>());
    return reads;
}

Outcome count_pods(View const& view, Params const&, WallTime) {
    auto const pods = view.list<Pod>();
    std::string names;
    for (auto const* pod : pods) names += " " + pod->meta.ns + "/" + pod->meta.name;
    return Outcome::ok(fmt::format("{} pods:{}", pods.size(), names));
}

std::vector<Read> need_nodes_and_maybe_pods() {
    std::vector<Read> reads;
    reads.push_back(read_of<Node>());
    reads.push_back(read_of<Pod>(true));
    return reads;
}

Outcome tell_whether_pods_were_read(View const& view, Params const&, WallTime) {
    return Outcome::ok(view.has<Pod>() ? "with pods" : "without pods");
}

Outcome judge_with_a_bug(View const&, Params const&, WallTime) {
    throw std::out_of_range("no such pod");
}

constexpr CheckType node_count{.name = "node-count",
                               .group = "nodes",
                               .summary = "",
                               .explain = "",
                               .needs = need_nodes,
                               .judge = count_nodes,
                               .cluster_scoped = true};
constexpr CheckType pod_count{
    .name = "pod-count", .group = "workloads", .summary = "", .explain = "", .needs = need_pods, .judge = count_pods};
constexpr CheckType pods_optional{.name = "pods-optional",
                                  .group = "workloads",
                                  .summary = "",
                                  .explain = "",
                                  .needs = need_nodes_and_maybe_pods,
                                  .judge = tell_whether_pods_were_read};
constexpr CheckType bad_judge{.name = "bad-judge",
                              .group = "workloads",
                              .summary = "",
                              .explain = "",
                              .needs = need_pods,
                              .judge = judge_with_a_bug};

struct Scene : WorldContext {
    explicit Scene(std::vector<Instance> checks) : instances(std::move(checks)) {}

    RunReport run() { return world.run(run_checks(instances, context, options, {&diary}, interrupt)); }

    void add_pod(std::string ns, std::string name) {
        api.put({{"apiVersion", "v1"},
                 {"kind", "Pod"},
                 {"metadata", {{"namespace", ns}, {"name", name}}},
                 {"status", {{"phase", "Running"}}}});
    }
    void add_node(std::string name) {
        api.put({{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"name", name}}}});
    }

    std::vector<Instance> instances;
    RunOptions options;
    Diary diary;
    Interrupt interrupt;
};

std::vector<std::string> statuses(RunReport const& report) {
    std::vector<std::string> words;
    for (auto const& check : report.checks) {
        words.push_back(check.identity.name + " " + std::string(to_string(check.outcome.status)));
    }
    return words;
}

// --- deadlines and bugs -------------------------------------------------------------------------------------------

TEST(Engine, ACheckThatWaitsForEverTimesOutAtItsOwnDeadlineAndTheOthersAnswer) {
    Scene scene({instance_of(waiting, "hung"), instance_of(answering, "well")});
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("hung timeout", "well ok"));
    EXPECT_EQ(report.checks[0].outcome.message, "timed out after 5s");
    EXPECT_EQ(report.checks[0].duration, 5s);
    EXPECT_EQ(report.checks[1].duration, 2s);
    EXPECT_EQ(report.status, Status::timeout);
    EXPECT_FALSE(report.healthy());
    EXPECT_FALSE(report.interrupted);
    EXPECT_EQ(scene.world.elapsed(), 5s);
}

TEST(Engine, AProbeIsToldADeadlineThatLeavesTimeForItsOwnWords) {
    Scene scene({instance_of(punctual, "short"), instance_of(punctual, "long")});
    scene.instances[1].params.timeout = 60s;
    auto const report = scene.run();
    EXPECT_EQ(report.checks[0].outcome.message, "nobody came");
    EXPECT_EQ(report.checks[0].duration, 950ms);
    EXPECT_EQ(report.checks[0].timeout, 1s);
    EXPECT_EQ(report.checks[1].duration, 59900ms);
}

TEST(Engine, ACheckThatThrowsIsUnknownAndHarmsNoOther) {
    Scene scene({instance_of(throwing, "buggy"), instance_of(bad_judge, "bad"), instance_of(answering, "well")});
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("buggy unknown", "bad unknown", "well ok"));
    EXPECT_THAT(report.checks[0].outcome.message, HasSubstr("index 7 of 3"));
    EXPECT_THAT(report.checks[1].outcome.message, HasSubstr("no such pod"));
    EXPECT_EQ(report.checks[0].outcome.reason, "CheckFailed");
    auto const& lines = report.checks[0].exception;
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0], "Traceback (most recent call last):\n");
    EXPECT_THAT(lines[1], testing::MatchesRegex("  File \"src/check/engine.cpp\", line [0-9]+, in attempt\n"));
    EXPECT_EQ(lines[2], "std::runtime_error: index 7 of 3\n");
    EXPECT_EQ(report.checks[1].exception.back(), "std::out_of_range: no such pod\n");
    EXPECT_TRUE(report.checks[2].exception.empty());
}

TEST(Engine, WhatACheckThrowsIsShownWithoutItsSecrets) {
    Scene scene({instance_of(leaking, "leaky")});
    auto const report = scene.run();
    EXPECT_THAT(report.checks[0].outcome.message, testing::Not(HasSubstr("hunter2")));
    EXPECT_EQ(report.checks[0].exception.back(), "std::runtime_error: password=[redacted]\n");
}

TEST(Engine, ACheckThatThrowsTheErrorOfACancellationNobodyAskedForStillHasAnOutcome) {
    Scene scene({instance_of(aborting, "odd"), instance_of(answering, "well")});
    scene.options.workers = 1;
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("odd unknown", "well ok"));
    EXPECT_FALSE(report.interrupted);
}

TEST(Engine, AChecksClockStartsWhenTheCheckStartsAndNotWhenTheRunDoes) {
    Scene scene({instance_of(waiting, "a"), instance_of(waiting, "b"), instance_of(answering, "c")});
    scene.options.workers = 1;
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("a timeout", "b timeout", "c ok"));
    EXPECT_EQ(*report.checks[1].started_at - *report.checks[0].started_at, 5s);
    EXPECT_EQ(scene.world.elapsed(), 12s);
}

TEST(Engine, TheTimeoutOptionOverridesEveryChecksOwn) {
    Scene scene({instance_of(waiting, "hung"), instance_of(answering, "slow")});
    scene.options.timeout = 1s;
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("hung timeout", "slow timeout"));
    EXPECT_EQ(scene.world.elapsed(), 1s);
}

TEST(Engine, AtMostSoManyChecksAsThereAreWorkersAreInFlight) {
    std::vector<Instance> checks;
    for (int i = 0; i < 6; ++i) checks.push_back(instance_of(answering, "c" + std::to_string(i)));
    for (auto const& [workers, seconds] : {std::pair{1, 12}, std::pair{2, 6}, std::pair{3, 4}, std::pair{0, 2}}) {
        SCOPED_TRACE(workers);
        Scene scene(checks);
        scene.options.workers = workers;
        EXPECT_EQ(scene.run().status, Status::ok);
        EXPECT_EQ(scene.world.elapsed(), std::chrono::seconds(seconds));
    }
}

TEST(Engine, SinksHearEachCheckStartAndFinishOnceAndTheEndLast) {
    Scene scene({instance_of(answering, "a"), instance_of(broken, "b")});
    scene.run();
    EXPECT_THAT(scene.diary.lines,
                ElementsAre("begin 2", "start a", "start b", "finish b critical", "finish a ok", "end critical"));
}

TEST(Engine, ARunOfNothingEndsAtOnceAndIsHealthy) {
    Scene scene({});
    auto const report = scene.run();
    EXPECT_TRUE(report.checks.empty());
    EXPECT_TRUE(report.healthy());
    EXPECT_THAT(scene.diary.lines, ElementsAre("begin 0", "end skipped"));
}

// --- what instances say -------------------------------------------------------------------------------------------

TEST(Engine, RetriesAreMadeUntilACheckIsHealthyOrTheyAreUsedUp) {
    Scene scene({instance_of(healing, "five"), instance_of(healing, "one"), instance_of(healing, "none")});
    scene.instances[0].params.retries = 5;
    scene.instances[1].params.retries = 1;
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("five ok", "one critical", "none critical"));
    EXPECT_EQ(report.checks[0].attempts, 3);
    EXPECT_EQ(report.checks[1].attempts, 2);
    EXPECT_EQ(report.checks[2].attempts, 1);
}

TEST(Engine, RetriesStayWithinTheDeadlineOfTheCheck) {
    Scene scene({instance_of(healing, "short")});
    scene.instances[0].params.retries = 10;
    scene.instances[0].params.timeout = 1500ms;
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("short timeout"));
    EXPECT_EQ(scene.world.elapsed(), 1500ms);
}

TEST(Engine, SeverityWarningLowersCriticalOutcomesAndTheirFailures) {
    Scene scene({instance_of(broken, "soft"), instance_of(waiting, "hung")});
    for (auto& instance : scene.instances) instance.params.severity = Status::warning;
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("soft warning", "hung timeout"));
    EXPECT_EQ(report.checks[0].outcome.failures.at(0).status, Status::warning);
}

TEST(Engine, SkipIfSkipsOnlyWhenTheVariableIsSetAndNotFalse) {
    for (auto const& [value, want] :
         {std::pair{std::optional<std::string>(), "c ok"}, std::pair{std::optional<std::string>(""), "c ok"},
          std::pair{std::optional<std::string>("0"), "c ok"}, std::pair{std::optional<std::string>("false"), "c ok"},
          std::pair{std::optional<std::string>("1"), "c skipped"},
          std::pair{std::optional<std::string>("yes"), "c skipped"}}) {
        SCOPED_TRACE(value.value_or("unset"));
        Scene scene({instance_of(answering, "c")});
        scene.instances[0].params.skip_if = "AIR_GAPPED";
        scene.context.environment = [&value](std::string name) {
            EXPECT_EQ(name, "AIR_GAPPED");
            return value;
        };
        auto const report = scene.run();
        EXPECT_THAT(statuses(report), ElementsAre(want));
        EXPECT_EQ(report.checks[0].started_at.has_value(), report.status == Status::ok);
        EXPECT_TRUE(report.healthy());
    }
}

// --- the run's end from outside -----------------------------------------------------------------------------------

TEST(Engine, TheDeadlineOfTheRunLeavesWhatIsNotFinishedUnknownAndTheLastRecordStillComes) {
    Scene scene({instance_of(answering, "done"), instance_of(waiting, "running"), instance_of(waiting, "queued")});
    scene.options.workers = 2;
    scene.options.deadline = scene.world.clock().now() + 3s;
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("done ok", "running unknown", "queued unknown"));
    EXPECT_EQ(report.checks[1].outcome.message, "not finished: interrupted");
    EXPECT_EQ(report.checks[2].outcome.message, "not finished: interrupted");
    EXPECT_TRUE(report.interrupted);
    EXPECT_EQ(scene.world.elapsed(), 3s);
    EXPECT_EQ(scene.diary.lines.back(), "end unknown");
}

TEST(Engine, AnInterruptEndsTheRunAtOnceWithOneReportPerCheck) {
    Scene scene({instance_of(waiting, "a"), instance_of(pod_count, "b"), instance_of(answering, "c")});
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::hang, .method = "GET", .path_prefix = "/api/v1/pods"});
    scene.world.clock().call_at(TimePoint{} + 1s, [&scene] { scene.interrupt.raise(); });
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("a unknown", "b unknown", "c unknown"));
    for (auto const& check : report.checks) EXPECT_EQ(check.outcome.message, "not finished: interrupted");
    EXPECT_EQ(scene.world.elapsed(), 1s);
    EXPECT_EQ(scene.diary.lines.back(), "end unknown");
}

TEST(Engine, AnInterruptBeforeTheRunStartsNoCheckAndStillReportsEach) {
    Scene scene({instance_of(answering, "a"), instance_of(pod_count, "b")});
    scene.interrupt.raise();
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("a unknown", "b unknown"));
    EXPECT_EQ(scene.world.elapsed(), 0s);
    EXPECT_EQ(scene.api.requests(), 0U);
}

// --- shared reads -------------------------------------------------------------------------------------------------

TEST(Engine, ChecksThatNeedTheSameListShareOneRequest) {
    Scene scene({instance_of(node_count, "a"), instance_of(node_count, "b"), instance_of(node_count, "c")});
    scene.add_node("n1");
    scene.add_node("n2");
    auto const before = scene.api.requests();
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("a ok", "b ok", "c ok"));
    EXPECT_EQ(report.checks[2].outcome.message, "2 nodes");
    EXPECT_EQ(scene.api.requests() - before, 1U);
}

TEST(Engine, ASlowSharedListTimesOutForTheImpatientAndAnswersThePatient) {
    Scene scene({instance_of(node_count, "impatient"), instance_of(node_count, "patient")});
    scene.add_node("n1");
    scene.instances[0].params.timeout = 2s;
    scene.instances[1].params.timeout = 20s;
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::delay, .delay = 10s});
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("impatient timeout", "patient ok"));
    EXPECT_EQ(report.checks[0].duration, 2s);
    EXPECT_EQ(report.checks[1].duration, 10s);
}

TEST(Engine, AnUnreachableServerIsUnknownForWhoeverNeedsItAndForNobodyElse) {
    Scene scene({instance_of(node_count, "nodes"), instance_of(answering, "probe")});
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::refuse});
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("nodes unknown", "probe ok"));
    EXPECT_THAT(report.checks[0].outcome.message, HasSubstr("could not list nodes: "));
}

TEST(Engine, WithoutAClusterObjectChecksAreUnknownAndProbesRun) {
    Scene scene({instance_of(node_count, "nodes"), instance_of(answering, "probe")});
    scene.context.client = nullptr;
    scene.context.target = nullptr;
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("nodes unknown", "probe ok"));
    EXPECT_EQ(report.checks[0].outcome.reason, "NoCluster");
    EXPECT_EQ(report.server, "");
}

// --- rights and namespaces ----------------------------------------------------------------------------------------

bool only_in_shop(std::string_view, std::string_view, kube::Resource const&, std::string_view ns) {
    return ns == "shop";
}

TEST(Engine, A403IsUnknownAndNamesTheMissingVerbAndResourceAndTheWayOut) {
    Scene scene({instance_of(pod_count, "pods"), instance_of(node_count, "nodes")});
    scene.api.set_authorizer(only_in_shop);
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("pods unknown", "nodes unknown"));
    EXPECT_THAT(report.checks[0].outcome.message, HasSubstr("verb list on pods"));
    EXPECT_THAT(report.checks[0].outcome.message, HasSubstr("--namespace"));
    EXPECT_THAT(report.checks[1].outcome.message, HasSubstr("verb list on nodes"));
    EXPECT_THAT(report.checks[1].outcome.message, testing::Not(HasSubstr("--namespace")));
}

TEST(Engine, WithRightsInOneNamespaceOnlyTheNamespaceOptionGivesAFullAnswer) {
    Scene scene({instance_of(pod_count, "pods"), instance_of(node_count, "nodes")});
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
    Scene scene({instance_of(pod_count, "pods")});
    scene.add_pod("shop", "web");
    scene.api.set_authorizer(only_in_shop);
    scene.options.namespaces = {"shop", "other"};
    auto const report = scene.run();
    EXPECT_THAT(statuses(report), ElementsAre("pods unknown"));
    EXPECT_THAT(report.checks[0].outcome.message, HasSubstr("verb list on pods"));
}

TEST(Engine, OneChecksForbiddenNamespaceDoesNotSpoilAnotherChecks) {
    Scene scene({instance_of(pod_count, "shop"), instance_of(pod_count, "other"), instance_of(pod_count, "both")});
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
    Scene scene({instance_of(pod_count, "all"), instance_of(pod_count, "shop"), instance_of(pod_count, "other")});
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
    Scene scene({instance_of(pod_count, "all"), instance_of(pod_count, "shop")});
    scene.add_pod("shop", "web");
    scene.add_pod("other", "db");
    scene.instances[1].params.namespaces = {"shop"};
    auto const before = scene.api.requests();
    auto const report = scene.run();
    EXPECT_EQ(report.checks[0].outcome.message, "2 pods: other/db shop/web");
    EXPECT_EQ(report.checks[1].outcome.message, "1 pods: shop/web");
    EXPECT_EQ(scene.api.requests() - before, 1U);
}

TEST(Engine, AServerThatIsGoneIsNotAskedAgainForEachNamespace) {
    Scene scene({instance_of(pod_count, "pods")});
    scene.instances[0].params.namespaces = {"a", "b", "c", "d"};
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::status, .status = 400});
    auto const before = scene.api.requests();
    EXPECT_THAT(statuses(scene.run()), ElementsAre("pods unknown"));
    EXPECT_EQ(scene.api.requests() - before, 1U);
}

bool shop_and_nodes(std::string_view, std::string_view, kube::Resource const& resource, std::string_view ns) {
    return ns == "shop" || resource.plural == "nodes";
}

TEST(Engine, AnOptionalListIsMissingForWhomeverItIsNotWhole) {
    Scene scene({instance_of(pods_optional, "shop"), instance_of(pods_optional, "other")});
    scene.instances[0].params.namespaces = {"shop"};
    scene.instances[1].params.namespaces = {"other"};
    scene.api.set_authorizer(shop_and_nodes);
    auto const report = scene.run();
    EXPECT_EQ(report.checks[0].outcome.message, "with pods");
    EXPECT_EQ(report.checks[1].outcome.message, "without pods");
}

TEST(Engine, AGlobReadsTheWholeClusterOnceAndShowsOnlyWhatItMatches) {
    Scene scene({instance_of(pod_count, "pods")});
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
    Scene scene({instance_of(node_count, "nodes")});
    for (int i = 0; i < 700; ++i) scene.add_node("n" + std::to_string(i));
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::reset_body, .times = 1, .after_bytes = 4000});
    auto const report = scene.run();
    EXPECT_EQ(report.checks[0].outcome.checked, 700);
}

}  // namespace
}  // namespace vedette::check
