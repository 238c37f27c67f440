#include "base/places.hpp"

#include "base/ensure.hpp"
#include "base/with_deadline.hpp"

namespace vedette {

Places::Places(std::size_t places) : free_(places) {
    ensure(places > 0, "somebody gets a place");
}

Places::~Places() {
    ensure(count_ == 0, "places outlive those who wait for them");
}

void Places::leave() {
    for (auto& [rank, queue] : waiting_) {
        if (queue.empty()) continue;
        auto* const next = queue.front();
        queue.pop_front();
        --count_;
        next->taken_ = true;
        next->turn_.notify();
        return;
    }
    ++free_;
}

Places::Place::Place(Places& places, asio::any_io_executor executor, char const* what, int rank)
    : places_(places), rank_(rank), turn_(std::move(executor), what) {
    if (places_.free_ > 0) {
        --places_.free_;
        taken_ = true;
        return;
    }
    auto& queue = places_.waiting_[rank_];
    at_ = queue.insert(queue.end(), this);
    ++places_.count_;
}

Places::Place::~Place() {
    if (taken_) {
        places_.leave();
    } else {
        places_.waiting_[rank_].erase(at_);
        --places_.count_;
    }
}

Task<void> Places::Place::take(Clock& clock, Deadline deadline) {
    if (taken_) co_return Result<void>{};
    auto const waited = co_await with_deadline(clock, deadline, wait());
    co_return waited;
}

Task<void> Places::Place::wait() {
    while (!taken_) co_await turn_.wait();
    co_return Result<void>{};
}

}  // namespace vedette
