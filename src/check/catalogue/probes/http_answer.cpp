// The first thing that is wrong ends the judgement: a body that does not match is no news under a status that is not
// wanted. Only time and certificate are weighed against each other, since both may be a mere warning.

#include "check/catalogue/probes/http_answer.hpp"

#include "base/json.hpp"
#include "base/redact.hpp"
#include "check/catalogue/certs/expiry.hpp"
#include "check/catalogue/probes/printable.hpp"
#include "check/catalogue/probes/probes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

namespace vedette::check {
namespace {

namespace json = boost::json;

using Trouble = std::optional<Outcome>;

std::string text_of(json::value const& value) {
    return value.is_string() ? std::string(value.get_string()) : to_json(value);
}

std::string shown(std::string_view text) {
    return redact(printable(text, 200));
}

bool is_status_pattern(std::string_view text) {
    return text.size() == 3 && text.find_first_not_of("0123456789x") == std::string_view::npos;
}

std::string bad_expression(std::string_view name, std::string const& text) {
    if (text.empty()) return {};
    re2::RE2 const expression(text, re2::RE2::Quiet);
    return expression.ok() ? "" : fmt::format("{} is not an RE2 expression: {}", name, expression.error());
}

bool found_in(std::string const& text, std::string const& expression) {
    return re2::RE2::PartialMatch(text, re2::RE2(expression, re2::RE2::Quiet));
}

Trouble judge_status(HttpAnswer const& answer, Params const& params) {
    auto const wanted = params.texts("status");
    if (accepts_status(wanted, answer.status)) return std::nullopt;
    return Outcome::critical(fmt::format("answered {}, expected {}", answer.status, fmt::join(wanted, " or ")),
                             "UnexpectedStatus");
}

Trouble judge_headers(HttpAnswer const& answer, Params const& params) {
    for (auto const& [name, expression] : params.with.at("match_headers").as_object()) {
        auto const value = answer.headers.get(name);
        if (!value) {
            return Outcome::critical(
                fmt::format("answered {}, but without the header {}", answer.status, std::string_view(name)),
                "HeaderMismatch");
        }
        auto const wanted = text_of(expression);
        if (found_in(*value, wanted)) continue;
        return Outcome::critical(fmt::format("answered {}, but its header {} is \"{}\", which does not match {}",
                                             answer.status, std::string_view(name), shown(*value), wanted),
                                 "HeaderMismatch");
    }
    return std::nullopt;
}

Trouble judge_body(HttpAnswer const& answer, Params const& params) {
    if (auto const match = params.text("match"); !match.empty() && !found_in(answer.body, match)) {
        return Outcome::critical(fmt::format("answered {}, but the body does not match {}", answer.status, match),
                                 "BodyMismatch");
    }
    if (auto const banned = params.text("no_match"); !banned.empty() && found_in(answer.body, banned)) {
        return Outcome::critical(fmt::format("answered {}, but the body matches {}", answer.status, banned),
                                 "BodyMismatch");
    }
    return std::nullopt;
}

bool same_value(json::value const& a, json::value const& b) {
    if (a.is_number() && b.is_number()) return a.to_number<double>() == b.to_number<double>();
    return a == b;
}

Trouble judge_json(HttpAnswer const& answer, Params const& params) {
    auto const& wanted = params.with.at("json").as_object();
    if (wanted.empty()) return std::nullopt;
    auto const parsed = parse_json(answer.body, "body");
    if (!parsed) {
        return Outcome::critical(
            fmt::format("answered {}, but not with JSON: {}", answer.status, shown(parsed.error().text())),
            "BodyMismatch");
    }
    for (auto const& [path, value] : wanted) {
        auto const* found = find(*parsed, path);
        if (found && same_value(*found, value)) continue;
        auto const is = found ? shown(to_json(*found)) : std::string("missing");
        return Outcome::critical(fmt::format("answered {}, but {} in its JSON is {}, expected {}", answer.status,
                                             std::string_view(path), is, to_json(value)),
                                 "BodyMismatch");
    }
    return std::nullopt;
}

Outcome judge_time(HttpAnswer const& answer, Params const& params) {
    auto message = fmt::format("answered {} in {:.0f} ms", answer.status, milliseconds(answer.took));
    if (answer.took > params.duration("critical")) return Outcome::critical(std::move(message), "Slow");
    if (answer.took > params.duration("warning")) return Outcome::warning(std::move(message), "Slow");
    return Outcome::ok(std::move(message));
}

void add_certificate(Outcome& outcome, HttpAnswer const& answer, Params const& params, WallTime now) {
    if (!answer.chain || answer.chain->empty()) return;
    auto const& leaf = answer.chain->front();
    outcome.measurements.emplace_back("certificate_left_seconds",
                                      std::chrono::duration<double>(leaf.not_after - now).count());
    if (params.flag("insecure")) return;
    auto const status = judge_expiry(leaf.not_before, leaf.not_after, now,
                                     {params.duration("certificate_warning"), params.duration("certificate_critical")});
    if (status == Status::ok) return;
    outcome.message += fmt::format(", and its certificate {}", describe_expiry(leaf.not_before, leaf.not_after, now));
    if (severity_of(status) <= severity_of(outcome.status)) return;
    outcome.status = status;
    outcome.reason = "CertificateExpires";
}

json::value limit(Params const& params, std::string_view name) {
    return json::string(params.text(name));
}

}  // namespace

bool accepts_status(std::vector<std::string> const& patterns, int status) {
    auto const code = fmt::format("{:03}", status);
    return std::ranges::any_of(patterns, [&](std::string const& pattern) {
        return std::ranges::equal(pattern, code,
                                  [](char wanted, char digit) { return wanted == 'x' || wanted == digit; });
    });
}

std::string bad_http_parameter(Params const& params) {
    for (std::string_view const name : {"match", "no_match"}) {
        if (auto bad = bad_expression(name, params.text(name)); !bad.empty()) return bad;
    }
    for (auto const& [name, expression] : params.with.at("match_headers").as_object()) {
        auto bad = bad_expression(fmt::format("match_headers.{}", std::string_view(name)), text_of(expression));
        if (!bad.empty()) return bad;
    }
    auto const patterns = params.texts("status");
    if (auto const url = net::parse_url(params.text("url")); !url) {
        return redact(fmt::format("{}: {}", params.text("url"), url.error().text()));
    }
    if (patterns.empty()) return "status names no code that would be accepted";
    for (auto const& pattern : patterns) {
        if (!is_status_pattern(pattern)) {
            return fmt::format("status {} is neither a code nor a class such as 2xx", pattern);
        }
    }
    return {};
}

Outcome judge_http_answer(HttpAnswer const& answer, Params const& params, WallTime now) {
    Trouble wrong;
    for (auto const judge : {judge_status, judge_headers, judge_body, judge_json}) {
        if (!wrong) wrong = judge(answer, params);
    }
    auto outcome = wrong ? std::move(*wrong) : judge_time(answer, params);
    outcome.measurements = {{"response_ms", milliseconds(answer.took)},
                            {"body_bytes", static_cast<double>(answer.body.size())}};
    add_certificate(outcome, answer, params, now);
    outcome.checked = 1;
    outcome.failed = outcome.status == Status::ok ? 0 : 1;
    outcome.details["http_status"] = answer.status;
    outcome.details["redirects"] = answer.redirects;
    if (answer.redirects > 0) outcome.details["final_url"] = redact(printable(answer.url));
    outcome.thresholds = {{"response", limit(params, "warning"), limit(params, "critical")}};
    if (answer.chain && !answer.chain->empty()) {
        outcome.thresholds.push_back(
            {"certificate_left", limit(params, "certificate_warning"), limit(params, "certificate_critical")});
    }
    return outcome;
}

}  // namespace vedette::check
