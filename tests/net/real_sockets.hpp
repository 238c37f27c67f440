#pragma once
// A reactor with the real clock, for tests of real sockets on the loopback interface.

#include "base/clock.hpp"
#include "base/task_group.hpp"
#include "net/dialer.hpp"
#include "net/run_task.hpp"

#include <boost/asio/io_context.hpp>

#include <dirent.h>

namespace vedette::net {

/// The real clock, whose calendar can be set.
class SkewedClock final : public Clock {
public:
    explicit SkewedClock(asio::any_io_executor executor) : real_(make_system_clock(std::move(executor))) {}

    TimePoint now() const override { return real_->now(); }
    WallTime wall() const override { return real_->wall() + skew_; }
    TimerId call_at(TimePoint when, std::function<void()> action) override {
        return real_->call_at(when, std::move(action));
    }
    void cancel(TimerId timer) override { real_->cancel(timer); }

    void set_wall(WallTime wall) { skew_ += wall - this->wall(); }

private:
    std::unique_ptr<Clock> real_;
    Duration skew_{};
};

class RealSockets {
public:
    asio::any_io_executor executor() { return context_.get_executor(); }
    SkewedClock& clock() { return clock_; }
    /// Far enough for anything that must succeed, near enough to end a test that hangs.
    Deadline soon() const { return clock_.now() + 20s; }

    template <class T>
    T run(Async<T> task) {
        return run_task(context_, std::move(task), [this](auto done) { this->turn_until(done); });
    }

    std::unique_ptr<Listener> listen(std::string host = "127.0.0.1") {
        auto made = listen_tcp(executor(), clock_, {std::move(host), 0});
        if (!made) throw std::runtime_error(made.error().text());
        return std::move(*made);
    }

private:
    template <class Done>
    void turn_until(Done done) {
        context_.restart();
        while (!done()) {
            if (context_.run_one() == 0) throw std::runtime_error("nothing is left to happen");
        }
    }

    asio::io_context context_{1};
    SkewedClock clock_{context_.get_executor()};
};

inline int open_descriptors() {
    int count = 0;
    auto* directory = ::opendir("/proc/self/fd");
    while (::readdir(directory)) ++count;
    ::closedir(directory);
    return count;
}

inline Async<void> stop_group(TaskGroup& group) {
    co_await group.stop();
}

}  // namespace vedette::net
