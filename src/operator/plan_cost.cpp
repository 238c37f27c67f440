#include "operator/plan_cost.hpp"

#include "base/json.hpp"
#include "operator/native_checks.hpp"

#include <cmath>

namespace vedette::op {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

// More Workflows than any etcd holds: a number past this is no number.
constexpr double most_kept = 1e9;

// Of a run that succeeds: Argo takes secondsAfterSuccess before secondsAfterCompletion.
std::optional<seconds> kept_for(json::object const& workflow, std::optional<seconds> otherwise) {
    for (auto const* field : {"spec.ttlStrategy.secondsAfterSuccess", "spec.ttlStrategy.secondsAfterCompletion"}) {
        auto const written = get_int(workflow, field);
        if (written && *written >= 0) return seconds(*written);
    }
    return otherwise;
}

// A list for each kind of object in each namespace, as the rights for them have it.
double reads_of(HealthCheck const& check) {
    std::size_t reads = 0;
    for (auto const& [ns, rules] : rights_for_checks(check)) reads += rules.size();
    return static_cast<double>(reads);
}

}  // namespace

PlannedCost cost_of(HealthCheck const& check, double runs_per_hour, std::optional<json::object> const& workflow,
                    std::optional<seconds> ttl) {
    if (check.spec.native()) {
        auto cost = cost_without_workflows;
        cost.requests_per_hour = runs_per_hour * (requests_per_native_run + reads_of(check));
        return cost;
    }
    PlannedCost cost{.requests_per_hour = runs_per_hour * requests_per_workflow_run};
    if (!workflow) return cost;
    cost.workflow_bytes = std::ssize(to_json(*workflow));
    auto const kept = kept_for(*workflow, ttl);
    if (!kept) return cost;
    auto const ended = std::ceil(runs_per_hour * static_cast<double>(kept->count()) / 3600);
    if (ended < most_kept) cost.workflows_kept = 1 + static_cast<std::int64_t>(ended);
    return cost;
}

}  // namespace vedette::op
