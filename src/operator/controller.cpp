// The rows, the queue of events, and what concerns many checks. How a term starts is in controller_start.cpp, the
// requests are in controller_actions.cpp.

#include "operator/controller.hpp"

#include "base/duration.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::op {
namespace {

constexpr std::size_t offers_in_a_step = 64;

kube::WorkQueueOptions const sweep_pace = {.first_backoff = std::chrono::seconds(1),
                                           .longest_backoff = std::chrono::minutes(5)};

// An answer that something did not work.
bool is_failure(MachineEvent const& event) {
    if (auto const* rbac = std::get_if<RbacReady>(&event)) return !rbac->result;
    if (auto const* source = std::get_if<SourceRead>(&event)) return !source->text;
    if (auto const* created = std::get_if<WorkflowCreated>(&event)) return !created->object && !created->existing;
    if (auto const* written = std::get_if<StatusWritten>(&event)) return !written->object;
    if (auto const* read = std::get_if<CheckRead>(&event)) return !read->object;
    return std::holds_alternative<LookFailed>(event);
}

}  // namespace

Controller::Controller(ControllerDoors doors, ControllerOptions options)
    : doors_(std::move(doors)),
      options_(options),
      places_(options.max_running_workflows),
      sweeps_(doors_.executor, doors_.clock, sweep_pace),
      tasks_(doors_.executor) {}

Controller::~Controller() {
    for (auto const& [uid, entry] : entries_) {
        if (entry->wakes) doors_.clock.cancel(entry->timer);
        // Whoever does not act knows nothing: its last values would only grow old.
        doors_.metrics.removed(entry->machine.check());
    }
    for (auto const purpose : {Purpose::check, Purpose::remedy}) doors_.metrics.set_running(purpose, 0);
    doors_.metrics.set_waiting(0);
    doors_.metrics.set_acting(false);
}

// --- what the informers tell --------------------------------------------------------------------------------------

Observed Controller::observed(SeenCheckPtr const& seen) const {
    auto problems = seen->problems;
    for (auto& problem : doors_.objections(seen->check)) problems.push_back(std::move(problem));
    return {.check = seen->check, .problems = std::move(problems)};
}

void Controller::take_up(SeenCheckPtr const& seen) {
    auto const& uid = seen->check.uid;
    entries_.emplace(uid, std::make_unique<Entry>(limits_));
    doors_.metrics.added(seen->check);
    auto event = observed(seen);
    event.in_flight = in_flight(seen->check);
    feed(uid, std::move(event));
}

// The Workflow of a run that may be under way although the status does not say so: made by whoever acted before us.
std::optional<CurrentWorkflow> Controller::in_flight(HealthCheck const& check) const {
    std::optional<CurrentWorkflow> latest;
    for (auto const* seen : doors_.workflows.by_index("check", check.uid)) {
        if (!seen->run || !seen->is_of(check) || (latest && latest->created >= seen->created)) continue;
        auto const booked = std::max(check.status.run_number, check.status.total_runs);
        bool const next = seen->run->purpose == Purpose::check
                              ? seen->run->number == booked + 1
                              : check.status.intent && seen->run->number == check.status.intent->episode &&
                                    seen->run->attempt == check.status.intent->attempt;
        if (next) latest = seen->current();
    }
    if (latest) return latest;
    auto const reference = found_.find(check.uid);
    return reference == found_.end() ? std::nullopt : std::optional(reference->second);
}

void Controller::check_changed(SeenCheckPtr const& seen) {
    if (!acting_) return;
    auto const& uid = seen->check.uid;
    if (!entries_.contains(uid)) return take_up(seen);
    doors_.metrics.added(seen->check);
    feed(uid, observed(seen));
}

void Controller::check_deleted(HealthCheck const& check) {
    if (!acting_) return;
    feed(check.uid, Removed{});
    std::vector<SeenWorkflow> left;
    for (auto const* seen : doors_.workflows.by_index("check", check.uid)) left.push_back(*seen);
    for (auto const& seen : left) workflow_changed(seen);
}

void Controller::workflow_changed(SeenWorkflow const& seen) {
    if (acting_) hear(seen, false);
}

void Controller::hear(SeenWorkflow const& seen, bool remembered) {
    if (entries_.contains(seen.check_uid)) return feed(seen.check_uid, WorkflowSeen{seen.uid, seen.state, remembered});
    // In another namespace than its HealthCheck's it has no owner, and nobody but us collects it. In the same one it is
    // a copy that somebody made for himself.
    auto const check_ns = seen.check_ns();
    bool const ours =
        seen.controller_uid.empty() && seen.annotated_uid == seen.check_uid && !check_ns.empty() && check_ns != seen.ns;
    if (!ours || over_ || !doors_.may_act()) return;
    sweep_later({.workflow = {.ns = seen.ns, .name = seen.name, .uid = seen.uid}, .seen = seen, .told = {}});
}

void Controller::workflow_deleted(SeenWorkflow const& seen, bool witnessed) {
    if (!acting_) return;
    leftovers_.erase(seen.uid);
    // Its last object may tell an end that no event before it told.
    if (seen.state.ended) feed(seen.check_uid, WorkflowSeen{seen.uid, seen.state, !witnessed});
    feed(seen.check_uid, WorkflowGone{seen.uid, witnessed});
}

void Controller::policy_changed(RemedyPolicy policy) {
    policy_ = std::move(policy);
}

// --- stepping -----------------------------------------------------------------------------------------------------

Now Controller::now() const {
    return {doors_.clock.now(), doors_.clock.wall()};
}

Deadline Controller::request_deadline() const {
    return deadline_after(doors_.clock.now(), options_.request_timeout);
}

// Performing an action may bring the next event at once: it waits until the step before it is done.
void Controller::feed(Uid const& uid, MachineEvent event) {
    pending_.push_back({uid, std::move(event), doors_.clock.now()});
    doors_.metrics.queued();
    if (!draining_) drain();
}

void Controller::drain() {
    draining_ = true;
    while (!pending_.empty()) {
        auto next = std::move(pending_.front());
        pending_.pop_front();
        doors_.metrics.set_queue_depth(pending_.size());
        doors_.metrics.taken(doors_.clock.now() - next.since);
        step(next.uid, std::move(next.event));
    }
    draining_ = false;
}

void Controller::step(Uid const& uid, MachineEvent event) {
    auto const found = entries_.find(uid);
    if (found == entries_.end()) return;
    auto& entry = *found->second;
    bool const books = std::holds_alternative<StatusWritten>(event) || std::holds_alternative<Observed>(event);
    bool const failed = is_failure(event);
    auto const begun = doors_.clock.now();
    auto const stage = entry.machine.stage();
    auto actions = entry.machine.step(std::move(event), now());
    if (doors_.trace && entry.machine.stage() != stage) trace_stage(entry, stage);
    if (books && !entry.machine.gone()) {
        ledger_.observe(entry.machine.check());
        doors_.rbac.observe(entry.machine.check());
    }
    bool wakes = false;
    for (auto& action : actions) {
        wakes = wakes || std::holds_alternative<WakeAt>(action);
        perform(uid, entry, std::move(action));
    }
    settle(uid, entry);
    if (entry.machine.gone()) forget(uid);
    doors_.metrics.reconciled(failed  ? ReconcileResult::error
                              : wakes ? ReconcileResult::requeue_after
                                      : ReconcileResult::success,
                              doors_.clock.now() - begun, wakes);
    give_places();
}

void Controller::trace_stage(Entry const& entry, std::string_view before) const {
    auto const& check = entry.machine.check();
    doors_.trace(LogLevel::debug,
                 fmt::format("{}/{}: from {} to {}", check.ns, check.name, before, entry.machine.stage()));
}

// What others go by follows the machine.
void Controller::settle(Uid const& uid, Entry& entry) {
    settle_place(uid, entry);
    if (entry.machine.running() != entry.rights) hold_rights(uid, entry, std::nullopt);
    if (entry.machine.prunes() && !std::exchange(told_of_pruning_, true)) {
        doors_.log(LogLevel::warning,
                   "the installed CRD lacks our fields, so what a restart would need is kept in memory alone: apply "
                   "deploy/operator/crd.yaml");
    }
    if (!entry.machine.gone()) show(entry);
}

void Controller::settle_place(Uid const& uid, Entry& entry) {
    auto const& machine = entry.machine;
    auto const place = machine.takes_place();
    if (auto const before = std::exchange(entry.place, place); before != place) {
        if (before) places_.give_back(*before);
        if (place) places_.take(*place);
        for (auto const& changed : {before, place}) {
            if (changed) doors_.metrics.set_running(*changed, places_.taken(*changed));
        }
    }
    bool const waits = machine.queued() && !machine.gone();
    if (waits && !entry.ticket) entry.ticket = places_.wait(uid);
    if (!waits && entry.ticket) places_.leave(*std::exchange(entry.ticket, std::nullopt));
}

void Controller::show(Entry& entry) {
    auto const& check = entry.machine.check();
    auto const due = entry.machine.due();
    if (std::exchange(entry.shown_due, due) != due) doors_.metrics.set_next_run(check, due);
    auto const* const ready = find_condition(check.status, "Ready");
    bool const stopped = ready && ready->reason == "Stopped";
    // After a pause that is over the condition is out of date until the first run is booked.
    if (stopped && check.spec.paused()) return doors_.metrics.set_paused(check);
    if (ready && !stopped) doors_.metrics.set_ready(check, ready->is_true);
    doors_.metrics.set_remedy(check);
}

// A run may end in many ways, and the next one may never begin.
void Controller::hold_rights(Uid const& uid, Entry& entry, std::optional<Purpose> purpose) {
    auto const before = std::exchange(entry.rights, purpose);
    if (before && before != purpose) doors_.rbac.run_ended(uid, *before);
}

void Controller::forget(Uid const& uid) {
    auto const node = entries_.extract(uid);
    auto& entry = *node.mapped();
    settle(uid, entry);
    if (entry.wakes) doors_.clock.cancel(entry.timer);
    doors_.metrics.removed(entry.machine.check());
    doors_.rbac.forget(uid);
    ledger_.forget(uid, doors_.clock.wall());
}

// --- places and remedies ------------------------------------------------------------------------------------------

bool Controller::Limits::admits_run(HealthCheck const& check) {
    return controller_.places_.admits(check.uid);
}

// After every step, since any may have made a place free. A machine whose request is under way cannot take the place
// that it is offered, and waits anew behind the others: its answer brings us here again.
void Controller::give_places() {
    if (places_.offers()) return;  // this is the step that an offer has caused
    for (auto left = std::min(places_.waiting(), offers_in_a_step); left > 0; --left) {
        if (!places_.free() || places_.waiting() == 0) break;
        auto const uid = places_.offer();
        entries_.at(uid)->ticket.reset();
        step(uid, Woke{});
        places_.withdraw();
    }
    doors_.metrics.set_waiting(places_.waiting());
}

RemedyDecision Controller::Limits::admit_remedy(HealthCheck const& check, Status const& status, WallTime now) {
    return op::admit_remedy(check, status, controller_.policy_, controller_.ledger_, now);
}

std::optional<std::string> Controller::stuck(Duration grace) const {
    Entry const* latest = nullptr;
    auto const wall = doors_.clock.wall();
    for (auto const& [uid, entry] : entries_) {
        auto const& machine = entry->machine;
        // Nothing would ever step it again.
        bool const forgotten =
            !entry->wakes && !machine.awaits() && !machine.queued() && machine.due() && wall - *machine.due() > grace;
        if (forgotten) {
            auto const& check = machine.check();
            return fmt::format("{}/{} was due {} ago and waits for nothing", check.ns, check.name,
                               format_age(wall - *machine.due()));
        }
        if (entry->wakes && (!latest || *entry->wakes < *latest->wakes)) latest = entry.get();
    }
    if (!latest) return std::nullopt;
    auto const late = doors_.clock.now() - *latest->wakes;
    if (late <= grace) return std::nullopt;
    auto const& check = latest->machine.check();
    return fmt::format("{}/{} was due {} ago and was not attempted", check.ns, check.name, format_age(late));
}

}  // namespace vedette::op
