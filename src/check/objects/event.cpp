#include "check/objects/event.hpp"

#include "base/json.hpp"

#include <algorithm>

namespace vedette::check {

kube::Resource Event::resource() {
    return {"", "v1", "events", "Event", true};
}

kube::Projection Event::projection() {
    kube::Projection fields(meta_paths);
    for (auto const* path : {"type", "reason", "message", "count", "eventTime", "firstTimestamp", "lastTimestamp",
                             "series", "involvedObject.kind", "involvedObject.namespace", "involvedObject.name"}) {
        fields.add(path);
    }
    return fields;
}

Event Event::from(boost::json::object const& object) {
    Event event;
    event.is_warning = get_string(object, "type") == "Warning";
    if (!event.is_warning) return event;
    event.meta = Meta::from(object);
    event.reason = get_string(object, "reason");
    event.message = clip(get_string(object, "message"));
    event.object_kind = get_string(object, "involvedObject.kind");
    event.object_ns = get_string(object, "involvedObject.namespace");
    event.object_name = get_string(object, "involvedObject.name");
    auto count = get_int(object, "series.count");
    if (!count) count = get_int(object, "count");
    event.count = std::max<std::int64_t>(1, count.value_or(1));
    event.last = time_at(object, "series.lastObservedTime");
    for (auto const* path : {"lastTimestamp", "eventTime", "firstTimestamp", "metadata.creationTimestamp"}) {
        if (!event.last) event.last = time_at(object, path);
    }
    event.first = time_at(object, "firstTimestamp");
    if (!event.first) event.first = time_at(object, "eventTime");
    if (!event.first) event.first = event.last;
    return event;
}

}  // namespace vedette::check
