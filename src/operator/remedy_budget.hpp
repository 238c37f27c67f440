#pragma once
// The ledger of remedies: how many ran of late, and how many are under way, per namespace and cluster. It holds nothing
// that the statuses do not: a new leader starts with an empty one and shows it every HealthCheck once.
//
// A remedy counts from its admission until one window after its end, so that windows hold for starts and for ends. With
// a budget in force no check gets more than most_recent_remedies in one window: a status remembers no more.

#include "operator/remedy_policy.hpp"

#include <deque>

namespace vedette::op {

/// Remedies of deleted HealthChecks that the ledger remembers.
inline constexpr std::size_t remembered_departed = 10'000;

/// `now - then`, and Duration::max() where the clock cannot hold it: times in a status come from anywhere.
Duration time_since(WallTime then, WallTime now);

/// Which remedy is meant; asking twice for one is asking once.
struct RemedyKey {
    std::string uid;
    std::int64_t episode = 0;
    std::int64_t attempt = 0;

    bool operator==(RemedyKey const&) const = default;
};

/// Memory: one entry for each check that had a remedy, 32 times in it, and the departed. Threads: one reactor.
class RemedyLedger {
public:
    /// What a HealthCheck's status says: its recent remedies, the intent, the remedy under way. Called for each check
    /// before set_complete(), and whenever the status changes; never with an older status than before.
    void observe(HealthCheck const& check);
    /// The HealthCheck is gone. What it ran still counts, as long as this process lives.
    void forget(std::string const& uid, WallTime now);

    /// Every HealthCheck was observed: from here on the ledger can tell.
    void set_complete() { complete_ = true; }
    bool complete() const { return complete_; }

    /// Why the remedy may not run, in a sentence; nothing if it may. A remedy that was admitted keeps its place before
    /// those that came after it, but is refused when the policy has become too tight for it.
    std::optional<std::string> refusal(RemedyKey const& key, std::string_view ns, RemedyPolicy const& policy,
                                       WallTime now) const;
    /// Asks, and reserves unless refused. `written`: the intent stands in the status. An unwritten reservation lapses
    /// after 15 minutes: no write takes that long.
    std::optional<std::string> admit(RemedyKey const& key, std::string_view ns, RemedyPolicy const& policy,
                                     WallTime now, bool written);
    /// The check's remedy will not run after all. Does nothing for one that is under way.
    void release(std::string const& uid);

    /// Remedies admitted or under way.
    std::size_t live(WallTime now) const;

private:
    struct Live {
        std::int64_t episode = 0;
        std::int64_t attempt = 0;
        std::uint64_t order = 0;  ///< of admission; 0: under way
        WallTime reserved{};
        bool written = false;

        bool counts(WallTime now) const;
        bool booked(Status const& status) const;
    };
    struct Account {
        std::string ns;
        std::vector<WallTime> ended;
        std::optional<Live> live;
    };
    struct Departed {
        std::string ns;
        WallTime ended;
    };
    struct Asked {
        RemedyKey const& key;
        std::uint64_t order;
        WallTime now;
    };

    std::int64_t live_before(Asked const& asked, std::string_view ns) const;
    std::vector<WallTime> ended_within(std::string_view ns, Duration window, WallTime now) const;
    std::optional<std::string> over_budget(Asked const& asked, std::string_view ns, RemedyBudget const& budget,
                                           std::string_view key) const;
    std::optional<std::string> over_concurrency(Asked const& asked, std::string_view ns,
                                                std::optional<std::int64_t> most, std::string_view key) const;

    std::map<std::string, Account, std::less<>> accounts_;  ///< by UID
    std::deque<Departed> departed_;
    std::uint64_t next_order_ = 1;
    bool complete_ = false;
};

}  // namespace vedette::op
