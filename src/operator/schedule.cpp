#include "operator/schedule.hpp"

#include "base/cron.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

using std::chrono::days;
using std::chrono::seconds;

constexpr std::size_t most_looks = 64;

// The first point of the grid `origin + n * interval` past `after`.
WallTime next_on_grid(WallTime origin, Duration interval, WallTime after) {
    if (after < origin) return origin + interval;
    auto const steps = (after - origin) / interval + 1;
    return origin + steps * interval;
}

// The latest tick at or before `now`, given that `first` is a tick at or before it.
WallTime latest_tick(CronSchedule const& cron, WallTime first, WallTime now) {
    if (cron.every()) return next_on_grid(first, cron.interval(), now) - cron.interval();
    return cron.previous(now).value_or(first);
}

std::optional<WallTime> first_tick_owed(CronSchedule const& cron, Status const& status, std::optional<WallTime> since) {
    auto const ended = *status.finished_at;
    auto const after = std::max(ended, since.value_or(ended));
    if (!cron.every()) return cron.next(std::max(after, status.last_slot.value_or(after)));
    return next_on_grid(status.last_slot.value_or(status.started_at.value_or(ended)), cron.interval(), after);
}

Result<seconds> until_next_tick(Spec const& spec, WallTime now) {
    auto const cron = parse_cron(spec.cron);
    if (!cron) return std::unexpected(cron.error());
    auto const next = cron->next(now);
    if (!next) return fail(Errc::invalid_input, "the schedule \"{}\" has no further tick", spec.cron);
    return std::chrono::floor<seconds>(*next - now) + seconds(1);
}

}  // namespace

Result<std::optional<NextRun>> next_run(Spec const& spec, Status const& status, WallTime now,
                                        std::optional<WallTime> ticks_since) {
    if (spec.paused()) return std::nullopt;
    std::optional<CronSchedule> cron;
    if (spec.repeat_after <= seconds(0)) {
        auto parsed = parse_cron(spec.cron);
        if (!parsed) return pass(parsed);
        cron = *parsed;
    }
    // Nothing was ever run, or the check comes back from a pause: at once.
    if (!status.finished_at || status.status == "Stopped") return NextRun{now, now};
    if (!cron) {
        auto const due = *status.finished_at + spec.repeat_after;
        return NextRun{due, std::max(due, now)};
    }
    auto const tick = first_tick_owed(*cron, status, ticks_since);
    if (!tick) return fail(Errc::invalid_input, "the schedule \"{}\" has no further tick", spec.cron);
    if (*tick > now) return NextRun{*tick, *tick};
    return NextRun{latest_tick(*cron, *tick, now), now};
}

Result<seconds> effective_timeout(Spec const& spec, WallTime now) {
    if (spec.workflow.timeout > seconds(0)) return spec.workflow.timeout;
    if (spec.repeat_after > seconds(0)) return spec.repeat_after;
    return until_next_tick(spec, now);
}

Result<seconds> remedy_timeout(Spec const& spec, WallTime now) {
    if (spec.remedy.timeout > seconds(0)) return spec.remedy.timeout;
    if (spec.repeat_after > seconds(0)) return spec.repeat_after;
    return until_next_tick(spec, now);
}

PollPlan poll_plan(Spec const& spec, seconds timeout) {
    using Gap = std::chrono::duration<double>;
    auto longest = std::max(seconds(1), spec.backoff_max > seconds(0) ? spec.backoff_max : timeout / 2);
    auto shortest = std::max(seconds(1), spec.backoff_min > seconds(0) ? spec.backoff_min : timeout / 60);
    if (shortest > longest || spec.backoff_min < seconds(0) || spec.backoff_max < seconds(0)) {
        longest = std::max(seconds(1), timeout / 2);
        shortest = std::max(seconds(1), timeout / 60);
    }
    auto factor = spec.backoff_factor.value_or(0.5);
    if (!(factor > 0 && factor < 1)) factor = 0.5;

    PollPlan plan;
    auto const last = std::max(Gap(0), Gap(timeout - seconds(1)));
    auto add = [&plan](Gap at) { plan.looks.push_back(std::chrono::floor<std::chrono::milliseconds>(at)); };
    Gap gap = longest;
    for (Gap at{0}; at < last && plan.looks.size() + 1 < most_looks;
         at += gap, gap = std::max<Gap>(shortest, gap * factor)) {
        add(at);
    }
    add(last);
    return plan;
}

Result<double> runs_per_hour(Spec const& spec, WallTime now) {
    if (spec.paused()) return 0.0;
    if (spec.repeat_after > seconds(0)) return 3600.0 / static_cast<double>(spec.repeat_after.count());
    auto const cron = parse_cron(spec.cron);
    if (!cron) return std::unexpected(cron.error());
    if (cron->every()) return 3600.0 / std::chrono::duration<double>(cron->interval()).count();
    auto const ticks_of = [&cron](WallTime begin, days span) {
        int ticks = 0;
        for (auto tick = cron->next(begin); tick && *tick <= begin + span; tick = cron->next(*tick)) ++ticks;
        return ticks;
    };
    // A week: schedules of working days count right whatever day it is. Five weeks have every day of a month, so what
    // differs there goes by dates, or is too rare, and is counted until the leap day comes again.
    constexpr days week(7);
    auto const ticks = ticks_of(now, week);
    bool weekly = ticks > 0;
    for (int later = 1; weekly && ticks < 7 && later < 5; ++later) {
        weekly = ticks_of(now + later * week, week) == ticks;
    }
    if (weekly) return ticks / (7 * 24.0);
    constexpr days four_years(1461);
    return ticks_of(now, four_years) / (1461 * 24.0);
}

}  // namespace vedette::op
