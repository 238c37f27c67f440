#include "check/outcome.hpp"

#include "check/read_verdict.hpp"

#include <gmock/gmock.h>

namespace vedette::check {
namespace {

using testing::HasSubstr;
using testing::Not;

WallTime const now{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};

Finding pod(std::string_view name, Status status, std::optional<Duration> age, std::string_view ns = "shop") {
    Finding finding{.kind = "Pod", .ns = ns, .name = name, .status = status, .reason = "Bad"};
    finding.message = [] { return "is bad"; };
    if (age) finding.since = now - *age;
    return finding;
}

std::vector<std::string> names(Outcome const& outcome) {
    std::vector<std::string> result;
    for (auto const& failure : outcome.failures) result.push_back(object_name(failure));
    return result;
}

TEST(Status, WorstFirstIsCriticalTimeoutUnknownWarningOkSkipped) {
    Status const order[] = {Status::critical, Status::timeout, Status::unknown,
                            Status::warning,  Status::ok,      Status::skipped};
    for (std::size_t i = 0; i < std::size(order); ++i) {
        for (std::size_t j = i; j < std::size(order); ++j) {
            EXPECT_EQ(worse(order[i], order[j]), order[i]) << to_string(order[i]) << " " << to_string(order[j]);
            EXPECT_EQ(worse(order[j], order[i]), order[i]) << to_string(order[i]) << " " << to_string(order[j]);
        }
        EXPECT_EQ(is_healthy(order[i]), i >= 3) << to_string(order[i]);
    }
}

TEST(Findings, NothingFoundIsOkWithTheCallersSentence) {
    auto const outcome = Findings(20).conclude(12, "12 pods are fine", now);
    EXPECT_EQ(outcome.status, Status::ok);
    EXPECT_EQ(outcome.message, "12 pods are fine");
    EXPECT_EQ(outcome.checked, 12);
    EXPECT_EQ(outcome.failed, 0);
}

TEST(Findings, FailuresAreSortedByStatusThenSinceThenNamespaceThenName) {
    Findings findings(20);
    findings.add(pod("w", Status::warning, 9h));
    findings.add(pod("b", Status::critical, 1h));
    findings.add(pod("no-time", Status::critical, std::nullopt));
    findings.add(pod("old", Status::critical, 2h));
    findings.add(pod("a", Status::critical, 1h));
    findings.add(pod("z", Status::critical, 1h, "alpha"));
    auto const outcome = std::move(findings).conclude(10, "", now);
    EXPECT_THAT(names(outcome), testing::ElementsAre("Pod shop/old", "Pod alpha/z", "Pod shop/a", "Pod shop/b",
                                                     "Pod shop/no-time", "Pod shop/w"));
    EXPECT_EQ(outcome.status, Status::critical);
    EXPECT_EQ(outcome.failed, 6);
    EXPECT_EQ(outcome.message, "Pod shop/old is bad, for 120m; 5 more like it");
}

TEST(Findings, SeveralFailuresOfOneObjectCountAsOneFailedObject) {
    Findings findings(20);
    findings.add(pod("web", Status::warning, 1h));
    findings.add(pod("web", Status::critical, 1h));
    auto const outcome = std::move(findings).conclude(3, "", now);
    EXPECT_EQ(outcome.failed, 1);
    EXPECT_EQ(outcome.failures.size(), 2U);
    EXPECT_EQ(outcome.message, "Pod shop/web is bad, for 60m");
}

TEST(Findings, TheSentenceSaysHowLongATroubleHasLastedOrWhenItHappened) {
    struct Row {
        Timing timing;
        std::string message;
        std::optional<Duration> age;
        std::string want;
    };
    for (auto const& row : {
             Row{Timing::lasts, "is bad", 47min, "Pod shop/web is bad, for 47m"},
             Row{Timing::happened, "was killed", 7h, "Pod shop/web was killed, 7h ago"},
             Row{Timing::told, "fell at noon", 7h, "Pod shop/web fell at noon"},
             Row{Timing::lasts, "is bad", std::nullopt, "Pod shop/web is bad"},
             Row{Timing::lasts, "is bad: Kubelet stopped.", 47min, "Pod shop/web is bad: Kubelet stopped, for 47m"},
             Row{Timing::lasts, "is bad: and more...", 47min, "Pod shop/web is bad: and more..., for 47m"},
             Row{Timing::lasts, "is bad", -1min, "Pod shop/web is bad"},
         }) {
        auto finding = pod("web", Status::critical, row.age);
        finding.message = [&row] { return row.message; };
        finding.timing = row.timing;
        Findings findings(20);
        findings.add(finding);
        EXPECT_EQ(std::move(findings).conclude(1, "", now).message, row.want);
    }
}

TEST(Findings, TheListIsCutAtItsLimitAndSaysSoWhileFailedCountsAll) {
    for (auto const& [limit, listed, truncated] :
         {std::tuple{std::size_t{3}, std::size_t{3}, false}, std::tuple{std::size_t{2}, std::size_t{2}, true},
          std::tuple{std::size_t{0}, std::size_t{0}, true}}) {
        Findings findings(limit);
        for (auto const* name : {"a", "b", "c"}) findings.add(pod(name, Status::critical, 1h));
        auto const outcome = std::move(findings).conclude(3, "", now);
        EXPECT_EQ(outcome.failures.size(), listed);
        EXPECT_EQ(outcome.failures_truncated, truncated);
        EXPECT_EQ(outcome.failed, 3);
    }
}

TEST(Findings, ATimeInTheFutureIsNotWorded) {
    Findings findings(20);
    findings.add(pod("web", Status::critical, -5min));
    EXPECT_EQ(std::move(findings).conclude(1, "", now).message, "Pod shop/web is bad");
}

TEST(ObjectName, NamesTheNamespaceOnlyWhereThereIsOne) {
    EXPECT_EQ(object_name({.kind = "Pod", .ns = "shop", .name = "web-1"}), "Pod shop/web-1");
    EXPECT_EQ(object_name({.kind = "Node", .ns = {}, .name = "n1"}), "Node n1");
}

kube::Resource const pods{"", "v1", "pods", "Pod", true};
kube::Resource const nodes{"", "v1", "nodes", "Node", false};
kube::Resource const deployments{"apps", "v1", "deployments", "Deployment", true};

TEST(FailedRead, ForbiddenIsUnknownAndNamesVerbAndResource) {
    auto const whole = outcome_of_failed_read(Error(Errc::denied, "forbidden"), deployments, "");
    EXPECT_EQ(whole.status, Status::unknown);
    EXPECT_EQ(whole.reason, "Forbidden");
    EXPECT_THAT(whole.message, HasSubstr("verb list on deployments.apps"));
    EXPECT_THAT(whole.message, HasSubstr("--namespace"));
    EXPECT_THAT(outcome_of_failed_read(Error(Errc::denied, "x"), pods, "shop").message, Not(HasSubstr("--namespace")));
    EXPECT_THAT(outcome_of_failed_read(Error(Errc::denied, "x"), nodes, "").message, Not(HasSubstr("--namespace")));
}

TEST(FailedRead, WhoeverReadsAsSomebodyElseIsToldWhoMayNot) {
    auto const outcome = outcome_of_failed_read(Error(Errc::denied, "list pods: pods is forbidden (Forbidden)"), pods,
                                                "shop", "the service account shop/reader");
    EXPECT_EQ(outcome.reason, "Forbidden");
    EXPECT_EQ(outcome.message,
              "no permission: the service account shop/reader needs the verb list on pods in the namespace shop; the "
              "API server says: pods is forbidden (Forbidden)");
}

TEST(FailedRead, AKindThatIsNotServedIsSkippedAndEveryOtherTroubleIsUnknown) {
    EXPECT_EQ(outcome_of_failed_read(Error(Errc::unsupported, "404"), deployments, "").status, Status::skipped);
    for (auto const code : {Errc::refused, Errc::timed_out, Errc::tls_failure, Errc::unauthorized, Errc::malformed,
                            Errc::unavailable, Errc::too_many_requests, Errc::gone, Errc::dns_failure}) {
        auto const outcome = outcome_of_failed_read(Error(code, "list pods: it broke"), pods, "");
        EXPECT_EQ(outcome.status, Status::unknown) << to_string(code);
        EXPECT_EQ(outcome.message, "could not list pods: it broke") << to_string(code);
    }
}

TEST(FailedRead, AServerThatDoesNotKnowTheCoreKindsIsNoKubernetes) {
    for (auto const& resource : {pods, nodes}) {
        auto const outcome = outcome_of_failed_read(Error(Errc::unsupported, "list x: HTTP 404"), resource, "");
        EXPECT_EQ(outcome.status, Status::unknown);
        EXPECT_EQ(outcome.reason, "NotKubernetes");
        EXPECT_EQ(outcome.message,
                  fmt::format("could not list {}: HTTP 404; every Kubernetes API server serves them", resource.plural));
    }
}

TEST(FailedRead, SecretsInTheErrorAreNotRepeated) {
    auto const outcome = outcome_of_failed_read(
        Error(Errc::unauthorized, "list pods: https://joe:hunter2@api.example said no"), pods, "");
    EXPECT_THAT(outcome.message, Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace vedette::check
