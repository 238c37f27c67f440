// Durations: what parses is not negative and prints as a text that means the same.

#include "base/duration.hpp"

#include "target.hpp"

#include <cstring>

namespace vedette::fuzz {

void fuzz(std::string_view input) {
    auto const duration = parse_duration(input);
    if (observe(duration)) {
        ensure(*duration >= Duration::zero(), "durations do not run backwards");
        auto const again = parse_duration(format_duration(*duration));
        ensure(again.has_value() && *again == *duration, "printing loses nothing");
    }
    std::int64_t raw = 0;
    std::memcpy(&raw, input.data(), std::min(input.size(), sizeof raw));
    ensure(!format_duration(Duration(raw)).empty() && !format_age(Duration(raw)).empty(), "any duration prints");
}

}  // namespace vedette::fuzz
