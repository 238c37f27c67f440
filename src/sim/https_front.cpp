#include "sim/https_front.hpp"

#include "base/base64.hpp"
#include "net/dialer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::sim {
namespace {

constexpr std::size_t request_limit = 8u << 20;

net::HttpResponse unauthorized() {
    net::HttpResponse response;
    response.status = 401;
    response.headers.add("Content-Type", "application/json");
    response.body = net::make_body(
        R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401})"
        "\n");
    return response;
}

Result<std::vector<std::pair<std::string, std::string>>> query_of(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> query;
    while (!text.empty()) {
        auto const ampersand = text.find('&');
        auto const part = text.substr(0, ampersand);
        text.remove_prefix(ampersand == std::string_view::npos ? text.size() : ampersand + 1);
        if (part.empty()) continue;
        auto const equals = part.find('=');
        auto const decode = [](std::string_view encoded) {
            std::string spaced(encoded);
            std::replace(spaced.begin(), spaced.end(), '+', ' ');
            return net::percent_decode(spaced);
        };
        auto name = decode(part.substr(0, equals));
        if (!name) return pass(name);
        auto value = decode(equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1));
        if (!value) return pass(value);
        query.emplace_back(std::move(*name), std::move(*value));
    }
    return query;
}

Result<kube::Request> request_of(net::ServerRequest& http) {
    kube::Request request;
    auto const mark = http.target.find('?');
    auto query =
        query_of(mark == std::string::npos ? std::string_view() : std::string_view(http.target).substr(mark + 1));
    if (!query) return pass(query);
    request.method = std::move(http.method);
    request.path = http.target.substr(0, mark);
    request.query = std::move(*query);
    request.accept = http.headers.get("Accept").value_or("application/json");
    request.content_type = http.headers.get("Content-Type").value_or("");
    request.body = std::move(http.body);
    request.what = request.method + " " + request.path;
    return request;
}

}  // namespace

struct HttpsFront::State {
    kube::fake::ApiServer& api;
    std::string authorization;
    std::unique_ptr<net::TlsServer> tls;
    std::unique_ptr<net::HttpServer> http;

    Task<net::HttpResponse> answer(net::ServerRequest request) {
        if (request.client_chain.empty() && request.headers.get("Authorization") != authorization) {
            co_return unauthorized();
        }
        auto kube_request = request_of(request);
        if (!kube_request) co_return pass(kube_request);
        auto answered = co_await api.send(std::move(*kube_request), no_deadline);
        if (!answered) co_return pass(answered);
        net::HttpResponse response;
        response.status = answered->status;
        response.headers = std::move(answered->headers);
        response.body = std::move(answered->body);
        co_return response;
    }
};

Keys make_keys(WallTime now, Random& random, Duration lifetime) {
    auto const from = now - std::chrono::hours(1);
    auto const until = now + lifetime;
    Keys keys;
    keys.authority = net::make_identity(
        {.common_name = "vedette-sim-ca", .not_before = from, .not_after = until, .is_authority = true});
    keys.server = net::make_identity({.common_name = "kube-apiserver",
                                      .names = {"127.0.0.1", "::1", "localhost", "kubernetes.default.svc"},
                                      .not_before = from,
                                      .not_after = until},
                                     &keys.authority);
    keys.admin = net::make_identity(
        {.common_name = "kubernetes-admin", .organization = "system:masters", .not_before = from, .not_after = until},
        &keys.authority);
    keys.token = random.suffix(40);
    return keys;
}

HttpsFront::HttpsFront(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpsFront::~HttpsFront() = default;

Result<std::unique_ptr<HttpsFront>> HttpsFront::open(asio::any_io_executor executor, Clock& clock,
                                                     kube::fake::ApiServer& server, Keys const& keys,
                                                     net::Endpoint at) {
    auto listener = net::listen_tcp(executor, clock, std::move(at));
    if (!listener) return pass(listener);
    auto tls = net::make_tls_server(clock, {.certificate_pem = keys.server.certificate_pem,
                                            .key_pem = keys.server.key_pem,
                                            .client_ca_pem = keys.authority.certificate_pem});
    if (!tls) return pass(tls);
    auto state = std::unique_ptr<State>(new State{server, "Bearer " + keys.token, std::move(*tls), nullptr});
    auto* const inner = state.get();
    state->http =
        net::make_http_server(executor, clock, std::move(*listener), inner->tls.get(),
                              [inner](net::ServerRequest request) { return inner->answer(std::move(request)); },
                              {.body_limit = request_limit});
    return std::unique_ptr<HttpsFront>(new HttpsFront(std::move(state)));
}

net::Endpoint HttpsFront::local() const {
    return state_->http->local();
}

Async<void> HttpsFront::serve() {
    co_await state_->http->serve();
}

std::optional<Error> HttpsFront::failure() const {
    return state_->http->failure();
}

std::string kubeconfig_for(net::Endpoint const& local, Keys const& keys, std::string_view name) {
    return fmt::format(
        R"(apiVersion: v1
kind: Config
current-context: {0}
clusters:
- name: {0}
  cluster:
    server: https://{1}
    certificate-authority-data: {2}
users:
- name: {0}-admin
  user:
    client-certificate-data: {3}
    client-key-data: {4}
contexts:
- name: {0}
  context:
    cluster: {0}
    user: {0}-admin
)",
        name, to_string(local), base64_encode(keys.authority.certificate_pem),
        base64_encode(keys.admin.certificate_pem), base64_encode(keys.admin.key_pem));
}

}  // namespace vedette::sim
