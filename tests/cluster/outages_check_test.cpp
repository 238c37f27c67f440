// `vedette check` whose API server dies or falls silent under it: one document, honest statuses, the right exit code,
// all of it in time.

#include "cluster/cluster.hpp"
#include "cluster/login.hpp"
#include "cluster/stopped.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

namespace vedette::cluster {
namespace {

// The limits of a run lie far from one another, so that what ended it is clear on a slow machine too.
constexpr char with_a_deadline[] = "-t 120 --deadline 20s";
constexpr char without_limits[] = "-t 120 --deadline 150s";
constexpr double at_the_deadline = 20.5;
constexpr double soon = 15;

std::string run_folder() {
    return std::getenv("VEDETTE_CLUSTER_RUN");
}

/// The command after which no thread of the API server runs.
std::string halt(std::string_view signal) {
    return fmt::format("{}/halt {} kube-apiserver {}", CLUSTER_SOURCE_DIR, signal, run_folder());
}

struct Ended {
    int code = 0;
    boost::json::object document;
};

/// A test may leave the server in any state; the next one finds it ready.
class CheckInAnOutage : public testing::Test {
protected:
    ~CheckInAnOutage() override { EXPECT_TRUE(restart_server()); }

    /// `disturbance` runs beside the check. A check that hangs is ended, and fails the test by its exit code.
    Ended check(std::string const& arguments, std::string const& disturbance = "true") {
        auto const output = run(fmt::format("({}) >/dev/null & exec timeout -s KILL 200 {} check -o json {}",
                                            disturbance, std::getenv("VEDETTE_BIN"), arguments));
        boost::system::error_code error;
        auto document = boost::json::parse(output.text, error);
        EXPECT_FALSE(error) << "not one document: " << output.text;
        if (error) return {output.code, {{"checks", boost::json::array{}}}};
        return {output.code, std::move(document.as_object())};
    }

    /// The API server gets `signal` while the checks run: object checks are done by then, those of the API server
    /// have not begun, because one worker takes the suite in its order.
    Ended check_cut_by(std::string_view signal, std::string const& arguments) {
        File const suite(fmt::format(R"(
checks:
- type: deployments-available
- type: exec
  name: outage
  with: {{command: [sh, -c, "{}"]}}
- type: apiserver-livez
- type: apiserver-readyz
- type: apiserver-latency
)",
                                     halt(signal)));
        return check(fmt::format("--suite {} -w 1 {}", suite.path(), arguments));
    }

    /// The best of three is what the program does; a single one may be the machine's. Each must be right in all else.
    static void expect_within(double bound, std::function<Ended()> const& attempt) {
        auto best = seconds(attempt());
        for (int more = 2; more > 0 && best > bound; --more) {
            EXPECT_TRUE(restart_server());
            best = std::min(best, seconds(attempt()));
        }
        EXPECT_LE(best, bound);
    }

    static double seconds(Ended const& ended) { return ended.document.at("duration_seconds").to_number<double>(); }

    static std::string message(Ended const& ended, std::string_view name) {
        return std::string(entry(ended.document, name).at("message").as_string());
    }
};

// Only what asks nobody may be well; whoever had to ask says that it could not.
void expect_all_unknown_but(Ended const& ended, std::string_view critical) {
    for (auto const& check : ended.document.at("checks").as_array()) {
        auto const name = check.at("name").as_string();
        auto const want = name == critical ? "critical" : name == "own-credentials" ? "ok" : "unknown";
        EXPECT_EQ(check.at("status").as_string(), want) << check;
    }
}

TEST_F(CheckInAnOutage, AServerStoppedInMidRunLeavesTheRestUnknownAtTheDeadline) {
    expect_within(at_the_deadline, [&] {
        auto const ended = check_cut_by("STOP", with_a_deadline);
        EXPECT_EQ(ended.code, 1);
        EXPECT_EQ(status_of(ended.document, "deployments-available"), "ok");
        EXPECT_EQ(status_of(ended.document, "outage"), "ok");
        for (auto const* name : {"apiserver-livez", "apiserver-readyz", "apiserver-latency"}) {
            EXPECT_EQ(status_of(ended.document, name), "unknown");
            EXPECT_EQ(message(ended, name), "not finished: interrupted");
        }
        EXPECT_EQ(ended.document.at("status").as_string(), "unknown");
        EXPECT_FALSE(ended.document.at("healthy").as_bool());
        return ended;
    });
}

// A dead server is no reason to wait for the deadline.
TEST_F(CheckInAnOutage, AServerKilledInMidRunIsCriticalAndTheRestUnknown) {
    expect_within(soon, [&] {
        auto const ended = check_cut_by("KILL", without_limits);
        EXPECT_EQ(ended.code, 1);
        EXPECT_EQ(status_of(ended.document, "deployments-available"), "ok");
        EXPECT_EQ(status_of(ended.document, "apiserver-livez"), "critical");
        EXPECT_NE(message(ended, "apiserver-livez").find(std::getenv("NODE_IP")), std::string::npos);
        EXPECT_EQ(status_of(ended.document, "apiserver-readyz"), "unknown");
        EXPECT_EQ(status_of(ended.document, "apiserver-latency"), "unknown");
        return ended;
    });
}

TEST_F(CheckInAnOutage, AServerThatIsSilentFromTheStartLeavesAllUnknownAtTheDeadline) {
    expect_within(at_the_deadline, [&] {
        Stopped const server("kube-apiserver");
        auto const ended = check(with_a_deadline);
        EXPECT_EQ(ended.code, 1);
        expect_all_unknown_but(ended, "");
        return ended;
    });
}

TEST_F(CheckInAnOutage, AServerKilledWhileEverybodyWaitsForItEndsTheWait) {
    expect_within(soon, [&] {
        Stopped const server("kube-apiserver");
        auto const ended = check(without_limits, "sleep 1; " + halt("KILL"));
        EXPECT_EQ(ended.code, 1);
        expect_all_unknown_but(ended, "apiserver-livez");
        return ended;
    });
}

TEST_F(CheckInAnOutage, AStoppedServerThatGoesOnInTimeIsOnlySlow) {
    // The run itself lets it go on, so that it has begun by then.
    auto const go_on = fmt::format("sleep 1; kill -CONT $(cat {}/pids/kube-apiserver)", run_folder());
    File const suite(suite_for("default") +
                     fmt::format("- {{type: exec, name: outage, with: {{command: [sh, -c, '{}']}}}}\n", go_on));
    Stopped const server("kube-apiserver");
    auto const ended = check(fmt::format("--suite {} {}", suite.path(), without_limits));
    for (auto const& check : ended.document.at("checks").as_array()) {
        EXPECT_NE(check.at("status").as_string(), "unknown") << check;
        EXPECT_NE(check.at("status").as_string(), "timeout") << check;
    }
    EXPECT_EQ(status_of(ended.document, "apiserver-livez"), "ok");
    EXPECT_GE(seconds(ended), 1);
}

}  // namespace
}  // namespace vedette::cluster
