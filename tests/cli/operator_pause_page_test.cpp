// docs/health-checks.md says how to pause a check, let it go on, and run it now. Its patches, applied to checks of
// every schedule, do what the page says.

#include "base/json.hpp"
#include "documents.hpp"
#include "kube/fake/patch.hpp"
#include "operator/schedule.hpp"

#include <gmock/gmock.h>

#include <regex>

namespace vedette::cli {
namespace {

namespace json = boost::json;

// The patches below the heading, in order.
std::vector<json::value> patches() {
    static std::regex const call("kubectl patch hc dns -n health --type merge -p '([^']*)'");
    auto const page = text_of("docs/health-checks.md");
    auto const begin = page.find("\n### To pause a check, or run it now\n");
    EXPECT_NE(begin, std::string::npos);
    auto const section = page.substr(begin, page.find("\n## ", begin) - begin);
    std::vector<json::value> all;
    for (std::sregex_iterator found(section.begin(), section.end(), call), end; found != end; ++found) {
        all.push_back(json::parse((*found)[1].str()));
    }
    return all;
}

op::HealthCheck patched(json::value check, json::value const& patch) {
    return op::read_health_check(kube::fake::merge_patch(std::move(check), patch).as_object());
}

TEST(PausePage, ItsPatchesPauseACheckOfAnyScheduleAndLetItRunAtOnce) {
    auto const all = patches();
    ASSERT_EQ(all.size(), 5U) << "pause, go on by delay, go on by cron; pause, go on";
    EXPECT_EQ(all[3], all[0]);
    EXPECT_EQ(all[4], all[1]);
    auto const now = WallTime(std::chrono::sys_days{2026y / 3 / 1});
    for (auto const* spec : {R"({"repeatAfterSec":60})", R"({"schedule":{"cron":"@daily"}})",
                             R"({"repeatAfterSec":60,"schedule":{"cron":"@daily"}})"}) {
        SCOPED_TRACE(spec);
        json::value const check{{"metadata", {{"name", "dns"}, {"namespace", "health"}}}, {"spec", json::parse(spec)}};
        auto const paused = kube::fake::merge_patch(check, all[0]);
        ASSERT_TRUE(patched(check, all[0]).spec.paused());
        for (auto const& back : {all[1], all[2]}) {
            auto const going = patched(paused, back);
            EXPECT_FALSE(going.spec.paused());
            auto const next = op::next_run(going.spec, {.status = "Stopped", .finished_at = now - 1min}, now);
            ASSERT_TRUE(next && *next) << to_json(back);
            EXPECT_EQ((*next)->due, now) << to_json(back);
        }
    }
}

}  // namespace
}  // namespace vedette::cli
