#pragma once
// Texts that url sources answered with, kept so that the next run asks only whether they have changed.

#include <list>
#include <map>
#include <memory>
#include <string>

namespace vedette::op {

/// A text and what names its version (RFC 9110, 8.8); at least one of the two is not empty.
struct CachedText {
    std::string text;
    std::string etag;
    std::string last_modified;
};

/// What must be the same for a text to be the same: who asked, and whether the answer could be trusted.
struct CacheKey {
    std::string url;
    std::string user;
    bool verified = true;

    auto operator<=>(CacheKey const&) const = default;
};

/// Bounded in entries and bytes; what was used longest ago goes first.
class SourceCache {
public:
    SourceCache(std::size_t entries, std::size_t bytes) : entry_limit_(entries), byte_limit_(bytes) {}

    /// Null if it is not there. What is returned stays, whatever happens to the cache.
    std::shared_ptr<CachedText const> find(CacheKey const& key);
    /// Replaces what is there; a text that exceeds the bytes alone is not kept, and neither is the one before.
    void put(CacheKey key, CachedText text);
    void forget(CacheKey const& key);

    std::size_t entries() const { return by_key_.size(); }
    std::size_t bytes() const { return bytes_; }

private:
    struct Entry {
        CacheKey key;
        std::shared_ptr<CachedText const> text;
        std::size_t bytes;
    };
    void drop(std::list<Entry>::iterator entry);

    std::size_t entry_limit_;
    std::size_t byte_limit_;
    std::size_t bytes_ = 0;
    std::list<Entry> by_use_;  // used last first
    std::map<CacheKey, std::list<Entry>::iterator> by_key_;
};

}  // namespace vedette::op
