#include "telemetry/log_level.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace vedette::telemetry {
namespace {

struct Row {
    LogLevel level;
    std::string_view lower;
    std::string_view upper;
};
constexpr std::array rows{Row{LogLevel::debug, "debug", "DEBUG"}, Row{LogLevel::info, "info", "INFO"},
                          Row{LogLevel::warning, "warning", "WARNING"}, Row{LogLevel::error, "error", "ERROR"},
                          Row{LogLevel::critical, "critical", "CRITICAL"}};

Row const& row_of(LogLevel level) {
    return *std::find_if(rows.begin(), rows.end() - 1, [&](Row const& row) { return row.level == level; });
}

}  // namespace

std::string_view to_string(LogLevel level) {
    return row_of(level).lower;
}

std::string_view level_name(LogLevel level) {
    return row_of(level).upper;
}

std::optional<LogLevel> parse_log_level(std::string_view text) {
    std::string lower(text);
    for (auto& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    for (auto const& row : rows) {
        if (row.lower == lower) return row.level;
    }
    return std::nullopt;
}

}  // namespace vedette::telemetry
