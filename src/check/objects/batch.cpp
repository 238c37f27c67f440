#include "check/objects/batch.hpp"

#include "base/json.hpp"

#include <algorithm>

namespace vedette::check {

kube::Resource Job::resource() {
    return {"batch", "v1", "jobs", "Job", true};
}

kube::Projection Job::projection() {
    kube::Projection fields(meta_paths);
    fields.add("status.conditions");
    fields.add("status.completionTime");
    return fields;
}

Job Job::from(boost::json::object const& object) {
    return {Meta::from(object), conditions_of(object), time_at(object, "status.completionTime")};
}

kube::Resource CronJob::resource() {
    return {"batch", "v1", "cronjobs", "CronJob", true};
}

kube::Projection CronJob::projection() {
    kube::Projection fields(meta_paths);
    for (auto const* path :
         {"spec.schedule", "spec.timeZone", "spec.suspend", "spec.concurrencyPolicy", "spec.startingDeadlineSeconds",
          "status.lastScheduleTime", "status.lastSuccessfulTime", "status.active.name"}) {
        fields.add(path);
    }
    return fields;
}

CronJob CronJob::from(boost::json::object const& object) {
    CronJob c;
    c.meta = Meta::from(object);
    c.schedule = get_string(object, "spec.schedule");
    c.time_zone = get_string(object, "spec.timeZone");
    c.suspended = get_bool(object, "spec.suspend");
    c.forbids_overlap = get_string(object, "spec.concurrencyPolicy") == "Forbid";
    if (auto const seconds = get_int(object, "spec.startingDeadlineSeconds")) {
        c.starting_deadline = std::chrono::seconds(std::clamp<std::int64_t>(*seconds, 0, 2147483647));
    }
    c.last_scheduled = time_at(object, "status.lastScheduleTime");
    c.last_succeeded = time_at(object, "status.lastSuccessfulTime");
    if (auto const* active = find(object, "status.active"); active && active->is_array()) {
        c.active = active->get_array().size();
    }
    return c;
}

}  // namespace vedette::check
