// The flags of `vedette operator` that bound it, as they are given: alone, together, or not at all.

#include "cli/flag_values.hpp"
#include "cli/operator_flags.hpp"

#include <gmock/gmock.h>

namespace vedette::cli {
namespace {

OperatorRunFlags parsed(std::vector<std::string> words) {
    CLI::App app("vedette");
    OperatorFlags flags;
    add_operator(app, flags);
    check_switches(app);
    words.insert(words.begin(), "operator");
    std::ranges::reverse(words);  // CLI11 takes them from the back
    app.parse(std::move(words));
    return flags.run;
}

TEST(ApiLimits, TheBurstIsTwiceTheRateUnlessItIsGiven) {
    struct Row {
        std::vector<std::string> words;
        double per_second;
        double burst;
    };
    for (auto const& row : std::vector<Row>{
             {{}, 2000, 4000},
             {{"--kube-api-qps", "20"}, 20, 40},
             {{"--kube-api-qps=1"}, 1, 2},
             {{"--kube-api-burst", "30"}, 2000, 30},
             {{"--kube-api-burst=1"}, 2000, 1},
             {{"--kube-api-qps", "20", "--kube-api-burst", "30"}, 20, 30},
             {{"--kube-api-burst", "30", "--kube-api-qps", "50"}, 50, 30},
         }) {
        SCOPED_TRACE(testing::PrintToString(row.words));
        auto const limits = api_limits(parsed(row.words));
        EXPECT_EQ(limits.per_second, row.per_second);
        EXPECT_EQ(limits.burst, row.burst);
    }
}

TEST(ApiLimits, ARateOfNothingIsRefused) {
    for (auto const* word : {"--kube-api-qps=0", "--kube-api-burst=0", "--kube-api-qps=-1", "--kube-api-burst=x"}) {
        EXPECT_THROW(parsed({word}), CLI::ValidationError) << word;
    }
}

TEST(Workers, AreTakenAndBoundNothing) {
    auto const flags = parsed({"--max-workers", "1"});
    EXPECT_EQ(flags.max_workers, 1);
    EXPECT_EQ(flags.max_running_workflows, 0) << "no limit";
    EXPECT_EQ(parsed({"--max-workers=0"}).max_workers, 0) << "the reference's word for its default";
    EXPECT_THROW(parsed({"--max-workers=-5"}), CLI::ValidationError);
}

TEST(Switches, OfSeveralTheLastOneCountsAndWithoutAnyNothingIsSaid) {
    EXPECT_EQ(parsed({}).log.devel, std::nullopt);
    EXPECT_EQ(parsed({"--zap-devel", "--zap-devel=no"}).log.devel, false);
    EXPECT_EQ(parsed({"--zap-devel=F", "--zap-devel"}).log.devel, true);
    EXPECT_FALSE(parsed({"--leader-elect", "--leader-elect=OFF"}).leader_elect);
    EXPECT_TRUE(parsed({"--leader-elect=0", "--leader-elect=T"}).leader_elect);
}

}  // namespace
}  // namespace vedette::cli
