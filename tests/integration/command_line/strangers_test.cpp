// Servers that answer, but not as an API server would.

#include "integration/command_line/peer.hpp"
#include "integration/command_line/program.hpp"

namespace vedette::cli {
namespace {

using testing::HasSubstr;

constexpr char other_server[] = "; check that the kubeconfig names an API server and not some other one";

class CommandLineStrangers : public CommandLine {
protected:
    Ran check_http(net::HttpHandler handler, bool over_tls = true, std::string const& format = "json") {
        auto const http = net::make_http_server(sockets_.executor(), sockets_.clock(), sockets_.listen(),
                                                over_tls ? tls_.get() : nullptr, std::move(handler));
        Serving const serving(sockets_, http->serve());
        kubeconfig(fmt::format("{}://{}", over_tls ? "https" : "http", to_string(http->local())),
                   over_tls ? "certificate-authority: ca.crt" : "");
        return vedette({"check", "--kubeconfig", "config", "-o", format});
    }
    Ran check_peer(Peer& peer, std::string const& url) {
        Serving const serving(sockets_, peer.serve());
        kubeconfig(url, "certificate-authority: ca.crt");
        return vedette({"check", "--kubeconfig", "config", "-o", "json"});
    }
    std::unique_ptr<net::TlsServer> tls_ = tls_server(identity());
};

/// Shows its callers what they have sent, as debugging servers do.
Task<net::HttpResponse> mirror(net::ServerRequest request) {
    auto const page = fmt::format("<html>Authorization: {}", request.headers.get("Authorization").value_or(""));
    net::HttpResponse response{.status = 200};
    response.body = net::make_body(page);
    co_return response;
}

TEST_F(CommandLineStrangers, AWebServerThatKnowsNothing) {
    auto const ran = check_http(SameAnswer{.status = 404, .body = "not found\n", .content_type = "text/plain"});
    expect_unreachable(
        ran, fmt::format("/livez answers 404 and not like a Kubernetes API server: \"not found\"{}", other_server));
    auto const document = document_of(ran);
    EXPECT_EQ(message_of(document, "pods-oom"),
              "could not list pods: HTTP 404: \"not found\" is not JSON: not a Kubernetes API server?");
    EXPECT_EQ(message_of(document, "apiserver-latency"), "none of 5 requests succeeded: it answers 404");
    EXPECT_EQ(status_of(document, "apiserver-readyz"), "unknown");
}

// What Go's web servers say, and what an API server says of a group that it does not have.
TEST_F(CommandLineStrangers, AWebServerThatWordsItLikeAnApiServer) {
    auto const ran =
        check_http(SameAnswer{.status = 404, .body = "404 page not found\n", .content_type = "text/plain"});
    EXPECT_EQ(ran.code, 1);
    auto const document = document_of(ran);
    EXPECT_EQ(status_of(document, "apiserver-livez"), "critical");
    EXPECT_EQ(message_of(document, "pods-oom"),
              "could not list pods: the server could not find the requested resource (HTTP 404); every Kubernetes API "
              "server serves them");
    EXPECT_EQ(status_of(document, "hpa"), "skipped");
}

TEST_F(CommandLineStrangers, ALoginPage) {
    SameAnswer const page{
        .status = 200, .body = "<html>\n<title>Sign in</title>\n</html>", .content_type = "text/html"};
    for (bool const over_tls : {true, false}) {
        auto const ran = check_http(page, over_tls);
        expect_unreachable(ran, fmt::format("/livez answers 200 and not like a Kubernetes API server: \"<html> "
                                            "<title>Sign in</title> </html>\"{}",
                                            other_server));
        EXPECT_EQ(message_of(document_of(ran), "pods-oom"),
                  "could not list pods: HTTP 200: \"<html> <title>Sign in</title> </html>\" is not JSON: not a "
                  "Kubernetes API server?");
    }
    auto const ran = check_http(SameAnswer{.status = 502, .body = "<h1>502 Bad Gateway</h1>"});
    expect_unreachable(ran, fmt::format("/livez answers 502 and not like a Kubernetes API server: \"<h1>502 Bad "
                                        "Gateway</h1>\"{}",
                                        other_server));
}

TEST_F(CommandLineStrangers, AServerThatMirrorsOurHeadersGetsNoSecretPrinted) {
    for (auto const* format : {"json", "table", "records", "junit", "prometheus"}) {
        auto const ran = check_http(mirror, true, format);
        EXPECT_EQ(ran.code, 1) << format;
        if (std::string_view(format) == "json") EXPECT_THAT(ran.out, HasSubstr("Authorization: Bearer [redacted]"));
    }
}

TEST_F(CommandLineStrangers, AnswersInJsonThatAreNoKubernetes) {
    auto ran = check_http(SameAnswer{.status = 200, .body = R"({"hello":"world"})"});
    expect_unreachable(ran, fmt::format("/livez answers 200 and not like a Kubernetes API server: "
                                        "\"{{\"hello\":\"world\"}}\"{}",
                                        other_server));
    EXPECT_EQ(message_of(document_of(ran), "pods-oom"),
              "could not list pods: not a Kubernetes list: an object without items");
    ran = check_http(SameAnswer{.status = 200, .body = ""});
    expect_unreachable(
        ran, fmt::format("/livez answers 200 and not like a Kubernetes API server: an empty body{}", other_server));
    EXPECT_EQ(message_of(document_of(ran), "pods-oom"), "could not list pods: HTTP 200 without a body");
}

TEST_F(CommandLineStrangers, AMailServer) {
    Peer inside_tls(sockets_, tls_.get(), {.greeting = "220 mail.example ESMTP\r\n"});
    auto ran = check_peer(inside_tls, inside_tls.url());
    expect_unreachable(ran, testing::AllOf(HasSubstr("the peer does not speak HTTP"), testing::EndsWith(other_server)));
    Peer plain(sockets_, nullptr, {.greeting = "220 mail.example ESMTP\r\n"});
    ran = check_peer(plain, fmt::format("https://127.0.0.1:{}", plain.port()));
    expect_unreachable(ran, fmt::format("the API server cannot be reached: TLS handshake with 127.0.0.1:{}: the peer "
                                        "does not speak TLS; check the certificates in the kubeconfig, the server's, "
                                        "and this machine's clock",
                                        plain.port()));
}

TEST_F(CommandLineStrangers, CredentialsThatAreNotAccepted) {
    auto const ran = check_http(refusal(401, "Unauthorized", "Unauthorized"));
    expect_unreachable(ran,
                       "the API server does not accept our credentials (401); renew the credentials in the kubeconfig");
    auto const document = document_of(ran);
    EXPECT_EQ(status_of(document, "apiserver-readyz"), "unknown");
    EXPECT_EQ(status_of(document, "apiserver-latency"), "unknown");
    EXPECT_EQ(message_of(document, "pods-oom"), "could not list pods: Unauthorized (HTTP 401)");
}

TEST_F(CommandLineStrangers, NoPermissionAtAllNamesTheRightThatIsMissing) {
    auto const ran = check_http(refusal(403, "Forbidden", "nobody may do anything"));
    EXPECT_EQ(ran.code, 1);
    auto const document = document_of(ran);
    EXPECT_EQ(status_of(document, "apiserver-livez"), "unknown");
    EXPECT_EQ(message_of(document, "apiserver-livez"),
              "not allowed to ask /livez: needs the verb get on the nonResourceURL /livez");
    EXPECT_EQ(message_of(document, "pods-oom"),
              "no permission: this needs the verb list on pods in the whole cluster; with rights in one namespace "
              "only, use --namespace");
    EXPECT_EQ(message_of(document, "nodes-ready"), "no permission: this needs the verb list on nodes");
    for (auto const& check : document.at("checks").as_array()) {
        EXPECT_NE(check.at("status").as_string(), "critical") << check.at("message");
    }
}

}  // namespace
}  // namespace vedette::cli
