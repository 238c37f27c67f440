// The scenarios of tests/kube/conformance against the real API server: whatever differs from the in-memory one is a
// defect of the latter, or of the scenario.

#include "cluster/cluster.hpp"
#include "cluster/login.hpp"
#include "kube/conformance/scenario.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace vedette::kube::conformance {
namespace {

Async<void> run_into(std::vector<std::string>& wrong, Scenario scenario, Api& api, Clock& clock, Random& random) {
    wrong = co_await run(std::move(scenario), api, clock, random);
}

Async<void> wait_into(bool& ready, cli::Runtime& runtime, cluster::Login& login) {
    ready = co_await cluster::becomes_ready(runtime, login, 60s);
}

// After a restart the server knows no version from before. Once is enough for all who need it.
bool restart_once() {
    static bool const restarted = [] {
        if (cluster::run(std::string(CLUSTER_SOURCE_DIR) + "/restart kube-apiserver").code != 0) return false;
        cli::Runtime runtime;
        cluster::Login login(runtime);
        bool ready = false;
        runtime.run(wait_into(ready, runtime, login));
        return ready;
    }();
    return restarted;
}

class Conformance : public testing::TestWithParam<Scenario> {};

TEST_P(Conformance, Real) {
    if (GetParam().needs == Needs::restarted_server) ASSERT_TRUE(restart_once());
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
