#pragma once
#include "check/check_type.hpp"

namespace vedette::check {

extern CheckType const nodes_ready;
extern CheckType const nodes_pressure;
extern CheckType const nodes_taints;

}  // namespace vedette::check
