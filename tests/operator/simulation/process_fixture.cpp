#include "operator/simulation/process.hpp"

namespace vedette::op::simulation {

Process::Process(kube::Api& server, world::World& world, TaskGroup& network, Weather const& weather,
                 ProcessOptions options)
    : world_(world),
      random_(world.random().next()),
      clock_(world.clock()),
      wire_(server, world, clock_, network, weather),
      client_(wire_, clock_, random_),
      metrics_(registry_, clock_),
      rbac_(world.executor(), client_, clock_, random_, {.mode = options.rbac}),
      operator_(
          {.executor = world.executor(),
           .clock = clock_,
           .random = random_,
           .client = client_,
           .rbac = rbac_,
           .metrics = metrics_,
           .read_source = [this](Source source, std::string ns,
                                 Deadline deadline) { return read_source(std::move(source), std::move(ns), deadline); },
           .run_checks = [this](HealthCheck check,
                                Deadline deadline) { return run_checks(std::move(check), deadline); },
           .objections = [](HealthCheck const&) { return std::vector<Problem>(); },
           .log = [](LogLevel, std::string const&) {}},
          {.leader_elect = options.leader_elect,
           .own_namespace = "health",
           .identity = options.identity,
           .policy_namespace = "health",
           .policy_name = std::string(remedy_policy_name),
           .controller = {.max_running_workflows = options.max_running_workflows}}),
      tasks_(world.executor()) {
    auto const run = [](Process& self) -> Async<void> {
        co_await self.operator_.run();
        self.ended_ = true;
    };
    tasks_.spawn(run(*this));
}

Process::~Process() = default;

bool Process::acts() {
    bool acts = false;
    registry_.find("vedette_operator_acting")->visit(std::nullopt, [&](metrics::SeriesView const& series) {
        acts = series.value > 0;
        return true;
    });
    return acts;
}

void Process::look() {
    if (!acts()) {
        acts_since_.reset();
    } else if (!acts_since_) {
        acts_since_ = world_.clock().now();
    }
}

std::optional<double> Process::overdue_seconds(HealthCheck const& check) {
    registry_.collect();
    if (!acts() || dead_ || clock_.was_held_up_lately()) return std::nullopt;
    double overdue = 0;
    registry_.find("healthcheck_overdue_seconds")->visit(std::nullopt, [&](metrics::SeriesView const& series) {
        auto const labels = series.values();
        if (labels[0] == check.ns && labels[1] == check.name) overdue = series.value;
        return true;
    });
    return overdue;
}

Async<void> Process::kill() {
    wire_.cut();
    dead_ = true;
    co_await tasks_.stop();
}

Async<bool> Process::stop() {
    operator_.ask_to_stop();
    auto const deadline = world_.clock().now() + std::chrono::minutes(1);
    while (!ended_ && world_.clock().now() < deadline) {
        co_await world_.clock().sleep_for(std::chrono::milliseconds(100), "a process' end");
    }
    auto const by_itself = ended_;
    co_await kill();
    co_return by_itself;
}

void Process::die_at_request(std::size_t n) {
    wire_.die_after(n, [this] { dead_ = true; });
}

// A url whose server is slow, and now and then not there.
Task<std::string> Process::read_source(Source, std::string, Deadline deadline) {
    auto const took = std::chrono::milliseconds(random_.below(3000));
    co_await clock_.sleep_until(std::min(deadline, clock_.now() + took), "a url");
    if (random_.chance(0.1)) co_return fail(Errc::timed_out, "GET http://workflows/hello.yaml: timed out");
    co_return std::string("spec: {entrypoint: main}");
}

Async<RunResult> Process::run_checks(HealthCheck, Deadline deadline) {
    auto const started = clock_.wall();
    auto const took = std::chrono::milliseconds(random_.below(5000));
    co_await clock_.sleep_until(std::min(deadline, clock_.now() + took), "checks of the catalogue");
    bool const succeeded = random_.chance(0.8);
    co_return RunResult{.workflow = "",
                        .succeeded = succeeded,
                        .message = succeeded ? "" : "http: refused",
                        .started = started,
                        .finished = clock_.wall()};
}

}  // namespace vedette::op::simulation
