#pragma once
#include "check/objects/meta.hpp"
#include "kube/projection.hpp"
#include "kube/resource.hpp"

namespace vedette::check {

/// A container's end, current or last.
struct Termination {
    std::int64_t exit_code = 0;
    std::string reason;  ///< "OOMKilled", "Error", "Completed"
    std::optional<WallTime> finished;
};

struct Container {
    std::string name;
    std::string_view role;  ///< "container", "init container", "ephemeral container"
    std::string image;
    std::string memory_limit;    ///< as written: "256Mi"; "" without one
    std::string waiting_reason;  ///< "" unless it waits
    std::string waiting_message;
    std::optional<Termination> ended;  ///< state.terminated: it does not run now
    std::optional<Termination> last;   ///< lastState.terminated
    std::int64_t restarts = 0;
    bool running = false;

    /// "container web", for sentences.
    std::string called() const;
};

struct Pod {
    Meta meta;
    std::string phase;
    std::string reason;  ///< status.reason: "Evicted", "NodeLost"
    std::string node;
    bool gated = false;                 ///< has scheduling gates
    std::vector<Condition> conditions;  ///< PodScheduled, Ready and DisruptionTarget only
    std::vector<Container> containers;  ///< init and ephemeral ones too
    std::vector<std::string> claims;    ///< PersistentVolumeClaims it mounts

    bool of_job() const { return meta.owner_kind == "Job"; }
    bool is_ready() const;
    /// Since when it has not been ready: its Ready condition, else its creation. Nothing if it is ready.
    std::optional<WallTime> unready_since() const;

    static kube::Resource resource();
    static kube::Projection projection();
    static Pod from(boost::json::object const& object);
};

}  // namespace vedette::check
