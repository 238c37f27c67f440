#pragma once
// Job and CronJob.

#include "check/objects/meta.hpp"
#include "kube/projection.hpp"
#include "kube/resource.hpp"

namespace vedette::check {

struct Job {
    Meta meta;
    std::vector<Condition> conditions;
    std::optional<WallTime> completed;  ///< status.completionTime

    static kube::Resource resource();
    static kube::Projection projection();
    static Job from(boost::json::object const& object);
};

struct CronJob {
    Meta meta;
    std::string schedule;
    std::string time_zone;  ///< "" is the controller's, which is UTC nearly everywhere
    bool suspended = false;
    bool forbids_overlap = false;  ///< concurrencyPolicy Forbid
    std::optional<Duration> starting_deadline;
    std::optional<WallTime> last_scheduled;
    std::optional<WallTime> last_succeeded;
    std::size_t active = 0;

    static kube::Resource resource();
    static kube::Projection projection();
    static CronJob from(boost::json::object const& object);
};

}  // namespace vedette::check
