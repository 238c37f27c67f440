// What machines ask for, one coroutine a request. Each reports back what came of it; none decides.

#include "base/json.hpp"
#include "base/overload.hpp"
#include "base/redact.hpp"
#include "operator/bounded.hpp"
#include "operator/controller.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace vedette::op {
namespace {

namespace json = boost::json;

kube::ObjectReference reference_to(HealthCheck const& check) {
    return {.api_version = std::string(api_version),
            .kind = "HealthCheck",
            .ns = check.ns,
            .name = check.name,
            .uid = check.uid,
            .resource_version = {},
            .field_path = {}};
}

// Without the Workflow's name: what is wrong in every run is one Event that counts.
std::string told(std::vector<std::string> const& refused) {
    constexpr std::size_t most = 3;
    auto text = fmt::format("{}", fmt::join(refused.begin(), refused.begin() + std::min(most, refused.size()), "; "));
    if (refused.size() > most) text += fmt::format("; and {} more", refused.size() - most);
    return text;
}

}  // namespace

void Controller::perform(Uid const& uid, Entry& entry, Action action) {
    if (over_ || !doors_.may_act()) return;
    auto const& check = entry.machine.check();
    std::visit(Overload{
                   [&](WakeAt const& wanted) {
                       if (entry.wakes) doors_.clock.cancel(entry.timer);
                       entry.wakes = wanted.when;
                       entry.timer = doors_.clock.call_at(wanted.when, [this, uid] {
                           auto const found = entries_.find(uid);
                           if (found == entries_.end()) return;
                           found->second->wakes.reset();
                           feed(uid, Woke{});
                       });
                   },
                   [&](EnsureRbac const& wanted) {
                       hold_rights(uid, entry, wanted.purpose);
                       tasks_.spawn(ensure_rbac(uid, check, wanted.purpose));
                   },
                   [&](ReleaseRbac const&) { tasks_.spawn(doors_.rbac.release(check, request_deadline())); },
                   [&](ReadSource const& wanted) {
                       auto const& workflow =
                           wanted.purpose == Purpose::check ? check.spec.workflow : check.spec.remedy;
                       tasks_.spawn(read_source(uid, workflow.source, workflow.ns));
                   },
                   [&](CreateWorkflow& wanted) { tasks_.spawn(create_workflow(uid, std::move(wanted))); },
                   [&](FindWorkflow& wanted) { tasks_.spawn(find_workflow(uid, std::move(wanted))); },
                   [&](RunChecks const& wanted) { tasks_.spawn(run_checks(uid, check, wanted.timeout)); },
                   [&](WriteStatus& wanted) { tasks_.spawn(write_status(uid, check, std::move(wanted))); },
                   [&](ReadCheck const&) { tasks_.spawn(read_check(uid, check.ns, check.name)); },
                   [&](LookAt& wanted) {
                       auto const* seen = wanted.fresh ? nullptr : doors_.workflows.find(wanted.ns + "/" + wanted.name);
                       if (seen && seen->uid == wanted.uid)
                           return feed(uid, WorkflowSeen{seen->uid, seen->state, true});
                       auto& under_way = wanted.spare ? entry.glances : entry.looks;
                       if (!std::exchange(under_way, true)) tasks_.spawn(look_at(uid, std::move(wanted)));
                   },
                   [&](DeleteWorkflow& wanted) {
                       sweep_later({.workflow = std::move(wanted), .seen = {}, .certain = true, .told = {}});
                   },
                   [&](Tell& wanted) { tell(check, std::move(wanted)); },
                   [&](Began const& wanted) { doors_.metrics.started(check, wanted.purpose, wanted.lateness); },
                   [&](Count& wanted) { count(check, std::move(wanted)); },
                   [&](NoResult const&) { doors_.metrics.result_lost(check); },
                   [&](NoRemedy const& wanted) { doors_.metrics.remedy_refused(check, wanted.reason); },
               },
               action);
}

Async<void> Controller::ensure_rbac(Uid uid, HealthCheck check, Purpose purpose) {
    auto report = co_await doors_.rbac.ensure(check, purpose, request_deadline());
    feed(uid, RbacReady{std::move(report.result), std::move(report.reason), std::move(report.notes)});
}

Async<void> Controller::read_source(Uid uid, Source source, std::string ns) {
    auto text = co_await doors_.read_source(std::move(source), std::move(ns), request_deadline());
    feed(uid, SourceRead{std::move(text)});
}

Async<void> Controller::create_workflow(Uid uid, CreateWorkflow wanted) {
    auto const ns = get_string(wanted.object, "metadata.namespace");
    auto const name = get_string(wanted.object, "metadata.name");
    auto const deadline = request_deadline();
    WorkflowCreated answer;
    answer.object = co_await doors_.client.create(workflow_resource(), ns, std::move(wanted.object), deadline);
    if (!answer.object && answer.object.error().code() == Errc::already_exists) {
        auto existing = co_await doors_.client.get(workflow_resource(), ns, name, deadline);
        if (existing) answer.existing = std::move(*existing);
    }
    feed(uid, std::move(answer));
    // The watch may have been faster than the answer, and told of a Workflow that the machine did not know yet.
    auto const* seen = doors_.workflows.find(ns + "/" + name);
    if (seen && seen->check_uid == uid) feed(uid, WorkflowSeen{seen->uid, seen->state, true});
}

Async<void> Controller::find_workflow(Uid uid, FindWorkflow wanted) {
    auto found = co_await doors_.client.get(workflow_resource(), wanted.ns, wanted.name, request_deadline());
    if (!found) {
        feed(uid, WorkflowCreated{.object = std::move(found), .existing = {}});
        co_return;
    }
    feed(uid,
         WorkflowCreated{.object = fail(Errc::already_exists, "it was made before"), .existing = std::move(*found)});
}

Async<void> Controller::run_checks(Uid uid, HealthCheck check, std::chrono::seconds timeout) {
    auto const deadline = deadline_after(doors_.clock.now(), timeout);
    auto result = co_await doors_.run_checks(std::move(check), deadline);
    feed(uid, ChecksRan{std::move(result)});
}

Async<void> Controller::write_status(Uid uid, HealthCheck check, WriteStatus wanted) {
    json::object patch{
        {"metadata", json::object{{"resourceVersion", wanted.resource_version}, {"uid", uid}}},
        {"status", std::move(wanted.status)},
    };
    auto client = doors_.client.at(kube::Priority::high);
    auto written = co_await client.patch(health_check_resource(), check.ns, check.name, kube::Patch::merge,
                                         std::move(patch), {.subresource = "status"}, request_deadline());
    feed(uid, StatusWritten{std::move(written)});
}

Async<void> Controller::read_check(Uid uid, std::string ns, std::string name) {
    auto read = co_await doors_.client.get(health_check_resource(), std::move(ns), std::move(name), request_deadline());
    feed(uid, CheckRead{std::move(read)});
}

Async<void> Controller::look_at(Uid uid, LookAt wanted) {
    auto client = wanted.spare ? doors_.client.at(kube::Priority::low) : doors_.client;
    // When the next spare look is due, what this one waits for is old.
    auto const deadline = wanted.spare ? deadline_after(doors_.clock.now(), glance_every) : request_deadline();
    auto const found = co_await client.get(workflow_resource(), wanted.ns, wanted.name, deadline);
    if (auto const entry = entries_.find(uid); entry != entries_.end()) {
        (wanted.spare ? entry->second->glances : entry->second->looks) = false;
    }
    if (found && get_string(*found, "metadata.uid") == wanted.uid) {
        feed(uid, WorkflowSeen{.uid = wanted.uid, .state = workflow_state(*found), .asked = true});
    } else if (found || found.error().code() == Errc::not_found) {
        feed(uid, WorkflowGone{wanted.uid, false});
    } else {
        feed(uid, LookFailed{wanted.uid, found.error()});
    }
}

void Controller::tell(HealthCheck const& check, Tell what) {
    what.message = bounded(redact(what.message));
    auto const level = what.warning ? LogLevel::warning : LogLevel::info;
    doors_.log(level, fmt::format("{}/{}: {}: {}", check.ns, check.name, what.reason, what.message));
    if (what.warning) {
        doors_.events.warning(reference_to(check), std::move(what.reason), std::move(what.message));
    } else {
        doors_.events.normal(reference_to(check), std::move(what.reason), std::move(what.message));
    }
}

void Controller::count(HealthCheck const& check, Count what) {
    auto custom = what.result.measured;
    std::vector<std::string> refused;
    if (!what.result.outputs.empty()) custom = custom_metrics(check.name, what.result.outputs, &refused);
    for (auto& why : doors_.metrics.booked(check, what.purpose, what.result, custom)) refused.push_back(std::move(why));
    if (!refused.empty()) tell(check, {.warning = true, .reason = "CustomMetricRefused", .message = told(refused)});
    if (what.helped) doors_.metrics.remedy_verified(check, *what.helped);
}

}  // namespace vedette::op
