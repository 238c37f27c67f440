#include "base/metrics_table.hpp"

#include "base/metrics_series.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace vedette::metrics {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class TableTest : public testing::Test {
protected:
    Registry registry_;
    Table zoos_{registry_, {"country", "zoo"}};
    Table::Column& births_ = zoos_.declare(Type::counter, {"births_total", "Young ones.", {"species", "sex"}});
    Table::Column& visitors_ = zoos_.declare(Type::gauge, {"visitors", "Within."});
};

TEST_F(TableTest, AColumnIsAFamilyOfTheRegistryWithTheRowsLabelsFirst) {
    auto const* const family = registry_.find("births_total");
    ASSERT_EQ(family, &births_);
    EXPECT_EQ(family->type(), Type::counter);
    EXPECT_EQ(family->definition().help, "Young ones.");
    EXPECT_THAT(family->definition().labels, ElementsAre("country", "zoo", "species", "sex"));
    EXPECT_EQ(family->size(), 0u);
}

TEST_F(TableTest, SeriesComeInTheOrderThatAFamilyWouldHaveThemIn) {
    auto& family = registry_.declare<Gauge>({"twin", "", {"country", "zoo", "species", "sex"}});
    for (auto const* country : {"peru", "per", "", "peru-", "p"}) {
        for (auto const* zoo : {"north", "nort", "-"}) {
            auto const row = zoos_.claim({country, zoo});
            for (auto const* species : {"ape", "", "ape-", "ant"}) {
                for (auto const* sex : {"m", "f"}) {
                    births_.in(row, {species, sex}).begin();
                    family.with({country, zoo, species, sex});
                }
            }
        }
    }
    EXPECT_EQ(births_.size(), 5u * 3 * 8);
    EXPECT_EQ(series_of(births_), series_of(family));
    for (auto const& [country, zoo, species, sex] : {std::tuple{"per", "nort", "ant", "f"},
                                                     {"per", "nort", "ape-", "m"},
                                                     {"per", "north", "ape-", "m"},
                                                     {"peru-", "north", "ape-", "m"},
                                                     {"nobody", "was", "ever", "there"},
                                                     {"per", "nort", "bee", "there"}}) {
        auto const after = series_key({country, zoo, species, sex});
        EXPECT_EQ(series_of(births_, after), series_of(family, after)) << country << zoo << species << sex;
    }
}

TEST_F(TableTest, ASeriesIsThereFromItsFirstValueOnAndBeginsAtZero) {
    auto const lima = zoos_.claim({"peru", "lima"});
    zoos_.claim({"peru", "cusco"});
    EXPECT_THAT(series_of(visitors_), IsEmpty());
    visitors_.in(lima).begin();
    EXPECT_THAT(series_of(visitors_), ElementsAre("peru/lima=0"));
    visitors_.in(lima).set(7);
    visitors_.in(lima).begin();
    EXPECT_THAT(series_of(visitors_), ElementsAre("peru/lima=7"));
    visitors_.in(lima).add(-3);
    EXPECT_THAT(series_of(visitors_), ElementsAre("peru/lima=4"));
    births_.in(lima, {"ape", "f"}).add();
    births_.in(lima, {"ape", "f"}).add(-3);
    births_.in(lima, {"ape", "f"}).add(2.5);
    births_.in(lima, {"ape", "m"}).add(-1);
    EXPECT_THAT(series_of(births_), ElementsAre("peru/lima/ape/f=3.5", "peru/lima/ape/m=0"));
}

TEST_F(TableTest, WhatWasClearedBeginsAnewAndTheRestOfTheRowStays) {
    auto const lima = zoos_.claim({"peru", "lima"});
    auto const cusco = zoos_.claim({"peru", "cusco"});
    for (auto const row : {lima, cusco}) {
        births_.in(row, {"ape", "f"}).add(2);
        births_.in(row, {"bee", "f"}).add(4);
        visitors_.in(row).set(9);
    }
    births_.clear(lima);
    EXPECT_THAT(series_of(births_), ElementsAre("peru/cusco/ape/f=2", "peru/cusco/bee/f=4"));
    EXPECT_THAT(series_of(visitors_), ElementsAre("peru/cusco=9", "peru/lima=9"));
    births_.in(lima, {"ape", "f"}).add();
    EXPECT_THAT(series_of(births_), ElementsAre("peru/cusco/ape/f=2", "peru/cusco/bee/f=4", "peru/lima/ape/f=1"));
}

TEST_F(TableTest, ARowGoesWithItsLastOwner) {
    auto const lima = zoos_.claim({"peru", "lima"});
    EXPECT_EQ(zoos_.claim({"peru", "lima"}), lima);
    EXPECT_THAT(lima.labels(), ElementsAre("peru", "lima"));
    visitors_.in(lima).set(9);
    EXPECT_FALSE(zoos_.release(lima));
    EXPECT_THAT(series_of(visitors_), ElementsAre("peru/lima=9"));
    EXPECT_TRUE(zoos_.release(lima));
    EXPECT_THAT(series_of(visitors_), IsEmpty());
    visitors_.in(zoos_.claim({"peru", "lima"})).begin();
    EXPECT_THAT(series_of(visitors_), ElementsAre("peru/lima=0")) << "another of that name";
}

TEST_F(TableTest, ARowStaysGoodWhileOthersComeAndGoAndItsSeriesGrow) {
    auto const lima = zoos_.claim({"peru", "lima"});
    visitors_.in(lima).set(1);
    for (int i = 0; i < 1000; ++i) zoos_.release(zoos_.claim({"peru", std::to_string(i)}));
    for (int i = 1; i < static_cast<int>(Table::most_slots); ++i) {
        births_.in(lima, {std::to_string(i), "f"}).add(i);
    }
    EXPECT_THAT(series_of(visitors_), ElementsAre("peru/lima=1"));
    EXPECT_EQ(births_.size(), Table::most_slots - 1);
    births_.visit({}, [](SeriesView const& series) {
        EXPECT_EQ(fmt::format("{}", series.value), series.values()[2]);
        return true;
    });
    EXPECT_DEATH(births_.in(lima, {"one more", "f"}), "a table has a slot for each series");
}

TEST_F(TableTest, AWalkGoesOnBehindARowThatWasRemovedMeanwhile) {
    for (auto const* zoo : {"a", "b", "c"}) births_.in(zoos_.claim({"peru", zoo}), {"ape", "f"}).begin();
    auto const after = series_key({"peru", "b", "ape", "f"});
    auto const second = zoos_.claim({"peru", "b"});
    zoos_.release(second);
    zoos_.release(second);
    EXPECT_THAT(series_of(births_, after), ElementsAre("peru/c/ape/f=0"));
}

TEST_F(TableTest, AWalkEndsWhereItIsToldTo) {
    for (auto const* zoo : {"a", "b"}) visitors_.in(zoos_.claim({"peru", zoo})).begin();
    int seen = 0;
    visitors_.visit({}, [&](SeriesView const&) { return ++seen > 1; });
    EXPECT_EQ(seen, 1);
}

TEST_F(TableTest, ItsNamesAreTakenUntilItGoes) {
    auto const clash = registry_.try_declare<Gauge>({"visitors", "", {"country", "zoo"}});
    ASSERT_FALSE(clash);
    EXPECT_EQ(clash.error(), Error(Errc::conflict, "the series of metric visitors are kept by another"));
    EXPECT_FALSE(registry_.try_declare<Counter>({"visitors", ""}));
    {
        Table const other(registry_, {"id"});
        Table passing(registry_, {"id"});
        passing.declare(Type::gauge, {"weight", ""});
        EXPECT_FALSE(registry_.try_declare<Gauge>({"weight", "", {"id"}}));
    }
    EXPECT_TRUE(registry_.try_declare<Gauge>({"weight", "", {"id"}}));
}

TEST_F(TableTest, WhatCannotBeIsABug) {
    registry_.declare<Gauge>({"weight", ""});
    EXPECT_DEATH(zoos_.declare(Type::gauge, {"weight", ""}), "a name of its own");
    EXPECT_DEATH(zoos_.declare(Type::gauge, {"no-name", ""}), "is no metric name");
    EXPECT_DEATH(zoos_.declare(Type::gauge, {"height", "", {"zoo"}}), "label zoo stands twice");
    EXPECT_DEATH(zoos_.declare(Type::histogram, {"height", "", {}, {1}}), "counters and gauges");
    EXPECT_DEATH(zoos_.claim({"peru"}), "one value for each");
    EXPECT_DEATH(births_.in(zoos_.claim({"peru", "lima"}), {"ape"}), "one value for each label");
}

}  // namespace
}  // namespace vedette::metrics
