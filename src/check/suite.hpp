#pragma once
// Suites: files that list check instances. Everything a person can get wrong in one is refused with file, line, column
// and the nearest known name.

#include "base/files.hpp"
#include "check/instance.hpp"

#include <functional>
#include <optional>
#include <string>

namespace vedette::check {

struct Suite {
    std::string name;
    std::vector<Instance> checks;
};

/// Every built-in type at its defaults.
Suite built_in_suite();

using Environment = std::function<std::optional<std::string>(std::string)>;

/// Reads a suite file and what it includes (paths relative to the file, at most 16 deep, no file twice). `${NAME}` and
/// `${NAME:-default}` in texts are environment references; `$$` is a dollar sign. A value that is one reference and
/// nothing else may stand for a number, or true or false, as well: `port: ${PORT}`.
/// Errors: not_found, denied, too_large, invalid_input ("suite.yaml:4:3: unknown key ...").
Result<Suite> load_suite(std::string const& path, Files& files, Environment const& environment);

/// A JSON Schema (draft 2020-12) of suite files for editors, generated from the registry.
boost::json::object suite_schema();

/// Refuses what no run could use: an expression that is none, an empty command. Errors: invalid_input, naming the
/// check.
Result<void> check_parameters(std::vector<Instance> const& instances);

}  // namespace vedette::check
