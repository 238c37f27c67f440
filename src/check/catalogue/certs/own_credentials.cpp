// own-credentials: how long the credentials that Vedette itself uses are still valid. What renews itself is left alone
// until a renewal is past due.

#include "check/catalogue/certs/own_credentials.hpp"

#include "base/base64.hpp"
#include "base/duration.hpp"
#include "base/json.hpp"
#include "check/catalogue/certs/certs.hpp"
#include "check/objects/meta.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"warning", ParamKind::duration, "\"7d\"", "credentials that end sooner", 0},
    {"critical", ParamKind::duration, "\"1d\"", "credentials that end sooner", 0},
};

// Claims are whole seconds; what no clock here can hold is as good as absent.
std::optional<WallTime> time_claim(boost::json::object const& claims, std::string_view name) {
    auto const* value = claims.if_contains(name);
    if (!value || !value->is_number()) return std::nullopt;
    auto const seconds = value->is_double() ? value->get_double() : value->to_number<double>();
    if (!(seconds >= 0 && seconds < 9.2e9)) return std::nullopt;
    return WallTime(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
}

Failure credential(std::string name) {
    return Failure{.kind = "Credential", .name = std::move(name), .status = Status::ok};
}

}  // namespace

std::optional<TokenLife> read_token(std::string_view token) {
    auto const first = token.find('.');
    if (first == std::string_view::npos) return std::nullopt;
    auto const second = token.find('.', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    auto const payload = base64_decode(token.substr(first + 1, second - first - 1));
    if (!payload) return std::nullopt;
    auto const parsed = parse_json(*payload, "token");
    if (!parsed || !parsed->is_object()) return std::nullopt;
    auto const& claims = parsed->get_object();
    TokenLife life;
    life.subject = clip(get_string(claims, "sub"));
    life.issued = time_claim(claims, "iat");
    life.expires = time_claim(claims, "exp");
    if (auto const* own = claims.if_contains("kubernetes.io"); own && own->is_object()) {
        life.warn_after = time_claim(own->get_object(), "warnafter");
    }
    return life;
}

Failure judge_token(TokenLife const& life, bool renews_itself, WallTime now, ExpiryLimits limits) {
    auto failure = credential("token");
    if (!life.expires) {
        failure.message = "never expires";
        return failure;
    }
    auto const issued = life.issued.value_or(WallTime{});
    failure.message = describe_expiry(WallTime{}, *life.expires, now);
    if (now >= *life.expires) {
        failure.status = Status::critical;
        failure.reason = "Expired";
        return failure;
    }
    if (renews_itself) {
        // The kubelet renews at 80% of a token's life and tries until it succeeds; a tenth more is generous.
        auto const due = life.warn_after ? *life.warn_after + (*life.warn_after - issued) / 10
                                         : issued + (*life.expires - issued) / 10 * 9;
        if (life.issued && now > due) {
            failure.status = Status::warning;
            failure.reason = "RenewalPastDue";
            failure.message = fmt::format("should have been renewed by now, it {}", failure.message);
            failure.since = due;
            failure.timing = Timing::told;
        }
        return failure;
    }
    // Without a time of issue the token counts as a long-lived one.
    failure.status = judge_expiry(issued, *life.expires, std::max(now, issued), limits);
    if (failure.status != Status::ok) failure.reason = "Expires";
    return failure;
}

namespace {

std::optional<WallTime> end_of(kube::IssuedCredentials const& issued) {
    std::optional<WallTime> end;
    if (auto const life = read_token(issued.token)) end = life->expires;
    auto const certificates = net::parse_certificates(issued.certificate_pem);
    if (!certificates || certificates->empty()) return end;
    auto const until = certificates->front().not_after;
    return end ? std::min(*end, until) : until;
}

}  // namespace

Failure judge_issued(kube::IssuedCredentials const& issued, WallTime now) {
    auto failure = credential("plugin's credential");
    auto const end = end_of(issued);
    auto const last = end ? end : issued.expires;
    if (!last) {
        failure.message = "says no end; it is renewed when the API server refuses it";
        return failure;
    }
    failure.message = describe_expiry(WallTime{}, *last, now);
    if (now >= *last) {
        failure.status = Status::critical;
        failure.reason = "Expired";
        failure.since = *last;
    } else if (issued.expires && now >= *issued.expires) {
        failure.status = Status::warning;
        failure.reason = "RenewalPastDue";
        failure.message = fmt::format("should have been renewed by now, it {}", failure.message);
        failure.since = *issued.expires;
    }
    if (failure.status != Status::ok) failure.timing = Timing::told;
    return failure;
}

namespace {

std::vector<Failure> judge_certificate(std::string const& pem, WallTime now, ExpiryLimits limits) {
    std::vector<Failure> found;
    auto failure = credential("client certificate");
    auto const certificates = net::parse_certificates(pem);
    if (!certificates || certificates->empty()) {
        failure.status = Status::critical;
        failure.reason = "Unreadable";
        failure.message = "cannot be read";
        found.push_back(std::move(failure));
        return found;
    }
    auto const& leaf = certificates->front();
    failure.status = judge_expiry(leaf.not_before, leaf.not_after, now, limits);
    failure.message =
        fmt::format("of {} {}", clip(leaf.subject), describe_expiry(leaf.not_before, leaf.not_after, now));
    if (failure.status != Status::ok) failure.reason = now >= leaf.not_after ? "Expired" : "Expires";
    found.push_back(std::move(failure));
    return found;
}

Outcome conclude(std::vector<Failure> const& judged, Params const& params, WallTime now) {
    Findings findings(params.max_failures_listed);
    std::string well;
    boost::json::array all;
    for (auto const& each : judged) {
        all.push_back(boost::json::object{{"name", each.name}, {"says", each.message}});
        if (each.status != Status::ok) {
            findings.add({.kind = each.kind,
                          .name = each.name,
                          .status = each.status,
                          .reason = each.reason,
                          .message = [&each] { return each.message; },
                          .since = each.since,
                          .timing = each.timing});
        } else {
            fmt::format_to(std::back_inserter(well), "{}our {} {}", well.empty() ? "" : ", ", each.name, each.message);
        }
    }
    auto const count = static_cast<std::int64_t>(judged.size());
    auto outcome = std::move(findings).conclude(count, std::move(well), now);
    outcome.details["credentials"] = std::move(all);
    return outcome;
}

// Asks the plugin as a request would, which runs it if need be.
Async<Outcome> judge_plugin(ProbeContext& context, Params const& params, Deadline deadline) {
    auto const command = clip(context.target->credentials.exec->command);
    auto renewed = Outcome::ok(fmt::format("credentials come from {}, which renews them", command));
    if (!context.client) co_return renewed;
    auto const issued = co_await context.client->issued_credentials(deadline);
    if (!issued && issued.error().code() == Errc::timed_out) {
        co_return Outcome::timeout(clip(issued.error().text(), 400));
    }
    std::vector<Failure> judged;
    if (!issued) {
        auto failure = credential("plugin's credential");
        failure.status = Status::critical;
        failure.reason = "Unavailable";
        failure.message = fmt::format("cannot be had: {}", clip(issued.error().text(), 400));
        judged.push_back(std::move(failure));
    } else if (*issued) {
        judged.push_back(judge_issued(**issued, context.clock.wall()));
    } else {
        co_return renewed;
    }
    co_return conclude(judged, params, context.clock.wall());
}

Async<Outcome> probe(ProbeContext& context, Params params, Deadline deadline) {
    if (!context.target) co_return Outcome::unknown("no cluster, no credentials", "NoCluster");
    auto const& own = context.target->credentials;
    auto const now = context.clock.wall();
    ExpiryLimits const limits{params.duration("warning"), params.duration("critical")};
    std::vector<Failure> judged;
    if (!own.certificate_pem.empty()) judged = judge_certificate(own.certificate_pem, now, limits);

    auto token = own.token;
    if (!own.token_file.empty() && context.files) {
        auto read = context.files->read(own.token_file, 1024 * 1024);
        if (!read) {
            auto failure = credential("token");
            failure.status = Status::critical;
            failure.reason = "Unreadable";
            failure.message = fmt::format("cannot be read: {}", read.error().text());
            judged.push_back(std::move(failure));
            token.clear();
        } else {
            token = std::move(*read);
        }
    }
    if (auto const life = read_token(token)) {
        auto failure = judge_token(*life, !own.token_file.empty(), now, limits);
        if (!life->subject.empty()) failure.message = fmt::format("of {} {}", life->subject, failure.message);
        judged.push_back(std::move(failure));
    }
    if (judged.empty()) {
        if (own.exec) {
            auto outcome = co_await judge_plugin(context, params, deadline);
            co_return outcome;
        }
        co_return Outcome::skipped("we have no credentials that say when they end", "NoExpiry");
    }
    co_return conclude(judged, params, now);
}

}  // namespace

CheckType const own_credentials{
    .name = "own-credentials",
    .group = "certs",
    .summary = "The client certificate or token that Vedette itself uses does not end soon",
    .explain =
        "When they end, Vedette sees nothing any more. Credentials that live less than 60 days are judged by a "
        "quarter and a tenth of their life instead. A token in a file is renewed by the kubelet, and what an exec "
        "plugin prints by the plugin. Nothing is verified, only read. Source: KubeClientCertificateExpiration of "
        "kubernetes-mixin (7d, 1d).",
    .critical =
        "our client certificate or token has expired, cannot be read, or ends within `critical`; what renews itself "
        "only when it has expired; an exec plugin gives us none",
    .warning = "it ends within `warning`, or its renewal is past due",
    .skipped = "we have no credentials that say when they end",
    .causes =
        "the client certificate of an admin kubeconfig lasts a year\n"
        "a token made with `kubectl create token` ends after an hour by default\n"
        "the kubelet cannot renew the pod's token: it cannot reach the API server\n"
        "the exec plugin hands out what it has cached: its own login has expired",
    .next =
        "kubectl config view --minify --raw -o jsonpath='{.users[0].user.client-certificate-data}' | base64 -d | "
        "openssl x509 -noout -dates\n"
        "kubeadm kubeconfig user --client-name NAME  # a new kubeconfig, on a control-plane node\n"
        "kubectl create token SERVICEACCOUNT -n NS --duration=24h  # a new token",
    .companions = "apiserver-livez apiserver-cert",
    .with = with,
    .probe = probe,
};

}  // namespace vedette::check
