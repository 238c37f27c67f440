#pragma once
#include "check/check_type.hpp"

namespace vedette::check {

extern CheckType const resource_quota;
extern CheckType const namespaces_terminating;
extern CheckType const events_warning;

}  // namespace vedette::check
