#include "operator/remedy_policy_effect.hpp"

#include <gmock/gmock.h>

namespace vedette::op {
namespace {

struct Case {
    boost::json::object data;
    bool enabled;
    std::string_view effect;
};

TEST(RemedyPolicyEffect, IsOneSentenceAndTheWholeClustersSwitch) {
    for (auto const& [data, enabled, effect] : std::vector<Case>{
             {{}, true, "remedies run without budgets"},
             {{{"enabled", "true"}}, true, "remedies run without budgets"},
             {{{"enabled", "false"}, {"dryRun", "true"}, {"namespace.shop.enabled", "false"}},
              false,
              "remedies are off"},
             {{{"dryRun", "true"}, {"budgetPerCluster", "10/1h"}}, false, "remedies are told and do not run (dryRun)"},
             {{{"budgetPerCluster", "10/1h"}}, true, "remedies run, at most 10/1h"},
             {{{"budgetPerCluster", "10/1h"}, {"budgetPerNamespace", "3/1h"}, {"maxConcurrent", "10%"}},
              true,
              "remedies run, at most 10/1h, 10% at once, 3/1h in each namespace"},
             {{{"namespace.a.enabled", "false"},
               {"namespace.b.dryRun", "true"},
               {"namespace.c.budget", "20/1d"},
               {"namespace.c.maxConcurrent", "1"},
               {"namespace.d.enabled", "true"}},
              true,
              "remedies run without budgets; in namespace a they are off; in namespace b they are told and do not run "
              "(dryRun); in namespace c at most 20/1d, 1 at once"},
             {{{"enabled", "flase"}},
              false,
              "data.enabled: \"flase\" is neither true nor false: write one of these; no remedy runs until it can be "
              "read"},
         }) {
        auto const policy = read_remedy_policy({{"data", data}});
        EXPECT_EQ(effect_of(policy), effect);
        EXPECT_EQ(remedies_enabled(policy), enabled) << effect;
    }
}

TEST(RemedyPolicyEffect, TheFlagIsToldAsTheReasonThatNoConfigMapTakesBack) {
    auto policy = default_remedy_policy();
    policy.dry_run_by_flag = policy.dry_run = true;
    EXPECT_EQ(effect_of(policy), "remedies are told and do not run (--remedy-dry-run)");
    EXPECT_FALSE(remedies_enabled(policy));
}

TEST(RemedyPolicyEffect, WhatIsNotKnownYetRunsNothing) {
    EXPECT_EQ(effect_of({}), "no remedy runs until it has been read");
    EXPECT_FALSE(remedies_enabled({}));
}

TEST(RemedyPolicyEffect, OfManyNamespacesFiveAreNamed) {
    boost::json::object data;
    for (char c = 'a'; c < 'i'; ++c) data[std::string("namespace.") + c + ".enabled"] = "false";
    EXPECT_THAT(effect_of(read_remedy_policy({{"data", data}})),
                testing::EndsWith("; in namespace e they are off; and otherwise in 3 more"));
}

}  // namespace
}  // namespace vedette::op
