#pragma once
// When a HealthCheck runs next. repeatAfterSec is a delay after the end of a run; cron is wall-clock ticks. The first
// run is at once, also with cron: documented examples of the reference rely on it.
//
// Missed ticks: those that pass while a run is under way are skipped; those missed for another reason (a remedy ran,
// operator down, API server away) are made up for by one run, at once, however many they were. An edit of the schedule
// owes nothing: ticks of the new one that lie before the edit are not missed.

#include "base/error.hpp"
#include "operator/health_check.hpp"

namespace vedette::op {

struct NextRun {
    WallTime slot;  ///< the tick or due time this run stands for; a slot is booked once
    WallTime due;   ///< when to start: the slot, or now if that has passed
};

/// The next run after what `status` has booked. Ticks at or before `ticks_since` are not owed: the schedule was another
/// until then. Nothing while the check is paused. Errors: invalid_input (the cron cannot be read, never ticks).
Result<std::optional<NextRun>> next_run(Spec const& spec, Status const& status, WallTime now,
                                        std::optional<WallTime> ticks_since = {});

/// Seconds after which a run counts as failed: workflowtimeout, else repeatAfterSec, else the cron's next interval
/// (floor of the seconds to the tick after `now`, plus one), at least 1.
Result<std::chrono::seconds> effective_timeout(Spec const& spec, WallTime now);
/// The remedy's own workflowtimeout, else repeatAfterSec, else as above.
Result<std::chrono::seconds> remedy_timeout(Spec const& spec, WallTime now);

/// Gaps between the polls that back up the watch, from the backoff fields: `gap(n)` is the wait before look n + 1,
/// so that the last look is about 1 s before `timeout`. Invalid fields (factor outside 0..1, min over max, negative)
/// fall back to the defaults: factor 0.5, max timeout/2, min timeout/60, both at least 1 s.
struct PollPlan {
    std::vector<std::chrono::milliseconds> looks;  ///< offsets from the start of the run, ascending, at most 64
};
PollPlan poll_plan(Spec const& spec, std::chrono::seconds timeout);

/// Runs per hour at most, for the plan command: 3600 / (repeatAfterSec), or the ticks of a week by its hours; of four
/// years where a week has fewer than seven and weeks differ.
Result<double> runs_per_hour(Spec const& spec, WallTime now);

}  // namespace vedette::op
