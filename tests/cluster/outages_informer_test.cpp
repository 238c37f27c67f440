// An Informer on the real API server goes through its death: no event is missed, none is told twice. The ledger holds
// each event against what it has heard before; the server's own list is the truth at the end.

#include "base/json.hpp"
#include "base/task_group.hpp"
#include "cluster/cluster.hpp"
#include "cluster/login.hpp"
#include "kube/informer.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace vedette::cluster {
namespace {

namespace json = boost::json;

// Nobody else writes Leases into a namespace of ours.
kube::Resource const leases{"coordination.k8s.io", "v1", "leases", "Lease", true};

struct State {
    std::uint64_t version = 0;
    std::string holder;
    bool operator==(State const&) const = default;
};
std::ostream& operator<<(std::ostream& out, State const& state) {
    return out << state.holder << " at " << state.version;
}
using States = std::map<std::string, State>;

State state_of(kube::Object const& object) {
    return {std::stoull(get_string(object, "metadata.resourceVersion")), get_string(object, "spec.holderIdentity")};
}

/// What handlers hear, held against what they have heard.
class Ledger {
public:
    struct Counts {
        int added = 0;
        int updated = 0;
        int deleted = 0;
        int sum() const { return added + updated + deleted; }
    };

    kube::Handlers<State> handlers() {
        return {.added = [this](std::string const& key, State const& now) { add(key, now); },
                .updated = [this](std::string const& key, State const& before,
                                  State const& now) { update(key, before, now); },
                .deleted = [this](std::string const& key, State const& last) { remove(key, last); }};
    }

    States const& alive() const { return alive_; }
    Counts const& total() const { return total_; }
    Counts of(std::string const& key) const {
        auto const found = by_key_.find(key);
        return found == by_key_.end() ? Counts{} : found->second;
    }

private:
    void add(std::string const& key, State const& now) {
        EXPECT_TRUE(alive_.emplace(key, now).second) << key << " was added twice";
        EXPECT_GT(now.version, last_[key]) << key << " came back from the past";
        count(key, now, &Counts::added);
    }
    void update(std::string const& key, State const& before, State const& now) {
        EXPECT_TRUE(alive_.contains(key)) << key << " was updated before it was added";
        EXPECT_EQ(alive_[key], before) << key;
        EXPECT_GT(now.version, before.version) << key << " was updated twice, or from the past";
        alive_[key] = now;
        count(key, now, &Counts::updated);
    }
    void remove(std::string const& key, State const& last) {
        EXPECT_EQ(alive_.erase(key), 1u) << key << " was deleted twice, or never added";
        count(key, last, &Counts::deleted);
    }
    void count(std::string const& key, State const& state, int Counts::* what) {
        last_[key] = state.version;
        ++(by_key_[key].*what);
        ++(total_.*what);
    }

    States alive_;
    std::map<std::string, std::uint64_t> last_;
    std::map<std::string, Counts> by_key_;
    Counts total_;
};

/// The informer, who writes, and the server they meet at. Declared in the order in which it is taken down.
struct Scene {
    explicit Scene(std::string name)
        : ns(std::move(name)),
          watcher(runtime),
          writer(runtime),
          informer(runtime.executor(), watcher.client(), runtime.clock(), runtime.random(),
                   {.resource = leases, .ns = ns, .first_backoff = 100ms, .longest_backoff = 1s},
                   [](kube::Object const& object) { return std::optional(state_of(object)); }),
          tasks(runtime.executor()) {
        informer.add_handlers(ledger.handlers());
    }

    Deadline soon() { return runtime.clock().now() + 3min; }

    cli::Runtime runtime;
    std::string ns;
    Login watcher;
    Login writer;
    Ledger ledger;
    kube::Informer<State> informer;
    TaskGroup tasks;
};

std::string key(Scene const& scene, std::string_view group, int number) {
    return fmt::format("{}/{}-{}", scene.ns, group, number);
}

Async<bool> create(Scene& scene, std::string group, int number) {
    kube::Object object{{"metadata", {{"name", fmt::format("{}-{}", group, number)}}},
                        {"spec", {{"holderIdentity", "first"}}}};
    auto const deadline = scene.soon();
    auto const made = co_await scene.writer.client().create(leases, scene.ns, std::move(object), deadline);
    co_return made.has_value();
}

Async<bool> change(Scene& scene, std::string group, int number, std::string value) {
    json::value patch{{"spec", {{"holderIdentity", std::move(value)}}}};
    auto name = fmt::format("{}-{}", group, number);
    auto const deadline = scene.soon();
    auto const changed = co_await scene.writer.client().patch(leases, scene.ns, std::move(name), kube::Patch::merge,
                                                              std::move(patch), {}, deadline);
    co_return changed.has_value();
}

Async<bool> remove(Scene& scene, std::string group, int number) {
    auto name = fmt::format("{}-{}", group, number);
    auto const deadline = scene.soon();
    auto const removed = co_await scene.writer.client().remove(leases, scene.ns, std::move(name), {}, deadline);
    co_return removed.has_value();
}

/// 20 creations, 10 changes, 5 deletions, all of which must succeed.
Async<void> write_a_group(Scene& scene, std::string group) {
    for (int i = 0; i < 20; ++i) {
        bool const done = co_await create(scene, group, i);
        EXPECT_TRUE(done) << group << i;
    }
    for (int i = 0; i < 10; ++i) {
        bool const done = co_await change(scene, group, i, "second");
        EXPECT_TRUE(done) << group << i;
    }
    for (int i = 5; i < 10; ++i) {
        bool const done = co_await remove(scene, group, i);
        EXPECT_TRUE(done) << group << i;
    }
}

struct Writing {
    int attempts = 0;
    bool enough = false;
};

/// Writes until it is enough, whatever becomes of it.
Async<void> write_on_and_on(Scene& scene, Writing& writing) {
    while (!writing.enough) {
        auto const i = writing.attempts++;
        co_await create(scene, "busy", i);
        if (i >= 2) co_await change(scene, "busy", i - 2, "second");
        if (i >= 4 && i % 2 == 0) co_await remove(scene, "busy", i - 4);
        co_await scene.runtime.clock().sleep_for(10ms, "the next write");
    }
}

Async<States> listed(Scene& scene) {
    States states;
    auto const deadline = scene.soon();
    auto const end = co_await scene.writer.client().list(
        leases, scene.ns, {}, kube::Projection::all(),
        [&](kube::Object object) { states[kube::key_of(object).key] = state_of(object); }, [&] { states.clear(); },
        deadline);
    EXPECT_TRUE(end) << (end ? "" : end.error().text());
    co_return states;
}

States stored(Scene const& scene) {
    States states;
    for (auto const& [name, state] : scene.ledger.alive()) {
        auto const* held = scene.informer.find(name);
        EXPECT_TRUE(held) << name << " was told and is not in the store";
        if (held) states[name] = *held;
    }
    EXPECT_EQ(states.size(), scene.informer.size());
    return states;
}

/// Until the informer holds what the server lists; then everything told adds up to it, too.
Async<void> expect_the_same(Scene& scene, char const* when) {
    auto const truth = co_await listed(scene);
    auto const deadline = scene.soon();
    while (scene.ledger.alive() != truth && scene.runtime.clock().now() < deadline) {
        co_await scene.runtime.clock().sleep_for(50ms, "the informer to catch up");
    }
    EXPECT_EQ(scene.ledger.alive(), truth) << when;
    EXPECT_EQ(stored(scene), truth) << when;
}

Async<void> tool(Scene& scene, std::string command) {
    Command shell{.argv = {"sh", "-c", command}};
    auto const deadline = scene.soon();
    auto const exit = co_await scene.runtime.process().run(std::move(shell), deadline);
    EXPECT_TRUE(exit && exit->code == 0) << command << ": " << (exit ? exit->errors : exit.error().text());
}

std::string kill_the_server() {
    return CLUSTER_SOURCE_DIR "/halt KILL kube-apiserver";
}

std::string restart_the_server() {
    return std::string(CLUSTER_SOURCE_DIR) + "/restart kube-apiserver";
}

Async<void> expect_ready(Scene& scene) {
    bool const ready = co_await becomes_ready(scene.runtime, scene.writer, 3min);
    EXPECT_TRUE(ready);
}

enum class Watched { no_more, again };

Async<void> until_the_watch(Scene& scene, Watched wanted) {
    auto const holds = [&] {
        return scene.informer.reflector().last_error().has_value() == (wanted == Watched::no_more);
    };
    auto const deadline = scene.soon();
    while (!holds() && scene.runtime.clock().now() < deadline) {
        co_await scene.runtime.clock().sleep_for(20ms, "the watch to break or to come back");
    }
    EXPECT_TRUE(holds());
}

// Nothing is written while the server is away: what was told before is all there is to tell.
Async<void> quiet_outage(Scene& scene) {
    co_await write_a_group(scene, "before");
    co_await expect_the_same(scene, "before the outage");
    EXPECT_EQ(scene.ledger.total().sum(), 35) << "while all is well, each write is told once";

    co_await tool(scene, kill_the_server());
    co_await until_the_watch(scene, Watched::no_more);
    co_await tool(scene, restart_the_server());
    co_await expect_ready(scene);
    co_await until_the_watch(scene, Watched::again);
    co_await expect_the_same(scene, "after a quiet outage");
    EXPECT_EQ(scene.ledger.total().sum(), 35) << "an outage alone is no event";
}

// The writes come before the informer is back: it must find them as differences or as events, never as both.
Async<void> outage_with_writes_at_its_end(Scene& scene) {
    auto const before = scene.ledger.total();
    co_await tool(scene, kill_the_server());
    co_await until_the_watch(scene, Watched::no_more);
    co_await tool(scene, restart_the_server());
    co_await expect_ready(scene);
    co_await write_a_group(scene, "after");
    for (int i = 0; i < 5; ++i) co_await remove(scene, "before", i);
    co_await expect_the_same(scene, "after an outage with writes");
    for (int i = 0; i < 5; ++i) EXPECT_EQ(scene.ledger.of(key(scene, "before", i)).deleted, 1);
    for (int i = 10; i < 20; ++i) EXPECT_EQ(scene.ledger.of(key(scene, "before", i)).sum(), 1);
    for (int i = 0; i < 20; ++i) {
        auto const told = scene.ledger.of(key(scene, "after", i));
        bool const lives = i < 5 || i >= 10;
        EXPECT_EQ(told.added - told.deleted, lives ? 1 : 0) << i;
        EXPECT_LE(told.added, 1) << i;
        EXPECT_LE(told.updated, 1) << i;
    }
    EXPECT_LE(scene.ledger.total().sum() - before.sum(), 40);
}

Async<void> until_written(Scene& scene, Writing& writing, int attempts) {
    auto const deadline = scene.soon();
    while (writing.attempts < attempts && scene.runtime.clock().now() < deadline) {
        co_await scene.runtime.clock().sleep_for(20ms, "some writes");
    }
    EXPECT_GE(writing.attempts, attempts);
}

// Killed in the middle of writes whose answers are lost: nobody knows which took place but the server.
Async<void> outage_in_the_middle_of_writes(Scene& scene) {
    Writing writing;
    TaskGroup writer(scene.runtime.executor());
    writer.spawn(write_on_and_on(scene, writing));
    co_await until_written(scene, writing, 10);
    co_await tool(scene, kill_the_server());
    co_await until_the_watch(scene, Watched::no_more);
    co_await tool(scene, restart_the_server());
    co_await expect_ready(scene);
    co_await until_written(scene, writing, writing.attempts + 10);
    writing.enough = true;
    co_await writer.join();
    co_await expect_the_same(scene, "after an outage in the middle of writes");
    auto const truth = co_await listed(scene);
    for (int i = 0; i < writing.attempts; ++i) {
        auto const name = key(scene, "busy", i);
        auto const told = scene.ledger.of(name);
        EXPECT_LE(told.added, 1) << name;
        EXPECT_LE(told.updated, 1) << name;
        EXPECT_EQ(told.added - told.deleted, truth.contains(name) ? 1 : 0) << name;
    }
}

Async<void> through_the_outages(Scene& scene) {
    scene.tasks.spawn(scene.informer.run());
    auto const deadline = scene.soon();
    auto const synced = co_await scene.informer.wait_until_synced(deadline);
    EXPECT_TRUE(synced);
    co_await quiet_outage(scene);
    co_await outage_with_writes_at_its_end(scene);
    co_await outage_in_the_middle_of_writes(scene);
    co_await scene.tasks.stop();
}

TEST(InformerInAnOutage, GoesThroughTheServersDeathWithoutMissingOrDoublingAnEvent) {
    std::string const ns = "informer-outage";
    kubectl("create namespace " + ns);
    Scene scene(ns);
    scene.runtime.run(through_the_outages(scene));
    kubectl("delete namespace " + ns + " --wait=false");
}

}  // namespace
}  // namespace vedette::cluster
