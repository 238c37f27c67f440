#pragma once
// Wire: one process' way to the API server. Requests take their time in both directions; some never arrive, some
// arrive after the sender has given up or died, some answers get lost after the server has acted.

#include "base/task_group.hpp"
#include "kube/api.hpp"
#include "operator/simulation/process_clock.hpp"

#include <functional>

namespace vedette::op::simulation {

/// Probabilities per request; watches and lists only meet `refuse` and latency.
struct Weather {
    double refuse = 0;       ///< at once: the server is not there
    double lose = 0;         ///< on the way there
    double lose_answer = 0;  ///< on the way back
    double late = 0;         ///< acted on up to `lateness` after the sender got an error
    Duration lateness = std::chrono::seconds(60);
    Duration latency = std::chrono::milliseconds(5);  ///< one way, at most
};

/// Lifetime: all it refers to outlives it; `network` carries what outlives the sender. Threads: one reactor.
class Wire final : public kube::Api {
public:
    Wire(kube::Api& server, world::World& world, ProcessClock& clock, TaskGroup& network, Weather const& weather)
        : server_(server), world_(world), clock_(clock), network_(network), weather_(weather) {}

    Task<kube::Response> send(kube::Request request, Deadline deadline) override;

    /// Nothing goes out any more: the process is dead, and what unwinds in it cannot be heard.
    void cut() { cut_ = true; }
    /// Hears of each request as it leaves the process.
    std::function<void(kube::Request const&)> on_send;
    /// Hears of each request whose sender has an error for an answer, and which the server will act on all the same.
    std::function<void(kube::Request const&)> on_late;
    std::size_t sent() const { return sent_; }
    /// After so many more requests, before the answer of the last of them arrives: dies(). Zero: never.
    void die_after(std::size_t requests, std::function<void()> dies);

private:
    Task<kube::Response> transport(kube::Request request, Deadline deadline);
    Task<kube::Response> fail_later(Errc code, TimePoint when);
    static Async<void> deliver_late(kube::Api& server, world::World& world, kube::Request request, Duration delay);
    Duration way();

    kube::Api& server_;
    world::World& world_;
    ProcessClock& clock_;
    TaskGroup& network_;
    Weather const& weather_;
    bool cut_ = false;
    std::size_t sent_ = 0;
    std::size_t left_ = 0;
    std::function<void()> dies_;
};

}  // namespace vedette::op::simulation
