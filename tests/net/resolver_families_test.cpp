// How the two address families of a lookup, the search list and the servers' faults play together, in virtual time.

#include "net/resolver.hpp"
#include "net/stepped_sockets.hpp"
#include "net/zone.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace vedette::net {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

bool epoll_is_full = false;

// A file of this test alone.
class TestFile {
public:
    explicit TestFile(std::string text) {
        std::string pattern = testing::TempDir() + "resolv-XXXXXX";
        ::close(::mkstemp(pattern.data()));
        path = pattern;
        write(text);
    }
    ~TestFile() { std::filesystem::remove(path); }
    TestFile(TestFile const&) = delete;
    TestFile& operator=(TestFile const&) = delete;

    void write(std::string const& text) const { std::ofstream(path) << text; }

    std::string path;
};

// Notes when timers are asked for.
class NotingClock final : public Clock {
public:
    explicit NotingClock(Clock& clock) : clock_(clock) {}
    TimePoint now() const override { return clock_.now(); }
    WallTime wall() const override { return clock_.wall(); }
    TimerId call_at(TimePoint when, std::function<void()> action) override {
        waits.push_back(when - clock_.now());
        return clock_.call_at(when, std::move(action));
    }
    void cancel(TimerId timer) override { clock_.cancel(timer); }

    std::vector<Duration> waits;

private:
    Clock& clock_;
};

class FamiliesTest : public testing::Test {
protected:
    FamiliesTest() { use(""); }
    void TearDown() override { sockets_.run(zone_.stop()); }

    void use(std::string const& resolv_conf) {
        conf_.write(resolv_conf + "\n");
        resolver_ = make_resolver(sockets_.executor(), clock_,
                                  {.servers = zone_.address(), .resolv_conf = conf_.path, .hosts = hosts_.path});
    }

    // "10.0.0.1 at 50 ms" for each address, then the error or when the lookup ended.
    std::vector<std::string> story(std::string host, Duration within = 5s) {
        return sockets_.run(tell(*this, std::move(host), sockets_.in(within)));
    }
    static Async<std::vector<std::string>> tell(FamiliesTest& test, std::string host, Deadline deadline) {
        std::vector<std::string> told;
        auto const start = test.clock_.now();
        auto const at = [&test, start] { return (test.clock_.now() - start) / 1ms; };
        auto const found = [&told, &at](std::vector<std::string> const& addresses) {
            for (auto const& address : addresses) told.push_back(fmt::format("{} at {} ms", address, at()));
        };
        auto const ended = co_await test.resolver_->resolve(std::move(host), deadline, found);
        if (!ended) told.push_back(fmt::format("{} at {} ms", ended.error().text(), at()));
        co_return told;
    }

    SteppedSockets sockets_;
    NotingClock clock_{sockets_.clock()};
    Zone zone_{sockets_.executor(), sockets_.clock()};
    TestFile conf_{""};
    TestFile hosts_{""};
    std::unique_ptr<Resolver> resolver_;
};

TEST_F(FamiliesTest, BothAnswersAtOnceAreGivenIPv6First) {
    zone_.addresses["shop.example"] = Zone::both(1);
    EXPECT_THAT(story("shop.example"), ElementsAre("2001:db8::1 at 0 ms", "10.0.0.1 at 0 ms"));
}

TEST_F(FamiliesTest, AnIPv4AnswerWaitsFiftyMillisecondsForALostIPv6One) {
    zone_.addresses["shop.example"] = Zone::both(1);
    zone_.dropped = {{"shop.example", Zone::aaaa}};
    EXPECT_THAT(story("shop.example"), ElementsAre("10.0.0.1 at 50 ms"));
}

TEST_F(FamiliesTest, AnIPv6AnswerWaitsForNobodyAndALateIPv4OneFollows) {
    zone_.addresses["shop.example"] = Zone::both(1);
    zone_.late[{"shop.example", Zone::a}] = 700ms;
    EXPECT_THAT(story("shop.example"), ElementsAre("2001:db8::1 at 0 ms", "10.0.0.1 at 700 ms"));
}

TEST_F(FamiliesTest, AnIPv6AnswerWithinThePatienceStaysFirstAndALaterOneStillCounts) {
    zone_.addresses["shop.example"] = Zone::both(1);
    zone_.late[{"shop.example", Zone::aaaa}] = 49ms;
    EXPECT_THAT(story("shop.example"), ElementsAre("2001:db8::1 at 49 ms", "10.0.0.1 at 49 ms"));
    zone_.late[{"shop.example", Zone::aaaa}] = 400ms;
    EXPECT_THAT(story("shop.example"), ElementsAre("10.0.0.1 at 50 ms", "2001:db8::1 at 400 ms"));
}

TEST_F(FamiliesTest, AtTheDeadlineWhatHasAnsweredIsKept) {
    zone_.addresses["shop.example"] = Zone::both(1);
    zone_.dropped = {{"shop.example", Zone::aaaa}};
    EXPECT_THAT(story("shop.example", 30ms), ElementsAre("10.0.0.1 at 30 ms"));
    zone_.dropped.insert({"shop.example", Zone::a});
    EXPECT_THAT(story("shop.example", 30ms),
                ElementsAre("lookup shop.example: timed out waiting for the name servers at 30 ms"));
}

TEST_F(FamiliesTest, ANameThatDoesNotExistNeedsOneAnswerOnly) {
    zone_.failures["nowhere.example"] = 3;
    zone_.dropped = {{"nowhere.example", Zone::aaaa}};
    EXPECT_THAT(story("nowhere.example"), ElementsAre("lookup nowhere.example: no such host at 50 ms"));
}

TEST_F(FamiliesTest, AServerThatKnowsNothingOfIPv6HidesNoIPv4Address) {
    zone_.failures["old.example"] = 3;
    zone_.addresses["old.example"] = {Zone::four(7), ""};
    zone_.right_for_ipv4.insert("old.example");
    zone_.late[{"old.example", Zone::a}] = 300ms;
    EXPECT_THAT(story("old.example"), ElementsAre("10.0.0.7 at 300 ms"));
}

TEST_F(FamiliesTest, TheSearchListIsWalkedByNdotsAndBothFamiliesAreOfOneName) {
    use("search a.example b.example\noptions ndots:2");
    zone_.failures["web.a.example"] = 3;
    zone_.addresses["web.b.example"] = {Zone::four(2), ""};
    zone_.addresses["web"] = {"", Zone::six(9)};
    EXPECT_THAT(story("web"), ElementsAre("10.0.0.2 at 0 ms"));
    EXPECT_THAT(zone_.asked,
                UnorderedElementsAre("web.a.example A", "web.a.example AAAA", "web.b.example A", "web.b.example AAAA"));
    zone_.asked.clear();
    zone_.addresses["x.y.example"] = {Zone::four(3), ""};
    EXPECT_THAT(story("x.y.example"), ElementsAre("10.0.0.3 at 0 ms"));
    EXPECT_THAT(zone_.asked, UnorderedElementsAre("x.y.example A", "x.y.example AAAA")) << "dots enough to go first";
    zone_.asked.clear();
    EXPECT_THAT(story("web."), ElementsAre("2001:db8::9 at 0 ms")) << "a final dot forbids the search list";
}

TEST_F(FamiliesTest, ABrokenZoneOfTheSearchListHidesNoNameBehindIt) {
    use("search broken.example");
    zone_.failures["web.broken.example"] = 2;
    zone_.addresses["web"] = {Zone::four(4), ""};
    EXPECT_THAT(story("web"), ElementsAre("10.0.0.4 at 0 ms"));
    zone_.failures["web"] = 3;
    EXPECT_THAT(story("web"), ElementsAre("lookup web: the name server failed at 0 ms"));
}

TEST_F(FamiliesTest, ResolvConfsTimeoutAndAttemptsAreTheServersOwn) {
    zone_.failures["web"] = 2;
    struct Row {
        std::string options;
        Duration timeout;
        int attempts;
    };
    for (auto const& row :
         {Row{"", 2s, 2}, Row{"options timeout:7 attempts:1", 7s, 1}, Row{"options attempts:4", 2s, 4}}) {
        SCOPED_TRACE(row.options);
        use(row.options);
        zone_.asked.clear();
        clock_.waits.clear();
        EXPECT_THAT(story("web", 60s), ElementsAre("lookup web: the name server failed at 0 ms"));
        EXPECT_EQ(zone_.questions(), 2 * row.attempts + 1) << "each family so often, and once more for the reason";
        std::erase_if(clock_.waits, [](Duration wait) { return wait > 30s; });  // the deadline's
        ASSERT_FALSE(clock_.waits.empty());
        EXPECT_LE(clock_.waits.front(), row.timeout);
        EXPECT_GT(clock_.waits.front(), row.timeout - 1s);
    }
}

TEST_F(FamiliesTest, AskingForTheReasonOnlyTakesASecond) {
    use("options attempts:1");
    zone_.failures["web"] = 2;
    zone_.silent_after = 2;
    EXPECT_THAT(story("web", 60s), ElementsAre("lookup web: no name server is reachable at 1000 ms"));
}

TEST_F(FamiliesTest, AChangeOfResolvConfIsNoticed) {
    use("search a.example");
    zone_.addresses["web.a.example"] = {Zone::four(1), ""};
    zone_.addresses["web.elsewhere.example"] = {Zone::four(2), ""};
    EXPECT_THAT(story("web"), ElementsAre("10.0.0.1 at 0 ms"));
    conf_.write("search elsewhere.example\n");
    EXPECT_THAT(story("web"), ElementsAre("10.0.0.2 at 0 ms"));
}

TEST_F(FamiliesTest, ANameOfTheHostsFileAsksNobodyNotEvenForItsOtherFamily) {
    hosts_.write("10.9.9.9  db.example  DB # the old one\n10.9.9.8 db\n");
    EXPECT_THAT(story("db.example"), ElementsAre("10.9.9.9 at 0 ms"));
    EXPECT_THAT(story("Db."), ElementsAre("10.9.9.9 at 0 ms", "10.9.9.8 at 0 ms"));
    EXPECT_EQ(zone_.questions(), 0);
}

TEST_F(FamiliesTest, AnAnswerTooLongForUdpComesOverTcp) {
    zone_.truncates = true;
    zone_.addresses["shop.example"] = Zone::both(1);
    EXPECT_THAT(story("shop.example"), UnorderedElementsAre("2001:db8::1 at 0 ms", "10.0.0.1 at 0 ms"));
    EXPECT_EQ(zone_.over_tcp, 2);
}

TEST_F(FamiliesTest, AMachineOutOfEpollWatchesIsAnErrorAndNotACrash) {
    zone_.addresses["shop.example"] = Zone::both(1);
    epoll_is_full = true;
    auto const told = story("shop.example");
    epoll_is_full = false;
    EXPECT_THAT(told, ElementsAre("lookup shop.example: No space left on device at 0 ms"));
    EXPECT_THAT(story("shop.example"), ElementsAre("2001:db8::1 at 0 ms", "10.0.0.1 at 0 ms"));
}

}  // namespace
}  // namespace vedette::net

// Stands before libc's, for the one test that runs out of watches.
extern "C" int epoll_ctl(int set, int operation, int fd, epoll_event* event) noexcept {
    if (vedette::net::epoll_is_full && operation == EPOLL_CTL_ADD) {
        errno = ENOSPC;
        return -1;
    }
    return static_cast<int>(::syscall(SYS_epoll_ctl, set, operation, fd, event));
}
