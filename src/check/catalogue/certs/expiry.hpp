#pragma once
// How near its end a certificate or token may come. Pure.

#include "check/outcome.hpp"

namespace vedette::check {

struct ExpiryLimits {
    Duration warning{};
    Duration critical{};
};

/// ok, warning or critical by the time that is left. What lives less than 60 days is judged by fractions of its life:
/// less than a quarter left is a warning, less than a tenth critical. Expired, and not yet valid, are critical.
Status judge_expiry(WallTime not_before, WallTime not_after, WallTime now, ExpiryLimits limits);

/// "expires in 12d (2026-02-01)", "expired 3h ago (...)", "is not valid before ...".
std::string describe_expiry(WallTime not_before, WallTime not_after, WallTime now);

}  // namespace vedette::check
