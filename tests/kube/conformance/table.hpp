#pragma once
// The parts of the table of scenarios; scenarios() joins them.

#include "kube/conformance/scenario.hpp"

namespace vedette::kube::conformance {

std::vector<Scenario> object_scenarios();
std::vector<Scenario> patch_scenarios();
std::vector<Scenario> deletion_scenarios();
std::vector<Scenario> list_scenarios();
std::vector<Scenario> watch_scenarios();
std::vector<Scenario> server_scenarios();

}  // namespace vedette::kube::conformance
