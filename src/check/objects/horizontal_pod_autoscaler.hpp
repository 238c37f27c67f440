#pragma once
#include "check/objects/meta.hpp"
#include "kube/projection.hpp"
#include "kube/resource.hpp"

namespace vedette::check {

struct HorizontalPodAutoscaler {
    Meta meta;
    std::string target;  ///< "Deployment web"
    std::int64_t least = 1;
    std::int64_t most = 0;
    std::int64_t current = 0;
    std::int64_t desired = 0;
    std::optional<WallTime> last_scaled;
    std::vector<Condition> conditions;

    static kube::Resource resource();
    static kube::Projection projection();
    static HorizontalPodAutoscaler from(boost::json::object const& object);
};

}  // namespace vedette::check
