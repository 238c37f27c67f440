// apiserver-livez and apiserver-readyz: what the API server says of itself.
//
// The status code is the verdict; the verbose body is for people and is read for details only. livez is also the one
// check that says why the API server cannot be reached at all, so its request ends a little before its deadline: a
// silent server is a cause to name, not a late check. And it compares clocks, because ages, leases and certificates are
// all judged by ours.

#include "base/duration.hpp"
#include "base/redact.hpp"
#include "check/catalogue/controlplane/controlplane.hpp"
#include "check/catalogue/probes/probes.hpp"
#include "check/objects/meta.hpp"
#include "kube/request.hpp"
#include "net/http_date.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"exclude", ParamKind::texts, "[]", "parts that the API server shall leave out, such as etcd"},
};
constexpr Rule livez_rules[] = {{.verb = "get", .url = "/livez"}};
constexpr Rule readyz_rules[] = {{.verb = "get", .url = "/readyz"}};

constexpr std::size_t answer_limit = 1024 * 1024;  // bytes; a real answer has two thousand

struct Parts {
    boost::json::object by_name;
    std::vector<std::string> failed;
    bool is_kubernetes = false;
};

// Lines are "[+]ping ok" and "[-]etcd failed: reason withheld"; without verbose a healthy answer is "ok".
Parts read_parts(std::string_view body) {
    Parts parts;
    parts.is_kubernetes = body == "ok";
    while (!body.empty()) {
        auto const end = std::min(body.find('\n'), body.size());
        auto const line = body.substr(0, end);
        body.remove_prefix(std::min(end + 1, body.size()));
        auto const good = line.starts_with("[+]");
        if (!good && !line.starts_with("[-]")) continue;
        parts.is_kubernetes = true;
        if (parts.by_name.size() >= 200) continue;
        auto const name = clip(line.substr(3, std::min(line.find(' '), line.size()) - 3), 100);
        parts.by_name[name] = good;
        if (!good) parts.failed.push_back(name);
    }
    return parts;
}

struct Asked {
    std::string path;
    bool names_the_cause;  ///< what keeps everybody from asking is critical; elsewhere it is unknown
};

Outcome cannot_ask(Asked const& asked, std::string message, std::string reason) {
    if (asked.names_the_cause) return Outcome::critical(std::move(message), std::move(reason));
    return Outcome::unknown(fmt::format("could not ask {}: {}", asked.path, message), std::move(reason));
}

// Where to look first.
std::string_view advice_on(Errc code) {
    switch (code) {
        case Errc::dns_failure:
            return "check the server's name in the kubeconfig, and this machine's DNS";
        case Errc::refused:
            return "check that the API server runs, and its address in the kubeconfig";
        case Errc::unreachable:
        case Errc::timed_out:
            return "check the way there (VPN, firewall, load balancer), then the API server";
        case Errc::tls_failure:
            return "check the certificates in the kubeconfig, the server's, and this machine's clock";
        case Errc::proxy_failure:
            return "check proxy-url in the kubeconfig, HTTPS_PROXY and NO_PROXY";
        case Errc::unauthorized:
            return "renew the credentials in the kubeconfig";
        case Errc::malformed:
        case Errc::too_large:
            return "check that the kubeconfig names an API server and not some other one";
        default:
            return "check the API server, and what stands in front of it (proxy, load balancer)";
    }
}

// The request says what it asks for; our sentence has said so.
std::string cause_of(Error const& error, std::string_view path) {
    auto text = redact(error.text());
    if (auto const what = fmt::format("get {}: ", path); text.starts_with(what)) text.erase(0, what.size());
    return fmt::format("{}; {}", clip(text, 400), advice_on(error.code()));
}

Outcome judge_answer(Asked const& asked, int status, std::string const& body) {
    auto const& path = asked.path;
    if (status == 401) {
        return cannot_ask(
            asked,
            fmt::format("the API server does not accept our credentials (401); {}", advice_on(Errc::unauthorized)),
            "Unauthorized");
    }
    if (status == 403) {
        return Outcome::unknown(
            fmt::format("not allowed to ask {}: needs the verb get on the nonResourceURL {}", path, path), "Forbidden");
    }
    auto const parts = read_parts(body);
    if (!parts.is_kubernetes) {
        auto const shown = clip(redact(std::string_view(body).substr(0, 4096)), 80);
        return cannot_ask(asked,
                          fmt::format("{} answers {} and not like a Kubernetes API server: {}; {}", path, status,
                                      body.empty() ? std::string("an empty body") : fmt::format("\"{}\"", shown),
                                      advice_on(Errc::malformed)),
                          "NotKubernetes");
    }
    Outcome outcome;
    if (status == 200) {
        outcome = Outcome::ok(fmt::format("{} answers 200, {} parts are well", path, parts.by_name.size()));
    } else if (parts.failed.empty()) {
        outcome = Outcome::critical(fmt::format("{} answers {}", path, status), "Unhealthy");
    } else {
        outcome = Outcome::critical(
            fmt::format("{} answers {}: {} failed", path, status, fmt::join(parts.failed, ", ")), "Unhealthy");
    }
    outcome.details["checks"] = parts.by_name;
    boost::json::array failed;
    for (auto const& name : parts.failed) failed.emplace_back(name);
    outcome.details["failed_checks"] = std::move(failed);
    return outcome;
}

// A difference that makes a lease of 15 s or an age of a minute mean something else.
constexpr Duration tolerated_skew = std::chrono::seconds(30);

// By our clock the server stamps its answer between `asked` and `answered`; stamps are whole seconds.
void compare_clocks(Outcome& outcome, net::Headers const& headers, WallTime asked, WallTime answered) {
    auto const stamp = net::parse_http_date(headers.get("Date").value_or(""));
    if (!stamp) return;
    Duration ahead{};
    if (asked > *stamp + std::chrono::seconds(1)) ahead = asked - (*stamp + std::chrono::seconds(1));
    if (answered < *stamp) ahead = answered - *stamp;
    outcome.measurements.emplace_back("clock_ahead_seconds", std::chrono::duration<double>(ahead).count());
    if (outcome.status != Status::ok || std::chrono::abs(ahead) <= tolerated_skew) return;
    outcome.status = Status::warning;
    outcome.reason = "ClockSkew";
    outcome.message = fmt::format(
        "our clock is {} {} the API server's, so ages, leases and certificates are misjudged; synchronise the clocks "
        "(chrony, NTP)",
        format_age(std::chrono::abs(ahead)), ahead > Duration{} ? "ahead of" : "behind");
}

Async<Outcome> ask(ProbeContext& context, Asked asked, Params params, Deadline deadline) {
    if (!context.client) co_return Outcome::unknown("no cluster to ask", "NoCluster");
    std::vector<std::pair<std::string, std::string>> query{{"verbose", ""}};
    for (auto const& name : params.texts("exclude")) query.emplace_back("exclude", name);
    auto request = kube::raw_request(asked.path, std::move(query));
    request.accept = "*/*";
    auto const until = deadline - (deadline - context.clock.now()) / 20;
    auto const asked_at = context.clock.wall();
    auto answer = co_await context.client->raw(std::move(request), until, answer_limit);
    if (!answer) {
        auto text = cause_of(answer.error(), asked.path);
        if (asked.names_the_cause) text = "the API server cannot be reached: " + text;
        co_return cannot_ask(asked, std::move(text), "Unreachable");
    }
    auto outcome = judge_answer(asked, answer->status, answer->body);
    outcome.checked = 1;
    outcome.failed = outcome.status == Status::critical ? 1 : 0;
    outcome.details["http_status"] = answer->status;
    outcome.measurements = {{"latency_ms", milliseconds(answer->took)}};
    if (asked.names_the_cause) compare_clocks(outcome, answer->headers, asked_at, context.clock.wall());
    co_return outcome;
}

Async<Outcome> probe_livez(ProbeContext& context, Params params, Deadline deadline) {
    return ask(context, {"/livez", true}, std::move(params), deadline);
}

Async<Outcome> probe_readyz(ProbeContext& context, Params params, Deadline deadline) {
    return ask(context, {"/readyz", false}, std::move(params), deadline);
}

}  // namespace

CheckType const apiserver_livez{
    .name = "apiserver-livez",
    .group = "controlplane",
    .summary = "The API server can be reached, knows us, and says that it is alive",
    .explain =
        "Look at this one first: every other check reads through the same API server, and is unknown while it "
        "cannot. The status code of /livez is the verdict; the parts that failed are in the message. The request "
        "ends a little before the timeout, so that a silent server is named as the cause.",
    .critical =
        "the API server cannot be reached, shows a certificate we do not trust, does not accept our credentials, "
        "is not a Kubernetes API server, or answers /livez with anything but 200; the message has the cause",
    .warning = "our clock and the API server's differ by more than 30 s",
    .unknown = "/livez answers 403; the ClusterRole system:public-info-viewer has the right",
    .causes =
        "wrong address or no way to it: VPN, firewall, proxy, a kubeconfig of a cluster that is gone\n"
        "credentials that expired or were revoked (401)\n"
        "a control-plane node or its load balancer is down\n"
        "etcd has lost its quorum or filled its disk: the message then names etcd",
    .next =
        "kubectl get --raw '/livez?verbose'  # the same question\n"
        "kubectl config view --minify  # which server, which user\n"
        "openssl s_client -connect HOST:6443 </dev/null  # who answers, with which certificate\n"
        "crictl ps -a --name kube-apiserver  # on a control-plane node; then crictl logs ID",
    .companions = "apiserver-readyz apiserver-latency apiserver-cert",
    .with = with,
    .probe = probe_livez,
    .rules = livez_rules,
    .cluster_scoped = true,
};

CheckType const apiserver_readyz{
    .name = "apiserver-readyz",
    .group = "controlplane",
    .summary = "The API server says that it is ready: etcd, informers, not shutting down",
    .explain =
        "An API server that is alive and not ready gets no traffic from its load balancer. The failed parts are "
        "named, such as etcd-readiness, informer-sync or shutdown.",
    .critical = "/readyz answers anything but 200",
    .unknown =
        "the API server cannot be reached or does not accept us, which apiserver-livez reports, or /readyz answers 403",
    .causes =
        "etcd is slow, has no leader or no disk space (etcd, etcd-readiness)\n"
        "the server has just started and still fills its caches (informer-sync, poststarthook/...)\n"
        "the server is shutting down for an upgrade (shutdown)",
    .next =
        "kubectl get --raw '/readyz?verbose'  # which part, in its own words\n"
        "kubectl get pods -n kube-system -l tier=control-plane -o wide  # restarts, on which node\n"
        "kubectl logs -n kube-system -l component=etcd --tail=50  # slow disk, lost peers, NOSPACE",
    .companions = "apiserver-livez apiserver-latency",
    .with = with,
    .probe = probe_readyz,
    .rules = readyz_rules,
    .cluster_scoped = true,
};

}  // namespace vedette::check
