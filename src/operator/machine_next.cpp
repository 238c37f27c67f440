// What a HealthCheck without a run does next: takes up the run that the status or a Workflow tells of, begins the
// remedy that a failure asked for, or waits for the next slot.

#include "base/hash.hpp"
#include "operator/machine.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::op {
namespace {

using std::chrono::seconds;

constexpr auto remedy_wait = seconds(2);
constexpr auto oldest_run = std::chrono::years(100);  // older ones are nonsense, and beyond what a clock can count
constexpr auto longest_correction = std::chrono::hours(1);  // of a clock, for which a check on ticks may be silent

}  // namespace

void Machine::evaluate() {
    planned_.reset();
    if (gone_ || !known_ || awaits() || check_.deleted) return;
    if (check_.status.current) return adopt(*check_.status.current);
    if (adopt_in_flight()) return;
    if (check_.status.intent) return evaluate_intent();
    if (!can_run()) return show_problem();
    if (check_.spec.paused()) return pause();
    auto status = check_.status;
    take_back_times(status);
    auto const run = next(status);
    if (!run) return;  // validate() has refused such a schedule
    auto const begins = run->due + beyond_the_second(status);
    planned_ = begins;
    if (run->due > now_.wall) {
        show_schedule(status, run->due);
        if (write_if_changed(std::move(status))) return;
    }
    auto const wait = std::max<Duration>(begins - now_.wall, not_before_.value_or(now_.steady) - now_.steady);
    if (wait > Duration::zero()) return wake_in(wait);
    not_before_.reset();
    begin({.purpose = Purpose::check, .number = std::max(check_.status.run_number, check_.status.total_runs) + 1},
          run->slot);
}

void Machine::show_problem() {
    auto const problem = std::find_if(problems_.begin(), problems_.end(),
                                      [](auto const& each) { return each.severity == Problem::Severity::error; });
    tell(true, problem->reason, problem->message);
    auto status = check_.status;
    set_condition(status, "Ready", false, problem->reason, problem->message, now_.wall);
    status.next_run_time.reset();
    write_if_changed(std::move(status));
}

void Machine::pause() {
    auto status = check_.status;
    if (status.status != "Stopped") {
        status = book_stopped(check_.spec, std::move(status), now_.wall);
        tell(true, "Stopped", status.error_message);
    }
    status.next_run_time.reset();
    set_condition(status, "Ready", false, "Stopped", status.error_message, now_.wall);
    write_if_changed(std::move(status));
}

void Machine::evaluate_intent() {
    auto const intent = *check_.status.intent;
    RunId const id{.purpose = Purpose::remedy, .number = intent.episode, .attempt = intent.attempt};
    // What waits for the remedy to begin is late from its time on.
    if (auto const after = following(check_.status)) planned_ = after->due;
    auto decision = remedy_decision();
    if (decision.runs()) return begin(id, now_.wall);
    if (decision.kind == RemedyDecision::Kind::wait) return wake_in(remedy_wait);
    run_ = Run{.id = id, .begins = planned_};
    drop(std::move(decision.reason), std::move(decision.message));
}

// Whether the remedy that the status intends may begin now; never without a reason if not.
RemedyDecision Machine::remedy_decision() {
    bool const wanted = check_.status.intent && can_run() && !check_.spec.remedy.empty() && !check_.spec.paused() &&
                        !check_.deleted && check_.status.status == "Failed";
    if (!wanted) {
        return {.reason = "RemedyDropped", .message = "the remedy that a failure asked for is not wanted any more"};
    }
    auto decision = admit_remedy(check_.status);
    if (!decision.runs() && decision.reason.empty()) decision.reason = "RemedyDropped";
    return decision;
}

// A remedy that cannot run as it is written does not keep its check from running.
RemedyDecision Machine::admit_remedy(Status const& status) {
    auto const wrong =
        std::find_if(problems_.begin(), problems_.end(), [](auto const& each) { return each.stops_remedy; });
    if (wrong != problems_.end()) return {.reason = wrong->reason, .message = wrong->message};
    return gate_->admit_remedy(check_, status, now_.wall);
}

void Machine::begin(RunId id, WallTime slot) {
    run_ = Run{.id = id, .slot = std::chrono::floor<seconds>(slot), .begins = planned_};
    stumbles_ = 0;
    proceed();
}

void Machine::adopt(CurrentWorkflow const& current) {
    in_flight_.reset();
    run_ = Run{.id = current.run, .slot = current.slot};
    start_watching(adopted(current));
}

bool Machine::adopt_in_flight() {
    auto found = std::exchange(in_flight_, std::nullopt);
    if (!found) return false;
    auto& id = found->run;
    auto const& status = check_.status;
    if (id.number == 0) {
        bool const check = id.purpose == Purpose::check;
        id.number = check ? std::max(status.run_number, status.total_runs) + 1
                          : std::max<std::int64_t>(status.remedy_episode + (has_passed(status) ? 1 : 0), 1);
        id.attempt = check ? 0 : status.remedy_attempt + 1;
    }
    if (is_booked(id)) return false;
    run_ = Run{.id = id,
               .slot = std::chrono::floor<seconds>(found->slot),
               .stage = stage::Recording{.workflow = adopted(*found)}};
    tell(false, "Adopted", fmt::format("Workflow {} was under way already", found->name));
    record();
    return true;
}

// Its time counts from its creation, by the server's clock: ours did not see it.
RunWorkflow Machine::adopted(CurrentWorkflow const& current) const {
    return {.ns = current.ns,
            .name = current.name,
            .uid = current.uid,
            .created = current.created,
            .began =
                now_.steady - std::max(Duration::zero(), now_.wall - std::max(current.created, now_.wall - oldest_run)),
            .timeout = timeout_of(current.run, current.created),
            .adopted = true};
}

// `due` may lie in the past: overdue and lateness are measured from it.
std::optional<NextRun> Machine::next(Status const& status) const {
    auto const found = next_run(check_.spec, status, now_.wall, ticks_since_);
    if (!found || !*found) return std::nullopt;
    auto run = **found;
    if (!status.finished_at || status.status == "Stopped") {
        run.due = std::min(now_.wall, status.finished_at ? now_.wall : check_.created.value_or(now_.wall));
    } else if (check_.spec.repeat_after > seconds(0)) {
        // The status has whole seconds, cut. The delay after a run's end, or its remedy's, is never shorter than asked
        // for.
        auto known = *status.finished_at + seconds(1);
        // Where the clock was set back, the ends of earlier remedies come a second time, and mean nothing.
        if (remedy_is_unjudged(status) && !status.recent_remedies.empty()) {
            auto const last = status.recent_remedies.back();
            if (last <= now_.wall) known = std::max(known, last);
        }
        auto const ended = ended_.value_or(known);
        run.due = std::max(run.slot, ended + check_.spec.repeat_after);
    } else {
        run.due = run.slot;
    }
    return run;
}

// As above; nothing where no run follows, whatever the reason.
std::optional<NextRun> Machine::following(Status const& status) const {
    return can_run() && !check_.spec.paused() ? next(status) : std::nullopt;
}

// After a restart only the second is known in which a run ended: what ended in one does not all begin in one instant.
Duration Machine::beyond_the_second(Status const& status) const {
    bool const delayed = check_.spec.repeat_after > seconds(0) && status.finished_at && status.status != "Stopped";
    if (!delayed || ended_) return Duration::zero();
    return std::chrono::milliseconds(stable_hash(check_.uid) % 1000);
}

void Machine::show_ready(Status& status) const {
    auto const warning = std::find_if(problems_.begin(), problems_.end(),
                                      [](auto const& each) { return each.severity == Problem::Severity::warning; });
    auto message = std::string("the check runs as scheduled");
    if (warning != problems_.end()) message += fmt::format("; but {}", warning->message);
    set_condition(status, "Ready", true, "Scheduled", std::move(message), now_.wall);
}

// The status of a check that waits for its next run.
void Machine::show_schedule(Status& status, WallTime due) const {
    status.next_run_time = std::chrono::ceil<seconds>(due);
    show_ready(status);
}

bool Machine::can_run() const {
    return std::none_of(problems_.begin(), problems_.end(),
                        [](auto const& problem) { return problem.severity == Problem::Severity::error; });
}

// A status from the future: a clock was set back, or somebody wrote nonsense. No check waits until that time has come.
// Ticks are points in time: of them only what no corrected clock explains is taken back, lest one be booked twice.
void Machine::take_back_times(Status& status) {
    bool const ticks = check_.spec.repeat_after <= std::chrono::seconds(0);
    auto const latest = now_.wall + (ticks ? Duration(longest_correction) : Duration::zero());
    auto const take_back = [&](std::optional<WallTime>& time, WallTime to) {
        if (time && *time > latest) time = to;
    };
    auto const second = std::chrono::floor<std::chrono::seconds>(now_.wall);
    take_back(ended_, now_.wall);
    if (ticks_since_) ticks_since_ = std::min(*ticks_since_, now_.wall);
    take_back(status.finished_at, second);
    take_back(status.last_slot, second);
}

}  // namespace vedette::op
