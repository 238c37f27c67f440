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

/// Memory: a name for each check that has a remedy, an entry with 32 times for each that had one run, and the departed.
/// Threads: one reactor.
class RemedyLedger {
public:
    /// What a HealthCheck's status says: its recent remedies, the intent, the remedy under way; and whether its spec
    /// has a remedy. Called for each check before set_complete(), and whenever it changes; never with an older status
    /// than before.
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

    /// Remedies that were admitted and have not ended.
    std::size_t admitted(WallTime now) const;
    /// HealthChecks that have a remedy, what percentages are of: of one namespace, "": of the cluster.
    std::int64_t remedied(std::string_view ns) const;

private:
    /// A remedy that has a place: a check has one at most.
    struct Admitted {
        enum class Stage {
            reserved,   ///< in this process alone; it lapses
            intended,   ///< status.remedyIntent speaks of it
            under_way,  ///< status.currentWorkflow does
        };
        Stage stage = Stage::reserved;
        std::int64_t episode = 0;
        std::int64_t attempt = 0;
        std::uint64_t admission = 0;  ///< its number
        WallTime reserved{};

        bool is(std::int64_t of_episode, std::int64_t which_attempt) const;
        bool counts(WallTime now) const;
        bool booked(Status const& status) const;
        /// Smaller numbers come first; what is under way, all alike, before the rest.
        std::uint64_t turn() const { return stage == Stage::under_way ? 0 : admission; }
    };
    struct Account {
        std::string ns;
        std::vector<WallTime> ended;
        std::optional<Admitted> admitted;
    };
    struct Departed {
        std::string ns;
        WallTime ended;
    };
    struct Asked {
        RemedyKey const& key;
        std::uint64_t turn;
        WallTime now;
    };

    std::int64_t admitted_before(Asked const& asked, std::string_view ns) const;
    std::vector<WallTime> ended_within(std::string_view ns, Duration window, WallTime now) const;
    std::optional<std::string> over_budget(Asked const& asked, std::string_view ns, RemedyBudget const& budget,
                                           std::string_view key) const;
    std::optional<std::string> over_concurrency(Asked const& asked, std::string_view ns,
                                                std::optional<RemedyPlaces> const& most, std::string_view key) const;
    void count_remedied(HealthCheck const& check);
    void forget_remedied(std::string const& uid);

    std::map<std::string, Account, std::less<>> accounts_;          ///< by UID
    std::map<std::string, std::string, std::less<>> remedied_;      ///< UID -> namespace, of what has a remedy
    std::map<std::string, std::int64_t, std::less<>> remedied_in_;  ///< by namespace
    std::deque<Departed> departed_;
    std::uint64_t next_admission_ = 1;
    bool complete_ = false;
};

}  // namespace vedette::op
