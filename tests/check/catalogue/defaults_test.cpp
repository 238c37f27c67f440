// The limits that the checks have when a suite says nothing: chosen from what respected tools use, and costly to change
// under people who rely on them. Each type's own table tests show what a limit does.

#include "check/catalogue/scene.hpp"
#include "check/rbac.hpp"
#include "check/suite.hpp"

#include <gmock/gmock.h>

#include <set>

namespace vedette::check {
namespace {

TEST(Catalogue, HasTheFirstChecksOfEachGroup) {
    std::map<std::string_view, std::set<std::string_view>> have;
    for (auto const* type : all_check_types()) have[type->group].insert(type->name);
    std::map<std::string_view, std::set<std::string_view>> const want{
        {"controlplane",
         {"apiserver-livez", "apiserver-readyz", "apiserver-latency", "leader-leases", "apiservices", "webhooks"}},
        {"nodes", {"nodes-ready", "nodes-pressure", "nodes-taints"}},
        {"workloads",
         {"deployments-available", "statefulsets-ready", "daemonsets-ready", "pods-crashloop", "pods-not-ready",
          "pods-unschedulable", "pods-image-pull", "pods-config-error", "pods-oom", "pods-restarts", "jobs-failed",
          "cronjobs-schedule", "hpa"}},
        {"storage", {"pvc-bound", "pv-phase"}},
        {"network", {"service-endpoints", "ingress"}},
        {"certs", {"apiserver-cert", "own-credentials"}},
        {"policy", {"resource-quota", "namespaces-terminating", "events-warning"}},
        {"probes", {"http", "tcp", "dns", "exec"}},
    };
    EXPECT_EQ(have, want);
}

TEST(Defaults, MinimumAgesAreThose) {
    for (auto const& [name, age] : {
             std::pair<std::string_view, Duration>{"nodes-ready", 5min},
             {"deployments-available", 15min},
             {"statefulsets-ready", 15min},
             {"daemonsets-ready", 15min},
             {"pods-not-ready", 15min},
             {"pods-unschedulable", 5min},
             {"pods-image-pull", 2min},
             {"pods-config-error", 5min},
             {"hpa", 15min},
             {"pvc-bound", 5min},
             {"pv-phase", 5min},
             {"apiservices", 5min},
             {"ingress", 10min},
             {"namespaces-terminating", 10min},
         }) {
        auto const* type = find_check_type(name);
        ASSERT_NE(type, nullptr) << std::string(name);
        EXPECT_EQ(type->min_age, age) << std::string(name);
    }
}

TEST(Defaults, LimitsAreThose) {
    struct Row {
        std::string_view type;
        std::string_view param;
        boost::json::value want;
    };
    for (auto const& row : {
             Row{"apiserver-cert", "warning", "21d"},
             Row{"apiserver-cert", "critical", "7d"},
             Row{"webhooks", "warning", "21d"},
             Row{"webhooks", "critical", "7d"},
             Row{"http", "certificate_warning", "21d"},
             Row{"http", "certificate_critical", "7d"},
             Row{"http", "warning", "1s"},
             Row{"http", "critical", "5s"},
             Row{"http", "max_redirects", 10},
             Row{"dns", "warning", "1s"},
             Row{"dns", "critical", "4s"},
             Row{"dns", "rcode", "NOERROR"},
             Row{"dns", "type", "A"},
             Row{"pods-restarts", "warning", 5},
             Row{"pods-restarts", "critical", 10},
             Row{"pods-restarts", "window", "24h"},
             Row{"pods-crashloop", "min_restarts", 3},
             Row{"pods-oom", "window", "1h"},
             Row{"pods-not-ready", "pending_min_age", "10m"},
             Row{"pods-config-error", "other_waiting_age", "1h"},
             Row{"daemonsets-ready", "scheduling_min_age", "10m"},
             Row{"jobs-failed", "window", "24h"},
             Row{"cronjobs-schedule", "tolerance", "30s"},
             Row{"nodes-ready", "max_unready_percent", 10},
             Row{"nodes-ready", "ignore_cordoned", true},
             Row{"nodes-taints", "cordoned_max_age", "30m"},
             Row{"resource-quota", "warning", 90},
             Row{"resource-quota", "critical", 100},
             Row{"pv-phase", "released_max_age", "7d"},
             Row{"apiserver-latency", "samples", 5},
             Row{"apiserver-latency", "warning", "1s"},
             Row{"apiserver-latency", "critical", "4s"},
             Row{"leader-leases", "max_age", "60s"},
         }) {
        SCOPED_TRACE(std::string(row.type) + " " + std::string(row.param));
        auto const* type = find_check_type(row.type);
        ASSERT_NE(type, nullptr);
        auto const with = default_with(*type);
        ASSERT_TRUE(with.contains(row.param));
        EXPECT_EQ(with.at(row.param), row.want);
    }
}

TEST(Defaults, CommonParametersAreThose) {
    for (auto const* type : all_check_types()) {
        SCOPED_TRACE(std::string(type->name));
        auto const params = default_instance(*type).params;
        EXPECT_EQ(params.max_failures_listed, 20U);
        EXPECT_EQ(params.retries, 0);
        EXPECT_EQ(params.severity, Status::critical);
        EXPECT_FALSE(params.strict);
        EXPECT_EQ(params.timeout, type->name == "tcp" ? Duration(5s) : Duration(10s));
        EXPECT_EQ(default_instance(*type).identity.service, "kubernetes");
    }
}

TEST(Defaults, TheBuiltInSuiteAsksForNoSecretsAndWritesNothing) {
    auto const text = rbac_manifest(built_in_suite().checks, {}, "monitoring/vedette");
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("secrets")));
    for (auto const* verb : {"create", "update", "patch", "delete", "*"}) {
        EXPECT_THAT(text, testing::Not(testing::HasSubstr(fmt::format("\"{}\"", verb))));
    }
}

}  // namespace
}  // namespace vedette::check
