#pragma once
#include <optional>
#include <string_view>

namespace vedette::telemetry {

/// Python's logging levels: the records carry their numbers.
enum class LogLevel : int { debug = 10, info = 20, warning = 30, error = 40, critical = 50 };

std::string_view to_string(LogLevel level);   ///< "info"
std::string_view level_name(LogLevel level);  ///< "INFO"
/// Any case. Nothing if it is none of the five.
std::optional<LogLevel> parse_log_level(std::string_view text);

}  // namespace vedette::telemetry
