// A Target becomes, once, an origin, a path prefix and the headers that never change; each request adds what may have
// changed since: the token of a file, the credentials of a plugin.

#include "kube/http_api.hpp"

#include "kube/credentials.hpp"
#include "kube/exec_plugin.hpp"

namespace vedette::kube {
namespace {

constexpr char user_agent[] = "vedette/" VEDETTE_VERSION;

// Not knowing who we are is no lack of rights, whatever kept us from finding out.
Error not_identified(Error error) {
    if (error.code() == Errc::timed_out) return error;
    return {Errc::unauthorized, error.text()};
}

/// Who we are for one request.
struct Identity {
    std::string authorization;
    std::string certificate_pem;
    std::string key_pem;
    std::uint64_t plugin_run = 0;  ///< 0: not from a plugin
};

class HttpApi final : public Api {
public:
    HttpApi(Target const& target, Transport const& transport, net::Origin origin, std::string prefix,
            net::Headers headers)
        : http_(transport.http),
          clock_(transport.clock),
          origin_(std::move(origin)),
          prefix_(std::move(prefix)),
          headers_(std::move(headers)) {
        auto const& who = target.credentials;
        own_.certificate_pem = who.certificate_pem;
        own_.key_pem = who.key_pem;
        bool const token = !(who.token.empty() && who.token_file.empty());
        if (!who.token_file.empty()) token_file_.emplace(transport.files, who.token_file, who.token);
        if (!who.token.empty() && who.token_file.empty()) token_ = who.token;
        if (!token && !who.username.empty()) own_.authorization = basic(who.username, who.password);
        // As for kubectl, a plugin is asked only if nothing else says who we are.
        bool const others = token || !who.username.empty() || !who.certificate_pem.empty();
        if (who.exec && !others) plugin_.emplace(target, transport.process, transport.clock);
    }

    Task<Response> send(Request request, Deadline deadline) override {
        auto const asked = clock_.now();
        auto who = co_await identify(deadline);
        if (!who) co_return pass(who);
        auto known = clock_.now();
        auto answer = co_await attempt(request, *who, deadline);
        if (answer && answer->status == 401 && who->plugin_run != 0) {
            // The server did not act on a request it refused to know: asking once more is safe for every verb.
            answer->body = net::make_body("");  // gives up its connection before we ask for another
            plugin_->reject(who->plugin_run);
            who = co_await identify(deadline);
            if (!who) co_return pass(who);
            known = clock_.now();
            answer = co_await attempt(request, *who, deadline);
        }
        if (!answer) co_return pass(answer);
        co_return Response{.status = answer->status,
                           .headers = std::move(answer->headers),
                           .body = std::move(answer->body),
                           .peer_chain = std::move(answer->peer_chain),
                           .waited = known - asked + answer->waited};
    }

    Task<std::optional<IssuedCredentials>> issued_credentials(Deadline deadline) override {
        if (!plugin_) co_return std::optional<IssuedCredentials>{};
        auto issued = co_await plugin_->current(deadline);
        if (!issued) co_return pass(issued);
        co_return IssuedCredentials{std::move(issued->token), std::move(issued->certificate_pem), issued->expires};
    }

private:
    Task<net::HttpResponse> attempt(Request const& request, Identity const& who, Deadline deadline) {
        auto origin = origin_for(who);
        auto http = to_http(request, who);
        auto answer = co_await http_.send(std::move(origin), std::move(http), deadline);
        co_return answer;
    }

    Task<Identity> identify(Deadline deadline) {
        auto who = own_;
        auto token = token_;
        if (token_file_) {
            auto current = token_file_->current();
            if (!current) co_return std::unexpected(not_identified(current.error()));
            token = std::move(*current);
        }
        if (plugin_) {
            auto issued = co_await plugin_->current(deadline);
            if (!issued) co_return std::unexpected(not_identified(issued.error()));
            token = std::move(issued->token);
            who.certificate_pem = std::move(issued->certificate_pem);
            who.key_pem = std::move(issued->key_pem);
            who.plugin_run = issued->run;
        }
        if (token.empty()) co_return who;
        auto authorization = bearer(token);
        if (!authorization) co_return pass(authorization, "credentials");
        who.authorization = std::move(*authorization);
        co_return who;
    }

    net::Origin origin_for(Identity const& who) const {
        auto origin = origin_;
        if (origin.tls) {
            origin.tls->certificate_pem = who.certificate_pem;
            origin.tls->key_pem = who.key_pem;
        }
        return origin;
    }

    net::HttpRequest to_http(Request const& request, Identity const& who) const {
        net::HttpRequest http{.method = request.method, .target = prefix_ + request.target(), .body = request.body};
        http.long_lived = request.long_lived;
        http.headers = headers_;
        if (!request.accept.empty()) http.headers.set("Accept", request.accept);
        if (!request.content_type.empty()) http.headers.set("Content-Type", request.content_type);
        if (!who.authorization.empty()) http.headers.set("Authorization", who.authorization);
        return http;
    }

    net::HttpClient& http_;
    Clock& clock_;
    net::Origin origin_;
    std::string prefix_;
    net::Headers headers_;
    Identity own_;
    std::string token_;
    std::optional<TokenFile> token_file_;
    std::optional<ExecCredentials> plugin_;
};

std::string prefix_of(std::string target) {
    target.resize(std::min(target.find('?'), target.size()));
    while (target.ends_with('/')) target.pop_back();
    return target;
}

net::Origin origin_of(Target const& target, net::Url const& server, std::optional<net::Url> proxy) {
    net::Origin origin{.endpoint = {server.host, server.port}, .proxy = std::move(proxy)};
    if (server.scheme != "https") return origin;
    net::TlsOptions tls;
    tls.server_name = target.tls_server_name.empty() ? server.host : target.tls_server_name;
    tls.verify = !target.insecure_skip_tls_verify;
    tls.ca_pem = target.ca_pem;
    tls.alpn = {"http/1.1"};
    origin.tls = std::move(tls);
    return origin;
}

}  // namespace

Result<std::optional<net::Url>> proxy_for(Target const& target, net::Url const& server,
                                          Environment const& environment) {
    if (target.proxy_url.empty()) {
        if (!environment) return std::nullopt;
        return net::proxy_from_environment(server.scheme, {server.host, server.port}, environment);
    }
    auto proxy = net::parse_url(target.proxy_url);
    if (!proxy) return pass(proxy, "proxy-url");
    return std::move(*proxy);
}

Result<std::unique_ptr<Api>> make_http_api(Target target, Transport transport) {
    auto server = net::parse_url(target.server);
    if (!server) return pass(server, "server");
    auto proxy = proxy_for(target, *server, transport.environment);
    if (!proxy) return pass(proxy);
    auto headers = impersonation_headers(target.impersonation);
    if (!headers) return pass(headers);
    if (auto token = bearer(target.credentials.token); !token) return pass(token, "credentials");
    headers->set("User-Agent", user_agent);
    if (target.disable_compression) headers->set("Accept-Encoding", "identity");
    auto origin = origin_of(target, *server, std::move(*proxy));
    return std::make_unique<HttpApi>(target, transport, std::move(origin), prefix_of(server->target),
                                     std::move(*headers));
}

}  // namespace vedette::kube
