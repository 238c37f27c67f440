#pragma once
// The places of --max-running-workflows: how many are taken, and who waits for one, in order of arrival.

#include "operator/health_check.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace vedette::op {

/// Threads: one reactor.
class RunPlaces {
public:
    /// Of one that waits; kept by it, and handed back with leave().
    using Ticket = std::uint64_t;

    /// Nothing: no limit.
    explicit RunPlaces(std::optional<std::size_t> most) : most_(most) {}

    void take(Purpose purpose) { ++taken_[purpose]; }
    void give_back(Purpose purpose);
    std::size_t taken(Purpose purpose) const;
    bool free() const;

    /// Waits behind all others.
    Ticket wait(std::string uid);
    /// Does not wait any more. Nothing happens if its turn has come meanwhile.
    void leave(Ticket ticket) { waiting_.erase(ticket); }
    std::size_t waiting() const { return waiting_.size(); }

    /// Whether the check may take a place now: there is one, and nobody has waited longer.
    bool admits(std::string const& uid) const;

    /// Offers a place to the check that has waited longest, which waits no longer. Until it is withdrawn no other check
    /// is admitted. One waits, and no offer is made already.
    std::string const& offer();
    void withdraw() { offered_.reset(); }
    bool offers() const { return offered_.has_value(); }

private:
    std::optional<std::size_t> most_;
    std::map<Purpose, std::size_t> taken_;
    std::map<Ticket, std::string> waiting_;  ///< UIDs
    std::optional<std::string> offered_;
    Ticket next_ticket_ = 1;
};

}  // namespace vedette::op
