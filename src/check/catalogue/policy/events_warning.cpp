// events-warning: how much the cluster complains. Events are aggregated by their writers, so one object with a count
// stands for many; of a count that began before the window, the window's share is taken.

#include "base/duration.hpp"
#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/policy/policy.hpp"
#include "check/catalogue/reads_of.hpp"
#include "check/objects/event.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"window", ParamKind::duration, "\"1h\"", "events longer ago than this are forgotten", 1},
    {"warning", ParamKind::integer, "50", "events in the window", 1, 1e9},
    {"critical", ParamKind::integer, "200", "events in the window", 1, 1e9},
    {"reasons", ParamKind::object, "{}",
     "limits of single reasons: {\"FailedMount\": 5} is a warning from 5 events on"},
};

std::int64_t count_in_window(Event const& event, Duration window, WallTime now) {
    if (!event.last || now - *event.last > window) return 0;
    auto const begin = now - window;
    if (!event.first || *event.first >= begin || *event.last <= *event.first) return event.count;
    auto const share = std::chrono::duration<double>(*event.last - begin) / (*event.last - *event.first);
    return std::max<std::int64_t>(1, std::llround(share * static_cast<double>(event.count)));
}

struct Seen {
    std::int64_t count = 0;
    Event const* latest = nullptr;
    std::optional<WallTime> first;
};

using ByObject = std::map<std::tuple<std::string_view, std::string_view, std::string_view, std::string_view>, Seen>;

std::string top_reasons(std::vector<std::pair<std::string_view, std::int64_t>> const& reasons) {
    std::string text;
    for (std::size_t i = 0; i < std::min<std::size_t>(3, reasons.size()); ++i) {
        fmt::format_to(std::back_inserter(text), "{}{} {}", i ? ", " : "", reasons[i].second, reasons[i].first);
    }
    if (reasons.size() > 3) fmt::format_to(std::back_inserter(text), " and {} other reasons", reasons.size() - 3);
    return text;
}

// The first reason that breaks a limit of its own.
std::string_view over_limit(std::vector<std::pair<std::string_view, std::int64_t>> const& reasons,
                            boost::json::object const& limits) {
    for (auto const& [reason, count] : reasons) {
        auto const* limit = limits.if_contains(reason);
        if (limit && limit->is_number() && static_cast<double>(count) >= limit->to_number<double>()) return reason;
    }
    return {};
}

std::string bad_parameter(Params const& params) {
    for (auto const& [reason, limit] : params.with.at("reasons").as_object()) {
        if (!limit.is_number()) return fmt::format("reasons.{} must be a number", std::string_view(reason));
    }
    return {};
}

Outcome judge(View const& view, Params const& params, WallTime now) {
    auto const window = params.duration("window");
    auto const warning = params.integer("warning");
    auto const critical = params.integer("critical");
    ByObject by_object;
    std::map<std::string_view, std::int64_t> by_reason;
    std::int64_t total = 0;
    std::int64_t checked = 0;
    for (auto const* event : view.list<Event>()) {
        if (!event->is_warning) continue;
        ++checked;
        auto const count = count_in_window(*event, window, now);
        if (!count) continue;
        total += count;
        by_reason[event->reason] += count;
        auto& seen = by_object[{event->object_kind, event->object_ns, event->object_name, event->reason}];
        seen.count += count;
        if (!seen.latest || seen.latest->last < event->last) seen.latest = event;
        if (!seen.first || (event->first && *event->first < *seen.first)) seen.first = event->first;
    }

    std::vector<std::pair<std::string_view, std::int64_t>> reasons(by_reason.begin(), by_reason.end());
    std::sort(reasons.begin(), reasons.end(), [](auto const& a, auto const& b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    auto status = total >= critical ? Status::critical : total >= warning ? Status::warning : Status::ok;
    auto const* limits = params.with.if_contains("reasons");
    auto const broken = limits && limits->is_object() ? over_limit(reasons, limits->get_object()) : std::string_view();
    if (status == Status::ok && !broken.empty()) status = Status::warning;

    Findings findings(params.max_failures_listed);
    if (status != Status::ok) {
        for (auto const& [key, seen] : by_object) {
            auto const& [kind, ns, name, reason] = key;
            Finding finding{.kind = kind, .ns = ns, .name = name, .status = status, .reason = reason};
            finding.message = [&] {
                return fmt::format("had {} {} events: {}", seen.count, reason, seen.latest->message);
            };
            finding.since = seen.first;
            findings.add(finding);
        }
    }
    auto const said = fmt::format("{} Warning events within {}", total, format_duration(window));
    auto outcome = std::move(findings).conclude(checked, said, now);
    if (status != Status::ok) {
        outcome.message = fmt::format("{}: {}", said, top_reasons(reasons));
        outcome.reason =
            broken.empty() || total >= std::min(warning, critical) ? "TooManyWarnings" : std::string(broken);
    }
    boost::json::object counts;
    for (std::size_t i = 0; i < std::min<std::size_t>(20, reasons.size()); ++i)
        counts[reasons[i].first] = reasons[i].second;
    outcome.details["by_reason"] = std::move(counts);
    outcome.measurements = {{"warning_events", static_cast<double>(total)}};
    outcome.thresholds = {{"warning_events", warning, critical}};
    return outcome;
}

}  // namespace

CheckType const events_warning{
    .name = "events-warning",
    .group = "policy",
    .summary = "Many Warning events within the window, by reason",
    .explain =
        "A noisy neighbour of the other checks: it shows trouble that none of them names, such as "
        "FailedCreatePodSandBox, SystemOOM or Rebooted. Events are aggregated by their writers; of a count that "
        "began before the window, the window's share is taken. Source: Kuberhealthy (1h).",
    .critical = "there were `critical` Warning events within the window",
    .warning = "there were `warning` of them, or one reason reached its own limit under `reasons`",
    .causes =
        "what the message counts first: the reasons stand there by number\n"
        "one object that complains every few seconds: the failures name it",
    .next =
        "kubectl get events -A --field-selector type=Warning --sort-by=.lastTimestamp  # the latest last\n"
        "kubectl get events -A --field-selector reason=REASON  # one reason only\n"
        "kubectl events -n NS --for pod/POD  # one object only",
    .companions = "pods-image-pull pods-unschedulable pods-config-error pods-crashloop jobs-failed",
    .with = with,
    .needs = reads_of<Event>,
    .judge = judge,
    .bad_parameter = bad_parameter,
};

}  // namespace vedette::check
