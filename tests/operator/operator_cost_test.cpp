// What a run costs the API server, counted where the requests leave: the model of `vedette operator plan` is true.

#include "operator/operator_scene.hpp"
#include "operator/plan_cost.hpp"

namespace vedette::op {
namespace {

// Requests of so many runs, long after the first.
std::size_t requests_of(std::string_view name, int runs, boost::json::object const& spec) {
    OperatorScene scene;
    scene.add(name, spec);
    scene.start();
    scene.pass(5min);
    auto const booked = scene.status(name).run_number;
    auto const before = scene.first.door.sent.size();
    while (scene.status(name).run_number < booked + runs) scene.pass(1s);
    scene.pass(10s);  // the event
    auto const sent = scene.first.door.sent.size() - before;
    scene.end();
    return sent;
}

TEST(OperatorCost, ARunOfAWorkflowThatSucceedsTakesTheRequestsOfTheModel) {
    EXPECT_EQ(requests_of("check", 10, {}), 10u * requests_per_workflow_run);
}

TEST(OperatorCost, ARunOfChecksThatSucceedsTakesTheRequestsOfTheModel) {
    boost::json::array const checks{{{"type", "tcp"}, {"with", {{"host", "10.0.0.1"}, {"port", 80}}}}};
    EXPECT_EQ(requests_of("native", 10, {{"workflow", nullptr}, {"checks", checks}}), 10u * requests_per_native_run);
}

}  // namespace
}  // namespace vedette::op
