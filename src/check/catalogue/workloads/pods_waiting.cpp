// pods-image-pull and pods-config-error: containers that wait and cannot start, by the kubelet's reason.
//
// A waiting container carries no time. It has waited at least since its pod stopped being ready, and not before its
// own last run ended.

#include "check/catalogue/finding_of.hpp"
#include "check/catalogue/reads_of.hpp"
#include "check/catalogue/workloads/workloads.hpp"
#include "check/objects/pod.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::check {
namespace {

constexpr ParamSpec config_error_with[] = {
    {"other_waiting_age", ParamKind::duration, "\"1h\"",
     "any other waiting reason (ContainerCreating) may last this long", 0},
};

constexpr std::string_view image_reasons[] = {"ImagePullBackOff",         "ErrImagePull",        "InvalidImageName",
                                              "ErrImageNeverPull",        "RegistryUnavailable", "ImageInspectError",
                                              "SignatureValidationFailed"};
constexpr std::string_view config_reasons[] = {"CreateContainerConfigError", "CreateContainerError",
                                               "RunContainerError", "PreCreateHookError", "PostStartHookError"};

bool is_one_of(std::span<std::string_view const> reasons, std::string_view reason) {
    return std::find(reasons.begin(), reasons.end(), reason) != reasons.end();
}

std::optional<WallTime> waiting_since(Pod const& pod, Container const& container) {
    auto since = pod.unready_since();
    if (!since) since = pod.meta.created;
    if (container.last && container.last->finished && (!since || *container.last->finished > *since)) {
        since = container.last->finished;
    }
    return since;
}

Finding waiting(Pod const& pod, Container const& container) {
    auto finding = finding_of("Pod", pod.meta);
    finding.reason = container.waiting_reason;
    finding.since = waiting_since(pod, container);
    return finding;
}

std::string with_message(std::string words, Container const& container) {
    if (!container.waiting_message.empty()) words += ": " + container.waiting_message;
    return words;
}

Outcome judge_image_pull(View const& view, Params const& params, WallTime now) {
    Findings findings(params.max_failures_listed);
    auto const pods = view.list<Pod>();
    for (auto const* pod : pods) {
        if (pod->meta.deleted) continue;
        for (auto const& container : pod->containers) {
            if (!is_one_of(image_reasons, container.waiting_reason)) continue;
            auto finding = waiting(*pod, container);
            finding.message = [&container] {
                return with_message(fmt::format("{} cannot get its image {} ({})", container.called(),
                                                clip(container.image), container.waiting_reason),
                                    container);
            };
            if (!younger_than(finding.since, params.min_age, now)) findings.add(finding);
        }
    }
    auto const checked = static_cast<std::int64_t>(pods.size());
    auto outcome =
        std::move(findings).conclude(checked, fmt::format("no container of {} pods waits for its image", checked), now);
    outcome.measurements = {{"pods_without_image", static_cast<double>(outcome.failed)}};
    return outcome;
}

Outcome judge_config_error(View const& view, Params const& params, WallTime now) {
    auto const other_waiting_age = params.duration("other_waiting_age");
    Findings findings(params.max_failures_listed);
    auto const pods = view.list<Pod>();
    for (auto const* pod : pods) {
        if (pod->meta.deleted) continue;
        for (auto const& container : pod->containers) {
            auto const& reason = container.waiting_reason;
            // The others have checks of their own; PodInitializing waits for an init container that is judged itself.
            if (reason.empty() || reason == "CrashLoopBackOff" || reason == "PodInitializing") continue;
            if (is_one_of(image_reasons, reason)) continue;
            auto const is_error = is_one_of(config_reasons, reason);
            auto finding = waiting(*pod, container);
            finding.message = [&container, is_error] {
                return with_message(
                    fmt::format("{} {} ({})", container.called(), is_error ? "cannot be created" : "keeps waiting",
                                container.waiting_reason),
                    container);
            };
            auto const limit = is_error ? params.min_age : other_waiting_age;
            if (!younger_than(finding.since, limit, now)) findings.add(finding);
        }
    }
    auto const checked = static_cast<std::int64_t>(pods.size());
    auto outcome =
        std::move(findings).conclude(checked, fmt::format("every container of {} pods can be created", checked), now);
    outcome.measurements = {{"pods_not_creatable", static_cast<double>(outcome.failed)}};
    return outcome;
}

}  // namespace

CheckType const pods_image_pull{
    .name = "pods-image-pull",
    .group = "workloads",
    .summary = "Containers whose image cannot be pulled",
    .explain =
        "The reasons are ErrImagePull, ImagePullBackOff, InvalidImageName, ErrImageNeverPull, RegistryUnavailable, "
        "ImageInspectError and SignatureValidationFailed. The message names the image and repeats the registry's "
        "answer. Pods that have the image run on; every restart on another node fails.",
    .critical = "a container has waited for its image for min_age",
    .causes =
        "not found: a wrong name or tag, or an image that was deleted\n"
        "unauthorized or denied: a missing, wrong or expired pull secret\n"
        "toomanyrequests: the registry's rate limit\n"
        "i/o timeout or no such host: the registry is out of reach of the node\n"
        "x509: the node does not trust the registry's certificate",
    .next =
        "kubectl describe pod -n NS POD  # the registry's answer, in the events\n"
        "kubectl get pod -n NS POD -o jsonpath='{.spec.containers[*].image} {.spec.imagePullSecrets}'\n"
        "crictl pull IMAGE  # on the node: does it work from there\n"
        "kubectl rollout undo -n NS deployment/NAME  # back to an image that exists",
    .companions = "pods-not-ready deployments-available statefulsets-ready daemonsets-ready events-warning",
    .min_age = std::chrono::minutes(2),
    .needs = reads_of<Pod>,
    .judge = judge_image_pull,
};

CheckType const pods_config_error{
    .name = "pods-config-error",
    .group = "workloads",
    .summary = "Containers that cannot be created: missing Secrets, ConfigMaps, mounts, bad commands",
    .explain =
        "The container cannot be created at all; the kubelet's message names what is missing. Source: "
        "KubeContainerWaiting of kubernetes-mixin (1h).",
    .critical =
        "a container has waited for min_age with CreateContainerConfigError, CreateContainerError, "
        "RunContainerError, PreCreateHookError or PostStartHookError, or for other_waiting_age with any other "
        "reason, such as ContainerCreating",
    .causes =
        "a Secret or ConfigMap, or a key in it, does not exist or has another name\n"
        "the command or the working directory does not exist in the image (RunContainerError)\n"
        "a volume does not attach or mount: it is still held by another node (ContainerCreating)\n"
        "the network plug-in gives the pod no address (FailedCreatePodSandBox)\n"
        "runAsNonRoot with an image that runs as root",
    .next =
        "kubectl describe pod -n NS POD  # what is missing, in the events\n"
        "kubectl get secret,configmap -n NS  # does it exist under that name\n"
        "kubectl get volumeattachments | grep VOLUME  # who holds the volume",
    .companions = "pods-not-ready deployments-available statefulsets-ready daemonsets-ready events-warning",
    .min_age = std::chrono::minutes(5),
    .with = config_error_with,
    .needs = reads_of<Pod>,
    .judge = judge_config_error,
};

}  // namespace vedette::check
