#pragma once
#include "check/check_type.hpp"

namespace vedette::check {

extern CheckType const http;
extern CheckType const tcp;
extern CheckType const dns;
extern CheckType const exec;

/// Milliseconds, for measurements.
double milliseconds(Duration duration);

}  // namespace vedette::check
