// One Pod type for all checks: a list of pods is the largest list there is, so it is read and kept once, and what is
// kept is what some check's sentence says.

#include "check/objects/pod.hpp"

#include "base/json.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::check {
namespace {

std::optional<Termination> termination_at(boost::json::value const& status, std::string_view path) {
    auto const* value = find(status, path);
    if (!value || !value->is_object()) return std::nullopt;
    return Termination{get_int(*value, "exitCode").value_or(0), get_string(*value, "reason"),
                       time_at(value->get_object(), "finishedAt")};
}

// Name, image and limit come from the spec: a pod that has no status yet has containers too.
void add_specs(std::vector<Container>& into, boost::json::object const& pod, std::string_view path,
               std::string_view role) {
    auto const* specs = find(pod, path);
    if (!specs || !specs->is_array()) return;
    for (auto const& spec : specs->get_array()) {
        if (!spec.is_object()) continue;
        Container container;
        container.name = get_string(spec, "name");
        container.role = role;
        container.image = get_string(spec, "image");
        container.memory_limit = get_string(spec, "resources.limits.memory");
        into.push_back(std::move(container));
    }
}

void add_statuses(std::vector<Container>& into, boost::json::object const& pod, std::string_view path,
                  std::string_view role) {
    auto const* statuses = find(pod, path);
    if (!statuses || !statuses->is_array()) return;
    for (auto const& status : statuses->get_array()) {
        if (!status.is_object()) continue;
        auto const name = get_string(status, "name");
        auto found = std::find_if(into.begin(), into.end(), [&](Container const& c) { return c.name == name; });
        if (found == into.end()) {
            into.push_back({.name = name, .role = role});
            found = std::prev(into.end());
        }
        if (found->image.empty()) found->image = get_string(status, "image");
        found->waiting_reason = get_string(status, "state.waiting.reason");
        found->waiting_message = clip(get_string(status, "state.waiting.message"));
        found->ended = termination_at(status, "state.terminated");
        found->last = termination_at(status, "lastState.terminated");
        found->restarts = get_int(status, "restartCount").value_or(0);
        auto const* running = find(status, "state.running");
        found->running = running && running->is_object();
    }
}

std::vector<std::string> claims_of(boost::json::object const& pod, std::string const& name) {
    std::vector<std::string> claims;
    auto const* volumes = find(pod, "spec.volumes");
    if (!volumes || !volumes->is_array()) return claims;
    for (auto const& volume : volumes->get_array()) {
        if (!volume.is_object()) continue;
        if (auto claim = get_string(volume, "persistentVolumeClaim.claimName"); !claim.empty()) {
            claims.push_back(std::move(claim));
        } else if (auto const* ephemeral = find(volume, "ephemeral"); ephemeral && ephemeral->is_object()) {
            claims.push_back(fmt::format("{}-{}", name, get_string(volume, "name")));
        }
    }
    return claims;
}

}  // namespace

std::string Container::called() const {
    return fmt::format("{} {}", role, name);
}

bool Pod::is_ready() const {
    auto const* ready = find_condition(conditions, "Ready");
    return ready && ready->status == "True";
}

std::optional<WallTime> Pod::unready_since() const {
    auto const* ready = find_condition(conditions, "Ready");
    if (!ready) return meta.created;
    if (ready->status == "True") return std::nullopt;
    return ready->since ? ready->since : meta.created;
}

kube::Resource Pod::resource() {
    return {"", "v1", "pods", "Pod", true};
}

kube::Projection Pod::projection() {
    kube::Projection fields(meta_paths);
    for (auto const* path :
         {"spec.nodeName", "spec.schedulingGates", "spec.containers.name", "spec.containers.image",
          "spec.containers.resources.limits.memory", "spec.initContainers.name", "spec.initContainers.image",
          "spec.initContainers.resources.limits.memory", "spec.ephemeralContainers.name",
          "spec.ephemeralContainers.image", "spec.volumes.name", "spec.volumes.persistentVolumeClaim.claimName",
          "spec.volumes.ephemeral", "status.phase", "status.reason", "status.conditions"}) {
        fields.add(path);
    }
    for (std::string const list : {"containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"}) {
        for (auto const* field : {"name", "image", "state", "lastState", "restartCount"}) {
            fields.add(fmt::format("status.{}.{}", list, field));
        }
    }
    return fields;
}

Pod Pod::from(boost::json::object const& object) {
    Pod pod;
    pod.meta = Meta::from(object);
    pod.phase = get_string(object, "status.phase");
    pod.reason = get_string(object, "status.reason");
    pod.node = get_string(object, "spec.nodeName");
    auto const* gates = find(object, "spec.schedulingGates");
    pod.gated = gates && gates->is_array() && !gates->get_array().empty();
    pod.conditions = conditions_of(object);
    std::erase_if(pod.conditions, [](Condition const& c) {
        return c.type != "PodScheduled" && c.type != "Ready" && c.type != "DisruptionTarget";
    });
    add_specs(pod.containers, object, "spec.initContainers", "init container");
    add_specs(pod.containers, object, "spec.containers", "container");
    add_specs(pod.containers, object, "spec.ephemeralContainers", "ephemeral container");
    add_statuses(pod.containers, object, "status.initContainerStatuses", "init container");
    add_statuses(pod.containers, object, "status.containerStatuses", "container");
    add_statuses(pod.containers, object, "status.ephemeralContainerStatuses", "ephemeral container");
    pod.claims = claims_of(object, pod.meta.name);
    return pod;
}

}  // namespace vedette::check
