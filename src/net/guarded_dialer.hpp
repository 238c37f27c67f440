#pragma once
// A Dialer for addresses that somebody else chose: each address is judged when it is about to be dialed, so a name that
// leads elsewhere after it was looked at gains nothing.

#include "net/address_policy.hpp"
#include "net/dialer.hpp"

#include <functional>
#include <memory>

namespace vedette::net {

/// Lifetime: `resolver` outlives it; it outlives its connects, as any Dialer. Threads: one reactor.
class GuardedDialer final : public Dialer {
public:
    /// Makes the dialer behind this one, which looks names up in the resolver it is given and nowhere else:
    /// make_system_dialer(), for example. It is asked only for hosts that have passed.
    using MakeDialer = std::function<std::unique_ptr<Dialer>(Resolver& resolver)>;

    GuardedDialer(Resolver& resolver, AddressPolicy policy, MakeDialer const& make);
    ~GuardedDialer() override;

    /// Errors: denied, if the host or every address of its name is refused, beside those of Dialer::connect. Where
    /// only some addresses are refused, the others are dialed.
    Task<std::unique_ptr<Stream>> connect(Endpoint to, Deadline deadline) override;

    AddressPolicy const& policy() const { return policy_; }
    /// Finds only addresses that may be dialed, and asks only name servers that may be. Errors: denied, beside its own.
    Resolver& resolver() { return *guarded_; }

private:
    AddressPolicy policy_;
    std::unique_ptr<Resolver> guarded_;
    std::unique_ptr<Dialer> inner_;
};

}  // namespace vedette::net
