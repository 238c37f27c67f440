#pragma once
// Objects as a cluster's controllers leave them behind: the building blocks of scenarios.

#include "base/clock.hpp"

#include <boost/json.hpp>

#include <string>
#include <string_view>

namespace vedette::sim {

using boost::json::object;

/// Makes objects whose times are relative to one moment.
class ObjectMaker {
public:
    explicit ObjectMaker(WallTime now) : now_(now) {}

    std::string ago(Duration age) const;
    object ns(std::string_view name) const;
    object node(std::string_view name, bool control_plane) const;
    object lease(std::string_view ns, std::string_view name, Duration renewed_ago) const;
    object deployment(std::string_view ns, std::string_view name, int desired, int available, Duration age) const;
    /// Running and ready.
    object pod(std::string_view ns, std::string_view name, std::string_view node, Duration age) const;
    /// Not ready: its container waits for `reason`.
    object waiting_pod(std::string_view ns, std::string_view name, std::string_view node, std::string_view reason,
                       std::string_view message, int restarts, Duration since) const;
    object pending_pod(std::string_view ns, std::string_view name, std::string_view message, Duration since) const;
    object service(std::string_view ns, std::string_view name) const;
    /// `count` endpoints, all ready or none, as they were when they last `changed`.
    object endpoint_slice(std::string_view ns, std::string_view service, int count, bool ready, Duration changed) const;
    object claim(std::string_view ns, std::string_view name, std::string_view phase, Duration age) const;
    object failed_job(std::string_view ns, std::string_view name, std::string_view reason, std::string_view message,
                      Duration ago) const;
    object quota(std::string_view ns, std::string_view used, std::string_view hard) const;
    object terminating_ns(std::string_view name, Duration since) const;
    /// Deleted, and kept by a finalizer that nobody takes away.
    object held_config_map(std::string_view ns, std::string_view name, std::string_view finalizer,
                           Duration since) const;

private:
    WallTime now_;
};

/// Adds to `object` at the top level: {"metadata": {"labels": ...}} and the like are merged one level deep.
object with(object base, object const& more);

}  // namespace vedette::sim
