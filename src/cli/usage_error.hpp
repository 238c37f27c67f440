#pragma once
#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace vedette::cli {

/// One sentence about a command line that cannot be parsed: what is wrong, what was probably meant, and which --help
/// to read. Never repeats a value, which may be a secret.
std::string usage_sentence(CLI::App const& root, CLI::ParseError const& error);

}  // namespace vedette::cli
