// What a term keeps in memory: with thousands of HealthChecks a second copy of each counts.

#include "operator/operator_scene.hpp"

#include <gmock/gmock.h>

namespace vedette::op {
namespace {

TEST(Term, OfAHealthCheckThatWasReplacedNothingIsKept) {
    OperatorScene scene;
    auto& world = scene.world;
    kube::Client client(scene.server, world.clock(), world.random());
    metrics::Registry registry;
    OperatorMetrics metrics(registry, world.clock());
    RbacKeeper rbac(world.executor(), client, world.clock(), world.random(), {});
    kube::EventRecorder events(world.executor(), client, world.clock());
    CheckInformer checks(world.executor(), client, world.clock(), world.random(), {.resource = health_check_resource()},
                         [](kube::Object const& object) { return std::optional(see_check(object)); });
    WorkflowInformer workflows(world.executor(), client, world.clock(), world.random(),
                               {.resource = workflow_resource()}, see_workflow);
    workflows.add_index("check", [](SeenWorkflow const& seen) { return std::vector{seen.check_uid}; });
    TaskGroup tasks(world.executor());
    scene.add("check", {{"repeatAfterSec", 0}});
    tasks.spawn(checks.run());
    tasks.spawn(workflows.run());
    scene.pass(1s);
    ASSERT_TRUE(checks.synced() && workflows.synced());

    Controller controller({.executor = world.executor(),
                           .clock = world.clock(),
                           .client = client,
                           .checks = checks,
                           .workflows = workflows,
                           .rbac = rbac,
                           .metrics = metrics,
                           .events = events,
                           .read_source = {},
                           .run_checks = {},
                           .objections = [](HealthCheck const&) { return std::vector<Problem>{}; },
                           .may_act = [] { return true; },
                           .log = [](LogLevel, std::string const&) {}},
                          {});
    checks.add_handlers(
        {.added = {},
         .updated = [&](auto const&, auto const&, SeenCheckPtr const& seen) { controller.check_changed(seen); },
         .deleted = {}});
    std::weak_ptr<SeenCheck const> const listed = *checks.find("health/check");
    tasks.spawn(controller.run());
    scene.pass(1s);
    ASSERT_TRUE(controller.acts());
    scene.edit("check", {{"description", "another"}});
    scene.pass(1s);
    EXPECT_EQ((*checks.find("health/check"))->check.spec.description, "another");
    EXPECT_TRUE(listed.expired());
    world.run(tasks.stop());
}

}  // namespace
}  // namespace vedette::op
