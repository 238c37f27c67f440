#pragma once
// What the garbage collector and the namespace controller of a real cluster would do next, done once, on request.

#include "kube/fake/writer.hpp"

namespace vedette::kube::fake {

/// Removes objects all of whose owners are gone, releases orphans, finishes foreground deletions, empties and finalizes
/// terminating namespaces; until nothing changes. Returns how many objects are gone.
std::size_t collect_garbage(Store& store, Kinds const& kinds, Writer& writer);

}  // namespace vedette::kube::fake
