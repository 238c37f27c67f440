// http: a URL answers as it should. The fast path of our own client: kept connections, our own deadlines. Here are the
// requests; what the answer is worth is http_answer.cpp's business.

#include "base/redact.hpp"
#include "check/catalogue/probes/http_answer.hpp"
#include "check/catalogue/probes/printable.hpp"
#include "check/catalogue/probes/probes.hpp"
#include "net/redirect.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"url", ParamKind::text, "", "http:// or https:// URL"},
    {"method", ParamKind::text, "\"GET\"", "request method"},
    {"headers", ParamKind::object, "{}", "request headers, name to value"},
    {"body", ParamKind::text, "\"\"", "request body"},
    {"status", ParamKind::texts, "[\"2xx\"]", "accepted codes and classes, such as 204 or 3xx"},
    {"match_headers", ParamKind::object, "{}", "response headers, name to the RE2 expression in its value"},
    {"match", ParamKind::text, "\"\"", "RE2 expression the body must contain"},
    {"no_match", ParamKind::text, "\"\"", "RE2 expression the body must not contain"},
    {"json", ParamKind::object, "{}", "what must stand in a JSON body, dotted path to value"},
    {"max_redirects", ParamKind::integer, "10", "redirects followed; one whose status is accepted is not", 0, 50},
    {"max_bytes", ParamKind::integer, "1048576", "largest body that is read", 0, 1 << 26},
    {"warning", ParamKind::duration, "\"1s\"", "slower answers are a warning", 0},
    {"critical", ParamKind::duration, "\"5s\"", "slower answers are critical", 0},
    {"certificate_warning", ParamKind::duration, "\"21d\"", "a certificate that ends sooner is a warning", 0},
    {"certificate_critical", ParamKind::duration, "\"7d\"", "a certificate that ends sooner is critical", 0},
    {"insecure", ParamKind::flag, "false", "accept any certificate"},
    {"ca", ParamKind::text, "\"\"", "PEM text of the authorities to trust instead of the system's"},
    {"server_name", ParamKind::text, "\"\"", "name to verify instead of the URL's host"},
    {"client_certificate", ParamKind::text, "\"\"", "PEM text of the certificate to show to the URL's host"},
    {"client_key", ParamKind::text, "\"\"", "PEM text of its key"},
};

std::string text_of(boost::json::value const& value) {
    return value.is_string() ? std::string(value.get_string()) : boost::json::serialize(value);
}

// What was told to the first host is not told to another one that it redirects to.
void set_tls(net::TlsOptions& tls, Params const& params, bool first_host) {
    tls.verify = !params.flag("insecure");
    tls.ca_pem = params.text("ca");
    if (!first_host) return;
    if (auto const name = params.text("server_name"); !name.empty()) tls.server_name = name;
    tls.certificate_pem = params.text("client_certificate");
    tls.key_pem = params.text("client_key");
}

net::HttpRequest request_for(net::Url const& url, Params const& params, std::string const& user, bool first_host) {
    net::HttpRequest request{.method = params.text("method"), .target = url.target, .body = params.text("body")};
    for (auto const& [name, value] : params.with.at("headers").as_object()) {
        if (first_host || !net::is_secret_header(name)) request.headers.add(std::string(name), text_of(value));
    }
    if (!request.headers.has("User-Agent")) request.headers.add("User-Agent", "vedette/" VEDETTE_VERSION);
    auto const& credentials = first_host ? user : url.user;
    if (!credentials.empty() && !request.headers.has("Authorization")) {
        request.headers.add("Authorization", net::basic_authorization(credentials));
    }
    return request;
}

Task<HttpAnswer> fetch(ProbeContext& context, Params const& params, Deadline deadline) {
    HttpAnswer answer{.headers = {}, .url = params.text("url")};
    auto const statuses = params.texts("status");
    auto const first = net::parse_url(answer.url);
    if (!first) co_return std::unexpected(first.error());
    bool as_get = false;
    while (true) {
        auto const url = net::parse_url(answer.url);
        if (!url) {
            co_return fail(Errc::rejected, "it redirects to \"{}\", {}", printable(answer.url, 200),
                           url.error().text());
        }
        bool const first_host = net::same_origin(*url, *first);
        auto origin = net::origin_of(*url, context.environment);
        if (!origin) co_return pass(origin);
        if (origin->tls) set_tls(*origin->tls, params, first_host);
        auto const endpoint = origin->endpoint;
        auto request = request_for(*url, params, first->user, first_host);
        if (as_get) {
            request.method = "GET";
            request.body.clear();
        }
        auto response = co_await context.http.send(std::move(*origin), std::move(request), deadline);
        if (!response) co_return std::unexpected(response.error());
        answer.status = response->status;
        answer.headers = std::move(response->headers);
        answer.chain = response->peer_chain;
        auto const limit = static_cast<std::size_t>(params.integer("max_bytes"));
        auto body = co_await net::read_all(std::move(response->body), limit, deadline);
        if (!body) co_return std::unexpected(body.error());
        answer.body = std::move(*body);
        auto const location = answer.headers.get("Location");
        bool const follow = net::is_redirect(answer.status) && location && !accepts_status(statuses, answer.status);
        if (!follow || params.integer("max_redirects") == 0) co_return answer;
        if (++answer.redirects > params.integer("max_redirects")) {
            co_return fail(Errc::rejected, "more than {} redirects, the last to {}", params.integer("max_redirects"),
                           printable(*location));
        }
        as_get = as_get || net::becomes_get(answer.status, params.text("method"));
        answer.url = net::resolve_location(*url, *location);
    }
}

Outcome judge_failure(Error const& error, std::string const& url) {
    auto text = fmt::format("{}: {}", url, redact(error.text()));
    if (error.code() == Errc::timed_out) return Outcome::timeout(std::move(text));
    if (error.code() == Errc::invalid_input) return Outcome::unknown(std::move(text), "InvalidParameter");
    auto failed = Outcome::critical(std::move(text), "RequestFailed");
    failed.checked = failed.failed = 1;
    return failed;
}

Async<Outcome> probe(ProbeContext& context, Params params, Deadline deadline) {
    if (auto bad = bad_http_parameter(params); !bad.empty()) {
        co_return Outcome::unknown(std::move(bad), "InvalidParameter");
    }
    auto const url = redact(params.text("url"));
    auto const began = context.clock.now();
    auto answer = co_await fetch(context, params, deadline);
    if (!answer) co_return judge_failure(answer.error(), url);
    answer->took = context.clock.now() - began;
    auto outcome = judge_http_answer(*answer, params, context.clock.wall());
    outcome.message = fmt::format("{} {}", url, outcome.message);
    co_return outcome;
}

}  // namespace

CheckType const http{
    .name = "http",
    .group = "probes",
    .summary = "A URL answers with the expected status and body, in time",
    .explain =
        "Sends one request over HTTP/1.1, follows redirects, and judges status, headers, body, JSON, time and the days "
        "that the certificate has left. Credentials, cookies, keys and the client certificate go to the URL's own host "
        "alone, wherever it redirects to. Proxies come from HTTPS_PROXY, HTTP_PROXY and NO_PROXY. Expressions are "
        "RE2's.",
    .critical =
        "there is no answer, its status is not wanted, headers, body or JSON are not as told, it takes longer than "
        "`critical`, or the certificate ends within `certificate_critical`",
    .warning = "the answer takes longer than `warning`, or the certificate ends within `certificate_warning`",
    .unknown = "a parameter cannot be used: no URL, no RE2 expression, no status",
    .causes =
        "connection refused: nothing listens there, or the Service has no ready endpoint\n"
        "no answer within the deadline: the program behind it hangs, or a firewall drops the packets\n"
        "UnexpectedStatus: 502 and 503 come from a proxy whose backend is gone, 401 and 403 from missing credentials\n"
        "TLS: the certificate has expired, is for another name, or is signed by an authority that is not trusted",
    .next =
        "curl -sv URL  # the same request, step by step\n"
        "kubectl get endpointslices -n NAMESPACE -l kubernetes.io/service-name=SERVICE  # who should answer\n"
        "openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 -noout -dates  # its days",
    .companions = "tcp dns service-endpoints ingress",
    .timeout = std::chrono::seconds(10),
    .with = with,
    .probe = probe,
    .bad_parameter = bad_http_parameter,
    .built_in = false,
    .needs_cluster = false,
};

}  // namespace vedette::check
