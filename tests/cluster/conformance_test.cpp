// The scenarios of tests/kube/conformance against the real API server: whatever differs from the in-memory one is a
// defect of the latter, or of the scenario.

#include "cluster/login.hpp"
#include "kube/conformance/scenario.hpp"

#include <gtest/gtest.h>

namespace vedette::kube::conformance {
namespace {

Async<void> run_into(std::vector<std::string>& wrong, Scenario scenario, Api& api, Clock& clock, Random& random) {
    wrong = co_await run(std::move(scenario), api, clock, random);
}

// After a restart the server knows no version from before. Once is enough for all who need it.
bool restarted_once() {
    static bool const restarted = cluster::restart_server();
    return restarted;
}

class Conformance : public testing::TestWithParam<Scenario> {};

TEST_P(Conformance, Real) {
    if (GetParam().needs == Needs::restarted_server) ASSERT_TRUE(restarted_once());
    cli::Runtime runtime;
    cluster::Login login(runtime);
    std::vector<std::string> wrong;
    runtime.run(run_into(wrong, GetParam(), login.api(), runtime.clock(), runtime.random()));
    for (auto const& line : wrong) ADD_FAILURE() << line;
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Conformance, testing::ValuesIn(scenarios()),
                         [](testing::TestParamInfo<Scenario> const& info) { return info.param.name; });

}  // namespace
}  // namespace vedette::kube::conformance
