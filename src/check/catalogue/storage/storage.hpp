#pragma once
#include "check/check_type.hpp"

namespace vedette::check {

extern CheckType const pvc_bound;
extern CheckType const pv_phase;

}  // namespace vedette::check
