#pragma once
// What Deployments, StatefulSets and DaemonSets have in common beside their pods.

#include "check/catalogue/failure_of.hpp"
#include "check/params.hpp"

#include <fmt/format.h>

namespace vedette::check {

/// The controller has not looked at the object's newest generation: its numbers say nothing yet.
template <class Replicated>
bool is_unobserved(Replicated const& object) {
    return object.observed_generation < object.generation;
}

/// A change that has waited for its controller for min_age. Every update passes through this state for a moment, so
/// without the time of the change it is no trouble.
template <class Replicated>
std::optional<Failure> not_observed(std::string_view kind, Replicated const& object, Duration min_age, WallTime now) {
    if (!object.spec_changed || younger_than(object.spec_changed, min_age, now)) return std::nullopt;
    auto failure = failure_of(kind, object.meta, Status::warning);
    failure.reason = "NotObserved";
    failure.since = object.spec_changed;
    failure.message = fmt::format("has a change that its controller has not taken up: generation {}, observed {}",
                                  object.generation, object.observed_generation);
    return failure;
}

inline Failure scaled_to_zero(std::string_view kind, Meta const& meta) {
    auto failure = failure_of(kind, meta, Status::warning);
    failure.reason = "ScaledToZero";
    failure.message = "is scaled to zero";
    return failure;
}

}  // namespace vedette::check
