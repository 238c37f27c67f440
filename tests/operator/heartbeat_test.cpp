#include "operator/heartbeat.hpp"

#include "kube/memory_files.hpp"
#include "net/http_world.hpp"
#include "operator/operator_scene.hpp"
#include "telemetry/exposition.hpp"

#include <fmt/ranges.h>

namespace vedette::op {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr auto url = "http://10.0.0.1/ping/s3cret-key?token=hush";
constexpr auto ok_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";

std::string answer(std::string_view status, std::string_view fields = "") {
    return fmt::format("HTTP/1.1 {}\r\nContent-Length: 0\r\n{}\r\n", status, fields);
}

// A heartbeat of its own in a world, and a switch at 10.0.0.1.
struct Scene {
    explicit Scene(HeartbeatOptions options = {.url = url}) {
        files.texts["/run/url"] = std::string(url) + "\n";
        auto made = make(std::move(options));
        if (made) heartbeat = std::move(*made);
        if (!made) ADD_FAILURE() << made.error().text();
    }
    ~Scene() { w.world.run(tasks.stop()); }

    Result<std::unique_ptr<Heartbeat>> make(HeartbeatOptions options) {
        HeartbeatDoors doors{.clock = w.world.clock(),
                             .files = files,
                             .http = *w.client,
                             .metrics = metrics,
                             .log = [this](LogLevel, std::string sentence) { log.push_back(std::move(sentence)); }};
        return Heartbeat::make(std::move(doors), std::move(options));
    }
    void start() {
        tasks.spawn(heartbeat->run([this] { return unwell; }));
    }
    void answers(std::string bytes) {
        w.script({"10.0.0.1", 80}, [this, bytes](std::string const&, std::size_t) {
            times.push_back(w.world.elapsed());
            return net::Reply{bytes};
        });
    }
    double count(std::string_view result) {
        auto const* family =
            dynamic_cast<metrics::Family<metrics::Counter> const*>(registry.find("vedette_operator_heartbeats_total"));
        return family->find({result})->value();
    }

    net::HttpWorld w;
    kube::MemoryFiles files;
    metrics::Registry registry;
    OperatorMetrics metrics{registry, w.world.clock()};
    std::vector<std::string> log;
    std::vector<Duration> times;
    std::optional<std::string> unwell;
    std::unique_ptr<Heartbeat> heartbeat;
    TaskGroup tasks{w.world.executor()};
};

TEST(Heartbeat, RequestsTheUrlAtOnceAndThenEachInterval) {
    Scene s;
    s.answers(ok_answer);
    s.start();
    s.w.world.pass(150s);
    ASSERT_THAT(s.times, SizeIs(3));
    EXPECT_LT(s.times[0], 100ms);
    EXPECT_LT(s.times[1] - 60s, 100ms);
    EXPECT_LT(s.times[2] - 120s, 100ms);
    EXPECT_THAT(s.w.requests[0], StartsWith("GET /ping/s3cret-key?token=hush HTTP/1.1\r\nHost: 10.0.0.1\r\n"));
    EXPECT_EQ(s.count("succeeded"), 3);
    EXPECT_EQ(s.count("failed"), 0);
    EXPECT_THAT(s.log, ElementsAre("the heartbeat to http://10.0.0.1:80 succeeded"));
}

TEST(Heartbeat, StopsWhileSomethingIsWrongSaysSoOnceAndGoesOnAtOnce) {
    Scene s({.url = url, .interval = 10s});
    s.answers(ok_answer);
    s.start();
    s.w.world.pass(15s);
    s.unwell = "health/hello was due 40s ago and was not attempted";
    s.w.world.pass(10min);
    EXPECT_THAT(s.times, SizeIs(2));
    s.unwell.reset();
    s.w.world.pass(1s);
    EXPECT_THAT(s.times, SizeIs(3));
    EXPECT_THAT(s.log, ElementsAre(HasSubstr("succeeded"),
                                   "no heartbeat is sent: health/hello was due 40s ago and was not attempted",
                                   HasSubstr("succeeded")));
    EXPECT_EQ(s.count("failed"), 0) << "what was not sent did not fail";
}

TEST(Heartbeat, AHiccupOfASecondIsNothingToTell) {
    Scene s;
    s.answers(ok_answer);
    s.unwell = "the HealthChecks are being taken up";
    s.start();
    s.w.world.pass(1s);
    s.unwell.reset();
    s.w.world.pass(1s);
    EXPECT_THAT(s.log, ElementsAre(HasSubstr("succeeded")));
}

TEST(Heartbeat, AServerThatHangsCostsOneHeartbeatAndNotTheNext) {
    for (bool const in_the_handshake : {false, true}) {
        Scene s;
        s.answers(ok_answer);
        s.w.network.set_faults({"10.0.0.1", 80}, {.blackhole = in_the_handshake, .silent_after = 0});
        s.start();
        s.w.world.pass(30s);
        EXPECT_EQ(s.count("failed"), 1) << "it waits ten seconds and no longer";
        EXPECT_THAT(s.log, ElementsAre(AllOf(StartsWith("the heartbeat to http://10.0.0.1:80 failed: "),
                                             testing::AnyOf(HasSubstr("timed out"), HasSubstr("no answer")))));
        s.w.network.set_faults({"10.0.0.1", 80}, {});
        s.w.world.pass(31s);
        EXPECT_EQ(s.count("succeeded"), 1);
    }
}

TEST(Heartbeat, WhatIsNo2xxIsAFailureToldOnceForEachChange) {
    Scene s({.url = url, .interval = 10s});
    s.w.script({"10.0.0.1", 80}, [&](std::string const&, std::size_t number) {
        if (number < 3) return net::Reply{answer("404 Not Found")};
        if (number < 6) return net::Reply{answer("503 Busy")};
        if (number < 9) return net::Reply{answer("204 No Content")};
        return net::Reply{"\x16\x03\x01 nonsense\r\n\r\n", true};
    });
    s.start();
    s.w.world.pass(2min);
    EXPECT_THAT(s.log, ElementsAre("the heartbeat to http://10.0.0.1:80 failed: answered 404, not 2xx",
                                   "the heartbeat to http://10.0.0.1:80 failed: answered 503, not 2xx",
                                   "the heartbeat to http://10.0.0.1:80 succeeded",
                                   StartsWith("the heartbeat to http://10.0.0.1:80 failed: ")));
    EXPECT_EQ(s.count("succeeded"), 3);
    EXPECT_GE(s.count("failed"), 9);
}

TEST(Heartbeat, FollowsNoRedirect) {
    Scene s;
    s.answers(answer("302 Found", "Location: http://10.0.0.2/ping/s3cret-key\r\n"));
    int elsewhere = 0;
    s.w.script({"10.0.0.2", 80}, [&](std::string const&, std::size_t) {
        ++elsewhere;
        return net::Reply{ok_answer};
    });
    s.start();
    s.w.world.pass(90s);
    EXPECT_EQ(elsewhere, 0);
    EXPECT_THAT(s.times, SizeIs(2));
    EXPECT_EQ(s.count("failed"), 2);
    EXPECT_THAT(s.log, ElementsAre(HasSubstr("answered 302, and redirects are not followed")));
}

TEST(Heartbeat, HttpsIsVerifiedForTheNameOfTheUrl) {
    Scene s({.url = "https://watch.example/ping/s3cret-key"});
    std::vector<std::string> asked;
    s.w.tls.fail_with(Error(Errc::tls_failure, "the certificate is not valid for watch.example"));
    s.w.always({"watch.example", 443}, ok_answer);
    s.start();
    s.w.world.pass(1s);
    EXPECT_THAT(s.log, ElementsAre(StartsWith("the heartbeat to https://watch.example:443 failed: ")));
    EXPECT_THAT(s.w.tls.handshakes(), ElementsAre("watch.example"));
    s.w.tls.fail_with(std::nullopt);
    s.w.world.pass(60s);
    EXPECT_EQ(s.count("succeeded"), 1);
}

TEST(Heartbeat, UserAndPasswordAreSentAndNotShown) {
    Scene s({.url = "http://op:hush@10.0.0.1/beat"});
    s.answers(answer("403 Forbidden"));
    s.start();
    s.w.world.pass(1s);
    EXPECT_THAT(s.w.requests.at(0), HasSubstr("Authorization: Basic b3A6aHVzaA==\r\n"));
    EXPECT_THAT(fmt::format("{}", s.log), Not(HasSubstr("hush")));
}

TEST(Heartbeat, NothingThatIsLoggedHoldsTheKey) {
    std::vector<std::string> replies{ok_answer, answer("404 /ping/s3cret-key?token=hush"), "s3cret-key\r\n\r\n",
                                     answer("301 Moved", "Location: /ping/s3cret-key\r\n"), ""};
    for (auto const& bytes : replies) {
        Scene s;
        s.w.script({"10.0.0.1", 80}, [&](std::string const&, std::size_t) { return net::Reply{bytes, true}; });
        s.start();
        s.w.world.pass(70s);
        EXPECT_THAT(s.log, Not(IsEmpty()));
        EXPECT_THAT(fmt::format("{}", s.log), Not(HasSubstr("s3cret"))) << bytes;
        EXPECT_THAT(fmt::format("{}", s.log), Not(HasSubstr("hush"))) << bytes;
        EXPECT_THAT(telemetry::exposition(s.registry), Not(HasSubstr("s3cret")));
    }
}

TEST(Heartbeat, TheFileIsReadAnewForEachRequest) {
    Scene s({.url_file = "/run/url"});
    s.answers(ok_answer);
    int other = 0;
    s.w.script({"10.0.0.2", 80}, [&](std::string const&, std::size_t) {
        ++other;
        return net::Reply{ok_answer};
    });
    s.start();
    s.w.world.pass(1s);
    EXPECT_THAT(s.w.requests, SizeIs(1));
    s.files.texts["/run/url"] = " http://10.0.0.2/ping/new-s3cret \n";
    s.w.world.pass(60s);
    EXPECT_EQ(other, 1);
    s.files.texts.clear();
    s.w.world.pass(60s);
    EXPECT_EQ(s.count("failed"), 1);
    EXPECT_THAT(s.log.back(), StartsWith("no heartbeat can be sent: --heartbeat-url-file: /run/url: no such file"));
    s.files.texts["/run/url"] = url;
    s.w.world.pass(60s);
    EXPECT_EQ(s.count("succeeded"), 3);
}

TEST(Heartbeat, WhatCannotBeUsedIsRefusedWithTheNameOfTheFlagAndWithoutTheKey) {
    Scene s;
    s.files.texts["/run/bad"] = "ftp://op:hush@host/s3cret-key";
    s.files.texts["/run/empty"] = "\n";
    struct Row {
        HeartbeatOptions options;
        std::string begins;
    };
    for (auto const& row : {
             Row{{.url = "ftp://op:hush@host/s3cret-key"}, "--heartbeat-url: "},
             Row{{.url = "http://op:hush@/s3cret-key"}, "--heartbeat-url: "},
             Row{{.url_file = "/run/bad"}, "--heartbeat-url-file /run/bad: "},
             Row{{.url_file = "/run/empty"}, "--heartbeat-url-file /run/empty: "},
             Row{{.url_file = "/run/none"}, "--heartbeat-url-file: /run/none: no such file"},
             Row{{.url = url, .url_file = "/run/url"}, "--heartbeat-url and --heartbeat-url-file: give one of them"},
             Row{{.url = url, .interval = 999ms}, "--heartbeat-interval: at least 1s"},
         }) {
        auto const made = s.make(row.options);
        ASSERT_FALSE(made) << row.begins;
        EXPECT_THAT(made.error().text(), StartsWith(row.begins));
        EXPECT_THAT(made.error().text(), Not(HasSubstr("s3cret")));
        EXPECT_THAT(made.error().text(), Not(HasSubstr("hush")));
    }
}

// --- of a whole operator ------------------------------------------------------------------------------------------

// Answers 200, and remembers who asked when.
class Switch final : public net::HttpClient {
public:
    Task<net::HttpResponse> send(net::Origin, net::HttpRequest request, Deadline) override {
        ++from[request.target];
        net::HttpResponse response;
        response.status = 200;
        response.body = net::make_body("");
        co_return response;
    }
    std::size_t open_connections() const override { return 0; }
    void close_idle() override {}

    std::map<std::string, int> from;
};

TEST(HeartbeatOfAnOperator, ComesFromTheLeaderAloneAndFromItsSuccessorAtOnce) {
    Switch heard;
    OperatorScene scene({.leader_elect = true, .heartbeats = &heard});
    scene.add("check");
    scene.start();
    scene.pass(1s);
    EXPECT_EQ(heard.from["/first"], 1) << "at once";
    Member second(scene, "second");
    second.start();
    scene.pass(60s);
    EXPECT_EQ(heard.from["/first"], 7);
    EXPECT_EQ(heard.from["/second"], 0) << "it stands by";
    scene.first.ask_to_stop();
    scene.pass(2s);
    EXPECT_EQ(heard.from["/second"], 1);
    auto const last = heard.from["/first"];
    scene.pass(60s);
    EXPECT_EQ(heard.from["/first"], last);
    EXPECT_EQ(heard.from["/second"], 7);
}

TEST(HeartbeatOfAnOperator, StopsWhenItCannotReachTheApiServerAndSoNoLongerLeads) {
    Switch heard;
    OperatorScene scene({.leader_elect = true, .heartbeats = &heard});
    scene.add("check");
    scene.start();
    scene.pass(60s);
    scene.first.door.answers = [](kube::Request const&) {
        return std::optional(refusal(503, "ServiceUnavailable", "etcd is away"));
    };
    scene.pass(15s);
    auto const last = heard.from["/first"];
    EXPECT_GE(last, 6);
    scene.pass(5min);
    EXPECT_EQ(heard.from["/first"], last);
    scene.first.door.answers = {};
    scene.pass(1min);
    EXPECT_GT(heard.from["/first"], last);
    scene.end();
}

TEST(HeartbeatOfAnOperator, IsNotSentWhileTheListsAreMissingOrAnotherOperatorIsAtWork) {
    Switch heard;
    OperatorScene scene({.heartbeats = &heard});
    scene.server.put({{"apiVersion", "apps/v1"},
                      {"kind", "Deployment"},
                      {"metadata",
                       {{"name", "activemonitor-controller"},
                        {"namespace", "health"},
                        {"labels", {{"app.kubernetes.io/part-of", "active-monitor"}}}}},
                      {"status", {{"replicas", 1}}}});
    bool away = true;
    scene.first.door.answers = [&](kube::Request const&) {
        return away ? std::optional(refusal(403, "Forbidden", "no right to list")) : std::nullopt;
    };
    scene.add("check");
    scene.start();
    scene.pass(5min);
    EXPECT_THAT(heard.from, IsEmpty()) << "no lists";
    away = false;
    scene.pass(1min);
    EXPECT_THAT(heard.from, IsEmpty()) << "it refuses to act";
    EXPECT_THAT(scene.first.log, Contains(AllOf(StartsWith("no heartbeat is sent: "),
                                                HasSubstr("health/activemonitor-controller is running"))));
    scene.erase({"apps", "v1", "deployments", "Deployment", true}, "health", "activemonitor-controller");
    scene.pass(15s);
    EXPECT_GE(heard.from["/first"], 1);
    scene.end();
}

TEST(HeartbeatOfAnOperator, IsNotSentWhileHealthzFails) {
    Switch heard;
    // Whatever is not yet due counts as late: in a world no timer is ever forgotten.
    OperatorScene scene({.stuck_after = -1h, .heartbeats = &heard});
    scene.start();
    scene.pass(1min);
    auto const before = heard.from["/first"];
    EXPECT_GE(before, 6) << "without a check nothing can be late";
    scene.add("check");
    scene.pass(5min);
    EXPECT_FALSE(scene.first->healthz().front().ask().ok);
    EXPECT_LE(heard.from["/first"], before + 1);
    EXPECT_THAT(scene.first.log, Contains(AllOf(StartsWith("no heartbeat is sent: health/check was due"))));
    scene.remove("check");
    scene.pass(1s);
    EXPECT_GT(heard.from["/first"], before);
    scene.end();
}

}  // namespace
}  // namespace vedette::op
