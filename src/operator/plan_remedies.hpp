#pragma once
// The part of a plan about remedies: what each may do and how often, and all of them together, under the remedy policy.

#include "operator/plan.hpp"

namespace vedette::op {

struct PlannedRemedy {
    ManifestCheck const& of;  ///< with or without a remedy
    double runs_per_hour = 0;
};

/// Fills in `plan.remedies` and `plan.remedies_together`.
void plan_remedies(Plan& plan, std::vector<PlannedRemedy> const& checks, PlanOptions const& options);

}  // namespace vedette::op
