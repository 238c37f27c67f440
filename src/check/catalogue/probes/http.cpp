// http: a URL answers as it should. The fast path of our own client: kept connections, our own deadlines.

#include "base/base64.hpp"
#include "base/redact.hpp"
#include "check/catalogue/probes/printable.hpp"
#include "check/catalogue/probes/probes.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"url", ParamKind::text, "", "http:// or https:// URL"},
    {"method", ParamKind::text, "\"GET\"", "request method"},
    {"status", ParamKind::texts, "[\"2xx\"]", "accepted: codes and classes, such as 204 or 3xx"},
    {"headers", ParamKind::object, "{}", "request headers, name to value"},
    {"body", ParamKind::text, "\"\"", "request body"},
    {"match", ParamKind::text, "\"\"", "RE2 expression the body must contain"},
    {"no_match", ParamKind::text, "\"\"", "RE2 expression the body must not contain"},
    {"max_redirects", ParamKind::integer, "10", "redirects that are followed", 0, 50},
    {"max_bytes", ParamKind::integer, "1048576", "largest body that is read", 0, 1 << 26},
    {"warning", ParamKind::duration, "\"1s\"", "slower answers are a warning"},
    {"critical", ParamKind::duration, "\"5s\"", "slower answers are critical"},
    {"insecure", ParamKind::flag, "false", "accept any certificate"},
    {"ca", ParamKind::text, "\"\"", "PEM text of the authorities to trust instead of the system's"},
    {"server_name", ParamKind::text, "\"\"", "name to verify instead of the URL's host"},
};

bool accepts(std::string_view pattern, int status) {
    auto const code = fmt::format("{:03}", status);
    if (pattern.size() != 3) return false;
    for (std::size_t i = 0; i < 3; ++i) {
        if (pattern[i] != 'x' && pattern[i] != code[i]) return false;
    }
    return true;
}

bool is_status_pattern(std::string_view text) {
    return text.size() == 3 && text.find_first_not_of("0123456789x") == std::string_view::npos;
}

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string resolve_location(net::Url const& base, std::string_view location) {
    if (location.find_first_of(":/?#") == location.find("://")) return std::string(location);  // has a scheme
    auto const authority = fmt::format("{}://{}", base.scheme, to_string(net::Endpoint{base.host, base.port}));
    if (location.starts_with("//")) return fmt::format("{}:{}", base.scheme, location);
    if (location.starts_with("/")) return authority + std::string(location);
    auto const path = base.target.substr(0, base.target.find('?'));
    if (location.starts_with('?')) return authority + path + std::string(location);
    return authority + path.substr(0, path.rfind('/') + 1) + std::string(location);
}

struct Answer {
    int status = 0;
    std::string body;
    int redirects = 0;
    std::string url;
};

net::Origin origin_of(net::Url const& url, Params const& params, bool first_host) {
    net::Origin origin{.endpoint = {url.host, url.port}};
    if (url.scheme == "https") {
        net::TlsOptions tls;
        auto const name = params.text("server_name");
        tls.server_name = name.empty() || !first_host ? url.host : name;
        tls.verify = !params.flag("insecure");
        tls.ca_pem = params.text("ca");
        origin.tls = std::move(tls);
    }
    return origin;
}

std::string text_of(boost::json::value const& value) {
    return value.is_string() ? std::string(value.get_string()) : boost::json::serialize(value);
}

// What was told to the first host is not told to another one that it redirects to.
bool is_secret(std::string_view name) {
    auto const is = [name](std::string_view word) {
        return std::ranges::equal(name, word, [](char a, char b) { return (a | 0x20) == (b | 0x20); });
    };
    return is("Authorization") || is("Cookie") || is("Proxy-Authorization");
}

net::HttpRequest request_for(net::Url const& url, Params const& params, bool first_host) {
    net::HttpRequest request{.method = params.text("method"), .target = url.target, .body = params.text("body")};
    for (auto const& [name, value] : params.with.at("headers").as_object()) {
        if (first_host || !is_secret(name)) request.headers.add(std::string(name), text_of(value));
    }
    if (!request.headers.has("User-Agent")) request.headers.add("User-Agent", "vedette/" VEDETTE_VERSION);
    if (!url.user.empty() && !request.headers.has("Authorization")) {
        request.headers.add("Authorization", "Basic " + base64_encode(url.user));
    }
    return request;
}

// RFC 9110, 15.4: 303 asks for a GET, and so do 301 and 302 after a POST in practice.
bool becomes_get(int status, std::string_view method) {
    if (method == "GET" || method == "HEAD") return false;
    return status == 303 || ((status == 301 || status == 302) && method == "POST");
}

Task<Answer> fetch(ProbeContext& context, Params const& params, Deadline deadline) {
    Answer answer{.url = params.text("url")};
    auto const first = net::parse_url(answer.url);
    if (!first) co_return std::unexpected(first.error());
    bool as_get = false;
    while (true) {
        auto const url = net::parse_url(answer.url);
        if (!url) co_return fail(Errc::rejected, "it redirects to {}", url.error().text());
        bool const first_host = url->scheme == first->scheme && url->host == first->host && url->port == first->port;
        auto origin = origin_of(*url, params, first_host);
        if (context.environment) {
            auto proxy = net::proxy_from_environment(url->scheme, origin.endpoint, context.environment);
            if (!proxy) co_return std::unexpected(proxy.error());
            origin.proxy = std::move(*proxy);
        }
        auto request = request_for(*url, params, first_host);
        if (as_get) {
            request.method = "GET";
            request.body.clear();
        }
        auto response = co_await context.http.send(std::move(origin), std::move(request), deadline);
        if (!response) co_return std::unexpected(response.error());
        answer.status = response->status;
        auto const limit = static_cast<std::size_t>(params.integer("max_bytes"));
        auto body = co_await net::read_all(std::move(response->body), limit, deadline);
        if (!body) co_return std::unexpected(body.error());
        answer.body = std::move(*body);
        auto const location = response->headers.get("Location");
        if (!is_redirect(answer.status) || !location || params.integer("max_redirects") == 0) co_return answer;
        if (++answer.redirects > params.integer("max_redirects")) {
            co_return fail(Errc::rejected, "more than {} redirects, the last to {}", params.integer("max_redirects"),
                           printable(*location));
        }
        as_get = as_get || becomes_get(answer.status, params.text("method"));
        answer.url = resolve_location(*url, *location);
    }
}

Outcome judge_answer(Answer const& answer, Params const& params, Duration took) {
    auto const statuses = params.texts("status");
    auto const wanted = std::any_of(statuses.begin(), statuses.end(),
                                    [&](std::string const& pattern) { return accepts(pattern, answer.status); });
    if (!wanted) {
        return Outcome::critical(fmt::format("answered {}, expected {}", answer.status, fmt::join(statuses, " or ")),
                                 "UnexpectedStatus");
    }
    if (auto const match = params.text("match"); !match.empty() && !re2::RE2::PartialMatch(answer.body, match)) {
        return Outcome::critical(fmt::format("answered {}, but the body does not match {}", answer.status, match),
                                 "BodyMismatch");
    }
    if (auto const banned = params.text("no_match"); !banned.empty() && re2::RE2::PartialMatch(answer.body, banned)) {
        return Outcome::critical(fmt::format("answered {}, but the body matches {}", answer.status, banned),
                                 "BodyMismatch");
    }
    auto message = fmt::format("answered {} in {:.0f} ms", answer.status, milliseconds(took));
    if (took > params.duration("critical")) return Outcome::critical(std::move(message), "Slow");
    if (took > params.duration("warning")) return Outcome::warning(std::move(message), "Slow");
    return Outcome::ok(std::move(message));
}

Async<Outcome> probe(ProbeContext& context, Params params, Deadline deadline) {
    for (auto const* name : {"match", "no_match"}) {
        re2::RE2 const expression(params.text(name), re2::RE2::Quiet);
        if (!expression.ok()) {
            co_return Outcome::unknown(fmt::format("{} is not an RE2 expression: {}", name, expression.error()),
                                       "InvalidParameter");
        }
    }
    for (auto const& pattern : params.texts("status")) {
        if (!is_status_pattern(pattern)) {
            co_return Outcome::unknown(fmt::format("status {} is neither a code nor a class such as 2xx", pattern),
                                       "InvalidParameter");
        }
    }
    auto const began = context.clock.now();
    auto answer = co_await fetch(context, params, deadline);
    auto const took = context.clock.now() - began;
    auto const url = redact(params.text("url"));
    if (!answer) {
        auto text = redact(answer.error().text());
        switch (answer.error().code()) {
            case Errc::timed_out:
                co_return Outcome::timeout(fmt::format("{}: {}", url, text));
            case Errc::invalid_input:
                co_return Outcome::unknown(std::move(text), "InvalidParameter");
            default:
                break;
        }
        auto failed = Outcome::critical(fmt::format("{}: {}", url, text), "RequestFailed");
        failed.checked = failed.failed = 1;
        co_return failed;
    }
    auto outcome = judge_answer(*answer, params, took);
    outcome.message = fmt::format("{} {}", url, outcome.message);
    outcome.checked = 1;
    outcome.failed = outcome.status == Status::ok ? 0 : 1;
    outcome.measurements = {{"response_ms", milliseconds(took)},
                            {"body_bytes", static_cast<double>(answer->body.size())}};
    outcome.details["http_status"] = answer->status;
    outcome.details["redirects"] = answer->redirects;
    outcome.thresholds = {
        {"response", boost::json::string(params.text("warning")), boost::json::string(params.text("critical"))}};
    co_return outcome;
}

}  // namespace

CheckType const http{
    .name = "http",
    .group = "probes",
    .summary = "A URL answers with the expected status and body, in time",
    .explain =
        "Sends one request over HTTP/1.1, follows redirects, and judges status, body and time. Proxies come from "
        "HTTPS_PROXY, HTTP_PROXY and NO_PROXY. Expressions are RE2's.",
    .timeout = std::chrono::seconds(10),
    .with = with,
    .probe = probe,
    .built_in = false,
    .needs_cluster = false,
};

}  // namespace vedette::check
