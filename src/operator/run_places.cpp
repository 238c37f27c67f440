#include "operator/run_places.hpp"

#include "base/ensure.hpp"

namespace vedette::op {

void RunPlaces::give_back(Purpose purpose) {
    ensure(taken(purpose) > 0, "a place is given back once");
    --taken_[purpose];
}

std::size_t RunPlaces::taken(Purpose purpose) const {
    auto const found = taken_.find(purpose);
    return found == taken_.end() ? 0 : found->second;
}

bool RunPlaces::free() const {
    return !most_ || taken(Purpose::check) + taken(Purpose::remedy) < *most_;
}

RunPlaces::Ticket RunPlaces::wait(std::string uid) {
    auto const ticket = next_ticket_++;
    waiting_.emplace(ticket, std::move(uid));
    return ticket;
}

bool RunPlaces::admits(std::string const& uid) const {
    return free() && (offered_ ? *offered_ == uid : waiting_.empty());
}

std::string const& RunPlaces::offer() {
    ensure(!offered_ && !waiting_.empty(), "one place is offered at a time, to one that waits");
    return offered_.emplace(std::move(waiting_.extract(waiting_.begin()).mapped()));
}

}  // namespace vedette::op
