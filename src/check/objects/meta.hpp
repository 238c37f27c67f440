#pragma once
// The part of metadata that every object type keeps.

#include "base/clock.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vedette::check {

struct Meta {
    std::string ns;
    std::string name;
    std::optional<WallTime> created;
    std::optional<WallTime> deleted;  ///< deletionTimestamp
    std::string owner_kind;           ///< of the controller, "" without one
    std::string owner_name;
    std::vector<std::pair<std::string, std::string>> labels;

    static Meta from(boost::json::object const& object);
    std::string const* label(std::string_view key) const;
};

/// Bytes of a message that a decoded object keeps, at most.
inline constexpr std::size_t message_limit = 200;
/// `text` on one line and not longer than `limit` bytes: control characters become spaces, and what is cut ends in
/// "..." at a whole code point. Schedulers and webhooks write kilobytes.
std::string clip(std::string_view text, std::size_t limit = message_limit);

/// The paths Meta::from reads.
inline constexpr std::initializer_list<std::string_view> meta_paths = {"metadata.name",
                                                                       "metadata.namespace",
                                                                       "metadata.creationTimestamp",
                                                                       "metadata.deletionTimestamp",
                                                                       "metadata.ownerReferences",
                                                                       "metadata.labels"};

/// A status condition, as most kinds have them.
struct Condition {
    std::string type;
    std::string status;  ///< "True", "False", "Unknown"
    std::string reason;
    std::string message;
    std::optional<WallTime> since;  ///< lastTransitionTime
};

/// The conditions at `path`, messages clipped, such as "status.conditions".
std::vector<Condition> conditions_of(boost::json::object const& object, std::string_view path = "status.conditions");
Condition const* find_condition(std::vector<Condition> const& conditions, std::string_view type);
/// An RFC 3339 time at `path`.
std::optional<WallTime> time_at(boost::json::object const& object, std::string_view path);

}  // namespace vedette::check
