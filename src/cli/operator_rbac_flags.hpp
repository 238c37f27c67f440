#pragma once
// The flags that decide which rights HealthChecks get: the same for the operator and for a plan of what it would do.

#include "base/files.hpp"
#include "operator/rbac.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace vedette::cli {

enum class RbacDefaultsFlag { scoped, reference };

struct OperatorRbacFlags {
    RbacDefaultsFlag defaults = RbacDefaultsFlag::scoped;
    std::string allow;  ///< a file; empty: nothing is bounded
};

void add_rbac_policy(CLI::App& app, OperatorRbacFlags& flags);
/// Errors: those of reading the file and of op::parse_rbac_allow_list(); the text names the flag.
Result<op::RbacPolicy> rbac_policy(OperatorRbacFlags const& flags, Files& files);

}  // namespace vedette::cli
