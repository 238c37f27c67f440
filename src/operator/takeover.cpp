#include "operator/takeover.hpp"

#include "base/json.hpp"
#include "base/time_format.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace vedette::op {
namespace {

namespace json = boost::json;

constexpr std::string_view reference_deployment = "activemonitor-controller";
constexpr std::string_view completed_label = "workflows.argoproj.io/completed";

kube::Resource deployment_resource() {
    return {.group = "apps", .version = "v1", .plural = "deployments", .kind = "Deployment"};
}

std::string label(kube::Object const& object, std::string_view key) {
    auto const* labels = find(object, "metadata.labels");
    auto const* entries = labels ? labels->if_object() : nullptr;
    auto const* value = entries ? entries->if_contains(key) : nullptr;
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool nobody_there(Errc code) {
    return code == Errc::unsupported || code == Errc::not_found;
}

std::string controller_uid(kube::Object const& object) {
    auto const* owners = find(object, "metadata.ownerReferences");
    if (!owners || !owners->is_array()) return {};
    for (auto const& owner : owners->get_array()) {
        if (get_bool(owner, "controller") && get_string(owner, "kind") == "HealthCheck")
            return get_string(owner, "uid");
    }
    return {};
}

Task<void> find_controllers(kube::Client client, Others& others, Deadline deadline) {
    kube::ListOptions options{.field_selector = fmt::format("metadata.name={}", reference_deployment)};
    auto const listed = co_await client.list(
        deployment_resource(), "", options,
        {"metadata.namespace", "metadata.name", "metadata.labels", "status.replicas"},
        [&others](kube::Object object) {
            // Ours has the same name, so that it takes the place of the reference's where it is applied.
            bool const ours = label(object, "app.kubernetes.io/part-of") == "vedette";
            if (ours || get_int(object, "status.replicas").value_or(0) == 0) return;
            others.controllers.push_back(get_string(object, "metadata.namespace") + "/" +
                                         get_string(object, "metadata.name"));
        },
        [&others] { others.controllers.clear(); }, deadline);
    if (!listed && listed.error().code() == Errc::denied) {
        others.unseen = listed.error().text();
    } else if (!listed && !nobody_there(listed.error().code())) {
        co_return std::unexpected(listed.error());
    }
    co_return Result<void>{};
}

void note_workflow(Others& others, std::map<std::string, HealthCheck const*> const& checks,
                   kube::Object const& object) {
    auto const check = checks.find(controller_uid(object));
    if (check == checks.end()) return;
    auto const phase = label(object, "workflows.argoproj.io/phase");
    bool const ended =
        label(object, completed_label) == "true" || phase == "Succeeded" || phase == "Failed" || phase == "Error";
    if (ended) return;
    ForeignWorkflow found{.check = check->second->ns + "/" + check->second->name};
    found.workflow.ns = get_string(object, "metadata.namespace");
    found.workflow.name = get_string(object, "metadata.name");
    found.workflow.uid = get_string(object, "metadata.uid");
    if (auto const created = parse_rfc3339(get_string(object, "metadata.creationTimestamp"))) {
        found.workflow.created = found.workflow.slot = *created;
    }
    auto const& spec = check->second->spec;
    auto const begins_as = [&](WorkflowSpec const& workflow) {
        return !workflow.generate_name.empty() && found.workflow.name.starts_with(workflow.generate_name.substr(0, 58));
    };
    found.explained = begins_as(spec.workflow) || begins_as(spec.remedy);
    bool const remedy = begins_as(spec.remedy) && (!begins_as(spec.workflow) || spec.remedy.generate_name.size() >
                                                                                    spec.workflow.generate_name.size());
    if (remedy) found.workflow.run.purpose = Purpose::remedy;
    others.workflows[check->first].push_back(std::move(found));
}

Task<void> find_workflows(kube::Client client, CheckInformer const& checks, Others& others, Deadline deadline) {
    std::map<std::string, HealthCheck const*> by_uid;
    std::vector<SeenCheckPtr> held;
    checks.for_each([&](auto const&, SeenCheckPtr const& seen) {
        held.push_back(seen);
        by_uid.emplace(seen->check.uid, &seen->check);
    });
    // A cluster may keep thousands that have ended. Argo says so in a label as it ends one, and in no other way here.
    kube::ListOptions options{.label_selector = fmt::format("!{},{}!=true", uid_label, completed_label),
                              .metadata_only = true};
    auto const listed = co_await client.list(
        workflow_resource(), "", options, kube::Projection{"metadata"},
        [&](kube::Object object) { note_workflow(others, by_uid, object); }, [&] { others.workflows.clear(); },
        deadline);
    if (!listed && !nobody_there(listed.error().code())) co_return std::unexpected(listed.error());
    co_return Result<void>{};
}

}  // namespace

std::optional<std::string> Others::refusal() const {
    if (!controllers.empty()) {
        return fmt::format(
            "Deployment {} is running and acts on the same HealthChecks: scale it to 0 or delete it; if it is ours, "
            "give "
            "it the label app.kubernetes.io/part-of: vedette; or start with --takeover",
            fmt::join(controllers, ", "));
    }
    for (auto const& [uid, found] : workflows) {
        auto const& first = found.front();
        if (found.size() > 1) {
            return fmt::format(
                "HealthCheck {} has {} Workflows under way that we did not make ({}, {}): another operator is at work; "
                "end it, or start with --takeover",
                first.check, found.size(), found[0].workflow.name, found[1].workflow.name);
        }
        if (!first.explained) {
            return fmt::format(
                "Workflow {}/{} belongs to HealthCheck {} and is named as none of its runs would be: another operator "
                "is at work; end it, or start with --takeover",
                first.workflow.ns, first.workflow.name, first.check);
        }
    }
    return std::nullopt;
}

std::map<std::string, CurrentWorkflow> Others::in_flight() const {
    std::map<std::string, CurrentWorkflow> all;
    for (auto const& [uid, found] : workflows) {
        auto const newest = std::max_element(found.begin(), found.end(), [](auto const& a, auto const& b) {
            return a.workflow.created < b.workflow.created;
        });
        if (newest->explained) all.emplace(uid, newest->workflow);
    }
    return all;
}

Task<Others> find_others(kube::Client client, CheckInformer const& checks, FindDeadlines deadlines) {
    Others others;
    auto controllers = co_await find_controllers(client, others, deadlines.controllers);
    if (!controllers) co_return pass(controllers);
    auto workflows = co_await find_workflows(client, checks, others, deadlines.workflows);
    if (!workflows) co_return pass(workflows);
    co_return std::move(others);
}

}  // namespace vedette::op
