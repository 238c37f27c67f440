#pragma once
#include "check/report.hpp"

#include <string>

namespace vedette::telemetry {

/// A run in Prometheus' text exposition format 0.0.4: one sample per check and family, labelled check_group,
/// check_name, check_service, and when the run ended, so that a dead CronJob is seen.
std::string prometheus_text(check::RunReport const& report);

}  // namespace vedette::telemetry
