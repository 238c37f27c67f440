#pragma once
// Process: one `vedette operator` of the world, with a clock and a wire of its own. It can be told to stop, be held up,
// or die at any await.

#include "base/metrics.hpp"
#include "operator/operator.hpp"
#include "operator/simulation/wire.hpp"

namespace vedette::op::simulation {

struct ProcessOptions {
    std::string identity;
    bool leader_elect = false;
    RbacMode rbac = RbacMode::off;
    std::optional<std::size_t> max_running_workflows;
};

/// Lifetime: everything it refers to outlives it; ended() before it dies. Threads: one reactor.
class Process {
public:
    Process(kube::Api& server, world::World& world, TaskGroup& network, Weather const& weather, ProcessOptions options);
    ~Process();

    Wire& wire() { return wire_; }
    ProcessClock& clock() { return clock_; }
    bool leads() const { return operator_.leads(); }
    bool is_dead() const { return dead_; }
    /// For how long, at least, as far as look() has seen.
    Duration acts_for() const { return acts_since_ ? world_.clock().now() - *acts_since_ : Duration{}; }
    void look();
    /// As its metrics say it: nothing while it does not act.
    std::optional<double> overdue_seconds(HealthCheck const& check);

    /// kill -9, where it stands.
    Async<void> kill();
    /// SIGTERM, and its end. False: it had not ended by itself after a minute.
    Async<bool> stop();
    /// Dies at its nth request from now on, with zero at none; who waits for that asks is_dead() and then kills it for
    /// good.
    void die_at_request(std::size_t n);

private:
    bool acts();
    Task<std::string> read_source(Source source, std::string ns, Deadline deadline);
    Async<RunResult> run_checks(HealthCheck check, Deadline deadline);

    world::World& world_;
    Random random_;
    ProcessClock clock_;
    Wire wire_;
    kube::Client client_;
    metrics::Registry registry_;
    OperatorMetrics metrics_;
    RbacKeeper rbac_;
    Operator operator_;
    std::optional<TimePoint> acts_since_;
    bool dead_ = false;
    bool ended_ = false;
    TaskGroup tasks_;
};

}  // namespace vedette::op::simulation
