// A Workflow as Argo or anybody left it: how it stands, its custom metrics, what the informer keeps of it. Nothing of
// it is believed, and the registry takes every metric or says why not.

#include "base/json.hpp"
#include "operator/bounded.hpp"
#include "operator/metrics.hpp"
#include "operator/views.hpp"
#include "target.hpp"
#include "telemetry/exposition.hpp"

namespace vedette::fuzz {
namespace {

class StoppedClock final : public Clock {
public:
    TimePoint now() const override { return {}; }
    WallTime wall() const override { return WallTime{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}}; }
    TimerId call_at(TimePoint, std::function<void()>) override { return {}; }
    void cancel(TimerId) override {}
};

bool is_legal(std::string_view name) {
    return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:") ==
               std::string_view::npos;
}

}  // namespace

void fuzz(std::string_view input) {
    auto const parsed = parse_json(input, "input");
    if (!observe(parsed) || !parsed->is_object()) return;
    auto const& workflow = parsed->get_object();
    auto const state = op::workflow_state(workflow);
    observe(state.phase);
    ensure(state.ended || !state.succeeded, "what succeeded has ended");
    ensure(state.message.size() <= op::longest_workflow_message, "a message is bounded");
    if (auto const seen = op::see_workflow(workflow)) {
        observe(seen->run ? "a run" : "no run");
        ensure(!seen->check_uid.empty(), "our label tells whose it is");
        ensure(seen->state.ended || seen->state.outputs.empty(), "outputs are kept of what has ended");
    }
    StoppedClock clock;
    metrics::Registry registry;
    op::OperatorMetrics metrics(registry, clock);
    op::HealthCheck check;
    check.ns = "shop";
    check.name = "web-1";
    check.uid = "0f3b";
    metrics.added(check);
    auto const custom = op::custom_metrics(check.name, workflow);
    observe("metrics", custom.size());
    for (auto const& metric : custom) {
        ensure(metric.name.starts_with("web_1_") && is_legal(metric.name), "a name that every scraper takes");
        ensure(metric.value - metric.value == 0, "a number");
    }
    for (auto const& trouble : metrics.booked(check, op::Purpose::check, {.workflow = "w"}, custom)) observe(trouble);
    observe("text", telemetry::exposition(registry).size());
    metrics.removed(check);
    auto const left = telemetry::exposition(registry);
    ensure(left.find("web") == std::string::npos, "series go with their check");
}

}  // namespace vedette::fuzz
