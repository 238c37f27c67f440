#include "check/catalogue/certs/expiry.hpp"

#include "base/duration.hpp"
#include "base/time_format.hpp"

#include <fmt/format.h>

namespace vedette::check {

Status judge_expiry(WallTime not_before, WallTime not_after, WallTime now, ExpiryLimits limits) {
    if (now >= not_after || now < not_before) return Status::critical;
    auto const lifetime = not_after - not_before;
    auto const left = not_after - now;
    if (lifetime < std::chrono::days(60)) {
        limits.warning = std::min(limits.warning, lifetime / 4);
        limits.critical = std::min(limits.critical, lifetime / 10);
    }
    if (left < limits.critical) return Status::critical;
    return left < limits.warning ? Status::warning : Status::ok;
}

std::string describe_expiry(WallTime not_before, WallTime not_after, WallTime now) {
    if (now >= not_after) {
        return fmt::format("expired {} ago ({})", format_age(now - not_after), format_rfc3339(not_after));
    }
    if (now < not_before) return fmt::format("is not valid before {}", format_rfc3339(not_before));
    return fmt::format("expires in {} ({})", format_age(not_after - now), format_rfc3339(not_after));
}

}  // namespace vedette::check
