#include "operator/views.hpp"

#include "base/json.hpp"
#include "base/time_format.hpp"

#include <algorithm>

namespace vedette::op {
namespace {

namespace json = boost::json;

// The keys of annotations and labels hold dots, which a path cannot.
std::string text_in(kube::Object const& object, std::string_view map, std::string_view key) {
    auto const* found = find(object, map);
    auto const* entries = found ? found->if_object() : nullptr;
    auto const* value = entries ? entries->if_contains(key) : nullptr;
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::string controller_of(kube::Object const& object) {
    auto const* owners = find(object, "metadata.ownerReferences");
    if (!owners || !owners->is_array()) return {};
    auto const& list = owners->get_array();
    auto const found =
        std::find_if(list.begin(), list.end(), [](auto const& owner) { return get_bool(owner, "controller"); });
    return found == list.end() ? std::string() : get_string(*found, "uid");
}

}  // namespace

kube::Resource health_check_resource() {
    return {.group = std::string(api_group), .version = "v1alpha1", .plural = "healthchecks", .kind = "HealthCheck"};
}

kube::Resource workflow_resource() {
    return {.group = "argoproj.io", .version = "v1alpha1", .plural = "workflows", .kind = "Workflow"};
}

SeenCheckPtr see_check(kube::Object const& object) {
    auto seen = std::make_shared<SeenCheck>();
    seen->check = read_health_check(object, &seen->problems);
    for (auto& problem : validate(seen->check.spec)) seen->problems.push_back(std::move(problem));
    return seen;
}

CurrentWorkflow SeenWorkflow::current() const {
    return {.run = run.value_or(RunId{}), .ns = ns, .name = name, .uid = uid, .slot = created, .created = created};
}

bool SeenWorkflow::is_of(HealthCheck const& check) const {
    return check_uid == check.uid && annotated_uid == check.uid && (ns != check.ns || controller_uid == check.uid);
}

std::string_view SeenWorkflow::check_ns() const {
    auto const slash = check_key.find('/');
    return slash == std::string::npos ? std::string_view() : std::string_view(check_key).substr(0, slash);
}

std::optional<SeenWorkflow> see_workflow(kube::Object const& object) {
    SeenWorkflow seen;
    seen.check_uid = text_in(object, "metadata.labels", uid_label);
    if (seen.check_uid.empty()) return std::nullopt;
    seen.ns = get_string(object, "metadata.namespace");
    seen.name = get_string(object, "metadata.name");
    seen.uid = get_string(object, "metadata.uid");
    seen.check_key = text_in(object, "metadata.annotations", name_annotation);
    seen.run = parse_run_id(text_in(object, "metadata.annotations", run_annotation));
    seen.annotated_uid = text_in(object, "metadata.annotations", uid_annotation);
    seen.controller_uid = controller_of(object);
    if (auto const created = parse_rfc3339(get_string(object, "metadata.creationTimestamp"))) seen.created = *created;
    seen.state = workflow_state(object);
    return seen;
}

kube::Projection workflow_projection() {
    return {"metadata.namespace",
            "metadata.name",
            "metadata.uid",
            "metadata.resourceVersion",
            "metadata.creationTimestamp",
            "metadata.labels",
            "metadata.annotations",
            "metadata.ownerReferences",
            "status.phase",
            "status.message",
            "status.startedAt",
            "status.finishedAt",
            "status.outputs.parameters"};
}

}  // namespace vedette::op
