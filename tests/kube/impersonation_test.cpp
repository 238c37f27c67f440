#include "kube/impersonation.hpp"

#include "kube/client.hpp"
#include "kube/memory_files.hpp"
#include "kube/played_process.hpp"
#include "kube/scripted_api.hpp"
#include "world/world.hpp"

#include <gmock/gmock.h>

namespace vedette::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Answers with the next of `bodies`, then with "{}", and remembers what it was asked.
class AnsweringHttp final : public net::HttpClient {
public:
    Task<net::HttpResponse> send(net::Origin, net::HttpRequest request, Deadline) override {
        requests.push_back(std::move(request));
        std::string body = "{}";
        if (!bodies.empty()) {
            body = bodies.front();
            bodies.pop_front();
        }
        co_return net::HttpResponse{.status = 200, .body = net::make_body(std::move(body))};
    }
    std::size_t open_connections() const override { return 0; }
    void close_idle() override {}

    std::deque<std::string> bodies;
    std::vector<net::HttpRequest> requests;
};

struct Scene {
    Result<std::unique_ptr<Api>> open(Impersonation who, Target target = {.server = "https://api.example:6443"}) {
        auto const open_as = open_http_api_as(std::move(target), {http, world.clock(), files, process, {}});
        return open_as(std::move(who));
    }
    Deadline soon() { return world.clock().now() + 30s; }
    /// The values of every header of that name, request by request.
    std::vector<std::string> sent(std::string_view header) const {
        std::vector<std::string> values;
        for (auto const& request : http.requests) {
            for (auto const& [name, value] : request.headers) {
                if (name == header) values.push_back(value);
            }
        }
        return values;
    }

    world::World world;
    MemoryFiles files;
    PlayedProcess process{world.clock()};
    AnsweringHttp http;
};

TEST(Impersonation, EveryRequestSaysWhomWeActForPagesAndWatchesIncluded) {
    Scene scene;
    auto who = as_service_account("shop", "reader");
    ASSERT_TRUE(who);
    auto const api = scene.open(*who);
    ASSERT_TRUE(api) << api.error().text();
    scene.http.bodies = {R"({"kind":"PodList","metadata":{"resourceVersion":"5","continue":"next"},"items":[]})",
                         R"({"kind":"PodList","metadata":{"resourceVersion":"5"},"items":[]})"};
    Client client(**api, scene.world.clock(), scene.world.random());

    auto const listed =
        scene.world.run(client.list(pods(), "shop", {}, Projection{}, [](Object) {}, nullptr, scene.soon()));
    ASSERT_TRUE(listed) << listed.error().text();
    EXPECT_EQ(listed->pages, 2);
    ASSERT_TRUE(scene.world.run(client.watch(pods(), "shop", {}, scene.soon())));
    ASSERT_TRUE(scene.world.run(client.get(pods(), "shop", "web-1", scene.soon())));
    ASSERT_TRUE(scene.world.run(client.raw(raw_request("/version"), scene.soon())));
    ASSERT_TRUE(scene.world.run(client.remove(pods(), "shop", "web-1", {}, scene.soon())));

    std::string const user = "system:serviceaccount:shop:reader";
    ASSERT_EQ(scene.http.requests.size(), 6U);
    EXPECT_THAT(scene.http.requests[1].target, HasSubstr("continue=next"));
    EXPECT_THAT(scene.http.requests[2].target, HasSubstr("watch=true"));
    EXPECT_THAT(scene.sent("Impersonate-User"), ElementsAre(user, user, user, user, user, user));
}

// Naming a group takes the right to impersonate groups, and with that one becomes system:masters.
TEST(Impersonation, NoGroupIsNamedSinceTheServerAddsThoseOfServiceAccounts) {
    Scene scene;
    auto const api = scene.open(*as_service_account("shop", "reader"));
    ASSERT_TRUE(api);
    ASSERT_TRUE(scene.world.run((*api)->send(raw_request("/version"), scene.soon())));
    EXPECT_THAT(scene.sent("Impersonate-Group"), ElementsAre());
    EXPECT_THAT(scene.sent("Impersonate-Uid"), ElementsAre());
}

TEST(Impersonation, OurOwnCredentialsGoAlong) {
    Scene scene;
    scene.files.texts["/token"] = "made-up\n";
    auto const api = scene.open(*as_service_account("shop", "reader"),
                                {.server = "https://api.example", .credentials = {.token_file = "/token"}});
    ASSERT_TRUE(api);
    ASSERT_TRUE(scene.world.run((*api)->send(raw_request("/version"), scene.soon())));
    EXPECT_THAT(scene.sent("Authorization"), ElementsAre("Bearer made-up"));
}

TEST(Impersonation, OnlyNamesThatKubernetesKnowsBecomeAUser) {
    EXPECT_EQ(as_service_account("shop", "web.reader-1")->user, "system:serviceaccount:shop:web.reader-1");
    for (auto const& [ns, name] :
         {std::pair{"shop", ""}, std::pair{"shop", "a:b"}, std::pair{"shop", "a\r\nX: y"}, std::pair{"shop", "Reader"},
          std::pair{"", "reader"}, std::pair{"a:b", "reader"}, std::pair{"shop", "system:masters"}}) {
        auto const who = as_service_account(ns, name);
        SCOPED_TRACE(std::string(ns) + "/" + name);
        ASSERT_FALSE(who);
        EXPECT_EQ(who.error().code(), Errc::invalid_input);
    }
}

TEST(Impersonation, WhoActsForSomebodyAlreadyCannotActForAThird) {
    Scene scene;
    auto const api = scene.open(*as_service_account("shop", "reader"),
                                {.server = "https://api.example", .impersonation = {.user = "ann"}});
    ASSERT_FALSE(api);
    EXPECT_EQ(api.error(), Error(Errc::invalid_input,
                                 "we act as ann already, and the API server knows one impersonation at a time"));
}

}  // namespace
}  // namespace vedette::kube
