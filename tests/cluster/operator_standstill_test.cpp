// Argo stands still for a whole minute: what has begun waits, what is timed out is booked by our own clock. Within that
// minute what needs no pod is asked as well: leaders and their successors, the ways to deal with rights, and the
// reference, active-monitor, that leaves a Workflow behind or is still there. In the end Argo goes on, and everything
// that has waited is booked once.

#include "base/json.hpp"
#include "base/time_format.hpp"
#include "cluster/active_monitor.hpp"
#include "cluster/cluster.hpp"
#include "cluster/health_check.hpp"
#include "cluster/operator_program.hpp"
#include "cluster/operator_together.hpp"
#include "cluster/stopped.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <optional>

namespace vedette::cluster {
namespace {

namespace json = boost::json;

using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;

constexpr auto ns = "standstill";
constexpr auto standstill = seconds(60);
constexpr auto hand_over = seconds(2);
constexpr auto lease = "/apis/coordination.k8s.io/v1/namespaces/health/leases/689451f8.keikoproj.io";
constexpr auto rights = "/apis/rbac.authorization.k8s.io/v1/namespaces/standstill/";
constexpr auto accounts = "/api/v1/namespaces/standstill/serviceaccounts/";

// An account whose pods may report to Argo, as a person makes it.
std::string account(std::string_view name) {
    return fmt::format(R"(---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: {0}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: {0}-reports}}
rules: [{{apiGroups: [argoproj.io], resources: [workflowtaskresults], verbs: [create, patch]}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: {0}-reports}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {0}-reports}}
subjects: [{{kind: ServiceAccount, name: {0}, namespace: {1}}}]
)",
                       name, ns);
}

class OperatorStandstill : public testing::Test {
protected:
    static void SetUpTestSuite() {
        end_common_operator();
        install_operator();
        kubectl(fmt::format("create namespace {} >/dev/null", ns));
        kubectl(fmt::format("-n {} apply -f - >/dev/null", ns), account("by-hand") + account("inherited"));
        auto const check = make({.name = "inherited"});
        left_behind_ = kubectl(fmt::format("-n {} create -o jsonpath={{.metadata.name}} -f -", ns),
                               workflow_of_active_monitor("inherited", check.text("metadata.uid"), until_let_go));
        EXPECT_TRUE(eventually([] { return phase_of(left_behind_) == "Running"; }));
        argo_.emplace("workflow-controller");
        since_ = std::chrono::steady_clock::now();
        let_go(ns, left_behind_);
    }
    static void TearDownTestSuite() {
        argo_.reset();
        kubectl(fmt::format("-n {} delete healthchecks --all --wait=false >/dev/null", ns));
        kubectl(fmt::format("delete namespace {} --wait=false >/dev/null", ns));
    }

    /// Its run may take longer than Argo stands still.
    static Check make(CheckText text) {
        if (text.timeout > 60) text.timeout = 900;
        kubectl("create -f - >/dev/null", health_check(ns, text));
        return {ns, text.name};
    }
    /// A check whose only run has begun, and waits for Argo.
    static Check make_waiting(CheckText const& text) {
        auto const check = make(text);
        expect_waiting(check);
        return check;
    }
    static void expect_waiting(Check const& check) {
        auto const object = check.expect("its run has begun", [](json::object const& each) {
            return !get_string(each, "status.currentWorkflow.name").empty();
        });
        auto const runs = check.runs();
        ASSERT_EQ(runs.size(), 1U) << check.name();
        EXPECT_EQ(runs[0].name, get_string(object, "status.currentWorkflow.name"));
        EXPECT_EQ(runs[0].phase, "") << "Argo does not stand still";
    }
    static std::string phase_of(std::string const& workflow) {
        return get_string(get(fmt::format("/apis/argoproj.io/v1alpha1/namespaces/{}/workflows/{}", ns, workflow)),
                          "status.phase");
    }

    static inline std::optional<Stopped> argo_;
    static inline std::chrono::steady_clock::time_point since_;
    static inline std::string left_behind_;
};

TEST_F(OperatorStandstill, TheWorkflowThatTheReferenceHasLeftIsAdopted) {
    Operator const program;
    Check const check(ns, "inherited");
    check.expect("its run is the one under way", [](json::object const& each) {
        return get_string(each, "status.currentWorkflow.name") == left_behind_;
    });
    EXPECT_TRUE(eventually([&] {
        auto const events = check.events();
        return std::find(events.begin(), events.end(), "Adopted") != events.end();
    }));
    EXPECT_TRUE(check.runs().empty()) << "it was run beside the one under way";
}

TEST_F(OperatorStandstill, RunsWaitOrTimeOutByOurClock) {
    Operator const program;
    auto const patient = make({.name = "patient"});
    auto const hasty = make({.name = "hasty", .timeout = 5});
    auto const object = hasty.expect(
        "it failed", [](json::object const& each) { return get_string(each, "status.status") == "Failed"; });
    EXPECT_EQ(get_string(object, "status.errorMessage"), "Failed");
    expect_waiting(patient);
    EXPECT_TRUE(eventually([&] { return program.answers("/healthz") && program.answers("/readyz"); }));
}

std::string holder() {
    return get_string(get(lease), "spec.holderIdentity");
}

struct Pair {
    Operator* leads;
    Operator* follows;
};

// Which of the two leads is for them to say: one that the machine holds up gives its place up.
Pair roles_of(Operator& one, Operator& other) {
    auto const leads = [](Operator const& each) { return each.metric("leader_election_master_status") == "1.0"; };
    Pair pair{.leads = &one, .follows = &other};
    EXPECT_TRUE(eventually([&] {
        if (!leads(*pair.leads)) std::swap(pair.leads, pair.follows);
        return leads(*pair.leads) && !leads(*pair.follows);
    })) << "not one of the two leads";
    return pair;
}

// The best of three is what the program does; a single one may be the machine's.
constexpr auto attempts = 3;

// One that starts beside a leader takes nothing from it.
void start_as_standby(Operator& newcomer) {
    for (int i = 0; i < attempts; ++i) {
        if (i > 0) newcomer.stop();
        ASSERT_TRUE(eventually([] { return !holder().empty(); }));
        auto const leader = holder();
        newcomer.start();
        if (holder() == leader) return;
    }
    ADD_FAILURE() << "it does not stand by";
}

// From the signal to the one that leads until its standby has taken the Lease.
Duration hand_over_by(Operator& leader) {
    auto const led = holder();
    auto const asked = parse_rfc3339(run("printf %s $(date -u +%FT%T.%6NZ)").text);
    leader.stop();
    json::object taken;
    EXPECT_TRUE(eventually([&] {
        taken = get(lease);
        auto const now = get_string(taken, "spec.holderIdentity");
        return !now.empty() && now != led;
    }));
    auto const acquired = parse_rfc3339(get_string(taken, "spec.acquireTime"));
    EXPECT_TRUE(asked && acquired);
    return asked && acquired ? *acquired - *asked : Duration::max();
}

TEST_F(OperatorStandstill, AKilledLeaderIsFollowedByItsStandbyAndASignalledOneAtOnce) {
    Operator first({.name = "operator-1", .flags = "--leader-elect"});
    Operator second({.name = "operator-2", .flags = "--leader-elect", .metrics_port = 8082, .probe_port = 8083});
    make_waiting({.name = "led"});

    auto pair = roles_of(first, second);
    auto const led = holder();
    pair.leads->kill();
    ASSERT_TRUE(eventually([&] {
        auto const now = holder();
        return !now.empty() && now != led;
    }));

    start_as_standby(*pair.leads);
    make_waiting({.name = "handed-over"});
    pair = roles_of(first, second);
    auto best = hand_over_by(*pair.leads);
    for (int i = 1; i < attempts && best >= hand_over; ++i) {
        pair.leads->start();
        pair = roles_of(first, second);
        best = std::min(best, hand_over_by(*pair.leads));
    }
    RecordProperty("hand_over_ms", std::to_string(best / std::chrono::milliseconds(1)));
    EXPECT_LT(best, hand_over) << "a leader that ends in peace must not be waited for";
    make_waiting({.name = "taken-over"});
}

TEST_F(OperatorStandstill, VerifyMakesNothingAndSaysWhatIsMissing) {
    Operator const program({.flags = "--rbac=verify"});
    auto const unarmed = make({.name = "unarmed"});
    auto const object = unarmed.expect("it says what it lacks", [](json::object const& each) {
        return truth_of(each, "Ready") == "False" && reason_of(each, "Ready") == "RBACMissing";
    });
    EXPECT_THAT(message_of_condition(object, "Ready"), HasSubstr("ServiceAccount standstill/unarmed does not exist"));
    EXPECT_TRUE(unarmed.runs().empty());

    // The account is there. Its rights may come from elsewhere, so they are asked for and not insisted on.
    auto const armed = make_waiting({.name = "armed", .account = "by-hand"});
    auto const noted = armed.object();
    EXPECT_EQ(truth_of(noted, "RBACMissing"), "True");
    EXPECT_THAT(message_of_condition(noted, "RBACMissing"), HasSubstr("Role standstill/by-hand-ns-role"));

    EXPECT_TRUE(get(accounts + std::string("unarmed")).empty());
    for (auto const* name : {"unarmed", "by-hand"}) {
        EXPECT_TRUE(get(fmt::format("{}roles/{}-ns-role", rights, name)).empty());
        EXPECT_TRUE(get(fmt::format("{}rolebindings/{}-ns-role-binding", rights, name)).empty());
    }
    EXPECT_TRUE(eventually([&] {
        auto const events = unarmed.events();
        return std::find(events.begin(), events.end(), "RBACMissing") != events.end();
    }));
    unarmed.remove();
}

TEST_F(OperatorStandstill, OffRunsUnderWhateverAccountIsNamedAndLooksAtNoRights) {
    Operator const program({.flags = "--rbac=off"});
    make_waiting({.name = "trusting", .account = "by-hand"});
    auto const nobody = make_waiting({.name = "nobody"});
    for (auto const& each : nobody.events()) EXPECT_FALSE(each.starts_with("RBAC")) << each;
    EXPECT_TRUE(get(accounts + std::string("nobody")).empty());
    for (auto const* name : {"nobody", "by-hand"}) {
        EXPECT_TRUE(get(fmt::format("{}roles/{}-ns-role", rights, name)).empty());
    }
    nobody.remove();
}

TEST_F(OperatorStandstill, BesideALiveReferenceNothingIsDoneUnlessItIsTakenOver) {
    kubectl("apply -f - >/dev/null", deployment_of_active_monitor("default"));
    kubectl("-n health rollout status deployment/activemonitor-controller --timeout=180s >/dev/null");
    auto const check = make({.name = "contested"});
    {
        Operator const program({.acts = false});
        EXPECT_TRUE(eventually([&] {
            return program.log().find("Deployment health/activemonitor-controller is running") != std::string::npos;
        })) << program.log();
        EXPECT_TRUE(eventually([&] { return program.answers("/healthz"); }));
        EXPECT_FALSE(program.answers("/readyz"));
        EXPECT_TRUE(eventually([&] { return program.metric("vedette_operator_acting") == "0.0"; }));
        EXPECT_TRUE(check.runs().empty());
        EXPECT_EQ(check.text("status.status"), "");
    }
    Operator const program({.flags = "--takeover"});
    expect_waiting(check);
    kubectl("-n health delete deployment activemonitor-controller >/dev/null");
}

TEST_F(OperatorStandstill, AfterAMinuteWhatHasWaitedRunsAndIsBookedOnce) {
    Operator const program;
    ASSERT_TRUE(eventually([] { return std::chrono::steady_clock::now() - since_ >= standstill; }));
    EXPECT_EQ(phase_of(left_behind_), "Running");
    Check const patient(ns, "patient");
    expect_waiting(patient);
    EXPECT_EQ(patient.count("status.totalHealthCheckRuns"), 0);

    argo_.reset();
    for (auto const* name : {"patient", "led", "handed-over", "taken-over", "armed", "trusting", "contested"}) {
        Check const check(ns, name);
        auto const object = check.expect_booked(1);
        EXPECT_EQ(get_string(object, "status.status"), "Succeeded") << name;
        EXPECT_EQ(check.runs().size(), 1U) << name;
        expect_status_equals_the_workflows(check);
    }
    Check const inherited(ns, "inherited");
    auto const object = inherited.expect_booked(1);
    EXPECT_EQ(get_string(object, "status.lastSuccessfulWorkflow"), left_behind_);
    EXPECT_TRUE(inherited.runs().empty()) << "it was run once more";
    EXPECT_EQ(Check(ns, "hasty").count("status.totalHealthCheckRuns"), 1);
}

}  // namespace
}  // namespace vedette::cluster
