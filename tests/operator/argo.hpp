#pragma once
// FakeArgo: what workflow-controller 3.7 does to Workflows as far as anybody can see from outside. It picks up those
// with its instance id, moves them through their phases by replacing the whole object (the CRD of Argo has no status
// subresource), honours deadline, shutdown and suspension, and deletes them some time after their end.

#include "base/task_group.hpp"
#include "kube/informer.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace vedette::op::simulation {

inline kube::Resource const workflow_kind{"argoproj.io", "v1alpha1", "workflows", "Workflow", true};
inline kube::Resource const health_check_kind{"activemonitor.keikoproj.io", "v1alpha1", "healthchecks", "HealthCheck",
                                              true};

/// How a Workflow goes if nobody interferes.
struct Fate {
    std::string phase = "Succeeded";  ///< or Failed, Error; empty: it never ends by itself
    std::string message;
    Duration pickup = std::chrono::milliseconds(200);  ///< until the controller first writes to it
    Duration pending{};                                ///< in phase Pending; zero: straight to Running
    Duration running = std::chrono::seconds(2);        ///< from status.startedAt on
    boost::json::value outputs;                        ///< status.outputs, if not null
};

struct ArgoOptions {
    /// Asked once for each Workflow, by UID; may depend on its name, labels and annotations.
    std::function<Fate(kube::Object const& workflow)> fate;
    std::string instance_id = "activemonitor-workflows";
    std::chrono::seconds ttl{1800};  ///< after completion, where spec.ttlStrategy says nothing
};

/// Lifetime: `api`, `clock` and `random` outlive it; stop() before it dies. Threads: one reactor.
class FakeArgo {
public:
    FakeArgo(asio::any_io_executor executor, kube::Api& api, Clock& clock, Random& random, ArgoOptions options);
    ~FakeArgo();

    /// The controller process starts: it lists, then watches.
    void start();
    /// The controller process ends. Pods go on: what ended meanwhile is written at the next start().
    Async<void> stop();
    bool runs() const { return process_ != nullptr; }

private:
    struct Process;
    struct Work {
        std::string key;
        Fate fate;
        TimePoint seen{};
        std::optional<TimePoint> began;  ///< of phase Running
        std::optional<TimePoint> ended;
        std::optional<TimePoint> again;  ///< a write failed: not before this
    };
    struct Step {
        TimePoint due;
        std::string phase;  ///< empty: to be deleted
        std::string message;
    };

    void noticed(kube::Object const& workflow);
    void vanished(kube::Object const& workflow);
    Step next_step(Work const& work, kube::Object const& workflow) const;
    Step step_from_running(Work const& work, kube::Object const& workflow) const;
    TimePoint as_steady(kube::Object const& workflow, char const* time) const;
    std::chrono::seconds ttl_of(kube::Object const& workflow) const;
    kube::Object after(kube::Object workflow, Step const& step, Fate const& fate) const;
    Async<void> conduct();
    Async<void> act(std::string uid);

    asio::any_io_executor executor_;
    Clock& clock_;
    Random& random_;
    ArgoOptions options_;
    kube::Client client_;
    Event news_;
    std::map<std::string, Work> works_;                   // by UID
    std::set<std::pair<TimePoint, std::string>> agenda_;  // what is due when
    std::map<std::string, TimePoint> due_;                // the agenda, by UID
    std::unique_ptr<Process> process_;
};

}  // namespace vedette::op::simulation
