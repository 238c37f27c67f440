#include "base/json.hpp"
#include "operator/remedies.hpp"

namespace vedette::op {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using State = RemedyPolicy::State;

TEST(RemedyPolicy, NothingIsKnownBeforeTheConfigMapWasLookedFor) {
    EXPECT_EQ(RemedyPolicy{}.state, State::unknown);
}

TEST(RemedyPolicy, WithoutKeysRemediesRunWithoutBudgets) {
    EXPECT_EQ(policy_of({}), default_remedy_policy());
    EXPECT_EQ(read_remedy_policy({}), default_remedy_policy());
    EXPECT_EQ(read_remedy_policy({{"data", nullptr}, {"binaryData", nullptr}}), default_remedy_policy());
    EXPECT_TRUE(default_remedy_policy().enabled);
    EXPECT_FALSE(default_remedy_policy().budget_per_cluster);
}

TEST(RemedyPolicy, EveryKeyIsRead) {
    std::vector<Problem> problems;
    auto const policy = policy_of({{"enabled", "true"},
                                   {"dryRun", "false"},
                                   {"budgetPerCluster", "10/1h"},
                                   {"budgetPerNamespace", "3/30m"},
                                   {"maxConcurrent", "4"},
                                   {"namespace.payments.enabled", "false"},
                                   {"namespace.payments.dryRun", "true"},
                                   {"namespace.payments.budget", "0/1d"},
                                   {"namespace.shop-2.maxConcurrent", "1\n"},
                                   {"namespace.search.maxConcurrent", "10%"}},
                                  &problems);
    EXPECT_THAT(problems, testing::IsEmpty());
    RemedyPolicy const want{
        .state = State::known,
        .budget_per_cluster = RemedyBudget{10, 1h},
        .budget_per_namespace = RemedyBudget{3, 30min},
        .max_concurrent = RemedyPlaces{4},
        .namespaces = {{"payments", {.enabled = false, .dry_run = true, .budget = RemedyBudget{0, 24h}}},
                       {"search", {.max_concurrent = RemedyPlaces{10, true}}},
                       {"shop-2", {.max_concurrent = RemedyPlaces{1}}}},
    };
    EXPECT_EQ(policy, want);
}

// A kill switch with a typing slip in it must not be a remedy that runs.
TEST(RemedyPolicy, OneThingThatIsNotUnderstoodStopsEveryRemedyAndSaysWhich) {
    struct Row {
        std::string key, value, want;
    };
    for (auto const& row : std::vector<Row>{
             {"enabled", "off", "data.enabled: \"off\" is neither true nor false"},
             {"enabled", "False", "neither true nor false"},
             {"enabled", "", "neither true nor false"},
             {"enabld", "false", "did you mean \"enabled\""},
             {"dryrun", "true", "did you mean \"dryRun\""},
             {"dryRun", "yes", "data.dryRun: "},
             {"budgetPerCluster", "10", "write a count and a duration such as 10/1h"},
             {"budgetPerCluster", "-1/1h", "\"-1\" is no count"},
             {"budgetPerCluster", "/1h", "\"\" is no count"},
             {"budgetPerCluster", "10/", "data.budgetPerCluster: "},
             {"budgetPerCluster", "10/0s", "from 1s to 7d"},
             {"budgetPerCluster", "10/999ms", "from 1s to 7d"},
             {"budgetPerNamespace", "10/8d", "from 1s to 7d"},
             {"budgetPerNamespace", "10/1h/2", "data.budgetPerNamespace: "},
             {"budgetPerNamespace", "99999999999999999999/1h", "is no count"},
             {"maxConcurrent", "1.5", "is no count"},
             {"maxConcurrent", "1000001", "from 0 to 1000000"},
             {"maxConcurrent", "0%", "\"0%\" is no percentage: write 1% to 100%, or 0 for none"},
             {"maxConcurrent", "101%", "is no percentage"},
             {"maxConcurrent", "12.5%", "is no percentage"},
             {"maxConcurrent", "%", "is no percentage"},
             {"maxConcurrent", "10 %", "is no percentage"},
             {"namespace.payments.maxConcurrent", "-1%", "is no percentage"},
             {"budgetPerCluster", "10%/1h", "\"10%\" is no count"},
             {"namespace.payments", "false", "after namespace.NAME. stands one of"},
             {"namespace.payments.enabledd", "false", "did you mean \"enabled\""},
             {"namespace..enabled", "false", "the key is unknown"},
             {"namespace.a.b.enabled", "false", "the key is unknown"},
             {"namespace.Health.enabled", "false",
              "data.namespace.Health.enabled: \"Health\" is no name of a namespace"},
             {"namespace.health_2.enabled", "false", "write namespace.NAME.enabled with the name of one"},
             {"namespace.-health.dryRun", "true", "write namespace.NAME.dryRun with the name of one"},
             {"namespace.health-.budget", "0/1h", "is no name of a namespace"},
             {"namespace.*.enabled", "false", "\"*\" is no name of a namespace"},
             {"namespace." + std::string(64, 'a') + ".enabled", "false", "is no name of a namespace"},
             {"policy.yaml", "enabled: false", "the key is unknown"},
         }) {
        SCOPED_TRACE(row.key + "=" + row.value);
        std::vector<Problem> problems;
        auto const policy = policy_of({{"budgetPerNamespace", "1/1h"}, {row.key, row.value}}, &problems);
        EXPECT_EQ(policy.state, State::unreadable);
        EXPECT_THAT(policy.trouble, HasSubstr(row.want));
        ASSERT_EQ(problems.size(), 1u);
        EXPECT_EQ(problems[0].reason, "RemedyPolicyInvalid");
        EXPECT_EQ(problems[0].field, "data." + row.key);
        EXPECT_EQ(decide(failing(), policy).reason, "RemedyPolicyUnreadable");
        EXPECT_THAT(decide(failing(), policy).message, HasSubstr(row.want));
    }
}

TEST(RemedyPolicy, AllThatIsWrongIsListed) {
    std::vector<Problem> problems;
    auto const policy = policy_of({{"enabled", "no"}, {"dryRun", "no"}, {"budget", "no"}}, &problems);
    EXPECT_EQ(problems.size(), 3u);
    EXPECT_THAT(policy.trouble, HasSubstr("(and 2 more)"));
}

TEST(RemedyPolicy, AnObjectThatIsNoConfigMapIsUnreadableAndNeverACrash) {
    for (auto const* text :
         {R"({"data": []})", R"({"data": "enabled"})", R"({"data": {"enabled": true}})",
          R"({"data": {"enabled": null}})", R"({"data": {"": ""}})", R"({"binaryData": {"a": "AA=="}})",
          R"({"binaryData": 1})", R"({"data": {"namespace.": "x"}})"}) {
        auto const object = parse_json(text, "x").value().as_object();
        EXPECT_EQ(read_remedy_policy(object).state, State::unreadable) << text;
    }
}

TEST(RemedyPlaces, AShareIsRoundedUpAndIsAtLeastOne) {
    struct Row {
        std::string text;
        std::int64_t remedied, want;
    };
    for (auto const& row : std::vector<Row>{
             {"10%", 0, 1},
             {"10%", 1, 1},
             {"10%", 10, 1},
             {"10%", 11, 2},
             {"1%", 10'000, 100},
             {"1%", 10'001, 101},
             {"33%", 3, 1},
             {"34%", 3, 2},
             {"100%", 7, 7},
             {"0", 7, 0},
             {"4", 1, 4},
         }) {
        SCOPED_TRACE(row.text);
        auto const places = parse_remedy_places(row.text).value();
        EXPECT_EQ(places.of(row.remedied), row.want) << row.remedied;
        EXPECT_EQ(to_string(places), row.text);
    }
}

TEST(RemedyPolicy, TheFlagOfTheProcessIsNothingThatAConfigMapSays) {
    EXPECT_FALSE(policy_of({{"dryRun", "true"}}).dry_run_by_flag);
    auto policy = policy_of({{"dryRun", "false"}, {"namespace.health.dryRun", "false"}});
    policy.dry_run_by_flag = true;
    auto const got = decide(failing(), policy);
    EXPECT_EQ(got.kind, RemedyDecision::Kind::dry_run);
    EXPECT_THAT(got.message, testing::EndsWith(" would run as fix-sa (--remedy-dry-run)"));
    policy.enabled = false;
    EXPECT_EQ(decide(failing(), policy).reason, "RemediesDisabled") << "what would happen, is told";
}

TEST(RemedyBudget, IsWrittenAsItIsRead) {
    for (auto const* text : {"10/1h", "0/1s", "1000000/7d", "3/1h30m"}) {
        EXPECT_EQ(to_string(parse_remedy_budget(text).value()), text);
    }
}

}  // namespace
}  // namespace vedette::op
