#pragma once
// A HealthCheck that has just failed and has a remedy, and a ledger that has counted everything.

#include "operator/checks.hpp"
#include "operator/remedy_decision.hpp"

namespace vedette::op {

inline HealthCheck failing(std::string uid = "0f3b", std::string ns = "health") {
    HealthCheck check{.ns = std::move(ns), .name = "hello", .uid = std::move(uid)};
    check.spec.repeat_after = std::chrono::seconds(60);
    check.spec.has_workflow = true;
    check.spec.workflow = {
        .generate_name = "hello-", .has_resource = true, .ns = check.ns, .service_account = "hello-sa"};
    check.spec.remedy = {.generate_name = "fix-", .has_resource = true, .ns = check.ns, .service_account = "fix-sa"};
    check.status = {.status = "Failed", .finished_at = now, .failed_count = 1, .total_runs = 1};
    check.status.run_number = 1;
    check.status.remedy_episode = 1;
    check.status.consecutive_failures = 1;
    return check;
}

inline RemedyLedger counted(std::vector<HealthCheck> const& checks = {}) {
    RemedyLedger ledger;
    for (auto const& check : checks) ledger.observe(check);
    ledger.set_complete();
    return ledger;
}

inline RemedyDecision decide(HealthCheck const& check, RemedyPolicy const& policy = default_remedy_policy(),
                             RemedyLedger const& ledger = counted(), WallTime at = now) {
    return decide_remedy(check, check.status, policy, ledger, at);
}

inline RemedyPolicy policy_of(std::vector<std::pair<std::string, std::string>> const& data,
                              std::vector<Problem>* problems = nullptr) {
    boost::json::object keys;
    for (auto const& [key, value] : data) keys[key] = value;
    return read_remedy_policy({{"metadata", {{"name", "vedette-remedy-policy"}}}, {"data", keys}}, problems);
}

}  // namespace vedette::op
