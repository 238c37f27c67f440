#pragma once
// The state machine of one HealthCheck: step(event, now) -> actions. Pure: it reads no clock, keeps no coroutine, and
// asks for one thing at a time; whoever performs the actions tells the result back as an event.
//
// What must survive a crash stands in the status, in this order: create the Workflow, write currentWorkflow, learn the
// result, write it. A name follows from (UID, run), so doing a step again finds what the first try made. Nothing is
// computed from an older status than the API server's last answer.

#include "operator/run.hpp"

namespace vedette::op {

/// Between two spare looks at a Workflow that no watch tells of.
inline constexpr auto glance_every = std::chrono::seconds(5);

/// The API server, or the way to it, is the trouble, not what was asked of it.
bool is_passing(Errc code);

/// Lifetime: `gate` outlives it.
class Machine {
public:
    explicit Machine(Gate& gate) : gate_(&gate) {}

    std::vector<Action> step(MachineEvent event, Now now);

    /// What it is at, in a word for metrics and traces: idle, or that of the run's stage.
    std::string_view stage() const { return run_ ? word_of(*run_) : "idle"; }
    HealthCheck const& check() const { return check_; }
    /// When the next run should begin or have begun, or the one under way have ended: overdue is measured from here. As
    /// of the last step.
    std::optional<WallTime> due() const;
    /// It takes one of the places of --max-running-workflows: a Workflow for that is made, or runs.
    std::optional<Purpose> takes_place() const;
    /// Of the run that it is at, from its due time until it is booked, dropped or begun anew.
    std::optional<Purpose> running() const { return run_ ? std::optional(run_->id.purpose) : std::nullopt; }
    /// It was refused a place, and waits for one.
    bool queued() const;
    bool gone() const { return gone_; }
    /// An answer to one of its actions is under way.
    bool awaits() const { return !std::holds_alternative<Nothing>(awaited_); }
    /// The installed CRD drops our fields: they live in this process alone.
    bool prunes() const { return prunes_; }

private:
    // The answer that is under way. Until it comes nothing else moves the machine, the end of its HealthCheck excepted.
    struct Nothing {};
    struct Answer {};  // to the one request that the run's stage stands for
    struct Write {     // of the status
        Status wanted;
    };
    struct Read {};  // after a conflict

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

    void ask(Action request);
    template <class S>
    S* at() {
        return run_ ? run_->at<S>() : nullptr;
    }
    /// The stage that an answer is for; nothing where none is awaited there.
    template <class S>
    S* answered() {
        return std::holds_alternative<Answer>(awaited_) ? at<S>() : nullptr;
    }
    bool edited_meanwhile();
    bool overtaken();
    bool may_begin_anew();

    // What to do next (machine_next.cpp).
    void evaluate();
    void evaluate_intent();
    RemedyDecision remedy_decision();
    RemedyDecision admit_remedy(Status const& status);
    void show_problem();
    void pause();
    void begin(RunId id, WallTime slot);
    void adopt(CurrentWorkflow const& current);
    bool adopt_in_flight();
    RunWorkflow adopted(CurrentWorkflow const& current) const;
    bool can_run() const;
    std::optional<NextRun> next(Status const& status) const;
    std::optional<NextRun> following(Status const& status) const;
    Duration beyond_the_second(Status const& status) const;
    void show_ready(Status& status) const;
    void show_schedule(Status& status, WallTime due) const;
    void take_back_times(Status& status);

    // The way of a run until it has a Workflow (machine_begin.cpp).
    void proceed();
    void queue();
    void read_source();
    void create(std::string text);
    void send_again(bool not_there);
    void look_back();
    void send_again_or_stumble(Error const& error);
    void take_another_name();
    void created(boost::json::object const& object);
    void run_checks();
    WallTime could_begin() const;
    void tell_beginning(WallTime when, WallTime due);
    bool is_ours(boost::json::object const& workflow) const;
    std::chrono::seconds timeout_of(RunId const& run, WallTime at) const;

    // From there to its booking (machine_end.cpp).
    void record();
    void start_watching(RunWorkflow workflow);
    void watch();
    bool ended();
    void plan_looks();
    void look_as_planned();
    void look_past_its_time();
    void lost(RunWorkflow const& workflow);
    void finish(RunResult result);
    void book();
    std::string want_remedy(Status& status);
    void booked();
    void drop(std::string reason, std::string message);
    void write_drop();
    void show_rbac(Status& status) const;

    // Status and trouble (machine_status.cpp).
    bool take(boost::json::object const& object);
    static void keep_ours(Status& status, Status const& ours);
    void restore_ours(Status const& kept);
    /// `passing`: the API server or the way to it is the trouble.
    void stumble(std::string reason, std::string message, bool passing = false);
    /// And gives its place to others until it is tried again from the beginning: nothing was sent.
    void fall_back(std::string reason, std::string message, bool passing = false);
    void retry(bool passing = false);
    void write(Status status);
    bool write_if_changed(Status status);  // whether there was something to write
    bool is_booked(RunId const& id) const;
    void wake_in(Duration delay);
    void tell(bool warning, std::string reason, std::string message);

    Gate* gate_;
    HealthCheck check_;
    std::vector<Problem> problems_;
    std::vector<RbacNote> rbac_notes_;
    std::optional<CurrentWorkflow> in_flight_;
    std::optional<Run> run_;           ///< none: idle until planned_, or for good (paused, refused, deleted)
    std::optional<WallTime> planned_;  ///< without a run: when the next one should begin; set by evaluate()
    std::variant<Nothing, Answer, Write, Read> awaited_;
    bool known_ = false;
    bool gone_ = false;
    bool prunes_ = false;
    bool restart_ = false;  ///< the spec changed while an answer was awaited
    int stumbles_ = 0;
    int conflicts_ = 0;  ///< in a row
    TimePoint retry_at_{};
    std::string told_;                     ///< the last trouble told, so that each is told once
    std::optional<TimePoint> not_before_;  ///< of the first run after a start: not all at once
    WallTime eligible_{};                  ///< since when it could run: lateness before that is not ours
    std::optional<WallTime> ended_;        ///< when the end of the last run was noticed, finer than the status has it
    std::optional<WallTime> ticks_since_;  ///< the schedule was another before that
    std::optional<Status> unanswered_;     ///< while the CRD drops our fields: a write that may have been done
    Now now_{};
    std::vector<Action> actions_;
};

}  // namespace vedette::op
