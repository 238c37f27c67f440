// The metrics server's certificate, over real TLS: in the world's time where it changes, over real sockets as a whole.

#include "operator/serving_certificate.hpp"

#include "kube/memory_files.hpp"
#include "kube/scripted_api.hpp"
#include "net/http_client.hpp"
#include "net/real_sockets.hpp"
#include "operator/endpoints.hpp"
#include "world/network.hpp"

#include <gmock/gmock.h>

namespace vedette::op {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

net::Endpoint const server_at{"pod", 8443};

net::Identity identity_named(std::string name, WallTime now) {
    return net::make_identity({.common_name = std::move(name),
                               .names = {"127.0.0.1"},
                               .not_before = now - std::chrono::hours(1),
                               .not_after = now + std::chrono::days(1)});
}

Async<void> accept_one(net::Listener& listener, net::TlsServer& server, Deadline deadline) {
    auto stream = co_await listener.accept();
    auto const session = co_await server.accept(std::move(*stream), deadline);
    if (session) co_await (*session)->finish(deadline);
}

Task<net::Certificate> shown_to(net::Dialer& dialer, net::Tls& tls, Deadline deadline) {
    auto stream = co_await dialer.connect(server_at, deadline);
    if (!stream) co_return pass(stream);
    net::TlsOptions options{.server_name = "localhost", .verify = false, .resume = false};
    auto const session = co_await tls.connect(std::move(*stream), std::move(options), deadline);
    if (!session) co_return std::unexpected(session.error());
    co_return (*session)->peer_chain().at(0);
}

class ServingCertificateTest : public testing::Test {
protected:
    Result<std::unique_ptr<ServingCertificate>> open(std::string folder) {
        return ServingCertificate::open(world_.clock(), files_, std::move(folder),
                                        [this](std::string sentence) { warnings_.push_back(std::move(sentence)); });
    }
    void put(net::Identity const& identity) {
        files_.texts["/certs/tls.crt"] = identity.certificate_pem;
        files_.texts["/certs/tls.key"] = identity.key_pem;
    }
    net::Certificate shown(ServingCertificate& server) {
        TaskGroup tasks(world_.executor());
        auto const deadline = world_.clock().now() + 5s;
        tasks.spawn(accept_one(*listener_, server, deadline));
        auto const certificate = world_.run(shown_to(network_, *tls_, deadline));
        world_.run(tasks.join());
        if (!certificate) throw std::runtime_error(certificate.error().text());
        return *certificate;
    }

    world::World world_;
    world::Network network_{world_};
    std::unique_ptr<net::Listener> listener_ = network_.listen(server_at);
    std::unique_ptr<net::Tls> tls_ = net::make_tls(world_.clock());
    kube::MemoryFiles files_;
    std::vector<std::string> warnings_;
};

TEST_F(ServingCertificateTest, AChangedCertificateIsServedWithinTenSeconds) {
    put(identity_named("first", world_.clock().wall()));
    auto const server = open("/certs");
    ASSERT_TRUE(server) << server.error().text();
    EXPECT_EQ(shown(**server).subject, "CN=first");
    put(identity_named("second", world_.clock().wall()));
    world_.pass(10s);
    EXPECT_EQ(shown(**server).subject, "CN=second");
    EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(ServingCertificateTest, FilesThatDoNotFitYetLeaveTheOldOneInPlaceAndAreToldOnce) {
    put(identity_named("first", world_.clock().wall()));
    auto const server = open("/certs");
    ASSERT_TRUE(server) << server.error().text();
    auto const next = identity_named("second", world_.clock().wall());
    files_.texts["/certs/tls.crt"] = next.certificate_pem;
    for (int i = 0; i < 3; ++i) {
        world_.pass(10s);
        EXPECT_EQ(shown(**server).subject, "CN=first");
    }
    EXPECT_THAT(warnings_, ElementsAre(HasSubstr("the one before goes on: /certs/tls.crt and tls.key: ")));
    files_.texts.erase("/certs/tls.key");
    world_.pass(10s);
    EXPECT_EQ(shown(**server).subject, "CN=first");
    EXPECT_THAT(warnings_, ElementsAre(testing::_, testing::EndsWith("/certs/tls.key: no such file")));
    files_.texts["/certs/tls.key"] = next.key_pem;
    world_.pass(10s);
    EXPECT_EQ(shown(**server).subject, "CN=second");
    EXPECT_EQ((*server)->reads(), 4u) << "one for each change, however often it is asked for";
    EXPECT_EQ((*server)->failed_reads(), 2u);
}

TEST_F(ServingCertificateTest, WhatIsWrongAtTheStartIsAnError) {
    auto const missing = open("/certs");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error(), Error(Errc::not_found, "/certs/tls.crt: no such file"));
    put(identity_named("first", world_.clock().wall()));
    files_.texts["/certs/tls.crt"] = "no certificate";
    auto const garbage = open("/certs");
    ASSERT_FALSE(garbage);
    EXPECT_THAT(garbage.error().text(), testing::StartsWith("/certs/tls.crt and tls.key: "));
}

TEST_F(ServingCertificateTest, ASelfSignedOneIsRenewedLongBeforeItLapses) {
    auto const server = open("");
    ASSERT_TRUE(server) << server.error().text();
    auto const first = shown(**server);
    EXPECT_THAT(first.names, testing::Contains("localhost"));
    EXPECT_EQ(shown(**server), first);
    EXPECT_EQ((*server)->reads(), 0u) << "there is no file";
    for (int month = 0; month < 24; ++month) {
        world_.clock().jump_wall(std::chrono::days(30));
        world_.pass(10s);
        EXPECT_GT(shown(**server).not_after, world_.clock().wall() + std::chrono::days(90));
    }
}

// --- the whole over real sockets ------------------------------------------------------------------------------------

// Knows the token "reader" as one who may, "guest" as one who may not.
class Reviews final : public kube::Api {
public:
    Task<kube::Response> send(kube::Request request, Deadline) override {
        auto const says = [&](char const* text) { return request.body.find(text) != std::string::npos; };
        bool const known = says("reader") || says("guest");
        auto body = fmt::format(R"({{"status":{{"authenticated":{},"allowed":{},"user":{{"username":"{}"}}}}}})", known,
                                says("reader"), says("reader") ? "reader" : "guest");
        co_return kube::Response{201, {}, net::make_body(std::move(body))};
    }
};

struct Answer {
    int status = 0;
    std::string body;
    std::optional<std::string> challenge;
};

Task<Answer> scrape(net::HttpClient& http, net::Origin origin, std::string token, Deadline deadline) {
    net::HttpRequest request{.target = "/metrics"};
    if (!token.empty()) request.headers.add("Authorization", "Bearer " + token);
    auto response = co_await http.send(std::move(origin), std::move(request), deadline);
    if (!response) co_return pass(response);
    auto const challenge = response->headers.get("WWW-Authenticate");
    auto body = co_await net::read_all(std::move(response->body), 1 << 20, deadline);
    if (!body) co_return pass(body);
    co_return Answer{response->status, std::move(*body), challenge};
}

Async<void> serve(Endpoints& endpoints) {
    auto const ended = co_await endpoints.serve();
    EXPECT_TRUE(ended) << ended.error().text();
}

struct NoNames final : net::Resolver {
    Task<void> resolve(std::string host, Deadline, net::FoundAddresses) override {
        co_return fail(Errc::dns_failure, "lookup {}: no such host", host);
    }
    Task<net::DnsAnswer> query(net::DnsQuestion question, Deadline) override {
        co_return fail(Errc::refused, "ask for {}: connection refused", question.name);
    }
};

TEST(SecureMetrics, AreServedOverTlsToThoseWhoMayReadThem) {
    net::RealSockets sockets;
    auto const identity = identity_named("metrics", sockets.clock().wall());
    kube::MemoryFiles files;
    files.texts["/certs/tls.crt"] = identity.certificate_pem;
    files.texts["/certs/tls.key"] = identity.key_pem;
    metrics::Registry registry;
    registry.declare<metrics::Gauge>({"zebras", "Striped."});
    Reviews api;
    Random random(1);
    std::vector<std::string> warnings;
    auto const endpoints = Endpoints::open(
        {.executor = sockets.executor(),
         .clock = sockets.clock(),
         .files = files,
         .registry = registry,
         .client = kube::Client(api, sockets.clock(), random),
         .listen = [&](net::Endpoint at) { return listen_on(sockets.executor(), sockets.clock(), std::move(at)); },
         .warn = [&](std::string sentence) { warnings.push_back(std::move(sentence)); }},
        {.probe_address = "0",
         .metrics_address = "127.0.0.1:0",
         .metrics_secure = true,
         .metrics_certificate_path = "/certs"});
    ASSERT_TRUE(endpoints) << endpoints.error().text();
    TaskGroup tasks(sockets.executor());
    tasks.spawn(serve(**endpoints));

    NoNames names;
    auto const dialer = net::make_system_dialer(sockets.executor(), sockets.clock(), names);
    auto const tls = net::make_tls(sockets.clock());
    auto const http = net::make_http_client(sockets.executor(), sockets.clock(), *dialer, *tls);
    net::Origin const origin{.endpoint = *(*endpoints)->metrics(),
                             .tls = net::TlsOptions{.server_name = "127.0.0.1", .ca_pem = identity.certificate_pem}};
    auto const ask = [&](std::string token, net::Origin const& to) {
        return sockets.run(scrape(*http, to, std::move(token), sockets.soon()));
    };

    auto const nobody = ask("", origin);
    ASSERT_TRUE(nobody) << nobody.error().text();
    EXPECT_EQ(nobody->status, 401);
    EXPECT_EQ(nobody->challenge, "Bearer");
    EXPECT_EQ(ask("stranger", origin)->status, 401);
    EXPECT_EQ(ask("guest", origin)->status, 403);
    EXPECT_EQ(ask("guest", origin)->body, "guest may not get the non-resource URL /metrics\n");
    auto const reader = ask("reader", origin);
    EXPECT_EQ(reader->status, 200);
    EXPECT_THAT(reader->body, testing::EndsWith("# HELP zebras Striped.\n# TYPE zebras gauge\nzebras 0.0\n"));
    EXPECT_THAT(reader->body, HasSubstr("\ncertwatcher_read_certificate_total 1.0\n"));
    EXPECT_FALSE(ask("reader", {.endpoint = origin.endpoint})) << "plain HTTP is no way in";
    EXPECT_THAT(warnings, IsEmpty());
    http->close_idle();
    sockets.run(net::stop_group(tasks));
}

TEST(ListenOn, AnEmptyHostIsEveryAddressOfTheMachine) {
    net::RealSockets sockets;
    auto const listener = listen_on(sockets.executor(), sockets.clock(), {"", 0});
    ASSERT_TRUE(listener) << listener.error().text();
    auto const local = (*listener)->local();
    EXPECT_THAT(local.host, testing::AnyOf("::", "0.0.0.0"));
    NoNames names;
    auto const dialer = net::make_system_dialer(sockets.executor(), sockets.clock(), names);
    EXPECT_TRUE(sockets.run(dialer->connect({"127.0.0.1", local.port}, sockets.soon())));
    auto const taken = listen_on(sockets.executor(), sockets.clock(), {"127.0.0.1", local.port});
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code(), Errc::io);
}

}  // namespace
}  // namespace vedette::op
