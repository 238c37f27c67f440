#include "telemetry/prometheus.hpp"

#include <gmock/gmock.h>

#include <sstream>

namespace vedette::telemetry {
namespace {

using testing::HasSubstr;

check::RunReport report() {
    check::RunReport sum;
    sum.status = check::Status::critical;
    sum.finished_at = WallTime(std::chrono::seconds(1767225600));
    sum.duration = 1500ms;
    check::CheckReport good;
    good.identity = {.name = "nodes-ready", .type = "nodes-ready", .group = "nodes", .service = "kubernetes"};
    good.outcome = check::Outcome::ok("fine");
    good.outcome.checked = 3;
    good.outcome.measurements = {{"response_ms", 12.5}};
    good.duration = 250ms;
    check::CheckReport bad;
    bad.identity = {.name = "a \"quoted\\name\"\nof two lines", .type = "http", .group = "probes", .service = "shop"};
    bad.outcome = check::Outcome::critical("broken", "Broken");
    bad.outcome.failed = 2;
    sum.checks = {good, bad};
    return sum;
}

std::vector<std::string> lines(std::string const& text) {
    std::vector<std::string> result;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) result.push_back(line);
    return result;
}

TEST(Prometheus, EachCheckHasHealthStatusDurationAndCounts) {
    auto const text = prometheus_text(report());
    auto const labels = std::string(R"(check_group="nodes",check_name="nodes-ready",check_service="kubernetes")");
    EXPECT_THAT(text, HasSubstr("vedette_check_status{" + labels + ",status=\"ok\"} 1.0\n"));
    EXPECT_THAT(text, HasSubstr("vedette_check_status{" + labels + ",status=\"critical\"} 0.0\n"));
    EXPECT_THAT(text, HasSubstr("vedette_check_duration_seconds{" + labels + "} 0.25\n"));
    EXPECT_THAT(text, HasSubstr("vedette_check_objects_checked{" + labels + "} 3.0\n"));
    EXPECT_THAT(text, HasSubstr("vedette_check_measurement{" + labels + ",measurement=\"response_ms\"} 12.5\n"));
    EXPECT_THAT(text, HasSubstr("vedette_run_healthy 0.0\n"));
    EXPECT_THAT(text, HasSubstr("vedette_run_duration_seconds 1.5\n"));
    EXPECT_THAT(text, HasSubstr("vedette_last_run_timestamp_seconds 1767225600.0\n"));
}

TEST(Prometheus, LabelsEscapeQuotesBackslashesAndLineEnds) {
    EXPECT_THAT(prometheus_text(report()), HasSubstr(R"(check_name="a \"quoted\\name\"\nof two lines")"));
}

TEST(Prometheus, EveryFamilyIsDeclaredOnceAndItsSamplesFollowIt) {
    std::string family;
    std::set<std::string> declared;
    for (auto const& line : lines(prometheus_text(report()))) {
        if (line.starts_with("# HELP ")) {
            family = line.substr(7, line.find(' ', 7) - 7);
            EXPECT_TRUE(declared.insert(family).second) << family;
        } else if (line.starts_with("# TYPE ")) {
            EXPECT_EQ(line, "# TYPE " + family + " gauge");
        } else {
            EXPECT_EQ(line.substr(0, line.find_first_of("{ ")), family) << line;
        }
    }
    EXPECT_GE(declared.size(), 8U);
}

TEST(Prometheus, EachCheckHasExactlyOneStatusOfSix) {
    int ones = 0;
    int samples = 0;
    for (auto const& line : lines(prometheus_text(report()))) {
        if (!line.starts_with("vedette_check_status{")) continue;
        ++samples;
        if (line.ends_with("} 1.0")) ++ones;
    }
    EXPECT_EQ(samples, 12);
    EXPECT_EQ(ones, 2);
}

TEST(Prometheus, TheLabelsOfAnInstanceStandOnItsSamplesInPrometheusAlphabetAndReplaceNoneOfOurs) {
    auto sum = report();
    sum.checks[0].labels = {{"team", "a \"b\""},
                            {"app.kubernetes.io/name", "shop"},
                            {"app_kubernetes_io/name", "x"},
                            {"check_name", "mine"},
                            {"status", "mine"},
                            {"1st", "y"}};
    auto const text = prometheus_text(sum);
    auto const labels = std::string(R"(check_group="nodes",check_name="nodes-ready",check_service="kubernetes",)"
                                    R"(team="a \"b\"",app_kubernetes_io_name="shop",_1st="y")");
    EXPECT_THAT(text, HasSubstr("vedette_check_healthy{" + labels + "} 1.0\n"));
    EXPECT_THAT(text, HasSubstr("vedette_check_status{" + labels + ",status=\"ok\"} 1.0\n"));
    EXPECT_THAT(text, testing::Not(HasSubstr("mine")));
    EXPECT_EQ(text.find("team"), text.find("team=\"a")) << "and on no other check's";
}

}  // namespace
}  // namespace vedette::telemetry
