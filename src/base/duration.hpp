#pragma once
// Durations as people write and read them.

#include "base/clock.hpp"
#include "base/error.hpp"

#include <string>
#include <string_view>

namespace vedette {

/// `30s`, `1h30m`, `1.5h`, `2w`: numbers with a unit each (ms s m h d w), added up. A day is 24 hours. Less than a
/// nanosecond is cut. Errors, each a sentence for whoever wrote it: invalid_input (empty, no unit, unknown unit,
/// negative), too_large (past 292 years).
Result<Duration> parse_duration(std::string_view text);

/// The exact duration as parse_duration reads it: `1h30m`, `1d`, `250ms`, `1.5s`, `0s`; `-` in front if negative.
std::string format_duration(Duration duration);

/// An age for people, at most two units and coarser with size, as kubectl prints it: `45s`, `12m`, `3h5m`, `3d4h`,
/// `2y30d`. Negative ages (clocks differ) are `0s`.
std::string format_age(Duration age);

}  // namespace vedette
