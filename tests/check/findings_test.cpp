#include "base/random.hpp"
#include "check/outcome.hpp"

#include <gmock/gmock.h>

namespace vedette::check {
namespace {

WallTime const now{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};

Failure container(int pod, int number) {
    Failure failure{.kind = "Pod", .ns = "shop", .name = fmt::format("web-{:05}", pod), .reason = "Bad"};
    failure.status = pod % 3 == 0 ? Status::critical : Status::warning;
    failure.message = fmt::format("container {} is bad", number);
    failure.since = now - std::chrono::hours(pod % 7 + 1);
    return failure;
}

Finding found(Failure const& failure) {
    return {.kind = failure.kind,
            .ns = failure.ns ? std::string_view(*failure.ns) : std::string_view(),
            .name = failure.name,
            .status = failure.status,
            .reason = failure.reason,
            .message = [&failure] { return failure.message; },
            .since = failure.since};
}

Finding told(std::string_view kind, std::string_view ns, std::string_view name, std::string_view reason,
             std::string_view message) {
    return {
        .kind = kind, .ns = ns, .name = name, .reason = reason, .message = [message] { return std::string(message); }};
}

TEST(Findings, OfTenThousandShuffledFailuresTheFirstAreListedInTheOrderOfTheContract) {
    std::vector<Failure> failures;
    for (int pod = 0; pod < 5000; ++pod) {
        failures.push_back(container(pod, 0));
        failures.push_back(container(pod, 1));
        failures.back().reason = "Worse";
    }
    auto random = Random(7);
    for (auto i = failures.size(); i > 1; --i) std::swap(failures[i - 1], failures[random.below(i)]);

    Findings findings(20);
    for (auto const& failure : failures) findings.add(found(failure));
    auto const outcome = std::move(findings).conclude(5000, "", now);

    // Critical pods are the multiples of 3, the oldest of them leave the remainder 6 by 7: 6, 27, 48, ...
    ASSERT_EQ(outcome.failures.size(), 20U);
    for (int i = 0; i < 20; ++i) {
        auto const& failure = outcome.failures[static_cast<std::size_t>(i)];
        EXPECT_EQ(failure.name, fmt::format("web-{:05}", 6 + i / 2 * 21)) << i;
        EXPECT_EQ(failure.reason, i % 2 == 0 ? "Bad" : "Worse") << i;
    }
    EXPECT_TRUE(outcome.failures_truncated);
    EXPECT_EQ(outcome.failed, 5000);
    EXPECT_EQ(outcome.status, Status::critical);
}

TEST(Findings, ObjectsOfOneNameInOtherNamespacesOrOfOtherKindsAreOthers) {
    Findings findings(0);
    for (int again = 0; again < 2; ++again) {
        for (auto const* kind : {"Pod", "Deployment"}) {
            for (auto const* ns : {"shop", "data", ""}) findings.add(told(kind, ns, "web", "Bad", "is bad"));
        }
    }
    EXPECT_EQ(std::move(findings).conclude(9, "", now).failed, 6);
}

TEST(Findings, AnOutcomeThatListsNothingStillNamesTheFirstFailure) {
    Findings findings(0);
    findings.add(told("Node", "", "n2", "Late", "is late"));
    findings.add(told("Node", "", "n1", "Gone", "is gone"));
    auto const outcome = std::move(findings).conclude(2, "", now);
    EXPECT_EQ(outcome.message, "Node n1 is gone; 1 more like it");
    EXPECT_EQ(outcome.reason, "Gone");
    EXPECT_TRUE(outcome.failures.empty());
    EXPECT_TRUE(outcome.failures_truncated);
}

TEST(Findings, OnlyWhatMayBeListedIsWorded) {
    std::vector<std::string> names;
    for (int pod = 0; pod < 10'000; ++pod) names.push_back(fmt::format("web-{:05}", pod));
    int worded = 0;
    auto const words = [&] {
        ++worded;
        return "is bad";
    };

    Findings findings(20);
    for (auto const& name : names) {
        findings.add({.kind = "Pod", .ns = "shop", .name = name, .reason = "Bad", .message = words});
    }
    EXPECT_EQ(worded, 20);
    findings.add({.kind = "Pod", .ns = "shop", .name = "api", .reason = "Bad", .message = words});
    EXPECT_EQ(worded, 21);

    auto const outcome = std::move(findings).conclude(10'001, "", now);
    EXPECT_EQ(worded, 21);
    EXPECT_EQ(outcome.failed, 10'001);
    ASSERT_EQ(outcome.failures.size(), 20U);
    EXPECT_EQ(outcome.failures.front().name, "api");
    EXPECT_EQ(outcome.failures.back().name, "web-00018");
}

TEST(Findings, EqualsAreListedInTheOrderInWhichTheyWereFound) {
    Findings findings(2);
    for (auto const* message : {"container web is bad", "container log is bad", "container db is bad"}) {
        findings.add(told("Pod", "shop", "web", "Bad", message));
    }
    auto const outcome = std::move(findings).conclude(1, "", now);
    ASSERT_EQ(outcome.failures.size(), 2U);
    EXPECT_EQ(outcome.failures[0].message, "container web is bad");
    EXPECT_EQ(outcome.failures[1].message, "container log is bad");
}

}  // namespace
}  // namespace vedette::check
