#include "cli/json_output.hpp"

#include "base/time_format.hpp"

namespace vedette::cli {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

value time_or_null(std::optional<WallTime> const& when) {
    return when ? value(format_rfc3339(*when, 3)) : value();
}

double seconds(Duration duration) {
    return static_cast<double>(duration.count()) / 1e9;
}

array failures_of(check::Outcome const& outcome) {
    array failures;
    for (auto const& failure : outcome.failures) {
        failures.push_back(object{{"kind", failure.kind},
                                  {"namespace", failure.ns ? value(*failure.ns) : value()},
                                  {"name", failure.name},
                                  {"status", check::to_string(failure.status)},
                                  {"reason", failure.reason},
                                  {"message", failure.message},
                                  {"since", time_or_null(failure.since)}});
    }
    return failures;
}

object check_object(check::CheckReport const& check) {
    auto const& outcome = check.outcome;
    object measurements;
    for (auto const& [name, number] : outcome.measurements) measurements[name] = number;
    object thresholds;
    for (auto const& limit : outcome.thresholds) {
        thresholds[limit.name] = object{{"warning", limit.warning}, {"critical", limit.critical}};
    }
    return {{"id", check.id},
            {"name", check.identity.name},
            {"type", check.identity.type},
            {"group", check.identity.group},
            {"service", check.identity.service},
            {"status", check::to_string(outcome.status)},
            {"healthy", check::is_healthy(outcome.status)},
            {"reason", outcome.reason},
            {"message", outcome.message},
            {"started_at", time_or_null(check.started_at)},
            {"finished_at", time_or_null(check.finished_at)},
            {"duration_seconds", seconds(check.duration)},
            {"attempts", check.attempts},
            {"fresh_until", nullptr},
            {"checked", outcome.checked},
            {"failed", outcome.failed},
            {"failures", failures_of(outcome)},
            {"failures_truncated", outcome.failures_truncated},
            {"measurements", std::move(measurements)},
            {"details", outcome.details},
            {"thresholds", std::move(thresholds)}};
}

}  // namespace

object json_document(check::RunReport const& report) {
    object counts;
    auto const by_status = report.counts();
    for (auto const status : {check::Status::critical, check::Status::timeout, check::Status::unknown,
                              check::Status::warning, check::Status::ok, check::Status::skipped}) {
        auto const found = by_status.find(status);
        counts[check::to_string(status)] = found == by_status.end() ? 0 : found->second;
    }
    array checks;
    for (auto const& check : report.checks) checks.push_back(check_object(check));
    return {{"schema", "vedette.check/v1"},
            {"status", check::to_string(report.status)},
            {"healthy", report.healthy()},
            {"started_at", format_rfc3339(report.started_at, 3)},
            {"finished_at", format_rfc3339(report.finished_at, 3)},
            {"duration_seconds", seconds(report.duration)},
            {"target", object{{"server", report.server.empty() ? value() : value(report.server)},
                              {"context", report.context.empty() ? value() : value(report.context)}}},
            {"counts", std::move(counts)},
            {"checks", std::move(checks)}};
}

}  // namespace vedette::cli
