// jobs-failed: Jobs that gave up within the window and have not been made good by a later success of the same owner.
//
// A CronJob tries again, so one failed run of it is a warning and two in a row are critical. A Job on its own is not
// tried again by anybody: it is critical at once.

#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/reads_of.hpp"
#include "check/catalogue/workloads/workloads.hpp"
#include "check/objects/batch.hpp"

#include <fmt/format.h>

#include <map>
#include <tuple>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"window", ParamKind::duration, "\"24h\"", "failures longer ago than this are forgotten", 0},
    {"critical", ParamKind::integer, "2", "failed runs of one owner since its last success", 1, 1e6},
};

using Owner = std::tuple<std::string_view, std::string_view, std::string_view>;  // namespace, kind, name

Owner owner_of(Job const& job) {
    return {job.meta.ns, job.meta.owner_kind, job.meta.owner_name};
}

std::vector<Read> needs() {
    auto reads = reads_of<Job>();
    // A CronJob remembers its last success when the Job that succeeded is gone (successfulJobsHistoryLimit).
    reads.push_back(read_of<CronJob>(true));
    return reads;
}

std::optional<WallTime> succeeded(Job const& job) {
    auto const* complete = find_condition(job.conditions, "Complete");
    if (!complete || complete->status != "True") return std::nullopt;
    return job.completed ? job.completed : complete->since;
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    auto const window = params.duration("window");
    auto const jobs = view.list<Job>();
    std::map<Owner, WallTime> last_success;
    for (auto const* job : jobs) {
        auto const when = succeeded(*job);
        if (!when || job->meta.owner_name.empty()) continue;
        auto& last = last_success.try_emplace(owner_of(*job), *when).first->second;
        last = std::max(last, *when);
    }
    if (view.has<CronJob>()) {
        for (auto const& cron_job : view.everything<CronJob>()) {
            if (!cron_job.last_succeeded) continue;
            Owner const owner{cron_job.meta.ns, "CronJob", cron_job.meta.name};
            auto& last = last_success.try_emplace(owner, *cron_job.last_succeeded).first->second;
            last = std::max(last, *cron_job.last_succeeded);
        }
    }

    std::vector<std::pair<Job const*, Condition const*>> failed;
    std::map<Owner, std::int64_t> runs;
    for (auto const* job : jobs) {
        auto const* condition = find_condition(job->conditions, "Failed");
        if (!condition || condition->status != "True" || job->meta.deleted) continue;
        auto const when = condition->since ? condition->since : job->meta.created;
        if (when && now - *when > window) continue;
        if (!job->meta.owner_name.empty()) {
            auto const owner = owner_of(*job);
            auto const success = last_success.find(owner);
            if (success != last_success.end() && when && success->second > *when) continue;
            ++runs[owner];
        }
        failed.emplace_back(job, condition);
    }

    Findings findings(params.max_failures_listed);
    for (auto const& [job, condition] : failed) {
        auto finding = finding_of("Job", job->meta);
        finding.reason = reason_or(condition->reason, "Failed");
        finding.since = condition->since ? condition->since : job->meta.created;
        finding.timing = Timing::happened;
        auto const& owner = job->meta.owner_name;
        auto const count = owner.empty() ? 0 : runs[owner_of(*job)];
        if (!owner.empty() && count < params.integer("critical")) finding.status = Status::warning;
        finding.message = [&] {
            auto words = fmt::format("failed ({})", finding.reason);
            if (!condition->message.empty()) words += ": " + condition->message;
            if (owner.empty()) return words;
            return fmt::format("{}, run of {} {}, {} failed since its last success", words, job->meta.owner_kind, owner,
                               count);
        };
        findings.add(finding);
    }
    auto const checked = static_cast<std::int64_t>(jobs.size());
    auto outcome = std::move(findings).conclude(checked, fmt::format("none of {} Jobs failed lately", checked), now);
    outcome.measurements = {{"jobs_failed", static_cast<double>(outcome.failed)}};
    outcome.thresholds = {{"failed_runs", 1, params.integer("critical")}};
    return outcome;
}

}  // namespace

CheckType const jobs_failed{
    .name = "jobs-failed",
    .group = "workloads",
    .summary = "Jobs that failed within the window, with no later success of the same CronJob",
    .explain =
        "A Job on its own is not tried again by anybody; a CronJob tries again at its next start. A later success "
        "of the same owner makes earlier failures good. Source: KubeJobFailed of kubernetes-mixin, "
        "check_kubernetes (1 and 2 failures).",
    .critical =
        "a Job of its own failed within the window, or `critical` runs of one owner failed since its last success",
    .warning = "fewer runs of one owner failed since its last success",
    .causes =
        "BackoffLimitExceeded: its pods kept failing, for the reason in their logs\n"
        "DeadlineExceeded: it took longer than activeDeadlineSeconds\n"
        "PodFailurePolicy: an exit code that the Job declares final",
    .next =
        "kubectl logs -n NS job/NAME --tail=100  # what it said\n"
        "kubectl describe job -n NS NAME  # the reason, and its pods\n"
        "kubectl create job -n NS NAME-again --from=cronjob/CRONJOB  # run it once more, now\n"
        "kubectl delete job -n NS NAME  # a failed Job that needs no second try",
    .companions = "cronjobs-schedule pods-crashloop pods-not-ready pods-image-pull pods-config-error events-warning",
    .with = with,
    .needs = needs,
    .judge = judge,
};

}  // namespace vedette::check
