// cronjobs-schedule: CronJobs that did not start when they should have, or whose runs do not succeed.
//
// The schedule is computed here and compared with status.lastScheduleTime. A start that is late counts only after the
// tolerance and startingDeadlineSeconds, within which the controller still makes up for it. A schedule without a
// time zone is the controller's local time, which is taken to be UTC.

#include "base/cron.hpp"
#include "base/duration.hpp"
#include "base/time_format.hpp"
#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/reads_of.hpp"
#include "check/catalogue/workloads/workloads.hpp"
#include "check/objects/batch.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"tolerance", ParamKind::duration, "\"30s\"", "a start may be this late", 0},
};

// Nobody needs the exact number beyond.
constexpr int too_many = 100;

struct Missed {
    int count = 0;  ///< at most too_many + 1
    WallTime first;
    WallTime last;
};

/// The starts after `last_start` up to `until`.
Missed missed_starts(CronSchedule const& schedule, WallTime last_start, WallTime until) {
    Missed missed;
    for (auto tick = schedule.next(last_start); tick && *tick <= until; tick = schedule.next(*tick)) {
        if (missed.count == 0) missed.first = *tick;
        missed.last = *tick;
        if (++missed.count > too_many) break;
    }
    return missed;
}

std::string missed_words(CronJob const& job, Missed const& missed, WallTime now) {
    auto const last = job.last_scheduled ? fmt::format("the last one was {} ago", format_age(now - *job.last_scheduled))
                                         : std::string("it has never started");
    if (missed.count == 1) return fmt::format("missed its start at {}, {}", format_rfc3339(missed.first), last);
    return fmt::format("missed {}{} starts, {}", missed.count > too_many ? "more than " : "",
                       std::min(missed.count, too_many), last);
}

std::optional<Finding> missed_start(CronJob const& job, CronSchedule const& schedule, Duration tolerance,
                                    WallTime now) {
    auto const began = job.last_scheduled ? job.last_scheduled : job.meta.created;
    // Under Forbid a run that is still going holds the next ones back, which is what was asked for.
    if (!began || (job.forbids_overlap && job.active > 0)) return std::nullopt;
    auto const missed = missed_starts(schedule, *began, now - tolerance - job.starting_deadline.value_or(Duration{}));
    if (missed.count == 0) return std::nullopt;
    auto finding = finding_of("CronJob", job.meta);
    finding.since = missed.first;
    finding.timing = Timing::told;
    finding.reason = "MissedSchedule";
    finding.message = [&job, missed, now] { return missed_words(job, missed, now); };
    return finding;
}

std::optional<Finding> failing_runs(CronJob const& job, CronSchedule const& schedule, Duration tolerance,
                                    WallTime now) {
    if (!job.last_scheduled || job.active > 0 || now - *job.last_scheduled <= tolerance) return std::nullopt;
    if (job.last_succeeded && *job.last_succeeded >= *job.last_scheduled) return std::nullopt;
    auto finding = finding_of("CronJob", job.meta);
    finding.since = job.last_scheduled;
    finding.reason = "LastRunFailed";
    finding.timing = Timing::told;
    if (!job.last_succeeded) {
        finding.timing = Timing::happened;
        finding.message = [] { return "has never succeeded, and its last run did not either"; };
        return finding;
    }
    auto const before = schedule.previous(*job.last_scheduled - std::chrono::seconds(1));
    if (before && *job.last_succeeded >= *before) finding.status = Status::warning;
    finding.message = [&job, now] {
        return fmt::format("did not succeed in its last run, its last success was {} ago",
                           format_age(now - *job.last_succeeded));
    };
    return finding;
}

void judge_one(CronJob const& job, Duration tolerance, WallTime now, Findings& findings) {
    auto const schedule = parse_cron(job.schedule, job.time_zone.empty() ? std::string_view("UTC") : job.time_zone);
    if (!schedule) {
        auto finding = finding_of("CronJob", job.meta);
        finding.reason = "InvalidSchedule";
        finding.message = [&] {
            return fmt::format("has a schedule that cannot be read: {}", clip(schedule.error().text()));
        };
        findings.add(finding);
        return;
    }
    if (auto finding = missed_start(job, *schedule, tolerance, now)) findings.add(*finding);
    if (auto finding = failing_runs(job, *schedule, tolerance, now)) findings.add(*finding);
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    auto const tolerance = params.duration("tolerance");
    Findings findings(params.max_failures_listed);
    std::int64_t suspended = 0;
    auto const jobs = view.list<CronJob>();
    for (auto const* job : jobs) {
        if (job->meta.deleted || younger_than(job->meta.created, params.min_age, now)) continue;
        if (!job->suspended) {
            judge_one(*job, tolerance, now, findings);
            continue;
        }
        ++suspended;
        if (!params.strict) continue;
        auto finding = finding_of("CronJob", job->meta, Status::warning);
        finding.reason = "Suspended";
        finding.message = [] { return "is suspended"; };
        findings.add(finding);
    }
    auto const checked = static_cast<std::int64_t>(jobs.size());
    auto outcome =
        std::move(findings).conclude(checked, fmt::format("all {} CronJobs keep their schedules", checked), now);
    outcome.details["suspended"] = suspended;
    outcome.measurements = {{"cronjobs_in_trouble", static_cast<double>(outcome.failed)}};
    return outcome;
}

}  // namespace

CheckType const cronjobs_schedule{
    .name = "cronjobs-schedule",
    .group = "workloads",
    .summary = "CronJobs that missed a start, do not succeed, or have a schedule that cannot be read",
    .explain =
        "The schedule is computed here, in the CronJob's time zone, and compared with status.lastScheduleTime. "
        "Runs that concurrencyPolicy Forbid holds back are no misses; suspended CronJobs count only under strict. "
        "Source: Kuberhealthy (30s), awesome-prometheus-alerts, k8sgpt.",
    .critical =
        "the last start that was due, tolerance and startingDeadlineSeconds included, did not happen; the schedule "
        "cannot be read; or the last two runs did not "
        "succeed",
    .warning = "the last run did not succeed; under strict, the CronJob is suspended",
    .causes =
        "kube-controller-manager is or was down (leader-leases)\n"
        "Jobs cannot be created: quota, a webhook, a template that is rejected\n"
        "the run itself fails: see jobs-failed",
    .next =
        "kubectl get cronjob -n NS NAME  # schedule, suspended, last start\n"
        "kubectl describe cronjob -n NS NAME  # events: FailedCreate, MissSchedule\n"
        "kubectl get jobs -n NS --sort-by=.metadata.creationTimestamp  # its last runs\n"
        "kubectl create job -n NS NAME-now --from=cronjob/NAME  # start it by hand",
    .companions = "jobs-failed leader-leases resource-quota",
    .with = with,
    .needs = reads_of<CronJob>,
    .judge = judge,
};

}  // namespace vedette::check
