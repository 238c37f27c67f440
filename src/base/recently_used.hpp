#pragma once
// RecentlyUsed: a bounded map that forgets what has not been used for the longest time.

#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace vedette {

/// The `limit` most recently used values, by key. Each call but size() is a use. References last until the next use.
/// Threads: one.
template <class Value>
class RecentlyUsed {
public:
    /// At least 1.
    explicit RecentlyUsed(std::size_t limit) : limit_(limit) {}
    RecentlyUsed(RecentlyUsed const&) = delete;
    RecentlyUsed& operator=(RecentlyUsed const&) = delete;

    /// Null if there is none.
    Value* find(std::string_view key) {
        auto const found = places_.find(key);
        if (found == places_.end()) return nullptr;
        newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
        return &found->second->second;
    }

    /// Made if there is none.
    Value& use(std::string_view key) {
        auto* const found = find(key);
        return found ? *found : add(key, Value{});
    }

    /// In place of the one there was.
    Value& put(std::string_view key, Value value) {
        auto* const found = find(key);
        return found ? *found = std::move(value) : add(key, std::move(value));
    }

    void erase(std::string_view key) {
        auto const found = places_.find(key);
        if (found == places_.end()) return;
        auto const place = found->second;
        places_.erase(found);
        newest_first_.erase(place);
    }

    std::size_t size() const { return places_.size(); }

private:
    using Entries = std::list<std::pair<std::string, Value>>;

    Value& add(std::string_view key, Value value) {
        newest_first_.emplace_front(key, std::move(value));
        places_.emplace(newest_first_.front().first, newest_first_.begin());
        if (places_.size() > limit_) {
            places_.erase(newest_first_.back().first);
            newest_first_.pop_back();
        }
        return newest_first_.front().second;
    }

    std::size_t limit_;
    Entries newest_first_;
    std::map<std::string_view, typename Entries::iterator> places_;  // the keys stand in newest_first_
};

}  // namespace vedette
