#include "operator/native_runner.hpp"

#include "net/guarded_dialer.hpp"
#include "net/resolving_dialer.hpp"
#include "operator/native_runner_scene.hpp"
#include "operator/operator_scene.hpp"

namespace vedette::op {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::Each;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

// --- verdicts ----------------------------------------------------------------------------------------------------

TEST(NativeRunner, AHealthyClusterSucceeds) {
    NativeRunScene scene;
    scene.add_pod("shop", "web-1");
    scene.add_node("n1", true);
    auto const began = scene.world.clock().wall();
    auto const result = scene.run(native_check(pods_and_nodes, "cluster"));
    EXPECT_TRUE(result.succeeded) << result.message;
    EXPECT_EQ(result.workflow, "spec.checks");
    EXPECT_EQ(result.message, "2 checks: 2 ok");
    EXPECT_EQ(result.started, began);
    EXPECT_GE(result.finished, result.started);
}

TEST(NativeRunner, AnUnhealthyClusterFailsAndTheWorstIsToldFirst) {
    NativeRunScene scene;
    scene.add_pod("shop", "web-1", 7);
    scene.add_pod("shop", "web-2", 7);
    scene.add_pod("shop", "db-1");
    scene.add_node("n1", true);
    auto const result = scene.run(
        native_check("- {type: dns, name: lookup, with: {name: shop.example, min_records: 2}, severity: warning}\n"
                     "- {type: tcp, name: silent, timeout: 3s, with: {host: silent.example, port: 80}}\n" +
                         pods_and_nodes,
                     "cluster"));
    EXPECT_FALSE(result.succeeded);
    EXPECT_THAT(result.message, StartsWith("silent critical: connect silent.example:80"));
    EXPECT_THAT(result.message, HasSubstr("; pods-crashloop critical: 2 of 3: Pod shop/web-1 "));
    EXPECT_THAT(result.message, AllOf(Not(HasSubstr("nodes-ready")), Not(HasSubstr("lookup"))));
}

TEST(NativeRunner, ATimeoutAndWhatCouldNotBeFoundOutAreNotHealthy) {
    NativeRunScene scene;
    scene.network.set_faults({"silent.example", 80}, {.blackhole = true});
    auto const timeout =
        scene.run(native_check("- {type: tcp, timeout: 3s, with: {host: silent.example, port: 80}}\n"));
    EXPECT_FALSE(timeout.succeeded);
    EXPECT_THAT(timeout.message, StartsWith("tcp timeout: connect silent.example:80"));

    scene.api.add_fault({.kind = kube::fake::Fault::Kind::status, .status = 500});
    auto const unknown = scene.run(native_check("- type: pods-crashloop\n"));
    EXPECT_FALSE(unknown.succeeded);
    EXPECT_THAT(unknown.message, StartsWith("pods-crashloop unknown: could not list pods"));
}

TEST(NativeRunner, WarningsAreHealthyAndTold) {
    NativeRunScene scene;
    auto const result =
        scene.run(native_check("- {type: dns, severity: warning, with: {name: shop.example, min_records: 2}}\n"));
    EXPECT_TRUE(result.succeeded);
    EXPECT_THAT(result.message, StartsWith("1 check: 1 warning; dns warning: A shop.example "));
}

TEST(NativeRunner, AMessageStaysWithinItsBound) {
    NativeRunScene scene;
    std::string checks;
    for (int i = 0; i < 64; ++i) {
        checks += fmt::format("- {{type: tcp, name: {}{}, with: {{host: {}.example, port: 80}}}}\n",
                              std::string(200, 'n'), i, std::string(200, 'h'));
    }
    auto const result = scene.run(native_check(checks));
    EXPECT_FALSE(result.succeeded);
    EXPECT_LE(result.message.size(), native_message_limit);
    EXPECT_GT(result.message.size(), native_message_limit / 2);
    EXPECT_THAT(result.message, testing::ContainsRegex("; and 6[0-9] more$"));
}

TEST(NativeRunner, AMessageIsOneLineWhateverItQuotes) {
    check::RunReport report{.status = check::Status::critical};
    check::CheckReport each;
    each.identity.name = "odd\nname";
    each.outcome = check::Outcome::critical(std::string("a\nb\x01") + std::string(5000, 'c'), "Odd");
    report.checks.assign(3, each);
    auto const result = result_of(report);
    EXPECT_THAT(result.message, StartsWith("odd name critical: a b c"));
    EXPECT_THAT(result.message, Not(testing::ContainsRegex("[\x01-\x1f]")));
    EXPECT_LE(result.message.size(), native_message_limit);
}

TEST(NativeRunner, WhatChecksMeasureBecomesMetricsOfTheHealthCheck) {
    NativeRunScene scene;
    scene.add_pod("shop", "web-1", 7);
    auto check = native_check("- {type: pods-crashloop, name: shop's pods}\n- type: nodes-ready\n", "cluster");
    check.name = "my-shop";
    auto const result = scene.run(std::move(check));
    std::vector<std::string> measured;
    for (auto const& metric : result.measured) {
        measured.push_back(fmt::format("{} {}: {}", metric.name, metric.value, metric.help));
    }
    EXPECT_THAT(measured, ElementsAre("my_shop_shop_s_pods_pods_crash_looping 1: pods_crash_looping, as shop's pods of "
                                      "spec.checks measured it.",
                                      StartsWith("my_shop_nodes_ready_nodes_ready 0: "),
                                      StartsWith("my_shop_nodes_ready_nodes_total 0: ")));
    check::RunReport odd;
    odd.checks.resize(1);
    odd.checks[0].identity.name = "odd";
    odd.checks[0].outcome.measurements = {{"endless", INFINITY}, {"none", NAN}, {"one", 1}};
    EXPECT_THAT(measured_by(odd, "x"), SizeIs(1));
}

TEST(NativeRunner, MeasurementsAreServedOnceTheRunIsBookedAndGoWithTheHealthCheck) {
    OperatorScene scene;
    scene.runner = [](HealthCheck, Deadline) -> Async<RunResult> {
        co_return RunResult{.succeeded = true, .measured = {{"web_door_response_ms", "As measured.", 7}}};
    };
    scene.add_as_written("web", {{"level", "namespace"}, {"repeatAfterSec", 60}, {"checks", {{{"type", "x"}}}}});
    scene.start();
    scene.pass(5s);
    EXPECT_THAT(scene.first.metrics(), HasSubstr("\nweb_door_response_ms{healthcheck_name=\"web\"} 7.0\n"));
    scene.remove("web");
    scene.pass(1s);
    EXPECT_THAT(scene.first.metrics(), Not(HasSubstr("web_door_response_ms")));
    scene.end();
}

// --- whom reads are made as --------------------------------------------------------------------------------------

TEST(NativeRunner, EveryReadIsMadeAsTheServiceAccountPagesIncluded) {
    NativeRunScene scene;
    for (int i = 0; i < 1200; ++i) scene.add_pod("shop", fmt::format("web-{}", i));
    auto const result = scene.run(native_check("- type: pods-crashloop\n- type: hpa\n"));
    EXPECT_TRUE(result.succeeded) << result.message;
    EXPECT_EQ(scene.api.requests(), 5U);  // three pages of pods, no autoscalers, and a look for the namespace
    EXPECT_THAT(scene.asked, SizeIs(5));
    EXPECT_THAT(scene.asked, Each(StartsWith(reader + " ")));
}

TEST(NativeRunner, AReadThatIsForbiddenNamesVerbResourceAndServiceAccount) {
    NativeRunScene scene;
    scene.forbidden = "pods";
    auto const inside = scene.run(native_check("- type: pods-crashloop\n"));
    EXPECT_FALSE(inside.succeeded);
    EXPECT_THAT(inside.message,
                StartsWith("pods-crashloop unknown: no permission: the service account shop/reader needs the verb list "
                           "on pods in the namespace shop; the API server says: pods is forbidden"));
    auto const whole = scene.run(native_check("- type: pods-crashloop\n", "cluster"));
    EXPECT_THAT(whole.message, HasSubstr("needs the verb list on pods in the whole cluster;"));
    EXPECT_THAT(whole.message, Not(HasSubstr("--namespace")));
}

TEST(NativeRunner, TheApiOfAServiceAccountIsOpenedOnceAndProbesAloneOpenNone) {
    NativeRunScene scene;
    scene.run(native_check("- {type: dns, with: {name: a.example}}\n", "namespace", ""));
    EXPECT_THAT(scene.opened, IsEmpty());
    scene.run(native_check("- type: pods-crashloop\n"));
    scene.run(native_check("- type: pods-oom\n"));
    EXPECT_THAT(scene.opened, ElementsAre(reader));
    for (int i = 0; i < 300; ++i)
        scene.run(native_check("- type: pods-oom\n", "namespace", fmt::format("other-{}", i)));
    EXPECT_LE(scene.runner.open_accounts(), 256U);
}

// --- limits ------------------------------------------------------------------------------------------------------

TEST(NativeRunner, LevelNamespaceSeesOnlyItsOwnNamespace) {
    NativeRunScene scene;
    scene.add_pod("shop", "web-1");
    scene.add_pod("other", "web-1", 7);
    EXPECT_TRUE(scene.run(native_check("- type: pods-crashloop\n- type: pvc-bound\n")).succeeded);
    // Whether the namespace itself is there is asked of the namespace alone.
    EXPECT_THAT(scene.asked, Each(AnyOf(EndsWith(" in shop"), reader + " get namespaces in ")));
    EXPECT_FALSE(scene.run(native_check("- type: pods-crashloop\n", "cluster")).succeeded);
}

Async<void> redirect_to_metadata(std::unique_ptr<net::Listener> listener) {
    auto stream = co_await listener->accept();
    std::string piece(4096, '\0');
    auto const asked = co_await (*stream)->read(piece, no_deadline);
    std::string const answer =
        "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest\r\nContent-Length: 0\r\n\r\n";
    if (asked) co_await (*stream)->write(answer, no_deadline);
}

TEST(NativeRunner, ProbesPassTheAddressPolicyRedirectsAndNameServersIncluded) {
    NativeRunScene scene;
    net::TableResolver names;
    names.answers["leads-away.example"] = {{"169.254.169.254"}};
    names.answers["redirects.example"] = {{"10.0.0.1"}};
    net::GuardedDialer dialer(names, net::AddressPolicy(), [&scene](net::Resolver& guarded) {
        return std::make_unique<net::ResolvingDialer>(scene.network, guarded);
    });
    auto const http = net::make_http_client(scene.world.executor(), scene.world.clock(), dialer, scene.tls);
    TaskGroup peers(scene.world.executor());
    peers.spawn(redirect_to_metadata(scene.network.listen({"10.0.0.1", 80})));
    NativeRunner runner({.clock = scene.world.clock(),
                         .random = scene.world.random(),
                         .dialer = dialer,
                         .resolver = dialer.resolver(),
                         .tls = scene.tls,
                         .http = *http,
                         .open_api = {}});
    auto const check = native_check(R"(
- {type: tcp, with: {host: 169.254.169.254, port: 80}}
- {type: tcp, name: name, with: {host: leads-away.example, port: 80}}
- {type: http, with: {url: "http://redirects.example/"}}
- {type: dns, with: {name: a.example, server: "169.254.169.254"}}
)");
    auto const result = scene.world.run(runner.run(check, scene.world.clock().now() + 30s));
    scene.world.run(peers.stop());
    EXPECT_FALSE(result.succeeded);
    for (std::string const name : {"tcp", "name", "http", "dns"}) {
        EXPECT_THAT(result.message, testing::ContainsRegex(name + " critical: [^;]*it is never dialed")) << name;
    }
    EXPECT_EQ(scene.network.connections(), 1U);  // to the one that redirects
}

TEST(NativeRunner, WhatIsRefusedReadsNothingAndFails) {
    NativeRunScene scene;
    auto const result = scene.run(native_check("- {type: exec, with: {command: [\"true\"]}}\n- type: pods-oom\n"));
    EXPECT_FALSE(result.succeeded);
    EXPECT_THAT(result.message, HasSubstr("exec runs a program"));
    EXPECT_EQ(scene.api.requests(), 0U);
}

TEST(NativeRunner, ARunEndsAtItsDeadlineAndWhatHasNotEndedIsUnknown) {
    NativeRunScene scene;
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::hang});
    auto const result = scene.run(native_check("- {type: pods-crashloop, timeout: 1h}\n"), 20s);
    EXPECT_FALSE(result.succeeded);
    EXPECT_THAT(result.message, HasSubstr("pods-crashloop unknown: not finished"));
    EXPECT_EQ(scene.world.elapsed(), 20s);
    EXPECT_EQ(describe_waiters(), "nobody waits for anything");
}

Async<void> keep(NativeRunner& runner, HealthCheck check, Deadline deadline, std::optional<RunResult>& result) {
    result = co_await runner.run(std::move(check), deadline);
}

TEST(NativeRunner, ARunThatIsCancelledLeavesNothingRunning) {
    NativeRunScene scene;
    auto const listener = scene.network.listen({"mute.example", 80});
    scene.network.set_faults({"silent.example", 80}, {.blackhole = true});
    scene.api.add_fault({.kind = kube::fake::Fault::Kind::hang});
    auto check = native_check(
        "- {type: http, with: {url: \"http://mute.example\"}}\n"
        "- {type: tcp, with: {host: silent.example, port: 80}}\n"
        "- {type: pods-crashloop, timeout: 1h}\n");
    std::optional<RunResult> result;
    TaskGroup group(scene.world.executor());
    group.spawn(keep(scene.runner, std::move(check), no_deadline, result));
    scene.world.pass(1s);
    EXPECT_EQ(scene.http->open_connections(), 1U);
    scene.world.run(group.stop());
    EXPECT_FALSE(result);
    EXPECT_EQ(scene.world.elapsed(), 1s);
    EXPECT_EQ(scene.http->open_connections(), 0U);
    EXPECT_EQ(describe_waiters(), "nobody waits for anything");
}

}  // namespace
}  // namespace vedette::op
