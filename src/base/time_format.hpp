#pragma once
// Wall-clock time as text. The clock has nanoseconds, so years run from 1678 to 2261.

#include "base/clock.hpp"
#include "base/error.hpp"

#include <string>
#include <string_view>

namespace vedette {

/// `2026-01-31T12:00:00Z`; with fraction_digits (0-9) `...00.250Z`. Fractions are cut, never rounded up.
std::string format_rfc3339(WallTime when, int fraction_digits = 0);

/// RFC 3339 with Z or an offset, any number of fraction digits (those past the ninth are dropped). Leap seconds are
/// refused, as Kubernetes does. Errors: malformed.
Result<WallTime> parse_rfc3339(std::string_view text);

/// `2026-01-31 12:00:00.250000`: str() of a Python datetime in UTC.
std::string format_python(WallTime when);

}  // namespace vedette
