#include "operator/scrape_access.hpp"

#include "base/json.hpp"
#include "base/task_group.hpp"
#include "kube/scripted_api.hpp"
#include "world/world.hpp"

#include <gmock/gmock.h>

namespace vedette::op {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string const known_user =
    R"({"status":{"authenticated":true,"user":{"username":"prom","uid":"7","groups":["g"],"extra":{"k":["v"]}}}})";
std::string const unknown_user = R"({"status":{"authenticated":false,"error":"expired"}})";
std::string const allowed = R"({"status":{"allowed":true}})";
std::string const refused = R"({"status":{"allowed":false,"reason":"no"}})";

kube::Scripted answer(std::string const& body, int status = 201) {
    return {.status = status, .pieces = {body}};
}

struct AccessWorld {
    explicit AccessWorld(std::vector<kube::Scripted> script, ScrapeAccessOptions options = {})
        : api(std::move(script)),
          access(
              kube::Client(api, world.clock(), world.random(), nullptr, {.attempts = 1}), world.clock(),
              [this](std::string sentence) { warnings.push_back(std::move(sentence)); }, options) {}

    Verdict judge(std::string authorization) {
        return world.run(access.judge(std::move(authorization), world.clock().now() + 10s));
    }

    world::World world;
    kube::ScriptedApi api;
    std::vector<std::string> warnings;
    ScrapeAccess access;
};

TEST(ScrapeAccess, ATokenIsReviewedAndItsUserAskedAboutAsTheApiServerNamedIt) {
    AccessWorld w({answer(known_user), answer(allowed)});
    EXPECT_EQ(w.judge("Bearer abc"), Verdict{});
    ASSERT_EQ(w.api.requests.size(), 2u);
    EXPECT_EQ(w.api.requests[0].path, "/apis/authentication.k8s.io/v1/tokenreviews");
    EXPECT_EQ(parse_json(w.api.requests[0].body, "")->as_object().at("spec"),
              parse_json(R"({"token":"abc"})", "").value());
    EXPECT_EQ(w.api.requests[1].path, "/apis/authorization.k8s.io/v1/subjectaccessreviews");
    EXPECT_EQ(parse_json(w.api.requests[1].body, "")->as_object().at("spec"),
              parse_json(R"({"user":"prom","uid":"7","groups":["g"],"extra":{"k":["v"]},
                             "nonResourceAttributes":{"path":"/metrics","verb":"get"}})",
                         "")
                  .value());
}

TEST(ScrapeAccess, WithoutABearerTokenNobodyIsAsked) {
    AccessWorld w({});
    for (auto const* header : {"", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "abc"}) {
        EXPECT_EQ(w.judge(header).status, 401) << header;
    }
    EXPECT_THAT(w.api.requests, IsEmpty());
}

TEST(ScrapeAccess, WhoIsNotKnownGets401AndWhoMayNotGets403) {
    AccessWorld w({answer(unknown_user), answer(known_user), answer(refused)});
    EXPECT_EQ(w.judge("bearer one"), (Verdict{401, "the API server does not know this token"}));
    EXPECT_EQ(w.judge("bearer two"), (Verdict{403, "prom may not get the non-resource URL /metrics"}));
}

TEST(ScrapeAccess, AnAnswerThatNamesNoUserLetsNobodyIn) {
    for (auto const* body : {"{}", R"({"status":{"authenticated":true}})", R"({"status":[]})",
                             R"({"status":{"authenticated":true,"user":"root"}})",
                             R"({"status":{"authenticated":"true","user":{"username":"x"}}})"}) {
        AccessWorld w({answer(body), answer(allowed)});
        EXPECT_EQ(w.judge("Bearer a").status, 401) << body;
    }
}

TEST(ScrapeAccess, WhatCouldNotBeFoundOutIs500WithTheCauseForUsOnlyAndIsAskedAgain) {
    AccessWorld w({{.transport = Error(Errc::refused, "connect 10.0.0.1:443: connection refused")},
                   answer(known_user),
                   answer(R"({"kind":"Status","message":"no","reason":"Forbidden","code":403})", 403),
                   answer(known_user),
                   answer(allowed)});
    Verdict const unknown{500, "the token could not be reviewed"};
    EXPECT_EQ(w.judge("Bearer a"), unknown);
    EXPECT_EQ(w.judge("Bearer a"), unknown);
    EXPECT_THAT(w.warnings, ElementsAre(HasSubstr("connect 10.0.0.1:443: connection refused"),
                                        HasSubstr("create SubjectAccessReview *: no (Forbidden)")));
    EXPECT_EQ(w.judge("Bearer a"), Verdict{});
}

TEST(ScrapeAccess, AYesIsKeptForAMinuteAndANoForTenSeconds) {
    AccessWorld w(
        {answer(known_user), answer(allowed), answer(unknown_user), answer(unknown_user), answer(unknown_user)});
    EXPECT_EQ(w.judge("Bearer good").status, 200);
    EXPECT_EQ(w.judge("Bearer bad").status, 401);
    w.world.pass(9s);
    EXPECT_EQ(w.judge("Bearer bad").status, 401);
    EXPECT_EQ(w.api.requests.size(), 3u);
    w.world.pass(1s);
    EXPECT_EQ(w.judge("Bearer bad").status, 401);
    EXPECT_EQ(w.api.requests.size(), 4u);
    w.world.pass(49s);
    EXPECT_EQ(w.judge("Bearer good").status, 200);
    EXPECT_EQ(w.api.requests.size(), 4u);
    w.world.pass(1s);
    EXPECT_EQ(w.judge("Bearer good").status, 401) << "the token was revoked meanwhile";
}

TEST(ScrapeAccess, ManyWrongTokensDoNotPushOutARightOne) {
    std::vector<kube::Scripted> script{answer(known_user), answer(allowed)};
    for (int i = 0; i < 20; ++i) script.push_back(answer(unknown_user));
    AccessWorld w(std::move(script), {.cached = 5});
    EXPECT_EQ(w.judge("Bearer good").status, 200);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(w.judge(fmt::format("Bearer {}", i)).status, 401);
    EXPECT_EQ(w.access.cached(), 5u);
    EXPECT_EQ(w.judge("Bearer good").status, 200);
    EXPECT_EQ(w.api.left(), 0u) << "from what was kept";
}

// Answers only when the world has moved on.
class SlowApi final : public kube::Api {
public:
    explicit SlowApi(Clock& clock) : clock_(clock) {}
    Task<kube::Response> send(kube::Request, Deadline) override {
        ++asked;
        co_await clock_.sleep_for(1s);
        co_return kube::Response{201, {}, net::make_body(unknown_user)};
    }
    int asked = 0;

private:
    Clock& clock_;
};

Async<void> judge_into(ScrapeAccess& access, std::string token, std::vector<int>& statuses) {
    auto const verdict = co_await access.judge("Bearer " + token, no_deadline);
    statuses.push_back(verdict.status);
}

TEST(ScrapeAccess, MoreReviewsAtOnceThanAllowedAreTurnedAway) {
    world::World world;
    SlowApi api(world.clock());
    ScrapeAccess access(kube::Client(api, world.clock(), world.random()), world.clock(), [](std::string) {},
                        {.reviews = 2});
    std::vector<int> statuses;
    TaskGroup tasks(world.executor());
    for (auto const* token : {"a", "b", "c"}) tasks.spawn(judge_into(access, token, statuses));
    world.run(tasks.join());
    EXPECT_THAT(statuses, ElementsAre(503, 401, 401));
    EXPECT_EQ(api.asked, 2);
    tasks.spawn(judge_into(access, "d", statuses));
    world.run(tasks.join());
    EXPECT_EQ(statuses.back(), 401) << "there is room again";
}

}  // namespace
}  // namespace vedette::op
