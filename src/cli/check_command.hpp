#pragma once
#include "check/instance.hpp"
#include "cli/exit_code.hpp"
#include "telemetry/log_level.hpp"

#include <string>
#include <vector>

namespace vedette::cli {

enum class Output { automatic, records, table, json, junit, prometheus };

/// Where a suite comes from and which of its checks are meant: shared by `check` and `checks`.
struct SuiteFlags {
    std::string suite;  ///< file; empty: the built-in suite
    std::string group;
    std::string name;
    std::string service;
    std::string namespaces;
    bool allow_empty = false;
};

struct CheckFlags {
    SuiteFlags suite;
    int workers = 0;
    int timeout_seconds = 0;
    bool cronjob = false;
    std::string log_level = "info";
    bool no_metrics = false;
    std::string kubeconfig;
    std::string context;
    std::string deadline;  ///< a duration
    Output output = Output::automatic;
    bool pretty = false;
    ExitCodes exit_codes = ExitCodes::plain;
    bool no_color = false;
};

/// `vedette check`: returns the exit code.
int run_check(CheckFlags const& flags);

/// The instances that the flags mean. Errors: invalid_input and those of reading the suite file.
Result<std::vector<check::Instance>> chosen_instances(SuiteFlags const& flags);

}  // namespace vedette::cli
