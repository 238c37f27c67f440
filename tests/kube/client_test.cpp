#include "kube/client.hpp"

#include "scripted_api.hpp"
#include "world/world.hpp"

#include <gtest/gtest.h>

namespace vedette::kube {
namespace {

namespace json = boost::json;

Scripted answer(int status, std::string body) {
    return {.status = status, .pieces = {std::move(body)}};
}

Scripted refused() {
    return {.transport = Error(Errc::refused, "connect x:443: refused")};
}

Scripted reset() {
    return {.transport = Error(Errc::reset, "connection reset")};
}

Scripted page(std::string names, std::string version, std::string token = "") {
    std::string items;
    for (char const name : names) {
        items += fmt::format("{}{{\"metadata\":{{\"name\":\"{}\"}}}}", items.empty() ? "" : ",", name);
    }
    return answer(200, fmt::format(R"({{"kind":"PodList","metadata":{{"resourceVersion":"{}","continue":"{}"}},)"
                                   R"("items":[{}]}})",
                                   version, token, items));
}

char const* const expired = R"({"kind":"Status","code":410,"reason":"Expired","message":"The provided continue )"
                            R"(parameter is too old"})";

struct Scene {
    explicit Scene(std::vector<Scripted> script, ClientOptions options = {})
        : api(std::move(script)), client(api, world.clock(), world.random(), nullptr, options) {}

    Result<Object> get() { return world.run(client.get(pods(), "shop", "web", world.clock().now() + 60s)); }
    Result<Object> create() {
        return world.run(client.create(pods(), "shop", {{"metadata", {{"name", "web"}}}}, world.clock().now() + 60s));
    }
    Result<ListEnd> list(ListOptions options = {}) {
        return world.run(client.list(
            pods(), "", std::move(options), {"metadata.name"},
            [this](Object const& item) {
                auto const& name = item.at("metadata").at("name").as_string();
                names.append(name.data(), name.size());
            },
            [this] {
                names.clear();
                ++restarts;
            },
            world.clock().now() + 60s));
    }

    world::World world;
    ScriptedApi api;
    Client client;
    std::string names;
    int restarts = 0;
};

TEST(ErrorOf, EveryRefusalKeepsItsReasonAndNamesVerbResourceAndObject) {
    auto const list = list_request(pods(), "");
    auto const get = get_request(pods(), "shop", "web");
    auto const create = create_request(pods(), "shop", {{"metadata", {{"name", "web"}}}});
    struct Row {
        Request request;
        int status;
        std::string body;
        Errc code;
        std::string text;
    };
    for (
        auto const& row : {
            Row{list, 403,
                R"({"kind":"Status","reason":"Forbidden","message":"pods is forbidden: User \"x\" cannot list resource )"
                R"(\"pods\" in API group \"\" at the cluster scope"})",
                Errc::denied,
                R"(list pods: pods is forbidden: User "x" cannot list resource "pods" in API group "" at the cluster )"
                "scope (Forbidden)"},
            Row{list, 401, R"({"kind":"Status","reason":"Unauthorized","message":"Unauthorized"})", Errc::unauthorized,
                "list pods: Unauthorized (HTTP 401)"},
            Row{get, 404,
                R"({"kind":"Status","reason":"NotFound","message":"pods \"web\" not found","details":{"name":"web"}})",
                Errc::not_found, R"(get Pod shop/web: pods "web" not found (NotFound))"},
            Row{list, 404,
                R"({"kind":"Status","reason":"NotFound","details":{},)"
                R"("message":"the server could not find the requested resource"})",
                Errc::unsupported, "list pods: the server could not find the requested resource (NotFound)"},
            Row{list, 404, "404 page not found\n", Errc::unsupported,
                "list pods: the server could not find the requested resource (HTTP 404)"},
            Row{create, 409, R"({"kind":"Status","reason":"AlreadyExists","message":"pods \"web\" already exists"})",
                Errc::already_exists, R"(create Pod shop/web: pods "web" already exists (AlreadyExists))"},
            Row{list, 404, "404 page not found", Errc::unsupported,
                "list pods: the server could not find the requested resource (HTTP 404)"},
            Row{list, 404, "<html>404 page not found</html>", Errc::malformed,
                R"(list pods: HTTP 404: "<html>404 page not found</html>" is not JSON: not a Kubernetes API server?)"},
            Row{list, 404, "", Errc::malformed, "list pods: HTTP 404 without a body"},
            Row{list, 404, R"({"detail":"Not Found"})", Errc::malformed,
                R"(list pods: HTTP 404: "{"detail":"Not Found"}" is not a Kubernetes Status: not a Kubernetes API )"
                "server?"},
            Row{list, 404, R"({"kind":"Status","message":"no cluster c1"})", Errc::rejected,
                "list pods: no cluster c1 (HTTP 404)"},
            Row{get, 409, R"({"kind":"Status","reason":"Conflict","message":"modified"})", Errc::conflict,
                "get Pod shop/web: modified (Conflict)"},
            Row{list, 410, expired, Errc::gone, "list pods: The provided continue parameter is too old (Expired)"},
            Row{create, 413, R"({"message":"limit is 3145728"})", Errc::too_large,
                "create Pod shop/web: limit is 3145728 (HTTP 413)"},
            Row{create, 405, R"({"kind":"Status"})", Errc::unsupported, "create Pod shop/web: HTTP 405 (HTTP 405)"},
            Row{create, 406, R"({"kind":"Status"})", Errc::unsupported, "create Pod shop/web: HTTP 406 (HTTP 406)"},
            Row{create, 415, R"({"kind":"Status"})", Errc::unsupported, "create Pod shop/web: HTTP 415 (HTTP 415)"},
            Row{create, 405, "405: Method Not Allowed", Errc::malformed,
                R"(create Pod shop/web: HTTP 405: "405: Method Not Allowed" is not JSON: not a Kubernetes API server?)"},
            Row{create, 422, R"({"kind":"Status","reason":"Invalid","message":"bad name"})", Errc::rejected,
                "create Pod shop/web: bad name (Invalid)"},
            Row{create, 429, R"({"reason":"TooManyRequests","message":"slow down"})", Errc::too_many_requests,
                "create Pod shop/web: slow down (TooManyRequests)"},
            Row{list, 401, "<html>sign in</html>", Errc::unauthorized,
                R"(list pods: HTTP 401: "<html>sign in</html>" is not JSON: not a Kubernetes API server?)"},
            Row{list, 403, R"({"message":"blocked"})", Errc::denied, "list pods: blocked (HTTP 403)"},
            Row{list, 503, R"({"reason":"ServiceUnavailable","message":"etcd"})", Errc::unavailable,
                "list pods: etcd (ServiceUnavailable)"},
            Row{list, 502, "<html>\n<h1>Bad\t Gateway</h1>\x01 \xff", Errc::unavailable,
                R"(list pods: HTTP 502: "<html> <h1>Bad Gateway</h1>" is not JSON: not a Kubernetes API server?)"},
            Row{list, 500, "", Errc::unavailable, "list pods: HTTP 500 without a body"},
            Row{list, 302, "", Errc::malformed, "list pods: HTTP 302 without a body"},
        }) {
        auto const error = error_of(row.request, row.status, row.body);
        EXPECT_EQ(error.code(), row.code) << error.text();
        EXPECT_EQ(error.text(), row.text);
    }
    auto const quoted = error_of(list, 502, std::string(1000, 'x'));
    EXPECT_NE(quoted.text().find("\"" + std::string(80, 'x') + "...\""), std::string::npos) << quoted.text();
    auto const secret = error_of(list, 502, "Authorization: Bearer abcdefghijkl");
    EXPECT_EQ(secret.text().find("abcdefghijkl"), std::string::npos) << secret.text();
}

TEST(Client, ATransientFailureOfAGetIsTriedAgain) {
    Scene scene({reset(), answer(503, "{}"), answer(200, R"({"a":1})")});
    EXPECT_EQ(scene.get(), Result<Object>(Object{{"a", 1}}));
    EXPECT_GT(scene.world.elapsed(), 100ms);
    EXPECT_LT(scene.world.elapsed(), 1s);
}

TEST(Client, ABodyThatBreaksOffIsReadAgain) {
    Scene scene({{.pieces = {R"({"a")"}, .breaks = Error(Errc::closed, "the peer closed after 4 of 7 bytes")},
                 answer(200, R"({"a":1})")});
    EXPECT_TRUE(scene.get());
}

TEST(Client, AttemptsAreBounded) {
    Scene scene({reset(), reset(), reset(), answer(200, "{}")});
    auto const got = scene.get();
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().text(), "get Pod shop/web: connection reset");
    EXPECT_EQ(scene.api.requests.size(), 3u);
}

TEST(Client, AWriteWhoseAnswerGotLostIsNotSentAgain) {
    for (auto const& failure : {reset(), answer(500, "{}"), answer(503, "{}"), answer(504, "{}")}) {
        Scene scene({failure, answer(201, "{}")});
        EXPECT_FALSE(scene.create());
        EXPECT_EQ(scene.api.requests.size(), 1u);
    }
}

TEST(Client, AWriteThatTheServerDidNotActOnIsSentAgain) {
    for (auto const& failure : {refused(), answer(429, "{}")}) {
        Scene scene({failure, answer(201, R"({"a":1})")});
        EXPECT_TRUE(scene.create());
        EXPECT_EQ(scene.api.requests.size(), 2u);
    }
}

TEST(Client, WhatWillNotPassIsNotTriedAgain) {
    for (auto const& failure :
         {answer(403, "{}"), answer(404, "{}"), answer(401, "{}"), answer(400, "{}"), answer(501, "{}"),
          Scripted{.transport = Error(Errc::tls_failure, "certificate expired")}}) {
        Scene scene({failure, answer(200, "{}")});
        EXPECT_FALSE(scene.get());
        EXPECT_EQ(scene.api.requests.size(), 1u);
    }
}

TEST(Client, RetryAfterIsHonoured) {
    Scene scene({{.status = 429, .headers = {{"Retry-After", "7"}}}, answer(200, "{}")});
    EXPECT_TRUE(scene.get());
    EXPECT_EQ(scene.world.elapsed(), 7s);
}

TEST(Client, ARetryAfterBeyondTheBoundOrTheDeadlineFailsAtOnce) {
    for (auto const* seconds : {"31", "60", "4294967295"}) {
        Scene scene({{.status = 429, .headers = {{"Retry-After", seconds}}}, answer(200, "{}")},
                    {.longest_retry_after = seconds == std::string_view("31") ? 30s : 10'000'000'000ns});
        auto const got = scene.get();
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().code(), Errc::too_many_requests);
        EXPECT_EQ(scene.world.elapsed(), 0s);
    }
    Scene scene({{.status = 503, .headers = {{"Retry-After", "60"}}}}, {.longest_retry_after = 1h});
    EXPECT_FALSE(scene.get());
    EXPECT_EQ(scene.world.elapsed(), 0s);
}

TEST(Client, AnAnswerThatIsNotJsonIsMalformed) {
    Scene scene({answer(200, "<html>login</html>")});
    auto const got = scene.get();
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), Errc::malformed);
    EXPECT_EQ(got.error().text(),
              R"(get Pod shop/web: HTTP 200: "<html>login</html>" is not JSON: not a Kubernetes API server?)");
}

TEST(Client, ABodyBeyondItsBoundIsTooLarge) {
    Scene scene({answer(200, "{\"a\":\"" + std::string(2000, 'x') + "\"}")}, {.body_limit = 1000});
    auto const got = scene.get();
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), Errc::too_large);
}

TEST(Client, AListFollowsItsPages) {
    Scene scene({page("ab", "7", "t1"), page("cd", "7", "t2"), page("e", "7")});
    auto const end = scene.list({.label_selector = "app=x"});
    ASSERT_TRUE(end) << end.error().text();
    EXPECT_EQ(scene.names, "abcde");
    EXPECT_EQ(end->resource_version, "7");
    EXPECT_EQ(end->items, 5u);
    EXPECT_EQ(end->pages, 3);
    EXPECT_EQ(scene.api.requests[2].target(), "/api/v1/pods?labelSelector=app%3Dx&limit=500&continue=t2");
}

TEST(Client, AnExpiredTokenRestartsTheListAndTheSecondTimeInOnePage) {
    Scene scene(
        {page("ab", "7", "t1"), answer(410, expired), page("ab", "8", "t2"), answer(410, expired), page("abcd", "9")});
    auto const end = scene.list();
    ASSERT_TRUE(end) << end.error().text();
    EXPECT_EQ(scene.names, "abcd");
    EXPECT_EQ(scene.restarts, 2);
    EXPECT_EQ(end->items, 4u);
    EXPECT_EQ(scene.api.requests[2].target(), "/api/v1/pods?limit=500");
    EXPECT_EQ(scene.api.requests[4].target(), "/api/v1/pods");
}

TEST(Client, APageThatBreaksOffRestartsTheList) {
    auto broken = page("abc", "7");
    broken.pieces[0].resize(broken.pieces[0].size() - 20);
    broken.breaks = Error(Errc::reset, "connection reset after 90 of 110 bytes");
    Scene scene({broken, page("abc", "8")});
    auto const end = scene.list();
    ASSERT_TRUE(end) << end.error().text();
    EXPECT_EQ(scene.names, "abc");
    EXPECT_EQ(scene.restarts, 1);
    EXPECT_EQ(end->resource_version, "8");
}

TEST(Client, AListThatIsNotOneIsMalformedAndNotTriedAgain) {
    Scene scene({answer(200, R"({"kind":"Pod"})"), page("a", "1")});
    auto const end = scene.list();
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().text(), "list pods: not a Kubernetes list: a Pod without items");
    EXPECT_EQ(scene.api.left(), 1u);
}

TEST(Client, AListAnsweredInHtmlIsQuotedAndNotTriedAgain) {
    Scene scene({answer(200, "<html> hello </html>"), page("a", "1")});
    auto const got = scene.list();
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error(), Error(Errc::malformed,
                                 "list pods: HTTP 200: \"<html> hello </html>\" is not JSON: not a "
                                 "Kubernetes API server?"));
    EXPECT_EQ(scene.api.left(), 1u);
}

TEST(Client, AListThatNeverEndsIsTooLarge) {
    Scene scene({page("abc", "1", "one"), page("def", "1", "two"), page("ghi", "1")}, {.list_limit = 5});
    auto const got = scene.list();
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error(), Error(Errc::too_large, "list pods: more than 5 objects; is this a Kubernetes API server?"));
    EXPECT_EQ(scene.api.left(), 1u);
}

TEST(Client, APageThatContinuesWithItselfIsNotFollowedForEver) {
    Scene scene({page("a", "1", "t"), page("b", "1", "t"), page("c", "1", "t")});
    auto const end = scene.list();
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().code(), Errc::malformed);
}

// How often others had the reactor while a page came in pieces that nobody has to wait for.
std::size_t turns_of_others(std::vector<std::string> pieces) {
    Scene scene({{.pieces = std::move(pieces)}});
    std::size_t turns = 0;
    bool done = false;
    auto others = [](std::size_t& count, bool& stop) -> Async<void> {
        while (!stop) {
            ++count;
            co_await asio::post(asio::use_awaitable);
        }
    };
    auto listed = [](Client& client, Deadline deadline, bool& stop) -> Task<ListEnd> {
        auto got = co_await client.list(pods(), "", {}, {"metadata.name"}, [](Object const&) {}, {}, deadline);
        stop = true;
        co_return got;
    };
    asio::co_spawn(scene.world.executor(), others(turns, done), [](std::exception_ptr) {});
    auto const end = scene.world.run(listed(scene.client, scene.world.clock().now() + 60s, done));
    EXPECT_TRUE(end && end->items == 20'000);
    return turns;
}

TEST(Client, OthersRunWhileALargePageIsParsed) {
    std::string text = R"({"metadata":{"resourceVersion":"1"},"items":[)";
    for (int i = 0; i < 20'000; ++i)
        text += fmt::format(R"({}{{"metadata":{{"name":"p"}},"spec":[1,2,3]}})", i ? "," : "");
    text += "]}";
    EXPECT_GE(turns_of_others({text}), text.size() / (128 * 1024));
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < text.size(); at += 8192) pieces.push_back(text.substr(at, 8192));
    EXPECT_GE(turns_of_others(pieces), text.size() / (128 * 1024));
}

TEST(Client, ARawRequestTakesEveryStatusAsAnAnswer) {
    Scene scene({answer(503, "[+]ping ok\n[-]etcd failed")});
    auto const got = scene.world.run(scene.client.raw(raw_request("/readyz"), scene.world.clock().now() + 1s));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->status, 503);
    EXPECT_EQ(got->body, "[+]ping ok\n[-]etcd failed");
    EXPECT_EQ(scene.api.requests.size(), 1u);
}

Async<std::vector<std::string>> read_watch(Client& client, Deadline deadline) {
    std::vector<std::string> lines;
    auto watch = co_await client.watch(pods(), "", {.resource_version = "1"}, deadline);
    if (!watch) {
        lines.push_back(watch.error().text());
        co_return lines;
    }
    while (true) {
        auto event = co_await watch->next(deadline);
        if (!event) {
            lines.push_back(fmt::format("{}: {}", to_string(event.error().code()), event.error().text()));
            co_return lines;
        }
        if (!*event) break;
        lines.push_back(fmt::format("{} {}", static_cast<int>((*event)->kind), json::serialize((*event)->object)));
    }
    lines.push_back("end");
    co_return lines;
}

std::vector<std::string> watched(Scripted script) {
    Scene scene({std::move(script)});
    return scene.world.run(read_watch(scene.client, scene.world.clock().now() + 60s));
}

TEST(Watch, EventsAreTheSameWhateverThePiecesAre) {
    std::string const text =
        "{\"type\":\"ADDED\",\"object\":{\"a\":1}}\n\n{\"type\":\"MODIFIED\",\"object\":{\"a\":2}}\r\n"
        "{\"type\":\"DELETED\",\"object\":{\"a\":3}}\n{\"type\":\"BOOKMARK\",\"object\":{\"a\":4}}\n";
    std::vector<std::string> const want{R"(0 {"a":1})", R"(1 {"a":2})", R"(2 {"a":3})", R"(3 {"a":4})", "end"};
    for (std::size_t size = 1; size < 150; size += 3) {
        Scripted script;
        for (std::size_t at = 0; at < text.size(); at += size) script.pieces.push_back(text.substr(at, size));
        EXPECT_EQ(watched(script), want) << size;
    }
}

TEST(Watch, AnErrorEventIsAnError) {
    EXPECT_EQ(watched(answer(200,
                             "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":"
                             "\"Expired\",\"message\":\"too old resource version\"}}\n")),
              std::vector<std::string>{"gone: watch pods: too old resource version (Expired)"});
}

TEST(Watch, GarbageIsMalformed) {
    for (auto const* text :
         {"<html>\n", "[1]\n", "{}\n", "{\"type\":\"NEW\",\"object\":{}}\n", "{\"type\":3,\"object\":{}}\n"}) {
        auto const lines = watched(answer(200, text));
        ASSERT_EQ(lines.size(), 1u);
        EXPECT_TRUE(lines[0].starts_with("malformed: watch pods: ")) << lines[0];
    }
}

TEST(Watch, ACutInTheMiddleOfAnEventIsNotACleanEnd) {
    EXPECT_EQ(watched(answer(200, "{\"type\":\"ADDED\",")),
              std::vector<std::string>{"closed: watch pods: the watch ended in the middle of an event"});
    EXPECT_EQ(watched({.pieces = {"{\"type\""}, .breaks = Error(Errc::reset, "connection reset")}),
              std::vector<std::string>{"reset: watch pods: connection reset"});
}

TEST(Watch, AnEventBeyondTheBoundIsTooLarge) {
    Scripted script;
    for (int i = 0; i < 10; ++i) script.pieces.emplace_back(1024 * 1024, 'x');
    auto const lines = watched(script);
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_TRUE(lines[0].starts_with("too_large: watch pods: ")) << lines[0];
}

}  // namespace
}  // namespace vedette::kube
