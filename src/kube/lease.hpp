#pragma once
// The Lease of coordination.k8s.io/v1, as leader election reads and writes it.

#include "base/clock.hpp"
#include "kube/request.hpp"

namespace vedette::kube {

Resource leases();

struct LeaseRecord {
    std::string holder;  ///< empty: released
    std::int64_t duration_seconds = 0;
    std::string acquire_time;  ///< RFC 3339 with microseconds; informative: nobody compares clocks across machines
    std::string renew_time;
    std::int64_t transitions = 0;
    bool operator==(LeaseRecord const&) const = default;
};

LeaseRecord read_lease(Object const& lease);
/// Sets the record's fields of spec and leaves everything else as it is.
void write_lease(Object& lease, LeaseRecord const& record);
Object new_lease(std::string_view ns, std::string_view name, LeaseRecord const& record);
/// MicroTime, as Kubernetes writes it.
std::string micro_time(WallTime when);

}  // namespace vedette::kube
