#include "cli/operator_log.hpp"

#include "base/json.hpp"

#include <gmock/gmock.h>

namespace vedette::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

// 2026-03-01T10:00:30.123456789Z
constexpr WallTime at{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + std::chrono::hours(10) +
                      std::chrono::seconds(30) + std::chrono::nanoseconds(123'456'789)};

TEST(OperatorLog, LevelsAreThoseOfZapAndWarningsPassWhereErrorsDo) {
    struct Row {
        OperatorLogOptions options;
        std::vector<bool> want;  // debug, info, warning, error
    };
    for (auto const& row : std::vector<Row>{
             {{}, {false, true, true, true}},
             {{.level = "info"}, {false, true, true, true}},
             {{.level = "error"}, {false, false, true, true}},
             {{.level = "panic"}, {false, false, true, true}},
             {{.level = "debug"}, {true, true, true, true}},
             {{.level = "1"}, {true, true, true, true}},
             {{.level = "127"}, {true, true, true, true}},
             {{.devel = true}, {true, true, true, true}},
             {{.devel = false}, {false, true, true, true}},
             {{.devel = true, .level = "info"}, {false, true, true, true}},
             {{.devel = false, .level = "debug"}, {true, true, true, true}},
             {{.stacktrace_level = "info"}, {false, true, true, true}},
         }) {
        std::vector<bool> got;
        for (auto const level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
            got.push_back(logs(row.options, level));
        }
        EXPECT_EQ(got, row.want) << "level \"" << row.options.level << "\"";
    }
}

TEST(OperatorLog, TheEncoderIsTheOneThatIsNamedElseThatOfTheMode) {
    struct Row {
        OperatorLogOptions options;
        bool json;
    };
    for (auto const& row : std::vector<Row>{
             {{}, false},
             {{.devel = true}, false},
             {{.devel = false}, true},
             {{.encoder = "json"}, true},
             {{.encoder = "console"}, false},
             {{.devel = true, .encoder = "json"}, true},
             {{.devel = false, .encoder = "console"}, false},
         }) {
        auto const line = log_line(row.options, LogLevel::info, "hello", at);
        EXPECT_EQ(line, row.json ? "{\"level\":\"info\",\"ts\":\"2026-03-01T10:00:30Z\",\"msg\":\"hello\"}\n"
                                 : "2026-03-01T10:00:30Z\tinfo\thello\n");
    }
}

TEST(OperatorLog, EachLevelHasItsWord) {
    std::vector<std::string> words;
    for (auto const level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
        words.push_back(log_line({}, level, "x", WallTime()));
    }
    EXPECT_THAT(words, testing::ElementsAre("1970-01-01T00:00:00Z\tdebug\tx\n", "1970-01-01T00:00:00Z\tinfo\tx\n",
                                            "1970-01-01T00:00:00Z\twarn\tx\n", "1970-01-01T00:00:00Z\terror\tx\n"));
}

TEST(OperatorLog, TimesAreEncodedAsZapDoesNumbersInJsonStayNumbers) {
    struct Row {
        std::string encoding;
        std::string console;
        bool is_number;
    };
    for (auto const& row : std::vector<Row>{
             {"", "2026-03-01T10:00:30Z", false},
             {"rfc3339", "2026-03-01T10:00:30Z", false},
             {"rfc3339nano", "2026-03-01T10:00:30.123456789Z", false},
             {"iso8601", "2026-03-01T10:00:30.123Z", false},
             {"epoch", "1772359230.", true},
             {"millis", "1772359230123.", true},
             {"nano", "1772359230123456789", true},
         }) {
        SCOPED_TRACE(row.encoding);
        auto const console = log_line({.time_encoding = row.encoding}, LogLevel::info, "x", at);
        auto const shown = console.substr(0, console.find('\t'));
        if (row.is_number && row.console.ends_with('.')) {
            EXPECT_THAT(shown, testing::StartsWith(row.console)) << "no exponent, and a part of a second";
        } else {
            EXPECT_EQ(shown, row.console);
        }
        auto const line =
            parse_json(log_line({.encoder = "json", .time_encoding = row.encoding}, LogLevel::info, "x", at), "line");
        ASSERT_TRUE(line) << line.error().text();
        EXPECT_EQ(line->at("ts").is_number(), row.is_number);
    }
}

TEST(OperatorLog, SecretsAreBlackenedInBothEncodings) {
    for (auto const* encoder : {"console", "json"}) {
        auto const line =
            log_line({.encoder = encoder}, LogLevel::error, "GET https://ann:4f1dc0ffee@shop/: token=4f1dc0ffee", at);
        EXPECT_THAT(line, HasSubstr("[redacted]"));
        EXPECT_THAT(line, Not(HasSubstr("4f1dc0ffee")));
    }
}

TEST(OperatorLog, ALineIsOneLineOfJsonWhateverTheSentenceHolds) {
    auto const line = log_line({.encoder = "json"}, LogLevel::info, "a \"b\"\tc", at);
    EXPECT_EQ(line, "{\"level\":\"info\",\"ts\":\"2026-03-01T10:00:30Z\",\"msg\":\"a \\\"b\\\"\\tc\"}\n");
}

}  // namespace
}  // namespace vedette::cli
