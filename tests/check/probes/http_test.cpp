// The http check in a virtual network: what each option changes, and what each outage is called. Real TLS is
// http_tls_test.cpp's business.

#include "check/probes/suite_run.hpp"

#include <boost/json.hpp>

namespace vedette::check {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

net::Endpoint const shop{"shop.example", 80};
net::Endpoint const secure_shop{"shop.example", 443};

std::string answer(std::string body = "hello", std::string status = "200 OK", std::string headers = "") {
    return fmt::format("HTTP/1.1 {}\r\n{}Content-Length: {}\r\n\r\n{}", status, headers, body.size(), body);
}

std::string redirect(std::string location, std::string status = "302 Found") {
    return answer("", std::move(status), "Location: " + location + "\r\n");
}

/// The check with `more` parameters beside the URL.
std::string http_check(std::string more = "", std::string common = "") {
    return fmt::format("{{type: http, {}with: {{url: 'http://shop.example/health'{}{}}}}}",
                       common.empty() ? "" : common + ", ", more.empty() ? "" : ", ", more);
}

/// What the check says about a shop that answers with these bytes.
std::string says(std::string const& bytes, std::string more = "", bool close = false) {
    ProbeWorld world;
    world.always(shop, bytes, close);
    return said(world.outcome(http_check(std::move(more))));
}

// --- a good answer ------------------------------------------------------------------------------------------------

TEST(HttpProbe, AGoodAnswerIsOkWithItsNumbers) {
    ProbeWorld world;
    world.always(shop, answer());
    auto const report = world.check(http_check());
    EXPECT_EQ(said(report.outcome), "ok Ok: http://shop.example/health answered 200 in 0 ms");
    EXPECT_EQ(report.identity, (Identity{"http", "http", "probes", "kubernetes"}));
    EXPECT_EQ(report.outcome.checked, 1);
    EXPECT_EQ(report.outcome.failed, 0);
    EXPECT_EQ(report.outcome.details.at("http_status"), 200);
    EXPECT_EQ(report.outcome.details.at("redirects"), 0);
    EXPECT_EQ(measured(report.outcome, "body_bytes"), 5);
    EXPECT_EQ(report.outcome.thresholds, (std::vector<Threshold>{{"response", "1s", "5s"}}));
    ASSERT_EQ(world.requests.size(), 1U);
    EXPECT_THAT(world.requests[0], AllOf(HasSubstr("GET /health HTTP/1.1\r\n"), HasSubstr("Host: shop.example\r\n"),
                                         HasSubstr("User-Agent: vedette/")));
}

// --- outages, each in its own words ---------------------------------------------------------------------------------

struct Outage {
    char const* what;
    world::Faults faults;
    std::string want;
};

TEST(HttpProbe, EachOutageOfTheNetworkIsToldApart) {
    auto const head = answer("0123456789").size() - 10;
    for (auto const& row : {
             Outage{"a closed port",
                    {.refuse = true},
                    "critical RequestFailed: http://shop.example/health: connect shop.example:80: connection refused"},
             Outage{"a firewall that drops",
                    {.blackhole = true},
                    "timeout DeadlineExceeded: http://shop.example/health: connect shop.example:80: timed out"},
             Outage{"a peer that is far away",
                    {.latency = 11s},
                    "timeout DeadlineExceeded: http://shop.example/health: connect shop.example:80: timed out"},
             Outage{"a program that hangs",
                    {.silent_after = 0},
                    "timeout DeadlineExceeded: http://shop.example/health: no answer from shop.example:80 within the "
                    "deadline (header)"},
             Outage{"silence in the body",
                    {.silent_after = head + 3},
                    "timeout DeadlineExceeded: http://shop.example/health: no answer from shop.example:80 within the "
                    "deadline (body, after 3 of 10 bytes)"},
             Outage{"a reset instead of an answer",
                    {.reset_after = 0},
                    "critical RequestFailed: http://shop.example/health: header with shop.example:80: connection reset "
                    "by peer"},
             Outage{"a reset in the body",
                    {.reset_after = head + 3},
                    "critical RequestFailed: http://shop.example/health: body from shop.example:80: connection reset "
                    "after 3 of 10 bytes"},
             Outage{"an end instead of an answer",
                    {.close_after = 0},
                    "critical RequestFailed: http://shop.example/health: header with shop.example:80: the peer closed "
                    "without an answer"},
             Outage{"an end in the header",
                    {.close_after = 9},
                    "critical RequestFailed: http://shop.example/health: header with shop.example:80: the peer closed "
                    "after 9 bytes of the header"},
             Outage{"an end in the body",
                    {.close_after = head + 3},
                    "critical RequestFailed: http://shop.example/health: body from shop.example:80: the peer closed "
                    "after 3 of 10 bytes"},
             Outage{"a trickle",
                    {.dribble_bytes = 1, .dribble_every = 1s},
                    "timeout DeadlineExceeded: http://shop.example/health: no answer from shop.example:80 within the "
                    "deadline (header)"},
         }) {
        SCOPED_TRACE(row.what);
        ProbeWorld world;
        world.always(shop, answer("0123456789"));
        world.network.set_faults(shop, row.faults);
        auto const report = world.check(http_check());
        EXPECT_EQ(said(report.outcome), row.want);
        EXPECT_LE(report.duration, 10s);
        EXPECT_EQ(world.client->open_connections(), 0U);
    }
}

TEST(HttpProbe, AnUnknownNameIsToldApartFromAClosedPort) {
    ProbeWorld world;
    world.network.forget_name("shop.example");
    EXPECT_EQ(said(world.outcome(http_check())),
              "critical RequestFailed: http://shop.example/health: connect shop.example:80: no such host");
}

TEST(HttpProbe, WrongAnswersAreNamed) {
    std::string const header = "critical RequestFailed: http://shop.example/health: header with shop.example:80: ";
    std::string const body = "critical RequestFailed: http://shop.example/health: body from shop.example:80: ";
    EXPECT_EQ(says("SSH-2.0-OpenSSH_9.2\r\n", "", true), header + "the peer does not speak HTTP");
    EXPECT_EQ(says("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
              header + "malformed response header: multiple Content-Length");
    EXPECT_EQ(says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), body + "malformed chunk: no size");
    EXPECT_EQ(says("HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x')), header + "a header of more than 65536 bytes");
    EXPECT_EQ(says("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"),
              body + "malformed gzip data: incorrect header check");
}

TEST(HttpProbe, ABodyPastMaxBytesIsNotReadAndSaysSo) {
    EXPECT_EQ(says(answer("0123456789"), "max_bytes: 9"),
              "critical RequestFailed: http://shop.example/health: a body of more than 9 bytes");
    EXPECT_THAT(says(answer("0123456789"), "max_bytes: 10"), HasSubstr("ok Ok"));
}

// --- TLS that fails -------------------------------------------------------------------------------------------------

TEST(HttpProbe, AFailedAndAHangingHandshakeAreNamed) {
    std::string const yaml = "{type: http, with: {url: 'https://shop.example/'}}";
    ProbeWorld failing;
    failing.always(secure_shop, answer());
    failing.tls.fail_with(Error(Errc::tls_failure, "certificate is for other.example, not shop.example"));
    EXPECT_EQ(said(failing.outcome(yaml)),
              "critical RequestFailed: https://shop.example/: TLS handshake with shop.example:443: certificate is for "
              "other.example, not shop.example");
    ProbeWorld hanging;
    hanging.always(secure_shop, answer());
    hanging.tls.hang(true);
    EXPECT_EQ(said(hanging.outcome(yaml)),
              "timeout DeadlineExceeded: https://shop.example/: no answer from shop.example:443 within the deadline "
              "(TLS handshake)");
}

TEST(HttpProbe, ServerNameReplacesTheHostInTheHandshakeWithTheFirstHostOnly) {
    ProbeWorld world;
    world.always(secure_shop, redirect("https://till.example/"));
    world.always({"till.example", 443}, answer());
    auto const outcome =
        world.outcome("{type: http, with: {url: 'https://shop.example/', server_name: internal.example}}");
    EXPECT_EQ(outcome.status, Status::ok) << outcome.message;
    EXPECT_THAT(world.tls.handshakes(), ElementsAre("internal.example", "till.example"));
}

// --- the certificate's days
// -------------------------------------------------------------------------------------------

Outcome with_days_left(int days, std::string more = "") {
    ProbeWorld world;
    world.always(secure_shop, answer());
    auto const now = world.world.clock().wall();
    world.tls.set_peer_chain({{.subject = "CN=shop",
                               .issuer = "CN=ca",
                               .not_before = now - std::chrono::days(300),
                               .not_after = now + std::chrono::days(days),
                               .names = {}}});
    return world.outcome(fmt::format("{{type: http, with: {{url: 'https://shop.example/'{}}}}}", more));
}

TEST(HttpProbe, ACertificateNearItsEndTurnsTheCheckAtItsLimits) {
    EXPECT_EQ(said(with_days_left(22)), "ok Ok: https://shop.example/ answered 200 in 0 ms");
    EXPECT_EQ(said(with_days_left(20)),
              "warning CertificateExpires: https://shop.example/ answered 200 in 0 ms, and its certificate expires in "
              "20d (2026-01-21T00:00:00Z)");
    EXPECT_EQ(with_days_left(6).status, Status::critical);
    EXPECT_EQ(with_days_left(6, ", certificate_critical: 5d").status, Status::warning);
    EXPECT_EQ(with_days_left(20, ", certificate_warning: 10d").status, Status::ok);
    EXPECT_EQ(with_days_left(6, ", insecure: true").status, Status::ok) << "any certificate is any certificate";
    EXPECT_EQ(measured(with_days_left(20), "certificate_left_seconds"), 20 * 86400.0);
    EXPECT_EQ(with_days_left(20).thresholds.at(1), (Threshold{"certificate_left", "21d", "7d"}));
}

// --- the request
// ------------------------------------------------------------------------------------------------------

TEST(HttpProbe, MethodHeadersAndBodyAreSent) {
    ProbeWorld world;
    world.always(shop, answer());
    world.outcome(http_check("method: POST, body: 'a=1', headers: {Content-Type: text/plain, X-Count: 7}"));
    ASSERT_EQ(world.requests.size(), 1U);
    EXPECT_THAT(world.requests[0],
                AllOf(HasSubstr("POST /health HTTP/1.1\r\n"), HasSubstr("Content-Type: text/plain\r\n"),
                      HasSubstr("X-Count: 7\r\n"), HasSubstr("Content-Length: 3\r\n"), HasSubstr("\r\n\r\na=1")));
}

TEST(HttpProbe, AUserAgentAndAnAuthorizationOfTheSuiteReplaceOurs) {
    ProbeWorld world;
    world.always(shop, answer());
    world.outcome(
        "{type: http, with: {url: 'http://joe:pw@shop.example/', headers: {User-Agent: probe, Authorization: Bearer "
        "x}}}");
    EXPECT_THAT(world.requests.at(0), AllOf(HasSubstr("User-Agent: probe\r\n"), Not(HasSubstr("vedette/")),
                                            HasSubstr("Authorization: Bearer x\r\n"), Not(HasSubstr("Basic"))));
}

TEST(HttpProbe, TheUserOfTheUrlBecomesBasicAuthorizationAndIsNeverPrinted) {
    ProbeWorld world;
    world.always(shop, answer("", "401 Unauthorized"));
    auto const outcome = world.outcome("{type: http, with: {url: 'http://joe:hunter2@shop.example/?token=hunter3'}}");
    EXPECT_THAT(world.requests.at(0), HasSubstr("Authorization: Basic am9lOmh1bnRlcjI=\r\n"));
    EXPECT_THAT(outcome.message, AllOf(HasSubstr("answered 401"), Not(HasSubstr("hunter"))));
    EXPECT_THAT(boost::json::serialize(outcome.details), Not(HasSubstr("hunter")));
}

TEST(HttpProbe, AHeadHasNoBodyToWaitFor) {
    EXPECT_THAT(says("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "method: HEAD"), HasSubstr("ok Ok"));
}

TEST(HttpProbe, AProxyOfTheEnvironmentIsUsedUnlessNoProxyNamesTheHost) {
    for (auto const& [no_proxy, first_line] : {std::pair{"", "GET http://shop.example/health HTTP/1.1\r\n"},
                                               std::pair{"shop.example", "GET /health HTTP/1.1\r\n"}}) {
        ProbeWorld world;
        world.always(shop, answer());
        world.always({"proxy.example", 3128}, answer());
        world.context.environment = [no_proxy](std::string name) -> std::optional<std::string> {
            if (name == "HTTP_PROXY") return "http://proxy.example:3128";
            if (name == "NO_PROXY") return no_proxy;
            return std::nullopt;
        };
        EXPECT_EQ(world.outcome(http_check()).status, Status::ok);
        EXPECT_THAT(world.requests.at(0), HasSubstr(first_line));
    }
}

TEST(HttpProbe, AProxyThatRefusesIsNamed) {
    ProbeWorld world;
    world.always({"proxy.example", 3128}, answer("", "403 Forbidden"));
    world.context.environment = [](std::string name) -> std::optional<std::string> {
        if (name == "HTTPS_PROXY") return "http://proxy.example:3128";
        return std::nullopt;
    };
    EXPECT_EQ(said(world.outcome("{type: http, with: {url: 'https://shop.example/'}}")),
              "critical RequestFailed: https://shop.example/: proxy proxy.example:3128 refused to connect to "
              "shop.example:443: 403 Forbidden");
}

// --- the answer
// ---------------------------------------------------------------------------------------------------------

TEST(HttpProbe, StatusesAreCodesAndClasses) {
    EXPECT_EQ(says(answer("", "503 Service Unavailable")),
              "critical UnexpectedStatus: http://shop.example/health answered 503, expected 2xx");
    EXPECT_EQ(says(answer("", "404 Not Found"), "status: ['204', 5xx]"),
              "critical UnexpectedStatus: http://shop.example/health answered 404, expected 204 or 5xx");
    EXPECT_THAT(says(answer("", "503 Service Unavailable"), "status: ['204', 5xx]"), HasSubstr("ok Ok"));
    EXPECT_THAT(says(answer("", "404 Not Found"), "status: ['404']"), HasSubstr("ok Ok"));
    EXPECT_THAT(says(answer("", "404 Not Found"), "status: [xxx]"), HasSubstr("ok Ok"));
}

TEST(HttpProbe, TheBodyMustMatchAndMustNot) {
    EXPECT_THAT(says(answer("all is well"), "match: 'is (well|good)'"), HasSubstr("ok Ok"));
    EXPECT_EQ(
        says(answer("all is lost"), "match: 'is (well|good)'"),
        "critical BodyMismatch: http://shop.example/health answered 200, but the body does not match is (well|good)");
    EXPECT_THAT(says(answer("all is well"), "no_match: lost"), HasSubstr("ok Ok"));
    EXPECT_EQ(says(answer("all is lost"), "no_match: lost"),
              "critical BodyMismatch: http://shop.example/health answered 200, but the body matches lost");
    EXPECT_THAT(says(answer("all is well"), "match: 'well'") + says(answer("well", "500 Oops"), "match: lost"),
                HasSubstr("UnexpectedStatus"))
        << "the status is judged first";
}

TEST(HttpProbe, HeadersOfTheAnswerMustMatch) {
    auto const json_answer = answer("{}", "200 OK", "Content-Type: application/json; charset=utf-8\r\n");
    EXPECT_THAT(says(json_answer, "match_headers: {content-type: '^application/json'}"), HasSubstr("ok Ok"));
    EXPECT_EQ(says(json_answer, "match_headers: {Content-Type: ^text/}"),
              "critical HeaderMismatch: http://shop.example/health answered 200, but its header Content-Type is "
              "\"application/json; charset=utf-8\", which does not match ^text/");
    EXPECT_EQ(says(json_answer, "match_headers: {X-Version: .}"),
              "critical HeaderMismatch: http://shop.example/health answered 200, but without the header X-Version");
}

TEST(HttpProbe, ValuesInAJsonBodyMustStandWhereTheyShould) {
    auto const body = answer(R"({"status": "UP", "parts": [{"name": "db", "lag": 2.0}], "token": "hunter2"})");
    EXPECT_THAT(says(body, "json: {status: UP, parts.0.lag: 2}"), HasSubstr("ok Ok"));
    EXPECT_EQ(says(body, "json: {status: DOWN}"),
              "critical BodyMismatch: http://shop.example/health answered 200, but status in its JSON is \"UP\", "
              "expected \"DOWN\"");
    EXPECT_EQ(
        says(body, "json: {parts.1.name: db}"),
        "critical BodyMismatch: http://shop.example/health answered 200, but parts.1.name in its JSON is missing, "
        "expected \"db\"");
    EXPECT_THAT(
        says(answer("<html>"), "json: {status: UP}"),
        HasSubstr("critical BodyMismatch: http://shop.example/health answered 200, but not with JSON: body:1:1"));
}

TEST(HttpProbe, SlowAnswersTurnAtTheirLimits) {
    auto const after = [](Duration delay, std::string more = "") {
        ProbeWorld world;
        world.script(shop, [delay](std::string const&, std::size_t) { return net::Reply{answer(), false, delay}; });
        return said(world.outcome(http_check(std::move(more))));
    };
    EXPECT_THAT(after(1s), HasSubstr("ok Ok"));
    EXPECT_EQ(after(1001ms), "warning Slow: http://shop.example/health answered 200 in 1001 ms");
    EXPECT_EQ(after(5001ms), "critical Slow: http://shop.example/health answered 200 in 5001 ms");
    EXPECT_THAT(after(1001ms, "warning: 2s"), HasSubstr("ok Ok"));
    EXPECT_THAT(after(1001ms, "critical: 1s"), HasSubstr("critical Slow"));
}

// --- redirects
// ----------------------------------------------------------------------------------------------------------

TEST(HttpProbe, RedirectsAreFollowedWhereverTheirFormLeads) {
    for (auto const* location : {"/new?x=1", "http://shop.example/new?x=1", "//shop.example/new?x=1", "new?x=1",
                                 "./a/../new?x=1", "http://shop.example:80/new?x=1#part"}) {
        SCOPED_TRACE(location);
        ProbeWorld world;
        world.script(shop, [location](std::string const&, std::size_t n) {
            return net::Reply{n == 0 ? redirect(location) : answer()};
        });
        auto const outcome = world.outcome(http_check());
        EXPECT_EQ(outcome.status, Status::ok) << outcome.message;
        EXPECT_EQ(outcome.details.at("redirects"), 1);
        EXPECT_THAT(outcome.details.at("final_url").as_string(), HasSubstr("/new?x=1"));
        EXPECT_THAT(world.requests.at(1), HasSubstr("GET /new?x=1 HTTP/1.1\r\n"));
    }
}

TEST(HttpProbe, RedirectsInACircleEndAtTheirLimit) {
    ProbeWorld world;
    world.always(shop, redirect("/again"));
    EXPECT_EQ(said(world.outcome(http_check("max_redirects: 3"))),
              "critical RequestFailed: http://shop.example/health: more than 3 redirects, the last to /again");
    EXPECT_EQ(world.requests.size(), 4U);
}

TEST(HttpProbe, ARedirectIsTheAnswerWhenNoneIsFollowedOrItsStatusIsWanted) {
    EXPECT_EQ(says(redirect("/new"), "max_redirects: 0"),
              "critical UnexpectedStatus: http://shop.example/health answered 302, expected 2xx");
    EXPECT_THAT(says(redirect("/new"), "status: [3xx]"), HasSubstr("ok Ok: http://shop.example/health answered 302"));
    EXPECT_THAT(says(answer("", "304 Not Modified")), HasSubstr("answered 304, expected 2xx"));
    EXPECT_THAT(says(answer("", "302 Found")), HasSubstr("answered 302, expected 2xx")) << "without a Location";
}

TEST(HttpProbe, ARedirectThatCannotBeFollowedSaysWhereItWantedToGo) {
    EXPECT_EQ(
        says(redirect("ftp://shop.example/")),
        "critical RequestFailed: http://shop.example/health: it redirects to \"ftp://shop.example/\", not a usable "
        "URL: it does not begin with http:// or https://");
    EXPECT_THAT(says(redirect("http://shop.example:0/")), HasSubstr("port"));
}

TEST(HttpProbe, APostBecomesAGetWhereThatIsTheCustomAndStaysOneElsewhere) {
    for (auto const& [status, second] :
         {std::pair{"303 See Other", "GET /new"}, std::pair{"302 Found", "GET /new"},
          std::pair{"307 Temporary Redirect", "POST /new"}, std::pair{"308 Permanent Redirect", "POST /new"}}) {
        ProbeWorld world;
        world.script(shop, [status](std::string const&, std::size_t n) {
            return net::Reply{n == 0 ? redirect("/new", status) : answer()};
        });
        world.outcome(http_check("method: POST, body: 'a=1'"));
        EXPECT_THAT(world.requests.at(1), HasSubstr(second)) << status;
        auto const is_post = std::string_view(second).starts_with("POST");
        EXPECT_EQ(world.requests.at(1).find("a=1") != std::string::npos, is_post) << status;
    }
}

TEST(HttpProbe, SecretsGoToTheFirstHostAloneAndStayOnTheWayThere) {
    ProbeWorld world;
    world.script(shop, [](std::string const&, std::size_t n) {
        return net::Reply{redirect(n == 0 ? "/inside" : "http://till.example/")};
    });
    world.always({"till.example", 80}, answer());
    auto const outcome = world.outcome(
        "{type: http, with: {url: 'http://joe:pw@shop.example/', headers: {Cookie: c, X-Api-Key: k, Accept: "
        "text/html}}}");
    EXPECT_EQ(outcome.status, Status::ok) << outcome.message;
    ASSERT_EQ(world.requests.size(), 3U);
    for (auto const* secret : {"Authorization: Basic", "Cookie: c", "X-Api-Key: k"}) {
        EXPECT_THAT(world.requests[0], HasSubstr(secret));
        EXPECT_THAT(world.requests[1], HasSubstr(secret));
        EXPECT_THAT(world.requests[2], Not(HasSubstr(secret)));
    }
    EXPECT_THAT(world.requests[2], HasSubstr("Accept: text/html\r\n"));
}

// --- common parameters
// --------------------------------------------------------------------------------------------------

TEST(HttpProbe, RetriesAskAgainWithinTheDeadline) {
    ProbeWorld world;
    world.script(shop, [](std::string const&, std::size_t n) {
        return net::Reply{n < 2 ? answer("", "503 Service Unavailable") : answer()};
    });
    auto const report = world.check(http_check("", "retries: 2"));
    EXPECT_EQ(report.outcome.status, Status::ok);
    EXPECT_EQ(report.attempts, 3);

    ProbeWorld once;
    once.always(shop, answer("", "503 Service Unavailable"));
    EXPECT_EQ(once.check(http_check("", "retries: 1")).attempts, 2);
    EXPECT_EQ(once.requests.size(), 2U);
}

TEST(HttpProbe, TheTimeoutOfTheInstanceIsTheDeadlineAndTheProbesOwnWordsComeInTime) {
    ProbeWorld world;
    world.always(shop, answer());
    world.network.set_faults(shop, {.blackhole = true});
    auto const report = world.check(http_check("", "timeout: 2s"));
    EXPECT_EQ(said(report.outcome),
              "timeout DeadlineExceeded: http://shop.example/health: connect shop.example:80: timed out");
    EXPECT_EQ(report.timeout, 2s);
    EXPECT_EQ(report.duration, 1900ms);
}

// --- parameters that cannot be used
// -----------------------------------------------------------------------------------------

TEST(HttpProbe, ParametersThatCannotBeUsedAreUnknownAndNamed) {
    EXPECT_THAT(says(answer(), "match: '('"), HasSubstr("unknown InvalidParameter: match is not an RE2 expression: "));
    EXPECT_THAT(says(answer(), "no_match: '['"), HasSubstr("unknown InvalidParameter: no_match is not an RE2"));
    EXPECT_THAT(says(answer(), "match_headers: {Server: '('}"),
                HasSubstr("unknown InvalidParameter: match_headers.Server is not an RE2 expression: "));
    EXPECT_EQ(says(answer(), "status: ['20']"),
              "unknown InvalidParameter: status 20 is neither a code nor a class such as 2xx");
    EXPECT_EQ(says(answer(), "status: []"), "unknown InvalidParameter: status names no code that would be accepted");
    EXPECT_EQ(says(answer(), "headers: {\"X\\nY\": z}"),
              "unknown InvalidParameter: http://shop.example/health: a request that cannot be written as HTTP");
    ProbeWorld world;
    EXPECT_EQ(said(world.outcome("{type: http, with: {url: 'shop.example'}}")),
              "unknown InvalidParameter: shop.example: not a usable URL: it does not begin with http:// or https://");
}

}  // namespace
}  // namespace vedette::check
