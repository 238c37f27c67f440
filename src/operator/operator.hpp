#pragma once
// Operator: everything of `vedette operator` above the doors. Watches HealthChecks, their Workflows and the remedy
// policy, whether it leads or stands by, and acts through one Controller for each term that it leads.

#include "kube/leader_election.hpp"
#include "operator/controller.hpp"
#include "operator/endpoints.hpp"
#include "operator/heartbeat.hpp"

namespace vedette::op {

/// The reference's Lease, so that two operators of either kind exclude each other where both elect.
inline constexpr std::string_view lease_name = "689451f8.keikoproj.io";

struct OperatorOptions {
    bool leader_elect = false;
    std::string own_namespace;     ///< of the Lease
    std::string identity;          ///< unique in the Lease
    std::string policy_namespace;  ///< of the remedy policy's ConfigMap
    std::string policy_name;
    bool remedy_dry_run = false;                      ///< every remedy is a dry run, whatever the policy says
    Duration stuck_after = std::chrono::seconds(30);  ///< /healthz: a due check that was not attempted for so long
    ControllerOptions controller;
};

/// All outlive the operator.
struct OperatorDoors {
    asio::any_io_executor executor;
    Clock& clock;
    Random& random;
    kube::Client client;
    RbacKeeper& rbac;
    OperatorMetrics& metrics;
    std::function<Task<std::string>(Source source, std::string ns, Deadline deadline)> read_source;
    std::function<Async<RunResult>(HealthCheck check, Deadline deadline)> run_checks;
    std::function<std::vector<Problem>(HealthCheck const& check)> objections;
    Log log;
    Log trace;                       ///< what helps to find a fault; not set: nothing is put together for it
    Heartbeat* heartbeat = nullptr;  ///< null: none is sent
};

/// Threads: one reactor. Lifetime: outlives run().
class Operator {
public:
    Operator(OperatorDoors doors, OperatorOptions options);
    ~Operator();
    Operator(Operator const&) = delete;
    Operator& operator=(Operator const&) = delete;

    /// Until ask_to_stop(): then ends its term, releases the Lease and sends what events it has noted. Cancelled, it
    /// just ends.
    Async<void> run();
    void ask_to_stop();

    bool leads() const;
    std::vector<HealthPart> healthz();
    std::vector<HealthPart> readyz();

private:
    void hear_checks();
    void hear_workflows();
    void hear_policy();
    void hear_lease();
    void set_leading(bool leading);
    bool workflows_known() const;
    std::optional<std::string> unwell();
    std::optional<std::string> policy_trouble() const;
    void set_policy(RemedyPolicy policy, bool is_there = true);
    RemedyPolicy policy_in_force() const;
    void hand_out_policy();
    void look_whether_the_policy_is_seen();

    Async<void> work();
    Async<void> terms();
    Async<void> one_term();
    Async<void> wait_for_lists();
    Async<void> know_the_policy();
    Async<void> look_at_the_crd();
    Async<void> note_watches();
    void tell_trouble(std::string_view what, kube::Reflector const& reflector, std::string& told);
    Async<void> elect();

    OperatorDoors doors_;
    OperatorOptions options_;
    CheckInformer checks_;
    WorkflowInformer workflows_;
    kube::Informer<RemedyPolicy> policies_;
    kube::EventRecorder events_;
    RemedyPolicy policy_;
    TimePoint policy_seen_at_{};                    ///< its watch had no trouble then
    bool policy_unseen_ = false;                    ///< for so long that it does not hold any more
    std::string told_of_policy_;                    ///< the last line that the log has of it
    std::unique_ptr<kube::LeaderElector> elector_;  ///< null: no election, we act
    /// The Lease's holder: a standby hears at once that it was given back.
    std::unique_ptr<kube::Informer<std::string>> lease_;
    std::unique_ptr<Controller> controller_;  ///< of this term
    Event changed_;
    bool leading_ = false;
    bool fenced_ = false;  ///< this term: it has been found not to lead once
    bool stopping_ = false;
    bool elected_ = false;  ///< the elector has given the Lease back
    TaskGroup tasks_;
};

}  // namespace vedette::op
