// How a term begins: not beside another operator, and not before everything that limits remedies and rights has been
// counted. Thousands of HealthChecks are gone through in small steps, between which others run: what has changed
// meanwhile was told to check_changed() and check_deleted(), and is newer than what is gone through here.

#include "base/duration.hpp"
#include "operator/controller.hpp"
#include "operator/takeover.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

constexpr auto wall_clock_look = std::chrono::seconds(1);
constexpr auto wall_clock_jump = std::chrono::milliseconds(500);
constexpr int sweepers = 4;
// So long after a list its watch is believed.
constexpr auto believed_for = std::chrono::seconds(5);

}  // namespace

Async<void> Controller::run() {
    co_await tasks_.stop_after(act());
}

Async<void> Controller::act() {
    // Timers that fire while the term's last tasks unwind begin nothing.
    struct End {
        bool& over;
        ~End() { over = true; }
    } const end{over_};
    co_await wait_until_alone();
    acting_ = true;
    doors_.metrics.set_acting(true);
    {
        std::vector<SeenCheckPtr> all;  // not for the whole term, in which each comes to stand beside its successor
        doors_.checks.for_each([&](auto const&, SeenCheckPtr const& seen) { all.push_back(seen); });
        co_await observe_all(all);
        co_await take_all_up(all);
    }
    co_await hear_all();
    tasks_.spawn(doors_.rbac.run());
    for (int i = 0; i < sweepers; ++i) tasks_.spawn(sweep_all());
    co_await watch_the_wall_clock();
}

// Two operators on the same checks would each see the other's runs as nobody's: better none than both.
Async<void> Controller::wait_until_alone() {
    auto const began = doors_.clock.now();
    auto const listed = doors_.checks.stored_at();
    bool const lags = !listed || began - *listed > believed_for;
    while (true) {
        auto why = co_await look_for_others(began, lags);
        refusal_ = std::move(why);
        if (!refusal_) co_return;
        doors_.log(LogLevel::error, *refusal_);
        co_await doors_.clock.sleep_for(options_.takeover_retry, "another operator's end");
    }
}

// Why we may not act; nothing if we may, and then the reference's Workflows under way are in found_. `lags`: the copy
// of the HealthChecks may be older than `since`.
Async<std::optional<std::string>> Controller::look_for_others(TimePoint since, bool lags) {
    auto const list_deadline = [this] { return deadline_after(doors_.clock.now(), options_.takeover_list_timeout); };
    Result<void> caught_up;
    // Of a copy that lags a run would be made twice: its name is free again once its Workflow has been deleted.
    if (lags) caught_up = co_await doors_.checks.catch_up(since, list_deadline());
    FindDeadlines const deadlines{.controllers = request_deadline(), .workflows = list_deadline()};
    auto const others = co_await find_others(doors_.client, doors_.checks, deadlines);
    if (!caught_up) co_return fmt::format("cannot list the HealthChecks: {}", caught_up.error().text());
    if (!others) co_return fmt::format("cannot tell whether another operator is at work: {}", others.error().text());
    auto why = others->refusal();
    if (why && !options_.takeover) co_return why;
    found_ = others->in_flight();
    if (!others->unseen.empty()) {
        doors_.log(LogLevel::warning, fmt::format("cannot look for another operator at work: {}", others->unseen));
    }
    co_return std::nullopt;
}

// Limits of remedies and unions of rights are over all HealthChecks: those are known before the first one acts.
Async<void> Controller::observe_all(std::vector<SeenCheckPtr> const& all) {
    doors_.rbac.begin();
    std::size_t steps = 0;
    for (auto const& seen : all) {
        if (!entries_.contains(seen->check.uid)) {  // else it has changed meanwhile, and was observed since
            ledger_.observe(seen->check);
            doors_.rbac.observe(seen->check);
        }
        if (++steps % 64 == 0) co_await asio::post(asio::use_awaitable);
    }
    ledger_.set_complete();
    doors_.rbac.all_observed();
}

Async<void> Controller::take_all_up(std::vector<SeenCheckPtr> const& all) {
    std::size_t steps = 0;
    for (auto const& seen : all) {
        auto const& check = seen->check;
        auto const* still = doors_.checks.find(check.ns + "/" + check.name);
        bool const there = still && (*still)->check.uid == check.uid;
        if (!there) {  // deleted while we gave way
            ledger_.forget(check.uid, doors_.clock.wall());
            doors_.rbac.forget(check.uid);
        } else if (!entries_.contains(check.uid)) {
            take_up(*still);
        }
        if (++steps % 16 == 0) co_await asio::post(asio::use_awaitable);
    }
    found_.clear();
}

Async<void> Controller::hear_all() {
    std::vector<std::string> keys;
    doors_.workflows.for_each([&](std::string const& key, SeenWorkflow const&) { keys.push_back(key); });
    std::size_t steps = 0;
    for (auto const& key : keys) {
        if (auto const* const seen = doors_.workflows.find(key)) hear(*seen, true);
        if (++steps % 64 == 0) co_await asio::post(asio::use_awaitable);
    }
}

// Waits go by the monotonic clock and slots by the wall: when that is set, every wait is computed anew.
Async<void> Controller::watch_the_wall_clock() {
    auto const offset = [this] {
        return doors_.clock.wall().time_since_epoch() - doors_.clock.now().time_since_epoch();
    };
    auto before = offset();
    for (;;) {
        co_await doors_.clock.sleep_for(wall_clock_look, "the wall clock");
        auto const jump = offset() - before;
        if (jump < wall_clock_jump && jump > -wall_clock_jump) continue;
        before += jump;
        doors_.log(LogLevel::warning, fmt::format("the wall clock was set by {}", format_duration(jump)));
        std::vector<Uid> uids;
        for (auto const& [uid, entry] : entries_) uids.push_back(uid);
        std::size_t steps = 0;
        for (auto const& uid : uids) {
            feed(uid, Woke{});
            if (++steps % 16 == 0) co_await asio::post(asio::use_awaitable);
        }
    }
}

}  // namespace vedette::op
