#pragma once
// Kubernetes Events about objects: what kubectl describe shows. Aggregated, rate limited for each object, best effort.

#include "base/task_group.hpp"
#include "kube/client.hpp"
#include "kube/event_correlation.hpp"

#include <deque>
#include <set>

namespace vedette::kube {

struct EventRecorderOptions {
    std::string component = "vedette";
    std::string instance;      ///< the pod or host that reports
    std::size_t queue = 1000;  ///< beyond: dropped
    std::size_t senders = 4;   ///< requests under way at once, at most one about an object
    int attempts = 3;
    Duration retry = std::chrono::seconds(2);
    Duration timeout = std::chrono::seconds(10);
    CorrelationLimits limits{};
};

/// Threads: one reactor. Lifetime: outlives run(); what the client needs and the clock outlive it.
class EventRecorder {
public:
    EventRecorder(asio::any_io_executor executor, Client& client, Clock& clock, EventRecorderOptions options = {});

    /// Notes it and returns; run() sends it.
    void normal(ObjectReference about, std::string reason, std::string message);
    void warning(ObjectReference about, std::string reason, std::string message);

    /// Sends what is noted, until cancelled.
    Async<void> run();
    /// Waits until everything noted has been sent or given up. Errors: timed_out.
    Task<void> drain(Deadline deadline);

    std::uint64_t sent() const { return sent_; }
    std::uint64_t dropped() const { return dropped_; }        ///< the queue was full
    std::uint64_t suppressed() const { return suppressed_; }  ///< too many of one type about one object
    std::uint64_t failed() const { return failed_; }          ///< the server did not take it
    std::optional<Error> const& last_error() const { return last_error_; }

private:
    void note(Happening happening);
    std::optional<Happening> take();
    Async<void> hand_out();
    Async<void> deliver(Happening happening);
    Async<void> send(Happening happening);
    Task<Object> write(Happening const& happening, Series const& series);
    Task<void> drained();
    Object event_object(Happening const& happening, Series const& series) const;

    Client client_;  // events wait for whatever else waits for the rate limit
    Clock& clock_;
    EventRecorderOptions options_;
    EventCorrelator correlator_;
    Event changed_;
    std::deque<Happening> queue_;
    std::set<std::string> under_way_;  // about which objects
    std::uint64_t sent_ = 0;
    std::uint64_t dropped_ = 0;
    std::uint64_t suppressed_ = 0;
    std::uint64_t failed_ = 0;
    std::optional<Error> last_error_;
    TaskGroup senders_;
};

}  // namespace vedette::kube
