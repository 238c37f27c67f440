// Added before dropped: a claim that stays is never gone in between, so an unchanged HealthCheck changes no account.

#include "operator/rbac_ledger.hpp"

namespace vedette::op {

RbacLedger::Accounts RbacLedger::set(std::string const& uid, For reason, std::vector<RbacClaim> claims) {
    Accounts changed;
    Claimant const claimant{uid, reason};
    std::set<RbacClaim const*> kept;
    std::vector<RbacClaim const*> now;
    for (auto& claim : claims) {
        auto const account = claim.account;
        auto const [entry, added] = by_account_[account].try_emplace(std::move(claim));
        if (added) changed.insert(account);
        entry->second.insert(claimant);
        if (kept.insert(&entry->first).second) now.push_back(&entry->first);
    }
    if (auto const before = by_claimant_.find(claimant); before != by_claimant_.end()) {
        auto const old = std::move(before->second);
        by_claimant_.erase(before);
        for (auto const* claim : old) {
            if (!kept.contains(claim)) drop(claimant, claim, changed);
        }
    }
    if (!now.empty()) by_claimant_.emplace(claimant, std::move(now));
    return changed;
}

void RbacLedger::drop(Claimant const& claimant, RbacClaim const* claim, Accounts& changed) {
    auto const account = claim->account;
    auto const claims = by_account_.find(account);
    auto const entry = claims->second.find(*claim);
    entry->second.erase(claimant);
    if (!entry->second.empty()) return;
    changed.insert(account);
    claims->second.erase(entry);
    if (claims->second.empty()) by_account_.erase(claims);
}

RbacLedger::Accounts RbacLedger::forget(std::string const& uid) {
    Accounts changed;
    for (auto const reason : {For::checks, For::remedy, For::running_check, For::running_remedy}) {
        changed.merge(set(uid, reason, {}));
    }
    return changed;
}

bool RbacLedger::forget_some(std::size_t claimants) {
    Accounts changed;
    for (; claimants > 0 && !by_claimant_.empty(); --claimants) {
        auto const first = by_claimant_.extract(by_claimant_.begin());
        for (auto const* claim : first.mapped()) drop(first.key(), claim, changed);
    }
    return !by_claimant_.empty();
}

std::vector<RbacClaim const*> RbacLedger::of(std::string const& account) const {
    std::vector<RbacClaim const*> claims;
    auto const found = by_account_.find(account);
    if (found == by_account_.end()) return claims;
    for (auto const& [claim, claimants] : found->second) claims.push_back(&claim);
    return claims;
}

RbacLedger::Accounts RbacLedger::accounts(std::string const& uid) const {
    Accounts accounts;
    for (auto each = by_claimant_.lower_bound({uid, For::checks}); each != by_claimant_.end(); ++each) {
        if (each->first.first != uid) break;
        for (auto const* claim : each->second) accounts.insert(claim->account);
    }
    return accounts;
}

}  // namespace vedette::op
