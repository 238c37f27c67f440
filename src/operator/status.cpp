// Status in both directions. A status that somebody garbled reads as far as it makes sense: what is lost is at most a
// run that is done again.

#include "base/json.hpp"
#include "base/redact.hpp"
#include "base/time_format.hpp"
#include "operator/bounded.hpp"
#include "operator/health_check.hpp"

#include <fmt/format.h>

#include <charconv>

namespace vedette::op {
namespace {

namespace json = boost::json;

// More than anything was ever counted to, and exact as a JSON number. What lies beyond counts as absent: one more of it
// would be no number at all.
constexpr std::int64_t most_counted = 1'000'000'000'000'000;

std::int64_t counted(std::optional<std::int64_t> number) {
    return number && *number >= 0 && *number <= most_counted ? *number : 0;
}

std::string format_second(WallTime when) {
    return format_rfc3339(std::chrono::floor<std::chrono::seconds>(when));
}

std::optional<WallTime> time_at(json::object const& object, std::string_view path) {
    auto const* text = find(object, path);
    if (!text || !text->is_string() || text->get_string().empty()) return std::nullopt;
    auto const time = parse_rfc3339(text->get_string());
    return time ? std::optional(*time) : std::nullopt;
}

// One table for both directions: what a member is called in the API.
template <class S, class Visitor>
void each_member(S& s, Visitor&& visit) {
    visit("errorMessage", s.error_message);
    visit("remedyErrorMessage", s.remedy_error_message);
    visit("startedAt", s.started_at);
    visit("finishedAt", s.finished_at);
    visit("lastFailedAt", s.last_failed_at);
    visit("remedyTriggeredAt", s.remedy_triggered_at);
    visit("remedyFinishedAt", s.remedy_finished_at);
    visit("remedyLastFailedAt", s.remedy_last_failed_at);
    visit("lastFailedWorkflow", s.last_failed_workflow);
    visit("lastSuccessfulWorkflow", s.last_successful_workflow);
    visit("successCount", s.success_count);
    visit("failedCount", s.failed_count);
    visit("remedySuccessCount", s.remedy_success_count);
    visit("remedyFailedCount", s.remedy_failed_count);
    visit("remedyTotalRuns", s.remedy_total_runs);
    visit("totalHealthCheckRuns", s.total_runs);
    visit("status", s.status);
    visit("remedyStatus", s.remedy_status);
    visit("runNumber", s.run_number);
    visit("remedyEpisode", s.remedy_episode);
    visit("remedyAttempt", s.remedy_attempt);
    visit("consecutiveFailures", s.consecutive_failures);
    visit("observedGeneration", s.observed_generation);
    visit("lastSlot", s.last_slot);
    visit("nextRunTime", s.next_run_time);
    visit("remedyUnhelpful", s.remedy_unhelpful);
    visit("recentRemedies", s.recent_remedies);
}

struct ReadMember {
    json::object const& object;
    void operator()(char const* name, std::string& member) const { member = get_string(object, name); }
    void operator()(char const* name, std::int64_t& member) const { member = counted(get_int(object, name)); }
    void operator()(char const* name, std::optional<WallTime>& member) const { member = time_at(object, name); }
    void operator()(char const* name, std::vector<WallTime>& member) const {
        auto const* list = object.if_contains(name);
        if (!list || !list->is_array()) return;
        for (auto const& item : list->get_array()) {
            auto const time = parse_rfc3339(get_string(item, ""));
            if (time && member.size() < most_recent_remedies) member.push_back(*time);
        }
    }
};

struct WriteMember {
    json::object& object;
    void operator()(char const* name, std::string const& member) const {
        if (!member.empty()) object[name] = member;
    }
    void operator()(char const* name, std::int64_t const& member) const {
        if (member != 0) object[name] = member;
    }
    void operator()(char const* name, std::optional<WallTime> const& member) const {
        if (member) object[name] = format_second(*member);
    }
    void operator()(char const* name, std::vector<WallTime> const& member) const {
        if (member.empty()) return;
        json::array times;
        for (auto const time : member) times.emplace_back(format_second(time));
        object[name] = std::move(times);
    }
};

std::optional<CurrentWorkflow> read_current(json::object const& status) {
    auto const run = parse_run_id(get_string(status, "currentWorkflow.run"));
    auto const slot = time_at(status, "currentWorkflow.slot");
    auto const created = time_at(status, "currentWorkflow.createdAt");
    CurrentWorkflow current{.ns = get_string(status, "currentWorkflow.namespace"),
                            .name = get_string(status, "currentWorkflow.name"),
                            .uid = get_string(status, "currentWorkflow.uid")};
    bool const whole = run && slot && created && !current.name.empty() && !current.ns.empty() && !current.uid.empty();
    if (!whole) return std::nullopt;
    current.run = *run;
    current.slot = *slot;
    current.created = *created;
    return current;
}

std::optional<RemedyIntent> read_intent(json::object const& status) {
    auto const episode = get_int(status, "remedyIntent.episode");
    auto const attempt = get_int(status, "remedyIntent.attempt");
    auto const expires = time_at(status, "remedyIntent.expiresAt");
    if (!episode || !attempt || !expires) return std::nullopt;
    return RemedyIntent{counted(episode), counted(attempt), *expires};
}

std::vector<StatusCondition> read_conditions(json::object const& status) {
    std::vector<StatusCondition> conditions;
    auto const* list = find(status, "conditions");
    if (!list || !list->is_array()) return conditions;
    for (auto const& item : list->get_array()) {
        auto const* object = item.if_object();
        if (!object) continue;
        conditions.push_back({.type = get_string(*object, "type"),
                              .is_true = get_string(*object, "status") == "True",
                              .reason = get_string(*object, "reason"),
                              .message = get_string(*object, "message"),
                              .since = time_at(*object, "lastTransitionTime").value_or(WallTime{})});
    }
    return conditions;
}

json::array conditions_array(Status const& status) {
    json::array conditions;
    for (auto const& condition : status.conditions) {
        conditions.push_back({{"type", condition.type},
                              {"status", condition.is_true ? "True" : "False"},
                              {"reason", condition.reason},
                              {"message", condition.message},
                              {"lastTransitionTime", format_second(condition.since)}});
    }
    return conditions;
}

}  // namespace

std::string to_string(RunId const& run) {
    if (run.purpose == Purpose::check) return fmt::format("check-{}", run.number);
    return fmt::format("remedy-{}-{}", run.number, run.attempt);
}

std::optional<RunId> parse_run_id(std::string_view text) {
    RunId run;
    if (text.starts_with("remedy-")) run.purpose = Purpose::remedy;
    if (run.purpose == Purpose::check && !text.starts_with("check-")) return std::nullopt;
    text.remove_prefix(text.find('-') + 1);
    auto const* const end = text.data() + text.size();
    auto parsed = std::from_chars(text.data(), end, run.number);
    if (parsed.ec == std::errc{} && run.purpose == Purpose::remedy && parsed.ptr != end && *parsed.ptr == '-') {
        parsed = std::from_chars(parsed.ptr + 1, end, run.attempt);
    }
    // Only the spelling of to_string: no signs, no leading zeros, no missing attempt.
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    if (counted(run.number) != run.number || counted(run.attempt) != run.attempt) return std::nullopt;
    auto const written = to_string(run);
    auto const begin =
        run.purpose == Purpose::check ? std::string_view("check-").size() : std::string_view("remedy-").size();
    return std::string_view(written).substr(begin) == text ? std::optional(run) : std::nullopt;
}

Status read_status(json::object const& object) {
    Status status;
    each_member(status, ReadMember{object});
    status.current = read_current(object);
    status.intent = read_intent(object);
    status.conditions = read_conditions(object);
    return status;
}

json::object status_object(Status const& status) {
    json::object object;
    object.reserve(32);
    each_member(status, WriteMember{object});
    if (auto const& current = status.current) {
        object["currentWorkflow"] = {{"run", to_string(current->run)},
                                     {"namespace", current->ns},
                                     {"name", current->name},
                                     {"uid", current->uid},
                                     {"slot", format_second(current->slot)},
                                     {"createdAt", format_second(current->created)}};
    }
    if (auto const& intent = status.intent) {
        object["remedyIntent"] = {
            {"episode", intent->episode}, {"attempt", intent->attempt}, {"expiresAt", format_second(intent->expires)}};
    }
    if (!status.conditions.empty()) object["conditions"] = conditions_array(status);
    return object;
}

void set_condition(Status& status, std::string_view type, bool is_true, std::string reason, std::string message,
                   WallTime now) {
    auto found = std::find_if(status.conditions.begin(), status.conditions.end(),
                              [&](auto const& condition) { return condition.type == type; });
    if (found == status.conditions.end()) {
        status.conditions.push_back({.type = std::string(type), .is_true = !is_true});
        found = std::prev(status.conditions.end());
    }
    if (found->is_true != is_true) found->since = std::chrono::floor<std::chrono::seconds>(now);
    found->is_true = is_true;
    found->reason = std::move(reason);
    found->message = bounded(redact(message));
}

StatusCondition const* find_condition(Status const& status, std::string_view type) {
    auto const found = std::find_if(status.conditions.begin(), status.conditions.end(),
                                    [&](auto const& condition) { return condition.type == type; });
    return found == status.conditions.end() ? nullptr : &*found;
}

}  // namespace vedette::op
