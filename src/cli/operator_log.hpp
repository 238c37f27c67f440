#pragma once
// The operator's log on standard error, by the words of the reference's --zap-* flags.

#include "base/background_writer.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"

#include <optional>
#include <string>

namespace vedette::cli {

struct OperatorLogOptions {
    /// --zap-devel: true is console and debug, false json and info, unless the others say otherwise. Not given: console
    /// and info.
    std::optional<bool> devel;
    std::string encoder;           ///< --zap-encoder: json or console
    std::string level;             ///< --zap-log-level: debug, info, error or a number from 1
    std::string stacktrace_level;  ///< --zap-stacktrace-level: taken and without effect, since nothing is unwound
    std::string time_encoding;     ///< --zap-time-encoding; empty: rfc3339
};

/// One line of the log, with its line break. Secrets are redacted.
std::string log_line(OperatorLogOptions const& options, LogLevel level, std::string_view sentence, WallTime now);
/// Whether such a line is written at all. Levels error and panic let warnings through too: the reference has none, and
/// logs such things as errors.
bool logs(OperatorLogOptions const& options, LogLevel level);

/// Lifetime: `clock` outlives it.
class OperatorLog {
public:
    OperatorLog(OperatorLogOptions options, Clock const& clock, int descriptor);
    void write(LogLevel level, std::string sentence);

private:
    OperatorLogOptions options_;
    Clock const& clock_;
    BackgroundWriter writer_;
};

}  // namespace vedette::cli
