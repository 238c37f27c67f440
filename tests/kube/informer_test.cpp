#include "kube/informer.hpp"

#include "base/json.hpp"
#include "base/task_group.hpp"
#include "kube/fake/api_server.hpp"
#include "scripted_api.hpp"
#include "world/world.hpp"

#include <gtest/gtest.h>

namespace vedette::kube {
namespace {

namespace json = boost::json;

struct SmallPod {
    std::string name;
    std::string version;
    std::string node;
    bool operator==(SmallPod const&) const = default;
};

std::optional<SmallPod> decode(Object const& object) {
    if (get_string(object, "spec.nodeName") == "nobody's") return std::nullopt;
    return SmallPod{get_string(object, "metadata.name"), get_string(object, "metadata.resourceVersion"),
                    get_string(object, "spec.nodeName")};
}

std::vector<std::string> node_of(SmallPod const& pod) {
    return {pod.node};
}

Object pod(std::string_view name, std::string_view node) {
    return {{"apiVersion", "v1"},
            {"kind", "Pod"},
            {"metadata", {{"name", name}, {"namespace", "shop"}}},
            {"spec", {{"nodeName", node}, {"containers", {{{"name", "c"}, {"image", "i"}}}}}}};
}

// What handlers told, and whether it made sense.
struct Heard {
    std::map<std::string, SmallPod> pods;
    std::vector<std::string> log;
    std::vector<std::pair<std::string, std::string>> versions_at_deletion;  ///< known before, told then

    Handlers<SmallPod> handlers() {
        return {.added =
                    [this](std::string const& key, SmallPod const& now) {
                        EXPECT_TRUE(pods.emplace(key, now).second) << key << " was added twice";
                        log.push_back("+" + key);
                    },
                .updated =
                    [this](std::string const& key, SmallPod const& before, SmallPod const& now) {
                        EXPECT_TRUE(pods.contains(key) && pods[key] == before) << key << " changed behind our back";
                        EXPECT_NE(before.version, now.version) << key << " was told twice";
                        pods[key] = now;
                        log.push_back("~" + key);
                    },
                .deleted =
                    [this](std::string const& key, SmallPod const& last) {
                        EXPECT_TRUE(pods.contains(key)) << key << " was deleted twice";
                        EXPECT_EQ(pods[key].node, last.node) << key << " changed behind our back";
                        versions_at_deletion.emplace_back(pods[key].version, last.version);
                        pods.erase(key);
                        log.push_back("-" + key);
                    }};
    }
};

struct Scene {
    explicit Scene(std::uint64_t seed = 1, fake::Options options = {})
        : world(seed),
          server(world.executor(), world.clock(), world.random(), options),
          client(server, world.clock(), world.random()),
          informer(world.executor(), client, world.clock(), world.random(),
                   {.resource = pods(), .projection = {"spec.nodeName"}, .page_size = 5}, decode) {
        informer.add_index("node", node_of);
        informer.add_handlers(heard.handlers());
    }

    world::World world;
    fake::ApiServer server;
    Client client;
    Heard heard;
    Informer<SmallPod> informer;
};

template <class Story>
void tell(Scene& scene, Story story) {
    auto main = [](Scene& s, Story inner) -> Async<void> {
        TaskGroup group(s.world.executor());
        group.spawn(s.informer.run());
        co_await inner(s);
        co_await group.stop();
    };
    scene.world.run(main(scene, story));
}

TEST(Informer, TellsWhatIsThereThenWhatChanges) {
    Scene scene;
    scene.server.put(pod("a", "n1"));
    scene.server.put(pod("b", "n2"));
    EXPECT_FALSE(scene.informer.synced());
    EXPECT_EQ(scene.informer.stored_at(), std::nullopt);
    tell(scene, [](Scene& s) -> Async<void> {
        auto const synced = co_await s.informer.wait_until_synced(s.world.clock().now() + 10s);
        EXPECT_TRUE(synced);
        EXPECT_EQ(s.informer.size(), 2u);
        s.server.put(pod("c", "n1"));
        s.server.put(pod("a", "n3"));
        s.server.erase(pods(), "shop", "b");
        co_await s.world.clock().sleep_for(1s);
        EXPECT_EQ(s.heard.log, (std::vector<std::string>{"+shop/a", "+shop/b", "+shop/c", "~shop/a", "-shop/b"}));
        EXPECT_EQ(s.informer.by_index("node", "n1").size(), 1u);
        EXPECT_EQ(s.informer.by_index("node", "n3").size(), 1u);
        EXPECT_EQ(s.informer.by_index("node", "n2").size(), 0u);
        EXPECT_EQ(s.informer.find("shop/c")->node, "n1");
        EXPECT_EQ(s.informer.find("shop/b"), nullptr);
        Heard late;
        s.informer.add_handlers(late.handlers());
        EXPECT_EQ(late.log, (std::vector<std::string>{"+shop/a", "+shop/c"}));
    });
}

TEST(Informer, ADeletionOnTheWatchHandsOverTheObjectThatItTellsAndOneThatAListLacksTheLastKnown) {
    for (bool const watched : {true, false}) {
        Scene scene(1, {.history = 1});
        scene.server.put(pod("a", "n1"));
        tell(scene, [watched](Scene& s) -> Async<void> {
            co_await s.world.clock().sleep_for(1s);
            auto const known = s.informer.find("shop/a")->version;
            if (!watched) {
                s.server.add_fault({.kind = fake::Fault::Kind::end_watch, .method = "WATCH", .times = 1});
            }
            s.server.erase(pods(), "shop", "a");
            s.server.put(pod("b", "n1"));
            s.server.put(pod("c", "n1"));
            co_await s.world.clock().sleep_for(1min);
            EXPECT_EQ(s.informer.reflector().lists(), watched ? 1u : 2u);
            EXPECT_EQ(s.heard.versions_at_deletion.size(), 1u);
            auto const& [before, told] = s.heard.versions_at_deletion.at(0);
            EXPECT_EQ(before, known);
            EXPECT_EQ(told != known, watched) << "a deletion is a version of its own";
        });
    }
}

TEST(Informer, AnObjectThatNoLongerDecodesIsDeleted) {
    Scene scene;
    scene.server.put(pod("a", "n1"));
    scene.server.put(pod("z", "nobody's"));
    tell(scene, [](Scene& s) -> Async<void> {
        co_await s.world.clock().sleep_for(1s);
        s.server.put(pod("a", "nobody's"));
        co_await s.world.clock().sleep_for(1s);
        EXPECT_EQ(s.heard.log, (std::vector<std::string>{"+shop/a", "-shop/a"}));
    });
}

TEST(Informer, AWatchThatEndsIsResumedWithoutListingAgain) {
    Scene scene;
    scene.server.put(pod("a", "n1"));
    scene.server.add_fault({.kind = fake::Fault::Kind::end_watch, .method = "WATCH", .times = 3});
    tell(scene, [](Scene& s) -> Async<void> {
        for (int i = 0; i < 6; ++i) {
            co_await s.world.clock().sleep_for(10s);
            s.server.put(pod("a", fmt::format("m{}", i)));
        }
        co_await s.world.clock().sleep_for(1min);
        EXPECT_EQ(s.heard.log, (std::vector<std::string>{"+shop/a", "~shop/a", "~shop/a", "~shop/a", "~shop/a",
                                                         "~shop/a", "~shop/a"}));
        EXPECT_EQ(s.informer.reflector().lists(), 1u);
        EXPECT_GE(s.informer.reflector().watches(), 4u);
    });
}

TEST(Informer, ARelistFindsWhatHappenedMeanwhileAndRepeatsNothing) {
    Scene scene(1, {.history = 3});
    for (auto const* name : {"a", "b", "c", "d"}) scene.server.put(pod(name, "n1"));
    tell(scene, [](Scene& s) -> Async<void> {
        co_await s.world.clock().sleep_for(1s);
        s.heard.log.clear();
        s.server.add_fault({.kind = fake::Fault::Kind::refuse, .method = "WATCH"});
        s.server.add_fault({.kind = fake::Fault::Kind::end_watch, .method = "WATCH"});
        s.server.put(pod("a", "n2"));
        co_await s.world.clock().sleep_for(5s);
        s.server.erase(pods(), "shop", "b");
        s.server.erase(pods(), "shop", "c");
        s.server.put(pod("c", "anew"));
        for (int i = 0; i < 5; ++i) s.server.put(pod("e", fmt::format("n{}", i)));
        s.server.clear_faults();
        co_await s.world.clock().sleep_for(3min);
        EXPECT_EQ(s.informer.reflector().lists(), 2u);
        std::sort(s.heard.log.begin(), s.heard.log.end());
        EXPECT_EQ(s.heard.log, (std::vector<std::string>{"+shop/c", "+shop/e", "-shop/b", "-shop/c", "~shop/a"}));
    });
}

TEST(Informer, ACopyThatMayBeOldIsListedAnewOnDemandAndAYoungOneIsBelieved) {
    Scene scene;
    scene.server.put(pod("a", "n1"));
    scene.server.put(pod("b", "n1"));
    scene.server.add_fault({.kind = fake::Fault::Kind::hang, .method = "WATCH"});
    tell(scene, [](Scene& s) -> Async<void> {
        auto const& clock = s.world.clock();
        auto const synced = co_await s.informer.wait_until_synced(clock.now() + 10s);
        EXPECT_TRUE(synced);
        co_await s.world.clock().sleep_for(5s);
        s.server.put(pod("a", "n2"));
        s.server.erase(pods(), "shop", "b");
        s.heard.log.clear();
        EXPECT_EQ(s.informer.stored_at(), clock.now() - 5s);
        auto const believed = co_await s.informer.catch_up(clock.now() - 5s, clock.now() + 10s);
        EXPECT_TRUE(believed);
        EXPECT_EQ(s.heard.log, std::vector<std::string>{}) << "a watch that says nothing";
        auto const asked = clock.now();
        for (int i = 0; i < 2; ++i) {
            auto const caught_up = co_await s.informer.catch_up(asked, clock.now() + 10s);
            EXPECT_TRUE(caught_up);
            EXPECT_EQ(s.heard.log, (std::vector<std::string>{"-shop/b", "~shop/a"}));
            EXPECT_EQ(s.informer.reflector().lists(), 2u);
        }
        EXPECT_EQ(clock.now(), asked) << "without a pause";
        co_await s.world.clock().sleep_for(1s);
        s.server.add_fault({.kind = fake::Fault::Kind::status, .method = "GET", .status = 403});
        auto const refused = co_await s.informer.catch_up(clock.now(), clock.now() + 10s);
        EXPECT_FALSE(refused);
        EXPECT_EQ(refused.error().code(), Errc::timed_out);
        EXPECT_NE(refused.error().text().find("wait for a new list: list pods: "), std::string::npos)
            << refused.error().text();
    });
}

TEST(Informer, SaysWhyItIsNotInSync) {
    Scene scene;
    scene.server.add_fault({.kind = fake::Fault::Kind::status, .status = 403});
    tell(scene, [](Scene& s) -> Async<void> {
        auto const synced = co_await s.informer.wait_until_synced(s.world.clock().now() + 10s);
        EXPECT_FALSE(synced);
        if (synced) co_return;
        EXPECT_EQ(synced.error().code(), Errc::timed_out);
        EXPECT_TRUE(synced.error().text().starts_with("wait for the first list: list pods: ")) << synced.error().text();
    });
}

TEST(Informer, NoFaultOfTheServerMakesItSpin) {
    using Kind = fake::Fault::Kind;
    for (auto const& fault :
         {fake::Fault{.kind = Kind::refuse}, fake::Fault{.kind = Kind::garbage},
          fake::Fault{.kind = Kind::garbage, .method = "WATCH"}, fake::Fault{.kind = Kind::status, .status = 410},
          fake::Fault{.kind = Kind::status, .method = "WATCH", .status = 410}, fake::Fault{.kind = Kind::end_watch},
          fake::Fault{.kind = Kind::reset_body, .method = "WATCH", .after_bytes = 0}}) {
        SCOPED_TRACE(static_cast<int>(fault.kind));
        Scene scene;
        scene.server.put(pod("a", "n1"));
        scene.server.add_fault(fault);
        tell(scene, [](Scene& s) -> Async<void> {
            auto const before = s.server.requests();
            co_await s.world.clock().sleep_for(10min);
            EXPECT_LT(s.server.requests() - before, 150u);
            EXPECT_LT(s.informer.reflector().watches() + s.informer.reflector().lists(), 150u);
        });
    }
}

TEST(Informer, GarbageInAWatchIsListedAgain) {
    std::string const list = R"({"metadata":{"resourceVersion":"5"},"items":[]})";
    ScriptedApi api({{.pieces = {list}}, {.pieces = {"<html>\n"}}, {.pieces = {list}}});
    world::World world;
    Client client(api, world.clock(), world.random(), nullptr, {.attempts = 1});
    Informer<SmallPod> informer(world.executor(), client, world.clock(), world.random(), {.resource = pods()}, decode);
    auto main = [](world::World& w, Informer<SmallPod>& i) -> Async<void> {
        TaskGroup group(w.executor());
        group.spawn(i.run());
        co_await w.clock().sleep_for(4s);
        co_await group.stop();
    };
    world.run(main(world, informer));
    ASSERT_GE(api.requests.size(), 3u);
    EXPECT_EQ(api.requests[1].what, "watch pods");
    EXPECT_EQ(api.requests[2].what, "list pods");
}

// The server answers every watch with the same failure until somebody lists again: as when it has forgotten the version
// and does not say so with a 410.
class StuckWatches final : public Api {
public:
    explicit StuckWatches(Scripted failure) : failure_(std::move(failure)) {}

    Task<Response> send(Request request, Deadline deadline) override {
        bool const watches = request.what.starts_with("watch");
        (watches ? watched : listed) += 1;
        auto answer = watches ? failure_ : Scripted{.pieces = {R"({"metadata":{"resourceVersion":"5"},"items":[]})"}};
        ScriptedApi once({std::move(answer)});
        auto response = co_await once.send(std::move(request), deadline);
        co_return response;
    }
    int listed = 0;
    int watched = 0;

private:
    Scripted failure_;
};

TEST(Informer, AWatchThatFailsForEverIsListedAgainUnlessTheServerCannotHaveSaidAnything) {
    std::string const status = R"({"kind":"Status","code":400,"reason":"BadRequest","message":"no"})";
    struct Row {
        Scripted failure;
        int watches_per_list;  // 0: never listed again
    };
    for (auto const& row : {
             Row{{.status = 400, .pieces = {status}}, 1},
             Row{{.status = 404, .pieces = {R"({"kind":"Status","reason":"NotFound"})"}}, 1},
             Row{{.status = 404, .pieces = {R"({"kind":"Status","reason":"NotFound","details":{"name":"x"}})"}}, 1},
             Row{{.pieces = {R"({"type":"ERROR","object":)" + status + "}\n"}}, 1},
             Row{{.status = 500, .pieces = {"{}"}}, 5},
             Row{{.pieces = {R"({"type":"ERROR","object":{"kind":"Status","code":500}})", "\n"}}, 5},
             Row{{.pieces = {"{\"type\""}, .breaks = Error(Errc::reset, "connection reset")}, 5},
             Row{{.status = 429, .pieces = {"{}"}}, 0},
             Row{{.status = 403, .pieces = {"{}"}}, 0},
             Row{{.transport = Error(Errc::refused, "refused")}, 0},
             Row{{.pieces = {}}, 0},
         }) {
        StuckWatches api(row.failure);
        world::World world;
        Client client(api, world.clock(), world.random(), nullptr, {.attempts = 1});
        Informer<SmallPod> informer(world.executor(), client, world.clock(), world.random(), {.resource = pods()},
                                    decode);
        auto main = [](world::World& w, Informer<SmallPod>& i) -> Async<void> {
            TaskGroup group(w.executor());
            group.spawn(i.run());
            co_await w.clock().sleep_for(1h);
            co_await group.stop();
        };
        world.run(main(world, informer));
        SCOPED_TRACE(fmt::format("{}: {} lists, {} watches", row.failure.status, api.listed, api.watched));
        ASSERT_GT(api.watched, 50);
        if (row.watches_per_list == 0) {
            EXPECT_EQ(api.listed, 1);
        } else {
            EXPECT_NEAR(static_cast<double>(api.watched) / api.listed, row.watches_per_list, 0.5);
        }
    }
}

// A server that sends no bookmarks: they are a wish, not a right.
class WithoutBookmarks final : public Api {
public:
    explicit WithoutBookmarks(Api& api) : api_(api) {}
    Task<Response> send(Request request, Deadline deadline) override {
        std::erase_if(request.query, [](auto const& parameter) { return parameter.first == "allowWatchBookmarks"; });
        auto response = co_await api_.send(std::move(request), deadline);
        co_return response;
    }

private:
    Api& api_;
};

// The version that a quiet namespace was last heard at grows old while others write; bookmarks are what keeps it young.
TEST(Informer, ABookmarkIsResumedFromAndSavesAList) {
    for (bool const bookmarks : {true, false}) {
        Scene scene(1, {.history = 20});
        scene.server.put(pod("a", "n1"));
        WithoutBookmarks plain(scene.server);
        Client client(bookmarks ? static_cast<Api&>(scene.server) : plain, scene.world.clock(), scene.world.random());
        Informer<SmallPod> quiet(scene.world.executor(), client, scene.world.clock(), scene.world.random(),
                                 {.resource = pods(), .ns = "shop"}, decode);
        auto main = [](Scene& s, Informer<SmallPod>& i) -> Async<void> {
            TaskGroup group(s.world.executor());
            group.spawn(i.run());
            for (int n = 0; n < 500; ++n) {
                co_await s.world.clock().sleep_for(5s);
                auto other = pod("b", fmt::format("n{}", n));
                other["metadata"].as_object()["namespace"] = "elsewhere";
                s.server.put(other);
            }
            co_await group.stop();
        };
        scene.world.run(main(scene, quiet));
        EXPECT_GE(quiet.reflector().watches(), 3u);
        if (bookmarks) {
            EXPECT_EQ(quiet.reflector().lists(), 1u);
        } else {
            EXPECT_GT(quiet.reflector().lists(), 1u) << "without bookmarks the version is too old: this test tests";
        }
    }
}

void disturb(fake::ApiServer& server, Random& random) {
    using Kind = fake::Fault::Kind;
    server.clear_faults();
    auto chance = [&](Kind kind, double probability, auto... more) {
        fake::Fault fault{.kind = kind, .probability = probability * random.unit()};
        (more(fault), ...);
        server.add_fault(fault);
    };
    chance(Kind::refuse, 0.2);
    chance(Kind::status, 0.2, [&](fake::Fault& f) { f.status = random.chance(0.5) ? 503 : 429; });
    chance(Kind::status, 0.1, [](fake::Fault& f) { f.status = 410; });
    chance(Kind::garbage, 0.05);
    chance(Kind::delay, 0.2, [&](fake::Fault& f) { f.delay = std::chrono::seconds(random.below(20)); });
    chance(Kind::hang, 0.02);
    chance(Kind::reset_body, 0.2, [&](fake::Fault& f) { f.after_bytes = random.below(3000); });
    chance(Kind::duplicate_event, 0.3);
    chance(Kind::lose_event, 0.2);
    chance(Kind::end_watch, 0.2);
}

void change_something(fake::ApiServer& server, Random& random) {
    auto const name = fmt::format("p{}", random.below(15));
    if (random.chance(0.3)) {
        server.erase(pods(), "shop", name);
    } else {
        server.put(pod(name, random.chance(0.1) ? "nobody's" : fmt::format("n{}", random.below(4))));
    }
}

Task<std::map<std::string, SmallPod>> truth(Client& client, Deadline deadline) {
    std::map<std::string, SmallPod> pods_now;
    auto const listed = co_await client.list(
        pods(), "", {}, Projection::all(),
        [&](Object const& object) {
            if (auto pod = decode(object)) pods_now.emplace(key_of(object).key, *pod);
        },
        [&] { pods_now.clear(); }, deadline);
    EXPECT_TRUE(listed);
    co_return pods_now;
}

TEST(Informer, UnderRandomFaultsHandlersStayConsistentAndTheStoreEndsUpEqual) {
    for (std::uint64_t seed = 1; seed <= 250; ++seed) {
        SCOPED_TRACE(seed);
        Scene scene(seed, {.history = 30});
        tell(scene, [](Scene& s) -> Async<void> {
            auto& random = s.world.random();
            for (int i = 0; i < 300; ++i) {
                if (i % 20 == 0) disturb(s.server, random);
                change_something(s.server, random);
                auto const pause = random.chance(0.05) ? std::chrono::seconds(random.below(120))
                                                       : std::chrono::milliseconds(random.below(3000));
                co_await s.world.clock().sleep_for(pause);
            }
            s.server.clear_faults();
            co_await s.world.clock().sleep_for(15min);
            auto const now = co_await truth(s.client, s.world.clock().now() + 10s);
            EXPECT_TRUE(now);
            if (!now) co_return;
            EXPECT_EQ(s.heard.pods, *now);
            std::map<std::string, SmallPod> store;
            s.informer.for_each([&](std::string const& key, SmallPod const& pod) { store.emplace(key, pod); });
            EXPECT_EQ(store, *now);
            for (int n = 0; n < 4; ++n) {
                auto const node = fmt::format("n{}", n);
                auto const on_node = std::count_if(now->begin(), now->end(),
                                                   [&](auto const& entry) { return entry.second.node == node; });
                EXPECT_EQ(s.informer.by_index("node", node).size(), static_cast<std::size_t>(on_node));
            }
        });
        if (testing::Test::HasFailure()) break;
    }
}

}  // namespace
}  // namespace vedette::kube
