#pragma once
// metadata: reading and writing its fields, and the rules that hold for every kind.

#include "base/clock.hpp"
#include "kube/fake/kinds.hpp"
#include "kube/fake/refusal.hpp"

#include <boost/json.hpp>

#include <string>
#include <vector>

namespace vedette::kube::fake {

/// The object's metadata; made if it is missing.
boost::json::object& metadata_of(boost::json::object& object);
/// A text field of metadata; empty if absent.
std::string meta_text(boost::json::object const& object, std::string_view field);
bool is_terminating(boost::json::object const& object);
std::vector<std::string> finalizers_of(boost::json::object const& object);
bool has_finalizer(boost::json::object const& object, std::string_view finalizer);
void add_finalizer(boost::json::object& object, std::string_view finalizer);
void remove_finalizer(boost::json::object& object, std::string_view finalizer);

/// RFC 3339 with whole seconds, as metav1.Time.
std::string timestamp(WallTime time);

/// What is wrong with name, labels and annotations of a new or changed object.
std::vector<Cause> metadata_mistakes(Kind const& kind, boost::json::object const& object);
/// What an update may not change. Carries over what only the server writes: creationTimestamp, deletionTimestamp and
/// the like, whatever the update says.
std::vector<Cause> carry_metadata(boost::json::object const& before, boost::json::object& after);

}  // namespace vedette::kube::fake
