#pragma once
// What the runs of a HealthCheck cost the API server and etcd, by a model that docs/commands/operator.md tells with its
// sources: runs that succeed, nothing that is tried again, remedies apart.

#include "operator/health_check.hpp"

namespace vedette::op {

/// To create the Workflow, to write its name and then the result into the status, and an event.
/// operator_cost_test counts them.
inline constexpr int requests_per_workflow_run = 4;
/// The result, and an event; what the checks themselves read comes on top.
inline constexpr int requests_per_native_run = 2;

struct PlannedCost {
    double requests_per_hour = 0;  ///< of the operator to the API server
    /// Workflows that stand in etcd at a time, the one under way included; nothing: no end of them is known.
    std::optional<std::int64_t> workflows_kept;
    /// Of one Workflow, JSON as the operator writes it and as etcd holds it; nothing: its text is not here.
    std::optional<std::int64_t> workflow_bytes;

    bool operator==(PlannedCost const&) const = default;
};

/// Of what makes no Workflow: nothing is kept, and that is known.
inline constexpr PlannedCost cost_without_workflows{.workflows_kept = 0, .workflow_bytes = 0};

/// `workflow`: as the operator would write it; nothing for spec.checks, and where its text is not here. `ttl`: how long
/// Argo keeps one whose text does not say.
PlannedCost cost_of(HealthCheck const& check, double runs_per_hour, std::optional<boost::json::object> const& workflow,
                    std::optional<std::chrono::seconds> ttl);

}  // namespace vedette::op
