#pragma once
// What a family shows, for tests: "VALUE/VALUE=NUMBER" a series.

#include "base/metrics.hpp"

#include <fmt/ranges.h>

namespace vedette::metrics {

inline std::vector<std::string> series_of(AnyFamily const& family, std::optional<std::string> const& after = {}) {
    std::vector<std::string> lines;
    family.visit(after, [&](SeriesView const& series) {
        lines.push_back(fmt::format("{}={}", fmt::join(series.values(), "/"), series.value));
        return true;
    });
    return lines;
}

}  // namespace vedette::metrics
