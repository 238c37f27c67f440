// The whole built-in suite against the in-memory API server, under faults drawn from a seed. Whatever the faults: one
// outcome per check, none after its deadline, records that keep the contract, nothing left open. The suite's records
// are watched too, which is why this stands in telemetry's tests and not in check's.

#include "base/json.hpp"
#include "check/suite.hpp"
#include "check/world_context.hpp"
#include "telemetry/records.hpp"

#include <gmock/gmock.h>

namespace vedette::telemetry {
namespace {

namespace json = boost::json;
using check::Status;
using Fault = kube::fake::Fault;

constexpr std::uint64_t seeds_per_shard = 125;

Fault draw_fault(Random& random) {
    static constexpr char const* prefixes[] = {"",       "/api/v1/pods", "/api/v1/nodes", "/apis/apps", "/readyz",
                                               "/livez", "/version",     "/apis/batch",   "/api/v1/ev", "/apis"};
    static constexpr int statuses[] = {401, 403, 404, 410, 429, 500, 503};
    static constexpr Fault::Kind kinds[] = {Fault::Kind::refuse,     Fault::Kind::delay,  Fault::Kind::hang,
                                            Fault::Kind::reset_body, Fault::Kind::status, Fault::Kind::garbage};
    Fault fault{.kind = kinds[random.below(std::size(kinds))]};
    fault.path_prefix = prefixes[random.below(std::size(prefixes))];
    fault.probability = 0.1 + 0.9 * random.unit();
    fault.times = random.chance(0.5) ? static_cast<int>(1 + random.below(4)) : -1;
    fault.status = statuses[random.below(std::size(statuses))];
    if (random.chance(0.3)) fault.retry_after_seconds = static_cast<int>(random.below(40));
    fault.delay = std::chrono::milliseconds(random.below(20'000));
    fault.after_bytes = random.below(3000);
    return fault;
}

void populate(kube::fake::ApiServer& api, Random& random) {
    static constexpr char const* phases[] = {"Pending", "Running", "Succeeded", "Failed", "Unknown", ""};
    for (std::uint64_t i = 0; i < random.below(4); ++i) {
        auto const ready = random.chance(0.7) ? "True" : "False";
        api.put({{"apiVersion", "v1"},
                 {"kind", "Node"},
                 {"metadata", {{"name", fmt::format("n{}", i)}}},
                 {"status",
                  {{"conditions",
                    json::array{json::object{
                        {"type", "Ready"}, {"status", ready}, {"lastTransitionTime", "2025-12-31T00:00:00Z"}}}}}}});
    }
    for (std::uint64_t i = 0; i < random.below(12); ++i) {
        api.put({{"apiVersion", "v1"},
                 {"kind", "Pod"},
                 {"metadata", {{"namespace", fmt::format("ns{}", random.below(3))}, {"name", fmt::format("p{}", i)}}},
                 {"spec", {{"containers", json::array{json::object{{"name", "c"}, {"image", "i"}}}}}},
                 {"status", {{"phase", phases[random.below(std::size(phases))]}}}});
    }
}

// A prober of the suite that has its own words for an end by deadline may be late only by the clock's grain.
constexpr auto grain = 1ms;

void expect_the_contract(std::vector<std::string> const& records, check::RunReport const& report) {
    ASSERT_GE(records.size(), 4U);
    std::size_t finished = 0;
    for (auto const& text : records) {
        EXPECT_EQ(text.find('\n'), text.size() - 1);
        auto const value = parse_json(text, "record");
        ASSERT_TRUE(value.has_value()) << value.error().text();
        auto const message = get_string(*value, "@message");
        EXPECT_FALSE(message.empty());
        if (message != "Health check execution finished") continue;
        ++finished;
        auto const result = parse_json(get_string(*value, "@fields.health_check_result"), "result");
        ASSERT_TRUE(result.has_value());
        EXPECT_EQ(result->as_object().begin()->key(), "group");
        EXPECT_EQ((result->as_object().end() - 1)->key(), "timestamp_end");
    }
    EXPECT_EQ(finished, report.checks.size());
    auto const last = parse_json(records.back(), "record");
    EXPECT_EQ(get_string(*last, "@message"), "Kavmon checks finished");
    EXPECT_EQ(get_bool(*last, "@fields.all_healthy"), report.healthy());
}

void run_one_seed(std::uint64_t seed) {
    check::WorldContext scene(seed);
    auto& random = scene.world.random();
    populate(scene.api, random);
    for (std::uint64_t i = 0; i < random.below(4); ++i) scene.api.add_fault(draw_fault(random));

    check::RunOptions options;
    options.workers = static_cast<int>(random.below(8));
    if (random.chance(0.3)) options.timeout = std::chrono::milliseconds(1 + random.below(15'000));
    if (random.chance(0.3)) options.deadline = TimePoint{} + std::chrono::milliseconds(random.below(60'000));
    if (random.chance(0.2)) options.namespaces = {"ns0"};
    check::Interrupt interrupt;
    if (random.chance(0.2)) {
        scene.world.clock().call_at(TimePoint{} + std::chrono::milliseconds(random.below(30'000)),
                                    [&interrupt] { interrupt.raise(); });
    }
    std::vector<std::string> records;
    Records sink(scene.world.clock(), {}, [&records](std::string const& text) { records.push_back(text); });
    check::Diary diary;
    auto const instances = check::built_in_suite().checks;
    auto const report =
        scene.world.run(check::run_checks(instances, scene.context, options, {&sink, &diary}, interrupt));

    ASSERT_EQ(report.checks.size(), instances.size());
    std::size_t finished = 0;
    for (auto const& line : diary.lines) finished += line.starts_with("finish ") ? 1 : 0;
    EXPECT_EQ(finished, instances.size()) << "each check ends exactly once";
    for (std::size_t i = 0; i < instances.size(); ++i) {
        auto const& each = report.checks[i];
        SCOPED_TRACE(each.id);
        EXPECT_EQ(each.id, instances[i].id);
        auto const limit = options.timeout > Duration::zero() ? options.timeout : instances[i].params.timeout;
        EXPECT_LE(each.duration, limit + grain);
        EXPECT_FALSE(each.outcome.message.empty());
        EXPECT_FALSE(each.outcome.reason.empty());
        EXPECT_NE(each.outcome.reason, "CheckFailed") << each.outcome.message;
        EXPECT_EQ(each.outcome.message == "not finished: interrupted", each.outcome.reason == "Interrupted");
    }
    if (options.deadline != no_deadline) EXPECT_LE(scene.world.elapsed(), options.deadline - TimePoint{} + grain);
    expect_the_contract(records, report);
    EXPECT_EQ(scene.api.open_watches(), 0U);
    EXPECT_EQ(scene.network.open_streams(), 0U);
    EXPECT_EQ(scene.http->open_connections(), 0U);
}

class Simulation : public testing::TestWithParam<std::uint64_t> {};

// Eight shards of 125 seeds: ctest runs them side by side, and each stays far below its time limit under ASan.
TEST_P(Simulation, UnderRandomFaultsEveryCheckHasOneOutcomeInTimeAndNothingStaysOpen) {
    for (std::uint64_t i = 0; i < seeds_per_shard; ++i) {
        auto const seed = 1 + GetParam() * seeds_per_shard + i;
        SCOPED_TRACE(fmt::format("seed {}", seed));
        run_one_seed(seed);
        if (HasFailure()) break;
    }
}

INSTANTIATE_TEST_SUITE_P(Shards, Simulation, testing::Range<std::uint64_t>(0, 8));

}  // namespace
}  // namespace vedette::telemetry
