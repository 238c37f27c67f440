// What a HealthCheck's machine hears, and what it decides to do next. The way of a run that has begun is in
// machine_run.cpp.

#include "operator/machine.hpp"

#include "base/hash.hpp"
#include "base/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace vedette::op {
namespace {

namespace json = boost::json;

using std::chrono::seconds;

constexpr int most_collisions = 8;
constexpr auto longest_spread = seconds(10);
constexpr int most_conflicts = 5;
constexpr auto remedy_wait = seconds(2);

// Kubernetes' versions are decimal numbers that grow; of anything else the later heard counts as the newer.
bool is_older(std::string_view version, std::string_view than) {
    auto const number = [](std::string_view text) -> std::optional<std::uint64_t> {
        std::uint64_t value = 0;
        auto const* const end = text.data() + text.size();
        auto const parsed = std::from_chars(text.data(), end, value);
        return parsed.ec == std::errc{} && parsed.ptr == end && !text.empty() ? std::optional(value) : std::nullopt;
    };
    auto const a = number(version);
    auto const b = number(than);
    return a && b && *a < *b;
}

// Where in the first seconds after a start a check's overdue run begins: by its identity, the same at each start, and
// within a tenth of its period.
Duration spread_of(HealthCheck const& check, WallTime now) {
    Status ended_now;
    ended_now.finished_at = ended_now.last_slot = now;
    auto const next = next_run(check.spec, ended_now, now);
    if (!next || !*next) return Duration::zero();
    auto const range = std::min<Duration>(longest_spread, ((*next)->slot - now) / 10);
    if (range <= Duration::zero()) return Duration::zero();
    return Duration(static_cast<Duration::rep>(stable_hash(check.uid) % static_cast<std::uint64_t>(range.count())));
}

}  // namespace

std::vector<Action> Machine::step(MachineEvent event, Now now) {
    now_ = now;
    if (!gone_) std::visit([this](auto& each) { on(std::move(each)); }, event);
    return std::exchange(actions_, {});
}

std::string_view Machine::stage() const {
    if (!run_) return "idle";
    switch (run_->stage) {
        case Stage::queue:
            return "queue";
        case Stage::rbac:
            return "rbac";
        case Stage::source:
            return "source";
        case Stage::create:
            return "create";
        case Stage::checks:
            return "checks";
        case Stage::record:
            return "record";
        case Stage::watch:
            return "watch";
        case Stage::book:
            return "book";
        case Stage::drop:
            break;
    }
    return "drop";
}

std::optional<Purpose> Machine::takes_place() const {
    if (!run_ || gone_) return std::nullopt;
    auto const stage = run_->stage;
    bool const takes = stage != Stage::queue && stage != Stage::checks && stage <= Stage::watch;
    return takes ? std::optional(run_->id.purpose) : std::nullopt;
}

// --- events -------------------------------------------------------------------------------------------------------

void Machine::on(Observed event) {
    if (known_ && is_older(event.check.resource_version, check_.resource_version)) return;
    bool const first = !known_;
    bool const edited = first || event.check.spec != check_.spec || event.problems != problems_;
    auto const kept = std::move(check_.status);
    check_ = std::move(event.check);
    if (prunes_) keep_ours(check_.status, kept);
    known_ = true;
    if (event.in_flight) in_flight_ = std::move(event.in_flight);
    if (edited) {
        eligible_ = now_.wall;
        problems_ = std::move(event.problems);
        stumbles_ = 0;
        // What is not made yet is made from the new spec, or not at all; a Workflow that runs is still booked.
        if (run_ && run_->stage <= Stage::checks && may_begin_anew()) restart_ = true;
    }
    if (first && check_.status.finished_at) {
        auto const spread = spread_of(check_, now_.wall);
        not_before_ = now_.steady + spread;
        eligible_ = now_.wall + spread;
    }
    if (waiting_) return;
    if (std::exchange(restart_, false)) run_.reset();
    if (overtaken()) return;
    if (!run_) evaluate();
}

void Machine::on(Removed) {
    gone_ = true;
    due_.reset();
    if (run_ && !run_->uid.empty() && run_->ns != check_.ns) {
        actions_.emplace_back(DeleteWorkflow{run_->ns, run_->name, run_->uid});
    }
    run_.reset();
}

void Machine::on(Woke) {
    if (!known_ || waiting_) return;
    bool const pausing = run_ && !run_->refused && run_->stage <= Stage::checks && now_.steady < retry_at_;
    if (pausing) return wake_in(retry_at_ - now_.steady);
    if (overtaken()) return;
    if (run_) {
        proceed();
    } else {
        evaluate();
    }
}

// A name stands for a run: what a request whose answer is unknown has made, or will, is found under it by the next one.
// Not a remedy's, since no other asks for that attempt once it is not wanted any more.
bool Machine::may_begin_anew() const {
    if (!run_->sent) return true;
    auto const& spec = check_.spec.workflow;
    return run_->id.purpose == Purpose::check && get_string(*run_->sent, "metadata.namespace") == spec.ns &&
           get_string(*run_->sent, "metadata.generateName") == spec.generate_name;
}

bool Machine::edited_meanwhile() {
    waiting_ = false;
    if (!std::exchange(restart_, false)) return overtaken();
    run_.reset();
    evaluate();
    return true;
}

// The status has moved past the run: by a write of ours whose answer was lost, or because another acts beside us. Then
// the Workflow that the status speaks of is the one that counts.
bool Machine::overtaken() {
    if (!run_) return false;
    if (is_booked(run_->id)) {
        booked();
        return true;
    }
    auto const& current = check_.status.current;
    bool const was_recorded = !run_->uid.empty() && run_->stage > Stage::record;
    bool const is_past = current ? current->uid != run_->uid : was_recorded;
    if (!is_past) return false;
    run_.reset();
    evaluate();
    return true;
}

void Machine::on(RbacReady event) {
    if (!run_ || run_->stage != Stage::rbac || !waiting_ || edited_meanwhile()) return;
    rbac_notes_ = std::move(event.notes);
    if (!event.result) return stumble(std::move(event.reason), event.result.error().text());
    run_->stage = check_.spec.native() && run_->id.purpose == Purpose::check ? Stage::checks : Stage::source;
    proceed();
}

void Machine::on(SourceRead event) {
    if (!run_ || run_->stage != Stage::source || !waiting_ || edited_meanwhile()) return;
    if (!event.text) return stumble("SourceFailed", event.text.error().text());
    run_->text = std::move(*event.text);
    run_->stage = Stage::create;
    proceed();
}

void Machine::on(WorkflowCreated event) {
    if (!run_ || run_->stage != Stage::create || !waiting_) return;
    waiting_ = false;
    if (overtaken()) return;
    if (event.object) return created(*event.object);
    auto const& error = event.object.error();
    if (error.code() != Errc::already_exists) return send_again_or_stumble(error);
    if (!event.existing) return stumble("CreateFailed", "the Workflow of that name vanished as we looked");
    if (is_ours(*event.existing)) return created(*event.existing);
    run_->sent.reset();
    if (++run_->collision > most_collisions) {
        run_->collision = 0;
        return stumble("NameTaken", fmt::format("{} names beginning with {} are taken by others", most_collisions + 1,
                                                run_->id.purpose == Purpose::check ? check_.spec.workflow.generate_name
                                                                                   : check_.spec.remedy.generate_name));
    }
    create();
}

void Machine::on(ChecksRan event) {
    if (!run_ || run_->stage != Stage::checks || !waiting_ || edited_meanwhile()) return;
    finish(std::move(event.result));
}

void Machine::on(StatusWritten event) {
    if (!written_) return;
    waiting_ = false;
    auto const wanted = *std::exchange(written_, std::nullopt);
    if (!event.object) {
        auto const code = event.object.error().code();
        if (code == Errc::not_found) return on(Removed{});
        if (code != Errc::conflict) {
            tell(true, "StatusNotWritten", event.object.error().text());
            return retry(is_passing(code));
        }
        waiting_ = true;
        actions_.emplace_back(ReadCheck{});
        return;
    }
    if (!take(*event.object)) return on(Removed{});
    // A CRD of the reference drops our fields. Then they live in this process alone.
    prunes_ = wanted.observed_generation != 0 && check_.status.observed_generation == 0;
    if (prunes_) keep_ours(check_.status, wanted);
    // Of a run that has stumbled this was the news, and no progress.
    if (!run_ || run_->stage >= Stage::record) stumbles_ = 0;
    conflicts_ = 0;
    if (!run_) return evaluate();
    switch (run_->stage) {
        case Stage::record:
            run_->stage = Stage::watch;
            return watch();
        case Stage::watch:
            return watch();
        case Stage::book:
        case Stage::drop:
            return booked();
        default:
            if (std::exchange(restart_, false)) {
                run_.reset();
                return evaluate();
            }
            return wake_in(std::max(Duration::zero(), Duration(retry_at_ - now_.steady)));
    }
}

void Machine::on(CheckRead event) {
    if (!waiting_) return;
    waiting_ = false;
    if (!event.object) {
        if (event.object.error().code() == Errc::not_found) return on(Removed{});
        return retry();
    }
    auto const kept = check_.status;
    if (!take(*event.object)) return on(Removed{});
    if (prunes_) keep_ours(check_.status, kept);
    if (overtaken()) return;
    // Somebody who answers every write with a conflict is not to be asked in a circle.
    if (++conflicts_ > most_conflicts) return retry();
    if (!run_) return evaluate();
    proceed();
}

void Machine::on(WorkflowSeen event) {
    if (!run_ || run_->uid.empty() || run_->uid != event.uid) return;
    run_->seen = std::move(event.state);
    if (!event.remembered) run_->seen_at = now_.steady;
    if (run_->stage == Stage::watch && !waiting_) watch();
}

void Machine::on(WorkflowGone event) {
    if (!run_ || run_->uid.empty() || run_->uid != event.uid || run_->stage > Stage::watch) return;
    run_->gone = std::move(event);
    if (run_->stage == Stage::watch && !waiting_) watch();
}

// Before its time is over another look will do. Then the check is held up, and not by an outage: it says so.
void Machine::on(LookFailed event) {
    if (!run_ || run_->uid != event.uid || run_->stage != Stage::watch || waiting_) return;
    if (now_.steady < run_->began + run_->timeout || is_passing(event.error.code())) return;
    auto message = fmt::format("its time is over, and how Workflow {}/{} fares cannot be read: {}", run_->ns,
                               run_->name, event.error.text());
    tell(true, "WorkflowUnreadable", message);
    auto status = check_.status;
    set_condition(status, "Ready", false, "WorkflowUnreadable", std::move(message), now_.wall);
    write_if_changed(std::move(status));
}

// Its Workflow is gone, and no end of it was seen.
void Machine::lost(WorkflowGone const& how) {
    if (how.witnessed) {
        return finish({.workflow = run_->name,
                       .succeeded = false,
                       .message = "workflow deleted before it ended",
                       .started = run_->created,
                       .finished = now_.wall,
                       .inconclusive = true});
    }
    drop("ResultLost",
         fmt::format("Workflow {} is gone and nobody saw how it ended; the check runs again", run_->name));
}

// --- what to do next ----------------------------------------------------------------------------------------------

void Machine::evaluate() {
    due_.reset();
    if (gone_ || !known_ || waiting_ || check_.deleted) return;
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
    due_ = begins;
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
    auto decision = remedy_decision();
    if (decision.runs()) return begin(id, now_.wall);
    if (decision.kind == RemedyDecision::Kind::wait) return wake_in(remedy_wait);
    run_ = Run{.id = id};
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
    run_ = Run{.id = id, .slot = std::chrono::floor<seconds>(slot)};
    stumbles_ = 0;
    proceed();
}

void Machine::adopt(CurrentWorkflow const& current) {
    in_flight_.reset();
    run_ = Run{.id = current.run, .slot = current.slot, .stage = Stage::watch};
    run_->uid = current.uid;
    run_->name = current.name;
    run_->ns = current.ns;
    run_->created = current.created;
    watch();
}

bool Machine::adopt_in_flight() {
    auto found = std::exchange(in_flight_, std::nullopt);
    if (!found) return false;
    auto& id = found->run;
    auto const& status = check_.status;
    if (id.number == 0) {
        bool const check = id.purpose == Purpose::check;
        id.number = check ? std::max(status.run_number, status.total_runs) + 1
                          : std::max<std::int64_t>(status.remedy_episode, 1);
        id.attempt = check ? 0 : status.remedy_attempt + 1;
    }
    if (is_booked(id)) return false;
    run_ = Run{.id = id, .slot = std::chrono::floor<seconds>(found->slot), .stage = Stage::record};
    run_->uid = found->uid;
    run_->name = found->name;
    run_->ns = found->ns;
    run_->created = found->created;
    tell(false, "Adopted", fmt::format("Workflow {} was under way already", found->name));
    record();
    return true;
}

// `due` may lie in the past: overdue and lateness are measured from it.
std::optional<NextRun> Machine::next(Status const& status) const {
    auto const found = next_run(check_.spec, status, now_.wall);
    if (!found || !*found) return std::nullopt;
    auto run = **found;
    if (!status.finished_at || status.status == "Stopped") {
        run.due = std::min(now_.wall, status.finished_at ? now_.wall : check_.created.value_or(now_.wall));
    } else if (check_.spec.repeat_after > seconds(0)) {
        // The status has whole seconds, cut. The delay after a run's end, or its remedy's, is never shorter than asked
        // for.
        auto known = *status.finished_at + seconds(1);
        for (auto const& remedy : status.recent_remedies) {
            if (remedy <= now_.wall) known = std::max(known, remedy);  // one that is ahead: the clock was set back
        }
        auto const ended = ended_.value_or(known);
        run.due = std::max(run.slot, ended + check_.spec.repeat_after);
    } else {
        run.due = run.slot;
    }
    return run;
}

// After a restart only the second is known in which a run ended: what ended in one does not all begin in one instant.
Duration Machine::beyond_the_second(Status const& status) const {
    bool const delayed = check_.spec.repeat_after > seconds(0) && status.finished_at && status.status != "Stopped";
    if (!delayed || ended_) return Duration::zero();
    return std::chrono::milliseconds(stable_hash(check_.uid) % 1000);
}

// The status of a check that waits for its next run.
void Machine::show_schedule(Status& status, WallTime due) const {
    status.next_run_time = std::chrono::ceil<seconds>(due);
    auto const warning = std::find_if(problems_.begin(), problems_.end(),
                                      [](auto const& each) { return each.severity == Problem::Severity::warning; });
    auto message = std::string("the check runs as scheduled");
    if (warning != problems_.end()) message += fmt::format("; but {}", warning->message);
    set_condition(status, "Ready", true, "Scheduled", std::move(message), now_.wall);
}

}  // namespace vedette::op
