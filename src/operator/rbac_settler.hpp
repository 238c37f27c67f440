#pragma once
// RbacSettler: brings the RBAC objects of one service account to what is needed: look, plan, act, and again where
// somebody else was faster.

#include "operator/rbac_failure.hpp"
#include "operator/rbac_view.hpp"

namespace vedette::op {

struct SettleRequest {
    std::string account;
    std::vector<RbacObject> needed;
    RbacPlanOptions plan;
    bool run = false;            ///< for a run: creates what is missing, and asks where nothing is known
    std::set<RbacKey> restored;  ///< what is created and asked for without a run as well
    /// Since when nobody has needed an object of ours; it is deleted `deletion_delay` later.
    std::map<RbacKey, TimePoint> unneeded;
    Duration deletion_delay{};
};

struct Settled {
    std::optional<RbacFailure> failure;
    std::vector<RbacNote> notes;
    TimePoint valid_until = no_deadline;    ///< from then on nobody would tell us of a change
    std::map<RbacKey, TimePoint> unneeded;  ///< what still stands
    std::set<RbacKey> withheld;             ///< what is missing and only a run creates
    std::vector<std::string> done;          ///< "deleted ClusterRole web-cluster-role", also where it then failed
};

/// Threads: one reactor; one settle() of an account at a time. Lifetime: `client`, `clock` and `view` outlive it.
class RbacSettler {
public:
    RbacSettler(kube::Client& client, Clock& clock, RbacView& view) : client_(client), clock_(clock), view_(view) {}

    Async<Settled> settle(SettleRequest request, Deadline deadline);

private:
    using Found = std::map<RbacKey, FoundRbac>;

    enum class Next { done, again, failed };

    Async<Next> settle_once(SettleRequest const& request, Settled& settled, Deadline deadline);
    Task<Found> look(SettleRequest const& request, Deadline deadline);
    Async<Next> act(RbacAction action, Settled& settled, Deadline deadline);
    Task<void> send(RbacAction action, Deadline deadline);
    /// Drops from the plan what is not to be done now.
    void restrain(SettleRequest const& request, Found const& found, RbacPlan& plan, Settled& settled) const;

    kube::Client& client_;
    Clock& clock_;
    RbacView& view_;
};

}  // namespace vedette::op
