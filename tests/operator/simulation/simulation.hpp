#pragma once
// Simulation: an API server, an Argo, a garbage collector and one or two operators in one world, HealthChecks drawn
// from the seed, and misfortune of every kind. "Same seed, same story."

#include "operator/argo.hpp"
#include "operator/garbage_collector.hpp"
#include "operator/simulation/process.hpp"
#include "operator/simulation/referee.hpp"

namespace vedette::op::simulation {

/// An operator's nth request is answered with this instead of being acted on.
struct Strike {
    std::size_t at = 1;
    int status = 500;
    std::optional<int> retry_after_seconds;
};

/// What one story is like. Numbers are per seed.
struct Plan {
    std::size_t checks = 6;
    std::size_t processes = 1;
    bool leader_elect = false;
    RbacMode rbac = RbacMode::off;
    std::optional<std::size_t> max_running_workflows;
    boost::json::object policy;                ///< of remedies: data of the ConfigMap; empty: there is none at first
    std::size_t runs = 220;                    ///< the trouble ends when so many are booked ...
    Duration longest = std::chrono::hours(2);  ///< ... or after this
    Duration calm = std::chrono::minutes(4);   ///< and then all has to become right, in some thirty more runs
    double trouble = 1;  ///< how likely a misfortune is at each turn, of which there are six in a minute
    std::optional<std::size_t> dies_at;  ///< the first process, at this request of its life
    std::optional<Strike> strike;
    Duration restarts = Duration::max();  ///< a process is stopped and started again so often
    std::vector<kube::Object> given;      ///< HealthChecks, instead of drawn ones
};

/// Draws one. Every fourth has two processes without an election: whatever both do, they must do once.
Plan draw_plan(Random& random);

/// In namespace health, with a workflow that may take a minute; `remedyworkflow: null` stands for one.
kube::Object make_check(std::string const& name, boost::json::object spec);

class Simulation {
public:
    Simulation(std::uint64_t seed, std::optional<Plan> plan = {});
    ~Simulation();

    /// The whole story. What went wrong, in sentences.
    std::vector<std::string> run();
    Referee const& referee() const { return referee_; }
    std::vector<std::string> const& trace() const { return world_.trace(); }
    world::World& world() { return world_; }
    kube::fake::ApiServer& server() { return server_; }

private:
    Async<void> story();
    Async<void> trouble();
    Async<void> something_happens();
    Async<void> kill_one();
    Async<void> restart_the_dead();
    void change_weather(double badness);
    void edit_a_check();
    void delete_or_make_a_check();
    void delete_a_workflow();
    void touch_a_check();
    void change_the_policy();
    void put_policy();
    Async<void> pass(Duration time);
    Referee::Says metrics_say(HealthCheck const& check, Duration patience);
    void set_the_clock();
    void put_check(kube::Object check);
    void start(std::size_t index);
    void sent(kube::Request const& request);
    Fate fate_of(kube::Object const& workflow);
    kube::Object draw_check(std::size_t index);
    Duration up_to(Duration most);
    std::optional<std::string> any_check();

    world::World world_;
    Random& random_;
    Plan plan_;
    kube::fake::ApiServer server_;
    Weather weather_;
    Referee referee_;
    GarbageCollector collector_;
    FakeArgo argo_;
    std::map<std::string, kube::Object> checks_;  ///< as last written by a user, by name
    std::set<std::string> workflows_;             ///< not ended, "namespace/name"
    std::vector<std::unique_ptr<Process>> processes_;
    std::vector<std::string> ends_;  ///< what was wrong with them
    std::size_t born_ = 0;
    std::size_t sent_ = 0;  ///< by all processes
    bool remedies_on_ = true;
    bool dry_run_ = false;
    TaskGroup network_;
};

}  // namespace vedette::op::simulation
