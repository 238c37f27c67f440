#pragma once
#include "check/check_type.hpp"

namespace vedette::check {

extern CheckType const service_endpoints;
extern CheckType const ingress;

}  // namespace vedette::check
