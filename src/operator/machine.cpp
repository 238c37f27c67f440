// What a HealthCheck's machine hears. What it decides to do next is in machine_next.cpp, the way of a run in
// machine_begin.cpp and machine_end.cpp.

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

constexpr auto longest_spread = seconds(10);
constexpr int most_conflicts = 5;

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

std::optional<WallTime> Machine::due() const {
    if (gone_) return std::nullopt;
    return run_ ? due_of(*run_, now_) : planned_;
}

std::optional<Purpose> Machine::takes_place() const {
    return run_ && !gone_ && op::takes_place(*run_) ? std::optional(run_->id.purpose) : std::nullopt;
}

bool Machine::queued() const {
    auto const* const queued = run_ ? run_->at<stage::Queued>() : nullptr;
    return queued && queued->refused;
}

// --- events -------------------------------------------------------------------------------------------------------

void Machine::on(Observed event) {
    if (known_ && is_older(event.check.resource_version, check_.resource_version)) return;
    bool const first = !known_;
    bool const edited = first || event.check.spec != check_.spec || event.problems != problems_;
    auto const& spec = event.check.spec;
    bool const rescheduled = spec.cron != check_.spec.cron || spec.repeat_after != check_.spec.repeat_after;
    auto const kept = std::move(check_.status);
    check_ = std::move(event.check);
    if (prunes_) restore_ours(kept);
    known_ = true;
    if (event.in_flight) in_flight_ = std::move(event.in_flight);
    if (edited) {
        eligible_ = now_.wall;
        problems_ = std::move(event.problems);
        stumbles_ = 0;
        // What is not made yet is made from the new spec, or not at all; a Workflow that runs is still booked.
        if (run_ && run_->prepares() && may_begin_anew()) restart_ = true;
    }
    // After a restart the status tells whether the schedule was another when its last tick passed.
    bool const none_is_owed = check_.status.next_run_time && *check_.status.next_run_time > now_.wall &&
                              check_.status.observed_generation == check_.generation;
    if (first ? none_is_owed : rescheduled) ticks_since_ = now_.wall;
    if (first && check_.status.finished_at) {
        auto const spread = spread_of(check_, now_.wall);
        not_before_ = now_.steady + spread;
        eligible_ = now_.wall + spread;
    }
    if (awaits()) return;
    if (std::exchange(restart_, false)) run_.reset();
    if (overtaken()) return;
    if (!run_) evaluate();
}

void Machine::on(Removed) {
    gone_ = true;
    auto const* const workflow = run_ ? run_->workflow() : nullptr;
    if (workflow && workflow->ns != check_.ns) {
        actions_.emplace_back(DeleteWorkflow{workflow->ns, workflow->name, workflow->uid});
    }
    run_.reset();
}

void Machine::on(Woke) {
    if (!known_ || awaits()) return;
    bool const pausing = run_ && run_->prepares() && !queued() && now_.steady < retry_at_;
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
bool Machine::may_begin_anew() {
    auto const* const creating = at<stage::Creating>();
    if (!creating) return true;
    auto const& spec = check_.spec.workflow;
    return run_->id.purpose == Purpose::check && get_string(creating->sent, "metadata.namespace") == spec.ns &&
           get_string(creating->sent, "metadata.generateName") == spec.generate_name;
}

bool Machine::edited_meanwhile() {
    awaited_ = Nothing{};
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
    auto const* const workflow = run_->workflow();
    bool const was_recorded = workflow && !at<stage::Recording>();
    bool const is_past = current ? !workflow || workflow->uid != current->uid : was_recorded;
    if (!is_past) return false;
    run_.reset();
    evaluate();
    return true;
}

void Machine::on(RbacReady event) {
    if (!answered<stage::GettingRights>() || edited_meanwhile()) return;
    rbac_notes_ = std::move(event.notes);
    if (!event.result) return fall_back(std::move(event.reason), event.result.error().text());
    if (check_.spec.native() && run_->id.purpose == Purpose::check) return run_checks();
    run_->stage = stage::ReadingSource{};
    proceed();
}

void Machine::on(SourceRead event) {
    if (!answered<stage::ReadingSource>() || edited_meanwhile()) return;
    if (!event.text) return fall_back("SourceFailed", event.text.error().text());
    create(std::move(*event.text));
}

void Machine::on(WorkflowCreated event) {
    auto* const creating = answered<stage::Creating>();
    if (!creating) return;
    awaited_ = Nothing{};
    if (overtaken()) return;
    if (event.object) return created(*event.object);
    auto const& error = event.object.error();
    bool const taken = error.code() == Errc::already_exists;
    if (taken && event.existing && is_ours(*event.existing)) return created(*event.existing);
    if (std::exchange(creating->looks_back, false)) {
        bool const not_there = taken || error.code() == Errc::not_found;
        if (!not_there) return stumble("CreateFailed", error.text(), is_passing(error.code()));
        creating->unknown = false;
        return send_again(not_there);
    }
    if (!taken) return send_again_or_stumble(error);
    if (!event.existing) return stumble("CreateFailed", "the Workflow of that name vanished as we looked");
    take_another_name();
}

void Machine::on(ChecksRan event) {
    auto const* const running = answered<stage::RunningChecks>();
    if (!running) return;
    auto const could_begin = running->could_begin;
    if (edited_meanwhile()) return;
    // Those that run in this process wait for a place there: only the result knows when it began.
    if (event.result.begun) tell_beginning(event.result.started, could_begin);
    finish(std::move(event.result));
}

void Machine::on(StatusWritten event) {
    auto* const write = std::get_if<Write>(&awaited_);
    if (!write) return;
    auto wanted = std::move(write->wanted);
    awaited_ = Nothing{};
    unanswered_.reset();
    if (!event.object) {
        if (prunes_) unanswered_ = std::move(wanted);
        auto const code = event.object.error().code();
        if (code == Errc::not_found) return on(Removed{});
        if (code != Errc::conflict) {
            tell(true, "StatusNotWritten", event.object.error().text());
            // What came meanwhile was not heeded, and in the pause the Workflow's end might be booked again.
            if (overtaken()) return;
            return retry(is_passing(code));
        }
        awaited_ = Read{};
        actions_.emplace_back(ReadCheck{});
        return;
    }
    if (!take(*event.object)) return on(Removed{});
    // A CRD of the reference drops our fields. Then they live in this process alone.
    prunes_ = wanted.observed_generation != 0 && check_.status.observed_generation == 0;
    if (prunes_) keep_ours(check_.status, wanted);
    // Of a run that has stumbled this was the news, and no progress.
    bool const prepares = run_ && run_->prepares();
    if (!prepares) stumbles_ = 0;
    conflicts_ = 0;
    if (!run_) return evaluate();
    if (prepares) {
        if (!std::exchange(restart_, false)) {
            return wake_in(std::max(Duration::zero(), Duration(retry_at_ - now_.steady)));
        }
        run_.reset();
        return evaluate();
    }
    if (auto* const recording = at<stage::Recording>()) return start_watching(std::move(recording->workflow));
    if (at<stage::Watching>()) return watch();
    booked();
}

void Machine::on(CheckRead event) {
    if (!std::holds_alternative<Read>(awaited_)) return;
    awaited_ = Nothing{};
    if (!event.object) {
        if (event.object.error().code() == Errc::not_found) return on(Removed{});
        if (overtaken()) return;
        return retry();
    }
    auto const kept = check_.status;
    if (!take(*event.object)) return on(Removed{});
    if (prunes_) restore_ours(kept);
    if (overtaken()) return;
    // Somebody who answers every write with a conflict is not to be asked in a circle.
    if (++conflicts_ > most_conflicts) return retry();
    if (!run_) return evaluate();
    proceed();
}

void Machine::on(WorkflowSeen event) {
    auto* const workflow = run_ ? run_->workflow() : nullptr;
    if (!workflow || workflow->uid != event.uid) return;
    workflow->seen = std::move(event.state);
    if (!event.remembered) workflow->told_at = now_.steady;
    auto* const watching = at<stage::Watching>();
    if (!watching) return;
    if (!event.asked) watching->unwatched = false;
    if (!awaits()) watch();
}

void Machine::on(WorkflowGone event) {
    auto* const workflow = run_ ? run_->workflow() : nullptr;
    if (!workflow || workflow->uid != event.uid) return;
    workflow->gone = std::move(event);
    if (at<stage::Watching>() && !awaits()) watch();
}

// Before its time is over another look will do. Then the check is held up, and not by an outage: it says so.
void Machine::on(LookFailed event) {
    auto const* const watching = at<stage::Watching>();
    if (!watching || watching->workflow.uid != event.uid || awaits()) return;
    auto const& workflow = watching->workflow;
    if (now_.steady < workflow.deadline() || is_passing(event.error.code())) return;
    auto message = fmt::format("its time is over, and how Workflow {}/{} fares cannot be read: {}", workflow.ns,
                               workflow.name, event.error.text());
    tell(true, "WorkflowUnreadable", message);
    auto status = check_.status;
    set_condition(status, "Ready", false, "WorkflowUnreadable", std::move(message), now_.wall);
    write_if_changed(std::move(status));
}

}  // namespace vedette::op
