// The scenarios against the in-memory API server, in virtual time.

#include "kube/conformance/scenario.hpp"
#include "kube/fake/api_server.hpp"
#include "world/world.hpp"

#include <gtest/gtest.h>

namespace vedette::kube::conformance {
namespace {

class Conformance : public testing::TestWithParam<Scenario> {};

TEST_P(Conformance, Fake) {
    if (GetParam().needs == Needs::real_server) GTEST_SKIP() << "only the real server understands this";
    world::World world;
    fake::ApiServer server(world.executor(), world.clock(), world.random());
    auto const wrong = world.run(run(GetParam(), server, world.clock(), world.random()));
    for (auto const& line : wrong) ADD_FAILURE() << line;
    EXPECT_EQ(server.open_watches(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Conformance, testing::ValuesIn(scenarios()),
                         [](testing::TestParamInfo<Scenario> const& info) { return info.param.name; });

TEST(ConformanceTable, ScenariosHaveDifferentNames) {
    std::set<std::string> names;
    for (auto const& scenario : scenarios()) EXPECT_TRUE(names.insert(scenario.name).second) << scenario.name;
    EXPECT_GE(names.size(), 40u);
}

}  // namespace
}  // namespace vedette::kube::conformance
