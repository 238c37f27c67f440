#include "sim/housekeeping.hpp"

#include "sim/cluster_objects.hpp"

namespace vedette::sim {
namespace {

constexpr auto round = std::chrono::seconds(1);  // as promptly as kubectl's --wait expects deletions
constexpr int rounds_to_renewal = 2;             // the retry period of Kubernetes' leader election

}  // namespace

Async<void> keep_house(kube::fake::ApiServer& server, Scenario const& scenario, Clock& clock) {
    for (int n = 1;; ++n) {
        co_await clock.sleep_for(round, "the next round of housekeeping");
        server.collect_garbage();
        if (n % rounds_to_renewal != 0) continue;
        ObjectMaker const make(clock.wall());
        for (auto const* leader : scenario.leaders) {
            server.put(make.lease("kube-system", leader, Duration::zero()));
        }
    }
}

}  // namespace vedette::sim
