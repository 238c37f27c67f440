#include "net/http_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace vedette::net {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

using Variables = std::map<std::string, std::string>;

Result<std::optional<Url>> choose(Variables const& variables, std::string const& scheme, Endpoint const& endpoint) {
    return proxy_from_environment(scheme, endpoint, [&variables](std::string name) -> std::optional<std::string> {
        auto const found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
    });
}

TEST(NoProxy, EntriesMeanWhatTheyMeanToGo) {
    struct Row {
        std::string no_proxy;
        Endpoint endpoint;
        bool proxied;
    };
    for (auto const& row : {
             Row{"", {"shop.example", 443}, true},
             Row{"*", {"shop.example", 443}, false},
             Row{"a.example, *", {"shop.example", 443}, false},
             Row{"example", {"shop.example", 443}, false},
             Row{"shop.example", {"shop.example", 443}, false},
             Row{"shop.example", {"a.shop.example", 443}, false},
             Row{"shop.example", {"workshop.example", 443}, true},
             Row{".shop.example", {"shop.example", 443}, true},
             Row{".shop.example", {"a.shop.example", 443}, false},
             Row{"*.shop.example", {"a.shop.example", 443}, false},
             Row{"*.shop.example", {"shop.example", 443}, true},
             Row{"SHOP.example", {"Shop.Example", 443}, false},
             Row{"  shop.example ,x", {"shop.example", 443}, false},
             Row{"shop.example:443", {"shop.example", 443}, false},
             Row{"shop.example:443", {"shop.example", 80}, true},
             Row{":443", {"shop.example", 443}, true},
             Row{"10.0.0.1", {"10.0.0.1", 443}, false},
             Row{"10.0.0.1", {"10.0.0.10", 443}, true},
             Row{"10.0.0.1:80", {"10.0.0.1", 443}, true},
             Row{"10.0.0.1:443", {"10.0.0.1", 443}, false},
             Row{"10.0.0.1", {"::ffff:10.0.0.1", 443}, false},
             Row{"10.96.0.0/12", {"10.111.255.255", 443}, false},
             Row{"10.96.0.0/12", {"10.112.0.0", 443}, true},
             Row{"10.96.5.5/12", {"10.111.0.1", 443}, false},
             Row{"10.96.0.0/12", {"shop.example", 443}, true},
             Row{"fd00::/8", {"fd00::1", 443}, false},
             Row{"fd00::/8", {"fe80::1", 443}, true},
             Row{"fd00::/8", {"10.0.0.1", 443}, true},
             Row{"0.0.0.0/0", {"10.0.0.1", 443}, false},
             Row{"fd00::1", {"fd00::1", 443}, false},
             Row{"[fd00::1]:443", {"fd00::1", 443}, false},
             Row{"[fd00::1]:80", {"fd00::1", 443}, true},
             Row{"10.0.0.0/99", {"10.0.0.1", 443}, true},
             Row{"0.1", {"10.0.0.1", 443}, false},  // an entry that is no address is a suffix
             Row{",,", {"shop.example", 443}, true},
             Row{"", {"localhost", 443}, false},
             Row{"", {"127.0.0.1", 443}, false},
             Row{"", {"127.9.9.9", 443}, false},
             Row{"", {"::1", 443}, false},
         }) {
        SCOPED_TRACE(row.no_proxy + " for " + to_string(row.endpoint));
        auto const got = choose({{"HTTPS_PROXY", "http://p:3128"}, {"NO_PROXY", row.no_proxy}}, "https", row.endpoint);
        ASSERT_TRUE(got);
        EXPECT_EQ(got->has_value(), row.proxied);
    }
}

TEST(ProxyFromEnvironment, TheSchemeChoosesTheVariableAndCapitalsComeFirst) {
    Endpoint const there{"shop.example", 443};
    Variables const both{
        {"HTTPS_PROXY", "http://secure:1"}, {"https_proxy", "http://lower:1"}, {"http_proxy", "http://plain:2"}};
    EXPECT_EQ((*choose(both, "https", there))->host, "secure");
    EXPECT_EQ((*choose(both, "http", there))->host, "plain");
    EXPECT_EQ((*choose({{"HTTPS_PROXY", ""}, {"https_proxy", "http://lower:1"}}, "https", there))->host, "lower");
    EXPECT_FALSE(choose({{"HTTP_PROXY", "http://p:1"}}, "https", there)->has_value());
    EXPECT_FALSE(choose({{"HTTPS_PROXY", "http://p:1"}, {"no_proxy", "example"}}, "https", there)->has_value());
}

TEST(ProxyFromEnvironment, AHostAndPortAreEnoughAndRubbishIsNamed) {
    Endpoint const there{"shop.example", 443};
    auto const bare = choose({{"HTTPS_PROXY", "p.example:3128"}}, "https", there);
    ASSERT_TRUE(bare && *bare);
    EXPECT_EQ((*bare)->scheme, "http");
    EXPECT_EQ((*bare)->port, 3128);
    EXPECT_EQ((*choose({{"HTTPS_PROXY", "https://me:secret@p"}}, "https", there))->user, "me:secret");
    for (std::string const bad : {"socks5://p:1080", "http://p:port", "me:secret@:1"}) {
        auto const got = choose({{"HTTPS_PROXY", bad}}, "https", there);
        ASSERT_FALSE(got) << bad;
        EXPECT_EQ(got.error().code(), Errc::invalid_input);
        EXPECT_THAT(got.error().text(), StartsWith("HTTPS_PROXY: "));
        EXPECT_THAT(got.error().text(), testing::Not(HasSubstr("secret")));
    }
    auto const cgi = choose({{"HTTP_PROXY", "http://p:1"}, {"REQUEST_METHOD", "GET"}}, "http", there);
    ASSERT_FALSE(cgi);
    EXPECT_EQ(cgi.error().code(), Errc::invalid_input);
}

// Through a proxy -----------------------------------------------------------------------------------------------

Endpoint const proxy_at{"p", 3128};
std::string const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

Url proxy_url(std::string const& text = "http://p:3128") {
    return *parse_url(text);
}
Origin through(Url proxy) {
    return {.endpoint = {"api", 6443}, .tls = TlsOptions{.server_name = "api"}, .proxy = std::move(proxy)};
}

void tunnel(HttpWorld& w) {
    w.script(proxy_at, [](std::string const& request, std::size_t) {
        return Reply{request.starts_with("CONNECT") ? "HTTP/1.1 200 Connection established\r\n\r\n" : answer};
    });
}

TEST(Proxy, AnHttpsOriginIsReachedThroughATunnelThatIsKept) {
    HttpWorld w;
    tunnel(w);
    for (int i = 0; i < 2; ++i) {
        auto const got = w.get(through(proxy_url("http://me:pass%20word@p:3128")));
        ASSERT_TRUE(got) << got.error().text();
        EXPECT_EQ(got->body, "hi");
    }
    ASSERT_EQ(w.requests.size(), 3u);
    EXPECT_EQ(w.requests[0],
              "CONNECT api:6443 HTTP/1.1\r\nHost: api:6443\r\nProxy-Authorization: Basic bWU6cGFzcyB3b3Jk\r\n\r\n");
    EXPECT_THAT(w.requests[1], StartsWith("GET / HTTP/1.1\r\nHost: api:6443\r\n"));
    EXPECT_THAT(w.requests[1], testing::Not(HasSubstr("Proxy-Authorization")));
    EXPECT_THAT(w.tls.handshakes(), testing::ElementsAre("api"));
}

TEST(Proxy, AnHttpsProxyIsSpokenToOverTls) {
    HttpWorld w;
    tunnel(w);
    ASSERT_TRUE(w.get(through(proxy_url("https://p:3128"))));
    EXPECT_THAT(w.tls.handshakes(), testing::ElementsAre("p", "api"));
}

TEST(Proxy, APlainOriginIsAskedForInAbsoluteForm) {
    HttpWorld w;
    w.always(proxy_at, answer);
    Origin const origin{.endpoint = {"shop", 8080}, .tls = {}, .proxy = proxy_url("http://a:b@p:3128")};
    ASSERT_TRUE(w.get(origin, "/x?y"));
    EXPECT_THAT(w.requests[0], StartsWith("GET http://shop:8080/x?y HTTP/1.1\r\nHost: shop:8080\r\n"));
    EXPECT_THAT(w.requests[0], HasSubstr("Proxy-Authorization: Basic YTpi\r\n"));
}

// RFC 7617, section 2: the colon stands even before an empty password.
TEST(Proxy, AUserWithoutPasswordIsSentWithItsColon) {
    EXPECT_EQ(basic_authorization("joe"), "Basic am9lOg==");
    EXPECT_EQ(basic_authorization("joe:"), "Basic am9lOg==");
    EXPECT_EQ(basic_authorization("joe:pass:word"), "Basic am9lOnBhc3M6d29yZA==");
}

TEST(Proxy, TheWayToAUrlHasTlsForHttpsAndTheProxyOfTheEnvironment) {
    auto const url = parse_url("https://[::1]:8443/a?b").value();
    auto const straight = origin_of(url, {}).value();
    EXPECT_EQ(to_string(straight.endpoint), "[::1]:8443");
    ASSERT_TRUE(straight.tls);
    EXPECT_EQ(straight.tls->server_name, "::1");
    EXPECT_TRUE(straight.tls->verify);
    EXPECT_FALSE(straight.proxy);

    auto const variables = [](std::string name) -> std::optional<std::string> {
        if (name == "HTTP_PROXY") return "p:3128";
        if (name == "HTTPS_PROXY") return "::";
        return std::nullopt;
    };
    auto const plain = origin_of(parse_url("http://shop").value(), variables).value();
    EXPECT_FALSE(plain.tls);
    ASSERT_TRUE(plain.proxy);
    EXPECT_EQ(plain.proxy->host, "p");
    EXPECT_EQ(origin_of(parse_url("https://shop").value(), variables).error().code(), Errc::invalid_input);
}

TEST(Proxy, ARefusalNamesProxyAndTarget) {
    HttpWorld w;
    w.always(proxy_at, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    auto const got = w.get(through(proxy_url()));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), Errc::proxy_failure);
    EXPECT_EQ(got.error().text(), "proxy p:3128 refused to connect to api:6443: 403 Forbidden");
    EXPECT_EQ(w.client->open_connections(), 0u);
    EXPECT_TRUE(w.tls.handshakes().empty());

    HttpWorld plain;
    plain.always(proxy_at, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    auto const unauthorized = plain.get({.endpoint = {"shop", 80}, .tls = {}, .proxy = proxy_url()});
    ASSERT_FALSE(unauthorized);
    EXPECT_EQ(unauthorized.error().code(), Errc::proxy_failure);
}

TEST(Proxy, ASilentOneIsNamedAtTheDeadline) {
    HttpWorld w;
    w.network.set_faults(proxy_at, {.silent_after = 0});
    tunnel(w);
    auto const got = w.get(through(proxy_url()), "/", 5s);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), Errc::timed_out);
    EXPECT_EQ(got.error().text(), "no answer from proxy p:3128 within the deadline (proxy CONNECT)");
    EXPECT_EQ(w.world.elapsed(), 5s);
    EXPECT_EQ(w.client->open_connections(), 0u);
}

TEST(Proxy, OneThatIsNotThereOrTalksIntoTheTunnelIsNamed) {
    HttpWorld w;
    auto const absent = w.get(through(proxy_url()));
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().text(), "proxy: connect p:3128: connection refused");
    w.always(proxy_at, "HTTP/1.1 200 OK\r\n\r\nHello");
    auto const chatty = w.get(through(proxy_url()));
    ASSERT_FALSE(chatty);
    EXPECT_EQ(chatty.error().code(), Errc::proxy_failure);
}

TEST(Proxy, DirectAndProxiedConnectionsAreNeverMixed) {
    HttpWorld w;
    tunnel(w);
    w.always({"api", 6443}, answer);
    ASSERT_TRUE(w.get(through(proxy_url())));
    auto direct = through(proxy_url());
    direct.proxy.reset();
    ASSERT_TRUE(w.get(direct));
    EXPECT_EQ(w.network.connections(), 2u);
}

}  // namespace
}  // namespace vedette::net
