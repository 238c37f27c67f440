// http: a URL answers as it should. The fast path of our own client: kept connections, our own deadlines.

#include "base/redact.hpp"
#include "base/with_deadline.hpp"
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

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string resolve_location(net::Url const& base, std::string_view location) {
    if (location.find("://") != std::string_view::npos) return std::string(location);
    auto const authority = fmt::format("{}://{}", base.scheme, to_string(net::Endpoint{base.host, base.port}));
    if (location.starts_with("//")) return fmt::format("{}:{}", base.scheme, location);
    if (location.starts_with("/")) return authority + std::string(location);
    auto const path = base.target.substr(0, base.target.find('?'));
    return authority + path.substr(0, path.rfind('/') + 1) + std::string(location);
}

struct Answer {
    int status = 0;
    std::string body;
    int redirects = 0;
    std::string url;
};

net::Origin origin_of(net::Url const& url, Params const& params) {
    net::Origin origin{.endpoint = {url.host, url.port}};
    if (url.scheme == "https") {
        net::TlsOptions tls;
        tls.server_name = params.text("server_name").empty() ? url.host : params.text("server_name");
        tls.verify = !params.flag("insecure");
        tls.ca_pem = params.text("ca");
        origin.tls = std::move(tls);
    }
    return origin;
}

Task<Answer> fetch(ProbeContext& context, Params const& params, Deadline deadline) {
    Answer answer{.url = params.text("url")};
    while (true) {
        auto const url = net::parse_url(answer.url);
        if (!url) co_return std::unexpected(url.error());
        auto origin = origin_of(*url, params);
        if (context.environment) {
            auto proxy = net::proxy_from_environment(url->scheme, origin.endpoint, context.environment);
            if (!proxy) co_return std::unexpected(proxy.error());
            origin.proxy = std::move(*proxy);
        }
        net::HttpRequest request{.method = params.text("method"), .target = url->target};
        for (auto const& [name, value] : params.with.at("headers").as_object()) {
            if (value.is_string()) request.headers.add(std::string(name), std::string(value.get_string()));
        }
        if (!request.headers.has("User-Agent")) request.headers.add("User-Agent", "vedette/" VEDETTE_VERSION);
        request.body = params.text("body");
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
                           *location);
        }
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
                co_return Outcome::critical(fmt::format("{}: {}", url, text), "RequestFailed");
        }
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
