#pragma once
// What Deployments, StatefulSets and DaemonSets have in common beside their pods.

#include "check/catalogue/finding_of.hpp"
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
std::optional<Finding> not_observed(std::string_view kind, Replicated const& object, Duration min_age, WallTime now) {
    if (!object.spec_changed || younger_than(object.spec_changed, min_age, now)) return std::nullopt;
    auto finding = finding_of(kind, object.meta, Status::warning);
    finding.reason = "NotObserved";
    finding.since = object.spec_changed;
    finding.message = [&object] {
        return fmt::format("has a change that its controller has not taken up: generation {}, observed {}",
                           object.generation, object.observed_generation);
    };
    return finding;
}

inline Finding scaled_to_zero(std::string_view kind, Meta const& meta) {
    auto finding = finding_of(kind, meta, Status::warning);
    finding.reason = "ScaledToZero";
    finding.message = [] { return "is scaled to zero"; };
    return finding;
}

}  // namespace vedette::check
