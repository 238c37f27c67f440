#include "operator/booking.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

WallTime whole_second(WallTime when) {
    return std::chrono::floor<std::chrono::seconds>(when);
}

}  // namespace

// In a row of failures each remedy is followed by a run of the check, so what is booked and not judged is the last.
bool remedy_is_unjudged(Status const& status) {
    return status.remedy_attempt > status.remedy_unhelpful;
}

bool has_passed(Status const& status) {
    return status.status == "Succeeded" || (status.status == "Stopped" && status.consecutive_failures == 0);
}

std::optional<bool> remedy_helped(Status const& before, RunResult const& result) {
    if (before.consecutive_failures == 0 || !remedy_is_unjudged(before) || result.inconclusive) return std::nullopt;
    return result.succeeded;
}

Status book_result(Spec const& spec, Status before, RunResult const& result) {
    auto const helped = remedy_helped(before, result);
    auto status = std::move(before);
    status.started_at = whole_second(result.started);
    status.finished_at = whole_second(result.finished);
    if (result.succeeded) {
        status.status = "Succeeded";
        status.success_count += 1;
        status.last_successful_workflow = result.workflow;
        status.consecutive_failures = 0;
        status.remedy_attempt = 0;
        status.remedy_unhelpful = 0;
        if (!spec.remedy.empty() && status.remedy_total_runs >= 1) {
            status = reset_remedy(std::move(status), reset_because_passed);
        }
    } else {
        status.status = "Failed";
        status.failed_count += 1;
        status.last_failed_workflow = result.workflow;
        status.last_failed_at = status.finished_at;
        status.error_message = result.message;
        if (status.consecutive_failures == 0) {
            // A CRD that drops our fields keeps the counter: no episode comes twice.
            status.remedy_episode = std::max(status.remedy_episode + 1, status.failed_count);
            status.remedy_attempt = 0;
            status.remedy_unhelpful = 0;
        }
        if (helped.has_value()) status.remedy_unhelpful = status.remedy_attempt;
        status.consecutive_failures += 1;
    }
    status.total_runs = status.success_count + status.failed_count;
    status.run_number = std::max(status.run_number + 1, status.total_runs);
    return status;
}

// A check that passes begins to count attempts anew, and while a remedy runs the check does not.
bool remedy_is_over(Status const& status, std::int64_t episode, std::int64_t attempt) {
    if (status.remedy_episode != episode) return status.remedy_episode > episode;
    return status.remedy_attempt >= attempt || has_passed(status);
}

Status book_remedy(Status before, RunResult const& result) {
    auto status = std::move(before);
    status.remedy_triggered_at = whole_second(result.started);
    status.remedy_finished_at = whole_second(result.finished);
    status.remedy_attempt += 1;
    if (result.succeeded) {
        status.remedy_status = "Succeeded";
        status.remedy_success_count += 1;
        status.last_successful_workflow = result.workflow;
    } else {
        status.remedy_status = "Failed";
        status.remedy_failed_count += 1;
        status.remedy_last_failed_at = status.remedy_finished_at;
        status.remedy_error_message = result.message;
        status.last_failed_workflow = result.workflow;
    }
    status.remedy_total_runs = status.remedy_success_count + status.remedy_failed_count;
    return status;
}

void note_remedy_end(Status& status, WallTime now) {
    auto& recent = status.recent_remedies;
    recent.push_back(std::chrono::ceil<std::chrono::seconds>(now));
    if (recent.size() > most_recent_remedies) recent.erase(recent.begin(), recent.end() - most_recent_remedies);
}

Status book_stopped(Spec const& spec, Status before, WallTime now) {
    auto status = std::move(before);
    if (status.status != "Stopped") status.finished_at = whole_second(now);
    status.status = "Stopped";
    status.error_message = fmt::format(
        "workflow execution is stopped; either spec.repeatAfterSec or spec.schedule must be provided; "
        "spec.repeatAfterSec set to {}, spec.schedule set to \"{}\"",
        spec.repeat_after.count(), spec.cron);
    return status;
}

Status reset_remedy(Status before, std::string_view remedy_status) {
    auto status = std::move(before);
    status.remedy_total_runs = 0;
    status.remedy_success_count = 0;
    status.remedy_failed_count = 0;
    status.remedy_triggered_at.reset();
    status.remedy_finished_at.reset();
    status.remedy_last_failed_at.reset();
    status.remedy_status = remedy_status;
    return status;
}

}  // namespace vedette::op
