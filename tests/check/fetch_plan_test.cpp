#include "check/fetch_plan.hpp"

#include "check/objects/lease.hpp"
#include "check/objects/node.hpp"
#include "check/objects/pod.hpp"

#include <gmock/gmock.h>

namespace vedette::check {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Read> reads(Read read) {
    std::vector<Read> result;
    result.push_back(std::move(read));
    return result;
}

Read narrow(std::initializer_list<std::string_view> paths) {
    auto read = read_of<Pod>();
    read.projection = kube::Projection(paths);
    return read;
}

std::vector<Read> pod_names() {
    return reads(narrow({"metadata.name"}));
}
std::vector<Read> pod_phases() {
    return reads(narrow({"status.phase"}));
}
std::vector<Read> nodes() {
    return reads(read_of<Node>());
}
std::vector<Read> system_leases() {
    auto read = read_of<Lease>();
    read.only_namespace = "kube-system";
    return reads(std::move(read));
}
Outcome judge(View const&, Params const&, WallTime) {
    return Outcome::ok("fine");
}

constexpr CheckType by_name{
    .name = "by-name", .group = "g", .summary = "", .explain = "", .needs = pod_names, .judge = judge};
constexpr CheckType by_phase{
    .name = "by-phase", .group = "g", .summary = "", .explain = "", .needs = pod_phases, .judge = judge};
constexpr CheckType of_nodes{.name = "of-nodes",
                             .group = "g",
                             .summary = "",
                             .explain = "",
                             .needs = nodes,
                             .judge = judge,
                             .cluster_scoped = true};
constexpr CheckType of_leases{
    .name = "of-leases", .group = "g", .summary = "", .explain = "", .needs = system_leases, .judge = judge};

Instance in(CheckType const& type, std::vector<std::string> namespaces = {}) {
    auto instance = default_instance(type);
    instance.params.namespaces = std::move(namespaces);
    return instance;
}

std::set<std::string> pods_scope(std::vector<Instance> const& instances, std::vector<std::string> const& run = {}) {
    return plan_reads(instances, run).at("pods").namespaces;
}

TEST(FetchPlan, OneReadPerResourceWhoeverWantsIt) {
    auto const plan = plan_reads({in(by_name), in(by_phase), in(of_nodes), in(by_name)}, {});
    ASSERT_EQ(plan.size(), 2U);
    auto const kept = plan.at("pods").projection.apply(
        {{"metadata", {{"name", "web"}, {"uid", "1"}}}, {"status", {{"phase", "Running"}, {"hostIP", "x"}}}});
    EXPECT_EQ(kept, (boost::json::value{{"metadata", {{"name", "web"}}}, {"status", {{"phase", "Running"}}}}));
}

TEST(FetchPlan, ExactNamesAreReadNameByNameAndAGlobOrNothingReadsTheCluster) {
    EXPECT_THAT(pods_scope({in(by_name, {"b", "a"})}), ElementsAre("a", "b"));
    EXPECT_THAT(pods_scope({in(by_name)}), IsEmpty());
    EXPECT_THAT(pods_scope({in(by_name, {"a", "b-*"})}), IsEmpty());
    EXPECT_THAT(pods_scope({in(by_name, {"a"}), in(by_phase, {"b"})}), ElementsAre("a", "b"));
}

TEST(FetchPlan, WhoeverWantsTheWholeClusterDecidesInEitherOrder) {
    EXPECT_THAT(pods_scope({in(by_name, {"a"}), in(by_phase)}), IsEmpty());
    EXPECT_THAT(pods_scope({in(by_name), in(by_phase, {"a"})}), IsEmpty());
    EXPECT_THAT(pods_scope({in(by_name, {"a"}), in(by_phase), in(by_phase, {"b"})}), IsEmpty());
}

TEST(FetchPlan, WhoNamesItsNamespacesIsRememberedBesideAReadOfTheWholeCluster) {
    auto const named = [](std::vector<Instance> const& instances) {
        return plan_reads(instances, {}).at("pods").named;
    };
    EXPECT_THAT(named({in(by_name, {"a"}), in(by_phase)}), ElementsAre("a"));
    EXPECT_THAT(named({in(by_name), in(by_phase, {"b", "a"})}), ElementsAre("a", "b"));
    EXPECT_THAT(named({in(by_name, {"a"}), in(by_phase), in(by_phase, {"b"})}), ElementsAre("a", "b"));
    EXPECT_THAT(named({in(by_name), in(by_phase, {"a-*"})}), IsEmpty());
    EXPECT_THAT(named({in(by_name, {"a"}), in(by_phase, {"b"})}), IsEmpty()) << "these are read by name at once";
}

TEST(FetchPlan, AnInstancesScopeIsItsNamesUnlessTheReadIsTiedOrOfTheCluster) {
    EXPECT_THAT(scope_of(read_of<Pod>(), in(by_name, {"b", "a"}), {}), ElementsAre("a", "b"));
    EXPECT_THAT(scope_of(read_of<Pod>(), in(by_name, {"a"}), {"shop"}), ElementsAre("shop"));
    EXPECT_THAT(scope_of(read_of<Pod>(), in(by_name, {"a-*"}), {}), IsEmpty());
    EXPECT_THAT(scope_of(read_of<Node>(), in(by_name, {"a"}), {}), IsEmpty());
    EXPECT_THAT(scope_of(read_of<Pod>(), in(of_nodes, {"a"}), {}), IsEmpty()) << "its type looks at the whole cluster";
    EXPECT_THAT(scope_of(system_leases().at(0), in(of_leases, {"a"}), {}), ElementsAre("kube-system"));
}

TEST(FetchPlan, TheRunsNamespacesReplaceTheInstances) {
    EXPECT_THAT(pods_scope({in(by_name, {"a"})}, {"shop"}), ElementsAre("shop"));
    EXPECT_THAT(pods_scope({in(by_name)}, {"shop", "till"}), ElementsAre("shop", "till"));
    EXPECT_THAT(pods_scope({in(by_name, {"a"})}, {"shop-*"}), IsEmpty());
}

TEST(FetchPlan, ClusterScopedChecksReadNothingUnderNamespaceAndSayWhy) {
    EXPECT_FALSE(plan_reads({in(of_nodes)}, {"shop"}).contains("nodes"));
    EXPECT_NE(why_skipped(in(of_nodes), {"shop"}).find("--namespace"), std::string::npos);
    EXPECT_EQ(why_skipped(in(of_nodes), {}), "");
    EXPECT_EQ(why_skipped(in(by_name), {"shop"}), "");
}

TEST(FetchPlan, AReadOfOneNamespaceStaysThere) {
    auto const plan = plan_reads({in(of_leases)}, {});
    EXPECT_THAT(plan.at("leases.coordination.k8s.io").namespaces, ElementsAre("kube-system"));
}

}  // namespace
}  // namespace vedette::check
