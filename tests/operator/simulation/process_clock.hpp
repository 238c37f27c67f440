#pragma once
// ProcessClock: the clocks of one process of the world. A process that is held up (SIGSTOP, a starved node, a virtual
// machine that is moved) runs nothing while time goes on; afterwards all that is due fires at once.

#include "world/world.hpp"

#include <map>

namespace vedette::op::simulation {

/// Lifetime: outlives the process' sleepers; their timers end with it. Threads: one reactor.
class ProcessClock final : public Clock {
public:
    explicit ProcessClock(world::VirtualClock& world) : world_(world) {}
    ~ProcessClock() override {
        for (auto const& [id, timer] : timers_) world_.cancel(timer.real);
    }
    ProcessClock(ProcessClock const&) = delete;
    ProcessClock& operator=(ProcessClock const&) = delete;

    TimePoint now() const override { return world_.now(); }
    WallTime wall() const override { return world_.wall(); }
    TimerId call_at(TimePoint when, std::function<void()> action) override {
        auto const id = TimerId{++last_};
        timers_.emplace(id, Timer{std::move(action), {}});
        arm(id, std::max(when, goes_on_));
        return id;
    }
    void cancel(TimerId timer) override {
        auto const found = timers_.find(timer);
        if (found == timers_.end()) return;
        world_.cancel(found->second.real);
        timers_.erase(found);
    }

    void hold_up(Duration duration) { goes_on_ = std::max(goes_on_, world_.now() + duration); }
    bool is_held_up() const { return world_.now() < goes_on_; }
    /// What was due meanwhile may not be done yet.
    bool was_held_up_lately() const {
        return goes_on_ > TimePoint{} && world_.now() < goes_on_ + std::chrono::seconds(1);
    }
    /// Until the process may see what has come from outside.
    Async<void> wait_until_running() {
        while (is_held_up()) co_await world_.sleep_until(goes_on_, "a process that is held up");
    }

private:
    struct Timer {
        std::function<void()> action;
        TimerId real;
    };

    void arm(TimerId id, TimePoint when) {
        timers_.at(id).real = world_.call_at(when, [this, id] { due(id); });
    }
    void due(TimerId id) {
        if (is_held_up()) return arm(id, goes_on_);
        auto const action = std::move(timers_.at(id).action);
        timers_.erase(id);
        action();
    }

    world::VirtualClock& world_;
    TimePoint goes_on_{};
    std::uint64_t last_ = 0;
    std::map<TimerId, Timer> timers_;
};

}  // namespace vedette::op::simulation
