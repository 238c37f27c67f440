#include "base/places.hpp"

#include "base/task_group.hpp"
#include "world/world.hpp"

#include <gmock/gmock.h>

namespace vedette {
namespace {

using testing::ElementsAre;

struct Scene {
    explicit Scene(std::size_t count) : places(count) {}

    // Holds a place for a second.
    Async<void> visit(std::string name, int rank, Duration patience) {
        Places::Place place(places, world.executor(), "a place", rank);
        auto const taken = co_await place.take(world.clock(), world.clock().now() + patience);
        told.push_back(fmt::format("{} {}s", taken ? name : name + " left", world.elapsed() / 1s));
        if (taken) co_await world.clock().sleep_for(1s);
    }

    world::World world;
    Places places;
    std::vector<std::string> told;
};

TEST(Places, AreTakenByRankAndThenInOrderOfArrival) {
    Scene scene(1);
    TaskGroup group(scene.world.executor());
    group.spawn(scene.visit("a", 1, 1h));
    group.spawn(scene.visit("b", 1, 1h));
    group.spawn(scene.visit("c", 2, 1h));
    group.spawn(scene.visit("d", 0, 1h));
    group.spawn(scene.visit("e", 1, 1h));
    scene.world.run(group.join());
    EXPECT_THAT(scene.told, ElementsAre("a 0s", "d 1s", "b 2s", "e 3s", "c 4s"));
}

TEST(Places, WhoeverGivesUpOrIsCancelledLosesNobodysPlace) {
    Scene scene(2);
    TaskGroup group(scene.world.executor());
    TaskGroup holder(scene.world.executor());
    TaskGroup waiter(scene.world.executor());
    group.spawn(scene.visit("a", 0, 1h));
    holder.spawn(scene.visit("holds", 0, 1h));
    waiter.spawn(scene.visit("waits", 0, 1h));
    group.spawn(scene.visit("gives up", 0, 500ms));
    group.spawn(scene.visit("b", 0, 1h));
    group.spawn(scene.visit("c", 0, 1h));
    scene.world.pass(600ms);
    EXPECT_EQ(scene.places.waiting(), 3U);
    scene.world.run(waiter.stop());
    scene.world.run(holder.stop());
    scene.world.run(group.join());
    EXPECT_THAT(scene.told, ElementsAre("a 0s", "holds 0s", "gives up left 0s", "b 0s", "c 1s"));
    EXPECT_EQ(scene.places.waiting(), 0U);
}

}  // namespace
}  // namespace vedette
