#pragma once
// What the remedy policy comes to, for whoever throws the kill switch and wants to see that it holds.

#include "operator/remedy_policy.hpp"

namespace vedette::op {

/// A remedy may run: the policy is known, and neither it nor a flag switches remedies of the whole cluster off or makes
/// them dry runs. Namespaces, budgets and HealthChecks may say no all the same.
bool remedies_enabled(RemedyPolicy const& policy);

/// In words for the log, without a stop at the end: "remedies are off", "remedies run, at most 10/1h; in namespace shop
/// they are off". Names at most five namespaces.
std::string effect_of(RemedyPolicy const& policy);

}  // namespace vedette::op
