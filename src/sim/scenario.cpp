#include "sim/scenario.hpp"

#include "sim/cluster_objects.hpp"

namespace vedette::sim {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

void fill_healthy(kube::fake::ApiServer& server, WallTime now) {
    ObjectMaker const make(now);
    server.put(make.ns("shop"));
    server.put(make.node("control-1", true));
    server.put(make.node("worker-1", false));
    server.put(make.node("worker-2", false));
    server.put(make.lease("kube-system", "kube-controller-manager", 2s));
    server.put(make.lease("kube-system", "kube-scheduler", 1s));
    for (auto const* name : {"web", "cart"}) {
        server.put(make.deployment("shop", name, 2, 2, days(6)));
        server.put(make.service("shop", name));
        server.put(make.endpoint_slice("shop", name, 2, true, days(6)));
        for (auto const* suffix : {"-7d9f-1", "-7d9f-2"}) {
            server.put(make.pod("shop", std::string(name) + suffix, "worker-1", days(6)));
        }
    }
    server.put(make.claim("shop", "cart-data", "Bound", days(20)));
}

void fill_broken(kube::fake::ApiServer& server, WallTime now) {
    fill_healthy(server, now);
    ObjectMaker const make(now);

    auto lost = make.node("worker-2", false);
    lost["status"].as_object()["conditions"] = boost::json::array{{{"type", "Ready"},
                                                                   {"status", "Unknown"},
                                                                   {"reason", "NodeStatusUnknown"},
                                                                   {"message", "Kubelet stopped posting node status."},
                                                                   {"lastTransitionTime", make.ago(47min)}}};
    lost["spec"] = boost::json::object{
        {"taints",
         {{{"key", "node.kubernetes.io/unreachable"}, {"effect", "NoExecute"}, {"timeAdded", make.ago(46min)}}}}};
    server.put(lost);

    server.put(make.deployment("shop", "checkout", 3, 0, 3h));
    server.put(make.service("shop", "checkout"));
    server.put(make.endpoint_slice("shop", "checkout", 3, false, 3h));
    for (auto const* name : {"checkout-6d4cf-1", "checkout-6d4cf-2", "checkout-6d4cf-3"}) {
        server.put(make.waiting_pod("shop", name, "worker-1", "CrashLoopBackOff",
                                    "back-off 5m0s restarting failed container=app", 38, 3h));
    }
    server.put(make.waiting_pod("shop", "search-5b8c-1", "worker-1", "ImagePullBackOff",
                                "Back-off pulling image: not found", 0, 52min));
    server.put(make.pending_pod("shop", "analytics-0",
                                "0/3 nodes are available: 1 node(s) had untolerated taint, 2 Insufficient memory.",
                                25min));
    auto killed = make.pod("shop", "recommender-84f6-1", "worker-1", days(2));
    auto& status = killed["status"].as_object()["containerStatuses"].as_array()[0].as_object();
    status["restartCount"] = 12;
    status["lastState"] = boost::json::object{{"terminated",
                                               {{"exitCode", 137},
                                                {"reason", "OOMKilled"},
                                                {"startedAt", make.ago(19min)},
                                                {"finishedAt", make.ago(11min)}}}};
    server.put(killed);
    server.put(make.claim("shop", "search-index", "Pending", 5h));
    server.put(make.failed_job("shop", "nightly-backup-29384", "BackoffLimitExceeded",
                               "Job has reached the specified backoff limit", 7h));
    server.put(make.quota("shop", "31Gi", "32Gi"));
    server.put(make.terminating_ns("old-shop", days(3)));
    server.put(make.held_config_map("old-shop", "orders", "database.example/backup", days(3)));
    server.put(make.lease("kube-system", "kube-scheduler", 4min));
}

// Of the broken one, the scheduler's holder is gone.
constexpr char const* leaders[] = {"kube-controller-manager", "kube-scheduler"};

constexpr Scenario scenarios[] = {
    {"healthy", "a small shop on three nodes, everything as it should be", fill_healthy, leaders},
    {"broken", "the same shop with a lost node, a crash loop, a missing image and what follows", fill_broken,
     std::span(leaders).first(1)},
};

}  // namespace

std::span<Scenario const> all_scenarios() {
    return scenarios;
}

Scenario const* find_scenario(std::string_view name) {
    for (auto const& scenario : scenarios) {
        if (scenario.name == name) return &scenario;
    }
    return nullptr;
}

}  // namespace vedette::sim
