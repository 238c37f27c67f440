#pragma once
#include "check/objects/meta.hpp"
#include "kube/projection.hpp"
#include "kube/resource.hpp"

namespace vedette::check {

/// A core/v1 Event. Those that are not warnings are kept empty: nobody reads them, and there are many.
struct Event {
    Meta meta;
    bool is_warning = false;
    std::string reason;
    std::string message;
    std::string object_kind;
    std::string object_ns;
    std::string object_name;
    std::int64_t count = 1;
    std::optional<WallTime> first;
    std::optional<WallTime> last;  ///< series.lastObservedTime, lastTimestamp or eventTime, whichever there is

    static kube::Resource resource();
    static kube::Projection projection();
    static Event from(boost::json::object const& object);
};

}  // namespace vedette::check
