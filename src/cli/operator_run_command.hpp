#pragma once
#include "cli/operator_log.hpp"
#include "cli/operator_rbac_flags.hpp"
#include "cli/operator_remedy_flags.hpp"
#include "kube/rate_limiter.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vedette::cli {

enum class RbacModeFlag { manage, verify, off };
enum class RbacAdoptFlag { keep, narrow };

inline constexpr char const* default_heartbeat_interval = "1m";

struct OperatorRunFlags {
    std::string kubeconfig;
    std::string context;
    std::string ns;  ///< our own; empty: the pod's, else "default"
    std::string metrics_bind_address;
    bool metrics_secure = false;
    std::string metrics_cert_path;
    bool metrics_namespace_label = false;
    std::string health_probe_bind_address = ":8081";
    std::string heartbeat_url;
    std::string heartbeat_url_file;
    std::optional<std::string> heartbeat_interval;  ///< nothing: default_heartbeat_interval
    bool leader_elect = false;
    int max_workers = 10;
    int max_running_workflows = 0;  ///< 0: no limit
    int kube_api_qps = 2000;
    std::optional<int> kube_api_burst;  ///< nothing: twice kube_api_qps
    std::vector<std::string> source_allow;
    std::string source_dir;
    bool takeover = false;
    RbacModeFlag rbac = RbacModeFlag::manage;
    RbacAdoptFlag rbac_adopt = RbacAdoptFlag::keep;
    OperatorRbacFlags rights;
    OperatorRemedyFlags remedies;  ///< without a ConfigMap: our own namespace's vedette-remedy-policy
    OperatorLogOptions log;
};

/// What --kube-api-qps and --kube-api-burst ask for, given alone or together.
kube::RateLimits api_limits(OperatorRunFlags const& flags);

/// `vedette operator`: serves until SIGINT or SIGTERM. Returns the exit code: 2 for flags, files and kubeconfig that
/// cannot be used, 1 where it could not listen or a listener broke.
int run_operator(OperatorRunFlags const& flags);

}  // namespace vedette::cli
