#pragma once
// The client-side rate limit: a token bucket whose waiters go by priority, then in order.

#include "base/clock.hpp"
#include "base/event.hpp"
#include "kube/request.hpp"

#include <map>
#include <optional>

namespace vedette::kube {

struct RateLimits {
    double per_second = 50;
    double burst = 100;
    std::size_t waiters = 10'000;  ///< beyond: too_many_requests at once
};

/// Threads: one reactor. Lifetime: outlives its waiters; `clock` outlives it. Cancellation: a waiter unwinds and what
/// it was granted goes to the next.
class RateLimiter {
public:
    RateLimiter(asio::any_io_executor executor, Clock& clock, RateLimits limits);
    ~RateLimiter();
    RateLimiter(RateLimiter const&) = delete;
    RateLimiter& operator=(RateLimiter const&) = delete;

    /// Returns when the request may go. Errors: timed_out, too_many_requests (the queue is full).
    Task<void> acquire(Priority priority, Deadline deadline);

    std::size_t waiting() const { return waiting_.size(); }

private:
    struct Waiter;
    class Place;
    static Task<void> wait(Waiter& waiter);
    void refill();
    void grant();

    asio::any_io_executor executor_;
    Clock& clock_;
    RateLimits limits_;
    double tokens_;
    TimePoint refilled_;
    std::uint64_t sequence_ = 0;
    std::map<std::pair<Priority, std::uint64_t>, Waiter*> waiting_;
    std::optional<Clock::TimerId> timer_;
};

}  // namespace vedette::kube
