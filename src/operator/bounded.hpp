#pragma once
// Texts of others in statuses and events: an object that is too large is refused whole, and then nothing of it is told.

#include <string>

namespace vedette::op {

/// Bytes of a condition's or an event's message, at most: 1024 is what events.k8s.io takes.
inline constexpr std::size_t longest_message = 1024;
/// Bytes of what a Workflow said last, at most.
inline constexpr std::size_t longest_workflow_message = 4096;

/// `text`, or as much of it as fits with "..." behind, cut between code points.
std::string bounded(std::string text, std::size_t limit = longest_message);

}  // namespace vedette::op
