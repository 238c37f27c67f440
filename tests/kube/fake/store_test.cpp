#include "kube/fake/store.hpp"

#include <gtest/gtest.h>

namespace vedette::kube::fake {
namespace {

boost::json::object object(int n) {
    return {{"metadata", boost::json::object{}}, {"n", n}};
}

std::string version(Snapshot const& snapshot) {
    return std::string(snapshot->at("metadata").at("resourceVersion").as_string());
}

TEST(Store, EveryWriteTakesTheNextRevisionWhicheverTheCollection) {
    Store store(10);
    auto const first = store.revision();
    EXPECT_EQ(version(store.put({"pods", "a", "x"}, object(1))), std::to_string(first + 1));
    EXPECT_EQ(version(store.put({"nodes", "", "n"}, object(1))), std::to_string(first + 2));
    EXPECT_TRUE(store.erase({"pods", "a", "x"}));
    EXPECT_EQ(store.revision(), first + 3);
    EXPECT_FALSE(store.erase({"pods", "a", "x"}));
    EXPECT_EQ(store.revision(), first + 3);
}

TEST(Store, KeysAreOrderedAsEtcdOrdersThemNotByNamespaceFirst) {
    Store store(10);
    store.put({"pods", "a", "z"}, object(1));
    store.put({"pods", "a-b", "a"}, object(1));
    std::vector<std::string> keys;
    for (auto const& [key, value] : store.collection("pods")) keys.push_back(key);
    EXPECT_EQ(keys, (std::vector<std::string>{"a-b/a", "a/z"}));
}

TEST(Store, ThePastIsThePresentWithLaterChangesUndone) {
    Store store(10);
    store.put({"pods", "a", "kept"}, object(1));
    store.put({"pods", "a", "changed"}, object(1));
    store.put({"pods", "a", "removed"}, object(1));
    auto const then = store.revision();
    auto const old_version = version(store.get({"pods", "a", "removed"}));
    store.put({"pods", "a", "changed"}, object(2));
    store.put({"pods", "a", "new"}, object(1));
    store.erase({"pods", "a", "removed"});

    auto const past = store.collection_at("pods", then);
    ASSERT_TRUE(past.has_value());
    EXPECT_EQ(past->size(), 3u);
    EXPECT_EQ(past->at("a/changed")->at("n").as_int64(), 1);
    EXPECT_EQ(version(past->at("a/removed")), old_version);
    EXPECT_FALSE(past->contains("a/new"));
}

TEST(Store, WhatIsOlderThanTheHistoryIsGoneExactlyAtTheLimit) {
    Store store(3);
    auto const start = store.revision();
    for (int i = 0; i < 3; ++i) store.put({"pods", "a", "x"}, object(i));
    EXPECT_EQ(store.changes_after("pods", start)->size(), 3u);
    store.put({"pods", "a", "x"}, object(3));
    EXPECT_FALSE(store.changes_after("pods", start).has_value());
    EXPECT_EQ(store.changes_after("pods", start + 1)->size(), 3u);
    EXPECT_FALSE(store.collection_at("pods", start).has_value());
    EXPECT_TRUE(store.collection_at("pods", start + 1).has_value());
}

TEST(Store, VersionOneIsTooOldFromTheStart) {
    Store store(10);
    EXPECT_FALSE(store.changes_after("pods", 1).has_value());
    EXPECT_TRUE(store.changes_after("pods", store.revision())->empty());
}

TEST(Store, ChangesOfOtherCollectionsAreNotTold) {
    Store store(10);
    auto const start = store.revision();
    store.put({"nodes", "", "n"}, object(1));
    store.put({"pods", "a", "x"}, object(1));
    auto const changes = store.changes_after("pods", start);
    ASSERT_EQ(changes->size(), 1u);
    EXPECT_EQ(changes->front().key.name, "x");
    EXPECT_EQ(changes->front().before, nullptr);
}

}  // namespace
}  // namespace vedette::kube::fake
