#pragma once
// The work queue between an informer's handlers and the workers that reconcile: keys, with client-go's semantics.
// https://pkg.go.dev/k8s.io/client-go/util/workqueue

#include "base/clock.hpp"
#include "base/event.hpp"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace vedette::kube {

struct WorkQueueOptions {
    Duration first_backoff = std::chrono::milliseconds(5);  ///< of a key, doubled with each add_rate_limited
    Duration longest_backoff = std::chrono::seconds(1000);
    double retries_per_second = 10;  ///< of all keys together, once the burst is used up
    double retry_burst = 100;
};

/// A key waits at most once, and no two workers hold the same key: one that is added while it is being worked on comes
/// back after done(). Hence the queue never holds more than the number of distinct keys.
///
/// Threads: one reactor. Lifetime: outlives whoever waits in get(); `clock` outlives it.
class WorkQueue {
public:
    WorkQueue(asio::any_io_executor executor, Clock& clock, WorkQueueOptions options = {});
    ~WorkQueue();
    WorkQueue(WorkQueue const&) = delete;
    WorkQueue& operator=(WorkQueue const&) = delete;

    void add(std::string key);
    /// Adds `key` in `delay`; of several delays the earliest counts.
    void add_after(std::string key, Duration delay);
    /// Adds `key` after its backoff, for work that failed.
    void add_rate_limited(std::string key);
    /// The key's next failure counts as its first.
    void forget(std::string const& key);
    int failures(std::string const& key) const;

    /// The next key, to be handed back with done(); nothing once the queue is shut down and empty.
    Async<std::optional<std::string>> get();
    void done(std::string const& key);

    /// Takes no more keys and drops the delayed ones; what waits is still handed out.
    void shut_down();

    std::size_t size() const { return queue_.size(); }
    std::size_t delayed() const { return delayed_.size(); }

private:
    struct Delayed {
        TimePoint when;
        Clock::TimerId timer;
    };

    Clock& clock_;
    WorkQueueOptions options_;
    Event changed_;
    std::deque<std::string> queue_;
    std::set<std::string, std::less<>> dirty_;       // wait, or must come back after done()
    std::set<std::string, std::less<>> processing_;  // handed out
    std::map<std::string, Delayed, std::less<>> delayed_;
    std::map<std::string, int, std::less<>> failures_;
    TimePoint retries_booked_until_;
    bool shut_down_ = false;
};

}  // namespace vedette::kube
