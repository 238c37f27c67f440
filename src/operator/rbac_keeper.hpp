#pragma once
// RbacKeeper: makes the RBAC objects of HealthChecks exist and be right before a run, takes remedy rights away after
// it, repairs drift, and deletes what no live HealthCheck needs. What is needed is always the union over the
// HealthChecks it was told of; nothing is narrowed or deleted before it was told of all.
//
// Requests: none for a run whose objects are as they were. Creation costs one for each object plus one look before it;
// a remedy with an account of its own three creations and three deletions. Objects without the managed-by label, and
// all of them where the operator may not list them, are looked at again every ten minutes.
//
// Several operators at once are harmless: every patch and deletion carries the version it was computed from, and
// whoever loses reads again.

#include "base/event.hpp"
#include "base/log.hpp"
#include "kube/work_queue.hpp"
#include "operator/rbac_ledger.hpp"
#include "operator/rbac_settler.hpp"

#include <list>

namespace vedette::op {

struct RbacOptions {
    RbacMode mode = RbacMode::manage;
    bool narrow = false;  ///< --rbac-adopt=narrow
    RbacPolicy policy;
    RbacViewOptions view;
    /// How long something of ours must have been needed by nobody before a sweep deletes it: a Workflow that we do not
    /// know of may still use it.
    Duration deletion_delay = std::chrono::minutes(5);
    Duration sweep_timeout = std::chrono::seconds(30);  ///< of one account's repair
    Duration first_lists_timeout = std::chrono::seconds(5);
};

/// What came of ensure().
struct RbacReport {
    /// Errors: denied (allow-list, or the API server refuses what must be done), invalid_input, not_found (namespace,
    /// or an account under verify), conflict (being deleted, or others keep changing it), those of kube::Client.
    Result<void> result;
    std::string reason;           ///< of a failure: RBACNotAllowed, RBACInvalid, RBACNotGranted, RBACForbidden,
                                  ///< RBACNamespaceMissing, RBACMissing, RBACTerminating, RBACFailed
    std::vector<RbacNote> notes;  ///< for conditions: RBACWiderThanNeeded, RBACNarrowerThanNeeded, RBACMissing,
                                  ///< RBACNotAdopted
};

/// Threads: one reactor. Lifetime: outlives its tasks; `client`, `clock` and `random` outlive it. Cancellation: by
/// unwinding; a half-made set of objects is completed by the next ensure().
class RbacKeeper {
public:
    /// `log` hears of sweeps: what one made, repaired or deleted, and why one failed, each new reason once.
    RbacKeeper(asio::any_io_executor executor, kube::Client& client, Clock& clock, Random& random, RbacOptions options,
               Log log = {});
    ~RbacKeeper();
    RbacKeeper(RbacKeeper const&) = delete;
    RbacKeeper& operator=(RbacKeeper const&) = delete;

    /// A term begins: what an earlier one knew is forgotten, since others have acted meanwhile. Nothing of this keeper
    /// runs. The first term needs no begin().
    void begin();
    /// The HealthCheck as it is now, after every change of spec or status; cheap where nothing of interest changed.
    void observe(HealthCheck const& check);
    /// The HealthCheck is gone.
    void forget(std::string const& uid);
    /// All live HealthChecks have been observed.
    void all_observed();

    /// Before a run. Reads `check` before it returns; the task itself keeps no reference.
    Async<RbacReport> ensure(HealthCheck const& check, Purpose purpose, Deadline deadline);
    /// After a remedy: deletes its objects, or the part that no other HealthCheck and no other running remedy needs.
    /// What fails is left to run(). Reads `check` before it returns.
    Async<void> release(HealthCheck const& check, Deadline deadline);
    /// No run of that purpose is under way any more, however it ended: what only it needed is left to run(), which
    /// deletes no object before RbacOptions::deletion_delay, a remedy's excepted. Costs nothing where nothing changes.
    void run_ended(std::string const& uid, Purpose purpose);

    /// Watches and sweeps until cancelled; while this process acts. Returns at once with RbacMode::off.
    Async<void> run();

private:
    struct Account;
    class Use;
    class Hold;

    Account& account(std::string const& name);
    std::vector<RbacNote> notes(std::string const& uid) const;
    void look_afresh();
    void touch(RbacLedger::Accounts const& names);
    bool settled(Account const& account) const;
    std::vector<RbacClaim const*> claims(std::string const& name, Account const& account) const;
    SettleRequest request_for(std::string const& name, Account const& account) const;
    void note_settled(std::string const& name, Account& account, SettleRequest const& request, Settled settled,
                      std::uint64_t version);

    Async<RbacReport> ensure_all(std::string uid, Purpose purpose, std::vector<RbacClaim> claims, Deadline deadline);
    Async<std::optional<RbacFailure>> ensure_one(RbacClaim claim, Deadline deadline);
    Async<std::optional<RbacFailure>> settle_for(RbacClaim claim, Account& held, Deadline deadline);
    Async<void> release_all(RbacLedger::Accounts names, Deadline deadline);
    Task<void> wait_free(Account& account);
    Async<void> drop_the_past();
    Async<void> sweep_all();
    Async<void> sweep(std::string name);
    void forget_unused(std::string const& name);
    void tell(std::string const& name, Account& account, Settled const& settled) const;

    asio::any_io_executor executor_;
    kube::Client& client_;
    Clock& clock_;
    Random& random_;
    RbacOptions options_;
    Log log_;
    std::unique_ptr<RbacView> view_;
    std::unique_ptr<RbacSettler> settler_;
    RbacLedger ledger_;
    std::list<RbacLedger> past_;  // of earlier terms, freed bit by bit
    std::map<std::string, Account> accounts_;
    kube::WorkQueue sweeps_;
    bool complete_ = false;
    bool running_ = false;
};

}  // namespace vedette::op
