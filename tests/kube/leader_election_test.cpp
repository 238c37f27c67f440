#include "kube/leader_election.hpp"

#include "base/task_group.hpp"
#include "kube/fake/api_server.hpp"
#include "world/world.hpp"

#include <gtest/gtest.h>

namespace vedette::kube {
namespace {

// The clock of one machine: its monotonic half stands still while the machine sleeps, as Linux' does.
class MachineClock final : public Clock {
public:
    explicit MachineClock(world::VirtualClock& world) : world_(world) {}

    TimePoint now() const override { return asleep() ? fell_asleep_ : world_.now() - slept_; }
    WallTime wall() const override { return world_.wall(); }
    TimerId call_at(TimePoint when, std::function<void()> action) override {
        auto const id = TimerId{++last_};
        timers_.emplace(id, Timer{when, std::move(action), {}});
        arm(id);
        return id;
    }
    void cancel(TimerId timer) override {
        auto const found = timers_.find(timer);
        if (found == timers_.end()) return;
        world_.cancel(found->second.real);
        timers_.erase(found);
    }

    void sleep(Duration duration) {
        if (asleep()) return;
        fell_asleep_ = now();
        slept_ += duration;
        wakes_ = world_.now() + duration;
    }
    bool asleep() const { return world_.now() < wakes_; }
    TimePoint in_the_world(TimePoint when) const { return std::max(when + slept_, wakes_); }

private:
    struct Timer {
        TimePoint when;
        std::function<void()> action;
        TimerId real;
    };
    void arm(TimerId id) {
        auto& timer = timers_.at(id);
        timer.real = world_.call_at(in_the_world(timer.when), [this, id] { due(id); });
    }
    void due(TimerId id) {
        auto& timer = timers_.at(id);
        if (world_.now() < in_the_world(timer.when)) return arm(id);
        auto const action = std::move(timer.action);
        timers_.erase(id);
        action();
    }

    world::VirtualClock& world_;
    Duration slept_{};
    TimePoint fell_asleep_{};
    TimePoint wakes_{};
    std::uint64_t last_ = 0;
    std::map<TimerId, Timer> timers_;
};

// One candidate's way to the server: requests get lost before or after they are acted on.
class Wire final : public Api {
public:
    Wire(Api& api, world::World& world, MachineClock& clock) : api_(api), world_(world), clock_(clock) {}

    Task<Response> send(Request request, Deadline deadline) override {
        auto& random = world_.random();
        auto& clock = clock_;
        if (random.chance(refuse)) co_return fail(Errc::refused, "refused");
        if (random.chance(lose)) {
            co_await clock.sleep_until(deadline, "a lost request");
            co_return fail(Errc::timed_out, "timed out");
        }
        auto const there = std::chrono::milliseconds(random.below(slow + 1));
        if (clock.now() + there >= deadline) {
            // It arrives after we have given up, and the server acts on it all the same.
            late.push_back(request);
            co_await clock.sleep_until(deadline, "a late request");
            co_return fail(Errc::timed_out, "timed out");
        }
        co_await clock.sleep_for(there);
        auto response = co_await api_.send(std::move(request), clock.in_the_world(deadline));
        auto const back = std::chrono::milliseconds(random.below(slow + 1));
        if (random.chance(lose_answer) || clock.now() + back >= deadline) {
            co_await clock.sleep_until(deadline, "a lost answer");
            co_return fail(Errc::timed_out, "timed out");
        }
        co_await clock.sleep_for(back);
        co_return response;
    }

    // What was still under way reaches the server.
    Async<void> deliver() {
        while (!late.empty()) {
            auto request = std::move(late.back());
            late.pop_back();
            auto const ignored = co_await api_.send(std::move(request), world_.clock().now() + 1s);
            (void)ignored;
        }
    }

    double refuse = 0, lose = 0, lose_answer = 0;
    std::uint64_t slow = 20;  // milliseconds, each way
    std::vector<Request> late;

private:
    Api& api_;
    world::World& world_;
    MachineClock& clock_;
};

// Who leads, by the one clock that all of them live in. A machine that sleeps cannot be told to stop; that it would not
// act as a leader any more, were it awake, is what counts.
struct Throne {
    world::World& world;
    std::set<std::string> leaders;  // told to start, and not told to stop yet
    std::map<std::string, LeaderElector const*> electors;
    int terms = 0;

    std::ptrdiff_t leading() const {
        return std::ranges::count_if(electors, [](auto const& entry) { return entry.second->leads(); });
    }

    LeaderCallbacks callbacks(std::string name) {
        return {.on_started =
                    [this, name] {
                        leaders.insert(name);
                        ++terms;
                        EXPECT_EQ(leading(), 1) << "two leaders with seed " << world.seed();
                        world.note("+" + name);
                    },
                .on_stopped =
                    [this, name] {
                        EXPECT_EQ(leaders.erase(name), 1u);
                        world.note("-" + name);
                    },
                .on_new_leader = {}};
    }
};

struct Candidate {
    Candidate(std::string name, fake::ApiServer& server, world::World& world, Throne& t)
        : throne(t),
          clock(world.clock()),
          wire(server, world, clock),
          client(wire, clock, world.random()),
          elector(world.executor(), client, clock, world.random(),
                  {.ns = "default", .name = "vedette", .identity = name}, t.callbacks(name)),
          group(world.executor()) {
        throne.electors.emplace(name, &elector);
        group.spawn(elector.run());
    }
    ~Candidate() {
        std::erase_if(throne.electors, [this](auto const& entry) { return entry.second == &elector; });
    }
    Candidate(Candidate const&) = delete;
    Candidate& operator=(Candidate const&) = delete;

    Throne& throne;
    MachineClock clock;
    Wire wire;
    Client client;
    LeaderElector elector;
    TaskGroup group;
};

struct Scene {
    explicit Scene(std::uint64_t seed = 1)
        : world(seed), server(world.executor(), world.clock(), world.random()), throne{world, {}, {}, 0} {}

    Candidate& enter(std::string name) {
        candidates.push_back(std::make_unique<Candidate>(std::move(name), server, world, throne));
        return *candidates.back();
    }
    Async<void> leave(std::size_t index) {
        co_await candidates[index]->group.stop();
        candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(index));
    }
    Async<void> end() {
        while (!candidates.empty()) co_await leave(candidates.size() - 1);
    }
    std::string leader() const { return throne.leaders.empty() ? "" : *throne.leaders.begin(); }

    world::World world;
    fake::ApiServer server;
    Throne throne;
    std::vector<std::unique_ptr<Candidate>> candidates;
};

LeaseRecord lease_of(Scene& scene) {
    Client client(scene.server, scene.world.clock(), scene.world.random());
    auto const lease = scene.world.run(client.get(leases(), "default", "vedette", scene.world.clock().now() + 1s));
    return lease ? read_lease(*lease) : LeaseRecord{};
}

TEST(LeaderElection, TheFirstLeadsAndTheSecondWaits) {
    Scene scene;
    scene.enter("a");
    scene.world.pass(1s);
    scene.enter("b");
    scene.world.pass(10min);
    EXPECT_EQ(scene.leader(), "a");
    EXPECT_EQ(scene.throne.terms, 1);
    EXPECT_EQ(scene.candidates[1]->elector.holder(), "a");
    auto const record = lease_of(scene);
    EXPECT_EQ(record.holder, "a");
    EXPECT_EQ(record.duration_seconds, 15);
    EXPECT_EQ(record.transitions, 0);
    EXPECT_LT(record.acquire_time, record.renew_time);
    scene.world.run(scene.end());
}

TEST(LeaderElection, AfterACrashTheNextOneWaitsForTheLeaseToRunOut) {
    Scene scene;
    scene.enter("a");
    scene.world.pass(1s);
    scene.enter("b");
    scene.world.pass(30s);
    scene.world.run(scene.leave(0));
    scene.world.pass(12s);
    EXPECT_EQ(scene.leader(), "");
    scene.world.pass(10s);
    EXPECT_EQ(scene.leader(), "b");
    EXPECT_EQ(lease_of(scene).transitions, 1);
    scene.world.run(scene.end());
}

TEST(LeaderElection, WhoeverExitsReleasesAndTheNextOneLeadsAtOnce) {
    Scene scene;
    scene.enter("a");
    scene.world.pass(1s);
    scene.enter("b");
    scene.world.pass(30s);
    scene.candidates[0]->elector.ask_to_stop();
    scene.world.run(scene.candidates[0]->group.join());
    auto const record = lease_of(scene);
    EXPECT_EQ(record.holder, "");
    EXPECT_EQ(record.duration_seconds, 1);
    scene.world.pass(5s);
    EXPECT_EQ(scene.leader(), "b");
    scene.world.run(scene.end());
}

TEST(LeaderElection, ALeaderThatCannotRenewStopsTenSecondsAfterItLastDid) {
    Scene scene;
    auto& a = scene.enter("a");
    scene.world.pass(30s);
    ASSERT_EQ(scene.leader(), "a");
    a.wire.lose = 1;
    scene.world.pass(7s);
    EXPECT_EQ(scene.leader(), "a");
    scene.world.pass(4s);
    EXPECT_EQ(scene.leader(), "");
    EXPECT_TRUE(a.elector.last_error());
    a.wire.lose = 0;
    scene.world.pass(20s);
    EXPECT_EQ(scene.leader(), "a");
    EXPECT_EQ(scene.throne.terms, 2);
    scene.world.run(scene.end());
}

TEST(LeaderElection, AForwardJumpOfTheWallClockEndsTheTermCleanlyAndABackwardOneDoesNot) {
    Scene scene;
    scene.enter("a");
    scene.world.pass(30s);
    scene.world.clock().jump_wall(-1h);
    scene.world.pass(1min);
    scene.world.clock().jump_wall(4900ms);
    scene.world.pass(1min);
    EXPECT_EQ(scene.throne.terms, 1);
    scene.world.clock().jump_wall(5s);
    EXPECT_FALSE(scene.candidates[0]->elector.leads());
    scene.world.pass(1min);
    EXPECT_EQ(scene.throne.terms, 2);
    scene.world.clock().jump_wall(1h);
    scene.world.pass(1min);
    EXPECT_EQ(scene.throne.terms, 3);
    EXPECT_EQ(scene.leader(), "a");
    scene.world.run(scene.end());
}

TEST(LeaderElection, ACandidateIgnoresWhatTheWallClockSaysAboutTheLease) {
    Scene scene;
    scene.enter("a");
    scene.world.pass(1s);
    scene.enter("b");
    scene.world.pass(5s);
    for (int i = 0; i < 20; ++i) {
        scene.world.clock().jump_wall(i % 2 ? 4s : -4s);
        scene.world.pass(7s);
    }
    EXPECT_EQ(scene.leader(), "a");
    EXPECT_EQ(scene.throne.terms, 1);
    scene.world.run(scene.end());
}

// A monotonic clock that stood still does not know how long others have waited: up to 5 s (15 s - 10 s) they wait on,
// beyond that the leader must see by the wall clock that its term is over.
TEST(LeaderElection, ALeaderThatSleptNeverLeadsBesideAnother) {
    for (auto const slept : {1s, 4s, 5s, 6s, 8s, 10s, 14s, 60s}) {
        for (std::uint64_t seed = 1; seed <= 10; ++seed) {
            SCOPED_TRACE(fmt::format("{} s, seed {}", slept.count(), seed));
            Scene scene(seed);
            auto& a = scene.enter("a");
            scene.world.pass(1s);
            scene.enter("b");
            scene.world.pass(30s);
            ASSERT_EQ(scene.leader(), "a");
            a.wire.lose = 1;
            a.clock.sleep(slept - 100ms);
            scene.world.pass(90s);
            EXPECT_EQ(scene.leader(), "b");
            EXPECT_EQ(scene.throne.terms, 2);
            scene.world.run(scene.end());
        }
    }
}

TEST(LeaderElection, AfterALongSleepTheLeaderStopsAtOnceAlthoughItWaitsForAnAnswer) {
    Scene scene;
    auto& a = scene.enter("a");
    scene.world.pass(1s);
    scene.enter("b");
    scene.world.pass(30s);
    a.wire.lose = 1;
    scene.world.pass(3s);  // the next renewal is under way
    a.clock.sleep(1min);
    scene.world.pass(59s);
    EXPECT_FALSE(a.elector.leads());
    EXPECT_EQ(scene.throne.leaders, (std::set<std::string>{"a", "b"})) << "a could not be told yet";
    scene.world.pass(2100ms);
    EXPECT_EQ(scene.throne.leaders, std::set<std::string>{"b"});
    scene.world.run(scene.end());
}

TEST(LeaderElection, ALeaseThatVanishedIsNotTakenWhileItsHolderMayStillLead) {
    Scene scene;
    auto& a = scene.enter("a");
    scene.world.pass(1s);
    scene.enter("b");
    scene.world.pass(30s);
    a.wire.lose = 1;
    scene.server.erase(leases(), "default", "vedette");
    scene.world.pass(6s);
    EXPECT_EQ(scene.leader(), "a");
    scene.world.pass(20s);
    EXPECT_EQ(scene.leader(), "b");
    scene.world.run(scene.end());
}

TEST(LeaderElection, FieldsOfOthersOnTheLeaseSurvive) {
    Scene scene;
    scene.server.put({{"apiVersion", "coordination.k8s.io/v1"},
                      {"kind", "Lease"},
                      {"metadata", {{"name", "vedette"}, {"namespace", "default"}, {"labels", {{"app", "x"}}}}},
                      {"spec", {{"preferredHolder", "z"}}}});
    scene.enter("a");
    scene.world.pass(10s);
    EXPECT_EQ(scene.leader(), "a");
    Client client(scene.server, scene.world.clock(), scene.world.random());
    auto const lease = scene.world.run(client.get(leases(), "default", "vedette", scene.world.clock().now() + 1s));
    ASSERT_TRUE(lease);
    EXPECT_EQ(lease->at("metadata").at("labels").at("app"), "x");
    EXPECT_EQ(lease->at("spec").at("preferredHolder"), "z");
    scene.world.run(scene.end());
}

void disturb(Scene& scene) {
    auto& random = scene.world.random();
    for (auto& candidate : scene.candidates) {
        auto& wire = candidate->wire;
        bool const cut_off = random.chance(0.3);
        wire.refuse = random.chance(0.5) ? random.unit() * 0.5 : 0;
        wire.lose = cut_off ? 1 : random.unit() * 0.4;
        wire.lose_answer = random.unit() * 0.5;
        wire.slow = random.chance(0.3) ? 12'000 : 50;
    }
    using Kind = fake::Fault::Kind;
    scene.server.add_fault({.kind = Kind::status, .probability = random.unit() * 0.2, .status = 503});
    scene.server.add_fault({.kind = Kind::status, .method = "PUT", .probability = random.unit() * 0.2, .status = 409});
    scene.server.add_fault({.kind = Kind::garbage, .probability = random.unit() * 0.1});
    scene.server.add_fault({.kind = Kind::reset_body, .probability = random.unit() * 0.1});
}

void calm(Scene& scene) {
    scene.server.clear_faults();
    for (auto& candidate : scene.candidates) {
        candidate->wire.refuse = candidate->wire.lose = candidate->wire.lose_answer = 0;
        candidate->wire.slow = 20;
    }
}

Async<void> reign(Scene& scene, int count, Duration how_long) {
    auto& random = scene.world.random();
    auto& clock = scene.world.clock();
    auto const ends = clock.now() + how_long;
    int named = 0;
    for (; named < count; ++named) scene.enter(fmt::format("c{}", named));
    while (clock.now() < ends) {
        disturb(scene);
        auto const rounds = 1 + random.below(8);
        for (std::uint64_t i = 0; i < rounds; ++i) {
            auto const pause = std::chrono::milliseconds(random.below(15'000));
            co_await clock.sleep_for(pause);
            auto& one = *scene.candidates[random.below(scene.candidates.size())];
            co_await one.wire.deliver();
            // Not both: a wall clock set back during a sleep hides the sleep.
            auto const sleeps = scene.world.seed() % 2 == 0;
            if (!sleeps && random.chance(0.1)) clock.jump_wall(std::chrono::seconds(random.below(120)) - 60s);
            if (sleeps && random.chance(0.2)) one.clock.sleep(std::chrono::milliseconds(random.below(20'000)));
        }
        if (random.chance(0.3)) {
            co_await scene.leave(random.below(scene.candidates.size()));
            scene.enter(fmt::format("c{}", named++));
        }
        calm(scene);
        // A lease runs out (15 s), the slowest look at it (4.4 s), and what was under way when the calm began (10 s).
        co_await clock.sleep_for(40s);
        EXPECT_EQ(scene.throne.leaders.size(), 1u) << "nobody leads, seed " << scene.world.seed();
        if (testing::Test::HasFailure()) break;
    }
    co_await scene.end();
}

TEST(LeaderElection, NeverTwoLeadersAndSoonOneUnderRandomFaults) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Scene scene(seed);
        scene.world.run(reign(scene, 2 + static_cast<int>(seed % 2), 8min));
        if (HasFailure()) break;
    }
}

TEST(LeaderElection, NeverTwoLeadersInAWholeDay) {
    Scene scene(1001);
    scene.world.run(reign(scene, 3, 24h));
    EXPECT_GT(scene.throne.terms, 100);
}

}  // namespace
}  // namespace vedette::kube
