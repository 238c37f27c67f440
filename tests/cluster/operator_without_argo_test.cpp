// An operator whose Argo is not installed yet: it says so, runs what needs no Argo, and begins with the rest once the
// resources are there, untouched.

#include "base/json.hpp"
#include "cluster/cluster.hpp"
#include "cluster/health_check.hpp"
#include "cluster/operator_program.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace vedette::cluster {
namespace {

namespace json = boost::json;

using std::chrono::seconds;

constexpr auto native_check = R"(
apiVersion: activemonitor.keikoproj.io/v1alpha1
kind: HealthCheck
metadata: {{name: native, namespace: early}}
spec:
  repeatAfterSec: 5
  level: namespace
  serviceAccountName: native
  checks:
  - type: tcp
    with: {{host: {}, port: 6443}}
)";

TEST(OperatorWithoutArgo, BeginsOnceTheResourcesOfArgoAreThere) {
    Operator const program;
    kubectl("create namespace early >/dev/null");
    kubectl("create -f - >/dev/null", health_check("early", {.name = "waiting", .timeout = 900}));
    kubectl("create -f - >/dev/null", fmt::format(native_check, variable("NODE_IP")));

    Check const waiting("early", "waiting");
    Check const native("early", "native");
    auto const object = waiting.expect("it says that it cannot run", [](json::object const& each) {
        return truth_of(each, "Ready") == "False" && !message_of_condition(each, "Ready").empty();
    });
    EXPECT_NE(reason_of(object, "Ready"), "Scheduled");
    native.expect("it runs again and again", [](json::object const& each) {
        return get_int(each, "status.totalHealthCheckRuns") >= 2 && get_string(each, "status.status") == "Succeeded";
    });
    EXPECT_TRUE(eventually([&] { return program.answers("/healthz"); }));

    ASSERT_EQ(run(CLUSTER_SOURCE_DIR "/argo").code, 0);
    // The longer Argo was missing, the longer the operator waits before it looks again: five minutes at most.
    auto const has_begun = [&] { return !waiting.runs().empty(); };
    EXPECT_TRUE(eventually(has_begun) || eventually(has_begun)) << program.log();
    auto const begun = waiting.expect(
        "it succeeded", [](json::object const& each) { return get_string(each, "status.status") == "Succeeded"; });
    EXPECT_EQ(truth_of(begun, "Ready"), "True");
    EXPECT_EQ(waiting.runs().size(), 1U);
    expect_status_equals_the_workflows(waiting);
}

}  // namespace
}  // namespace vedette::cluster
