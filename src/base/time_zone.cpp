// Zones through Howard Hinnant's tz library, which throws where a zone is unknown; none of its types show outside.

#include "base/time_zone.hpp"

#include <date/tz.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace vedette {
namespace {

namespace chr = std::chrono;

date::time_zone const* as_zone(void const* zone) {
    return static_cast<date::time_zone const*>(zone);
}

bool names_utc(std::string_view name) {
    return name.empty() || name == "UTC";
}

/// A name such as Area/City: nothing that would leave the zone directory.
bool is_zone_name(std::string_view name) {
    return name.size() <= 64 && name.front() != '/' && name.find("..") == std::string_view::npos &&
           name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
               std::string_view::npos;
}

}  // namespace

Result<TimeZone> TimeZone::named(std::string_view name) {
    if (names_utc(name)) return utc();
    if (name == "Local") return local();
    if (!is_zone_name(name)) {
        return fail(Errc::invalid_input, "\"{}\" is not a time zone such as Europe/Berlin", name.substr(0, 64));
    }
    try {
        return TimeZone(date::locate_zone(name));
    } catch (std::runtime_error const&) {
        if (!std::filesystem::exists("/usr/share/zoneinfo")) {
            return fail(Errc::io, "time zone \"{}\": this machine has no time zone data (tzdata)", name);
        }
        return fail(Errc::invalid_input, "there is no time zone \"{}\"", name);
    }
}

TimeZone TimeZone::local() {
    // Asked for at each reading of a schedule, and behind it are links to follow: once is enough, as for the C library.
    auto const zone_of_the_system = [] {
        static TimeZone const zone = [] {
            try {
                return TimeZone(date::current_zone());
            } catch (std::runtime_error const&) {
                return utc();
            }
        }();
        return zone;
    };
    if (auto const* chosen = std::getenv("TZ")) {
        std::string_view name(chosen);
        if (name.starts_with(':')) name.remove_prefix(1);
        return name == "Local" ? zone_of_the_system() : named(name).value_or(utc());
    }
    return zone_of_the_system();
}

TimeZone TimeZone::utc() {
    return TimeZone(nullptr);
}

std::string TimeZone::name() const {
    return zone_ ? as_zone(zone_)->name() : "UTC";
}

TimeZone::Span TimeZone::span_at(chr::sys_seconds when) const {
    if (!zone_) return {.begin = chr::sys_seconds::min(), .end = chr::sys_seconds::max(), .offset = {}};
    auto const info = as_zone(zone_)->get_info(when);
    return {.begin = info.begin, .end = info.end, .offset = info.offset};
}

}  // namespace vedette
