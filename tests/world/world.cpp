#include "world/world.hpp"

#include "base/event.hpp"

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include <cstdlib>

namespace vedette::world {

Clock::TimerId VirtualClock::call_at(TimePoint when, std::function<void()> action) {
    return queue_.add(std::max(when, now_), std::move(action));
}

bool VirtualClock::advance() {
    auto const next = queue_.next();
    if (!next || *next == TimePoint::max()) return false;
    now_ = std::max(now_, *next);
    if (auto action = queue_.take_due(now_)) (*action)();
    return true;
}

namespace {

std::uint64_t seed_from_environment(std::uint64_t otherwise) {
    char const* text = std::getenv("SEED");
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace

World::World(std::uint64_t seed) : seed_(seed_from_environment(seed)), random_(seed_) {}

World::~World() = default;

void World::run(Async<void> task) {
    spawn_main(std::move(task));
    pump_until_done();
}

void World::spawn_main(Async<void> task) {
    done_ = false;
    error_ = nullptr;
    asio::co_spawn(context_, std::move(task), [this](std::exception_ptr error) {
        done_ = true;
        error_ = std::move(error);
    });
}

void World::pump_until_done() {
    while (true) {
        context_.restart();
        context_.poll();
        if (done_) break;
        if (!clock_.advance()) {
            throw Deadlock(fmt::format("deadlock after {} virtual ms with seed {}: {}",
                                       std::chrono::duration_cast<std::chrono::milliseconds>(elapsed()).count(), seed_,
                                       describe_waiters()));
        }
    }
    if (error_) std::rethrow_exception(error_);
}

void World::pass(Duration duration) {
    run(clock_.sleep_for(duration, "the passing of time"));
}

void World::note(std::string line) {
    trace_.push_back(fmt::format("{:>12} {}", elapsed().count() / 1000, line));
}

}  // namespace vedette::world
