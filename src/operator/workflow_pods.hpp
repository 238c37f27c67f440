#pragma once
// How many pods a Workflow makes, as far as its text alone tells. Pure.
// https://argo-workflows.readthedocs.io/en/latest/fields/

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>

namespace vedette::op {

/// Pods of one run in which nothing is tried again. Nothing where that depends on what the run finds out (when,
/// withParam, hooks, recursion), stands elsewhere (templateRef, workflowTemplateRef), or cannot be read.
std::optional<std::int64_t> pods_of(boost::json::object const& workflow);

}  // namespace vedette::op
