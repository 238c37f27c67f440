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

TEST(Findings, OfTenThousandShuffledFailuresTheFirstAreListedInTheOrderOfTheContract) {
    std::vector<Failure> failures;
    for (int pod = 0; pod < 5000; ++pod) {
        failures.push_back(container(pod, 0));
        failures.push_back(container(pod, 1));
        failures.back().reason = "Worse";
    }
    auto random = Random(7);
    for (auto i = failures.size(); i > 1; --i) std::swap(failures[i - 1], failures[random.below(i)]);

    Findings findings;
    for (auto const& failure : failures) findings.add(failure);
    auto const outcome = std::move(findings).conclude(5000, "", 20, now);

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
    Findings findings;
    for (auto const* kind : {"Pod", "Deployment"}) {
        for (auto const* ns : {"shop", "data"}) {
            findings.add({.kind = kind, .ns = ns, .name = "web", .reason = "Bad", .message = "is bad"});
        }
        findings.add({.kind = kind, .ns = {}, .name = "web", .reason = "Bad", .message = "is bad"});
    }
    EXPECT_EQ(std::move(findings).conclude(9, "", 0, now).failed, 6);
}

TEST(Findings, AnOutcomeThatListsNothingStillNamesTheFirstFailure) {
    Findings findings;
    findings.add({.kind = "Node", .ns = {}, .name = "n2", .reason = "Late", .message = "is late"});
    findings.add({.kind = "Node", .ns = {}, .name = "n1", .reason = "Gone", .message = "is gone"});
    auto const outcome = std::move(findings).conclude(2, "", 0, now);
    EXPECT_EQ(outcome.message, "Node n1 is gone; 1 more like it");
    EXPECT_EQ(outcome.reason, "Gone");
    EXPECT_TRUE(outcome.failures.empty());
    EXPECT_TRUE(outcome.failures_truncated);
}

}  // namespace
}  // namespace vedette::check
