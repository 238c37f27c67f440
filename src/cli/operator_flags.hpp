#pragma once
// The flags of `vedette operator`, apart from its work.

#include "cli/operator_plan_command.hpp"
#include "cli/operator_run_command.hpp"

#include <CLI/CLI.hpp>

namespace vedette::cli {

struct OperatorFlags {
    OperatorRunFlags run;
    OperatorPlanFlags plan;
};

void add_operator(CLI::App& root, OperatorFlags& flags);
/// Runs what was asked for at or below `vedette operator`; returns the exit code.
int run_operator_command(CLI::App const& app, OperatorFlags const& flags);

}  // namespace vedette::cli
