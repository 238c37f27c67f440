// A list in the order of use and a map into it: both operations cost one lookup.

#include "operator/source_cache.hpp"

namespace vedette::op {

std::shared_ptr<CachedText const> SourceCache::find(CacheKey const& key) {
    auto const found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    return found->second->text;
}

void SourceCache::put(CacheKey key, CachedText text) {
    forget(key);
    auto const bytes =
        2 * (key.url.size() + key.user.size()) + text.text.size() + text.etag.size() + text.last_modified.size();
    if (bytes > byte_limit_ || entry_limit_ == 0) return;
    by_use_.push_front({key, std::make_shared<CachedText const>(std::move(text)), bytes});
    by_key_.emplace(std::move(key), by_use_.begin());
    bytes_ += bytes;
    while (by_key_.size() > entry_limit_ || bytes_ > byte_limit_) drop(std::prev(by_use_.end()));
}

void SourceCache::forget(CacheKey const& key) {
    if (auto const found = by_key_.find(key); found != by_key_.end()) drop(found->second);
}

void SourceCache::drop(std::list<Entry>::iterator entry) {
    bytes_ -= entry->bytes;
    by_key_.erase(entry->key);
    by_use_.erase(entry);
}

}  // namespace vedette::op
