#pragma once
// What holds for every bad HealthCheck "bad" beside a good one "good".

#include "operator/operator_scene.hpp"

#include <fmt/format.h>

namespace vedette::op {

inline constexpr auto long_enough = std::chrono::minutes(10);
inline constexpr std::size_t most_requests = 45;  // of a check that cannot run, in that time

// What a check that is alone does in ten minutes.
struct Alone {
    std::vector<Duration> times;
    std::size_t requests = 0;
};
inline Alone const& alone() {
    static Alone const seen = [] {
        OperatorScene scene;
        scene.add("good");
        scene.start();
        scene.pass(long_enough);
        return Alone{scene.times("good"), scene.first.door.sent.size()};
    }();
    return seen;
}

inline void expect_untouched(OperatorScene const& scene) {
    auto const times = scene.times("good");
    auto const& wanted = alone().times;
    ASSERT_GE(wanted.size(), 9u);
    ASSERT_GE(times.size(), wanted.size());
    // The first list may take a turn longer beside a check of 1 MB.
    EXPECT_LE(times.front() - wanted.front(), 100ms);
    std::vector<Duration> since_first;
    for (std::size_t i = 0; i < wanted.size(); ++i) since_first.push_back(times[i] - times.front() + wanted.front());
    EXPECT_EQ(since_first, wanted) << "the good check did not run as when alone";
}

/// "good" and "bad" are there; ten minutes.
inline void live_beside_a_good_one(OperatorScene& scene) {
    scene.start();
    scene.pass(long_enough);
    expect_untouched(scene);
}

inline std::vector<std::string> warnings(OperatorScene& scene) {
    auto lines = scene.events("bad");
    std::erase_if(lines, [](auto const& line) { return !line.starts_with("Warning "); });
    return lines;
}

// A sentence in the condition; one warning, once.
inline void expect_told(OperatorScene& scene, std::string const& reason, std::string const& says) {
    auto const ready = scene.condition("bad");
    EXPECT_THAT(ready, testing::StartsWith("Ready=False " + reason + ": "));
    EXPECT_THAT(ready, testing::HasSubstr(says));
    EXPECT_THAT(ready, testing::Not(testing::HasSubstr("\n")));
    EXPECT_LT(ready.size(), 1200u);
    EXPECT_THAT(scene.events("bad"),
                testing::ElementsAre(
                    testing::AllOf(testing::StartsWith("Warning " + reason + " x1: "), testing::HasSubstr(says))));
}

inline void expect_healed(OperatorScene& scene, Duration within) {
    scene.pass(within);
    EXPECT_EQ(scene.status("bad").status, "Succeeded");
    EXPECT_THAT(scene.condition("bad"), testing::StartsWith("Ready=True Scheduled: "));
}

inline void expect_gone(OperatorScene& scene) {
    scene.remove("bad");
    scene.pass(1s);
    EXPECT_THAT(scene.first.metrics(), testing::Not(testing::HasSubstr("\"bad\"")));
    EXPECT_THAT(scene.first->healthz().at(0).ask().why, "");
    scene.end();
}

/// An edit that takes the mistake away is all it needs.
inline void expect_mended(OperatorScene& scene) {
    scene.mend("bad");
    expect_healed(scene, 5s);
    expect_gone(scene);
}

struct Row {
    std::string what;
    boost::json::value spec;  ///< merged into that of a good one
    std::string reason;
    std::string says;
};

inline void try_row(Row const& row) {
    SCOPED_TRACE(row.what);
    OperatorScene scene;
    scene.add("good");
    scene.add("bad", row.spec);
    live_beside_a_good_one(scene);
    expect_told(scene, row.reason, row.says);
    EXPECT_THAT(scene.times("bad"), testing::IsEmpty());
    EXPECT_LE(scene.first.door.sent.size(), alone().requests + most_requests);
    expect_mended(scene);
}

inline std::string repeated(std::string_view text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
}

inline boost::json::value text_row(std::string_view text) {
    return inline_source(text);
}

// "workflow.resource": 7 as {"workflow": {"resource": 7}}.
inline boost::json::value at(std::string_view path, boost::json::value value) {
    for (auto left = path; !left.empty();) {
        auto const dot = left.rfind('.');
        auto const key = dot == std::string_view::npos ? left : left.substr(dot + 1);
        value = boost::json::object{{key, std::move(value)}};
        left = dot == std::string_view::npos ? std::string_view() : left.substr(0, dot);
    }
    return value;
}
inline boost::json::value at(std::string_view path, std::string const& text) {
    return at(path, boost::json::value(std::string_view(text)));
}
inline boost::json::value at(std::string_view path, std::nullptr_t) {
    return at(path, boost::json::value(nullptr));
}
inline boost::json::value at(std::string_view path, char const* text) {
    return at(path, boost::json::value(text));
}

}  // namespace vedette::op
