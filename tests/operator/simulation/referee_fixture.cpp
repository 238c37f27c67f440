// Every rule is checked where it could be broken first: at the create, at the write of the status. A sentence per
// violation, with the time, so that a seed can be read.

#include "base/json.hpp"
#include "base/time_format.hpp"
#include "kube/fake/store.hpp"
#include "operator/booking.hpp"
#include "operator/schedule.hpp"
#include "operator/simulation/referee.hpp"

#include <fmt/format.h>

namespace vedette::op::simulation {
namespace {

namespace json = boost::json;

using std::chrono::seconds;

constexpr auto times_have_seconds = seconds(2);
constexpr auto longest_way = seconds(100);   // of a request, from its sender to the store
constexpr std::size_t most_writes = 20;      // of one status in ten seconds
constexpr auto most_lateness = seconds(60);  // of a check in calm weather, restart and backoff included
constexpr auto time_to_hear = std::chrono::minutes(5);
constexpr auto longest_tick = seconds(120);  // of the crons in a story

std::string annotation(kube::Object const& object, std::string_view key) {
    auto const* all = find(object, "metadata.annotations");
    auto const* found = all && all->is_object() ? all->get_object().if_contains(key) : nullptr;
    return found && found->is_string() ? std::string(found->get_string()) : "";
}

std::int64_t runs_booked(Status const& status) {
    return std::max(status.run_number, status.total_runs);
}

}  // namespace

Referee::Referee(kube::fake::ApiServer& server, Clock& clock) : clock_(clock), policy_(clock) {
    server.on_change([this](kube::fake::Change const& change) { hear(change); });
}

void Referee::blame(Check const& check, std::string what) {
    auto const at = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - TimePoint{});
    violations_.push_back(fmt::format("{} ms, {}: {}/{}: {}", at.count(), format_rfc3339(clock_.wall()), check.now.ns,
                                      check.now.name, what));
}

void Referee::hear(kube::fake::Change const& change) {
    if (change.key.collection == "healthchecks.activemonitor.keikoproj.io") hear_check(change);
    if (change.key.collection == "workflows.argoproj.io") hear_workflow(change);
    if (change.key.collection == "configmaps" && change.key.name == remedy_policy_name) {
        policy_.policy_changed(change.after ? read_remedy_policy(*change.after) : default_remedy_policy());
    }
}

// --- HealthChecks -------------------------------------------------------------------------------------------------

void Referee::hear_check(kube::fake::Change const& change) {
    if (!change.after) {
        auto const uid = get_string(*change.before, "metadata.uid");
        checks_[uid].there = false;
        checks_[uid].gone_at = clock_.now();
        policy_.forget(uid);
        return;
    }
    auto now = read_health_check(*change.after);
    auto& check = checks_[now.uid];
    auto const before = std::exchange(check.now, std::move(now));
    if (!check.there || before.spec != check.now.spec) check.spec_changed = clock_.now();
    if (check.there && before.spec != check.now.spec) check.former.push_back({before, clock_.now()});
    while (!check.former.empty() && check.former.front().until + longest_way < clock_.now()) check.former.pop_front();
    if (!check.now.spec.dry_run) check.dry_since.reset();
    if (check.now.spec.dry_run && !check.dry_since) check.dry_since = check.there ? clock_.now() : TimePoint::min();
    if (auto const& intent = before.status.intent) {
        RunId const run{.purpose = Purpose::remedy, .number = intent->episode, .attempt = intent->attempt};
        check.intended[to_string(run)] = clock_.now();
    }
    // The wall clock was set back: what it has shown already, it shows again.
    auto const& slot = check.now.status.last_slot;
    if (slot && before.status.last_slot && *slot < *before.status.last_slot) {
        check.slots.erase(check.slots.upper_bound(*slot), check.slots.end());
    }
    if (std::exchange(check.there, true)) booked(check, before.status);
}

void Referee::booked(Check& check, Status const& before) {
    auto const& after = check.now.status;
    if (after == before) return;
    count_write(check);
    if (after.total_runs != after.success_count + after.failed_count) blame(check, "totals do not add up");
    if (after.remedy_total_runs != after.remedy_success_count + after.remedy_failed_count) {
        blame(check, "totals of remedies do not add up");
    }
    auto const runs = runs_booked(after) - runs_booked(before);
    auto const counted = after.success_count + after.failed_count - before.success_count - before.failed_count;
    if (runs != counted || runs < 0 || runs > 1) {
        blame(check, fmt::format("{} runs were booked and {} counted in one write", runs, counted));
    } else if (runs == 1) {
        booked_run(check, before);
    }
    if (before.remedy_total_runs > 0 && after.remedy_status == reset_because_elapsed && after.remedy_total_runs == 0) {
        if (since_last_remedy(check) < check.now.spec.remedy_reset_interval) blame(check, "remedies were reset early");
        check.remedies.since_reset = 0;
    }
    auto const remedies = after.remedy_attempt - before.remedy_attempt;
    bool const same_episode = after.remedy_episode == before.remedy_episode;
    if (same_episode && remedies > 1) blame(check, "two remedies were booked in one write");
    // An attempt that may have run, and that nobody saw, counts as one and has no result.
    bool const has_result =
        after.remedy_total_runs > before.remedy_total_runs || after.remedy_triggered_at != before.remedy_triggered_at;
    if (same_episode && remedies == 1 && has_result) booked_remedy(check, before);
    if (same_episode && remedies == 1) {
        ended_remedy(check,
                     {.purpose = Purpose::remedy, .number = after.remedy_episode, .attempt = after.remedy_attempt});
    }
}

// Whoever computes a status from what it has just written never comes to rest.
void Referee::count_write(Check& check) {
    check.writes.push_back(clock_.now());
    if (check.writes.size() <= most_writes) return;
    check.writes.pop_front();
    if (contention_ || clock_.now() - check.writes.front() > seconds(10)) return;
    blame(check, "its status is written over and over");
    check.writes.clear();
}

void Referee::booked_run(Check& check, Status const& before) {
    auto const& after = check.now.status;
    ++check.booked;
    ++runs_;
    check.last_booked = clock_.now();
    RunId const run{.purpose = Purpose::check, .number = runs_booked(after)};
    bool const succeeded = after.success_count > before.success_count;
    auto& remedies = check.remedies;
    if (succeeded) {
        remedies = {.ended = remedies.ended, .booked = remedies.booked};
    } else if (after.error_message != "workflow deleted before it ended" &&
               std::exchange(remedies.ran_since_check, false)) {
        ++remedies.unhelpful;
    }
    auto const& current = before.current;
    bool const recorded = current && current->run == run;
    auto const slot = recorded ? std::optional(current->slot) : after.last_slot;
    if (!check.now.spec.cron.empty() && slot && !check.slots.insert(*slot).second) {
        blame(check, fmt::format("the slot {} was booked twice", format_rfc3339(*slot)));
    }
    auto const& name = succeeded ? after.last_successful_workflow : after.last_failed_workflow;
    auto const& workflows = check.workflows[to_string(run)];
    bool const timed_out = !succeeded && after.error_message == "Failed";
    auto const found = std::find_if(workflows.rbegin(), workflows.rend(), [&](auto const& each) {
        return recorded ? each.uid == current->uid
                        : each.name == name && (timed_out || (each.phase == "Succeeded") == succeeded);
    });
    bool const native = !recorded && name.empty();  // the spec may have become another since it began
    if (native || check.now.spec.native()) return;
    if (found == workflows.rend()) {
        return blame(check, fmt::format("{} was booked, but {} never ran", to_string(run), name));
    }
    if (succeeded && found->phase != "Succeeded") blame(check, fmt::format("{} did not succeed", name));
    if (!succeeded && found->phase == "Succeeded" && !timed_out) blame(check, fmt::format("{} did not fail", name));
    if (!succeeded && !found->ended() && !found->deleted && !timed_out) {
        blame(check, fmt::format("{} had not ended", name));
    }
}

void Referee::booked_remedy(Check& check, Status const& before) {
    auto const& after = check.now.status;
    ++remedies_;
    RunId const run{.purpose = Purpose::remedy, .number = after.remedy_episode, .attempt = after.remedy_attempt};
    auto const id = to_string(run);
    auto const& workflows = check.workflows[id];
    if (workflows.empty()) blame(check, fmt::format("{} was booked and never ran", id));
    // The six fields may be cleared in the patch that books.
    bool const succeeded = after.remedy_status == "Succeeded";
    bool const unended = after.remedy_error_message == "Failed" ||  // timed out
                         after.remedy_error_message == "workflow deleted before it ended";
    bool const recorded = before.current && before.current->run == run;
    auto const matches = [&](Workflow const& each) {
        if (recorded && each.uid != before.current->uid) return false;
        return succeeded ? each.phase == "Succeeded" : unended || (each.ended() && each.phase != "Succeeded");
    };
    if (!workflows.empty() && std::ranges::none_of(workflows, matches)) {
        blame(check, fmt::format("{} was booked as {}, and its Workflow says \"{}\"", id, after.remedy_status,
                                 workflows.back().phase));
    }
    check.remedies.ended = after.remedy_finished_at;
    check.remedies.booked = clock_.now();
    ++check.remedies.since_reset;  // one whose result was lost counts for nothing, as in the status
}

void Referee::ended_remedy(Check& check, RunId const& run) {
    auto const& workflows = check.workflows[to_string(run)];
    if (workflows.empty()) return;
    auto const& first = workflows.front();
    policy_.ended({.uid = check.now.uid, .ns = check.now.ns, .wall = first.created_wall, .steady = first.created});
}

// --- Workflows ----------------------------------------------------------------------------------------------------

void Referee::hear_workflow(kube::fake::Change const& change) {
    auto const& object = change.after ? *change.after : *change.before;
    auto const run = parse_run_id(annotation(object, run_annotation));
    if (!run) return;
    auto& check = checks_[annotation(object, uid_annotation)];
    auto& workflows = check.workflows[to_string(*run)];
    auto const uid = get_string(object, "metadata.uid");
    auto found = std::find_if(workflows.begin(), workflows.end(), [&](auto const& w) { return w.uid == uid; });
    if (found == workflows.end()) {
        Workflow const workflow{.uid = uid,
                                .name = change.key.name,
                                .ns = change.key.ns,
                                .run = *run,
                                .phase = "",
                                .created = clock_.now(),
                                .created_wall = clock_.wall()};
        created(check, workflow);
        workflows.push_back(workflow);
        return;
    }
    found->phase = get_string(object, "status.phase");
    found->deleted = !change.after;
}

void Referee::created(Check& check, Workflow const& workflow) {
    auto const id = to_string(workflow.run);
    // That a name is taken does not stop a Workflow which was asked for before an edit, or by one of two without an
    // election that has not heard of it; nothing can.
    bool const under_way = contention_ || late_.contains(workflow.name) || was_right(workflow.name);
    for (auto const& other : check.workflows[id]) {
        bool const excused = under_way || late_.contains(other.name);
        if (excused && renamed_between(check, workflow, other)) return;
        // One that is gone, and whose end nobody saw, is made again.
        if (!other.deleted) blame(check, fmt::format("{} is made as {} beside {}", id, workflow.name, other.name));
    }
    if (!check.there) return;  // collected soon
    if (workflow.run.purpose == Purpose::remedy) return created_remedy(check, workflow);
    check.made = clock_.now();
    auto const booked = runs_booked(check.now.status);
    // One that was deleted and booked while its create was under way once more comes back, and is nobody's.
    bool const comes_back = workflow.run.number <= booked && was_right(workflow.name) && !check.workflows[id].empty();
    if (comes_back) return;
    if (workflow.run.number != booked + 1) {
        blame(check, fmt::format("{} is made although {} runs are booked", id, booked));
    }
    for (auto const& [other, list] : check.workflows) {
        for (auto const& each : list) {
            bool const old = each.run.purpose == Purpose::check && each.run.number <= booked;
            if (other == id || each.deleted || each.ended() || old) continue;
            if (each.run.purpose == Purpose::remedy && !check.now.status.intent) continue;  // timed out, or given up
            blame(check, fmt::format("{} is made while {} runs", id, each.name));
        }
    }
}

// By whichever clock it is longer ago: the wall clock is set in both directions.
Duration Referee::since_last_remedy(Check const& check) const {
    auto const& remedies = check.remedies;
    if (!remedies.ended) return Duration::max();
    return std::max<Duration>(clock_.wall() - *remedies.ended, clock_.now() - remedies.booked);
}

bool Referee::was_right(std::string const& name) const {
    auto const found = right_at_.find(name);
    return found != right_at_.end() && clock_.now() < found->second + longest_way;
}

// An edit has renamed Workflows, or moved them to another namespace, and each of the two is as one side of it says.
bool Referee::renamed_between(Check const& check, Workflow const& one, Workflow const& other) const {
    std::vector<HealthCheck const*> versions{&check.now};
    for (auto const& each : check.former) {
        if (each.until + longest_way >= clock_.now()) versions.push_back(&each.check);
    }
    auto const fits = [](HealthCheck const& version, Workflow const& workflow) {
        auto const& spec = workflow.run.purpose == Purpose::check ? version.spec.workflow : version.spec.remedy;
        if (workflow.ns != spec.ns) return false;
        for (int collision = 0; collision < 8; ++collision) {
            auto const name = workflow_name(version, workflow.run, collision);
            if (name && *name == workflow.name) return true;
        }
        return false;
    };
    auto const fits_only = [&](Workflow const& workflow, Workflow const& not_that) {
        return std::ranges::any_of(versions, [&](auto const* v) { return fits(*v, workflow) && !fits(*v, not_that); });
    };
    return fits_only(one, other) && fits_only(other, one);
}

bool Referee::remedy_is_asked_for(Check const& check, RunId const& run) const {
    auto const& intent = check.now.status.intent;
    return intent && intent->episode == run.number && intent->attempt == run.attempt &&
           clock_.wall() < intent->expires + times_have_seconds && check.now.status.status == "Failed";
}

void Referee::created_remedy(Check& check, Workflow const& workflow) {
    auto const id = to_string(workflow.run);
    auto const& spec = check.now.spec;
    auto const& status = check.now.status;
    bool const right_then = was_right(workflow.name);
    bool const stale = contention_ && clock_.now() < check.intended[id] + longest_way;  // the other has dropped it
    if (!right_then && !stale && !remedy_is_asked_for(check, workflow.run)) {
        blame(check, fmt::format("nobody asked for {}", id));
    }
    // Deleted and booked while its create was under way once more, it comes back, and is nobody's.
    if (right_then && !check.workflows[id].empty()) return;
    // It was looked for, not found and given up; it comes later still, and nobody could count it.
    if (late_.contains(workflow.name) && !remedy_is_asked_for(check, workflow.run)) return;
    auto& remedies = check.remedies;
    auto const limit = spec.remedy_runs_limit;
    auto const ago = since_last_remedy(check);
    if (limit != 0 && spec.remedy_reset_interval != seconds(0) && remedies.since_reset >= limit) {
        if (ago < spec.remedy_reset_interval) {
            blame(check, fmt::format("{} is beyond remedyRunsLimit {}", id, limit));
        }
        remedies.since_reset = 0;
    }
    if (status.consecutive_failures < spec.failure_threshold && !right_then) {
        blame(check, fmt::format("{} is below failureThreshold", id));
    }
    if (spec.cooldown && ago < *spec.cooldown - times_have_seconds)
        blame(check, fmt::format("{} is within cooldown", id));
    if (spec.remedy_breaker && remedies.unhelpful >= 2) blame(check, fmt::format("{} passes the breaker", id));
    remedies.ran_since_check = true;
}

void Referee::sent(kube::Request const& request) {
    if (request.method != "POST" || request.path.find("/workflows") == std::string::npos) return;
    auto const body = json::parse(request.body).as_object();
    auto const run = parse_run_id(annotation(body, run_annotation));
    auto const check = checks_.find(annotation(body, uid_annotation));
    if (!run || check == checks_.end()) return;
    bool const right = run->purpose == Purpose::remedy ? remedy_is_asked_for(check->second, *run)
                                                       : run->number == runs_booked(check->second.now.status) + 1;
    if (right) right_at_[get_string(body, "metadata.name")] = clock_.now();
    if (run->purpose == Purpose::remedy && check->second.there) sent_remedy(check->second, *run);
}

// It is decided when it leaves: what is sent again was under way.
void Referee::sent_remedy(Check& check, RunId const& run) {
    auto const id = to_string(run);
    if (!check.sent.insert(id).second) return;
    if (check.dry_since && (*check.dry_since == TimePoint::min() || clock_.now() > *check.dry_since + time_to_hear)) {
        blame(check, fmt::format("{} is sent although the check says dryRun", id));
    }
    std::vector<PolicyJudge::Remedy> under_way;
    std::vector<std::string> remedied;
    for (auto const& [uid, each] : checks_) {
        bool const counted = each.there || clock_.now() - each.gone_at <= time_to_hear;
        if (counted && !each.now.spec.remedy.empty()) remedied.push_back(each.now.ns);
        auto const& current = each.now.status.current;
        if (!each.there || !current || current->run.purpose != Purpose::remedy) continue;
        under_way.push_back({.uid = uid, .ns = each.now.ns, .under_way = true});
    }
    auto const why = policy_.objection(check.now, under_way, remedied, !contention_);
    if (why) blame(check, fmt::format("{} is sent, and {}", id, *why));
}

void Referee::comes_late(kube::Request const& request) {
    if (request.method != "POST" || request.path.find("/workflows") == std::string::npos) return;
    late_.insert(get_string(json::parse(request.body), "metadata.name"));
}

void Referee::clock_was_set() {
    policy_.clock_was_set();
    set_at_ = clock_.now();
}

std::size_t Referee::workflows() const {
    std::size_t made = 0;
    for (auto const& [uid, check] : checks_) {
        for (auto const& [run, workflows] : check.workflows) made += workflows.size();
    }
    return made;
}

std::int64_t Referee::runs_of(std::string const& name) const {
    std::int64_t runs = 0;
    for (auto const& [uid, check] : checks_) runs += check.now.name == name ? check.booked : 0;
    return runs;
}

// --- at every time ------------------------------------------------------------------------------------------------

void Referee::look() {
    for (auto& [uid, check] : checks_) look(check);
}

// From one end of a run to the next, whatever may come between; not whether the API server can be written to.
Duration Referee::longest_silence(Check const& check) const {
    auto const& spec = check.now.spec;
    bool const ticks = spec.repeat_after <= seconds(0);
    Duration const period = ticks ? Duration(longest_tick) : Duration(spec.repeat_after);
    Duration const timeout = effective_timeout(spec, clock_.wall()).value_or(seconds(60));
    // While it waits to begin its check counts as overdue, and while it runs it does not.
    Duration const remedy =
        spec.remedy.empty() ? seconds(0) : remedy_timeout(spec, clock_.wall()).value_or(seconds(60));
    return period + timeout + remedy + most_lateness;
}

void Referee::look(Check& check) {
    auto const now = clock_.now();
    if (!check.there) {
        // Argo collects what has ended after a while; we blame before that.
        if (calm_ == TimePoint::max() || now < std::max(calm_, check.gone_at) + most_lateness) return;
        for (auto& [run, workflows] : check.workflows) {
            for (auto& each : workflows) {
                if (each.deleted || now < each.created + most_lateness) continue;
                blame(check, fmt::format("is gone, and {}/{} is left behind", each.ns, each.name));
                each.deleted = true;  // once
            }
        }
        return;
    }
    auto const& status = check.now.status;
    auto const heard = std::max(
        {check.spec_changed, set_at_, check.made, check.remedies.booked, check.last_booked.value_or(TimePoint{})});
    if (check.now.spec.paused() || now < heard + longest_silence(check)) return;
    auto const* const ready = find_condition(status, "Ready");
    auto const* const progressing = find_condition(status, "Progressing");
    // Ticks that a clock which was set back has passed already do not come twice.
    bool const ticks = check.now.spec.repeat_after <= seconds(0);
    bool const ahead = ticks && status.next_run_time && *status.next_run_time > clock_.wall();
    bool const told = ahead || (ready && !ready->is_true) || (progressing && progressing->reason == "Queued");
    if (!metrics_say) return;
    auto const says = told ? Says::overdue : metrics_say(check.now, longest_silence(check));
    if (says == Says::nobody_acts) return;
    if (says == Says::overdue) check.told = now;
    // What was late, and said so, runs at last, and then its end is to be written.
    auto const longest_run = effective_timeout(check.now.spec, clock_.wall()).value_or(seconds(60));
    if (check.told && now < *check.told + longest_run + most_lateness) return;
    blame(check,
          fmt::format("has not run for {} s, and nobody says so", std::chrono::floor<seconds>(now - heard).count()));
    check.spec_changed = now;  // once
}

// --- in the end ---------------------------------------------------------------------------------------------------

void Referee::calm_begins() {
    calm_ = clock_.now();
}

void Referee::finish() {
    for (auto const& [uid, check] : checks_) {
        if (check.there) finish(check);
    }
}

bool Referee::all_places_are_taken() const {
    auto const runs = [](auto const& each) { return each.second.there && each.second.now.status.current.has_value(); };
    return places_ && std::ranges::count_if(checks_, runs) >= static_cast<std::ptrdiff_t>(*places_);
}

void Referee::finish(Check const& check) {
    auto const& status = check.now.status;
    if (status.total_runs != check.booked) {
        blame(check, fmt::format("{} runs are counted, and {} were booked", status.total_runs, check.booked));
    }
    if (check.now.spec.paused()) {
        if (status.status != "Stopped") blame(check, "is paused and does not say so");
        return;
    }
    auto const* const ready = find_condition(status, "Ready");
    auto const* const progressing = find_condition(status, "Progressing");
    bool const waits = progressing && progressing->reason == "Queued" && all_places_are_taken();
    if (waits || (ready && !ready->is_true)) return;  // it says why
    auto const timeout = effective_timeout(check.now.spec, clock_.wall()).value_or(seconds(60));
    auto const remedy = check.now.spec.remedy.empty()
                            ? seconds(0)
                            : remedy_timeout(check.now.spec, clock_.wall()).value_or(seconds(60));
    if (status.current) {
        auto const age = clock_.wall() - status.current->created;
        if (age > std::max(timeout, remedy) + most_lateness)
            blame(check, fmt::format("{} is not given up", status.current->name));
        return;
    }
    if (!status.next_run_time) return blame(check, "does not say when it runs next");
    if (clock_.wall() > *status.next_run_time + most_lateness) {
        blame(check, fmt::format("was to run at {} and did not", format_rfc3339(*status.next_run_time)));
    }
    auto const period = check.now.spec.repeat_after;
    auto const since = std::max({calm_, check.spec_changed, check.last_booked.value_or(TimePoint{})});
    if (period > seconds(0) && clock_.now() > since + period + timeout + remedy + most_lateness) {
        blame(check, fmt::format("has not run for {} s", std::chrono::floor<seconds>(clock_.now() - since).count()));
    }
    for (auto const& [run, workflows] : check.workflows) {
        for (auto const& each : workflows) {
            bool const ahead = each.run.purpose == Purpose::check && each.run.number > runs_booked(status) + 1;
            if (ahead) blame(check, fmt::format("{} is nobody's", each.name));
        }
    }
}

}  // namespace vedette::op::simulation
