#pragma once
// The engine: runs the checks of one suite against one target, once.
//
// Shared reads start first and live until the run ends; each check waits for its own reads under its own deadline,
// which starts when the check starts. Whatever happens, every check yields exactly one report.

#include "base/event.hpp"
#include "check/report.hpp"

namespace vedette::check {

struct RunOptions {
    int workers = 0;                      ///< checks in flight; 0 = 64
    Duration timeout{};                   ///< overrides every check's own; 0 = each its own
    Deadline deadline = no_deadline;      ///< of the whole run
    std::vector<std::string> namespaces;  ///< --namespace: exact names or globs; cluster-scoped checks are skipped
    std::string reader;  ///< whom the client reads as, where that is not the user: named where it may not read
};

/// Stops a run from outside (a signal): what has not finished is unknown, "not finished: interrupted".
class Interrupt {
public:
    void raise();
    bool raised() const { return raised_; }
    void on_raise(std::function<void()> action) { action_ = std::move(action); }

private:
    bool raised_ = false;
    std::function<void()> action_;
};

/// Runs all instances and returns when each has its report. `context`, `sinks` and `interrupt` belong to the caller for
/// the whole await. When `context.client` is null, checks that need a cluster are unknown.
Async<RunReport> run_checks(std::vector<Instance> instances, ProbeContext& context, RunOptions options,
                            std::vector<Sink*> sinks, Interrupt& interrupt);

}  // namespace vedette::check
