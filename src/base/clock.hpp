#pragma once
// Time, the first door to the world. Whatever decides gets a Clock by reference; only the implementations of
// this interface know a real timer. world::VirtualClock is the other implementation.

#include "base/task.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace vedette {

using namespace std::chrono_literals;

/// Monotonic time: deadlines and durations.
using TimePoint = std::chrono::steady_clock::time_point;
/// A point in time by which something must be done; passed down, never turned into a fresh timeout.
using Deadline = TimePoint;
/// Wall-clock time, UTC: what objects and records carry.
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;
using Duration = std::chrono::nanoseconds;

inline constexpr Deadline no_deadline = Deadline::max();

/// `from + duration`, and no_deadline where that is past the clock's range: durations come from people.
constexpr Deadline deadline_after(TimePoint from, Duration duration) {
    return duration > no_deadline - from ? no_deadline : from + duration;
}

/// Threads: one reactor. Equal times fire in the order in which they were asked for.
class Clock {
public:
    enum class TimerId : std::uint64_t {};

    virtual ~Clock() = default;

    virtual TimePoint now() const = 0;
    virtual WallTime wall() const = 0;

    /// Calls `action` once, at `when` or up to 1 ms later (wake-ups are coalesced); at the next turn of the reactor
    /// if `when` has passed. `action` must not throw.
    virtual TimerId call_at(TimePoint when, std::function<void()> action) = 0;
    /// Forgets a timer; does nothing if it has fired.
    virtual void cancel(TimerId timer) = 0;

    /// Returns at `when`; unwinds with operation_aborted when cancelled. `what` names the wait in a deadlock report.
    Async<void> sleep_until(TimePoint when, char const* what = "sleep");
    Async<void> sleep_for(Duration duration, char const* what = "sleep");
};

/// A timer of `clock` that is forgotten with this, fired or not.
class ScopedTimer {
public:
    ScopedTimer(Clock& clock, TimePoint when, std::function<void()> action)
        : clock_(clock), id_(clock.call_at(when, std::move(action))) {}
    ~ScopedTimer() { clock_.cancel(id_); }
    ScopedTimer(ScopedTimer const&) = delete;
    ScopedTimer& operator=(ScopedTimer const&) = delete;

private:
    Clock& clock_;
    Clock::TimerId id_;
};

/// The real clock on one executor. Lifetime: outlives every sleeper.
std::unique_ptr<Clock> make_system_clock(asio::any_io_executor executor);

}  // namespace vedette
