#pragma once
// The pure half of a clock: what fires when, in order of time and then of insertion.

#include "base/clock.hpp"

#include <functional>
#include <map>
#include <optional>
#include <unordered_map>

namespace vedette {

class TimerQueue {
public:
    Clock::TimerId add(TimePoint when, std::function<void()> action);
    void remove(Clock::TimerId timer);

    std::optional<TimePoint> next() const;
    /// Takes the first action that is due at `now`; nothing if none is.
    std::optional<std::function<void()>> take_due(TimePoint now);
    std::size_t size() const { return actions_.size(); }

private:
    struct Key {
        TimePoint when;
        std::uint64_t sequence;
        auto operator<=>(Key const&) const = default;
    };
    std::uint64_t last_ = 0;
    std::map<Key, std::function<void()>> actions_;
    std::unordered_map<std::uint64_t, TimePoint> when_;
};

}  // namespace vedette
