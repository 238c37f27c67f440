// What a machine keeps of its HealthCheck, and how it changes the status: by a patch with the version it was computed
// from.

#include "base/hash.hpp"
#include "base/json.hpp"
#include "operator/machine.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::op {
namespace {

namespace json = boost::json;

constexpr auto first_backoff = std::chrono::seconds(1);
constexpr auto longest_backoff = std::chrono::seconds(300);
constexpr auto longest_pause_for_a_server = std::chrono::seconds(30);
constexpr auto longest_correction = std::chrono::hours(1);  // of a clock, for which a check on ticks may be silent

// RFC 7386: what makes `before` into `after`.
json::object merge_patch(json::object const& before, json::object const& after) {
    json::object patch;
    for (auto const& [key, value] : after) {
        auto const* old = before.if_contains(key);
        if (!old || *old != value) patch[key] = value;
    }
    for (auto const& [key, value] : before) {
        if (!after.contains(key)) patch[key] = nullptr;
    }
    return patch;
}

}  // namespace

bool is_passing(Errc code) {
    switch (code) {
        case Errc::dns_failure:
        case Errc::refused:
        case Errc::unreachable:
        case Errc::timed_out:
        case Errc::reset:
        case Errc::closed:
        case Errc::tls_failure:
        case Errc::proxy_failure:
        case Errc::too_many_requests:
        case Errc::unavailable:
            return true;
        default:
            return false;
    }
}

// What failed is tried again with a growing pause; why stands in the status once, not at every try.
void Machine::stumble(std::string reason, std::string message, bool passing) {
    tell(true, reason, message);
    auto status = check_.status;
    set_condition(status, run_->id.purpose == Purpose::check ? "Ready" : "Remediating", false, std::move(reason),
                  std::move(message), now_.wall);
    // What was not sent gives its place to others until it is tried again.
    if (!run_->sent && run_->stage <= Stage::checks) run_->stage = Stage::queue;
    retry(passing);
    write_if_changed(std::move(status));
}

// Not all checks at the same instant, and not long after the API server is back.
void Machine::retry(bool passing) {
    auto const longest = passing ? longest_pause_for_a_server : longest_backoff;
    Duration pause = std::min<Duration>(longest, first_backoff * (1LL << std::min(stumbles_, 9)));
    if (passing) pause -= pause / 4 * static_cast<Duration::rep>(stable_hash(check_.uid) % 256) / 256;
    ++stumbles_;
    retry_at_ = now_.steady + pause;
    // A check that waits for its time does not oversleep it for a status that could not be written.
    if (!run_ && due_) pause = std::min(pause, std::max(Duration(first_backoff), Duration(*due_ - now_.wall)));
    wake_in(pause);
}

bool Machine::take(json::object const& object) {
    auto check = read_health_check(object);
    if (check.uid != check_.uid) return false;
    // What is wrong with another spec, the informer's owner will say when it has it.
    if (check.spec != check_.spec) check.spec = std::exchange(check_.spec, {});
    check_ = std::move(check);
    return true;
}

void Machine::keep_ours(Status& status, Status const& ours) {
    status.run_number = ours.run_number;
    status.remedy_episode = ours.remedy_episode;
    status.remedy_attempt = ours.remedy_attempt;
    status.consecutive_failures = ours.consecutive_failures;
    status.observed_generation = ours.observed_generation;
    status.last_slot = ours.last_slot;
    status.next_run_time = ours.next_run_time;
    status.current = ours.current;
    status.intent = ours.intent;
    status.remedy_unhelpful = ours.remedy_unhelpful;
    status.recent_remedies = ours.recent_remedies;
    status.conditions = ours.conditions;
}

void Machine::write(Status status) {
    status.observed_generation = check_.generation;
    waiting_ = true;
    auto patch = merge_patch(status_object(check_.status), status_object(status));
    // Whether the CRD still drops our fields shows in the answer.
    if (prunes_) patch["observedGeneration"] = status.observed_generation;
    actions_.emplace_back(WriteStatus{std::move(patch), check_.resource_version});
    written_ = std::move(status);
}

bool Machine::write_if_changed(Status status) {
    status.observed_generation = check_.generation;
    if (status == check_.status) return false;
    write(std::move(status));
    return true;
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
    take_back(status.finished_at, second);
    take_back(status.last_slot, second);
}

bool Machine::is_booked(RunId const& id) const {
    auto const& status = check_.status;
    if (id.purpose == Purpose::check) return std::max(status.run_number, status.total_runs) >= id.number;
    return status.remedy_episode > id.number ||
           (status.remedy_episode == id.number && status.remedy_attempt >= id.attempt);
}

bool Machine::is_ours(json::object const& workflow) const {
    auto const* annotations = find(workflow, "metadata.annotations");
    auto const* object = annotations ? annotations->if_object() : nullptr;
    if (!object) return false;
    auto const says = [object](std::string_view key, std::string_view value) {
        auto const* text = object->if_contains(key);
        return text && text->is_string() && text->get_string() == value;
    };
    if (!says(uid_annotation, check_.uid) || !says(run_annotation, to_string(run_->id))) return false;
    if (get_string(workflow, "metadata.namespace") != check_.ns) return true;
    auto const* owners = find(workflow, "metadata.ownerReferences");
    if (!owners || !owners->is_array()) return false;
    return std::any_of(owners->get_array().begin(), owners->get_array().end(), [this](json::value const& owner) {
        return get_bool(owner, "controller") && get_string(owner, "uid") == check_.uid;
    });
}

bool Machine::can_run() const {
    return std::none_of(problems_.begin(), problems_.end(),
                        [](auto const& problem) { return problem.severity == Problem::Severity::error; });
}

void Machine::wake_in(Duration delay) {
    actions_.emplace_back(WakeAt{now_.steady + delay});
}

void Machine::tell(bool warning, std::string reason, std::string message) {
    auto line = fmt::format("{}: {}", reason, message);
    if (line == told_) return;
    told_ = std::move(line);
    actions_.emplace_back(Tell{warning, std::move(reason), std::move(message)});
}

}  // namespace vedette::op
