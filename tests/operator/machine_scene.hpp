#pragma once
// One machine and a server small enough to print: the words of the scripts in testdata/machine.
//
//   new [pruned], edit, status
//                         input: a merge patch of spec (of the default check, of what there is) or of status; new
//                         begins everything anew; pruned: the CRD knows none of our fields
//   observe [version=N] [found=RUN]
//                         tells the machine the newest object, or an older one, and of a Workflow that no status
//                         speaks of: the one created last as RUN, or found=reference
//   wake, pass D, jump D  time: to the WakeAt, on, on the wall alone (wake and pass end in Woke where due)
//   woke                  Woke without a WakeAt: a place to run has become free
//   rbac, source, created, found, ran, written, read
//                         the answer to what was asked. `error=CODE`: it failed; `lost`: it was done, but the answer
//                         is a time-out
//   foreign [ours]        somebody else's Workflow takes the name that is about to be created
//   ran [well] [message=M] [took=D] [unbegun]
//                         spec.checks have run, and began so long ago; unbegun: they found no place to
//   seen phase=P message=M [asked], gone [witnessed]
//                         told by the watch; asked: the answer to a GET
//   gate full|open        whether there is a place to run
//   policy [unknown]      input: data of the ConfigMap vedette-remedy-policy; unknown: it was not read yet
//   crd ours|theirs       another CRD is installed
//   restart, remove       another machine; the HealthCheck is gone
//   show                  stage, when due, the status

#include "operator/machine.hpp"
#include "operator/remedy_decision.hpp"
#include "operator/script.hpp"

#include <map>
#include <optional>

namespace vedette::op {

/// What everybody shares: the real decision about remedies, and a number of places that the script sets.
class ScriptedGate final : public Gate {
public:
    bool admits_run(HealthCheck const&) override { return open; }
    RemedyDecision admit_remedy(HealthCheck const& check, Status const& status, WallTime now) override;

    bool open = true;
    RemedyPolicy policy = default_remedy_policy();
    RemedyLedger ledger;
};

class MachineScene {
public:
    MachineScene();
    MachineScene(MachineScene const&) = delete;
    MachineScene& operator=(MachineScene const&) = delete;
    std::string perform(Command const& command);

private:
    std::string step(MachineEvent event);
    std::string make(Command const& command);
    std::string edit(Command const& command);
    std::string set_status(Command const& command);
    std::string observe(Command const& command);
    std::string pass(Duration duration);
    std::string created(Command const& command);
    std::string found(Command const& command);
    std::string written(Command const& command);
    std::string foreign(Command const& command);
    std::string seen(Command const& command);
    std::string show() const;
    void restart();
    void bump();

    std::string set_policy(Command const& command);

    boost::json::object check_;
    std::map<std::int64_t, boost::json::object> versions_;
    std::map<std::string, boost::json::object> workflows_;
    std::optional<CreateWorkflow> to_create_;
    std::optional<std::string> to_find_;
    std::optional<WriteStatus> to_write_;
    std::optional<TimePoint> wake_;
    std::map<std::string, std::string> names_;  // of Workflows, by UID
    std::string uid_;                           // of the Workflow created last
    ScriptedGate gate_;
    std::optional<Machine> machine_;
    Now now_;
    bool prunes_ = false;
    std::int64_t version_ = 0;
    int uids_ = 0;
};

}  // namespace vedette::op
