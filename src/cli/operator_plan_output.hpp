#pragma once
#include "operator/plan.hpp"

#include <string>

namespace vedette::cli {

/// The plan for people; lines fit `width` columns, 0: as long as they are.
std::string plan_text(op::Plan const& plan, std::size_t width);

/// The plan for programs: `checks`, `rbac`, `remedies`, `runs_per_hour`, `errors`, `warnings`.
boost::json::object plan_document(op::Plan const& plan);

}  // namespace vedette::cli
