#pragma once
// World: the very same coroutines in virtual time. The clock moves only when nothing is ready; all randomness comes
// from one seed, printed when a run fails; a world in which nothing can happen any more fails as a deadlock and says
// who waits for what.

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/timer_queue.hpp"

#include <boost/asio/io_context.hpp>

#include <optional>
#include <string>
#include <vector>

namespace vedette::world {

/// Time that stands still while anything is ready to run.
class VirtualClock final : public Clock {
public:
    TimePoint now() const override { return now_; }
    WallTime wall() const override { return wall_origin_ + (now_ - TimePoint{}) + skew_; }
    TimerId call_at(TimePoint when, std::function<void()> action) override;
    void cancel(TimerId timer) override { queue_.remove(timer); }

    /// Moves to the next timer and fires it. False if there is none.
    bool advance();
    /// The wall clock jumps, as when NTP corrects it or a virtual machine wakes up.
    void jump_wall(Duration by) { skew_ += by; }
    void set_wall(WallTime wall) { skew_ += wall - this->wall(); }

private:
    TimerQueue queue_;
    TimePoint now_{};
    // 2026-01-01T00:00:00Z
    WallTime wall_origin_{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
    Duration skew_{};
};

class World {
public:
    /// The seed is SEED of the environment where set.
    explicit World(std::uint64_t seed = 1);
    ~World();
    World(World const&) = delete;
    World& operator=(World const&) = delete;

    VirtualClock& clock() { return clock_; }
    Random& random() { return random_; }
    asio::any_io_executor executor() { return context_.get_executor(); }
    std::uint64_t seed() const { return seed_; }
    Duration elapsed() const { return clock_.now() - TimePoint{}; }

    /// Runs `task` to its end, and everything else that is running meanwhile. Throws Deadlock when nothing can
    /// happen any more, and whatever the task throws.
    template <class T>
    T run(Async<T> task) {
        std::optional<T> result;
        spawn_main([](Async<T> inner, std::optional<T>& into) -> Async<void> {
            into.emplace(co_await std::move(inner));
        }(std::move(task), result));
        pump_until_done();
        return std::move(*result);
    }
    void run(Async<void> task);

    /// Lets everything run that is due within the next `duration`.
    void pass(Duration duration);

    /// One line of what happened, for "same seed, same trace".
    void note(std::string line);
    std::vector<std::string> const& trace() const { return trace_; }

private:
    void spawn_main(Async<void> task);
    void pump_until_done();

    std::uint64_t seed_;
    asio::io_context context_{1};
    VirtualClock clock_;
    Random random_;
    std::vector<std::string> trace_;
    bool done_ = true;
    std::exception_ptr error_;
};

struct Deadlock : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace vedette::world
