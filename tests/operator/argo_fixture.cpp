// One coroutine writes for all Workflows, in the order of what is due: a controller that lags behind does so for
// everybody. A step is computed from the informer's copy and written against its version; what it wrote is believed
// only once the informer shows it.

#include "base/json.hpp"
#include "base/time_format.hpp"
#include "operator/argo.hpp"

#include <fmt/format.h>

namespace vedette::op::simulation {
namespace {

namespace json = boost::json;

constexpr auto patience = std::chrono::seconds(30);

struct Alarm {
    Clock& clock;
    Clock::TimerId id;
    ~Alarm() { clock.cancel(id); }
};

json::object& child(json::object& object, std::string_view key) {
    auto& value = object[key];
    if (!value.is_object()) value = json::object{};
    return value.get_object();
}

bool is_ended(std::string_view phase) {
    return phase == "Succeeded" || phase == "Failed" || phase == "Error";
}

}  // namespace

struct FakeArgo::Process {
    Process(FakeArgo& argo)
        : informer(argo.executor_, argo.client_, argo.clock_, argo.random_,
                   {.resource = workflow_kind,
                    .label_selector = "workflows.argoproj.io/controller-instanceid=" + argo.options_.instance_id},
                   [](kube::Object const& object) { return std::optional(object); }),
          tasks(argo.executor_) {
        informer.add_handlers(
            {.added = [&argo](std::string const&, kube::Object const& now) { argo.noticed(now); },
             .updated = [&argo](std::string const&, kube::Object const&,
                                kube::Object const& now) { argo.noticed(now); },
             .deleted = [&argo](std::string const&, kube::Object const& last) { argo.vanished(last); }});
    }

    kube::Informer<kube::Object> informer;
    TaskGroup tasks;
};

FakeArgo::FakeArgo(asio::any_io_executor executor, kube::Api& api, Clock& clock, Random& random, ArgoOptions options)
    : executor_(executor),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      client_(api, clock, random),
      news_(executor, "Argo's next work") {}

FakeArgo::~FakeArgo() = default;

void FakeArgo::start() {
    if (process_) return;
    agenda_.clear();
    due_.clear();
    process_ = std::make_unique<Process>(*this);
    process_->tasks.spawn(process_->informer.run());
    process_->tasks.spawn(conduct());
}

Async<void> FakeArgo::stop() {
    if (!process_) co_return;
    co_await process_->tasks.stop();
    process_.reset();
}

void FakeArgo::noticed(kube::Object const& workflow) {
    auto const uid = get_string(workflow, "metadata.uid");
    auto [found, is_new] = works_.try_emplace(uid);
    auto& work = found->second;
    if (is_new) {
        work.key = kube::key_of(workflow).key;
        work.fate = options_.fate(workflow);
        work.seen = as_steady(workflow, "metadata.creationTimestamp");
    }
    auto const phase = get_string(workflow, "status.phase");
    if (phase == "Running" && !work.began) work.began = as_steady(workflow, "status.startedAt");
    if (is_ended(phase) && !work.ended) work.ended = as_steady(workflow, "status.finishedAt");
    if (auto const old = due_.find(uid); old != due_.end()) agenda_.erase({old->second, uid});
    auto const due = next_step(work, workflow).due;
    due_[uid] = due;
    agenda_.emplace(due, uid);
    news_.notify();
}

void FakeArgo::vanished(kube::Object const& workflow) {
    auto const uid = get_string(workflow, "metadata.uid");
    if (auto const old = due_.find(uid); old != due_.end()) {
        agenda_.erase({old->second, uid});
        due_.erase(old);
    }
    works_.erase(uid);
}

// The time that an object says, on the steady clock; now if it says none. Seconds are all that objects know.
TimePoint FakeArgo::as_steady(kube::Object const& workflow, char const* time) const {
    auto const said = parse_rfc3339(get_string(workflow, time));
    auto const ago = said ? Duration(clock_.wall() - *said) : Duration::zero();
    return ago < std::chrono::seconds(1) ? clock_.now() : clock_.now() - ago;
}

std::chrono::seconds FakeArgo::ttl_of(kube::Object const& workflow) const {
    bool const succeeded = get_string(workflow, "status.phase") == "Succeeded";
    auto const special =
        get_int(workflow, succeeded ? "spec.ttlStrategy.secondsAfterSuccess" : "spec.ttlStrategy.secondsAfterFailure");
    auto const general = get_int(workflow, "spec.ttlStrategy.secondsAfterCompletion");
    if (special) return std::chrono::seconds(*special);
    return general ? std::chrono::seconds(*general) : options_.ttl;
}

FakeArgo::Step FakeArgo::next_step(Work const& work, kube::Object const& workflow) const {
    auto const phase = get_string(workflow, "status.phase");
    Step step;
    if (is_ended(phase)) {
        step = {.due = *work.ended + ttl_of(workflow)};
    } else if (phase == "Running") {
        step = step_from_running(work, workflow);
    } else if (get_string(workflow, "spec.entrypoint").empty() && !find(workflow, "spec.workflowTemplateRef")) {
        step = {work.seen + work.fate.pickup, "Failed", "invalid spec: spec.entrypoint is required"};
    } else if (phase.empty() && work.fate.pending > Duration::zero()) {
        step = {work.seen + work.fate.pickup, "Pending", "waiting for a free slot"};
    } else {
        step = {work.seen + work.fate.pickup + work.fate.pending, "Running", ""};
    }
    if (work.again) step.due = std::max(step.due, *work.again);
    return step;
}

// Whatever ends it first: somebody who asks for it, its deadline, or the work being done.
FakeArgo::Step FakeArgo::step_from_running(Work const& work, kube::Object const& workflow) const {
    if (auto const strategy = get_string(workflow, "spec.shutdown"); !strategy.empty()) {
        return {clock_.now(), "Failed", fmt::format("Stopped with strategy '{}'", strategy)};
    }
    Step done{TimePoint::max(), work.fate.phase, work.fate.message};
    if (!work.fate.phase.empty() && !get_bool(workflow, "spec.suspend")) done.due = *work.began + work.fate.running;
    auto const limit = get_int(workflow, "spec.activeDeadlineSeconds");
    if (!limit) return done;
    Step late{*work.began + std::chrono::seconds(*limit), "Failed", "Step exceeded its deadline"};
    return late.due < done.due ? late : done;
}

kube::Object FakeArgo::after(kube::Object workflow, Step const& step, Fate const& fate) const {
    workflow["apiVersion"] = workflow_kind.api_version();  // items of a list come without
    workflow["kind"] = workflow_kind.kind;
    auto const now = format_rfc3339(clock_.wall());
    auto& status = child(workflow, "status");
    status["phase"] = step.phase;
    if (!status.contains("startedAt")) status["startedAt"] = now;
    if (step.message.empty()) {
        status.erase("message");
    } else {
        status["message"] = step.message;
    }
    bool const ended = is_ended(step.phase);
    if (ended) {
        status["finishedAt"] = now;
        status["progress"] = step.phase == "Succeeded" ? "1/1" : "0/1";
        if (!fate.outputs.is_null()) status["outputs"] = fate.outputs;
    }
    auto& labels = child(child(workflow, "metadata"), "labels");
    labels["workflows.argoproj.io/phase"] = step.phase;
    labels["workflows.argoproj.io/completed"] = ended ? "true" : "false";
    return workflow;
}

Async<void> FakeArgo::conduct() {
    while (true) {
        auto const due = agenda_.empty() ? TimePoint::max() : agenda_.begin()->first;
        if (due > clock_.now()) {
            Alarm const alarm{clock_, clock_.call_at(due, [this] { news_.notify(); })};
            co_await news_.wait();  // the loop looks for itself what has become due
            continue;
        }
        auto const uid = agenda_.begin()->second;
        agenda_.erase(agenda_.begin());
        due_.erase(uid);
        co_await act(uid);
    }
}

Async<void> FakeArgo::act(std::string uid) {
    auto const& work = works_.at(uid);
    auto const* workflow = process_->informer.find(work.key);
    if (!workflow) co_return;
    auto const step = next_step(work, *workflow);
    auto const ns = get_string(*workflow, "metadata.namespace");
    auto const name = get_string(*workflow, "metadata.name");
    auto const deadline = clock_.now() + patience;
    std::optional<Error> error;
    if (step.phase.empty()) {
        auto const removed = co_await client_.remove(workflow_kind, ns, name, {.uid = uid}, deadline);
        if (!removed) error = removed.error();
    } else {
        auto written = after(*workflow, step, work.fate);
        auto const replaced = co_await client_.replace(workflow_kind, ns, name, std::move(written), "", deadline);
        if (!replaced) error = replaced.error();
    }
    auto const found = works_.find(uid);
    if (!error || error->code() == Errc::not_found || found == works_.end() || due_.contains(uid)) co_return;
    found->second.again = clock_.now() + std::chrono::seconds(1);
    due_[uid] = *found->second.again;
    agenda_.emplace(*found->second.again, uid);
}

}  // namespace vedette::op::simulation
