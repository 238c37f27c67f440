#pragma once
// GarbageCollector: deletes what has lost its last owner, a little after that, as kube-controller-manager does. An
// owner in another namespace does not exist for it: such a dependent is deleted although its owner lives.
// https://kubernetes.io/docs/concepts/architecture/garbage-collection/#owners-dependents

#include "kube/fake/api_server.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace vedette::op::simulation {

/// Knows the objects written after it was built. Lifetime: `server` and `clock` outlive it, and `server` is not written
/// to after its end. Threads: one reactor.
class GarbageCollector {
public:
    GarbageCollector(kube::fake::ApiServer& server, Clock& clock, Duration delay);
    ~GarbageCollector();
    GarbageCollector(GarbageCollector const&) = delete;
    GarbageCollector& operator=(GarbageCollector const&) = delete;

    std::size_t collected() const { return collected_; }

private:
    struct Item {
        std::string collection;  ///< "workflows.argoproj.io"
        std::string ns;
        std::string name;
        std::vector<std::string> owners;  ///< UIDs
    };

    void hear(kube::fake::Change const& change);
    void forget(std::string const& uid);
    bool abandoned(Item const& item) const;
    void plan();
    void collect();

    kube::fake::ApiServer& server_;
    Clock& clock_;
    Duration delay_;
    std::map<std::string, Item> items_;                        // by UID
    std::map<std::string, std::set<std::string>> dependents_;  // UIDs by their owner's
    std::set<std::string> suspects_;                           // UIDs to look at
    std::optional<Clock::TimerId> timer_;
    std::size_t collected_ = 0;
};

}  // namespace vedette::op::simulation
