// The queue keeps three sets: what waits, what is being worked on, and what changed meanwhile. Delays are timers of the
// clock, one for each key.

#include "kube/work_queue.hpp"

#include "base/ensure.hpp"

namespace vedette::kube {

WorkQueue::WorkQueue(asio::any_io_executor executor, Clock& clock, WorkQueueOptions options)
    : clock_(clock),
      options_(options),
      changed_(std::move(executor), "a key in the work queue"),
      retries_booked_until_(clock.now()) {
    ensure(options_.retries_per_second > 0, "a work queue lets some retries through");
}

WorkQueue::~WorkQueue() {
    for (auto const& [key, delayed] : delayed_) clock_.cancel(delayed.timer);
}

void WorkQueue::add(std::string key) {
    if (shut_down_ || !dirty_.insert(key).second || processing_.contains(key)) return;
    queue_.push_back(std::move(key));
    changed_.notify();
}

void WorkQueue::add_after(std::string key, Duration delay) {
    if (shut_down_) return;
    if (delay <= Duration{}) return add(std::move(key));
    auto const when = clock_.now() + delay;
    if (auto const found = delayed_.find(key); found != delayed_.end()) {
        if (found->second.when <= when) return;
        clock_.cancel(found->second.timer);
        delayed_.erase(found);
    }
    auto const timer = clock_.call_at(when, [this, key] {
        delayed_.erase(key);
        add(key);
    });
    delayed_.emplace(std::move(key), Delayed{when, timer});
}

void WorkQueue::add_rate_limited(std::string key) {
    auto const failures = failures_[key]++;
    auto delay = options_.longest_backoff;
    if (failures < 62 && options_.first_backoff <= options_.longest_backoff / (std::int64_t{1} << failures)) {
        delay = options_.first_backoff * (std::int64_t{1} << failures);
    }
    // All retries share a token bucket, kept as the time up to which its tokens are spent.
    auto const interval =
        std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / options_.retries_per_second));
    auto const burst = std::chrono::duration_cast<Duration>(interval * options_.retry_burst);
    auto const now = clock_.now();
    retries_booked_until_ = std::max(retries_booked_until_, now) + interval;
    delay = std::max(delay, retries_booked_until_ - burst - now);
    add_after(std::move(key), delay);
}

void WorkQueue::forget(std::string const& key) {
    failures_.erase(key);
}

int WorkQueue::failures(std::string const& key) const {
    auto const found = failures_.find(key);
    return found == failures_.end() ? 0 : found->second;
}

Async<std::optional<std::string>> WorkQueue::get() {
    while (queue_.empty() && !shut_down_) co_await changed_.wait();
    if (queue_.empty()) co_return std::nullopt;
    auto key = std::move(queue_.front());
    queue_.pop_front();
    dirty_.erase(key);
    processing_.insert(key);
    co_return key;
}

void WorkQueue::done(std::string const& key) {
    ensure(processing_.erase(key) == 1, "done() follows get()");
    if (!dirty_.contains(key)) return;
    queue_.push_back(key);
    changed_.notify();
}

void WorkQueue::shut_down() {
    shut_down_ = true;
    for (auto const& [key, delayed] : delayed_) clock_.cancel(delayed.timer);
    delayed_.clear();
    changed_.notify();
}

}  // namespace vedette::kube
