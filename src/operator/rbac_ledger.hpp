#pragma once
// RbacLedger: who claims what of which service account. Keeps sets of claimants, not counts, so that telling it the
// same thing twice changes nothing. Pure; equal claims of many HealthChecks are stored once.

#include "operator/rbac.hpp"

#include <map>
#include <set>

namespace vedette::op {

class RbacLedger {
public:
    /// Why a HealthCheck claims something.
    enum class For {
        checks,         ///< its spec says so
        remedy,         ///< a remedy is wanted, by its status
        running_check,  ///< the run under way, whatever the spec says by now
        running_remedy,
    };
    using Accounts = std::set<std::string>;

    /// What `uid` claims for that reason from now on; none forgets it. The accounts whose needs are others now.
    Accounts set(std::string const& uid, For reason, std::vector<RbacClaim> claims);
    /// Forgets all claims of `uid`.
    Accounts forget(std::string const& uid);
    /// Forgets so many claimants, whichever; false once there are none. A ledger of thousands takes long to free.
    bool forget_some(std::size_t claimants);

    /// Distinct claims of an account, in a stable order. References last until the next change.
    std::vector<RbacClaim const*> of(std::string const& account) const;
    /// Accounts that `uid` claims something of.
    Accounts accounts(std::string const& uid) const;
    bool claims_nothing(std::string const& account) const { return !by_account_.contains(account); }

private:
    using Claimant = std::pair<std::string, For>;
    using Claims = std::map<RbacClaim, std::set<Claimant>>;

    void drop(Claimant const& claimant, RbacClaim const* claim, Accounts& changed);

    std::map<std::string, Claims> by_account_;
    std::map<Claimant, std::vector<RbacClaim const*>> by_claimant_;  // keys of by_account_'s maps
};

}  // namespace vedette::op
