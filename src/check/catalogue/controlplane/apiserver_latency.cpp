// apiserver-latency: how long the API server takes for the two cheapest questions there are, asked in turn.

#include "base/json.hpp"
#include "base/redact.hpp"
#include "check/catalogue/controlplane/controlplane.hpp"
#include "check/catalogue/probes/probes.hpp"
#include "check/objects/meta.hpp"
#include "check/objects/policy.hpp"
#include "kube/request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace vedette::check {
namespace {

constexpr ParamSpec with[] = {
    {"samples", ParamKind::integer, "5", "requests to time", 1, 100},
    {"warning", ParamKind::duration, "\"1s\"", "a slower 95th percentile", 0},
    {"critical", ParamKind::duration, "\"4s\"", "a slower 95th percentile", 0},
};
constexpr Rule rules[] = {{.verb = "get", .url = "/version"}};

constexpr std::size_t answer_limit = 1024 * 1024;  // bytes

struct Samples {
    std::vector<Duration> times;
    int errors = 0;
    std::string last_error;
};

// Nearest rank; `times` is sorted and not empty.
Duration percentile(std::vector<Duration> const& times, double share) {
    auto const rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(times.size())));
    return times[std::clamp<std::size_t>(rank, 1, times.size()) - 1];
}

Outcome judge_samples(Samples samples, Params const& params) {
    auto const total = static_cast<int>(samples.times.size()) + samples.errors;
    if (samples.times.empty()) {
        return Outcome::unknown(fmt::format("none of {} requests succeeded: {}", total, samples.last_error),
                                "NoAnswer");
    }
    std::sort(samples.times.begin(), samples.times.end());
    auto const slow = percentile(samples.times, 0.95);
    auto const message = fmt::format("the API server answers in {:.1f} ms (95th percentile of {})", milliseconds(slow),
                                     samples.times.size());
    Outcome outcome;
    if (slow > params.duration("critical")) {
        outcome = Outcome::critical(message, "Slow");
    } else if (samples.errors) {
        outcome = Outcome::warning(
            fmt::format("{} of {} requests failed: {}", samples.errors, total, samples.last_error), "RequestsFailed");
    } else if (slow > params.duration("warning")) {
        outcome = Outcome::warning(message, "Slow");
    } else {
        outcome = Outcome::ok(message);
    }
    outcome.measurements = {{"latency_p50_ms", milliseconds(percentile(samples.times, 0.5))},
                            {"latency_p95_ms", milliseconds(slow)},
                            {"latency_max_ms", milliseconds(samples.times.back())},
                            {"errors", static_cast<double>(samples.errors)}};
    return outcome;
}

kube::Request question(std::int64_t number) {
    if (number % 2 == 0) return kube::raw_request("/version");
    return kube::list_request(Namespace::resource(), "", {.limit = 1, .metadata_only = true});
}

// Why an answer's time says nothing; empty if it counts. A refusal (403) has gone all the way through the server too.
std::string error_in(kube::Client::RawAnswer const& answer) {
    if (answer.status != 200 && answer.status != 403) return fmt::format("it answers {}", answer.status);
    auto const parsed = parse_json(answer.body, "answer");
    auto const* const object = parsed ? parsed->if_object() : nullptr;
    if (object && (object->contains("gitVersion") || object->contains("kind"))) return {};
    return fmt::format("it answers {} and not like a Kubernetes API server", answer.status);
}

Async<Outcome> probe(ProbeContext& context, Params params, Deadline deadline) {
    if (!context.client) co_return Outcome::unknown("no cluster to ask", "NoCluster");
    auto const wanted = params.integer("samples");
    auto const until = deadline - (deadline - context.clock.now()) / 20;
    Samples samples;
    for (std::int64_t i = 0; i < wanted && context.clock.now() < until; ++i) {
        auto request = question(i);
        auto answer = co_await context.client->raw(std::move(request), until, answer_limit);
        if (!answer) {
            ++samples.errors;
            samples.last_error = clip(redact(answer.error().text()), 300);
            break;  // a server that cannot be reached does not get reachable by asking again
        }
        if (auto error = error_in(*answer); !error.empty()) {
            ++samples.errors;
            samples.last_error = std::move(error);
            continue;
        }
        samples.times.push_back(answer->took);
    }
    auto outcome = judge_samples(std::move(samples), params);
    outcome.checked = wanted;
    outcome.thresholds = {
        {"latency_p95", boost::json::string(params.text("warning")), boost::json::string(params.text("critical"))}};
    co_return outcome;
}

}  // namespace

CheckType const apiserver_latency{
    .name = "apiserver-latency",
    .group = "controlplane",
    .summary = "The API server answers small requests quickly and without errors",
    .explain =
        "Times `samples` requests one after the other, /version and a list of one namespace in turn. A refusal "
        "(403) has gone all the way through the server too, so its time counts. The limits are those of the "
        "Kubernetes service level objectives: one second for single objects.",
    .critical = "the 95th percentile is over `critical`",
    .warning = "it is over `warning`, or some requests were not answered, or with anything but success or 403",
    .unknown = "none of the requests succeeded",
    .causes =
        "etcd is slow: a slow or shared disk, a database near its quota\n"
        "the control-plane node is short of CPU or memory\n"
        "a client floods the API server (429 is its defence)\n"
        "a slow admission webhook or aggregated API; the two questions asked here avoid most of them\n"
        "the network or the proxy between here and there",
    .next =
        "kubectl get --raw /metrics | grep etcd_request_duration_seconds_sum  # time spent in etcd\n"
        "kubectl get --raw /metrics | grep apiserver_flowcontrol_rejected_requests_total  # who is throttled\n"
        "kubectl top node -l node-role.kubernetes.io/control-plane  # is the node full\n"
        "time kubectl get --raw /version >/dev/null  # from another place: is it the way there",
    .companions = "apiserver-livez apiserver-readyz",
    .with = with,
    .probe = probe,
    .rules = rules,
    .cluster_scoped = true,
};

}  // namespace vedette::check
