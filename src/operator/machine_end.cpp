// The way of a run from its Workflow, or the result of spec.checks, to its booking: the record in the status, the end,
// one patch for all that follows from it. Each step leaves what a successor needs in the API.

#include "base/hash.hpp"
#include "operator/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace vedette::op {
namespace {

using std::chrono::seconds;

constexpr auto shortest_intent = seconds(60);
constexpr auto longest_intent = seconds(600);
constexpr auto longest_overtime_pause = seconds(30);

// Argo's clock is not ours, and its status may be anything: a run lies between its creation and now.
RunResult result_of(WorkflowState const& state, std::string const& name, WallTime created, WallTime now) {
    auto const within = [&](std::optional<WallTime> const& time, WallTime otherwise) {
        return time && *time >= created && *time <= now ? *time : otherwise;
    };
    auto const started = within(state.started, std::min(created, now));
    return {.workflow = name,
            .succeeded = state.succeeded,
            .message = state.succeeded ? std::string() : state.message,
            .started = started,
            .finished = std::max(started, within(state.finished, now)),
            .outputs = state.outputs};
}

}  // namespace

// One condition a reason, which is its type; what is past is shown as such.
void Machine::show_rbac(Status& status) const {
    for (auto& condition : status.conditions) {
        bool const noted = std::any_of(rbac_notes_.begin(), rbac_notes_.end(),
                                       [&](auto const& note) { return note.reason == condition.type; });
        if (condition.is_true && !noted && condition.type.starts_with("RBAC")) {
            set_condition(status, std::string(condition.type), false, "Settled", "", now_.wall);
        }
    }
    std::map<std::string, std::string> sentences;
    for (auto const& note : rbac_notes_) {
        auto& text = sentences[note.reason];
        text += (text.empty() ? "" : "; ") + note.message;
    }
    for (auto& [reason, text] : sentences) set_condition(status, reason, true, reason, std::move(text), now_.wall);
}

void Machine::record() {
    auto const& workflow = at<stage::Recording>()->workflow;
    auto status = check_.status;
    status.current = CurrentWorkflow{run_->id, workflow.ns, workflow.name, workflow.uid, run_->slot, workflow.created};
    auto const* const type = run_->id.purpose == Purpose::check ? "Progressing" : "Remediating";
    set_condition(status, type, true, "Running", fmt::format("Workflow {}/{}", workflow.ns, workflow.name), now_.wall);
    // What held it up is over.
    auto const* const ready = find_condition(status, "Ready");
    if (run_->id.purpose == Purpose::check && ready && !ready->is_true) show_ready(status);
    show_rbac(status);
    write(std::move(status));
}

void Machine::start_watching(RunWorkflow workflow) {
    run_->stage = stage::Watching{.workflow = std::move(workflow)};
    if (ended()) return;
    plan_looks();
    look_as_planned();
}

void Machine::watch() {
    if (ended()) return;
    if (now_.steady >= at<stage::Watching>()->workflow.deadline()) return look_past_its_time();
    look_as_planned();
}

// Whether its end is known; then the run is watched no more.
bool Machine::ended() {
    auto const& workflow = at<stage::Watching>()->workflow;
    if (workflow.seen && workflow.seen->ended) {
        finish(result_of(*workflow.seen, workflow.name, workflow.created, now_.wall));
        return true;
    }
    if (workflow.gone) {
        lost(workflow);
        return true;
    }
    return false;
}

// It is gone, and no end of it was seen.
void Machine::lost(RunWorkflow const& workflow) {
    if (workflow.gone->witnessed) {
        return finish({.workflow = workflow.name,
                       .succeeded = false,
                       .message = "workflow deleted before it ended",
                       .started = workflow.created,
                       .finished = now_.wall,
                       .inconclusive = true});
    }
    drop("ResultLost",
         fmt::format("Workflow {} is gone and nobody saw how it ended; the check runs again", workflow.name));
}

// When to look for ourselves: the watch tells how a Workflow fares, and may be silent.
void Machine::plan_looks() {
    auto& watching = *at<stage::Watching>();
    auto const& workflow = watching.workflow;
    watching.plan = poll_plan(check_.spec, workflow.timeout);
    watching.looked = 1;
    if (!workflow.adopted) return;
    // By its identity: thousands that are adopted at once are not all looked at in one instant.
    auto const spread = stable_hash(check_.uid) % static_cast<std::uint64_t>(Duration(glance_every).count());
    watching.unwatched = true;
    watching.glance = now_.steady + Duration(static_cast<Duration::rep>(spread));
    actions_.emplace_back(LookAt{workflow.ns, workflow.name, workflow.uid});
}

void Machine::look_as_planned() {
    auto& watching = *at<stage::Watching>();
    auto const& workflow = watching.workflow;
    auto const& looks = watching.plan.looks;
    auto const look_at = [&] { return workflow.began + looks[watching.looked]; };
    bool look = false;
    for (; watching.looked < looks.size() && look_at() <= now_.steady; ++watching.looked) look = true;
    bool const glances = watching.unwatched && watching.glance <= now_.steady;
    if (glances) watching.glance = now_.steady + glance_every;
    if (look || glances) actions_.emplace_back(LookAt{workflow.ns, workflow.name, workflow.uid, true, !look});
    auto const next = watching.looked < looks.size() ? look_at() : workflow.deadline();
    auto const wake = std::max(next, now_.steady + seconds(1));
    actions_.emplace_back(WakeAt{watching.unwatched ? std::min(wake, watching.glance) : wake});
}

// A run has timed out when somebody has told, after its time, that its Workflow had not ended. An API server that was
// away meanwhile, or we, would else make a failure of every run under way, and a remedy of every failure.
void Machine::look_past_its_time() {
    auto& watching = *at<stage::Watching>();
    auto const& workflow = watching.workflow;
    if (workflow.told_at && *workflow.told_at >= workflow.deadline()) {
        return finish({.workflow = workflow.name,
                       .succeeded = false,
                       .message = "Failed",
                       .started = workflow.created,
                       .finished = now_.wall});
    }
    actions_.emplace_back(LookAt{workflow.ns, workflow.name, workflow.uid, true});
    auto const pause = seconds(1LL << std::min(watching.overtime_looks++, 6));
    wake_in(std::min<Duration>(longest_overtime_pause, pause));
}

void Machine::finish(RunResult result) {
    auto* const workflow = run_->workflow();
    run_->stage = stage::Booking{.workflow = workflow ? std::optional(std::move(*workflow)) : std::nullopt,
                                 .result = std::move(result)};
    if (run_->id.purpose == Purpose::check) {
        ended_ = now_.wall;
    } else {
        eligible_ = now_.wall;  // a tick that came meanwhile could not be kept
    }
    book();
}

void Machine::book() {
    auto& booking = *at<stage::Booking>();
    auto const& result = booking.result;
    auto status = check_.status;
    status.current.reset();
    auto const* const word = result.succeeded ? "Succeeded" : "Failed";
    if (run_->id.purpose == Purpose::check) {
        booking.helped = remedy_helped(status, result);
        bool const remedied = status.remedy_total_runs > 0;
        status = book_result(check_.spec, std::move(status), result);
        if (remedied && status.remedy_total_runs == 0) tell(false, "RemedyReset", std::string(reset_because_passed));
        // An adopted run stands for the moment it was made in, by whatever clock: no tick may come twice for that.
        status.last_slot = std::max(status.last_slot.value_or(run_->slot), run_->slot);
        set_condition(status, "Progressing", false, word, result.message, now_.wall);
        set_condition(status, "Degraded", !result.succeeded, word, result.message, now_.wall);
        if (find_condition(status, "ResultLost")) set_condition(status, "ResultLost", false, "Booked", "", now_.wall);
        bool const tells = !result.inconclusive || check_.spec.remedy_on_lost_result;
        booking.no_remedy = !result.succeeded && tells ? want_remedy(status) : std::string();
        if (check_.spec.native()) show_rbac(status);
    } else {
        if (booking.workflow && booking.workflow->resets)
            status = reset_remedy(std::move(status), reset_because_elapsed);
        status = book_remedy(std::move(status), result);
        status.intent.reset();
        note_remedy_end(status, now_.wall);
        set_condition(status, "Remediating", false, word, result.message, now_.wall);
        ended_ = now_.wall;
    }
    // Until it is written the next run cannot begin, and counts as overdue from its time on.
    booking.next_due.reset();
    if (auto const after = following(status)) {
        booking.next_due = after->due;
        show_schedule(status, after->due);
    }
    write(std::move(status));
}

// The failure and the wish for a remedy go out in one patch: neither is ever seen without the other. Returns why there
// is none, if that is worth telling: a reason.
std::string Machine::want_remedy(Status& status) {
    if (!can_run() || check_.spec.remedy.empty() || check_.spec.paused() || check_.deleted) return {};
    auto const decision = admit_remedy(status);
    if (!decision.runs() && decision.kind != RemedyDecision::Kind::wait) {
        if (decision.reason.empty()) return {};
        set_condition(status, "Remediating", false, decision.reason, decision.message, now_.wall);
        tell(false, decision.reason, decision.message);
        return decision.reason;
    }
    auto& expires = at<stage::Booking>()->intent_expires;
    auto const interval = effective_timeout(check_.spec, now_.wall).value_or(shortest_intent);
    if (!expires) expires = now_.wall + std::clamp(interval, shortest_intent, longest_intent);
    if (!decision.runs()) {
        set_condition(status, "Remediating", false, decision.reason, decision.message, now_.wall);
    }
    // The failure could not be written for so long that its remedy would come too late.
    if (now_.wall >= *expires) return "RemedyExpired";
    if (decision.reset) {
        status = reset_remedy(std::move(status), reset_because_elapsed);
        tell(false, "RemedyReset", std::string(reset_because_elapsed));
    }
    auto const remedy = next_remedy(status);
    status.intent = RemedyIntent{remedy.number, remedy.attempt, *expires};
    return {};
}

void Machine::booked() {
    auto const run = *std::exchange(run_, std::nullopt);
    told_.clear();
    bool const remedy = run.id.purpose == Purpose::remedy;
    if (remedy) actions_.emplace_back(ReleaseRbac{});
    if (auto const* const booking = run.at<stage::Booking>()) {
        auto const& result = booking->result;
        auto reason = std::string(remedy ? "Remedy" : "") + (result.succeeded ? "Succeeded" : "Failed");
        auto const took = std::chrono::floor<seconds>(result.finished - result.started).count();
        auto const what =
            booking->workflow ? fmt::format("Workflow {}", booking->workflow->name) : std::string("the check");
        // One Event counts all successes up; of a failure people want the name.
        auto text = result.succeeded ? std::string(remedy ? "the remedy succeeded" : "the check succeeded")
                                     : fmt::format("{} failed after {} s{}{}", what, took,
                                                   result.message.empty() ? "" : ": ", result.message);
        actions_.emplace_back(Tell{!result.succeeded, std::move(reason), std::move(text)});
        if (!booking->no_remedy.empty()) actions_.emplace_back(NoRemedy{booking->no_remedy});
        actions_.emplace_back(Count{run.id.purpose, result, booking->helped});
    }
    evaluate();
}

// Nothing is booked: the run did not happen as far as counters know.
void Machine::drop(std::string reason, std::string message) {
    auto* const workflow = run_->workflow();
    if (reason == "ResultLost") actions_.emplace_back(NoResult{});
    if (!workflow) actions_.emplace_back(NoRemedy{reason});
    tell(true, reason, message);
    // Until it is written the next run cannot begin, and counts as overdue from its time on.
    auto due = due_of(*run_, now_);
    if (!due) {
        if (auto const after = following(check_.status)) due = after->due;
    }
    bool const may_have_run = workflow || at<stage::Creating>();
    run_->stage = stage::Dropping{.workflow = workflow ? std::optional(std::move(*workflow)) : std::nullopt,
                                  .may_have_run = may_have_run,
                                  .reason = std::move(reason),
                                  .message = std::move(message),
                                  .due = due};
    write_drop();
}

void Machine::write_drop() {
    auto const& dropping = *at<stage::Dropping>();
    auto const& reason = dropping.reason;
    auto status = check_.status;
    status.current.reset();
    if (run_->id.purpose == Purpose::remedy) {
        status.intent.reset();
        if (dropping.may_have_run) {
            // It ran, or may have, whatever came of it: the next one is another attempt.
            status.remedy_attempt += 1;
            note_remedy_end(status, now_.wall);
        }
        set_condition(status, "Remediating", false, reason, dropping.message, now_.wall);
    } else {
        set_condition(status, "Progressing", false, reason, dropping.message, now_.wall);
    }
    if (reason == "ResultLost") set_condition(status, "ResultLost", true, reason, dropping.message, now_.wall);
    write(std::move(status));
}

}  // namespace vedette::op
