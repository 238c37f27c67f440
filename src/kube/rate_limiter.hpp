#pragma once
// The client-side rate limit: a token bucket whose waiters go by priority, then in order.

#include "base/clock.hpp"
#include "base/event.hpp"
#include "kube/request.hpp"

#include <map>

namespace vedette::kube {

struct RateLimits {
    double per_second = 50;
    double burst = 100;
    std::size_t waiters = 10'000;  ///< beyond: too_many_requests at once
};

class RateLimiter {
public:
    RateLimiter(asio::any_io_executor executor, Clock& clock, RateLimits limits);
    /// Returns when the request may go. Errors: timed_out, too_many_requests (the queue is full).
    Task<void> acquire(Priority priority, Deadline deadline);

private:
    void refill();

    Clock& clock_;
    RateLimits limits_;
    Event changed_;
    double tokens_;
    TimePoint refilled_;
    std::uint64_t sequence_ = 0;
    std::map<std::pair<Priority, std::uint64_t>, bool> waiting_;
};

}  // namespace vedette::kube
