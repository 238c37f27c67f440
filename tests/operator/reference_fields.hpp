#pragma once
// What the CRD of keikoproj/active-monitor v0.15.0 knows of a HealthCheck; its API server drops everything else.

#include <set>
#include <string_view>

namespace vedette::op {

inline std::set<std::string_view> const reference_spec_fields{
    "repeatAfterSec", "description", "workflow",   "level",           "schedule",           "remedyworkflow",
    "backoffFactor",  "backoffMax",  "backoffMin", "remedyRunsLimit", "remedyResetInterval"};

inline std::set<std::string_view> const reference_status_fields{"errorMessage",
                                                                "remedyErrorMessage",
                                                                "startedAt",
                                                                "finishedAt",
                                                                "lastFailedAt",
                                                                "remedyTriggeredAt",
                                                                "remedyFinishedAt",
                                                                "remedyLastFailedAt",
                                                                "lastFailedWorkflow",
                                                                "lastSuccessfulWorkflow",
                                                                "successCount",
                                                                "failedCount",
                                                                "totalHealthCheckRuns",
                                                                "remedySuccessCount",
                                                                "remedyFailedCount",
                                                                "remedyTotalRuns",
                                                                "status",
                                                                "remedyStatus"};

}  // namespace vedette::op
