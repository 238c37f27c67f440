#pragma once
// Real sockets on the loopback interface in virtual time: the clock moves only when the sockets have been quiet for a
// while, so delays and deadlines are exact although the kernel takes part.

#include "base/task_group.hpp"
#include "net/run_task.hpp"
#include "world/world.hpp"

#include <boost/asio/io_context.hpp>

#include <stdexcept>

namespace vedette::net {

class SteppedSockets {
public:
    asio::any_io_executor executor() { return context_.get_executor(); }
    world::VirtualClock& clock() { return clock_; }
    Duration elapsed() const { return clock_.now() - TimePoint{}; }
    Deadline in(Duration duration) const { return clock_.now() + duration; }

    template <class T>
    T run(Async<T> task) {
        return run_task(context_, std::move(task), [this](auto done) { this->turn_until(done); });
    }

private:
    // Loopback traffic is there at once; on a busy machine the kernel may be late with it.
    static constexpr auto quiet = std::chrono::milliseconds(25);

    template <class Done>
    void turn_until(Done done) {
        while (!done()) {
            context_.restart();
            if (context_.run_one_for(quiet) > 0) continue;
            if (!clock_.advance()) throw std::runtime_error("nothing is left to happen");
        }
    }

    asio::io_context context_{1};
    world::VirtualClock clock_;
};

}  // namespace vedette::net
