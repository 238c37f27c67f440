#pragma once
// World: what an operator finds in a cluster that has had HealthChecks for long, and what answers it there. An
// in-memory API server, an Argo that lets each Workflow run for so long, a sweeper that deletes it some time after its
// end, and a stopwatch that sees when each request was done.

#include "base/json.hpp"
#include "kube/fake/api_server.hpp"
#include "kube/fake/store.hpp"

#include <map>
#include <set>
#include <unordered_map>

namespace vedette::bench {

struct WorldOptions {
    int checks = 10'000;
    int namespaces = 20;
    std::chrono::seconds period{60};
    std::chrono::seconds runs{5};   ///< how long a Workflow takes, give or take half a second: pods are not clockwork
    std::chrono::seconds keep{60};  ///< how long it stays after its end
    bool remedies = false;          ///< each HealthCheck has one, with a text of its own; no check fails
};

/// Milliseconds, one for each run, since the last report.
struct Samples {
    std::vector<double> values;
    /// {"count": ..., "p50": ..., "p99": ..., "max": ...}; forgets them.
    boost::json::object report();
};

/// Threads: one reactor. Lifetime: outlived by `server` and `clock`; timers of it never outlive the reactor.
class World {
public:
    World(kube::fake::ApiServer& server, Clock& clock, WorldOptions options);
    World(World const&) = delete;
    World& operator=(World const&) = delete;

    /// HealthChecks that have just run, spread over one period, with the Workflows that are still kept.
    void furnish();
    /// HealthChecks that never ran, all at once.
    void add_new(int count);
    boost::json::object report();

private:
    void heard(kube::fake::Change const& change);
    void begun(kube::fake::Snapshot const& workflow);
    void booked(kube::fake::Change const& change);
    Duration silence(TimePoint now) const;
    void write_phase(kube::fake::Snapshot const& workflow, std::string_view phase);
    boost::json::object health_check(int number) const;
    boost::json::object past_workflow(boost::json::object const& check, WallTime ended) const;

    kube::fake::ApiServer& server_;
    Clock& clock_;
    WorldOptions options_;
    int numbered_ = 0;
    std::unordered_map<std::string, TimePoint> ended_;  ///< the last run of a HealthCheck, by UID
    std::unordered_map<std::string, int> under_way_;    ///< Workflows of a HealthCheck that have not ended
    std::size_t begun_ = 0;
    std::size_t doubled_ = 0;  ///< begun while one was under way: must stay 0
    Samples lateness_;         ///< from the end of a run to the next Workflow, beyond the period
    Samples telling_;          ///< from the end of a Workflow to the status that tells it
    TimePoint added_at_{};
    std::size_t awaited_ = 0;  ///< of add_new(), not begun yet
    double all_begun_ms_ = 0;  ///< until the last of them began
    TimePoint last_begun_{};
    std::multiset<TimePoint> due_;  ///< of those in ended_ that are not under way
    Duration silence_{};            ///< the longest, since the last report, in which one was due and none was made
};

}  // namespace vedette::bench
