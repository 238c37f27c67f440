#include "base/timer_queue.hpp"

namespace vedette {

Clock::TimerId TimerQueue::add(TimePoint when, std::function<void()> action) {
    auto const sequence = ++last_;
    actions_.emplace(Key{when, sequence}, std::move(action));
    when_.emplace(sequence, when);
    return Clock::TimerId{sequence};
}

void TimerQueue::remove(Clock::TimerId timer) {
    auto const sequence = static_cast<std::uint64_t>(timer);
    auto const found = when_.find(sequence);
    if (found == when_.end()) return;
    actions_.erase(Key{found->second, sequence});
    when_.erase(found);
}

std::optional<TimePoint> TimerQueue::next() const {
    if (actions_.empty()) return std::nullopt;
    return actions_.begin()->first.when;
}

std::optional<std::function<void()>> TimerQueue::take_due(TimePoint now) {
    if (actions_.empty() || actions_.begin()->first.when > now) return std::nullopt;
    auto first = actions_.extract(actions_.begin());
    when_.erase(first.key().sequence);
    return std::move(first.mapped());
}

}  // namespace vedette
