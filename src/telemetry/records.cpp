// Key order and types follow logstash_formatter's version-0 schema applied to Python log records; messages and logger
// names are Kavmon's, word for word. Where a record says which code wrote it, it says which of ours.

#include "telemetry/records.hpp"

#include "base/json.hpp"
#include "base/time_format.hpp"

#include <fmt/format.h>

#include <cmath>

namespace vedette::telemetry {
namespace {

constexpr std::string_view main_logger = "__main__";
constexpr std::string_view manager_logger = "support.kavmon.cli.run_manager";
constexpr std::string_view check_logger = "support.kavmon.base.health_check";

std::string file_name(std::string_view path) {
    auto const slash = path.rfind('/');
    return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::string function_name(std::string_view signature) {
    auto const open = signature.find('(');
    auto const name = signature.substr(0, open);
    auto const start = name.find_last_of(" :");
    return std::string(start == std::string_view::npos ? name : name.substr(start + 1));
}

double unix_seconds(WallTime when) {
    auto const micros = std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch()).count();
    return static_cast<double>(micros) / 1e6;
}

// 10 and not 10.0, as Python prints the integer that an operator gave; 0.5 stays what it is.
boost::json::value whole_if_it_is(double seconds) {
    if (seconds == std::floor(seconds)) return static_cast<std::int64_t>(seconds);
    return seconds;
}

}  // namespace

std::string camel_case(std::string_view snake) {
    std::string camel;
    bool up = false;
    for (char const c : snake) {
        if (c == '_' || c == '-') {
            up = !camel.empty();
            continue;
        }
        camel += up && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        up = false;
    }
    return camel;
}

boost::json::object result_object(check::CheckReport const& report, WallTime now, bool with_group) {
    auto const& outcome = report.outcome;
    boost::json::object result;
    if (with_group) result["group"] = report.identity.group;
    result["name"] = report.identity.name;
    result["service"] = report.identity.service;
    result["healthy"] = check::is_healthy(outcome.status);
    result["timestamp_start"] = format_python(report.started_at.value_or(now));
    auto const own = [&result](std::string const& key, auto&& value) {
        if (!result.contains(key)) result[key] = std::forward<decltype(value)>(value);
    };
    for (auto const& [name, value] : outcome.measurements) own(camel_case(name), value);
    for (auto const& [name, value] : outcome.details) own(camel_case(name), value);
    own("status", check::to_string(outcome.status));
    own("reason", outcome.reason);
    own("message", outcome.message);
    if (!check::is_healthy(outcome.status)) own("error", outcome.message);
    if (outcome.status == check::Status::timeout) {
        own("timedOut", true);
        own("timeoutSeconds", whole_if_it_is(std::chrono::duration<double>(report.timeout).count()));
    }
    if (outcome.status == check::Status::skipped) {
        own("skipped", true);
        own("skipReason", outcome.message);
    }
    own("durationMs", static_cast<double>(report.duration.count()) / 1e6);
    own("attempts", report.attempts);
    own("checked", outcome.checked);
    own("failed", outcome.failed);
    boost::json::array failures;
    for (auto const& failure : outcome.failures) {
        failures.push_back(
            {{"kind", failure.kind},
             {"namespace", failure.ns ? boost::json::value(*failure.ns) : boost::json::value()},
             {"name", failure.name},
             {"status", check::to_string(failure.status)},
             {"reason", failure.reason},
             {"message", failure.message},
             {"since", failure.since ? boost::json::value(format_rfc3339(*failure.since)) : boost::json::value()}});
    }
    own("failures", std::move(failures));
    result["timestamp_end"] = format_python(report.finished_at.value_or(now));
    return result;
}

Records::Records(Clock& clock, RecordOptions options, std::function<void(std::string)> write)
    : clock_(clock), options_(std::move(options)), write_(std::move(write)) {}

void Records::emit(Event const& event, boost::json::object extra) {
    auto const only_the_last = options_.level >= LogLevel::warning;
    if (!event.last && (only_the_last || event.level < options_.level)) return;
    auto const level = event.last ? options_.level : event.level;
    auto const now = std::chrono::floor<std::chrono::microseconds>(clock_.wall());
    auto const seconds = std::chrono::floor<std::chrono::seconds>(now);
    auto const file = file_name(event.where.file_name());

    boost::json::object fields;
    fields["name"] = event.logger;
    fields["args"] = boost::json::array{};
    fields["levelname"] = level_name(level);
    fields["levelno"] = static_cast<int>(level);
    fields["pathname"] = event.where.file_name();
    fields["filename"] = file;
    fields["module"] = file.substr(0, file.rfind('.'));
    fields["stack_info"] = nullptr;
    fields["lineno"] = event.where.line();
    fields["funcName"] = function_name(event.where.function_name());
    fields["created"] = unix_seconds(now);
    fields["msecs"] = static_cast<double>((now - seconds).count()) / 1e3;
    fields["relativeCreated"] = static_cast<double>((clock_.now() - options_.loaded).count()) / 1e6;
    fields["thread"] = options_.thread;
    fields["threadName"] = "MainThread";
    fields["processName"] = event.worker ? fmt::format("ForkProcess-{}", event.worker) : std::string("MainProcess");
    fields["process"] = options_.process;
    fields["datarobot_service_id"] = "default";
    boost::json::array keys;
    for (auto& [key, value] : extra) {
        keys.emplace_back(key);
        fields[key] = std::move(value);
    }
    fields["DataRobotLogger_filter_disallow"] = false;
    fields["DataRobotLogger_filter_aliases"] = false;
    if (!keys.empty()) fields["DataRobotLogger_keys_disallow"] = std::move(keys);
    // Python's formatter adds it once the record's own attributes are there, so it is the last key of all.
    if (!event.exception.empty()) {
        boost::json::array lines;
        for (auto const& line : event.exception) lines.emplace_back(line);
        fields["exception"] = std::move(lines);
    }

    boost::json::object record;
    record["@message"] = event.message;
    record["@timestamp"] = format_rfc3339(now, 6);
    record["@source_host"] = options_.host;
    record["@fields"] = std::move(fields);
    write_((options_.pretty ? to_pretty_json(record) : to_python_json(record)) + "\n");
}

void Records::on_begin(std::vector<check::Instance> const& instances) {
    auto const& given = options_.arguments;
    boost::json::object arguments;
    arguments["group"] = given.group;
    arguments["name"] = given.name;
    arguments["service"] = given.service;
    arguments["num_workers"] = given.num_workers;
    arguments["timeout"] = given.timeout_seconds;
    arguments["cronjob"] = given.cronjob;
    arguments["log_level"] = given.log_level;
    arguments["no_metrics"] = given.no_metrics;
    arguments["provided_log_level"] = static_cast<int>(options_.level);
    emit({"Kavmon starting", main_logger, std::source_location::current()}, {{"arguments", std::move(arguments)}});

    boost::json::array names;
    for (auto const& instance : instances) names.emplace_back(instance.identity.name);
    emit({"Picked checks based on provided filters", manager_logger, std::source_location::current()},
         {{"health_checks", std::move(names)}});
}

void Records::on_check_started(check::Instance const& instance, int worker) {
    emit({"Health check execution started", check_logger, std::source_location::current(), LogLevel::info, worker},
         {{"health_check", instance.identity.name}});
}

void Records::on_check_finished(check::CheckReport const& report, int worker) {
    auto const status = report.outcome.status;
    auto const healthy = check::is_healthy(status);
    boost::json::object extra;
    extra["health_check"] = report.identity.name;
    extra["healthy"] = healthy;
    extra["timed_out"] = status == check::Status::timeout;
    extra["health_check_group"] = report.identity.group;
    extra["health_check_service"] = report.identity.service;
    extra["health_check_result"] = to_python_json(result_object(report, clock_.wall(), true));
    emit({"Health check execution finished", check_logger, std::source_location::current(), LogLevel::info, worker},
         std::move(extra));
    boost::json::object const name{{"health_check", report.identity.name}};
    if (status == check::Status::skipped) return;  // it neither succeeded nor failed
    if (healthy) {
        emit({"Check succeeded.", check_logger, std::source_location::current(), LogLevel::info, worker}, name);
    } else {
        emit({.message = "Check failed.",
              .logger = check_logger,
              .where = std::source_location::current(),
              .level = LogLevel::error,
              .worker = worker,
              .exception = report.exception},
             name);
    }
}

void Records::on_end(check::RunReport const& report) {
    std::string failed;
    std::string groups;
    boost::json::object results;
    for (auto const& check : report.checks) {
        if (!check::is_healthy(check.outcome.status)) {
            fmt::format_to(std::back_inserter(failed), "{}{}", failed.empty() ? "" : ",", check.identity.name);
        }
        if (!results.contains(check.identity.group)) {
            fmt::format_to(std::back_inserter(groups), "{}{}", groups.empty() ? "" : ",", check.identity.group);
            results[check.identity.group] = boost::json::array{};
        }
        results[check.identity.group].as_array().push_back(result_object(check, clock_.wall(), false));
    }
    emit({report.healthy() ? "Finished processing all health checks. All checks were healthy."
                           : "Finished processing all health checks. Some checks were unhealthy.",
          manager_logger, std::source_location::current()},
         {});
    boost::json::object extra;
    extra["all_healthy"] = report.healthy();
    extra["failed_checks"] = failed;
    extra["check_groups"] = groups;
    extra["health_check_results"] = to_python_json(results);
    emit({.message = "Kavmon checks finished",
          .logger = manager_logger,
          .where = std::source_location::current(),
          .last = true},
         std::move(extra));
}

}  // namespace vedette::telemetry
