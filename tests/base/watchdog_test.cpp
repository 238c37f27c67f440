// Real threads and real time: the test waits for the report itself, never for a number of milliseconds. Runs under
// ThreadSanitizer too.

#include "base/watchdog.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>

#include <condition_variable>
#include <mutex>

namespace vedette {
namespace {

class Reports {
public:
    void add(std::string sentence) {
        {
            std::lock_guard const lock(mutex_);
            sentences_.push_back(std::move(sentence));
        }
        changed_.notify_all();
    }
    void wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return sentences_.size() >= count; });
    }
    std::vector<std::string> all() {
        std::lock_guard const lock(mutex_);
        return sentences_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> sentences_;
};

TEST(Watchdog, NamesTheInnermostStepThatHoldsTheReactor) {
    asio::io_context reactor(1);
    Reports reports;
    asio::post(reactor, [&] {
        Step const outer("pods-crashloop");
        Step const inner("reading pods");
        reports.wait_for(1);
    });
    Watchdog const watchdog(reactor.get_executor(), 20ms, [&](std::string text) { reports.add(std::move(text)); });
    reactor.run();
    EXPECT_THAT(reports.all().front(), testing::StartsWith("reading pods has held the reactor for over 20ms"));
}

TEST(Watchdog, ReportsEachHoldOnceAndAStepEndsWithItsScope) {
    asio::io_context reactor(1);
    Reports reports;
    asio::post(reactor, [&] {
        {
            Step const step("first");
            reports.wait_for(1);
        }
        // The heartbeat comes back between the two: this is another hold.
        asio::post(reactor, [&] { asio::post(reactor, [&] { reports.wait_for(2); }); });
    });
    Watchdog const watchdog(reactor.get_executor(), 20ms, [&](std::string text) { reports.add(std::move(text)); });
    reactor.run();
    EXPECT_THAT(reports.all(),
                testing::ElementsAre(testing::StartsWith("first has"), testing::StartsWith("an unnamed step has")));
}

TEST(Watchdog, EndsWhileItsHeartbeatIsStillQueued) {
    asio::io_context reactor(1);
    Reports reports;
    {
        Watchdog const watchdog(reactor.get_executor(), 1ms, [&](std::string text) { reports.add(std::move(text)); });
        reports.wait_for(1);  // nobody runs the reactor: the heartbeat lies in its queue
    }
    EXPECT_EQ(reactor.run(), 1u);
}

}  // namespace
}  // namespace vedette
