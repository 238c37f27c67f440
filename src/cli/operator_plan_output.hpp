#pragma once
#include "operator/plan.hpp"

#include <string>
#include <vector>

namespace vedette::cli {

/// Rights such as "get pods" as "get, list, watch: pods, nodes", a line for all that has the same verbs.
std::vector<std::string> grouped_rights(std::vector<std::string> const& rights);

/// The plan for people; lines fit `width` columns, 0: as long as they are.
std::string plan_text(op::Plan const& plan, std::size_t width);

/// The plan for programs: `checks`, `rbac`, `remedies`, `runs_per_hour`, `errors`, `warnings`.
boost::json::object plan_document(op::Plan const& plan);

}  // namespace vedette::cli
