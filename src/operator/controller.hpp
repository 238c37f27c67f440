#pragma once
// Controller: one term of acting on HealthChecks. It feeds each check's machine with what happens, and performs what
// the machine asks for; it decides nothing but what concerns many checks: places to run, the remedy policy, whose
// Workflow is whose. Idle checks are rows with a timer; a coroutine lives only while a request is under way.

#include "base/log.hpp"
#include "base/task_group.hpp"
#include "kube/event_recorder.hpp"
#include "kube/work_queue.hpp"
#include "operator/machine.hpp"
#include "operator/metrics.hpp"
#include "operator/rbac_keeper.hpp"
#include "operator/remedy_policy.hpp"
#include "operator/run_places.hpp"
#include "operator/views.hpp"

#include <deque>
#include <map>
#include <memory>

namespace vedette::op {

struct ControllerOptions {
    std::optional<std::size_t> max_running_workflows;  ///< nothing: no limit
    bool takeover = false;                             ///< act although another operator seems to be at work
    Duration request_timeout = std::chrono::seconds(30);
    Duration takeover_retry = std::chrono::seconds(10);
    Duration takeover_list_timeout = std::chrono::minutes(2);  ///< of all HealthChecks, of the Workflows not ours
};

/// What the controller acts through. All outlive it.
struct ControllerDoors {
    asio::any_io_executor executor;
    Clock& clock;
    kube::Client client;
    CheckInformer& checks;        ///< in sync before run(); its changes are told to check_changed() and check_deleted()
    WorkflowInformer& workflows;  ///< in sync, or known not to be served
    RbacKeeper& rbac;
    OperatorMetrics& metrics;
    kube::EventRecorder& events;
    std::function<Task<std::string>(Source source, std::string ns, Deadline deadline)> read_source;
    std::function<Async<RunResult>(HealthCheck check, Deadline deadline)> run_checks;
    /// What this operator's settings have against a HealthCheck, besides what is wrong with it.
    std::function<std::vector<Problem>(HealthCheck const& check)> objections;
    std::function<bool()> may_act;  ///< false: the term is over, nothing more is sent
    Log log;
    Log trace;  ///< each stage that a run comes to; not set: nothing is put together for it
};

/// Threads: one reactor. Lifetime: outlives run(). Cancellation of run() ends every request of the term.
class Controller final {
public:
    Controller(ControllerDoors doors, ControllerOptions options);
    ~Controller();
    Controller(Controller const&) = delete;
    Controller& operator=(Controller const&) = delete;

    /// Takes every HealthCheck up and acts until cancelled.
    Async<void> run();

    void check_changed(SeenCheckPtr const& seen);
    void check_deleted(HealthCheck const& check);
    void workflow_changed(SeenWorkflow const& seen);
    /// `witnessed`: told by the watch; else found missing in a list.
    void workflow_deleted(SeenWorkflow const& seen, bool witnessed);
    void policy_changed(RemedyPolicy policy);

    /// It has taken the HealthChecks up.
    bool acts() const { return acting_; }
    /// Why it does not act at all: another operator. Nothing while it acts.
    std::optional<std::string> const& refusal() const { return refusal_; }
    /// The check that was due to be stepped longest ago and was not, if that is longer than `grace`: the scheduler is
    /// stuck.
    std::optional<std::string> stuck(Duration grace) const;

private:
    struct Entry {
        explicit Entry(Gate& gate) : machine(gate) {}
        Machine machine;
        std::optional<TimePoint> wakes;
        Clock::TimerId timer{};
        std::optional<WallTime> shown_due;
        std::optional<Purpose> place;             ///< that it takes
        std::optional<RunPlaces::Ticket> ticket;  ///< it waits for one
        std::optional<Purpose> rights;            ///< of the run that rights were asked for
        bool looks = false;                       ///< a look at its Workflow is under way: no second one beside it
        bool glances = false;                     ///< the same of a spare look, which may be long behind others
    };
    using Uid = std::string;

    struct Leftover {  ///< a Workflow that Kubernetes does not delete with its HealthCheck
        DeleteWorkflow workflow;
        SeenWorkflow seen;     ///< whose HealthCheck is asked for first ...
        bool certain = false;  ///< ... unless it is known to be gone
        std::string told;      ///< why it could not be deleted
    };

    struct Pending {
        Uid uid;
        MachineEvent event;
        TimePoint since;
    };

    class Limits final : public Gate {
    public:
        explicit Limits(Controller& controller) : controller_(controller) {}
        bool admits_run(HealthCheck const& check) override;
        RemedyDecision admit_remedy(HealthCheck const& check, Status const& status, WallTime now) override;

    private:
        Controller& controller_;
    };

    // controller_start.cpp
    Async<void> act();
    Async<void> wait_until_alone();
    Async<std::optional<std::string>> look_for_others(TimePoint since, bool lags);
    Async<void> observe_all(std::vector<SeenCheckPtr> const& all);
    Async<void> take_all_up(std::vector<SeenCheckPtr> const& all);
    Async<void> hear_all();
    Async<void> watch_the_wall_clock();

    // controller.cpp
    void take_up(SeenCheckPtr const& seen);
    void hear(SeenWorkflow const& seen, bool remembered);
    std::optional<CurrentWorkflow> in_flight(HealthCheck const& check) const;
    Observed observed(SeenCheckPtr const& seen) const;
    void feed(Uid const& uid, MachineEvent event);
    void drain();
    void step(Uid const& uid, MachineEvent event);
    void settle(Uid const& uid, Entry& entry);
    void settle_place(Uid const& uid, Entry& entry);
    void show(Entry& entry);
    void trace_stage(Entry const& entry, std::string_view before) const;
    void forget(Uid const& uid);
    void hold_rights(Uid const& uid, Entry& entry, std::optional<Purpose> purpose);
    void give_places();
    Now now() const;
    Deadline request_deadline() const;

    // controller_actions.cpp
    void perform(Uid const& uid, Entry& entry, Action action);
    Async<void> ensure_rbac(Uid uid, HealthCheck check, Purpose purpose);
    Async<void> read_source(Uid uid, Source source, std::string ns);
    Async<void> create_workflow(Uid uid, CreateWorkflow wanted);
    Async<void> find_workflow(Uid uid, FindWorkflow wanted);
    Async<void> run_checks(Uid uid, HealthCheck check, std::chrono::seconds timeout);
    Async<void> write_status(Uid uid, HealthCheck check, WriteStatus wanted);
    Async<void> read_check(Uid uid, std::string ns, std::string name);
    Async<void> look_at(Uid uid, LookAt wanted);
    void tell(HealthCheck const& check, Tell what);
    void count(HealthCheck const& check, Count what);

    // controller_sweeps.cpp
    void sweep_later(Leftover leftover);
    Async<void> sweep_all();
    Task<void> sweep(Leftover leftover);

    ControllerDoors doors_;
    ControllerOptions options_;
    Limits limits_{*this};
    std::map<Uid, std::unique_ptr<Entry>> entries_;
    std::map<Uid, CurrentWorkflow> found_;  ///< the reference's Workflows that were under way when we began
    std::deque<Pending> pending_;
    bool draining_ = false;
    bool acting_ = false;
    bool over_ = false;  ///< nothing more is begun
    RunPlaces places_;
    RemedyPolicy policy_;
    RemedyLedger ledger_;
    std::optional<std::string> refusal_;
    bool told_of_pruning_ = false;
    std::map<Uid, Leftover> leftovers_;  ///< that wait in sweeps_, by the UID of the Workflow
    kube::WorkQueue sweeps_;
    TaskGroup tasks_;
};

}  // namespace vedette::op
