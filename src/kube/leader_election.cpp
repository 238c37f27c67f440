// Two loops, compete and lead, around one attempt: read the lease unless we trust our copy, judge it, write it
// conditionally on its version.
//
// Stricter than client-go in three places, each of which would otherwise allow two leaders: a term counts from when the
// renewal was sent (not from when it was answered), a lease that vanished is not taken before its last holder's time is
// up, and seeing somebody else's name ends a term at once.

#include "kube/leader_election.hpp"

#include "base/ensure.hpp"
#include "base/json.hpp"

namespace vedette::kube {
namespace {

constexpr double jitter = 1.2;  // client-go's JitterFactor

}  // namespace

// One term of leadership: however lead() ends, on_stopped follows on_started. A tick ends the term on time even while
// an attempt waits for an answer: on a machine that slept, that wait may last long after others took over.
class LeaderElector::Term {
public:
    explicit Term(LeaderElector& elector) : elector_(elector) {
        elector_.leads_ = true;
        arm();
        if (elector_.callbacks_.on_started) elector_.callbacks_.on_started();
    }
    ~Term() { end(); }
    Term(Term const&) = delete;
    Term& operator=(Term const&) = delete;

private:
    void arm() {
        auto const when = elector_.clock_.now() + elector_.options_.retry_period / 2;
        tick_ = elector_.clock_.call_at(when, [this] {
            tick_.reset();
            if (elector_.term_is_over()) return end();
            arm();
        });
    }
    void end() {
        if (tick_) elector_.clock_.cancel(*tick_);
        tick_.reset();
        if (!std::exchange(elector_.leads_, false)) return;
        if (elector_.callbacks_.on_stopped) elector_.callbacks_.on_stopped();
    }

    LeaderElector& elector_;
    std::optional<Clock::TimerId> tick_;
};

LeaderElector::LeaderElector(asio::any_io_executor executor, Client& client, Clock& clock, Random& random,
                             LeaderElectionOptions options, LeaderCallbacks callbacks)
    : client_(client.at(Priority::high)),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      disturbed_(std::move(executor), "the next attempt at the lease") {
    ensure(!options_.identity.empty(), "a candidate has a name");
    ensure(options_.lease_duration > options_.renew_deadline, "a leader stops before others may start");
    ensure(options_.renew_deadline > std::chrono::duration_cast<Duration>(options_.retry_period * jitter),
           "a leader can try more than once");
}

void LeaderElector::ask_to_stop() {
    stopping_ = true;
    disturbed_.notify();
}

void LeaderElector::look_now() {
    look_ = true;
    disturbed_.notify();
}

// Returns early when it is asked to stop or, where that is wanted, to look.
Async<void> LeaderElector::pause(TimePoint until, bool until_a_look) {
    bool due = false;
    ScopedTimer const timer(clock_, until, [this, &due] {
        due = true;
        disturbed_.notify();
    });
    while (!due && !stopping_ && !(until_a_look && look_)) co_await disturbed_.wait();
    look_ = false;
}

Async<void> LeaderElector::run() {
    while (!stopping_) {
        co_await compete();
        if (stopping_) break;
        co_await lead();
    }
    if (options_.release_on_exit && observed_.holder == options_.identity) co_await release();
}

Async<void> LeaderElector::compete() {
    while (!stopping_) {
        auto const outcome = co_await attempt(clock_.now() + options_.renew_deadline);
        if (outcome == Outcome::ours && !term_is_over()) co_return;
        if (stopping_) co_return;
        auto const wait = options_.retry_period * (1 + jitter * random_.unit());
        co_await pause(clock_.now() + std::chrono::duration_cast<Duration>(wait), true);
    }
}

Async<void> LeaderElector::lead() {
    Term const term(*this);
    while (true) {
        auto const ends = renewed_at_ + options_.renew_deadline;
        co_await pause(std::min(clock_.now() + options_.retry_period, ends));
        if (stopping_ || !leads()) co_return;
        auto const outcome = co_await attempt(ends);
        if (outcome == Outcome::theirs || stopping_ || !leads()) co_return;
    }
}

bool LeaderElector::slept() const {
    auto const by_wall = clock_.wall() - renewed_at_wall_;
    auto const by_monotonic = clock_.now() - renewed_at_;
    return by_wall - by_monotonic >= options_.lease_duration - options_.renew_deadline;
}

bool LeaderElector::term_is_over() const {
    return clock_.now() >= renewed_at_ + options_.renew_deadline || slept();
}

bool LeaderElector::held_by_another() const {
    if (observed_.holder.empty() || observed_.holder == options_.identity) return false;
    return clock_.now() < observed_at_ + std::chrono::seconds(observed_.duration_seconds);
}

LeaderElector::Outcome LeaderElector::failed(Error error) {
    lease_.reset();
    last_error_ = std::move(error);
    return Outcome::failed;
}

void LeaderElector::observe(Object lease) {
    auto record = read_lease(lease);
    lease_ = std::move(lease);
    if (record == observed_) return;
    auto const before = std::exchange(observed_, std::move(record));
    observed_at_ = clock_.now();
    if (before.holder != observed_.holder && callbacks_.on_new_leader) callbacks_.on_new_leader(observed_.holder);
}

// A leader whose last write went through writes again at once; everybody else looks first.
Async<LeaderElector::Outcome> LeaderElector::attempt(Deadline deadline) {
    if (leads_ && lease_) {
        auto const outcome = co_await write(deadline);
        if (outcome == Outcome::ours || clock_.now() >= deadline) co_return outcome;
    }
    auto seen = co_await client_.get(leases(), options_.ns, options_.name, deadline);
    if (!seen && seen.error().code() != Errc::not_found) co_return failed(std::move(seen).error());
    if (seen) {
        observe(std::move(*seen));
    } else {
        lease_.reset();
    }
    if (held_by_another()) {
        last_error_.reset();
        co_return Outcome::theirs;
    }
    if (leads_ && observed_.holder != options_.identity) co_return Outcome::theirs;
    co_return co_await write(deadline);
}

LeaseRecord LeaderElector::next_record() const {
    auto const now = micro_time(clock_.wall());
    LeaseRecord record{.holder = options_.identity,
                       .duration_seconds = std::chrono::ceil<std::chrono::seconds>(options_.lease_duration).count(),
                       .acquire_time = now,
                       .renew_time = now,
                       .transitions = 0};
    if (!lease_) return record;
    bool const ours = observed_.holder == options_.identity;
    if (ours) record.acquire_time = observed_.acquire_time;
    record.transitions = observed_.transitions + (ours ? 0 : 1);
    return record;
}

Async<LeaderElector::Outcome> LeaderElector::write(Deadline deadline) {
    auto const sent = clock_.now();
    auto const sent_wall = clock_.wall();
    auto const record = next_record();
    std::optional<Result<Object>> written;
    if (lease_) {
        auto lease = *lease_;
        write_lease(lease, record);
        written = co_await client_.replace(leases(), options_.ns, options_.name, std::move(lease), "", deadline);
    } else {
        auto lease = new_lease(options_.ns, options_.name, record);
        written = co_await client_.create(leases(), options_.ns, std::move(lease), deadline);
    }
    if (!*written) co_return failed(std::move(*written).error());
    observe(std::move(**written));
    if (observed_.holder != options_.identity) co_return Outcome::theirs;
    renewed_at_ = sent;
    renewed_at_wall_ = sent_wall;
    last_error_.reset();
    co_return Outcome::ours;
}

Async<void> LeaderElector::release() {
    auto const deadline = clock_.now() + options_.retry_period;
    if (!lease_) {
        auto seen = co_await client_.get(leases(), options_.ns, options_.name, deadline);
        if (!seen) co_return;
        observe(std::move(*seen));
        if (observed_.holder != options_.identity) co_return;
    }
    auto const now = micro_time(clock_.wall());
    LeaseRecord const record{.holder = "",
                             .duration_seconds = 1,
                             .acquire_time = now,
                             .renew_time = now,
                             .transitions = observed_.transitions};
    auto lease = *lease_;
    write_lease(lease, record);
    auto written = co_await client_.replace(leases(), options_.ns, options_.name, std::move(lease), "", deadline);
    if (written) {
        observe(std::move(*written));
    } else {
        last_error_ = std::move(written).error();
    }
}

}  // namespace vedette::kube
