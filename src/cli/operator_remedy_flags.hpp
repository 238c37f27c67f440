#pragma once
// The flags about the remedy policy: the same for the operator and for a plan of what it would do.

#include "base/error.hpp"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>

namespace vedette::cli {

struct OperatorRemedyFlags {
    std::string policy_config_map;  ///< NAMESPACE/NAME; empty: not given
    bool dry_run = false;
};

struct ConfigMapPlace {
    std::string ns;
    std::string name;
};

/// `otherwise`: which ConfigMap counts without the flag.
void add_remedy_policy(CLI::App& app, OperatorRemedyFlags& flags, std::string const& otherwise);
/// Nothing where --policy-configmap is not given. Errors: invalid_input.
Result<std::optional<ConfigMapPlace>> policy_place(OperatorRemedyFlags const& flags);

}  // namespace vedette::cli
