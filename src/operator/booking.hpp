#pragma once
// How results become status, as pure functions of the status before and the facts. The reference's fields are kept as
// the reference keeps them, its quirks included. Whether a remedy may run: remedy_decision.hpp.

#include "operator/health_check.hpp"

namespace vedette::op {

/// One gauge of a HealthCheck's own: out of a Workflow's outputs, or measured by spec.checks.
struct CustomMetric {
    std::string name;  ///< legal: custom_metric_name()
    std::string help;
    double value = 0;
};

/// How a Workflow, or a run of spec.checks, ended.
struct RunResult {
    std::string workflow;  ///< name
    bool succeeded = false;
    std::string message;                      ///< status.message; "Failed" for a timeout
    WallTime started;                         ///< the Workflow's own status.startedAt, else when we created it; of
                                              ///< spec.checks when they had their place
    WallTime finished;                        ///< its status.finishedAt, else when the end was noticed
    bool inconclusive = false;                ///< a failure that says nothing about the check: deleted before it ended
    bool begun = true;                        ///< false: spec.checks had no place, and `started` is when they gave up
    std::vector<CustomMetric> measured = {};  ///< by spec.checks
    boost::json::object outputs = {};         ///< of the Workflow: WorkflowState::outputs
};

/// remedyUnhelpful follows remedy_helped().
Status book_result(Spec const& spec, Status before, RunResult const& result);
/// Whether a remedy has ended since the check ran last: no run has shown yet whether it helped.
bool remedy_is_unjudged(Status const& status);
/// Whether the last run passed, even if the check was paused after it: no remedy that was asked for before is wanted.
bool has_passed(Status const& status);
/// Whether the remedy before this run of the check helped: only the check itself can tell. Nothing if there was none
/// since the run before, or the run says nothing.
std::optional<bool> remedy_helped(Status const& before, RunResult const& result);
Status book_remedy(Status before, RunResult const& result);
/// Whether nothing of that attempt is left to do: it is booked or was given up, or its check has passed since.
bool remedy_is_over(Status const& status, std::int64_t episode, std::int64_t attempt);
/// A remedy's Workflow has ended, was lost, or was given up after it had been sent: recentRemedies has one more, `now`
/// rounded up to the second that a status can hold. For the patch that clears currentWorkflow.
void note_remedy_end(Status& status, WallTime now);
/// status Stopped, with a sentence that prints both fields.
Status book_stopped(Spec const& spec, Status before, WallTime now);

/// Clears the six remedy fields.
Status reset_remedy(Status before, std::string_view remedy_status);

inline constexpr std::string_view reset_because_passed = "HealthCheck Passed so Remedy is reset";
inline constexpr std::string_view reset_because_elapsed = "RemedyResetInterval elapsed so Remedy is reset";

}  // namespace vedette::op
