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
    retry(passing);
    write_if_changed(std::move(status));
}

void Machine::fall_back(std::string reason, std::string message, bool passing) {
    run_->stage = stage::Queued{};
    stumble(std::move(reason), std::move(message), passing);
}

// Not all checks at the same instant, and not long after the API server is back.
void Machine::retry(bool passing) {
    auto const longest = passing ? longest_pause_for_a_server : longest_backoff;
    Duration pause = std::min<Duration>(longest, first_backoff * (1LL << std::min(stumbles_, 9)));
    if (passing) pause -= pause / 4 * static_cast<Duration::rep>(stable_hash(check_.uid) % 256) / 256;
    ++stumbles_;
    retry_at_ = now_.steady + pause;
    // A check that waits for its time does not oversleep it for a status that could not be written.
    if (!run_ && planned_) pause = std::min(pause, std::max(Duration(first_backoff), Duration(*planned_ - now_.wall)));
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

// What the server tells of a status, with our fields again, which its CRD drops. A write that had no answer was done if
// everything else stands as it wanted it; then our fields are as it wanted them, too.
void Machine::restore_ours(Status const& kept) {
    if (unanswered_) {
        auto done = check_.status;
        keep_ours(done, *unanswered_);
        if (status_object(done) == status_object(*unanswered_)) {
            check_.status = std::move(done);
            unanswered_.reset();
            return;
        }
    }
    keep_ours(check_.status, kept);
}

void Machine::write(Status status) {
    status.observed_generation = check_.generation;
    auto const wanted = status_object(status);
    auto patch = merge_patch(status_object(check_.status), wanted);
    // Whether the CRD still drops our fields shows in the answer. Where it does not, the server hears of all of them.
    if (prunes_) {
        Status ours;
        keep_ours(ours, status);
        for (auto const& [key, value] : status_object(ours)) patch[key] = wanted.at(key);
    }
    actions_.emplace_back(WriteStatus{std::move(patch), check_.resource_version});
    awaited_ = Write{std::move(status)};
}

bool Machine::write_if_changed(Status status) {
    status.observed_generation = check_.generation;
    if (status == check_.status) return false;
    write(std::move(status));
    return true;
}

bool Machine::is_booked(RunId const& id) const {
    auto const& status = check_.status;
    if (id.purpose == Purpose::check) return std::max(status.run_number, status.total_runs) >= id.number;
    bool const is_current = status.current && status.current->run == id;
    return !is_current && remedy_is_over(status, id.number, id.attempt);
}

void Machine::ask(Action request) {
    awaited_ = Answer{};
    actions_.push_back(std::move(request));
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
