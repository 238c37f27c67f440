#pragma once
// Leader election on a Lease, with client-go's semantics: of all who run with different identities at most one leads.
// https://pkg.go.dev/k8s.io/client-go/tools/leaderelection

#include "base/event.hpp"
#include "kube/client.hpp"
#include "kube/lease.hpp"

namespace vedette::kube {

struct LeaderElectionOptions {
    std::string ns;
    std::string name;
    std::string identity;                                ///< unique: no two processes may ever share it at a time
    Duration lease_duration = std::chrono::seconds(15);  ///< others wait this long after they last saw us renew
    Duration renew_deadline = std::chrono::seconds(10);  ///< we give up this long after we last managed to
    Duration retry_period = std::chrono::seconds(2);
    bool release_on_exit = true;
};

/// Called on the reactor; they must not throw. Work that needs leadership has ended, or cannot do harm any more, when
/// on_stopped returns: others may lead right after it.
struct LeaderCallbacks {
    std::function<void()> on_started;
    std::function<void()> on_stopped;
    std::function<void(std::string const& holder)> on_new_leader;  ///< us included; empty: nobody
};

/// Expiry is judged by how long we have seen the same record, on our own monotonic clock. A leader counts from when it
/// sent its last successful renewal, so it stops before anybody else may start. A machine that sleeps stops that clock
/// while others wait on theirs, so a term also ends when the wall clock has run ahead of the monotonic one by
/// `lease_duration` - `renew_deadline`, the longest sleep that leaves others waiting. After a longer one leads() is
/// false at once, and on_stopped follows within half a `retry_period`, whatever the network does.
///
/// Threads: one reactor. Lifetime: outlives run(); what the client needs, clock and random outlive it.
class LeaderElector {
public:
    LeaderElector(asio::any_io_executor executor, Client& client, Clock& clock, Random& random,
                  LeaderElectionOptions options, LeaderCallbacks callbacks);

    /// Competes, leads, and after a loss competes again, until ask_to_stop(): then stops leading, releases the lease
    /// (best effort, within `retry_period`) and returns. Cancelled, it stops leading and releases nothing.
    Async<void> run();
    void ask_to_stop();
    /// Whoever does not lead looks at the lease at once, not at its next turn: for a caller who watches it and has seen
    /// it given back.
    void look_now();

    /// Ask before each step that only a leader may take: it turns false with the clock, before on_stopped is called.
    bool leads() const { return leads_ && !term_is_over(); }
    std::string const& holder() const { return observed_.holder; }
    /// Why the last attempt did not go through; nothing after one that did.
    std::optional<Error> const& last_error() const { return last_error_; }

private:
    class Term;
    enum class Outcome { ours, theirs, failed };

    Async<Outcome> attempt(Deadline deadline);
    Async<Outcome> write(Deadline deadline);
    Async<void> compete();
    Async<void> lead();
    Async<void> release();
    Async<void> pause(TimePoint until, bool until_a_look = false);

    void observe(Object lease);
    bool held_by_another() const;
    bool slept() const;
    bool term_is_over() const;
    LeaseRecord next_record() const;
    Outcome failed(Error error);

    Client client_;  // renewals go before whatever else waits for the rate limit
    Clock& clock_;
    Random& random_;
    LeaderElectionOptions options_;
    LeaderCallbacks callbacks_;
    Event disturbed_;
    bool stopping_ = false;
    bool look_ = false;
    bool leads_ = false;

    std::optional<Object> lease_;  // as last seen; nothing: not seen, or not trusted after a failed write
    LeaseRecord observed_;
    TimePoint observed_at_{};
    TimePoint renewed_at_{};      // when the last successful write was sent
    WallTime renewed_at_wall_{};  // the same moment on the wall
    std::optional<Error> last_error_;
};

}  // namespace vedette::kube
