// A heartbeat is posted to the reactor, the next one only when it has come back. The state is shared with the posted
// handler, which may still lie in the queue when the watchdog is gone.

#include "base/watchdog.hpp"

#include "base/duration.hpp"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace vedette {
namespace {

thread_local std::atomic<char const*> current_step = nullptr;

}  // namespace

Step::Step(char const* name) : outer_(current_step.exchange(name, std::memory_order_relaxed)) {}

Step::~Step() {
    current_step.store(outer_, std::memory_order_relaxed);
}

struct Watchdog::State {
    std::atomic<char const*> const* step = &current_step;  // the reactor's, not the watchdog's
    std::atomic<bool> beaten = true;

    std::mutex mutex;
    std::condition_variable changed;
    bool ending = false;
    std::thread thread;

    void watch(std::shared_ptr<State> const& self, asio::any_io_executor const& reactor, Duration limit,
               Report const& report);
};

void Watchdog::State::watch(std::shared_ptr<State> const& self, asio::any_io_executor const& reactor, Duration limit,
                            Report const& report) {
    using Steady = std::chrono::steady_clock;
    auto const interval = limit / 2;
    auto posted = Steady::now();
    auto woken = posted;
    bool reported = false;
    std::unique_lock lock(mutex);
    while (!ending) {
        if (beaten) {
            beaten = false;
            reported = false;
            posted = Steady::now();
            asio::post(reactor, [self] { self->beaten = true; });
        }
        changed.wait_for(lock, interval);
        auto const now = Steady::now();
        if (now - woken > 2 * interval) posted = now;  // we did not run either
        woken = now;
        if (ending || beaten || reported || now - posted < limit) continue;
        reported = true;
        auto const* const name = step->load(std::memory_order_relaxed);
        auto sentence =
            fmt::format("{} has held the reactor for over {}; nothing else is done meanwhile, please report this",
                        name ? name : "an unnamed step", format_duration(limit));
        lock.unlock();
        report(std::move(sentence));
        lock.lock();
    }
}

Watchdog::Watchdog(asio::any_io_executor reactor, Duration limit, Report report) : state_(std::make_shared<State>()) {
    state_->thread = std::thread([state = state_, reactor = std::move(reactor), limit, report = std::move(report)] {
        state->watch(state, reactor, limit, report);
    });
}

Watchdog::~Watchdog() {
    {
        std::lock_guard const lock(state_->mutex);
        state_->ending = true;
    }
    state_->changed.notify_one();
    state_->thread.join();
}

}  // namespace vedette
