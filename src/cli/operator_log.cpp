#include "cli/operator_log.hpp"

#include "base/json.hpp"
#include "base/redact.hpp"
#include "base/time_format.hpp"

#include <fmt/format.h>

namespace vedette::cli {
namespace {

std::string_view word_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warning:
            return "warn";
        case LogLevel::error:
            break;
    }
    return "error";
}

bool as_json(OperatorLogOptions const& options) {
    return options.encoder.empty() ? options.devel == false : options.encoder == "json";
}

boost::json::value time_value(OperatorLogOptions const& options, WallTime now) {
    auto const nanoseconds = now.time_since_epoch().count();
    auto const& encoding = options.time_encoding;
    if (encoding == "epoch") return static_cast<double>(nanoseconds) / 1e9;
    if (encoding == "millis") return static_cast<double>(nanoseconds) / 1e6;
    if (encoding == "nano") return nanoseconds;
    if (encoding == "rfc3339nano") return boost::json::value(format_rfc3339(now, 9));
    if (encoding == "iso8601") return boost::json::value(format_rfc3339(now, 3));
    return boost::json::value(format_rfc3339(now));
}

}  // namespace

bool logs(OperatorLogOptions const& options, LogLevel level) {
    auto const& wanted = options.level;
    if (wanted == "error" || wanted == "panic") return level >= LogLevel::warning;
    if (wanted == "info" || (wanted.empty() && !options.devel.value_or(false))) return level >= LogLevel::info;
    return true;  // debug, and numbers, which are finer still
}

std::string log_line(OperatorLogOptions const& options, LogLevel level, std::string_view sentence, WallTime now) {
    auto const time = time_value(options, now);
    auto const text = redact(sentence);
    if (as_json(options)) {
        boost::json::object const line{{"level", word_of(level)}, {"ts", time}, {"msg", text}};
        return to_json(line) + "\n";
    }
    auto const shown = time.is_string() ? std::string(time.get_string()) : to_json(time);
    return fmt::format("{}\t{}\t{}\n", shown, word_of(level), text);
}

OperatorLog::OperatorLog(OperatorLogOptions options, Clock const& clock, int descriptor)
    : options_(std::move(options)), clock_(clock), writer_(descriptor) {}

void OperatorLog::write(LogLevel level, std::string sentence) {
    if (logs(options_, level)) writer_.write(log_line(options_, level, sentence, clock_.wall()));
}

}  // namespace vedette::cli
