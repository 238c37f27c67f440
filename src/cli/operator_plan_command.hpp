#pragma once
#include "cli/operator_rbac_flags.hpp"
#include "cli/operator_remedy_flags.hpp"

#include <string>
#include <vector>

namespace vedette::cli {

enum class PlanFormat { text, json };

struct OperatorPlanFlags {
    std::vector<std::string> files;      ///< "-": standard input
    std::vector<std::string> old_files;  ///< what is in force now; none: nothing is
    std::string ns = "default";          ///< of HealthChecks that name none
    PlanFormat format = PlanFormat::text;
    OperatorRbacFlags rights;       ///< of the operator that is to run them
    std::string source_dir;         ///< likewise; empty: none
    OperatorRemedyFlags remedies;   ///< likewise; without a ConfigMap: a vedette-remedy-policy among `files`
    std::string workflow_ttl;       ///< of Argo's workflowDefaults; empty: not known
    std::string time_zone = "UTC";  ///< the operator's, of crons that name none
};

/// `vedette operator plan`: what a change of HealthChecks would do. Returns the exit code: 1 where a HealthCheck or its
/// remedy could not run or one is there twice, 2 where a flag or a file cannot be used.
int plan_health_checks(OperatorPlanFlags const& flags);

}  // namespace vedette::cli
