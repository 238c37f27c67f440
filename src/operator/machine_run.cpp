// The way of a run: a place to run, rights, the Workflow's text, the Workflow, its record in the status, its end, the
// booking. Each step leaves what a successor needs in the API.

#include "base/json.hpp"
#include "base/time_format.hpp"
#include "operator/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace vedette::op {
namespace {

namespace json = boost::json;

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

// The server has, or may have, acted on a request whose answer was this.
bool may_have_been_done(Errc code) {
    switch (code) {
        case Errc::timed_out:
        case Errc::reset:
        case Errc::closed:
        case Errc::malformed:
        case Errc::too_large:
        case Errc::unavailable:
            return true;
        default:
            return false;
    }
}

}  // namespace

// Does again, or for the first time, what the run is at.
void Machine::proceed() {
    // Whatever holds a remedy up, rights that cannot be had included: past its time it is dropped.
    if (run_->id.purpose == Purpose::remedy && !run_->sent && run_->stage < Stage::create) {
        auto decision = remedy_decision();
        if (!decision.runs() && decision.kind != RemedyDecision::Kind::wait) {
            return drop(std::move(decision.reason), std::move(decision.message));
        }
    }
    switch (run_->stage) {
        case Stage::queue:
            return queue();
        case Stage::rbac:
            waiting_ = true;
            actions_.emplace_back(EnsureRbac{run_->id.purpose});
            return;
        case Stage::source:
            return read_source();
        case Stage::create:
            return create();
        case Stage::checks:
            return run_checks();
        case Stage::record:
            return record();
        case Stage::watch:
            return watch();
        case Stage::book:
            return book();
        case Stage::drop:
            return write_drop();
    }
}

void Machine::queue() {
    bool const native = check_.spec.native() && run_->id.purpose == Purpose::check;
    auto const& intent = check_.status.intent;
    bool const remedy = run_->id.purpose == Purpose::remedy && intent;
    if (remedy && now_.wall >= intent->expires) {
        return drop("RemedyExpired", "the remedy waited for a place until it was too late for it");
    }
    run_->refused = !native && !gate_->admits_run(check_);
    if (run_->refused) {
        if (remedy) wake_in(intent->expires - now_.wall);
        auto status = check_.status;
        auto const* const type = run_->id.purpose == Purpose::check ? "Progressing" : "Remediating";
        set_condition(status, type, false, "Queued", "as many Workflows run as --max-running-workflows allows",
                      now_.wall);
        write_if_changed(std::move(status));
        return;
    }
    run_->stage = Stage::rbac;
    proceed();
}

void Machine::read_source() {
    bool const check = run_->id.purpose == Purpose::check;
    auto const& source = check ? check_.spec.workflow.source : check_.spec.remedy.source;
    if (source.kind == Source::Kind::inline_text) {
        run_->text = source.text;
        run_->stage = Stage::create;
        return create();
    }
    waiting_ = true;
    actions_.emplace_back(ReadSource{run_->id.purpose});
}

std::chrono::seconds Machine::timeout_of(RunId const& run, WallTime at) const {
    auto const timeout =
        run.purpose == Purpose::check ? effective_timeout(check_.spec, at) : remedy_timeout(check_.spec, at);
    return timeout ? *timeout : seconds(60);
}

void Machine::create() {
    // A remedy is for the failure that asked for it, not for whenever it can be had: asked again before each try.
    if (run_->id.purpose == Purpose::remedy) {
        auto decision = remedy_decision();
        if (decision.kind == RemedyDecision::Kind::wait) {
            return stumble(std::move(decision.reason), std::move(decision.message));
        }
        if (!decision.runs()) return drop(std::move(decision.reason), std::move(decision.message));
        run_->resets = decision.reset;
    }
    if (!run_->sent) {
        run_->timeout = timeout_of(run_->id, now_.wall);
        auto workflow = build_workflow(check_, run_->id, run_->text, run_->timeout, run_->collision);
        if (!workflow) {
            return stumble("WorkflowInvalid", workflow.error().text());
        }
        run_->sent = std::move(*workflow);
        run_->sent_at = now_;
    }
    waiting_ = true;
    actions_.emplace_back(CreateWorkflow{*run_->sent});
}

void Machine::send_again_or_stumble(Error const& error) {
    if (std::exchange(restart_, false)) {
        run_.reset();
        return evaluate();
    }
    if (!may_have_been_done(error.code())) run_->sent.reset();
    stumble("CreateFailed", error.text(), is_passing(error.code()));
}

void Machine::created(json::object const& object) {
    run_->name = get_string(object, "metadata.name");
    run_->ns = get_string(object, "metadata.namespace");
    run_->uid = get_string(object, "metadata.uid");
    auto const created = parse_rfc3339(get_string(object, "metadata.creationTimestamp"));
    run_->created = created ? *created : now_.wall;
    run_->seen = workflow_state(object);
    // Its time counts from when we sent it, by our own clock: the server's may be another.
    run_->began = run_->sent_at.steady;
    tell_beginning(run_->sent_at.wall);
    run_->stage = Stage::record;
    run_->text.clear();
    run_->sent.reset();
    restart_ = false;
    stumbles_ = 0;
    due_.reset();
    record();
}

void Machine::tell_beginning(WallTime when) {
    auto const due = std::max(due_.value_or(when), eligible_);
    actions_.emplace_back(Began{run_->id.purpose, std::max(Duration::zero(), Duration(when - due))});
}

void Machine::run_checks() {
    run_->timeout = timeout_of(run_->id, now_.wall);
    tell_beginning(now_.wall);
    due_.reset();
    waiting_ = true;
    actions_.emplace_back(RunChecks{run_->timeout});
}

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
    overdue_since(run_->began + run_->timeout);
    auto status = check_.status;
    status.current = CurrentWorkflow{run_->id, run_->ns, run_->name, run_->uid, run_->slot, run_->created};
    auto const* const type = run_->id.purpose == Purpose::check ? "Progressing" : "Remediating";
    set_condition(status, type, true, "Running", fmt::format("Workflow {}/{}", run_->ns, run_->name), now_.wall);
    show_rbac(status);
    write(std::move(status));
}

// When to look for ourselves: the watch tells how a Workflow fares, and may be silent.
void Machine::plan_looks() {
    auto& run = *run_;
    bool const adopted = run.timeout == seconds(0);
    if (adopted) run.timeout = timeout_of(run.id, run.created);
    run.looks = poll_plan(check_.spec, run.timeout);
    if (adopted) run.began = now_.steady - std::max(Duration::zero(), Duration(now_.wall - run.created));
    run.looked = 1;
    if (adopted) actions_.emplace_back(LookAt{run.ns, run.name, run.uid});
}

void Machine::watch() {
    auto& run = *run_;
    if (run.seen && run.seen->ended) return finish(result_of(*run.seen, run.name, run.created, now_.wall));
    if (run.gone) return lost(*run.gone);
    bool const first = run.looks.looks.empty();
    if (first) plan_looks();
    auto const deadline = run.began + run.timeout;
    if (now_.steady >= deadline && !first) return look_past_its_time(deadline);
    bool look = false;
    for (; run.looked < run.looks.looks.size() && run.began + run.looks.looks[run.looked] <= now_.steady;
         ++run.looked) {
        look = true;
    }
    if (look) actions_.emplace_back(LookAt{run.ns, run.name, run.uid, true});
    auto const next = run.looked < run.looks.looks.size() ? run.began + run.looks.looks[run.looked] : deadline;
    actions_.emplace_back(WakeAt{std::max(next, now_.steady + seconds(1))});
}

// A run has timed out when somebody has told, after its time, that its Workflow had not ended. An API server that was
// away meanwhile, or we, would else make a failure of every run under way, and a remedy of every failure.
void Machine::look_past_its_time(TimePoint deadline) {
    auto& run = *run_;
    overdue_since(deadline);
    if (run.seen_at && *run.seen_at >= deadline) {
        return finish({.workflow = run.name,
                       .succeeded = false,
                       .message = "Failed",
                       .started = run.created,
                       .finished = now_.wall});
    }
    actions_.emplace_back(LookAt{run.ns, run.name, run.uid, true});
    auto const pause = std::min<Duration>(longest_overtime_pause, seconds(1LL << std::min(run.overtime_looks++, 6)));
    actions_.emplace_back(WakeAt{now_.steady + pause});
}

// What holds a run up past its time is not silent, whatever it is.
void Machine::overdue_since(TimePoint deadline) {
    if (run_->timeout > seconds(0) && now_.steady >= deadline) due_ = now_.wall - (now_.steady - deadline);
}

void Machine::finish(RunResult result) {
    run_->result = std::move(result);
    run_->stage = Stage::book;
    if (run_->id.purpose == Purpose::check) ended_ = now_.wall;
    book();
}

void Machine::book() {
    auto const& result = *run_->result;
    auto status = check_.status;
    status.current.reset();
    auto const* const word = result.succeeded ? "Succeeded" : "Failed";
    if (run_->id.purpose == Purpose::check) {
        run_->helped = remedy_helped(status, result);
        bool const remedied = status.remedy_total_runs > 0;
        status = book_result(check_.spec, std::move(status), result);
        if (remedied && status.remedy_total_runs == 0) tell(false, "RemedyReset", std::string(reset_because_passed));
        // An adopted run stands for the moment it was made in, by whatever clock: no tick may come twice for that.
        status.last_slot = std::max(status.last_slot.value_or(run_->slot), run_->slot);
        set_condition(status, "Progressing", false, word, result.message, now_.wall);
        set_condition(status, "Degraded", !result.succeeded, word, result.message, now_.wall);
        if (find_condition(status, "ResultLost")) set_condition(status, "ResultLost", false, "Booked", "", now_.wall);
        bool const tells = !result.inconclusive || check_.spec.remedy_on_lost_result;
        if (!result.succeeded && tells) want_remedy(status);
        if (check_.spec.native()) show_rbac(status);
    } else {
        if (run_->resets) status = reset_remedy(std::move(status), reset_because_elapsed);
        status = book_remedy(std::move(status), result);
        status.intent.reset();
        note_remedy_end(status, now_.wall);
        set_condition(status, "Remediating", false, word, result.message, now_.wall);
        ended_ = now_.wall;
    }
    auto const following = can_run() && !check_.spec.paused() ? next(status) : std::nullopt;
    due_.reset();
    if (following) {
        // Until it is written the next run cannot begin, and counts as overdue from its time on.
        due_ = following->due;
        show_schedule(status, following->due);
    }
    write(std::move(status));
}

// The failure and the wish for a remedy go out in one patch: neither is ever seen without the other.
void Machine::want_remedy(Status& status) {
    if (!can_run() || check_.spec.remedy.empty() || check_.spec.paused() || check_.deleted) return;
    auto const decision = admit_remedy(status);
    if (!decision.runs() && decision.kind != RemedyDecision::Kind::wait) {
        if (decision.reason.empty()) return;
        run_->no_remedy = decision.reason;
        set_condition(status, "Remediating", false, decision.reason, decision.message, now_.wall);
        tell(false, decision.reason, decision.message);
        return;
    }
    auto const interval = effective_timeout(check_.spec, now_.wall).value_or(shortest_intent);
    if (!run_->intent_expires) {
        run_->intent_expires = now_.wall + std::clamp(interval, shortest_intent, longest_intent);
    }
    if (!decision.runs()) {
        set_condition(status, "Remediating", false, decision.reason, decision.message, now_.wall);
    }
    // The failure could not be written for so long that its remedy would come too late.
    if (now_.wall >= *run_->intent_expires) {
        run_->no_remedy = "RemedyExpired";
        return;
    }
    if (decision.reset) {
        status = reset_remedy(std::move(status), reset_because_elapsed);
        tell(false, "RemedyReset", std::string(reset_because_elapsed));
    }
    auto const remedy = next_remedy(status);
    status.intent = RemedyIntent{remedy.number, remedy.attempt, *run_->intent_expires};
}

void Machine::booked() {
    auto const run = *std::exchange(run_, std::nullopt);
    told_.clear();
    bool const remedy = run.id.purpose == Purpose::remedy;
    if (remedy) actions_.emplace_back(ReleaseRbac{});
    if (run.result) {
        auto const& result = *run.result;
        auto reason = std::string(remedy ? "Remedy" : "") + (result.succeeded ? "Succeeded" : "Failed");
        auto const took = std::chrono::floor<seconds>(result.finished - result.started).count();
        auto const what = run.name.empty() ? std::string("the check") : fmt::format("Workflow {}", run.name);
        // One Event counts all successes up; of a failure people want the name.
        auto text = result.succeeded ? std::string(remedy ? "the remedy succeeded" : "the check succeeded")
                                     : fmt::format("{} failed after {} s{}{}", what, took,
                                                   result.message.empty() ? "" : ": ", result.message);
        actions_.emplace_back(Tell{!result.succeeded, std::move(reason), std::move(text)});
        if (!run.no_remedy.empty()) actions_.emplace_back(NoRemedy{run.no_remedy});
        actions_.emplace_back(Count{run.id.purpose, result, run.helped});
    }
    evaluate();
}

// Nothing is booked: the run did not happen as far as counters know.
void Machine::drop(std::string reason, std::string message) {
    run_->stage = Stage::drop;
    if (reason == "ResultLost") actions_.emplace_back(NoResult{});
    if (run_->uid.empty()) actions_.emplace_back(NoRemedy{reason});
    tell(true, reason, message);
    run_->dropped = std::move(reason);
    run_->because = std::move(message);
    write_drop();
}

void Machine::write_drop() {
    auto const& reason = run_->dropped;
    auto status = check_.status;
    status.current.reset();
    if (run_->id.purpose == Purpose::remedy) {
        status.intent.reset();
        if (!run_->uid.empty() || run_->sent) {
            // It ran, or may have, whatever came of it: the next one is another attempt.
            status.remedy_attempt += 1;
            note_remedy_end(status, now_.wall);
        }
        set_condition(status, "Remediating", false, reason, run_->because, now_.wall);
    } else {
        set_condition(status, "Progressing", false, reason, run_->because, now_.wall);
    }
    if (reason == "ResultLost") set_condition(status, "ResultLost", true, reason, run_->because, now_.wall);
    write(std::move(status));
}

}  // namespace vedette::op
