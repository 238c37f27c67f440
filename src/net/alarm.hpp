#pragma once
#include "base/clock.hpp"

namespace vedette::net {

/// A timer that is forgotten when it leaves scope. Never fires for no_deadline. `clock` outlives it.
class Alarm {
public:
    Alarm(Clock& clock, TimePoint when, std::function<void()> action) : clock_(clock) {
        if (when != no_deadline) timer_ = clock.call_at(when, std::move(action));
    }
    ~Alarm() {
        if (timer_) clock_.cancel(*timer_);
    }
    Alarm(Alarm const&) = delete;
    Alarm& operator=(Alarm const&) = delete;

private:
    Clock& clock_;
    std::optional<Clock::TimerId> timer_;
};

}  // namespace vedette::net
