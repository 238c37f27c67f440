#include "base/random.hpp"

#include <gtest/gtest.h>

namespace vedette {
namespace {

// The reference implementation of xoshiro256** (Blackman, Vigna) behind splitmix64, seed 0.
TEST(Random, GivesTheNumbersOfTheReferenceImplementation) {
    Random random(0);
    EXPECT_EQ(random.next(), 0x99ec5f36cb75f2b4u);
    EXPECT_EQ(random.next(), 0xbf6e1f784956452au);
    EXPECT_EQ(random.next(), 0x1a5f849d4933e6e0u);
}

TEST(Random, ABoundIsNeverReachedAndEveryNumberBelowItIsDrawn) {
    Random random(1);
    int drawn[3] = {};
    for (int i = 0; i < 3000; ++i) ++drawn[random.below(3)];
    for (int const count : drawn) EXPECT_NEAR(count, 1000, 150);
    EXPECT_EQ(random.below(1), 0u);
}

TEST(Random, TwoSeedsTellTwoStoriesAndOneSeedOne) {
    EXPECT_EQ(Random(5).suffix(20), Random(5).suffix(20));
    EXPECT_NE(Random(5).suffix(20), Random(6).suffix(20));
    EXPECT_EQ(Random(5).suffix(20).find_first_not_of("bcdfghjklmnpqrstvwxz2456789"), std::string::npos);
}

}  // namespace
}  // namespace vedette
