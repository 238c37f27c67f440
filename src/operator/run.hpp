#pragma once
// One run of a check or of a remedy, from its due time until it is booked, dropped or begun anew. Each stage is a type
// that holds what is known there and nothing else; the machine moves the run from one to the next. The API holds what a
// successor needs of it: the name of the Workflow follows from the id, and status.currentWorkflow from Recording on.

#include "operator/events.hpp"
#include "operator/schedule.hpp"

namespace vedette::op {

/// The Workflow of a run: we have made it, or have adopted it from whoever acted before us.
struct RunWorkflow {
    std::string ns;
    std::string name;
    std::string uid;
    WallTime created{};  ///< by the server's clock
    TimePoint began{};   ///< by ours, from which its time counts
    std::chrono::seconds timeout{};
    bool adopted = false;
    bool resets = false;  ///< of a remedy: the six fields are cleared before it is booked
    std::optional<WorkflowState> seen;
    std::optional<TimePoint> told_at;  ///< when the server, or its watch, last told
    std::optional<WorkflowGone> gone;

    TimePoint deadline() const { return began + timeout; }
};

// Each stage says its word for metrics and traces, and whether it takes one of the places of --max-running-workflows.
namespace stage {

// Nothing of the run is known to exist; an edit of the spec begins it anew, unless another name would follow from it
// while a request is not answered.

struct Queued {  ///< waits for a place, or, after a failure, for the next try
    static constexpr std::string_view word = "queue";
    static constexpr bool takes_place = false;
    bool refused = false;  ///< a place
};
struct GettingRights {  ///< waits for the answer
    static constexpr std::string_view word = "rbac";
    static constexpr bool takes_place = true;
};
struct ReadingSource {  ///< waits for the answer
    static constexpr std::string_view word = "source";
    static constexpr bool takes_place = true;
};
struct Creating {  ///< waits for the answer, or it is unknown: until it is known no other name may be sent
    static constexpr std::string_view word = "create";
    static constexpr bool takes_place = true;
    std::string text;  ///< of the source
    boost::json::object sent;
    Now sent_at{};  ///< for the first time
    std::chrono::seconds timeout{};
    bool resets = false;      ///< as in RunWorkflow
    bool unknown = false;     ///< a request was not answered: what it asked for may be there
    bool looks_back = false;  ///< asks what has become of `sent`
};
struct RunningChecks {  ///< spec.checks, which need no Workflow; waits for the answer
    static constexpr std::string_view word = "checks";
    static constexpr bool takes_place = false;
    WallTime could_begin{};
};

// It has a Workflow.

struct Recording {  ///< writes status.currentWorkflow
    static constexpr std::string_view word = "record";
    static constexpr bool takes_place = true;
    RunWorkflow workflow;
};
struct Watching {  ///< status.currentWorkflow names it; waits for its end, or for the next look
    static constexpr std::string_view word = "watch";
    static constexpr bool takes_place = true;
    RunWorkflow workflow;
    PollPlan plan = {};
    std::size_t looked = 0;  ///< so many looks of the plan are past
    bool unwatched = false;  ///< as far as anybody has told, no watch tells of it: the reference made it
    TimePoint glance{};      ///< the next spare look at such a one
    int overtime_looks = 0;  ///< past its time, before somebody told how it is
};

// It is over, and the status does not say so yet.

struct Booking {
    static constexpr std::string_view word = "book";
    static constexpr bool takes_place = false;
    std::optional<RunWorkflow> workflow;  ///< none: spec.checks
    RunResult result;
    std::optional<bool> helped = {};              ///< the remedy before it
    std::string no_remedy = {};                   ///< why this failure gets none: a reason
    std::optional<WallTime> intent_expires = {};  ///< of the remedy that this failure asks for
    std::optional<WallTime> next_due = {};        ///< of the run that follows
};
struct Dropping {  ///< nothing is booked
    static constexpr std::string_view word = "drop";
    static constexpr bool takes_place = false;
    std::optional<RunWorkflow> workflow;
    bool may_have_run = false;
    std::string reason;   ///< for the event ...
    std::string message;  ///< ... and its sentence
    std::optional<WallTime> due;
};

}  // namespace stage

using RunStage = std::variant<stage::Queued, stage::GettingRights, stage::ReadingSource, stage::Creating,
                              stage::RunningChecks, stage::Recording, stage::Watching, stage::Booking, stage::Dropping>;

struct Run {
    RunId id;
    WallTime slot{};
    std::optional<WallTime> begins;  ///< when it should begin; of a remedy: when its check's next run should
    int collision = 0;               ///< so many names were others'
    RunStage stage;

    template <class S>
    S* at() {
        return std::get_if<S>(&stage);
    }
    template <class S>
    S const* at() const {
        return std::get_if<S>(&stage);
    }
    /// Nothing of it is known to exist.
    bool prepares() const;
    /// Nothing where none is known. Lasts until the stage changes.
    RunWorkflow* workflow();
};

std::string_view word_of(Run const& run);
bool takes_place(Run const& run);
/// What the check is late from, if it is late: the time at which a run that has not begun should have, at which one
/// that has should have ended, or at which the one after it should begin.
std::optional<WallTime> due_of(Run const& run, Now now);

}  // namespace vedette::op
