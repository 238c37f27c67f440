#pragma once
// What a HealthCheck's state machine hears, what it asks for, and what it asks of everybody's state.

#include "base/error.hpp"
#include "operator/booking.hpp"
#include "operator/rbac.hpp"
#include "operator/remedy_decision.hpp"
#include "operator/workflow.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace vedette::op {

/// Both clocks at one instant: waits go by the steady one, slots by the wall clock.
struct Now {
    TimePoint steady;
    WallTime wall;
};

// --- what happens -------------------------------------------------------------------------------------------------

struct Observed {  ///< the informer's newest
    HealthCheck check;
    std::vector<Problem> problems;  ///< of reading it, and what the operator's settings have against it
    /// A Workflow of it that no status speaks of: one made right before a crash, or the reference's (run.number 0),
    /// which counts as the next run.
    std::optional<CurrentWorkflow> in_flight;
};
struct Removed {};  ///< the HealthCheck is gone
struct Woke {};     ///< a WakeAt has come, the clock jumped, or a place to run has become free
struct RbacReady {
    Result<void> result;
    std::string reason;           ///< of a failure
    std::vector<RbacNote> notes;  ///< conditions of the HealthCheck from now on
};
struct SourceRead {
    Result<std::string> text;
};
struct WorkflowCreated {
    Result<boost::json::object> object;  ///< as the server has it. already_exists: see `existing`
    std::optional<boost::json::object> existing;
};
struct ChecksRan {  ///< the answer to RunChecks
    RunResult result;
};
struct StatusWritten {
    Result<boost::json::object> object;  ///< the HealthCheck as the server has it now
};
struct CheckRead {  ///< the answer to ReadCheck. not_found: it is gone
    Result<boost::json::object> object;
};
struct WorkflowSeen {  ///< by the informer, or the answer to LookAt
    std::string uid;
    WorkflowState state;
    bool remembered = false;  ///< from the informer's store, not told by the server now
    bool asked = false;       ///< the answer to a GET: whether the watch knows the Workflow is not said
};
struct WorkflowGone {
    std::string uid;
    bool witnessed = false;  ///< a deletion seen on the watch; else it was merely not there
};
struct LookFailed {  ///< the answer to LookAt tells nothing about the Workflow
    std::string uid;
    Error error;
};

using MachineEvent = std::variant<Observed, Removed, Woke, RbacReady, SourceRead, WorkflowCreated, ChecksRan,
                                  StatusWritten, CheckRead, WorkflowSeen, WorkflowGone, LookFailed>;

// --- what is to be done -------------------------------------------------------------------------------------------

struct WakeAt {  ///< replaces the one before
    TimePoint when;
};
struct EnsureRbac {
    Purpose purpose;
};
struct ReleaseRbac {};  ///< the remedy's rights are not needed any more
struct ReadSource {
    Purpose purpose;
};
struct CreateWorkflow {
    boost::json::object object;
};
struct FindWorkflow {  ///< what has become of a create; answered by WorkflowCreated: already_exists, or not_found
    std::string ns;
    std::string name;
};
struct RunChecks {  ///< spec.checks, in this process
    std::chrono::seconds timeout;
};
struct WriteStatus {  ///< a merge patch of the status subresource
    boost::json::object status;
    std::string resource_version;
};
struct ReadCheck {};  ///< GET, after a conflict
struct LookAt {       ///< how the Workflow is
    std::string ns;
    std::string name;
    std::string uid;
    bool fresh = false;  ///< by a GET, since the watch may be silent; else what the informer has will do
    bool spare = false;  ///< one of perhaps thousands that nothing depends on: behind every other request
};
struct DeleteWorkflow {  ///< nobody else would: it stands in another namespace than its HealthCheck
    std::string ns;
    std::string name;
    std::string uid;
};
struct Tell {  ///< a core/v1 Event about the HealthCheck
    bool warning = false;
    std::string reason;
    std::string message;
};
struct Began {  ///< metrics: a run has been started; of spec.checks told with their end
    Purpose purpose;
    Duration lateness{};  ///< after its due time
};
struct Count {  ///< metrics: a result has been booked
    Purpose purpose;
    RunResult result;
    std::optional<bool> helped;  ///< of a check: whether the remedy before it did; nothing: there was none to judge
};

struct NoResult {};  ///< metrics: a run whose result nobody will know
struct NoRemedy {    ///< metrics: a failure got no remedy
    std::string reason;
};

using Action = std::variant<WakeAt, EnsureRbac, ReleaseRbac, ReadSource, CreateWorkflow, FindWorkflow, RunChecks,
                            WriteStatus, ReadCheck, LookAt, DeleteWorkflow, Tell, Began, Count, NoResult, NoRemedy>;

// --- what everybody shares ----------------------------------------------------------------------------------------

/// Limits over many HealthChecks. The answers are given at once and from memory.
class Gate {
public:
    virtual ~Gate() = default;
    /// Whether one more Workflow may run now. If not, the check hears Woke when one has ended.
    virtual bool admits_run(HealthCheck const& check) = 0;
    /// op::admit_remedy() with the policy and the ledger of this process: asked when a failure is booked, with the
    /// status that is about to be written, and again when its remedy is about to begin.
    virtual RemedyDecision admit_remedy(HealthCheck const& check, Status const& status, WallTime now) = 0;
};

}  // namespace vedette::op
