#pragma once
// Referee: hears of every write to the API server and holds it against what the operator promises. It knows nothing
// of the operator but what anybody can read in the objects.

#include "kube/fake/api_server.hpp"
#include "operator/simulation/policy_judge.hpp"
#include "operator/simulation/wire.hpp"
#include "operator/workflow.hpp"

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace vedette::op::simulation {

/// Lifetime: `server` and `clock` outlive it. Threads: one reactor.
class Referee {
public:
    Referee(kube::fake::ApiServer& server, Clock& clock);

    /// A request leaves a process: what was right then may arrive late.
    void sent(kube::Request const& request);
    /// It will be acted on although its sender has got an error for an answer.
    void comes_late(kube::Request const& request);
    /// The wall clock was set, by more than a moment.
    void clock_was_set();
    /// Asked when a check is late without saying so in its status: what the metrics of the processes say of it.
    enum class Says { overdue, nothing, nobody_acts };
    /// A process counts once it has lived for `patience`.
    std::function<Says(HealthCheck const&, Duration patience)> metrics_say;
    /// What must hold at every time. To be called every few seconds.
    void look();
    /// Two processes act at once, and each has its own opinion of when a check is due.
    void expect_contention() { contention_ = true; }
    /// --max-running-workflows.
    void expect_places(std::size_t places) { places_ = places; }
    /// Faults are over: from here on checks have to be in time.
    void calm_begins();
    /// What must hold when all has been calm for a while.
    void finish();

    /// Sentences; empty: all is well.
    std::vector<std::string> const& violations() const { return violations_; }
    std::size_t runs() const { return runs_; }            ///< booked
    std::size_t remedies() const { return remedies_; }    ///< booked
    std::size_t workflows() const;                        ///< made
    std::int64_t runs_of(std::string const& name) const;  ///< booked; of a check, by its metadata.name

private:
    struct Workflow {
        std::string uid;
        std::string name;
        std::string ns;
        RunId run;
        std::string phase;
        TimePoint created{};
        WallTime created_wall{};
        bool deleted = false;
        bool ended() const { return phase == "Succeeded" || phase == "Failed" || phase == "Error"; }
    };
    struct Remedies {  ///< what counts for the limits, replayed from what happened
        std::int64_t since_reset = 0;
        std::int64_t unhelpful = 0;
        std::optional<WallTime> ended;  ///< of the last one booked ...
        TimePoint booked{};             ///< ... and when
        bool ran_since_check = false;
    };
    struct Former {  ///< what a check was before an edit
        HealthCheck check;
        TimePoint until{};
    };
    struct Check {
        HealthCheck now;
        std::deque<Former> former;  ///< the newest last, those that somebody may still believe in
        bool there = false;
        std::map<std::string, std::vector<Workflow>> workflows;  ///< by run
        std::set<WallTime> slots;
        std::map<std::string, TimePoint> intended;  ///< remedies: when the status last held the intent
        Remedies remedies;
        std::int64_t booked = 0;  ///< runs
        TimePoint spec_changed{};
        TimePoint gone_at{};
        TimePoint made{};  ///< the last Workflow of a run
        std::optional<TimePoint> dry_since;
        std::set<std::string> sent;  ///< remedies
        std::optional<TimePoint> last_booked;
        std::optional<TimePoint> told;  ///< when its status or the metrics last said that it is late
        std::deque<TimePoint> writes;   ///< of the status, the last ones
    };

    void hear(kube::fake::Change const& change);
    void hear_check(kube::fake::Change const& change);
    void hear_workflow(kube::fake::Change const& change);
    void booked(Check& check, Status const& before);
    void count_write(Check& check);
    void booked_run(Check& check, Status const& before);
    void booked_remedy(Check& check, Status const& before);
    void ended_remedy(Check& check, RunId const& run);
    void sent_remedy(Check& check, RunId const& run);
    void look(Check& check);
    Duration longest_silence(Check const& check) const;
    void created(Check& check, Workflow const& workflow);
    void created_remedy(Check& check, Workflow const& workflow);
    bool was_right(std::string const& name) const;
    bool renamed_between(Check const& check, Workflow const& one, Workflow const& other) const;
    Duration since_last_remedy(Check const& check) const;
    bool remedy_is_asked_for(Check const& check, RunId const& run) const;
    void blame(Check const& check, std::string what);
    void finish(Check const& check);
    bool all_places_are_taken() const;

    Clock& clock_;
    std::map<std::string, Check> checks_;        ///< by UID
    std::map<std::string, TimePoint> right_at_;  ///< names of Workflows: when their create was last sent rightly
    std::set<std::string> late_;                 ///< names of Workflows whose create may land whenever it likes
    PolicyJudge policy_;
    TimePoint calm_ = TimePoint::max();
    TimePoint set_at_{};
    bool contention_ = false;
    std::optional<std::size_t> places_;
    std::vector<std::string> violations_;
    std::size_t runs_ = 0;
    std::size_t remedies_ = 0;
};

}  // namespace vedette::op::simulation
