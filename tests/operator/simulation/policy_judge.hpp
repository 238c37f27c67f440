#pragma once
// PolicyJudge: the remedy policy of a story, replayed. It counts with its own hands what ran and what runs, and says
// which remedy may not be sent. It never blames for what a process could not know: a policy holds against it only once
// everybody has had the time to hear of it.

#include "operator/remedy_policy.hpp"

#include <deque>

namespace vedette::op::simulation {

/// Lifetime: `clock` outlives it. Threads: one reactor.
class PolicyJudge {
public:
    /// A remedy that stands in a status: it has ended, or its Workflow is recorded.
    struct Remedy {
        std::string uid;  ///< of the HealthCheck
        std::string ns;
        WallTime wall{};     ///< when its Workflow was made, by both clocks
        TimePoint steady{};  ///< ...
        bool under_way = false;
    };

    explicit PolicyJudge(Clock& clock) : clock_(clock) {}

    void policy_changed(RemedyPolicy policy);
    /// Waits by the wall clock mean nothing from before.
    void clock_was_set() { set_at_ = clock_.now(); }
    void ended(Remedy remedy) { ended_.push_back(std::move(remedy)); }
    /// What was its, nobody remembers after a restart.
    void forget(std::string const& uid);

    /// Why the remedy of `check` may not begin now; nothing: it may. Two processes that act at once share no budget:
    /// `counts` is false then. `remedied`: the namespace of each HealthCheck that has, or had of late, a remedy.
    std::optional<std::string> objection(HealthCheck const& check, std::vector<Remedy> const& under_way,
                                         std::vector<std::string> const& remedied, bool counts) const;

private:
    struct Known {
        RemedyPolicy policy;
        TimePoint until = TimePoint::max();
    };
    std::optional<std::string> objection_of(RemedyPolicy const& policy, HealthCheck const& check,
                                            std::vector<Remedy> const& under_way,
                                            std::vector<std::string> const& remedied, bool counts) const;
    std::int64_t within(Duration window, HealthCheck const& check, bool whole_cluster,
                        std::vector<Remedy> const& under_way) const;

    Clock& clock_;
    std::deque<Known> policies_{{default_remedy_policy(), TimePoint::max()}};
    std::vector<Remedy> ended_;
    TimePoint set_at_{};
};

}  // namespace vedette::op::simulation
