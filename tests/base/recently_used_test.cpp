#include "base/recently_used.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace vedette {
namespace {

TEST(RecentlyUsed, ForgetsTheLeastRecentlyUsedBeyondItsLimit) {
    RecentlyUsed<int> values(2);
    values.put("a", 1);
    values.put("b", 2);
    ASSERT_TRUE(values.find("a"));
    values.put("c", 3);
    EXPECT_EQ(values.size(), 2u);
    EXPECT_FALSE(values.find("b"));
    EXPECT_EQ(*values.find("a"), 1);
    EXPECT_EQ(*values.find("c"), 3);
}

TEST(RecentlyUsed, MakesWhatIsUsedForTheFirstTime) {
    RecentlyUsed<int> values(2);
    values.use("a") = 1;
    EXPECT_EQ(values.use("a"), 1);
    values.use("b");
    values.use("c");
    EXPECT_EQ(values.use("a"), 0) << "it was forgotten";
}

TEST(RecentlyUsed, ReplacesAndErases) {
    RecentlyUsed<std::unique_ptr<int>> values(1);
    values.put("a", std::make_unique<int>(1));
    EXPECT_EQ(*values.put("a", std::make_unique<int>(2)), 2);
    EXPECT_EQ(values.size(), 1u);
    values.erase("b");
    values.erase("a");
    EXPECT_EQ(values.size(), 0u);
    EXPECT_FALSE(values.find("a"));
}

}  // namespace
}  // namespace vedette
