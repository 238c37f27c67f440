#pragma once
// Event: coroutines wait until somebody says so. Nothing is remembered: notify() wakes those who wait now, so a
// waiter checks its condition before and after (`while (!ready) co_await changed.wait();`).

#include "base/task.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace vedette {

/// Threads: one reactor. Lifetime: outlives its waiters. Cancellation: a waiter unwinds at once.
class Event {
public:
    /// `what` names the wait where a deadlock is reported.
    explicit Event(asio::any_io_executor executor, char const* what = "event");
    ~Event();
    Event(Event const&) = delete;
    Event& operator=(Event const&) = delete;

    Async<void> wait();
    void notify();

private:
    asio::steady_timer never_;  // expires never; cancelling it wakes all who wait
    char const* what_;
    std::uint64_t notified_ = 0;
};

/// Who waits for what on this thread, counted by name: the world prints it when nothing can happen any more.
std::string describe_waiters();

/// Notes a wait for describe_waiters() while it lives. `what` must outlive it. Threads: it ends where it was made.
class WaitNote {
public:
    explicit WaitNote(char const* what);
    ~WaitNote();
    WaitNote(WaitNote const&) = delete;
    WaitNote& operator=(WaitNote const&) = delete;

private:
    friend std::string describe_waiters();

    static WaitNote*& newest();

    char const* what_;
    WaitNote* older_;
    WaitNote* newer_ = nullptr;
};

}  // namespace vedette
