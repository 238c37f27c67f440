#pragma once
// Cron schedules, as robfig/cron v3 reads them (Kubernetes CronJobs and active-monitor do): five fields, @descriptors,
// @every, a TZ= or CRON_TZ= prefix. Day of month and day of week are OR-ed when both are restricted.
//
// Daylight saving: a tick is any real minute whose local time matches. So a time that a gap skips does not tick that
// day, and a time that comes twice ticks twice, as with robfig/cron. (In zones that shift by half an hour it misses
// matching minutes after the gap; we do not.)

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/time_zone.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace vedette {

class CronSchedule {
public:
    /// The first tick after `after`; nothing if there is none within nine years (29 February may take eight) or
    /// within the clock's range. For @every: `after`'s whole second plus the interval.
    std::optional<WallTime> next(WallTime after) const;

    /// The last tick at or before `before_or_at`, under the same bounds. An @every schedule has no fixed ticks, hence
    /// no previous one.
    std::optional<WallTime> previous(WallTime before_or_at) const;

    /// Whether this is `@every`; interval() is its whole seconds then, else zero.
    bool every() const { return interval_ != Duration::zero(); }
    Duration interval() const { return interval_; }
    /// Whether less than a second was written, zero and negative durations included; it counts as a second.
    bool raised_to_a_second() const { return raised_; }
    TimeZone zone() const { return zone_; }

    bool operator==(CronSchedule const&) const = default;

private:
    friend Result<CronSchedule> parse_cron(std::string_view text, TimeZone default_zone);

    /// Bit n stands for the value n.
    struct Fields {
        std::uint64_t minutes = 0;
        std::uint64_t hours = 0;
        std::uint64_t days = 0;
        std::uint64_t months = 0;
        std::uint64_t weekdays = 0;
        bool any_day = false;      ///< day of month has a star
        bool any_weekday = false;  ///< day of week has a star

        bool operator==(Fields const&) const = default;
        bool has_day(std::chrono::sys_days day) const;
        bool ever_has_a_day() const;
    };

    explicit CronSchedule(TimeZone zone) : zone_(zone) {}

    Fields fields_;
    Duration interval_{};
    bool raised_ = false;
    TimeZone zone_;
};

/// Reads a schedule; without a TZ= prefix it runs in `default_zone` (spec.timeZone of a CronJob, or local time).
///
/// Errors: invalid_input, a sentence naming the field and the bad text, the unknown zone, or that the schedule never
/// fires (30 February).
Result<CronSchedule> parse_cron(std::string_view text, TimeZone default_zone);
Result<CronSchedule> parse_cron(std::string_view text);

/// The same with the zone by name, as spec.timeZone has it.
Result<CronSchedule> parse_cron(std::string_view text, std::string_view default_zone);

}  // namespace vedette
