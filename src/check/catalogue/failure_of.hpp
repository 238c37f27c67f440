#pragma once
// What every judge starts a finding with.

#include "check/objects/meta.hpp"
#include "check/outcome.hpp"

namespace vedette::check {

inline Failure failure_of(std::string_view kind, Meta const& meta, Status status = Status::critical) {
    Failure failure;
    failure.kind = kind;
    if (!meta.ns.empty()) failure.ns = meta.ns;
    failure.name = meta.name;
    failure.status = status;
    return failure;
}

/// Whether something that began at `since` is too young to be a trouble. What has no time is old.
inline bool younger_than(std::optional<WallTime> since, Duration min_age, WallTime now) {
    return since && now - *since < min_age;
}

}  // namespace vedette::check
