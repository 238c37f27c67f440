#pragma once
#include "check/check_type.hpp"

namespace vedette::check {

extern CheckType const pods_crashloop;
extern CheckType const pods_not_ready;
extern CheckType const pods_unschedulable;
extern CheckType const pods_image_pull;
extern CheckType const pods_config_error;
extern CheckType const pods_oom;
extern CheckType const pods_restarts;
extern CheckType const deployments_available;
extern CheckType const statefulsets_ready;
extern CheckType const daemonsets_ready;
extern CheckType const jobs_failed;
extern CheckType const cronjobs_schedule;
extern CheckType const hpa;

}  // namespace vedette::check
