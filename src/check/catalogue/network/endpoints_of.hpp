#pragma once
// Services and what stands behind them, indexed once per judge.

#include "check/objects/service.hpp"
#include "check/snapshot.hpp"

#include <map>
#include <set>

namespace vedette::check {

struct Behind {
    std::int64_t ready = 0;
    std::int64_t total = 0;
    std::set<std::string_view> ports;  ///< port names that lead somewhere
    std::optional<WallTime> changed;   ///< the latest change of its slices
};

/// By namespace and name. Also out of the check's scope: an Ingress or webhook may point anywhere.
/// Lifetime: the snapshot outlives it.
using ServiceKey = std::pair<std::string_view, std::string_view>;
std::map<ServiceKey, Behind> endpoints_by_service(View const& view);
std::map<ServiceKey, Service const*> services_by_name(View const& view);

}  // namespace vedette::check
