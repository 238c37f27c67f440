#include "operator/source_cache.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace vedette::op {
namespace {

CacheKey key(std::string url) {
    return {.url = std::move(url)};
}

TEST(SourceCache, WhatWasUsedLongestAgoGoesFirst) {
    SourceCache cache(2, 1000);
    cache.put(key("a"), {.text = "A", .etag = "1"});
    cache.put(key("b"), {.text = "B", .etag = "1"});
    ASSERT_TRUE(cache.find(key("a")));
    cache.put(key("c"), {.text = "C", .etag = "1"});
    EXPECT_TRUE(cache.find(key("a")));
    EXPECT_FALSE(cache.find(key("b")));
    EXPECT_TRUE(cache.find(key("c")));
    EXPECT_EQ(cache.entries(), 2);
}

TEST(SourceCache, TheBytesOfTextsVersionsAndKeysAreBounded) {
    SourceCache cache(1000, 100);
    for (int i = 0; i < 50; ++i) {
        cache.put(key(fmt::format("{:05}", i)), {.text = std::string(20, 'x'), .etag = "12345"});
        ASSERT_LE(cache.bytes(), 100);
    }
    EXPECT_EQ(cache.entries(), 2);  // 35 bytes each
    EXPECT_TRUE(cache.find(key("00049")));
    EXPECT_TRUE(cache.find(key("00048")));
}

TEST(SourceCache, ATextThatIsTooLargeAloneTakesThePlaceOfNobodyButItsPredecessor) {
    SourceCache cache(10, 100);
    cache.put(key("a"), {.text = "A", .etag = "1"});
    cache.put(key("b"), {.text = "B", .etag = "1"});
    cache.put(key("a"), {.text = std::string(100, 'x'), .etag = "2"});
    EXPECT_FALSE(cache.find(key("a")));
    EXPECT_TRUE(cache.find(key("b")));
    cache.forget(key("b"));
    cache.forget(key("b"));
    EXPECT_EQ(cache.entries(), 0);
    EXPECT_EQ(cache.bytes(), 0);
}

TEST(SourceCache, AnotherUserOrAnUncheckedCertificateIsAnotherKey) {
    SourceCache cache(10, 1000);
    cache.put(key("a"), {.text = "A", .etag = "1"});
    EXPECT_FALSE(cache.find({.url = "a", .user = "me:pw"}));
    EXPECT_FALSE(cache.find({.url = "a", .verified = false}));
}

TEST(SourceCache, WhatWasFoundStaysWhenItsEntryGoes) {
    SourceCache cache(1, 1000);
    cache.put(key("a"), {.text = "A", .etag = "1"});
    auto const found = cache.find(key("a"));
    cache.put(key("b"), {.text = "B", .etag = "1"});
    EXPECT_EQ(found->text, "A");
}

TEST(SourceCache, ALimitOfNoEntriesKeepsNothing) {
    SourceCache cache(0, 1000);
    cache.put(key("a"), {.text = "A", .etag = "1"});
    EXPECT_EQ(cache.entries(), 0);
    EXPECT_EQ(cache.bytes(), 0);
}

}  // namespace
}  // namespace vedette::op
