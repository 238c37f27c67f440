#pragma once
#include "check/outcome.hpp"

namespace vedette::check {

/// Replaces the secrets in every text that the outcome shows: clusters put what they like into events, conditions and
/// the words of a waiting container. Names of objects stay.
void redact_outcome(Outcome& outcome);

}  // namespace vedette::check
