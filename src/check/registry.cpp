// Every check type there is, in the order in which they are shown.

#include "check/catalogue/certs/certs.hpp"
#include "check/catalogue/controlplane/controlplane.hpp"
#include "check/catalogue/network/network.hpp"
#include "check/catalogue/nodes/nodes.hpp"
#include "check/catalogue/policy/policy.hpp"
#include "check/catalogue/probes/probes.hpp"
#include "check/catalogue/storage/storage.hpp"
#include "check/catalogue/workloads/workloads.hpp"
#include "check/check_type.hpp"

#include <algorithm>
#include <iterator>

namespace vedette::check {
namespace {

constexpr CheckType const* types[] = {
    &apiserver_livez,
    &apiserver_readyz,
    &apiserver_latency,
    &leader_leases,
    &apiservices,
    &webhooks,

    &nodes_ready,
    &nodes_pressure,
    &nodes_taints,

    &pods_crashloop,
    &pods_not_ready,
    &pods_unschedulable,
    &pods_image_pull,
    &pods_config_error,
    &pods_oom,
    &pods_restarts,
    &deployments_available,
    &statefulsets_ready,
    &daemonsets_ready,
    &jobs_failed,
    &cronjobs_schedule,
    &hpa,

    &pvc_bound,
    &pv_phase,

    &service_endpoints,
    &ingress,

    &apiserver_cert,
    &own_credentials,

    &resource_quota,
    &namespaces_terminating,
    &events_warning,

    &http,
    &tcp,
    &dns,
    &exec,
};

}  // namespace

std::span<CheckType const* const> all_check_types() {
    return types;
}

CheckType const* find_check_type(std::string_view name) {
    auto const found =
        std::find_if(std::begin(types), std::end(types), [&](CheckType const* type) { return type->name == name; });
    return found == std::end(types) ? nullptr : *found;
}

}  // namespace vedette::check
