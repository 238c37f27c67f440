#pragma once
// Reads one check instance of a suite: the common parameters on the instance, the type's own under `with`.

#include "base/yaml.hpp"
#include "check/suite.hpp"

namespace vedette::check {

/// Keys of an instance, in the order in which they are documented.
std::vector<std::string> const& instance_keys();
/// The subset that may stand in `defaults`.
std::vector<std::string> const& default_keys();

/// Replaces ${NAME}, ${NAME:-default} and $$ in every string below `node`. A string that is one reference and nothing
/// else becomes untyped: where a number or true or false is wanted, it is read as a YAML scalar. Errors: invalid_input
/// (unset variable without a default, a `${` that is never closed).
Result<void> substitute(YamlNode& node, Environment const& environment);

/// Reads `defaults` for its mistakes alone, so that those no check uses are found too.
Result<void> check_defaults(YamlNode const& defaults);

/// `defaults` may be null, and has passed check_defaults. Errors: invalid_input with file:line:column.
Result<Instance> read_instance(YamlNode const& node, YamlNode const* defaults, std::string_view suite_name);

/// Checks that `node` is a mapping whose keys are all `known`.
Result<void> only_known_keys(YamlNode const& node, std::vector<std::string> const& known, std::string_view what);

}  // namespace vedette::check
