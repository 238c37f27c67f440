// Who may run next where --max-running-workflows limits how many do.

#include "operator/run_places.hpp"

#include <gtest/gtest.h>

namespace vedette::op {
namespace {

TEST(RunPlaces, WithoutALimitEverybodyIsAdmitted) {
    RunPlaces places(std::nullopt);
    for (int i = 0; i < 1000; ++i) places.take(Purpose::check);
    EXPECT_TRUE(places.admits("a"));
    EXPECT_EQ(places.taken(Purpose::check), 1000u);
}

TEST(RunPlaces, ChecksAndRemediesTakeTheSamePlaces) {
    RunPlaces places(2);
    places.take(Purpose::check);
    EXPECT_TRUE(places.admits("a"));
    places.take(Purpose::remedy);
    EXPECT_FALSE(places.admits("a"));
    places.give_back(Purpose::check);
    EXPECT_TRUE(places.admits("a"));
    EXPECT_EQ(places.taken(Purpose::check), 0u);
    EXPECT_EQ(places.taken(Purpose::remedy), 1u);
}

TEST(RunPlaces, WhoeverComesWhileOthersWaitWaitsBehindThem) {
    RunPlaces places(1);
    places.take(Purpose::check);
    places.wait("a");
    places.wait("b");
    places.give_back(Purpose::check);
    EXPECT_FALSE(places.admits("c"));
    EXPECT_EQ(places.offer(), "a");
    EXPECT_TRUE(places.admits("a"));
    EXPECT_FALSE(places.admits("b"));
    EXPECT_FALSE(places.admits("c"));
    places.take(Purpose::check);
    EXPECT_FALSE(places.admits("a")) << "it has taken it";
    places.withdraw();
    EXPECT_EQ(places.waiting(), 1u);
}

TEST(RunPlaces, WhatIsOfferedIsForNobodyElse) {
    RunPlaces places(1);
    places.wait("a");
    EXPECT_EQ(places.offer(), "a");
    EXPECT_FALSE(places.admits("b")) << "though nobody waits any more";
    EXPECT_TRUE(places.admits("a"));
    places.withdraw();
    EXPECT_TRUE(places.admits("b"));
}

TEST(RunPlaces, AnOfferThatWasNotTakenUpGoesToTheNext) {
    RunPlaces places(1);
    places.wait("a");
    places.wait("b");
    EXPECT_EQ(places.offer(), "a");
    places.wait("a");
    places.withdraw();
    EXPECT_EQ(places.offer(), "b");
    places.withdraw();
    EXPECT_EQ(places.offer(), "a");
}

TEST(RunPlaces, WhoeverLeavesIsNotWaitedFor) {
    RunPlaces places(1);
    auto const first = places.wait("a");
    places.wait("b");
    places.leave(first);
    EXPECT_EQ(places.offer(), "b");
    places.withdraw();
    places.leave(first);
    EXPECT_EQ(places.waiting(), 0u);
    EXPECT_TRUE(places.admits("c"));
}

}  // namespace
}  // namespace vedette::op
