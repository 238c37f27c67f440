#include "telemetry/exposition.hpp"

#include "telemetry/process_metrics.hpp"
#include "world/world.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <fcntl.h>
#include <limits>
#include <unistd.h>

namespace vedette::telemetry {
namespace {

using metrics::Counter;
using metrics::Gauge;
using metrics::Histogram;

TEST(Exposition, IsThisText) {
    metrics::Registry registry;
    registry.declare<Counter>({"runs_total", "Runs, by result.", {"namespace", "result"}});
    registry.declare<Gauge>({"nothing_yet", "A family without series is left out.", {"name"}});
    auto& runs = registry.declare<Counter>({"runs_total", "", {"namespace", "result"}});
    runs.with({"shop", "succeeded"}).add(12);
    runs.with({"shop", "failed"});
    registry.declare<Gauge>({"temperature", "Of the \"room\",\nin a \\ strange unit."}).only().set(-0.25);
    auto& took = registry.declare<Histogram>({"took_seconds", "How long it took.", {"of"}, {0.1, 1, 2.5}});
    for (double const value : {0.05, 0.1, 0.7, 4.0}) took.with({"all"}).observe(value);
    registry.declare<Histogram>({"idle_seconds", "Unused.", {}, {1}});
    EXPECT_EQ(exposition(registry), R"(# HELP idle_seconds Unused.
# TYPE idle_seconds histogram
idle_seconds_bucket{le="1.0"} 0.0
idle_seconds_bucket{le="+Inf"} 0.0
idle_seconds_sum 0.0
idle_seconds_count 0.0
# HELP runs_total Runs, by result.
# TYPE runs_total counter
runs_total{namespace="shop",result="failed"} 0.0
runs_total{namespace="shop",result="succeeded"} 12.0
# HELP temperature Of the "room",\nin a \\ strange unit.
# TYPE temperature gauge
temperature -0.25
# HELP took_seconds How long it took.
# TYPE took_seconds histogram
took_seconds_bucket{of="all",le="0.1"} 2.0
took_seconds_bucket{of="all",le="1.0"} 3.0
took_seconds_bucket{of="all",le="2.5"} 3.0
took_seconds_bucket{of="all",le="+Inf"} 4.0
took_seconds_sum{of="all"} 4.85
took_seconds_count{of="all"} 4.0
)");
}

TEST(Exposition, EscapesWhatALabelValueMayHoldAndRepairsWhatIsNotUtf8) {
    std::string labels;
    add_label(labels, "a", "say \"hi\"\\\nand go");
    add_label(labels, "b", "caf\xC3\xA9 \xFF!");
    EXPECT_EQ(labels, "a=\"say \\\"hi\\\"\\\\\\nand go\",b=\"caf\xC3\xA9 \xEF\xBF\xBD!\"");
}

TEST(Exposition, NumbersThatAreNoneHavePrometheusSpelling) {
    auto const line = [](double value) {
        std::string text;
        add_sample(text, "x", "", value);
        return text;
    };
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    EXPECT_EQ(line(std::nan("")), "x NaN\n");
    EXPECT_EQ(line(infinity), "x +Inf\n");
    EXPECT_EQ(line(-infinity), "x -Inf\n");
    EXPECT_EQ(line(1e300), "x 1e+300\n");
    EXPECT_EQ(line(1767225600), "x 1767225600.0\n");
}

metrics::Registry& filled(metrics::Registry& registry) {
    for (auto const* name : {"a", "b", "c"}) {
        auto& family = registry.declare<Gauge>({name, "Help.", {"i"}});
        for (int i = 0; i < 20; ++i) family.with({std::to_string(i)}).set(i);
    }
    registry.declare<Histogram>({"h", "Help.", {}, {1, 2, 3}});
    return registry;
}

TEST(Exposition, InPiecesOfAnySizeItIsTheSameText) {
    metrics::Registry registry;
    auto const whole = exposition(filled(registry));
    for (std::size_t const size : {1u, 7u, 100u, 1000u, 100000u}) {
        Exposition pieces(registry);
        std::string text;
        for (auto piece = pieces.next(size); !piece.empty(); piece = pieces.next(size)) {
            EXPECT_LT(piece.size(), size + 200) << "a piece ends with the series that fills it";
            text += piece;
        }
        EXPECT_EQ(text, whole) << size;
        EXPECT_EQ(pieces.next(size), "") << "and then it stays at its end";
    }
}

TEST(Exposition, WhatIsRemovedBetweenTwoPiecesIsLeftOutAndTheRestFollows) {
    metrics::Registry registry;
    Exposition pieces(filled(registry));
    auto text = pieces.next(100);
    EXPECT_THAT(text, testing::HasSubstr("a{i=\"0\"} 0.0\n"));
    registry.forget("a");
    registry.declare<Gauge>({"b", "Help.", {"i"}}).remove({"0"});
    text += pieces.next(100000);
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("a{i=\"9\"}")));
    EXPECT_THAT(text, testing::HasSubstr("# TYPE b gauge\nb{i=\"1\"} 1.0\n"));
    EXPECT_THAT(text, testing::EndsWith("h_count 0.0\n"));
}

TEST(Exposition, AScrapeBeginsByCollecting) {
    metrics::Registry registry;
    auto& gauge = registry.declare<Gauge>({"scrapes", ""}).only();
    auto const hook = registry.on_collect([&] { gauge.add(1); });
    exposition(registry);
    EXPECT_THAT(exposition(registry), testing::EndsWith("scrapes 2.0\n"));
}

TEST(Exposition, ALongOneIsStreamedAsABodyAndIsTheSameText) {
    world::World world;
    metrics::Registry registry;
    auto& family = registry.declare<Gauge>({"a", "", {"i"}});
    for (int i = 0; i < 20'000; ++i) family.with({std::to_string(i)});
    auto const text = world.run(net::read_all(exposition_body(registry), 10u << 20, no_deadline));
    ASSERT_TRUE(text);
    EXPECT_GT(text->size(), 200'000u) << "more than a piece";
    EXPECT_EQ(*text, exposition(registry));
}

TEST(ProcessMetrics, SayWhatTheProcessTakesAtEachScrape) {
    world::World world;
    metrics::Registry registry;
    ProcessMetrics const process(registry, world.clock());
    auto const value = [&](char const* name) {
        double seen = -1;
        registry.find(name)->visit({}, [&](metrics::SeriesView const& series) {
            seen = series.value;
            return true;
        });
        return seen;
    };
    registry.collect();
    EXPECT_EQ(value("process_start_time_seconds"), 1767225600) << "the world's clock";
    EXPECT_GT(value("process_cpu_seconds_total"), 0);
    EXPECT_GT(value("process_resident_memory_bytes"), 1e6);
    EXPECT_GE(value("process_virtual_memory_bytes"), value("process_resident_memory_bytes"));
    EXPECT_GT(value("process_max_fds"), value("process_open_fds"));
    auto const open = value("process_open_fds");
    int const fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    registry.collect();
    EXPECT_EQ(value("process_open_fds"), open + 1);
    ::close(fd);
}

}  // namespace
}  // namespace vedette::telemetry
