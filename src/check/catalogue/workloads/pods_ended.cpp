// pods-oom and pods-restarts: containers that ended lately, by the ends that the kubelet still remembers (state and
// lastState, one each per container).

#include "base/duration.hpp"
#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/reads_of.hpp"
#include "check/catalogue/workloads/workloads.hpp"
#include "check/objects/pod.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

constexpr ParamSpec oom_with[] = {
    {"window", ParamKind::duration, "\"1h\"", "kills longer ago than this are forgotten", 0},
};
constexpr ParamSpec restarts_with[] = {
    {"warning", ParamKind::integer, "5", "restarts of one container", 1, 1e9},
    {"critical", ParamKind::integer, "10", "restarts of one container", 1, 1e9},
    {"window", ParamKind::duration, "\"24h\"", "only containers that restarted within it count", 0},
};

// The latest out-of-memory kill of the container.
Termination const* oom_kill(Container const& container) {
    for (auto const* end :
         {container.ended ? &*container.ended : nullptr, container.last ? &*container.last : nullptr}) {
        if (end && end->reason == "OOMKilled") return end;
    }
    return nullptr;
}

// Whether the container is down though it should run: not one that ended well, nor one of a pod that is over.
bool is_down(Pod const& pod, Container const& container) {
    if (container.running || pod.phase == "Succeeded" || pod.phase == "Failed") return false;
    return !(container.ended && container.ended->exit_code == 0);
}

bool is_within(std::optional<WallTime> when, Duration window, WallTime now) {
    return when && now - *when <= window;
}

Outcome judge_oom(View const& view, Params const& params, WallTime now) {
    auto const window = params.duration("window");
    Findings findings(params.max_failures_listed);
    auto const pods = view.list<Pod>();
    for (auto const* pod : pods) {
        for (auto const& container : pod->containers) {
            auto const* kill = oom_kill(container);
            if (!kill || !is_within(kill->finished, window, now)) continue;
            auto const down = is_down(*pod, container);
            auto finding = finding_of("Pod", pod->meta, down ? Status::critical : Status::warning);
            finding.reason = "OOMKilled";
            finding.since = kill->finished;
            finding.timing = Timing::happened;
            finding.message = [&] {
                return fmt::format(
                    "{} was killed for lack of memory, {}, {}, {} restarts", container.called(),
                    container.memory_limit.empty() ? "without a limit of its own" : "limit " + container.memory_limit,
                    container.running ? "runs again"
                    : down            ? "does not run"
                                      : "has ended since",
                    container.restarts);
            };
            findings.add(finding);
        }
    }
    auto const checked = static_cast<std::int64_t>(pods.size());
    auto outcome = std::move(findings).conclude(
        checked, fmt::format("no container of {} pods ran out of memory within {}", checked, format_duration(window)),
        now);
    outcome.measurements = {{"pods_oom_killed", static_cast<double>(outcome.failed)}};
    return outcome;
}

Outcome judge_restarts(View const& view, Params const& params, WallTime now) {
    auto const window = params.duration("window");
    auto const warning = params.integer("warning");
    auto const critical = params.integer("critical");
    Findings findings(params.max_failures_listed);
    std::int64_t most = 0;
    auto const pods = view.list<Pod>();
    for (auto const* pod : pods) {
        for (auto const& container : pod->containers) {
            if (!container.last || !is_within(container.last->finished, window, now)) continue;
            most = std::max(most, container.restarts);
            if (container.restarts < std::min(warning, critical)) continue;
            auto finding =
                finding_of("Pod", pod->meta, container.restarts >= critical ? Status::critical : Status::warning);
            finding.reason = "TooManyRestarts";
            auto const& end = *container.last;
            finding.since = end.finished;
            finding.timing = Timing::told;
            finding.message = [&] {
                return fmt::format("{} restarted {} times, the last one {} ago with exit code {}{}", container.called(),
                                   container.restarts, format_age(now - *end.finished), end.exit_code,
                                   end.reason.empty() ? "" : fmt::format(" ({})", end.reason));
            };
            findings.add(finding);
        }
    }
    auto const checked = static_cast<std::int64_t>(pods.size());
    auto outcome = std::move(findings).conclude(
        checked, fmt::format("no container of {} pods restarted {} times", checked, std::min(warning, critical)), now);
    outcome.measurements = {{"restarts_most", static_cast<double>(most)}};
    outcome.thresholds = {{"restarts", warning, critical}};
    return outcome;
}

}  // namespace

CheckType const pods_oom{
    .name = "pods-oom",
    .group = "workloads",
    .summary = "Containers that were killed for lack of memory within the window",
    .explain =
        "The kernel killed the container because it passed its memory limit; the message has the limit. Without a "
        "limit of its own the node itself was out of memory. The kubelet remembers the last end of each container "
        "only. Source: awesome-prometheus-alerts (10m), widened to 1h because one run sees only a moment.",
    .critical = "a container was OOMKilled within the window and does not run, though it should",
    .warning = "it was OOMKilled within the window and runs again, has ended well since, or its pod is over",
    .causes =
        "the limit is below what the program needs under load\n"
        "a memory leak: the time between kills is much the same each time\n"
        "the runtime's heap does not know the limit (JVM, Node.js)\n"
        "the node is overcommitted: pods without limits",
    .next =
        "kubectl top pod -n NS --containers  # use beside the limit\n"
        "kubectl describe pod -n NS POD  # Last State, Limits\n"
        "kubectl set resources -n NS deployment/NAME -c CONTAINER --limits=memory=512Mi  # raise it\n"
        "journalctl -k --since -2h | grep -i 'killed process'  # on the node",
    .companions = "pods-crashloop pods-restarts pods-not-ready nodes-pressure",
    .with = oom_with,
    .needs = reads_of<Pod>,
    .judge = judge_oom,
};

CheckType const pods_restarts{
    .name = "pods-restarts",
    .group = "workloads",
    .summary = "Containers with many restarts, the last of them within the window",
    .explain =
        "Restarts are counted over the pod's life, if the last one is within the window: a pod that stumbled last "
        "month is left alone. The message has the exit code of the last end. Source: Popeye (5), the Azure Red Hat "
        "OpenShift monitor (10).",
    .critical = "a container has restarted `critical` times, the last time within the window",
    .warning = "it has restarted `warning` times, the last time within the window",
    .causes =
        "the liveness probe is too strict: exit code 137 or 143, and Unhealthy among the events\n"
        "out of memory (137, OOMKilled)\n"
        "a dependency that goes away now and then\n"
        "a program that ends on purpose, to be started again",
    .next =
        "kubectl describe pod -n NS POD  # Last State, probes, events\n"
        "kubectl logs -n NS POD -c CONTAINER --previous  # its last words\n"
        "kubectl get events -n NS --field-selector involvedObject.name=POD  # Unhealthy, Killing, BackOff\n"
        "kubectl delete pod -n NS POD  # a new pod counts from 0, once the cause is mended",
    .companions = "pods-crashloop pods-oom",
    .with = restarts_with,
    .needs = reads_of<Pod>,
    .judge = judge_restarts,
};

}  // namespace vedette::check
