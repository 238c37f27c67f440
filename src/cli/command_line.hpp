#pragma once

namespace vedette::cli {

/// Parses the command line, runs the command it names, returns the exit code.
int run_command_line(int argc, char const* const* argv);

}  // namespace vedette::cli
