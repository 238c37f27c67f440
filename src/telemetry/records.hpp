#pragma once
// The record contract: the JSON log records that Kavmon printed, key by key and in its order, so that log pipelines
// built on them go on working (contracts 7). One record a line, as Python's json.dumps spaces it.

#include "check/report.hpp"
#include "telemetry/log_level.hpp"

#include <functional>
#include <source_location>
#include <span>
#include <string>

namespace vedette::telemetry {

/// What the first record repeats of the command line.
struct RecordArguments {
    std::string group;
    std::string name;
    std::string service;
    int num_workers = 0;
    int timeout_seconds = 0;
    bool cronjob = false;
    std::string log_level = "info";
    bool no_metrics = false;
};

struct RecordOptions {
    LogLevel level = LogLevel::info;  ///< from warning on, only the final record is printed, at this level
    bool pretty = false;              ///< indented over many lines
    std::string host;                 ///< @source_host: the pod's name
    int process = 0;                  ///< pid
    std::uint64_t thread = 0;
    TimePoint loaded{};  ///< relativeCreated counts from here
    RecordArguments arguments;
};

/// Prints records through `write`, which gets one whole record with its newline at a time. `clock` outlives it.
class Records final : public check::Sink {
public:
    Records(Clock& clock, RecordOptions options, std::function<void(std::string)> write);

    void on_begin(std::vector<check::Instance> const& instances) override;
    void on_check_started(check::Instance const& instance, int worker) override;
    void on_check_finished(check::CheckReport const& report, int worker) override;
    void on_end(check::RunReport const& report) override;

private:
    struct Event {
        std::string_view message;
        std::string_view logger;
        std::source_location where;
        LogLevel level = LogLevel::info;
        int worker = 0;  ///< 0: the main process
        bool last = false;
        std::span<std::string const> exception = {};  ///< lines of a traceback
    };
    void emit(Event const& event, boost::json::object extra);

    Clock& clock_;
    RecordOptions options_;
    std::function<void(std::string)> write_;
};

/// The check's result as the contract has it: group, name, service, healthy, timestamp_start, the check's own keys in
/// camelCase, ours, timestamp_end. `with_group` is false in the final record, which groups by it.
boost::json::object result_object(check::CheckReport const& report, WallTime now, bool with_group);

/// "nodes_ready" -> "nodesReady"
std::string camel_case(std::string_view snake);

}  // namespace vedette::telemetry
