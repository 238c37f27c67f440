// The rows, the queue of events, and what concerns many checks. The requests are in controller_actions.cpp.

#include "operator/controller.hpp"

#include "base/duration.hpp"
#include "operator/takeover.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::op {
namespace {

constexpr auto wall_clock_look = std::chrono::seconds(1);
constexpr auto wall_clock_jump = std::chrono::milliseconds(500);
constexpr std::size_t offers_in_a_step = 64;

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
    : doors_(std::move(doors)), options_(options), tasks_(doors_.executor) {}

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

Async<void> Controller::run() {
    co_await tasks_.stop_after(act());
}

Async<void> Controller::act() {
    // Timers that fire while the term's last tasks unwind begin nothing.
    struct End {
        bool& over;
        ~End() { over = true; }
    } const end{over_};
    // Two operators on the same checks would each see the other's runs as nobody's: better none than both.
    for (;;) {
        auto const others = co_await find_others(doors_.client, doors_.checks, request_deadline());
        if (!others) {
            refusal_ = fmt::format("cannot tell whether another operator is at work: {}", others.error().text());
        } else if (auto why = others->refusal(); why && !options_.takeover) {
            refusal_ = std::move(*why);
        } else {
            found_ = others->in_flight();
            if (!others->unseen.empty()) {
                doors_.log(LogLevel::warning,
                           fmt::format("cannot look for another operator at work: {}", others->unseen));
            }
            break;
        }
        doors_.log(LogLevel::error, *refusal_);
        co_await doors_.clock.sleep_for(options_.takeover_retry, "another operator's end");
    }
    refusal_.reset();
    acting_ = true;
    doors_.metrics.set_acting(true);
    std::vector<SeenCheckPtr> all;
    doors_.checks.for_each([&](auto const&, SeenCheckPtr const& seen) { all.push_back(seen); });
    doors_.rbac.begin();
    std::size_t steps = 0;
    for (auto const& seen : all) {
        if (!entries_.contains(seen->check.uid)) {  // else it has changed meanwhile, and was observed since
            ledger_.observe(seen->check);
            doors_.rbac.observe(seen->check);
        }
        if (++steps % 64 == 0) co_await asio::post(asio::use_awaitable);
    }
    ledger_.set_complete();
    doors_.rbac.all_observed();
    for (auto const& seen : all) {
        auto const& check = seen->check;
        auto const* still = doors_.checks.find(check.ns + "/" + check.name);
        bool const there = still && (*still)->check.uid == check.uid;
        if (!there) {  // deleted while we gave way
            ledger_.forget(check.uid, doors_.clock.wall());
            doors_.rbac.forget(check.uid);
        } else if (!entries_.contains(check.uid)) {
            take_up(*still);
        }
        if (++steps % 16 == 0) co_await asio::post(asio::use_awaitable);
    }
    found_.clear();
    std::vector<SeenWorkflow> workflows;
    doors_.workflows.for_each([&](auto const&, SeenWorkflow const& seen) { workflows.push_back(seen); });
    for (auto const& seen : workflows) {
        hear(seen, true);
        if (++steps % 64 == 0) co_await asio::post(asio::use_awaitable);
    }
    tasks_.spawn(doors_.rbac.run());
    co_await watch_the_wall_clock();
}

// Waits go by the monotonic clock and slots by the wall: when that is set, every wait is computed anew.
Async<void> Controller::watch_the_wall_clock() {
    auto const offset = [this] {
        return doors_.clock.wall().time_since_epoch() - doors_.clock.now().time_since_epoch();
    };
    auto before = offset();
    for (;;) {
        co_await doors_.clock.sleep_for(wall_clock_look, "the wall clock");
        auto const jump = offset() - before;
        if (jump < wall_clock_jump && jump > -wall_clock_jump) continue;
        before += jump;
        doors_.log(LogLevel::warning, fmt::format("the wall clock was set by {}", format_duration(jump)));
        std::vector<Uid> uids;
        for (auto const& [uid, entry] : entries_) uids.push_back(uid);
        std::size_t steps = 0;
        for (auto const& uid : uids) {
            feed(uid, Woke{});
            if (++steps % 16 == 0) co_await asio::post(asio::use_awaitable);
        }
    }
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
    if (ours && !over_ && doors_.may_act()) tasks_.spawn(delete_orphan(seen));
}

void Controller::workflow_deleted(SeenWorkflow const& seen, bool witnessed) {
    if (acting_) feed(seen.check_uid, WorkflowGone{seen.uid, witnessed});
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
    auto const& machine = entry.machine;
    auto const place = machine.takes_place();
    if (auto const before = std::exchange(entry.place, place); before != place) {
        if (before) doors_.metrics.set_running(*before, --running_[*before]);
        if (place) doors_.metrics.set_running(*place, ++running_[*place]);
    }
    bool const waits = machine.queued() && !machine.gone();
    if (waits && !std::exchange(entry.waits, true)) waiting_for_place_.push_back(uid);
    if (!waits) entry.waits = false;
    if (machine.prunes() && !std::exchange(told_of_pruning_, true)) {
        doors_.log(LogLevel::warning,
                   "the installed CRD lacks our fields, so what a restart would need is kept in memory alone: apply "
                   "deploy/operator/crd.yaml");
    }
    auto const due = machine.due();
    if (due != entry.shown_due && !machine.gone()) {
        entry.shown_due = due;
        doors_.metrics.set_next_run(machine.check(), due);
    }
    auto const* const ready = find_condition(machine.check().status, "Ready");
    if (ready && !machine.gone()) {
        bool const paused = ready->reason == "Stopped";
        doors_.metrics.set_ready(machine.check(), paused ? std::nullopt : std::optional(ready->is_true));
    }
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
    auto const& most = controller_.options_.max_running_workflows;
    if (most && controller_.places_taken() >= *most) return false;
    // Whoever waits goes first.
    return controller_.waiting_for_place_.empty() || controller_.next_place_ == check.uid;
}

std::size_t Controller::places_taken() const {
    std::size_t taken = 0;
    for (auto const& [purpose, count] : running_) taken += count;
    return taken;
}

void Controller::give_places() {
    if (next_place_) return;
    // A machine whose request is under way cannot take its place yet, and waits anew: its answer brings us here again.
    auto const most = options_.max_running_workflows.value_or(SIZE_MAX);
    std::size_t offers = 0;
    for (auto left = waiting_for_place_.size(); left > 0 && offers < offers_in_a_step && places_taken() < most;
         --left) {
        auto const uid = std::move(waiting_for_place_.front());
        waiting_for_place_.pop_front();
        auto const found = entries_.find(uid);
        if (found == entries_.end() || !found->second->waits) continue;
        ++offers;
        found->second->waits = false;
        next_place_ = uid;
        step(uid, Woke{});
        next_place_.reset();
    }
    doors_.metrics.set_waiting(waiting_for_place_.size());
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
