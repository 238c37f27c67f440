#include "kube/lease.hpp"

#include "base/json.hpp"
#include "base/time_format.hpp"

namespace vedette::kube {

namespace json = boost::json;

Resource leases() {
    return {.group = "coordination.k8s.io", .version = "v1", .plural = "leases", .kind = "Lease", .namespaced = true};
}

LeaseRecord read_lease(Object const& lease) {
    return {.holder = get_string(lease, "spec.holderIdentity"),
            .duration_seconds = get_int(lease, "spec.leaseDurationSeconds").value_or(0),
            .acquire_time = get_string(lease, "spec.acquireTime"),
            .renew_time = get_string(lease, "spec.renewTime"),
            .transitions = get_int(lease, "spec.leaseTransitions").value_or(0)};
}

void write_lease(Object& lease, LeaseRecord const& record) {
    auto& value = lease["spec"];
    if (!value.is_object()) value = json::object{};
    auto& spec = value.get_object();
    spec["holderIdentity"] = record.holder;
    spec["leaseDurationSeconds"] = record.duration_seconds;
    spec["acquireTime"] = record.acquire_time;
    spec["renewTime"] = record.renew_time;
    spec["leaseTransitions"] = record.transitions;
}

Object new_lease(std::string_view ns, std::string_view name, LeaseRecord const& record) {
    Object lease{{"apiVersion", leases().api_version()},
                 {"kind", leases().kind},
                 {"metadata", {{"name", name}, {"namespace", ns}}}};
    write_lease(lease, record);
    return lease;
}

std::string micro_time(WallTime when) {
    return format_rfc3339(when, 6);
}

}  // namespace vedette::kube
