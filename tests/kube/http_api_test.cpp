#include "kube/http_api.hpp"

#include "kube/credentials.hpp"
#include "kube/memory_files.hpp"
#include "kube/played_process.hpp"
#include "kube/scripted_api.hpp"
#include "world/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

namespace vedette::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// Answers every request with the next status, 200 when there is none, and remembers what was asked of whom.
class RecordingHttp final : public net::HttpClient {
public:
    Task<net::HttpResponse> send(net::Origin origin, net::HttpRequest request, Deadline) override {
        origins.push_back(std::move(origin));
        requests.push_back(std::move(request));
        net::HttpResponse response{.status = 200, .body = net::make_body("{}")};
        if (!statuses.empty()) {
            response.status = statuses.front();
            statuses.pop_front();
        }
        co_return response;
    }
    std::size_t open_connections() const override { return 0; }
    void close_idle() override {}

    std::deque<int> statuses;
    std::vector<net::Origin> origins;
    std::vector<net::HttpRequest> requests;
};

class HttpApiTest : public testing::Test {
protected:
    std::unique_ptr<Api> make(Target target) {
        auto api = try_make(std::move(target));
        if (!api) throw std::runtime_error(api.error().text());
        return std::move(*api);
    }
    Result<std::unique_ptr<Api>> try_make(Target target) {
        return make_http_api(std::move(target), {.http = http_,
                                                 .clock = world_.clock(),
                                                 .files = files_,
                                                 .process = process_,
                                                 .environment = [this](std::string name) { return lookup(name); }});
    }
    std::optional<std::string> lookup(std::string const& name) const {
        auto const found = environment_.find(name);
        return found == environment_.end() ? std::nullopt : std::optional(found->second);
    }
    Result<Response> send(Api& api, Request request = {.path = "/api/v1/pods"}) {
        return world_.run(api.send(std::move(request), world_.clock().now() + 30s));
    }
    std::string sent(std::string_view header) const { return http_.requests.back().headers.get(header).value_or("-"); }
    std::vector<std::string> all_sent(std::string_view header) const {
        std::vector<std::string> values;
        for (auto const& [name, value] : http_.requests.back().headers) {
            if (name == header) values.push_back(value);
        }
        return values;
    }

    world::World world_;
    MemoryFiles files_;
    PlayedProcess process_{world_.clock()};
    RecordingHttp http_;
    std::map<std::string, std::string> environment_;
};

Target target_at(std::string server = "https://api.example:6443") {
    return {.server = std::move(server)};
}

TEST_F(HttpApiTest, TheRequestKeepsThePrefixOfTheServerAndSaysWhoAsks) {
    auto const api = make(target_at("https://rancher.example/k8s/clusters/c-1/"));
    Request request{.method = "POST", .path = "/api/v1/namespaces/a/pods", .query = {{"dryRun", "All"}}};
    request.content_type = "application/json";
    request.body = "{}";
    auto const got = send(*api, request);
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->status, 200);
    EXPECT_EQ(http_.requests[0].method, "POST");
    EXPECT_EQ(http_.requests[0].target, "/k8s/clusters/c-1/api/v1/namespaces/a/pods?dryRun=All");
    EXPECT_EQ(http_.requests[0].body, "{}");
    EXPECT_EQ(sent("Content-Type"), "application/json");
    EXPECT_EQ(sent("Accept"), "application/json");
    EXPECT_THAT(sent("User-Agent"), testing::StartsWith("vedette/"));
    EXPECT_EQ(sent("Authorization"), "-");
    EXPECT_EQ(sent("Accept-Encoding"), "-");
    EXPECT_EQ(http_.origins[0].endpoint, (net::Endpoint{"rancher.example", 443}));
}

TEST_F(HttpApiTest, TrustAndNameOfTheServerReachTheHandshake) {
    auto target = target_at();
    target.ca_pem = "ca";
    target.credentials.certificate_pem = "certificate";
    target.credentials.key_pem = "key";
    ASSERT_TRUE(send(*make(target)));
    auto const& tls = http_.origins.back().tls;
    ASSERT_TRUE(tls);
    EXPECT_EQ(tls->server_name, "api.example");
    EXPECT_EQ(tls->ca_pem, "ca");
    EXPECT_EQ(tls->certificate_pem, "certificate");
    EXPECT_EQ(tls->key_pem, "key");
    EXPECT_TRUE(tls->verify);

    target.tls_server_name = "inner";
    target.insecure_skip_tls_verify = true;
    ASSERT_TRUE(send(*make(target)));
    EXPECT_EQ(http_.origins.back().tls->server_name, "inner");
    EXPECT_FALSE(http_.origins.back().tls->verify);

    ASSERT_TRUE(send(*make(target_at("http://127.0.0.1:8001"))));
    EXPECT_FALSE(http_.origins.back().tls);
}

TEST_F(HttpApiTest, ATokenIsABearerAndAPasswordIsBasic) {
    auto target = target_at();
    target.credentials.token = "made-up";
    ASSERT_TRUE(send(*make(target)));
    EXPECT_EQ(sent("Authorization"), "Bearer made-up");
    target.credentials = {.username = "Aladdin", .password = "open sesame"};
    ASSERT_TRUE(send(*make(target)));
    EXPECT_EQ(sent("Authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST_F(HttpApiTest, ATokenFileIsReadAgainWhenItChangesAndNotOtherwise) {
    auto target = target_at();
    target.credentials.token_file = "/token";
    files_.texts["/token"] = "first\n";
    auto const api = make(target);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(send(*api));
    EXPECT_EQ(sent("Authorization"), "Bearer first");
    EXPECT_EQ(files_.reads, 1);
    files_.texts["/token"] = "second\n";
    ASSERT_TRUE(send(*api));
    EXPECT_EQ(sent("Authorization"), "Bearer second");
}

TEST_F(HttpApiTest, ATokenFileThatIsGoneOrEmptyForAMomentLeavesTheLastToken) {
    auto target = target_at();
    target.credentials.token_file = "/token";
    files_.texts["/token"] = "first";
    auto const api = make(target);
    ASSERT_TRUE(send(*api));
    files_.texts.erase("/token");
    ASSERT_TRUE(send(*api));
    EXPECT_EQ(sent("Authorization"), "Bearer first");
    files_.texts["/token"] = "\n";
    ASSERT_TRUE(send(*api));
    EXPECT_EQ(sent("Authorization"), "Bearer first");
    files_.texts["/token"] = "second";
    ASSERT_TRUE(send(*api));
    EXPECT_EQ(sent("Authorization"), "Bearer second");
}

TEST_F(HttpApiTest, TheFileGoesBeforeTheTokenAndTheTokenStandsInForTheFile) {
    auto target = target_at();
    target.credentials.token = "embedded";
    target.credentials.token_file = "/token";
    auto const api = make(target);
    ASSERT_TRUE(send(*api));
    EXPECT_EQ(sent("Authorization"), "Bearer embedded");
    files_.texts["/token"] = "from-the-file";
    ASSERT_TRUE(send(*api));
    EXPECT_EQ(sent("Authorization"), "Bearer from-the-file");
}

TEST_F(HttpApiTest, WithoutAnyTokenTheRequestIsNotSent) {
    auto target = target_at();
    target.credentials.token_file = "/token";
    auto const api = make(target);
    EXPECT_EQ(send(*api).error(), Error(Errc::unauthorized, "token file /token: no such file"));
    files_.texts["/token"] = " \n";
    EXPECT_EQ(send(*api).error(), Error(Errc::unauthorized, "token file /token: is empty"));
    EXPECT_TRUE(http_.requests.empty());
}

TEST_F(HttpApiTest, ATokenThatWouldForgeAHeaderIsRefusedAndNotRepeated) {
    auto target = target_at();
    target.credentials.token = "hunter2\r\nX-Forged: 1";
    auto const embedded = try_make(target);
    ASSERT_FALSE(embedded);
    EXPECT_EQ(embedded.error().code(), Errc::invalid_input);
    EXPECT_THAT(embedded.error().text(), Not(HasSubstr("hunter2")));

    target.credentials = {.token_file = "/token"};
    files_.texts["/token"] = "hunter2\nX-Forged: 1";
    auto const got = send(*make(target));
    ASSERT_FALSE(got);
    EXPECT_THAT(got.error().text(), Not(HasSubstr("hunter2")));
    EXPECT_TRUE(http_.requests.empty());
}

TEST_F(HttpApiTest, ImpersonationIsSpelledAsTheServerReadsIt) {
    auto target = target_at();
    target.impersonation = {.user = "ann", .uid = "7", .groups = {"admins", "on call"}};
    target.impersonation.extra = {{"acme.com/project:x", {"one", "two"}}};
    ASSERT_TRUE(send(*make(target)));
    EXPECT_EQ(sent("Impersonate-User"), "ann");
    EXPECT_EQ(sent("Impersonate-Uid"), "7");
    EXPECT_THAT(all_sent("Impersonate-Group"), ElementsAre("admins", "on call"));
    EXPECT_THAT(all_sent("Impersonate-Extra-acme.com%2Fproject%3Ax"), ElementsAre("one", "two"));

    target.impersonation.groups = {"a\nb"};
    EXPECT_EQ(try_make(target).error(),
              Error(Errc::invalid_input, "Impersonate-Group holds a line break or another control character"));
}

TEST_F(HttpApiTest, TheProxyOfTheTargetGoesBeforeTheEnvironments) {
    environment_["HTTPS_PROXY"] = "http://everyone.example:3128";
    environment_["NO_PROXY"] = "near.example";
    ASSERT_TRUE(send(*make(target_at())));
    ASSERT_TRUE(http_.origins.back().proxy);
    EXPECT_EQ(http_.origins.back().proxy->host, "everyone.example");
    ASSERT_TRUE(send(*make(target_at("https://near.example"))));
    EXPECT_FALSE(http_.origins.back().proxy);

    auto target = target_at("https://near.example");
    target.proxy_url = "http://own.example:8080";
    ASSERT_TRUE(send(*make(target)));
    ASSERT_TRUE(http_.origins.back().proxy);
    EXPECT_EQ(http_.origins.back().proxy->host, "own.example");
}

TEST_F(HttpApiTest, UnusableUrlsAreRefusedAtOnceWithoutTheirPasswords) {
    auto target = target_at("https://ann:hunter2@");
    EXPECT_EQ(try_make(target).error().code(), Errc::invalid_input);
    EXPECT_THAT(try_make(target).error().text(), Not(HasSubstr("hunter2")));
    target = target_at();
    target.proxy_url = "ftp://ann:hunter2@proxy.example";
    EXPECT_EQ(try_make(target).error().code(), Errc::invalid_input);
    EXPECT_THAT(try_make(target).error().text(), Not(HasSubstr("hunter2")));
}

TEST_F(HttpApiTest, CompressionCanBeRefused) {
    auto target = target_at();
    target.disable_compression = true;
    ASSERT_TRUE(send(*make(target)));
    EXPECT_EQ(sent("Accept-Encoding"), "identity");
}

std::string credential(std::string_view status) {
    return fmt::format(R"({{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{}}})",
                       status);
}

Target target_with_plugin() {
    auto target = target_at();
    target.credentials.exec = ExecPlugin{.api_version = "client.authentication.k8s.io/v1", .command = "login"};
    return target;
}

TEST_F(HttpApiTest, APluginsTokenAndCertificateAreUsed) {
    process_.plays.push_back({prints(credential(R"({"token":"t","clientCertificateData":"c","clientKeyData":"k"})"))});
    ASSERT_TRUE(send(*make(target_with_plugin())));
    EXPECT_EQ(sent("Authorization"), "Bearer t");
    EXPECT_EQ(http_.origins.back().tls->certificate_pem, "c");
    EXPECT_EQ(http_.origins.back().tls->key_pem, "k");
}

TEST_F(HttpApiTest, AfterA401ThePluginRunsOnceMoreAndTheRequestIsRepeated) {
    process_.plays.push_back({prints(credential(R"({"token":"old"})"))});
    process_.plays.push_back({prints(credential(R"({"token":"new"})"))});
    auto const api = make(target_with_plugin());
    http_.statuses = {200, 401, 200};
    ASSERT_TRUE(send(*api));
    EXPECT_EQ(sent("Authorization"), "Bearer old");
    Request const post{.method = "POST", .path = "/api/v1/pods", .content_type = "application/json", .body = "{}"};
    auto const got = send(*api, post);
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->status, 200);
    EXPECT_EQ(sent("Authorization"), "Bearer new");
    EXPECT_EQ(http_.requests.back().body, "{}");
    EXPECT_EQ(http_.requests.size(), 3u);
}

TEST_F(HttpApiTest, ASecond401IsTheAnswer) {
    process_.plays.push_back({prints(credential(R"({"token":"old"})"))});
    process_.plays.push_back({prints(credential(R"({"token":"new"})"))});
    http_.statuses = {401, 401};
    auto const got = send(*make(target_with_plugin()));
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->status, 401);
    EXPECT_EQ(http_.requests.size(), 2u);
    EXPECT_EQ(process_.commands.size(), 2u);
}

TEST_F(HttpApiTest, A401WithoutAPluginIsTheAnswerAtOnce) {
    auto target = target_at();
    target.credentials.token = "made-up";
    http_.statuses = {401};
    EXPECT_EQ(send(*make(target))->status, 401);
    EXPECT_EQ(http_.requests.size(), 1u);
}

TEST_F(HttpApiTest, ThePluginsTimeIsNotTheServers) {
    process_.plays.push_back({prints(credential(R"({"token":"old"})")), 2s});
    process_.plays.push_back({prints(credential(R"({"token":"new"})")), 3s});
    auto const api = make(target_with_plugin());
    http_.statuses = {200, 401, 200};
    EXPECT_EQ(send(*api)->waited, 2s);
    EXPECT_EQ(send(*api)->waited, 3s);
    EXPECT_EQ(send(*api)->waited, 0s);
}

TEST_F(HttpApiTest, WhatAPluginIssuedCanBeLookedAtAndIsAskedForIfNeedBe) {
    auto const issued = [this](Api& api) { return world_.run(api.issued_credentials(world_.clock().now() + 30s)); };
    EXPECT_EQ(issued(*make(target_at()))->has_value(), false);

    process_.plays.push_back({prints(credential(R"({"token":"t","expirationTimestamp":"2026-01-01T01:00:00Z"})"))});
    process_.plays.push_back({Exit{.code = 1, .errors = "log in first"}});
    auto const api = make(target_with_plugin());
    auto const first = issued(*api);
    ASSERT_TRUE(first && *first);
    EXPECT_EQ((*first)->token, "t");
    EXPECT_EQ((*first)->expires, WallTime(std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}) + 1h);
    ASSERT_TRUE(send(*api));
    EXPECT_EQ(process_.commands.size(), 1u);
    world_.pass(1h);
    auto const second = issued(*api);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), Errc::denied);
}

TEST_F(HttpApiTest, OnlyAWatchIsLongLived) {
    auto const api = make(target_at());
    ASSERT_TRUE(send(*api, watch_request(pods(), "")));
    EXPECT_TRUE(http_.requests.back().long_lived);
    ASSERT_TRUE(send(*api, list_request(pods(), "")));
    EXPECT_FALSE(http_.requests.back().long_lived);
}

TEST_F(HttpApiTest, APluginIsNotAskedWhereOtherCredentialsAre) {
    for (auto const& others : {Credentials{.token = "t"}, Credentials{.username = "ann"},
                               Credentials{.certificate_pem = "c", .key_pem = "k"}}) {
        auto target = target_at();
        target.credentials = others;
        target.credentials.exec = target_with_plugin().credentials.exec;
        ASSERT_TRUE(send(*make(target)));
    }
    EXPECT_TRUE(process_.commands.empty());
}

TEST_F(HttpApiTest, ThePluginSharesTheDeadlineOfTheRequest) {
    process_.plays.push_back({prints(""), 1h});
    auto const got = send(*make(target_with_plugin()));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), Errc::timed_out);
    EXPECT_EQ(world_.elapsed(), 30s);
    EXPECT_TRUE(http_.requests.empty());
}

}  // namespace
}  // namespace vedette::kube
