// The probes that need a cluster, against the in-memory API server, and the pure halves of the certificate checks.

#include "base/task_group.hpp"
#include "check/catalogue/certs/certs.hpp"
#include "check/catalogue/certs/own_credentials.hpp"
#include "check/catalogue/controlplane/controlplane.hpp"
#include "check/same_answer.hpp"
#include "check/world_context.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace vedette::check {
namespace {

using kube::fake::Fault;
using std::chrono::days;

Outcome probe(WorldContext& world, CheckType const& type, Duration timeout = 10s) {
    auto params = default_instance(type).params;
    return world.world.run(type.probe(world.context, std::move(params), world.world.clock().now() + timeout));
}

TEST(ApiserverHealth, AHealthyServerIsOkAndItsPartsAreDetails) {
    for (auto const* type : {&apiserver_livez, &apiserver_readyz}) {
        WorldContext world;
        auto const got = probe(world, *type);
        EXPECT_EQ(got.status, Status::ok) << got.message;
        EXPECT_EQ(got.details.at("checks").at("etcd"), true);
        EXPECT_EQ(got.details.at("http_status"), 200);
    }
}

TEST(ApiserverHealth, AFailedPartIsNamed) {
    WorldContext world;
    world.api.set_failing_health({"etcd"});
    auto const got = probe(world, apiserver_readyz);
    EXPECT_EQ(got.status, Status::critical);
    EXPECT_EQ(got.message, "/readyz answers 500: etcd failed");
    EXPECT_EQ(got.details.at("failed_checks"), boost::json::array{"etcd"});
}

TEST(ApiserverHealth, LivezCarriesTheCauseWhenNobodyAnswersReadyzDoesNotKnow) {
    for (auto const& [type, want] :
         {std::pair(&apiserver_livez, Status::critical), {&apiserver_readyz, Status::unknown}}) {
        WorldContext world;
        world.api.add_fault({.kind = Fault::Kind::refuse});
        auto const got = probe(world, *type);
        EXPECT_EQ(got.status, want);
        EXPECT_NE(got.message.find("refused"), std::string::npos) << got.message;
    }
}

TEST(ApiserverHealth, ASilentServerIsACauseAndNotALateCheck) {
    WorldContext world;
    world.api.add_fault({.kind = Fault::Kind::hang});
    auto const got = probe(world, apiserver_livez, 10s);
    EXPECT_EQ(got.status, Status::critical);
    EXPECT_EQ(got.reason, "Unreachable");
    EXPECT_LT(world.world.elapsed(), 10s);
}

TEST(ApiserverHealth, StatusesHaveTheirOwnMeaning) {
    struct Row {
        int status;
        Status want;
        std::string_view reason;
    };
    for (auto const& row : {Row{401, Status::critical, "Unauthorized"}, Row{403, Status::unknown, "Forbidden"}}) {
        WorldContext world;
        world.api.add_fault({.kind = Fault::Kind::status, .status = row.status});
        auto const got = probe(world, apiserver_livez);
        EXPECT_EQ(got.status, row.want) << got.message;
        EXPECT_EQ(got.reason, row.reason);
        if (row.status == 403) {
            EXPECT_EQ(got.message, "not allowed to ask /livez: needs the verb get on the nonResourceURL /livez");
        }
    }
    WorldContext portal;
    portal.api.add_fault({.kind = Fault::Kind::garbage});
    EXPECT_EQ(probe(portal, apiserver_livez).reason, "NotKubernetes");
}

TEST(ApiserverLatency, ThePercentileDecidesAndErrorsAreAWarning) {
    struct Row {
        Duration delay;
        Status want;
    };
    for (auto const& row :
         {Row{0s, Status::ok}, Row{1s, Status::ok}, Row{1100ms, Status::warning}, Row{4100ms, Status::critical}}) {
        WorldContext world;
        if (row.delay > 0s) world.api.add_fault({.kind = Fault::Kind::delay, .delay = row.delay});
        auto const got = probe(world, apiserver_latency, 60s);
        EXPECT_EQ(got.status, row.want) << got.message;
    }
    WorldContext busy;
    busy.api.add_fault({.kind = Fault::Kind::status, .times = 2, .status = 503});
    auto const got = probe(busy, apiserver_latency);
    EXPECT_EQ(got.status, Status::warning);
    EXPECT_EQ(got.message, "2 of 5 requests failed: it answers 503");
    WorldContext gone;
    gone.api.add_fault({.kind = Fault::Kind::refuse});
    EXPECT_EQ(probe(gone, apiserver_latency).status, Status::unknown);
}

TEST(ApiserverLatency, OnlyAnswersOfAnApiServerAreTimed) {
    struct Row {
        int status;
        std::string body;
        Status want;
        std::string_view says;
    };
    for (auto const& row :
         {Row{200, R"({"gitVersion":"v1.36.4"})", Status::ok, "the API server answers in"},
          Row{403, R"({"kind":"Status","reason":"Forbidden"})", Status::ok, "the API server answers in"},
          Row{404, "404 page not found\n", Status::unknown, "none of 5 requests succeeded: it answers 404"},
          Row{401, R"({"kind":"Status"})", Status::unknown, "none of 5 requests succeeded: it answers 401"},
          Row{302, "", Status::unknown, "none of 5 requests succeeded: it answers 302"},
          Row{200, "<html>welcome</html>", Status::unknown,
              "none of 5 requests succeeded: it answers 200 and not like a Kubernetes API server"},
          Row{403, "<html>blocked</html>", Status::unknown,
              "none of 5 requests succeeded: it answers 403 and not like a Kubernetes API server"}}) {
        WorldContext world;
        SameAnswer api(row.status, row.body);
        kube::Client client(api, world.world.clock(), world.world.random());
        world.context.client = &client;
        auto const got = probe(world, apiserver_latency);
        EXPECT_EQ(got.status, row.want) << row.status << " " << row.body;
        EXPECT_TRUE(got.message.starts_with(row.says)) << got.message;
    }
}

TEST(ApiserverLatency, WaitingForOurOwnRateLimitIsNotTimed) {
    WorldContext world;
    kube::RateLimiter limiter(world.world.executor(), world.world.clock(), {.per_second = 0.2, .burst = 1});
    kube::Client client(world.api, world.world.clock(), world.world.random(), &limiter);
    world.context.client = &client;
    for (auto const* type : {&apiserver_latency, &apiserver_readyz}) {
        auto const before = world.world.elapsed();
        auto const got = probe(world, *type, 60s);
        EXPECT_EQ(got.status, Status::ok) << got.message;
        EXPECT_GE(world.world.elapsed() - before, 5s);
        for (auto const& measured : got.measurements) {
            if (measured.first.ends_with("_ms")) EXPECT_LT(measured.second, 1) << measured.first;
        }
    }
}

net::Certificate certificate(WallTime now, Duration left) {
    return {.subject = "CN=kube-apiserver",
            .issuer = "CN=ca",
            .not_before = now - days(300),
            .not_after = now + left,
            .names = {}};
}

TEST(ApiserverCert, TheServedChainDecides) {
    struct Row {
        Duration left;
        Status want;
    };
    for (auto const& row : {Row{days(21), Status::ok}, Row{days(21) - 1s, Status::warning},
                            Row{days(7) - 1s, Status::critical}, Row{-1s, Status::critical}}) {
        WorldContext world;
        auto const listener = world.network.listen({"api.example", 6443});
        world.tls.set_peer_chain({certificate(world.world.clock().wall(), row.left)});
        EXPECT_EQ(probe(world, apiserver_cert).status, row.want);
        EXPECT_EQ(world.tls.handshakes(), std::vector<std::string>{"api.example"});
    }
    WorldContext world;
    auto const listener = world.network.listen({"api.example", 6443});
    auto const now = world.world.clock().wall();
    world.tls.set_peer_chain({certificate(now, days(200)), certificate(now, -days(2))});
    EXPECT_EQ(probe(world, apiserver_cert).message,
              "Certificate CN=kube-apiserver in the chain of api.example:6443 expired 2d ago (2025-12-30T00:00:00Z)");
}

TEST(ApiserverCert, UnreachableIsUnknownAndPlainHttpIsSkipped) {
    WorldContext world;
    EXPECT_EQ(probe(world, apiserver_cert).status, Status::unknown);
    world.target.server = "http://127.0.0.1:8001";
    EXPECT_EQ(probe(world, apiserver_cert).status, Status::skipped);
}

// A proxy that connects whoever asks, and notes to whom.
Async<void> connect_all(net::Listener& listener, std::vector<std::string>& asked) {
    while (true) {
        auto stream = co_await listener.accept();
        if (!stream) co_return;
        std::string head(1024, '\0');
        auto const count = co_await (*stream)->read(head, no_deadline);
        asked.push_back(head.substr(0, head.find("\r\n")));
        std::string const answer = "HTTP/1.1 200 Connection established\r\n\r\n";
        auto const written = co_await (*stream)->write(answer, no_deadline);
        if (!count || !written) co_return;
    }
}

TEST(ApiserverCert, TheWayLeadsThroughTheProxyOfTheKubeconfigOrOfTheEnvironment) {
    for (bool const by_environment : {true, false}) {
        WorldContext world;
        auto const listener = world.network.listen({"proxy.example", 3128});
        std::vector<std::string> asked;
        TaskGroup tasks(world.world.executor());
        tasks.spawn(connect_all(*listener, asked));
        world.tls.set_peer_chain({certificate(world.world.clock().wall(), -1s)});
        if (!by_environment) world.target.proxy_url = "http://proxy.example:3128";
        world.context.environment = [by_environment](std::string name) -> std::optional<std::string> {
            if (by_environment && name == "HTTPS_PROXY") return "http://proxy.example:3128";
            return std::nullopt;
        };
        auto const got = probe(world, apiserver_cert);
        EXPECT_EQ(got.status, Status::critical) << got.message;
        EXPECT_EQ(got.reason, "Expired");
        EXPECT_EQ(asked, std::vector<std::string>{"CONNECT api.example:6443 HTTP/1.1"});
        world.world.run(tasks.stop());
    }
}

TEST(Expiry, ShortLivesAreJudgedByFractions) {
    WallTime const now{days(20000)};
    ExpiryLimits const limits{days(21), days(7)};
    struct Row {
        Duration lifetime;
        Duration left;
        Status want;
    };
    for (auto const& row :
         {Row{days(60), days(21) - 1s, Status::warning}, Row{days(40), days(10), Status::ok},
          Row{days(40), days(10) - 1s, Status::warning}, Row{days(40), days(4) - 1s, Status::critical},
          Row{24h, 6h, Status::ok}, Row{24h, 6h - 1s, Status::warning}, Row{24h, 144min - 1s, Status::critical},
          Row{24h, 0s, Status::critical}, Row{24h, 25h, Status::critical}}) {
        auto const end = now + row.left;
        EXPECT_EQ(judge_expiry(end - row.lifetime, end, now, limits), row.want) << row.left.count();
    }
}

std::string encode(std::string_view text) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    unsigned buffer = 0;
    int bits = 0;
    for (unsigned char const c : text) {
        buffer = (buffer << 8 | c) & 0xffff;
        for (bits += 8; bits >= 6;) out += alphabet[buffer >> (bits -= 6) & 63];
    }
    if (bits) out += alphabet[buffer << (6 - bits) & 63];
    return out;
}

std::string token(WallTime issued, WallTime expires, std::optional<WallTime> warn_after = {}) {
    auto const seconds = [](WallTime when) {
        return std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count();
    };
    boost::json::object claims{
        {"sub", "system:serviceaccount:ops:vedette"}, {"iat", seconds(issued)}, {"exp", seconds(expires)}};
    if (warn_after) claims["kubernetes.io"] = boost::json::object{{"warnafter", seconds(*warn_after)}};
    return fmt::format("{}.{}.sig", encode("{}"), encode(boost::json::serialize(claims)));
}

TEST(OwnCredentials, WhatRenewsItselfIsJudgedByItsRenewal) {
    WallTime const now{days(20000)};
    ExpiryLimits const limits{days(7), days(1)};
    struct Row {
        std::string token;
        bool renews;
        Status want;
    };
    for (auto const& row : {
             Row{token(now - 50min, now + 10min), true, Status::ok},
             Row{token(now - 54min - 1s, now + 6min - 1s), true, Status::warning},
             Row{token(now - 2h, now - 1s), true, Status::critical},
             Row{token(now - 1h, now + days(365), now + 7s), true, Status::ok},
             Row{token(now - 2h, now + days(365), now - 53min), true, Status::warning},
             Row{token(now - 50min, now + 10min), false, Status::warning},
             Row{token(now - days(300), now + days(7)), false, Status::ok},
             Row{token(now - days(300), now + days(7) - 1s), false, Status::warning},
             Row{token(now - days(300), now + days(1) - 1s), false, Status::critical},
         }) {
        auto const life = read_token(row.token);
        ASSERT_TRUE(life.has_value());
        auto const got = judge_token(*life, row.renews, now, limits);
        EXPECT_EQ(got.status, row.want) << got.message;
    }
}

TEST(OwnCredentials, OpaqueAndBrokenTokensAreNoTokensOfOurs) {
    for (auto const* text : {"", "opaque", "a.b", "a.b.c", "..", "e30.W10.x", "e30.e3.x"})
        EXPECT_FALSE(read_token(text)) << text;
    auto const without_end = read_token("e30.e30.x");
    ASSERT_TRUE(without_end.has_value());
    EXPECT_EQ(judge_token(*without_end, false, WallTime{}, {}).status, Status::ok);
    auto const odd = read_token(fmt::format("e30.{}.x", encode(R"({"exp": 1e300, "iat": "x", "kubernetes.io": 7})")));
    ASSERT_TRUE(odd.has_value());
    EXPECT_FALSE(odd->expires);
}

TEST(OwnCredentials, ACertificateATokenAndNothingAtAll) {
    WorldContext world;
    auto const now = world.world.clock().wall();
    EXPECT_EQ(probe(world, own_credentials).status, Status::skipped);
    world.target.credentials.exec =
        kube::ExecPlugin{.api_version = "v1", .command = "login", .args = {}, .env = {}, .install_hint = {}};
    EXPECT_EQ(probe(world, own_credentials).status, Status::ok);
    world.target.credentials.certificate_pem =
        net::make_identity({.common_name = "me", .not_before = now - days(300), .not_after = now + 23h})
            .certificate_pem;
    auto got = probe(world, own_credentials);
    EXPECT_EQ(got.status, Status::critical);
    EXPECT_EQ(got.reason, "Expires");
    world.target.credentials.certificate_pem = "garbage";
    EXPECT_EQ(probe(world, own_credentials).reason, "Unreadable");
    world.target.credentials.certificate_pem.clear();
    world.target.credentials.token = token(now - days(100), now + days(3));
    got = probe(world, own_credentials);
    EXPECT_EQ(got.status, Status::warning);
    EXPECT_EQ(got.message,
              "Credential token of system:serviceaccount:ops:vedette expires in 3d (2026-01-04T00:00:00Z)");
}

TEST(OwnCredentials, WhatAPluginIssuedIsCriticalAtItsEndAndAWarningWhenItWasNotRenewed) {
    WallTime const now{days(20000)};
    auto const pem = [now](Duration left) {
        return net::make_identity({.common_name = "me", .not_before = now - days(1), .not_after = now + left})
            .certificate_pem;
    };
    struct Row {
        kube::IssuedCredentials issued;
        Status want;
        std::string_view reason;
    };
    for (auto const& row : {
             Row{{.token = "opaque", .certificate_pem = {}, .expires = {}}, Status::ok, ""},
             Row{{.token = "opaque", .certificate_pem = {}, .expires = now + 1s}, Status::ok, ""},
             Row{{.token = "opaque", .certificate_pem = {}, .expires = now}, Status::critical, "Expired"},
             Row{{.token = token(now - 14min, now + 1min), .certificate_pem = {}, .expires = now + 1s}, Status::ok, ""},
             Row{{.token = token(now - 14min, now + 1min), .certificate_pem = {}, .expires = now},
                 Status::warning,
                 "RenewalPastDue"},
             Row{{.token = token(now - 1h, now), .certificate_pem = {}, .expires = {}}, Status::critical, "Expired"},
             Row{{.token = {}, .certificate_pem = pem(1min), .expires = {}}, Status::ok, ""},
             Row{{.token = {}, .certificate_pem = pem(-1s), .expires = now + 1h}, Status::critical, "Expired"},
             Row{{.token = token(now - 1h, now + 1h), .certificate_pem = pem(-1s), .expires = {}},
                 Status::critical,
                 "Expired"},
         }) {
        auto const got = judge_issued(row.issued, now);
        EXPECT_EQ(got.status, row.want) << got.message;
        EXPECT_EQ(got.reason, row.reason) << got.message;
    }
}

/// Says what a plugin issued, or why it did not.
class IssuingApi final : public kube::Api {
public:
    explicit IssuingApi(Result<std::optional<kube::IssuedCredentials>> issued) : issued_(std::move(issued)) {}
    Task<kube::Response> send(kube::Request, Deadline) override { co_return fail(Errc::refused, "refused"); }
    Task<std::optional<kube::IssuedCredentials>> issued_credentials(Deadline) override { co_return issued_; }

private:
    Result<std::optional<kube::IssuedCredentials>> issued_;
};

TEST(OwnCredentials, APluginIsAskedAndItsTroubleIsOurs) {
    struct Row {
        Result<std::optional<kube::IssuedCredentials>> issued;
        Status want;
        std::string message;
    };
    WallTime const start{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
    kube::IssuedCredentials const good{.token = "t", .certificate_pem = {}, .expires = start + 1h};
    kube::IssuedCredentials const stale{.token = "t", .certificate_pem = {}, .expires = start - 1h};
    for (auto const& row : {
             Row{good, Status::ok, "our plugin's credential expires in 60m (2026-01-01T01:00:00Z)"},
             Row{stale, Status::critical, "Credential plugin's credential expired 60m ago (2025-12-31T23:00:00Z)"},
             Row{fail(Errc::denied, "credential plugin login: failed with exit code 1: log in first"), Status::critical,
                 "Credential plugin's credential cannot be had: credential plugin login: failed with exit code 1: log "
                 "in first"},
             Row{fail(Errc::timed_out, "credential plugin login: timed out"), Status::timeout,
                 "credential plugin login: timed out"},
         }) {
        WorldContext world;
        IssuingApi api(row.issued);
        kube::Client client(api, world.world.clock(), world.world.random());
        world.context.client = &client;
        world.target.credentials.exec =
            kube::ExecPlugin{.api_version = "v1", .command = "login", .args = {}, .env = {}, .install_hint = {}};
        auto const got = probe(world, own_credentials);
        EXPECT_EQ(got.status, row.want) << got.message;
        EXPECT_EQ(got.message, row.message);
    }
}

}  // namespace
}  // namespace vedette::check
