// The operator among misfortunes. SEEDS=n: how many stories; SEED=s: that one, with its trace.

#include "operator/simulation/simulation.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace vedette::op::simulation {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::hours;

// As many as a minute or two has time for.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VEDETTE_SANITIZED
#endif
#endif
#if defined(VEDETTE_SANITIZED)
constexpr std::uint64_t usual_seeds = 200;
constexpr auto month = days(30);
#elif defined(__OPTIMIZE__)
constexpr std::uint64_t usual_seeds = 400;
constexpr auto month = days(30);
#else
constexpr std::uint64_t usual_seeds = 16;
constexpr auto month = days(2);
#endif
constexpr std::uint64_t shards = 8;

std::uint64_t seeds() {
    char const* const asked = std::getenv("SEEDS");
    return asked ? std::strtoull(asked, nullptr, 10) : usual_seeds;
}

std::string last_lines(std::vector<std::string> const& trace) {
    std::size_t const lines = std::getenv("SEED") ? 10'000 : 40;
    std::string text;
    for (std::size_t i = trace.size() > lines ? trace.size() - lines : 0; i < trace.size(); ++i) {
        text += trace[i] + "\n";
    }
    return text;
}

// True if all was well.
bool play(Simulation& simulation) {
    auto const violations = simulation.run();
    for (auto const& each : violations) ADD_FAILURE() << each;
    if (violations.empty()) return true;
    ADD_FAILURE() << "replay with SEED=" << simulation.world().seed() << "\n" << last_lines(simulation.trace());
    return false;
}

class OperatorStories : public testing::TestWithParam<std::uint64_t> {};

TEST_P(OperatorStories, KeepTheirPromisesWhateverHappens) {
    bool const one = std::getenv("SEED") != nullptr;
    if (one && GetParam() != 0) GTEST_SKIP() << "one seed is asked for";
    std::size_t runs = 0;
    std::size_t remedies = 0;
    for (std::uint64_t seed = 1 + GetParam(); seed <= (one ? 1 : seeds()); seed += shards) {
        Simulation simulation(seed);
        ASSERT_TRUE(play(simulation));
        runs += simulation.referee().runs();
        remedies += simulation.referee().remedies();
    }
    RecordProperty("runs", static_cast<int>(runs));
    RecordProperty("remedies", static_cast<int>(remedies));
    if (runs == 0) GTEST_SKIP() << "fewer seeds than shards";
    EXPECT_TRUE(one || remedies > 0);
}

INSTANTIATE_TEST_SUITE_P(seeds, OperatorStories, testing::Range<std::uint64_t>(0, shards));

// Kill -9 before or after each request of a life in turn, so that every step of a run and of a remedy is once the last.
TEST(OperatorSimulation, DyingAtAnyRequestCostsNoRunAndRepeatsNone) {
    for (std::size_t request = 1; request <= 40; ++request) {
        SCOPED_TRACE(fmt::format("dies at request {}", request));
        Plan plan{.runs = 12, .longest = 20min, .calm = 3min, .trouble = 0, .dies_at = request};
        plan.given.push_back(make_check("fails", {{"repeatAfterSec", 20}, {"remedyworkflow", nullptr}}));
        plan.given.push_back(make_check("well", {{"repeatAfterSec", 30}}));
        Simulation simulation(request, plan);
        ASSERT_TRUE(play(simulation));
        EXPECT_GE(simulation.referee().runs(), 12u);
        EXPECT_GE(simulation.referee().remedies(), 3u);
    }
}

class OperatorUnderStrikes : public testing::TestWithParam<Strike> {};

// A refusal of each kind at each request of a life in turn: what was refused is done later, once.
TEST_P(OperatorUnderStrikes, ARefusalAtAnyRequestLosesNoRunAndDoublesNone) {
    for (std::size_t request = 1; request <= 40; ++request) {
        auto strike = GetParam();
        strike.at = request;
        SCOPED_TRACE(fmt::format("{} for request {}", strike.status, request));
        Plan plan{.runs = 8, .longest = 10min, .calm = 2min, .trouble = 0, .strike = strike};
        plan.given.push_back(make_check("fails", {{"repeatAfterSec", 20}, {"remedyworkflow", nullptr}}));
        plan.given.push_back(make_check("well", {{"repeatAfterSec", 30}}));
        Simulation simulation(request, plan);
        ASSERT_TRUE(play(simulation));
        auto const& referee = simulation.referee();
        EXPECT_GE(referee.runs(), 8u);
        EXPECT_GE(referee.remedies(), 2u);
        auto const booked = referee.runs() + referee.remedies();
        EXPECT_GE(referee.workflows(), booked);
        EXPECT_LE(referee.workflows(), booked + plan.given.size()) << "the last ones may still run";
    }
}

std::string name_of(testing::TestParamInfo<Strike> const& strike) {
    auto const& wait = strike.param.retry_after_seconds;
    return fmt::format("{}{}", strike.param.status, wait ? "RetryAfter" : "");
}

INSTANTIATE_TEST_SUITE_P(each, OperatorUnderStrikes,
                         testing::Values(Strike{.status = 409}, Strike{.status = 410}, Strike{.status = 429},
                                         Strike{.status = 429, .retry_after_seconds = 5}, Strike{.status = 500},
                                         Strike{.status = 503}, Strike{.status = 503, .retry_after_seconds = 5}),
                         name_of);

// A seed in which a check was given a place while its status was being written, and the process hung.
TEST(OperatorSimulation, WithOnePlaceForAllEachGetsItsTurn) {
    Plan plan{.max_running_workflows = 1, .runs = 60, .longest = 2h, .calm = 5min, .trouble = 0};
    for (int i = 0; i < 5; ++i) plan.given.push_back(make_check(fmt::format("hc{}", i), {{"repeatAfterSec", 20}}));
    Simulation simulation(2, plan);
    ASSERT_TRUE(play(simulation));
    EXPECT_GE(simulation.referee().runs(), 60u);
    for (int i = 0; i < 5; ++i) EXPECT_GE(simulation.referee().runs_of(fmt::format("hc{}", i)), 8) << i;
}

// A month has 2.6 million seconds, and the operator looks at the wall clock in each: days must do without optimisation.
TEST(OperatorSimulation, InAMonthEachOfFiftyChecksRunsAsOftenAsItsScheduleSays) {
    Plan plan{.runs = SIZE_MAX, .longest = month, .calm = 2h, .trouble = 0, .restarts = hours(25)};
    std::map<std::string, double> wanted;
    double const seconds_long = std::chrono::duration<double>(plan.longest + plan.calm).count();
    for (int i = 0; i < 50; ++i) {
        auto const name = fmt::format("hc{}", i);
        auto const every = hours(1 + i % 24);
        bool const ticks = i % 2 == 0;
        if (ticks) {
            plan.given.push_back(
                make_check(name, {{"schedule", {{"cron", fmt::format("@every {}h", every.count())}}}}));
        } else {
            plan.given.push_back(make_check(name, {{"repeatAfterSec", every.count() * 3600}}));
        }
        wanted[name] = 1 + seconds_long / std::chrono::duration<double>(every).count();
    }
    Simulation simulation(1, plan);
    ASSERT_TRUE(play(simulation));
    for (auto const& [name, runs] : wanted) {
        auto const booked = static_cast<double>(simulation.referee().runs_of(name));
        EXPECT_NEAR(booked, runs, 1.5 + runs / 100) << name;  // a run takes its seconds
    }
}

}  // namespace
}  // namespace vedette::op::simulation
