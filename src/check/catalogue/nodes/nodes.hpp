#pragma once
#include "check/check_type.hpp"

namespace vedette::check {

extern CheckType const nodes_ready;

}  // namespace vedette::check
