#pragma once
// What a run leaves behind: one report per check, and their sum.

#include "check/instance.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace vedette::check {

struct CheckReport {
    std::string id;
    Identity identity;
    std::vector<std::pair<std::string, std::string>> labels;  ///< of the instance: for metrics
    Outcome outcome;
    std::optional<WallTime> started_at;  ///< absent when skipped or never started
    std::optional<WallTime> finished_at;
    Duration duration{};  ///< by the monotonic clock
    Duration timeout{};   ///< the limit it ran under; 0 when it never started
    int attempts = 0;
    std::vector<std::string> exception;  ///< when the check itself threw: the lines of a traceback, with line ends
};

struct RunReport {
    Status status = Status::ok;  ///< the worst of all checks
    bool interrupted = false;
    WallTime started_at{};
    WallTime finished_at{};
    Duration duration{};
    std::string server;  ///< empty without a cluster
    std::string context;
    std::vector<CheckReport> checks;  ///< in the order of the suite

    bool healthy() const { return is_healthy(status); }
    std::map<Status, int> counts() const;
};

/// Watches a run as it happens: records, progress, metrics. Called on the reactor, in order; must not block.
class Sink {
public:
    virtual ~Sink() = default;
    /// The checks that were picked, before any starts.
    virtual void on_begin(std::vector<Instance> const& instances) { (void)instances; }
    /// `worker` counts from 1.
    virtual void on_check_started(Instance const& instance, int worker) { (void)instance, (void)worker; }
    virtual void on_check_finished(CheckReport const& report, int worker) { (void)report, (void)worker; }
    virtual void on_end(RunReport const& report) { (void)report; }
};

}  // namespace vedette::check
