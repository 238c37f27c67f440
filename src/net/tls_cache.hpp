#pragma once
#include <list>
#include <map>
#include <string>
#include <utility>

namespace vedette::net {

/// The `bound` most recently used values.
template <class Value>
class RecentlyUsed {
public:
    explicit RecentlyUsed(std::size_t bound) : bound_(bound) {}

    /// Null if absent; else valid until the next call.
    Value* find(std::string const& key) {
        auto const found = index_.find(key);
        if (found == index_.end()) return nullptr;
        newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
        return &found->second->second;
    }

    Value& put(std::string const& key, Value value) {
        erase(key);
        newest_first_.emplace_front(key, std::move(value));
        index_[key] = newest_first_.begin();
        if (index_.size() > bound_) {
            index_.erase(newest_first_.back().first);
            newest_first_.pop_back();
        }
        return newest_first_.front().second;
    }

    void erase(std::string const& key) {
        auto const found = index_.find(key);
        if (found == index_.end()) return;
        newest_first_.erase(found->second);
        index_.erase(found);
    }

private:
    using Entries = std::list<std::pair<std::string, Value>>;
    std::size_t bound_;
    Entries newest_first_;
    std::map<std::string, typename Entries::iterator> index_;
};

}  // namespace vedette::net
