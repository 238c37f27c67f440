// The referee can fail: bad histories, each of which it must blame, beside the good one that it must not.

#include "operator/simulation/referee.hpp"

#include "operator/argo.hpp"

#include <gmock/gmock.h>

namespace vedette::op::simulation {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

namespace json = boost::json;

class History : public testing::Test {
protected:
    History() : server_(world_.executor(), world_.clock(), world_.random()), referee_(server_, world_.clock()) {
        server_.add_kind({.resource = workflow_kind, .status_subresource = false});
        server_.add_kind({.resource = health_check_kind});
    }

    void policy(json::object data) {
        server_.put({{"apiVersion", "v1"},
                     {"kind", "ConfigMap"},
                     {"metadata", {{"name", remedy_policy_name}, {"namespace", "health"}}},
                     {"data", std::move(data)}});
        world_.pass(6min);  // everybody has heard of it
    }

    // Writes it as it is to be from now on; its UID.
    std::string check(std::string const& name, Status const& status, json::object spec = {}) {
        spec["repeatAfterSec"] = 20;
        if (!spec.contains("checks")) spec["workflow"] = json::object{{"generateName", name}, {"workflowtimeout", 5}};
        spec["remedyworkflow"] = json::object{{"generateName", "fix"}};
        auto const stored = server_.put({{"apiVersion", "activemonitor.keikoproj.io/v1alpha1"},
                                         {"kind", "HealthCheck"},
                                         {"metadata", {{"name", name}, {"namespace", "health"}}},
                                         {"spec", std::move(spec)},
                                         {"status", status_object(status)}});
        return std::string(stored.at("metadata").at("uid").as_string());
    }

    // A failure that asks for its first remedy.
    Status failed() {
        Status status{.status = "Failed", .failed_count = 1, .total_runs = 1, .run_number = 1, .remedy_episode = 1};
        status.consecutive_failures = 1;
        status.intent = RemedyIntent{1, 1, world_.clock().wall() + 10min};
        return status;
    }

    static kube::Object workflow(std::string const& uid, std::string const& run, std::string const& ns = "health") {
        return {{"apiVersion", "argoproj.io/v1alpha1"},
                {"kind", "Workflow"},
                {"metadata",
                 {{"name", uid.substr(0, 8) + run},
                  {"namespace", ns},
                  {"annotations", {{run_annotation, run}, {uid_annotation, uid}}}}}};
    }

    void send(std::string const& uid) {
        referee_.sent(kube::create_request(workflow_kind, "health", workflow(uid, "remedy-1-1")));
    }

    // The remedy runs, and ends as `phase`; the status books it as `booked`.
    void remedy(std::string const& name, std::string const& phase, std::string const& booked) {
        auto status = failed();
        auto const uid = check(name, status);
        send(uid);
        auto object = workflow(uid, "remedy-1-1");
        auto const made = server_.put(object);
        status.current = CurrentWorkflow{{Purpose::remedy, 1, 1},
                                         "health",
                                         std::string(object.at("metadata").at("name").as_string()),
                                         std::string(made.at("metadata").at("uid").as_string()),
                                         world_.clock().wall(),
                                         world_.clock().wall()};
        check(name, status);
        object["status"] = json::object{{"phase", phase}};
        server_.put(object);
        status.current.reset();
        status.intent.reset();
        status.remedy_attempt = 1;
        status.remedy_status = booked;
        status.remedy_total_runs = 1;
        (booked == "Succeeded" ? status.remedy_success_count : status.remedy_failed_count) = 1;
        status.remedy_triggered_at = status.remedy_finished_at = world_.clock().wall();
        check(name, status);
    }

    world::World world_;
    kube::fake::ApiServer server_;
    Referee referee_;
};

TEST_F(History, ARemedyThatIsBookedAsItEndedIsGood) {
    remedy("a", "Succeeded", "Succeeded");
    remedy("b", "Failed", "Failed");
    EXPECT_THAT(referee_.violations(), IsEmpty());
    EXPECT_EQ(referee_.remedies(), 2u);
}

TEST_F(History, ARemedyThatIsBookedOtherwiseThanItEndedIsNot) {
    remedy("a", "Failed", "Succeeded");
    EXPECT_THAT(referee_.violations(),
                Contains(HasSubstr("was booked as Succeeded, and its Workflow says \"Failed\"")));
}

TEST_F(History, OneRemedyMoreThanABudgetHasIsBlamed) {
    policy({{"budgetPerCluster", "2/10m"}});
    remedy("a", "Succeeded", "Succeeded");
    remedy("b", "Succeeded", "Succeeded");
    EXPECT_THAT(referee_.violations(), IsEmpty());
    send(check("c", failed()));
    EXPECT_THAT(referee_.violations(), Contains(HasSubstr("the cluster's budget is spent")));
}

TEST_F(History, ABudgetComesBackWhenItsWindowHasPassed) {
    policy({{"budgetPerNamespace", "1/2m"}});
    remedy("a", "Succeeded", "Succeeded");
    world_.pass(2min);
    send(check("b", failed()));
    EXPECT_THAT(referee_.violations(), IsEmpty());
    remedy("c", "Succeeded", "Succeeded");
    send(check("d", failed()));
    EXPECT_THAT(referee_.violations(), Contains(HasSubstr("the namespace's budget is spent")));
}

TEST_F(History, AShareOfTheChecksWithARemedyIsRoundedUp) {
    policy({{"maxConcurrent", "34%"}, {"namespace.health.maxConcurrent", "99%"}});
    auto status = failed();
    status.current = CurrentWorkflow{{Purpose::remedy, 1, 1}, "health", "fix-1", "u", {}, {}};
    check("a", status);
    check("b", failed());
    send(check("c", failed()));
    EXPECT_THAT(referee_.violations(), IsEmpty()) << "34% of three are two";
    check("b", status);
    send(check("d", failed()));
    EXPECT_THAT(referee_.violations(), Contains(HasSubstr("maxConcurrent is reached")));
}

TEST_F(History, ASecondRemedyBesideTheOnlyOneAllowedIsBlamed) {
    policy({{"maxConcurrent", "1"}});
    auto status = failed();
    status.current = CurrentWorkflow{{Purpose::remedy, 1, 1}, "health", "fix-1", "u", {}, {}};
    check("a", status);
    send(check("b", failed()));
    EXPECT_THAT(referee_.violations(), Contains(HasSubstr("maxConcurrent is reached")));
}

TEST_F(History, ARemedyUnderAnyNoIsBlamed) {
    struct Row {
        json::object policy;
        json::object spec;
        char const* why;
    };
    for (auto const& row : {
             Row{{{"enabled", "false"}}, {}, "remedies are off"},
             Row{{{"namespace.health.enabled", "false"}}, {}, "remedies are off"},
             Row{{{"dryRun", "true"}}, {}, "the policy says dryRun"},
             Row{{{"namespace.health.dryRun", "true"}}, {}, "the policy says dryRun"},
             Row{{{"dryRun", "perhaps"}}, {}, "the policy cannot be read"},
             Row{{}, {{"dryRun", true}}, "although the check says dryRun"},
         }) {
        SCOPED_TRACE(row.why);
        auto const before = referee_.violations().size();
        policy(row.policy);
        server_.erase(health_check_kind, "health", "a");
        send(check("a", failed(), row.spec));
        ASSERT_EQ(referee_.violations().size(), before + 1);
        EXPECT_THAT(referee_.violations().back(), HasSubstr(row.why));
    }
}

TEST_F(History, APolicyHoldsOnceEverybodyMustHaveHeardOfIt) {
    auto const a = check("a", failed());
    policy({{"enabled", "true"}});
    server_.put({{"apiVersion", "v1"},
                 {"kind", "ConfigMap"},
                 {"metadata", {{"name", remedy_policy_name}, {"namespace", "health"}}},
                 {"data", {{"enabled", "false"}}}});
    world_.pass(1min);
    send(a);
    EXPECT_THAT(referee_.violations(), IsEmpty());
}

TEST_F(History, ACheckThatNobodyRunsIsLateUnlessSomebodySaysSo) {
    auto says = Referee::Says::overdue;
    referee_.metrics_say = [&says](HealthCheck const&, Duration) { return says; };
    check("a", {});
    world_.pass(30min);
    referee_.look();
    says = Referee::Says::nobody_acts;
    referee_.look();
    EXPECT_THAT(referee_.violations(), IsEmpty());
    says = Referee::Says::nothing;
    world_.pass(2min);
    referee_.look();
    EXPECT_THAT(referee_.violations(), Contains(HasSubstr("has not run for 1920 s, and nobody says so")));
}

TEST_F(History, ASecondWorkflowOfARunIsExcusedByARenameThatTheOtherOfTwoHasNotHeardOf) {
    struct Row {
        char const* what;
        bool two = true;               // act without an election
        char const* renamed = "new-";  // generateName, from "old-"
        Duration ago = 5s;             // since the edit
        char const* second = "old-";   // prefix of the Workflow beside that of the spec ...
        int collision = 0;             // ... and the try that its name is of
        bool good = false;
    };
    for (auto const& row : {
             Row{.what = "the former name", .good = true},
             Row{.what = "one operator alone knows what it has made", .two = false},
             Row{.what = "no edit", .renamed = "old-", .collision = 1},
             Row{.what = "the next try under the present name", .second = "new-", .collision = 1},
             Row{.what = "a name that it never had", .second = "else-"},
             Row{.what = "an edit that everybody has heard of", .ago = 2min},
         }) {
        SCOPED_TRACE(row.what);
        world::World world;
        kube::fake::ApiServer server(world.executor(), world.clock(), world.random());
        server.add_kind({.resource = workflow_kind, .status_subresource = false});
        server.add_kind({.resource = health_check_kind});
        Referee referee(server, world.clock());
        if (row.two) referee.expect_contention();
        auto const put = [&](std::string_view prefix) {
            return read_health_check(
                server.put({{"apiVersion", "activemonitor.keikoproj.io/v1alpha1"},
                            {"kind", "HealthCheck"},
                            {"metadata", {{"name", "a"}, {"namespace", "health"}}},
                            {"spec",
                             {{"repeatAfterSec", 20},
                              {"workflow", {{"generateName", prefix}, {"resource", {{"namespace", "health"}}}}}}}}));
        };
        auto const make = [&](HealthCheck check, std::string prefix, int collision) {
            check.spec.workflow.generate_name = std::move(prefix);
            auto object = workflow(check.uid, "check-1");
            object["metadata"].as_object()["name"] =
                workflow_name(check, {.purpose = Purpose::check, .number = 1}, collision).value();
            server.put(object);
        };
        auto check = put("old-");
        if (std::string_view(row.renamed) != "old-") check = put(row.renamed);
        world.pass(row.ago);
        make(check, row.renamed, 0);
        make(check, row.second, row.collision);
        EXPECT_EQ(referee.violations().empty(), row.good) << testing::PrintToString(referee.violations());
    }
}

TEST_F(History, WhatWasCalledLateHasTheTimeOfARunAndOfItsBooking) {
    auto says = Referee::Says::overdue;
    referee_.metrics_say = [&says](HealthCheck const&, Duration) { return says; };
    json::object const native{{"checks", {{{"type", "tcp"}}}}};
    check("a", {}, native);
    check("b", {});
    world_.pass(30min);
    referee_.look();
    says = Referee::Says::nothing;
    world_.pass(1min);
    referee_.look();
    EXPECT_THAT(referee_.violations(), IsEmpty());
    world_.pass(2min);
    referee_.look();
    EXPECT_THAT(referee_.violations(), UnorderedElementsAre(HasSubstr("a: has not run"), HasSubstr("b: has not run")));
}

TEST_F(History, ThatNobodyActsExcusesNobodyWhoActsLater) {
    auto says = Referee::Says::nobody_acts;
    referee_.metrics_say = [&says](HealthCheck const&, Duration) { return says; };
    check("a", {});
    world_.pass(30min);
    referee_.look();
    EXPECT_THAT(referee_.violations(), IsEmpty());
    says = Referee::Says::nothing;
    referee_.look();
    EXPECT_THAT(referee_.violations(), Contains(HasSubstr("and nobody says so")));
}

// At the end a check may wait for a place that another holds, and for none that is free.
TEST_F(History, WhoIsQueuedWaitsForAPlaceThatIsTaken) {
    referee_.expect_places(1);
    Status queued;
    queued.next_run_time = world_.clock().wall();
    set_condition(queued, "Progressing", false, "Queued", "as many run as may", world_.clock().wall());
    check("a", queued);
    Status runs;
    runs.current = CurrentWorkflow{.run = {.purpose = Purpose::check, .number = 1},
                                   .ns = "health",
                                   .name = "b-1",
                                   .uid = "1",
                                   .slot = world_.clock().wall(),
                                   .created = world_.clock().wall() + 30min};
    check("b", runs);
    referee_.calm_begins();
    world_.pass(30min);
    referee_.finish();
    EXPECT_THAT(referee_.violations(), Not(Contains(HasSubstr("a: was to run"))));
    check("b", {});
    referee_.finish();
    EXPECT_THAT(referee_.violations(), Contains(HasSubstr("a: was to run")));
}

TEST_F(History, AConditionThatSaysWhyIsEnough) {
    referee_.metrics_say = [](HealthCheck const&, Duration) { return Referee::Says::nothing; };
    Status status;
    set_condition(status, "Ready", false, "SourceFailed", "timed out", world_.clock().wall());
    check("a", status);
    world_.pass(30min);
    referee_.look();
    EXPECT_THAT(referee_.violations(), IsEmpty());
}

TEST_F(History, WhatACheckLeavesBehindInAnotherNamespaceIsBlamed) {
    auto const uid = check("a", {});
    server_.put(workflow(uid, "check-1", "other"));
    server_.erase(health_check_kind, "health", "a");
    referee_.calm_begins();
    world_.pass(50s);
    referee_.look();
    EXPECT_THAT(referee_.violations(), IsEmpty());
    world_.pass(20s);
    referee_.look();
    EXPECT_THAT(referee_.violations(), Contains(HasSubstr("is left behind")));
}

}  // namespace
}  // namespace vedette::op::simulation
