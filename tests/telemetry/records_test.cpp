// The golden test of the record contract: our records and Kavmon's seven are parsed by the same code and compared
// key by key.

#include "telemetry/records.hpp"

#include "base/files.hpp"
#include "base/json.hpp"
#include "world/world.hpp"

#include <gmock/gmock.h>

#include <regex>

namespace vedette::telemetry {
namespace {

namespace json = boost::json;
using testing::ElementsAre;

check::CheckType const license_type{.name = "license", .group = "info", .summary = "", .explain = ""};

check::Instance license(std::string name = "License Valid and Non-Expired") {
    check::Instance instance;
    instance.type = &license_type;
    instance.identity = {.name = name, .type = "license", .group = "info", .service = "app"};
    instance.id = "suite/" + name;
    return instance;
}

struct Scene {
    explicit Scene(RecordOptions options = {}) {
        world.clock().set_wall(WallTime(std::chrono::seconds(1675098031)));
        options.host = "mmapp-app-5d45968868-h9924";
        options.process = 754;
        options.thread = 139640676325184;
        options.arguments.service = "app";
        options.arguments.log_level = std::string(to_string(options.level));
        world.pass(455165us);
        records.emplace(world.clock(), options, [this](std::string const& text) { texts.push_back(text); });
    }

    /// One check from begin to end with this outcome, and what it threw if it did.
    void run(check::Outcome outcome, std::vector<std::string> exception = {}) {
        auto const instance = license();
        records->on_begin({instance});
        check::CheckReport report{.id = instance.id, .identity = instance.identity, .outcome = std::move(outcome)};
        report.timeout = timeout;
        report.exception = std::move(exception);
        auto const skipped = report.outcome.status == check::Status::skipped;
        if (!skipped) {
            report.started_at = world.clock().wall();
            report.attempts = 1;
            records->on_check_started(instance, 1);
        }
        world.pass(36322us);
        if (!skipped) {
            report.finished_at = world.clock().wall();
            report.duration = 36322us;
        }
        records->on_check_finished(report, 1);
        check::RunReport sum;
        sum.status = report.outcome.status;
        sum.checks.push_back(std::move(report));
        records->on_end(sum);
    }

    std::vector<json::object> parsed() const {
        std::vector<json::object> result;
        for (auto const& text : texts) result.push_back(parse_json(text, "record").value().as_object());
        return result;
    }

    world::World world;
    Duration timeout = 10s;
    std::vector<std::string> texts;
    std::optional<Records> records;
};

check::Outcome passing() {
    auto outcome = check::Outcome::ok("the license is valid");
    outcome.details = {{"concurrent_workers_count", 500},
                       {"expiration_timestamp", "2023-02-03T16:26:16.000000Z"},
                       {"expired", false},
                       {"maximum_active_users", 0},
                       {"prepaid_deployment_limit", 0},
                       {"max_deployment_limit", 0}};
    return outcome;
}

std::vector<json::object> seed() {
    auto const text = make_system_files()->read(TEST_SOURCE_DIR "/testdata/kavmon_records.json", 1u << 20);
    std::vector<json::object> result;
    for (auto const& record : parse_json(text.value(), "seed").value().as_array()) result.push_back(record.as_object());
    return result;
}

std::vector<std::string> keys(json::object const& object) {
    std::vector<std::string> result;
    for (auto const& [key, value] : object) result.emplace_back(key);
    return result;
}

// What JSON knows of types, with whole numbers apart from others as Python keeps them.
std::string type_of(json::value const& value) {
    if (value.is_int64() || value.is_uint64()) return "int";
    if (value.is_double()) return "float";
    if (value.is_array()) return "array";
    if (value.is_object()) return "object";
    if (value.is_string()) return "string";
    return value.is_bool() ? "bool" : "null";
}

std::vector<std::string> messages(std::vector<json::object> const& records) {
    std::vector<std::string> result;
    for (auto const& record : records) {
        result.push_back(get_string(record, "@message") + " " + get_string(record.at("@fields"), "levelname"));
    }
    return result;
}

json::object const& fields(json::object const& record) {
    return record.at("@fields").as_object();
}

// A string that holds JSON, spaced as Python's json.dumps does.
json::object nested(json::object const& record, std::string_view key) {
    auto const text = std::string(fields(record).at(key).as_string());
    auto const value = parse_json(text, key).value();
    EXPECT_EQ(to_python_json(value), text) << key;
    return value.as_object();
}

std::regex const utc_micros(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)");
std::regex const python_datetime(R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6})");

bool looks_like(json::value const& value, std::regex const& format) {
    return std::regex_match(std::string(value.as_string()), format);
}

TEST(Records, KeysOrderTypesAndConstantsAreThoseOfTheSeedsSevenRecords) {
    Scene scene;
    scene.run(passing());
    auto const ours = scene.parsed();
    auto const theirs = seed();
    ASSERT_EQ(theirs.size(), 7U);
    ASSERT_EQ(ours.size(), theirs.size());
    for (std::size_t i = 0; i < ours.size(); ++i) {
        SCOPED_TRACE(get_string(theirs[i], "@message"));
        EXPECT_EQ(keys(ours[i]), keys(theirs[i]));
        EXPECT_EQ(keys(fields(ours[i])), keys(fields(theirs[i])));
        for (auto const& [key, value] : fields(theirs[i])) {
            ASSERT_TRUE(fields(ours[i]).contains(key));
            EXPECT_EQ(type_of(fields(ours[i]).at(key)), type_of(value)) << key;
        }
        EXPECT_EQ(ours[i].at("@message"), theirs[i].at("@message"));
        EXPECT_EQ(ours[i].at("@source_host"), theirs[i].at("@source_host"));
        for (auto const* key :
             {"name", "args", "levelname", "levelno", "stack_info", "thread", "threadName", "processName",
              "datarobot_service_id", "DataRobotLogger_filter_disallow", "DataRobotLogger_filter_aliases"}) {
            EXPECT_EQ(fields(ours[i]).at(key), fields(theirs[i]).at(key)) << key;
        }
        for (auto const* key :
             {"DataRobotLogger_keys_disallow", "arguments", "health_checks", "health_check", "healthy", "timed_out",
              "health_check_group", "health_check_service", "all_healthy", "failed_checks", "check_groups"}) {
            if (auto const* value = fields(theirs[i]).if_contains(key)) {
                EXPECT_EQ(to_python_json(fields(ours[i]).at(key)), to_python_json(*value)) << key;
            }
        }
    }
}

TEST(Records, TimesHaveTheFormatsOfTheSeed) {
    Scene scene;
    scene.run(passing());
    auto both = scene.parsed();
    for (auto const& record : seed()) both.push_back(record);
    for (auto const& record : both) {
        EXPECT_TRUE(looks_like(record.at("@timestamp"), utc_micros));
        auto const created = fields(record).at("created").as_double();
        auto const msecs = fields(record).at("msecs").as_double();
        EXPECT_NEAR((created - std::floor(created)) * 1000, msecs, 0.01);
        EXPECT_EQ(static_cast<std::int64_t>(created), 1675098031);
    }
    EXPECT_EQ(both.at(0).at("@timestamp"), "2023-01-30T17:00:31.455165Z");
    EXPECT_DOUBLE_EQ(fields(both.at(0)).at("relativeCreated").as_double(), 455.165);
}

// Kavmon's keys stay in their order; ours stand between the check's own and timestamp_end.
void expect_result_like_the_seeds(json::object const& ours, json::object const& theirs) {
    auto const wanted = keys(theirs);
    auto const have = keys(ours);
    ASSERT_GT(have.size(), wanted.size());
    EXPECT_EQ(std::vector(have.begin(), have.begin() + static_cast<std::ptrdiff_t>(wanted.size()) - 1),
              std::vector(wanted.begin(), wanted.end() - 1));
    EXPECT_EQ(have.back(), "timestamp_end");
    for (auto const& [key, value] : theirs) EXPECT_EQ(type_of(ours.at(key)), type_of(value)) << key;
    for (auto const* key : {"timestamp_start", "timestamp_end"}) {
        EXPECT_TRUE(looks_like(ours.at(key), python_datetime)) << ours.at(key);
        EXPECT_TRUE(looks_like(theirs.at(key), python_datetime));
    }
    for (auto const& key : have) {
        if (!key.starts_with("timestamp_")) EXPECT_EQ(key.find('_'), std::string::npos) << key;
    }
}

TEST(Records, NestedResultsKeepTheSeedsKeysOrderAndSeparators) {
    Scene scene;
    scene.run(passing());
    auto const ours = scene.parsed();
    auto const theirs = seed();
    expect_result_like_the_seeds(nested(ours[3], "health_check_result"), nested(theirs[3], "health_check_result"));

    auto const our_groups = nested(ours[6], "health_check_results");
    auto const their_groups = nested(theirs[6], "health_check_results");
    EXPECT_EQ(keys(our_groups), keys(their_groups));
    ASSERT_EQ(our_groups.at("info").as_array().size(), 1U);
    expect_result_like_the_seeds(our_groups.at("info").as_array()[0].as_object(),
                                 their_groups.at("info").as_array()[0].as_object());
}

TEST(Records, EachRecordNamesTheSourceThatWroteItRelativeToTheTree) {
    Scene scene;
    scene.run(passing());
    for (auto const& record : scene.parsed()) {
        auto const& f = fields(record);
        EXPECT_EQ(f.at("filename"), "records.cpp");
        EXPECT_EQ(f.at("module"), "records");
        EXPECT_EQ(f.at("pathname"), "src/telemetry/records.cpp");
        EXPECT_GT(f.at("lineno").as_int64(), 0);
        EXPECT_TRUE(std::string(f.at("funcName").as_string()).starts_with("on_")) << f.at("funcName");
    }
}

TEST(Records, AnUnhealthyCheckSaysSoAtErrorAndIsNamedInTheLastRecord) {
    Scene scene;
    auto outcome = check::Outcome::critical("the license ran out", "Expired");
    outcome.failures = {{.kind = "Pod", .ns = "shop", .name = "web", .reason = "Expired", .message = "over"}};
    scene.run(outcome);
    auto const records = scene.parsed();
    EXPECT_THAT(
        messages(records),
        ElementsAre("Kavmon starting INFO", "Picked checks based on provided filters INFO",
                    "Health check execution started INFO", "Health check execution finished INFO",
                    "Check failed. ERROR", "Finished processing all health checks. Some checks were unhealthy. INFO",
                    "Kavmon checks finished INFO"));
    EXPECT_EQ(fields(records[3]).at("healthy"), false);
    EXPECT_EQ(fields(records[3]).at("timed_out"), false);
    EXPECT_EQ(fields(records[4]).at("levelno"), 40);
    EXPECT_EQ(fields(records[6]).at("all_healthy"), false);
    EXPECT_EQ(fields(records[6]).at("failed_checks"), "License Valid and Non-Expired");
    auto const result = nested(records[3], "health_check_result");
    EXPECT_EQ(result.at("healthy"), false);
    EXPECT_EQ(result.at("error"), "the license ran out");
    EXPECT_FALSE(result.contains("timedOut"));
    EXPECT_EQ(get_string(result, "failures.0.name"), "web");
}

TEST(Records, ATimedOutCheckIsUnhealthyAndTimedOut) {
    Scene scene;
    scene.run(check::Outcome::timeout("timed out after 10s"));
    auto const records = scene.parsed();
    ASSERT_EQ(records.size(), 7U);
    EXPECT_EQ(fields(records[3]).at("healthy"), false);
    EXPECT_EQ(fields(records[3]).at("timed_out"), true);
    auto const result = nested(records[3], "health_check_result");
    EXPECT_EQ(result.at("timedOut"), true);
    EXPECT_EQ(result.at("error"), "timed out after 10s");
    EXPECT_EQ(result.at("timeoutSeconds"), 10);
    EXPECT_EQ(result.at("timeoutSeconds").kind(), json::kind::int64) << "10 and not 10.0";
    EXPECT_EQ(fields(records[6]).at("all_healthy"), false);
    // The order of the sketch: error, timedOut, timeoutSeconds, the end.
    auto const order = keys(result);
    auto const error = std::find(order.begin(), order.end(), "error");
    ASSERT_GE(order.end() - error, 4);
    EXPECT_EQ(std::vector(error, error + 3), (std::vector<std::string>{"error", "timedOut", "timeoutSeconds"}));
    EXPECT_EQ(order.back(), "timestamp_end");
}

TEST(Records, APartOfASecondIsALimitTooAndOthersStatusesHaveNone) {
    Scene scene;
    scene.timeout = 1500ms;
    scene.run(check::Outcome::timeout("no answer"));
    EXPECT_EQ(nested(scene.parsed()[3], "health_check_result").at("timeoutSeconds"), 1.5);
    for (auto const& outcome : {check::Outcome::ok("fine"), check::Outcome::critical("broken", "Broken"),
                                check::Outcome::unknown("no permission"), check::Outcome::skipped("not here")}) {
        Scene other;
        other.run(outcome);
        for (auto const& record : other.parsed()) {
            auto const* text = fields(record).if_contains("health_check_result");
            if (text) EXPECT_EQ(std::string(text->as_string()).find("timeoutSeconds"), std::string::npos);
        }
    }
}

// The base keys that every variant has around what differs (the specification's table of failing variants).
void expect_base_keys(json::object const& result) {
    auto const order = keys(result);
    ASSERT_GT(order.size(), 6U);
    EXPECT_EQ(std::vector(order.begin(), order.begin() + 5),
              (std::vector<std::string>{"group", "name", "service", "healthy", "timestamp_start"}));
    EXPECT_EQ(order.back(), "timestamp_end");
}

TEST(Records, ACheckThatThrewHasItsTracebackInTheFailedRecordAndNowhereElse) {
    Scene scene;
    std::vector<std::string> const lines{"Traceback (most recent call last):\n",
                                         "  File \"src/check/engine.cpp\", line 7, in attempt\n",
                                         "std::out_of_range: no such pod\n"};
    scene.run(check::Outcome::unknown("the check itself failed: no such pod; please report this", "CheckFailed"),
              lines);
    auto const records = scene.parsed();
    ASSERT_EQ(records.size(), 7U);
    EXPECT_EQ(fields(records[3]).at("healthy"), false);
    EXPECT_EQ(fields(records[3]).at("timed_out"), false);
    auto const result = nested(records[3], "health_check_result");
    expect_base_keys(result);
    EXPECT_EQ(result.at("error"), "the check itself failed: no such pod; please report this");

    auto const& failed = fields(records[4]);
    EXPECT_EQ(records[4].at("@message"), "Check failed.");
    EXPECT_EQ(failed.at("levelname"), "ERROR");
    EXPECT_EQ(to_python_json(failed.at("exception")), to_python_json(json::value_from(lines)));
    EXPECT_EQ(keys(failed).back(), "exception") << "the formatter adds it last";
    EXPECT_EQ(to_python_json(failed.at("DataRobotLogger_keys_disallow")), "[\"health_check\"]");
    // All keys before it are those of a failed record without one.
    Scene plain;
    plain.run(check::Outcome::critical("broken", "Broken"));
    auto without = keys(failed);
    without.pop_back();
    EXPECT_EQ(without, keys(fields(plain.parsed()[4])));
    for (std::size_t i : {0U, 1U, 2U, 3U, 5U, 6U}) EXPECT_FALSE(fields(records[i]).contains("exception")) << i;
}

TEST(Records, EveryVariantKeepsTheBaseKeysOfAResult) {
    for (auto const& outcome :
         {passing(), check::Outcome::warning("slow", "Slow"), check::Outcome::critical("broken", "Broken"),
          check::Outcome::timeout("late"), check::Outcome::unknown("forbidden"), check::Outcome::skipped("not here")}) {
        SCOPED_TRACE(std::string(to_string(outcome.status)));
        Scene scene;
        scene.run(outcome);
        auto const records = scene.parsed();
        auto const& finished = records.at(outcome.status == check::Status::skipped ? 2 : 3);
        EXPECT_EQ(keys(fields(finished)), keys(fields(seed().at(3))));
        expect_base_keys(nested(finished, "health_check_result"));
        auto const& last = records.back();
        EXPECT_EQ(fields(last).at("all_healthy"), check::is_healthy(outcome.status));
        EXPECT_EQ(fields(last).at("failed_checks"),
                  check::is_healthy(outcome.status) ? "" : "License Valid and Non-Expired");
    }
}

TEST(Records, ASkippedCheckIsHealthyAndNeitherSucceedsNorFails) {
    Scene scene;
    scene.run(check::Outcome::skipped("skip_if: AIR_GAPPED is set"));
    auto const records = scene.parsed();
    EXPECT_THAT(messages(records), ElementsAre("Kavmon starting INFO", "Picked checks based on provided filters INFO",
                                               "Health check execution finished INFO",
                                               "Finished processing all health checks. All checks were healthy. INFO",
                                               "Kavmon checks finished INFO"));
    auto const result = nested(records[2], "health_check_result");
    EXPECT_EQ(result.at("healthy"), true);
    EXPECT_EQ(result.at("skipped"), true);
    EXPECT_EQ(result.at("skipReason"), "skip_if: AIR_GAPPED is set");
    EXPECT_EQ(fields(records[4]).at("all_healthy"), true);
}

TEST(Records, FromWarningOnOnlyTheLastRecordIsPrintedAndAtThatLevel) {
    for (auto const& [level, name, number] :
         {std::tuple{LogLevel::warning, "WARNING", 30}, std::tuple{LogLevel::error, "ERROR", 40},
          std::tuple{LogLevel::critical, "CRITICAL", 50}}) {
        Scene scene({.level = level});
        scene.run(check::Outcome::critical("broken", "Broken"));
        auto const records = scene.parsed();
        ASSERT_EQ(records.size(), 1U) << name;
        EXPECT_EQ(records[0].at("@message"), "Kavmon checks finished");
        EXPECT_EQ(fields(records[0]).at("levelname"), name);
        EXPECT_EQ(fields(records[0]).at("levelno"), number);
    }
}

TEST(Records, DebugPrintsAllSevenAndKeepsTheLevelOfEach) {
    Scene scene({.level = LogLevel::debug});
    scene.run(passing());
    auto const records = scene.parsed();
    ASSERT_EQ(records.size(), 7U);
    EXPECT_EQ(fields(records[0]).at("levelname"), "INFO");
    EXPECT_EQ(fields(records[6]).at("levelname"), "DEBUG");
    EXPECT_EQ(get_int(records[0], "@fields.arguments.provided_log_level"), 10);
}

TEST(Records, ARecordIsOneAsciiLineUnlessPretty) {
    auto outcome = check::Outcome::ok("größer als 🦆\nzwei Zeilen");
    Scene plain;
    plain.run(outcome);
    for (auto const& text : plain.texts) {
        EXPECT_EQ(text.find('\n'), text.size() - 1);
        EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
        EXPECT_EQ(to_python_json(parse_json(text, "record").value()) + "\n", text);
    }
    Scene pretty({.pretty = true});
    pretty.run(outcome);
    ASSERT_EQ(pretty.texts.size(), plain.texts.size());
    EXPECT_TRUE(pretty.texts[0].starts_with("{\n  \"@message\": \"Kavmon starting\",\n"));
    for (std::size_t i = 0; i < pretty.texts.size(); ++i) {
        EXPECT_EQ(keys(pretty.parsed()[i]), keys(plain.parsed()[i]));
        EXPECT_EQ(pretty.texts[i].back(), '\n');
    }
}

TEST(Records, SeveralGroupsAndFailuresAreJoinedByCommasInTheOrderOfTheSuite) {
    Scene scene;
    check::RunReport sum;
    sum.status = check::Status::critical;
    for (auto const& [group, name, bad] :
         {std::tuple{"nodes", "b", true}, std::tuple{"certs", "a", false}, std::tuple{"nodes", "c", true}}) {
        check::CheckReport report;
        report.identity = {.name = name, .type = "t", .group = group, .service = "s"};
        report.outcome = bad ? check::Outcome::critical("x", "X") : check::Outcome::ok("y");
        sum.checks.push_back(std::move(report));
    }
    scene.records->on_end(sum);
    auto const last = scene.parsed().at(1);
    EXPECT_EQ(fields(last).at("failed_checks"), "b,c");
    EXPECT_EQ(fields(last).at("check_groups"), "nodes,certs");
    auto const results = nested(last, "health_check_results");
    EXPECT_EQ(results.at("nodes").as_array().size(), 2U);
    EXPECT_FALSE(results.at("nodes").as_array()[0].as_object().contains("group"));
}

TEST(Records, ACheckCannotOverwriteTheKeysOfTheContract) {
    check::CheckReport report;
    report.identity = license().identity;
    report.outcome = check::Outcome::ok("fine");
    report.outcome.details = {{"healthy", "maybe"}, {"name", "mine"}, {"custom_key", 1}};
    auto const result = result_object(report, WallTime{}, true);
    EXPECT_EQ(result.at("healthy"), true);
    EXPECT_EQ(result.at("name"), "License Valid and Non-Expired");
    EXPECT_EQ(result.at("customKey"), 1);
}

TEST(CamelCase, WordsAfterUnderscoresAndDashesStartLarge) {
    EXPECT_EQ(camel_case("nodes_ready"), "nodesReady");
    EXPECT_EQ(camel_case("connect-ms"), "connectMs");
    EXPECT_EQ(camel_case("alreadyCamel"), "alreadyCamel");
    EXPECT_EQ(camel_case("_odd__one_"), "oddOne");
    EXPECT_EQ(camel_case("p95_ms"), "p95Ms");
}

}  // namespace
}  // namespace vedette::telemetry
