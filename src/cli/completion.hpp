#pragma once
#include <string>

namespace CLI {
class App;
}

namespace vedette::cli {

/// Prints a completion script for `shell` (bash, zsh or fish), generated from the commands and flags of `root`.
int print_completion(CLI::App const& root, std::string const& shell);

}  // namespace vedette::cli
