#include "telemetry/log_level.hpp"

#include <gtest/gtest.h>

#include <array>
#include <tuple>

namespace vedette::telemetry {
namespace {

TEST(LogLevel, TheFiveLevelsReadBackInAnyCase) {
    for (auto const& [level, lower, upper, mixed] :
         {std::tuple{LogLevel::debug, "debug", "DEBUG", "dEbug"}, std::tuple{LogLevel::info, "info", "INFO", "Info"},
          std::tuple{LogLevel::warning, "warning", "WARNING", "Warning"},
          std::tuple{LogLevel::error, "error", "ERROR", "eRROR"},
          std::tuple{LogLevel::critical, "critical", "CRITICAL", "CriticaL"}}) {
        EXPECT_EQ(to_string(level), lower);
        EXPECT_EQ(level_name(level), upper);
        EXPECT_EQ(parse_log_level(lower), level);
        EXPECT_EQ(parse_log_level(upper), level);
        EXPECT_EQ(parse_log_level(mixed), level);
    }
}

TEST(LogLevel, AnythingElseIsNone) {
    for (auto const* text : {"", "warn", "info ", "20", "trace"})
        EXPECT_EQ(parse_log_level(text), std::nullopt) << text;
}

}  // namespace
}  // namespace vedette::telemetry
