// The system clock: one Asio timer per reactor in front of a TimerQueue, so ten thousand sleepers are ten thousand
// map entries and one kernel timer. Wake-ups are rounded up to a millisecond.

#include "base/clock.hpp"

#include "base/event.hpp"
#include "base/timer_queue.hpp"

namespace vedette {
namespace {

class SystemClock final : public Clock {
public:
    explicit SystemClock(asio::any_io_executor executor) : timer_(std::move(executor)) {}

    TimePoint now() const override { return std::chrono::steady_clock::now(); }
    WallTime wall() const override { return std::chrono::system_clock::now(); }

    TimerId call_at(TimePoint when, std::function<void()> action) override {
        auto const id = queue_.add(when, std::move(action));
        arm();
        return id;
    }

    void cancel(TimerId timer) override {
        queue_.remove(timer);
        // Nothing left to wait for: let the reactor end.
        if (queue_.size() == 0) disarm();
    }

private:
    void arm() {
        auto const next = queue_.next();
        if (!next || (armed_ && *armed_ <= *next)) return;
        armed_ = *next;
        timer_.expires_at(round_up(*next));
        timer_.async_wait([this](boost::system::error_code error) {
            if (!error) fire();
        });
    }

    void disarm() {
        armed_.reset();
        timer_.cancel();
    }

    void fire() {
        armed_.reset();
        auto const limit = now();
        while (auto action = queue_.take_due(limit)) (*action)();
        arm();
    }

    static TimePoint round_up(TimePoint when) {
        if (when > TimePoint::max() - 1ms) return when;
        return std::chrono::ceil<std::chrono::milliseconds>(when);
    }

    TimerQueue queue_;
    asio::steady_timer timer_;
    std::optional<TimePoint> armed_;
};

}  // namespace

Async<void> Clock::sleep_until(TimePoint when, char const* what) {
    auto const executor = co_await asio::this_coro::executor;
    Event due(executor, what);
    bool fired = false;
    ScopedTimer const timer(*this, when, [&due, &fired] {
        fired = true;
        due.notify();
    });
    while (!fired) co_await due.wait();
}

Async<void> Clock::sleep_for(Duration duration, char const* what) {
    co_await sleep_until(deadline_after(now(), duration), what);
}

std::unique_ptr<Clock> make_system_clock(asio::any_io_executor executor) {
    return std::make_unique<SystemClock>(std::move(executor));
}

}  // namespace vedette
