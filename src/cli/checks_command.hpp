#pragma once
#include "cli/check_command.hpp"

#include <string>
#include <vector>

namespace vedette::cli {

enum class ExplainFormat { text, markdown };

// `vedette checks ...`: each prints to standard output and returns the exit code.
int list_checks(SuiteFlags const& flags, bool as_json);
int explain_checks(std::vector<std::string> const& names, ExplainFormat format);  ///< no names: every type
int validate_suite(std::string const& file);
int print_rbac(SuiteFlags const& flags, std::string const& service_account);
int print_schema();

}  // namespace vedette::cli
