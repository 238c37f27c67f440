// A token bucket. Waiters stand in one ordered map and are woken one by one as tokens come: ten thousand of them cost
// one timer, not ten thousand wake-ups per token.

#include "kube/rate_limiter.hpp"

#include "base/ensure.hpp"
#include "base/with_deadline.hpp"

namespace vedette::kube {

struct RateLimiter::Waiter {
    explicit Waiter(asio::any_io_executor executor) : changed(std::move(executor), "client-side rate limit") {}
    Event changed;
    bool granted = false;
};

// A place in the queue; leaving it unused hands the token on.
class RateLimiter::Place {
public:
    Place(RateLimiter& limiter, std::pair<Priority, std::uint64_t> key)
        : limiter_(limiter), key_(key), waiter(limiter.executor_) {
        limiter_.waiting_.emplace(key_, &waiter);
    }
    ~Place() {
        if (used) return;
        limiter_.waiting_.erase(key_);
        if (waiter.granted) limiter_.tokens_ = std::min(limiter_.tokens_ + 1, limiter_.limits_.burst);
        limiter_.grant();
    }
    Place(Place const&) = delete;
    Place& operator=(Place const&) = delete;

private:
    RateLimiter& limiter_;
    std::pair<Priority, std::uint64_t> key_;

public:
    Waiter waiter;
    bool used = false;
};

RateLimiter::RateLimiter(asio::any_io_executor executor, Clock& clock, RateLimits limits)
    : executor_(std::move(executor)), clock_(clock), limits_(limits), tokens_(limits.burst), refilled_(clock.now()) {
    ensure(limits_.per_second > 0 && limits_.burst >= 1, "a rate limit lets something through");
}

RateLimiter::~RateLimiter() {
    ensure(waiting_.empty(), "a RateLimiter outlives its waiters");
    if (timer_) clock_.cancel(*timer_);
}

void RateLimiter::refill() {
    auto const now = clock_.now();
    auto const seconds = std::chrono::duration<double>(now - refilled_).count();
    tokens_ = std::min(tokens_ + seconds * limits_.per_second, limits_.burst);
    refilled_ = now;
}

void RateLimiter::grant() {
    refill();
    // The timer's nanoseconds are whole numbers: a token that is all but there counts.
    while (!waiting_.empty() && tokens_ > 1 - 1e-6) {
        auto* const first = waiting_.begin()->second;
        waiting_.erase(waiting_.begin());
        tokens_ = std::max(tokens_ - 1, 0.0);
        first->granted = true;
        first->changed.notify();
    }
    if (waiting_.empty() || timer_) return;
    auto const seconds = std::chrono::duration<double>((1 - tokens_) / limits_.per_second);
    timer_ = clock_.call_at(clock_.now() + std::chrono::ceil<Duration>(seconds), [this] {
        timer_.reset();
        grant();
    });
}

Task<void> RateLimiter::wait(Waiter& waiter) {
    while (!waiter.granted) co_await waiter.changed.wait();
    co_return Result<void>{};
}

Task<void> RateLimiter::acquire(Priority priority, Deadline deadline) {
    refill();
    if (waiting_.empty() && tokens_ >= 1) {
        tokens_ -= 1;
        co_return Result<void>{};
    }
    if (waiting_.size() >= limits_.waiters) {
        co_return fail(Errc::too_many_requests, "{} requests already wait for the client-side rate limit",
                       waiting_.size());
    }
    Place place(*this, {priority, ++sequence_});
    grant();
    auto waited = co_await with_deadline(clock_, deadline, wait(place.waiter));
    if (!waited) co_return pass(waited, "wait for the client-side rate limit");
    place.used = true;
    co_return Result<void>{};
}

}  // namespace vedette::kube
