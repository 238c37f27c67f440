// A simulated cluster does not age: what its controllers would do is done.

#include "sim/housekeeping.hpp"

#include "base/json.hpp"
#include "base/task_group.hpp"
#include "base/time_format.hpp"
#include "kube/client.hpp"
#include "world/world.hpp"

#include <gtest/gtest.h>

namespace vedette::sim {
namespace {

kube::Resource const leases{"coordination.k8s.io", "v1", "leases", "Lease", true};
kube::Resource const deployments{"apps", "v1", "deployments", "Deployment", true};
kube::Resource const namespaces{"", "v1", "namespaces", "Namespace", false};
kube::Resource const config_maps{"", "v1", "configmaps", "ConfigMap", true};

class Housekeeping : public testing::Test {
protected:
    void open(std::string_view name) {
        scenario_ = find_scenario(name);
        ASSERT_NE(scenario_, nullptr);
        scenario_->fill(server_, world_.clock().wall());
    }
    void keep_house_for(Duration duration) { world_.run(for_a_while(duration)); }
    Duration age_of(std::string name) {
        auto const lease = world_.run(client_.get(leases, "kube-system", std::move(name), world_.clock().now() + 10s));
        auto const renewed = parse_rfc3339(get_string(lease.value(), "spec.renewTime"));
        return world_.clock().wall() - renewed.value();
    }
    Async<void> for_a_while(Duration duration) {
        auto const executor = co_await asio::this_coro::executor;
        TaskGroup tasks(executor);
        tasks.spawn(keep_house(server_, *scenario_, world_.clock()));
        co_await world_.clock().sleep_for(duration);
        co_await tasks.stop();
    }

    world::World world_;
    kube::fake::ApiServer server_{world_.executor(), world_.clock(), world_.random()};
    kube::Client client_{server_, world_.clock(), world_.random()};
    Scenario const* scenario_ = nullptr;
};

TEST_F(Housekeeping, TheLeadersOfAHealthyClusterRenewTheirLeases) {
    open("healthy");
    keep_house_for(1h);
    EXPECT_LE(age_of("kube-controller-manager"), 3s);
    EXPECT_LE(age_of("kube-scheduler"), 3s);
}

TEST_F(Housekeeping, TheLostSchedulerOfTheBrokenOneStaysLost) {
    open("broken");
    keep_house_for(1h);
    EXPECT_LE(age_of("kube-controller-manager"), 3s);
    EXPECT_GE(age_of("kube-scheduler"), 1h);
}

TEST_F(Housekeeping, TheNamespaceThatAFinalizerHoldsStays) {
    open("broken");
    keep_house_for(1h);
    auto const deadline = world_.clock().now() + 10s;
    auto const held = world_.run(client_.get(namespaces, "", "old-shop", deadline));
    ASSERT_TRUE(held) << held.error().text();
    EXPECT_EQ(get_string(*held, "status.phase"), "Terminating");
    EXPECT_TRUE(world_.run(client_.get(config_maps, "old-shop", "orders", deadline)));
}

TEST_F(Housekeeping, WhatADeletedOwnerLeavesBehindIsCollected) {
    open("healthy");
    auto const owner = world_.run(client_.get(deployments, "shop", "web", world_.clock().now() + 10s)).value();
    auto const text = fmt::format(
        R"({{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"namespace":"shop","name":"owned","ownerReferences":[)"
        R"({{"apiVersion":"apps/v1","kind":"Deployment","name":"web","uid":"{}"}}]}}}})",
        get_string(owner, "metadata.uid"));
    server_.put(parse_json(text, "owned").value().as_object());
    server_.erase(deployments, "shop", "web");
    keep_house_for(2s);
    auto const owned = world_.run(client_.get(config_maps, "shop", "owned", world_.clock().now() + 10s));
    ASSERT_FALSE(owned);
    EXPECT_EQ(owned.error().code(), Errc::not_found);
}

}  // namespace
}  // namespace vedette::sim
