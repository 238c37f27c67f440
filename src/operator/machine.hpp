#pragma once
// The state machine of one HealthCheck: step(event, now) -> actions. Pure: it reads no clock, keeps no coroutine, and
// asks for one thing at a time; whoever performs the actions tells the result back as an event.
//
// What must survive a crash stands in the status, in this order: create the Workflow, write currentWorkflow, learn the
// result, write it. A name follows from (UID, run), so doing a step again finds what the first try made. Nothing is
// computed from an older status than the API server's last answer.

#include "operator/events.hpp"
#include "operator/schedule.hpp"

namespace vedette::op {

/// The API server, or the way to it, is the trouble, not what was asked of it.
bool is_passing(Errc code);

/// Lifetime: `gate` outlives it.
class Machine {
public:
    explicit Machine(Gate& gate) : gate_(&gate) {}

    std::vector<Action> step(MachineEvent event, Now now);

    /// What it is at, in a word for metrics and traces: idle, queue, rbac, source, create, checks, record, watch,
    /// book or drop.
    std::string_view stage() const;
    HealthCheck const& check() const { return check_; }
    /// When the next run should begin or should have begun: overdue is measured from here.
    std::optional<WallTime> due() const { return due_; }
    /// It takes one of the places of --max-running-workflows: a Workflow for that is made, or runs.
    std::optional<Purpose> takes_place() const;
    /// It was refused a place, and waits for one.
    bool queued() const { return run_ && run_->stage == Stage::queue && run_->refused; }
    bool gone() const { return gone_; }
    /// An answer to one of its actions is under way.
    bool awaits() const { return waiting_; }
    /// The installed CRD drops our fields: they live in this process alone.
    bool prunes() const { return prunes_; }

private:
    // What holds between two steps. `waiting_`: an answer is under way, to the one request that the stage stands for,
    // or to a write of the status (`written_`) or a read after its conflict; then only that answer moves the machine.
    //   queue          nothing was asked for; waits for a place (`refused`) or for retry_at_
    //   rbac, source, checks  `waiting_`
    //   create         `waiting_`, or the answer to `sent` is unknown and it waits for retry_at_
    //   record, book, drop    `waiting_`, or a write failed and it waits for retry_at_
    //   watch          the Workflow has a `uid`, and status.currentWorkflow names it
    // `uid` is empty before record, and for runs without a Workflow; `sent` is set in create alone.
    // Without a run: idle until `due_`, or for good (paused, refused, deleted).
    enum class Stage { queue, rbac, source, create, checks, record, watch, book, drop };

    struct Run {
        RunId id;
        WallTime slot{};
        Stage stage = Stage::queue;
        bool refused = false;  ///< a place to run
        bool resets = false;   ///< of a remedy: the six fields are cleared before it is booked
        int collision = 0;
        std::string text;
        Now sent_at{};                            ///< when the Workflow was first sent
        std::optional<boost::json::object> sent;  ///< a create whose answer is unknown: no other name may be sent
        std::string uid;
        std::string name;
        std::string ns;
        WallTime created{};
        std::chrono::seconds timeout{};
        TimePoint began{};  ///< of the watching
        PollPlan looks;
        std::size_t looked = 0;
        std::optional<WorkflowState> seen;
        std::optional<TimePoint> seen_at;  ///< when the server, or its watch, last told
        std::optional<WorkflowGone> gone;
        int overtime_looks = 0;  ///< past its time, before somebody told how it is
        std::optional<RunResult> result;
        std::optional<bool> helped;
        std::string dropped;                     ///< why nothing is booked: a reason for the event ...
        std::string because;                     ///< ... and its sentence
        std::string no_remedy;                   ///< why this failure gets none: a reason
        std::optional<WallTime> intent_expires;  ///< of the remedy that this failure asks for
    };

    void on(Observed event);
    void on(Removed event);
    void on(Woke event);
    void on(RbacReady event);
    void on(SourceRead event);
    void on(WorkflowCreated event);
    void on(ChecksRan event);
    void on(StatusWritten event);
    void on(CheckRead event);
    void on(WorkflowSeen event);
    void on(WorkflowGone event);
    void on(LookFailed event);

    // What to do next (machine.cpp).
    void evaluate();
    void evaluate_intent();
    RemedyDecision remedy_decision();
    RemedyDecision admit_remedy(Status const& status);
    void show_problem();
    void pause();
    void begin(RunId id, WallTime slot);
    void adopt(CurrentWorkflow const& current);
    bool adopt_in_flight();
    bool may_begin_anew() const;
    bool edited_meanwhile();
    bool overtaken();

    // The way of a run (machine_run.cpp).
    void proceed();
    void queue();
    void read_source();
    void create();
    void send_again_or_stumble(Error const& error);
    void created(boost::json::object const& object);
    void run_checks();
    void tell_beginning(WallTime when);
    void lost(WorkflowGone const& how);
    void record();
    void watch();
    void plan_looks();
    void finish(RunResult result);
    void book();
    void booked();
    void drop(std::string reason, std::string message);
    void write_drop();
    void look_past_its_time(TimePoint deadline);
    void overdue_since(TimePoint deadline);
    void want_remedy(Status& status);
    void show_rbac(Status& status) const;
    std::chrono::seconds timeout_of(RunId const& run, WallTime at) const;

    // Status and trouble (machine_status.cpp).
    bool take(boost::json::object const& object);
    static void keep_ours(Status& status, Status const& ours);
    /// `passing`: the API server or the way to it is the trouble.
    void stumble(std::string reason, std::string message, bool passing = false);
    void retry(bool passing = false);
    void write(Status status);
    bool write_if_changed(Status status);  // whether there was something to write
    void take_back_times(Status& status);
    bool is_booked(RunId const& id) const;
    bool is_ours(boost::json::object const& workflow) const;
    bool can_run() const;
    std::optional<NextRun> next(Status const& status) const;
    Duration beyond_the_second(Status const& status) const;
    void show_schedule(Status& status, WallTime due) const;
    void wake_in(Duration delay);
    void tell(bool warning, std::string reason, std::string message);

    Gate* gate_;
    HealthCheck check_;
    std::vector<Problem> problems_;
    std::vector<RbacNote> rbac_notes_;
    std::optional<CurrentWorkflow> in_flight_;
    std::optional<Run> run_;
    bool waiting_ = false;  ///< for the answer to an action
    bool known_ = false;
    bool gone_ = false;
    bool prunes_ = false;
    bool restart_ = false;  ///< the spec changed while an answer was awaited
    int stumbles_ = 0;
    int conflicts_ = 0;  ///< in a row
    TimePoint retry_at_{};
    std::string told_;  ///< the last trouble told, so that each is told once
    std::optional<WallTime> due_;
    std::optional<TimePoint> not_before_;  ///< of the first run after a start: not all at once
    WallTime eligible_{};                  ///< since when it could run: lateness before that is not ours
    std::optional<WallTime> ended_;        ///< when the end of the last run was noticed, finer than the status has it
    std::optional<Status> written_;        ///< under way
    Now now_{};
    std::vector<Action> actions_;
};

}  // namespace vedette::op
