#include "base/metrics.hpp"

#include "base/metrics_series.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace vedette::metrics {
namespace {

using testing::ElementsAre;

TEST(Counter, OnlyRises) {
    Counter counter;
    counter.add();
    counter.add(2.5);
    counter.add(-1);
    counter.add(std::nan(""));
    EXPECT_EQ(counter.value(), 3.5);
    counter.raise_to(3);
    EXPECT_EQ(counter.value(), 3.5);
    counter.raise_to(7);
    EXPECT_EQ(counter.value(), 7);
}

TEST(Histogram, AValueEqualToABoundCountsBelowItAndWhatIsPastAllBoundsIsNotLost) {
    std::vector<double> const bounds{1, 2};
    Histogram histogram(bounds);
    for (double const value : {0.5, 1.0, 1.5, 2.0, 2.5, std::numeric_limits<double>::infinity()}) {
        histogram.observe(value);
    }
    EXPECT_THAT(histogram.counts(), ElementsAre(2u, 2u, 2u));
    EXPECT_EQ(histogram.count(), 6u);
    EXPECT_TRUE(std::isinf(histogram.sum()));
}

TEST(Histogram, NoValueIsNotCounted) {
    std::vector<double> const bounds{1};
    Histogram histogram(bounds);
    histogram.observe(std::nan(""));
    histogram.observe(0.25);
    EXPECT_EQ(histogram.count(), 1u);
    EXPECT_EQ(histogram.sum(), 0.25);
}

TEST(Registry, FamiliesAndSeriesComeInTheOrderOfTheirNamesHoweverTheyWereMade) {
    Registry registry;
    auto& zebras = registry.declare<Gauge>({"zebras", "", {"zoo", "name"}});
    registry.declare<Counter>({"apes", ""});
    zebras.with({"north", "b"}).set(1);
    zebras.with({"north", ""}).set(2);
    zebras.with({"", "x"}).set(3);
    zebras.with({"nort", "h"}).set(4);
    EXPECT_THAT(series_of(zebras), ElementsAre("/x=3", "nort/h=4", "north/=2", "north/b=1"));
    std::vector<std::string> names;
    for (auto const* family = registry.next(""); family; family = registry.next(names.back())) {
        names.push_back(family->definition().name);
    }
    EXPECT_THAT(names, ElementsAre("apes", "zebras"));
}

TEST(Registry, AFamilyWithoutLabelsShowsItsZeroAtOnceAndOneWithLabelsShowsNothing) {
    Registry registry;
    EXPECT_EQ(registry.declare<Counter>({"apes", ""}).size(), 1u);
    EXPECT_EQ(registry.declare<Counter>({"zebras", "", {"zoo"}}).size(), 0u);
}

TEST(Registry, AWalkGoesOnBehindASeriesThatWasRemovedMeanwhile) {
    Registry registry;
    auto& zebras = registry.declare<Gauge>({"zebras", "", {"name"}});
    for (auto const* name : {"a", "b", "c"}) zebras.with({name});
    std::string last;
    zebras.visit({}, [&](SeriesView const& series) {
        last = series.key;
        return series.values()[0] != "b";
    });
    zebras.remove({"b"});
    EXPECT_THAT(series_of(zebras, last), ElementsAre("c=0"));
}

TEST(Registry, ANameDeclaredTwiceIsOneFamilyAndTheFirstHelpStands) {
    Registry registry;
    auto const first = registry.try_declare<Gauge>({"zebras", "striped", {"zoo"}});
    auto const second = registry.try_declare<Gauge>({"zebras", "spotted", {"zoo"}});
    ASSERT_TRUE(first && second);
    EXPECT_EQ(*first, *second);
    EXPECT_EQ((*second)->definition().help, "striped");
}

TEST(Registry, ANameIsNotGivenToAnotherTypeOrOtherLabels) {
    Registry registry;
    registry.declare<Gauge>({"zebras", "", {"zoo"}}).with({"north"}).set(1);
    auto const counter = registry.try_declare<Counter>({"zebras", "", {"zoo"}});
    auto const unlabelled = registry.try_declare<Gauge>({"zebras", ""});
    ASSERT_FALSE(counter || unlabelled);
    EXPECT_EQ(counter.error(), Error(Errc::conflict,
                                     "metric zebras is already a gauge with labels (zoo), so it cannot "
                                     "be a counter with (zoo)"));
    EXPECT_EQ(unlabelled.error().code(), Errc::conflict);
    EXPECT_THAT(series_of(*registry.find("zebras")), ElementsAre("north=1"));
}

TEST(Registry, ANameThatAHistogramPrintsIsTaken) {
    Registry registry;
    registry.declare<Histogram>({"age", "", {}, {1, 2}});
    for (auto const* name : {"age_bucket", "age_sum", "age_count"}) {
        auto const clash = registry.try_declare<Gauge>({name, ""});
        ASSERT_FALSE(clash) << name;
        EXPECT_EQ(clash.error().code(), Errc::conflict);
    }
    registry.declare<Gauge>({"height_sum", ""});
    EXPECT_FALSE(registry.try_declare<Histogram>({"height", "", {}, {1, 2}}));
    EXPECT_TRUE(registry.try_declare<Gauge>({"zebras_count", ""}));
}

TEST(Registry, WhatPrometheusCouldNotReadIsRefused) {
    Registry registry;
    EXPECT_FALSE(registry.try_declare<Gauge>({"", ""}));
    EXPECT_FALSE(registry.try_declare<Gauge>({"1st", ""}));
    EXPECT_FALSE(registry.try_declare<Gauge>({"a-b", ""}));
    EXPECT_FALSE(registry.try_declare<Gauge>({"a\n", ""}));
    EXPECT_TRUE(registry.try_declare<Gauge>({"a:b_2", ""}));
    EXPECT_FALSE(registry.try_declare<Gauge>({"a", "", {"b:c"}}));
    EXPECT_FALSE(registry.try_declare<Gauge>({"a", "", {"__name__"}}));
    EXPECT_FALSE(registry.try_declare<Gauge>({"a", "", {"b", "b"}}));
    EXPECT_FALSE(registry.try_declare<Gauge>({"a", "", {}, {1}}));
    EXPECT_FALSE(registry.try_declare<Histogram>({"a", ""}));
    EXPECT_FALSE(registry.try_declare<Histogram>({"a", "", {}, {2, 1}}));
    EXPECT_FALSE(registry.try_declare<Histogram>({"a", "", {}, {1, 1}}));
    EXPECT_FALSE(registry.try_declare<Histogram>({"a", "", {}, {1, std::numeric_limits<double>::infinity()}}));
    EXPECT_FALSE(registry.try_declare<Histogram>({"a", "", {"le"}, {1}}));
    EXPECT_EQ(registry.find("a"), nullptr);
}

TEST(RegistryDeathTest, AClashAmongOurOwnNamesIsABug) {
    Registry registry;
    registry.declare<Gauge>({"zebras", ""});
    EXPECT_DEATH(registry.declare<Counter>({"zebras", ""}), "metric zebras is already a gauge");
}

TEST(Family, SeriesGoByAllTheirValuesByTheFirstOnesOrByOne) {
    Registry registry;
    auto& zebras = registry.declare<Gauge>({"zebras", "", {"zoo", "name"}});
    auto const fill = [&] {
        for (auto const* zoo : {"north", "south", "southeast"}) {
            for (auto const* name : {"a", "b"}) zebras.with({zoo, name});
        }
    };
    fill();
    EXPECT_TRUE(zebras.remove({"south", "b"}));
    EXPECT_FALSE(zebras.remove({"south", "b"}));
    EXPECT_EQ(zebras.size(), 5u);
    fill();
    EXPECT_EQ(zebras.remove_starting({"south"}), 2u);
    EXPECT_THAT(series_of(zebras), ElementsAre("north/a=0", "north/b=0", "southeast/a=0", "southeast/b=0"));
    EXPECT_EQ(zebras.remove_matching("name", "b"), 2u);
    EXPECT_THAT(series_of(zebras), ElementsAre("north/a=0", "southeast/a=0"));
    EXPECT_EQ(zebras.remove_starting({}), 2u);
}

TEST(Family, AHandleStaysGoodWhileOtherSeriesComeAndGo) {
    Registry registry;
    auto& zebras = registry.declare<Counter>({"zebras", "", {"name"}});
    auto& kept = zebras.with({"m"});
    for (int i = 0; i < 1000; ++i) zebras.with({std::to_string(i)});
    for (int i = 0; i < 1000; ++i) zebras.remove({std::to_string(i)});
    kept.add();
    EXPECT_THAT(series_of(zebras), ElementsAre("m=1"));
    ASSERT_NE(zebras.find({"m"}), nullptr);
    EXPECT_EQ(zebras.find({"m"})->value(), 1);
    EXPECT_EQ(zebras.find({"n"}), nullptr);
}

TEST(Family, ANulByteDoesNotMakeOneSeriesLookLikeAnother) {
    Registry registry;
    auto& zebras = registry.declare<Gauge>({"zebras", "", {"zoo", "name"}});
    zebras.with({std::string_view("a\0b", 3), "c"});
    zebras.with({"a", "b"});
    EXPECT_THAT(series_of(zebras), ElementsAre("a/b=0", "ab/c=0"));
}

TEST(Family, AForgottenNameIsFreeForAnotherType) {
    Registry registry;
    registry.declare<Gauge>({"zebras", ""});
    registry.forget("zebras");
    registry.forget("never there");
    EXPECT_EQ(registry.find("zebras"), nullptr);
    EXPECT_TRUE(registry.try_declare<Counter>({"zebras", ""}));
}

TEST(CollectHook, HooksRunInOrderUntilTheyGo) {
    Registry registry;
    std::string ran;
    std::optional<CollectHook> const first(registry.on_collect([&] { ran += 'a'; }));
    std::optional<CollectHook> second(registry.on_collect([&] { ran += 'b'; }));
    registry.collect();
    EXPECT_EQ(ran, "ab");
    auto moved = std::move(*second);
    second.reset();
    registry.collect();
    EXPECT_EQ(ran, "abab");
    moved = CollectHook();
    registry.collect();
    EXPECT_EQ(ran, "ababa");
}

TEST(CollectHook, MayOutliveItsRegistry) {
    auto registry = std::make_unique<Registry>();
    auto const hook = registry->on_collect([] {});
    registry.reset();
}

}  // namespace
}  // namespace vedette::metrics
