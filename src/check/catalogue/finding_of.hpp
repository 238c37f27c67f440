#pragma once
// What every judge starts a finding with.

#include "check/objects/meta.hpp"
#include "check/outcome.hpp"

namespace vedette::check {

inline Finding finding_of(std::string_view kind, Meta const& meta, Status status = Status::critical) {
    return {.kind = kind, .ns = meta.ns, .name = meta.name, .status = status};
}

/// The reason that the object gives, else ours. As a view: a conditional of a string and a literal makes a temporary.
inline std::string_view reason_or(std::string_view given, std::string_view ours) {
    return given.empty() ? ours : given;
}

/// Whether something that began at `since` is too young to be a trouble. What has no time is old.
inline bool younger_than(std::optional<WallTime> since, Duration min_age, WallTime now) {
    return since && now - *since < min_age;
}

}  // namespace vedette::check
