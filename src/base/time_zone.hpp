#pragma once
// Time zones of the system's tzdata, one span of constant offset at a time.

#include "base/clock.hpp"
#include "base/error.hpp"

#include <string>
#include <string_view>

namespace vedette {

/// A zone: a small value to copy. The data behind it lives as long as the process. Compiled tzdata lists changes up to
/// 2037; after that the last offset holds.
class TimeZone {
public:
    /// A stretch of time in which the zone's offset from UTC does not change.
    struct Span {
        std::chrono::sys_seconds begin;
        std::chrono::sys_seconds end;  ///< the first second after it
        std::chrono::seconds offset;   ///< local time minus UTC
    };

    /// "Europe/Berlin", "UTC"; "" is UTC and "Local" is local(), as in Go. Errors: invalid_input (no such zone), io (no
    /// tzdata on this machine).
    static Result<TimeZone> named(std::string_view name);
    /// The process's local zone (TZ, else the system's); UTC where none is set.
    static TimeZone local();
    static TimeZone utc();

    std::string name() const;
    Span span_at(std::chrono::sys_seconds when) const;

    bool operator==(TimeZone const&) const = default;

private:
    explicit TimeZone(void const* zone) : zone_(zone) {}

    void const* zone_;  // a date::time_zone; null is UTC, which needs no tzdata
};

}  // namespace vedette
