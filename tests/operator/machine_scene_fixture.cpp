// The server here keeps the rules that the machine relies on and no others: versions, conflicts, names taken once.

#include "base/duration.hpp"
#include "base/json.hpp"
#include "base/time_format.hpp"
#include "base/yaml.hpp"
#include "kube/fake/patch.hpp"
#include "operator/machine_scene.hpp"

#include <algorithm>

namespace vedette::op {
namespace {

namespace json = boost::json;

constexpr WallTime start{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + std::chrono::hours(10)};

constexpr std::string_view default_check = R"(
    apiVersion: activemonitor.keikoproj.io/v1alpha1
    kind: HealthCheck
    metadata: {name: hello, namespace: health, uid: hc-1, generation: 1, creationTimestamp: "2026-03-01T10:00:00Z"}
    spec:
      level: cluster
      repeatAfterSec: 60
      workflow:
        generateName: hello-
        workflowtimeout: 30
        resource:
          namespace: health
          serviceAccount: hello-sa
          source: {inline: "spec: {entrypoint: main}"}
)";

constexpr std::string_view our_fields[] = {
    "conditions",    "observedGeneration", "nextRunTime",  "currentWorkflow",     "lastSlot",       "runNumber",
    "remedyEpisode", "remedyAttempt",      "remedyIntent", "consecutiveFailures", "recentRemedies", "remedyUnhelpful",
};

json::object yaml(std::string_view text) {
    auto const parsed = parse_yaml(text, "script");
    if (!parsed) throw std::runtime_error(parsed.error().text());
    auto value = to_json(*parsed);
    return value.is_object() ? std::move(value.get_object()) : json::object{};
}

void merge(json::value& into, json::value const& patch) {
    into = kube::fake::merge_patch(std::move(into), patch);
}

Error error_named(std::string const& name) {
    for (auto const code : {Errc::timed_out, Errc::unavailable, Errc::denied, Errc::not_found, Errc::conflict,
                            Errc::rejected, Errc::invalid_input, Errc::refused}) {
        if (to_string(code) == name) return {code, "the script says so"};
    }
    throw std::runtime_error("no error is called " + name);
}

std::string purpose_word(Purpose purpose) {
    return purpose == Purpose::check ? "check" : "remedy";
}

// Each member on its line, conditions as a table: what a reader of the diff wants to see.
std::string print_status(json::object const& status, json::object const& before = {}) {
    auto const* const shown = find(before, "conditions");
    auto const is_shown = [shown](json::value const& condition) {
        return shown && shown->is_array() &&
               std::ranges::find(shown->get_array(), condition) != shown->get_array().end();
    };
    std::map<std::string, json::value> sorted;
    for (auto const& [key, value] : status) sorted.emplace(key, value);
    std::string text;
    for (auto const& [key, value] : sorted) {
        if (key != "conditions" || !value.is_array()) {
            text += fmt::format("  {}: {}\n", key, to_json(value));
            continue;
        }
        for (auto const& each : value.get_array()) {
            if (is_shown(each)) continue;
            auto const message = get_string(each, "message");
            text += fmt::format("  condition {}={} {}{}{}\n", get_string(each, "type"), get_string(each, "status"),
                                get_string(each, "reason"), message.empty() ? "" : ": ", message);
        }
    }
    return text;
}

struct Print {
    TimePoint now;
    json::object const& status;

    std::string operator()(WakeAt const& a) const { return fmt::format("wake in {}\n", format_duration(a.when - now)); }
    std::string operator()(EnsureRbac const& a) const {
        return fmt::format("rbac of the {}\n", purpose_word(a.purpose));
    }
    std::string operator()(ReleaseRbac const&) const { return "release the remedy's rbac\n"; }
    std::string operator()(ReadSource const& a) const {
        return fmt::format("source of the {}\n", purpose_word(a.purpose));
    }
    std::string operator()(CreateWorkflow const& a) const {
        auto const& annotations = a.object.at("metadata").at("annotations").as_object();
        return fmt::format("create {} in {} for {}, {}, account {}, deadline {} s\n",
                           get_string(a.object, "metadata.name"), get_string(a.object, "metadata.namespace"),
                           std::string_view(annotations.at(run_annotation).as_string()),
                           find(a.object, "metadata.ownerReferences") ? "owned" : "not owned",
                           get_string(a.object, "spec.serviceAccountName", "default"),
                           get_int(a.object, "spec.activeDeadlineSeconds").value_or(-1));
    }
    std::string operator()(FindWorkflow const& a) const { return fmt::format("find {} in {}\n", a.name, a.ns); }
    std::string operator()(WriteStatus const& a) const {
        return fmt::format("write at version {}\n{}", a.resource_version, print_status(a.status, status));
    }
    std::string operator()(ReadCheck const&) const { return "read the check\n"; }
    std::string operator()(LookAt const& a) const {
        return fmt::format("look at {}/{}{}{}\n", a.ns, a.name, a.fresh ? ", by a GET" : "",
                           a.spare ? " behind all others" : "");
    }
    std::string operator()(RunChecks const& a) const {
        return fmt::format("run checks within {} s\n", a.timeout.count());
    }
    std::string operator()(DeleteWorkflow const& a) const { return fmt::format("delete {}/{}\n", a.ns, a.name); }
    std::string operator()(Began const& a) const {
        return fmt::format("began {}, {} late\n", purpose_word(a.purpose), format_duration(a.lateness));
    }
    std::string operator()(Tell const& a) const {
        return fmt::format("tell {} {}: {}\n", a.warning ? "Warning" : "Normal", a.reason, a.message);
    }
    std::string operator()(NoResult const&) const { return "count a lost result\n"; }
    std::string operator()(NoRemedy const& a) const { return fmt::format("count no remedy: {}\n", a.reason); }
    std::string operator()(Count const& a) const {
        auto const helped = !a.helped ? "" : *a.helped ? ", the remedy helped" : ", the remedy did not help";
        return fmt::format("count {} {}{}\n", purpose_word(a.purpose), a.result.succeeded ? "success" : "failure",
                           helped);
    }
};

}  // namespace

RemedyDecision ScriptedGate::admit_remedy(HealthCheck const& check, Status const& status, WallTime now) {
    return op::admit_remedy(check, status, policy, ledger, now);
}

MachineScene::MachineScene() = default;

std::string MachineScene::perform(Command const& command) {
    auto const& name = command.name;
    auto const failure = command.option("error");
    if (name == "new") return make(command);
    if (name == "edit") return edit(command);
    if (name == "status") return set_status(command);
    if (name == "observe") return observe(command);
    if (name == "pass") return pass(parse_duration(command.words.at(0)).value());
    if (name == "wake")
        return wake_ ? pass(std::max(Duration::zero(), Duration(*wake_ - now_.steady))) : "no wake-up is set\n";
    if (name == "jump") {
        auto const& by = command.words.at(0);
        now_.wall += by.starts_with('-') ? -parse_duration(by.substr(1)).value() : parse_duration(by).value();
        return step(Woke{});
    }
    if (name == "rbac") {
        if (failure.empty()) return step(RbacReady{});
        return step(RbacReady{.result = std::unexpected(error_named(failure)), .reason = "RBACForbidden"});
    }
    if (name == "woke") return step(Woke{});
    if (name == "source") {
        return step(
            SourceRead{failure.empty() ? Result<std::string>(command.input) : std::unexpected(error_named(failure))});
    }
    if (name == "created") return created(command);
    if (name == "found") return found(command);
    if (name == "written") return written(command);
    if (name == "read") {
        return step(CheckRead{failure.empty() ? Result<json::object>(check_) : std::unexpected(error_named(failure))});
    }
    if (name == "ran") {
        return step(ChecksRan{{.succeeded = command.says("well"),
                               .message = command.option("message"),
                               .started = now_.wall - parse_duration(command.option("took", "0s")).value(),
                               .finished = now_.wall,
                               .inconclusive = command.says("unbegun"),
                               .begun = !command.says("unbegun")}});
    }
    if (name == "policy") return set_policy(command);
    if (name == "crd") {
        prunes_ = command.says("theirs");
        return {};
    }
    if (name == "gate") {
        gate_.open = command.says("open");
        return {};
    }
    if (name == "foreign") return foreign(command);
    if (name == "seen") return seen(command);
    if (name == "gone") {
        workflows_.erase(names_[uid_]);
        return step(WorkflowGone{.uid = uid_, .witnessed = command.says("witnessed")});
    }
    if (name == "unread") return step(LookFailed{.uid = uid_, .error = error_named(failure)});
    if (name == "remove") return step(Removed{});
    if (name == "restart") {
        restart();
        return {};
    }
    if (name == "show") return show();
    return fmt::format("unknown command {}\n", name);
}

std::string MachineScene::step(MachineEvent event) {
    std::string text;
    auto const actions = machine_->step(std::move(event), now_);
    auto const* status = check_.if_contains("status");
    auto const before = status ? status->as_object() : json::object{};
    Print const print{now_.steady, before};
    for (auto const& action : actions) {
        text += std::visit(print, action);
        if (auto const* create = std::get_if<CreateWorkflow>(&action)) to_create_ = *create;
        if (auto const* find = std::get_if<FindWorkflow>(&action)) to_find_ = find->name;
        if (auto const* write = std::get_if<WriteStatus>(&action)) to_write_ = *write;
        if (auto const* wake = std::get_if<WakeAt>(&action)) wake_ = wake->when;
    }
    return text;
}

void MachineScene::bump() {
    auto& metadata = check_["metadata"].get_object();
    metadata["resourceVersion"] = std::to_string(++version_);
    versions_[version_] = check_;
    gate_.ledger.observe(read_health_check(check_));  // as the controller does with what its watch tells
}

std::string MachineScene::make(Command const& command) {
    check_ = yaml(default_check);
    merge(check_["spec"], yaml(command.input));
    versions_.clear();
    version_ = 0;
    workflows_.clear();
    gate_.ledger = {};
    gate_.ledger.set_complete();
    bump();
    gate_.policy = default_remedy_policy();
    prunes_ = command.says("pruned");
    now_ = {.steady = TimePoint{} + std::chrono::hours(1), .wall = start};
    restart();
    return observe({});
}

void MachineScene::restart() {
    machine_.emplace(gate_);
    to_create_.reset();
    to_write_.reset();
    wake_.reset();
}

std::string MachineScene::edit(Command const& command) {
    auto const before = check_["spec"];
    merge(check_["spec"], yaml(command.input));
    if (check_["spec"] != before) {
        auto& metadata = check_["metadata"].get_object();
        metadata["generation"] = get_int(check_, "metadata.generation").value_or(0) + 1;
    }
    bump();
    return fmt::format("version {}\n", version_);
}

std::string MachineScene::set_status(Command const& command) {
    merge(check_["status"], yaml(command.input));
    bump();
    return fmt::format("version {}\n", version_);
}

std::string MachineScene::observe(Command const& command) {
    auto const version = command.option("version", std::to_string(version_));
    Observed event;
    event.check = read_health_check(versions_.at(std::stoll(version)), &event.problems);
    auto const more = validate(event.check.spec);
    event.problems.insert(event.problems.end(), more.begin(), more.end());
    auto const found = command.option("found");
    if (!found.empty()) {
        // What the operator lists at its start: a Workflow that no status speaks of.
        bool const theirs = found.starts_with("reference");
        RunId const unnumbered{.purpose = found == "reference-remedy" ? Purpose::remedy : Purpose::check};
        event.in_flight = CurrentWorkflow{.run = parse_run_id(found).value_or(unnumbered),
                                          .ns = "health",
                                          .name = theirs ? "hello-xyz" : names_[uid_],
                                          .uid = theirs ? "ref-1" : uid_,
                                          .slot = now_.wall,
                                          .created = now_.wall};
        uid_ = event.in_flight->uid;
    }
    return step(std::move(event));
}

std::string MachineScene::pass(Duration duration) {
    now_.steady += duration;
    now_.wall += duration;
    if (!wake_ || *wake_ > now_.steady) return {};
    wake_.reset();
    auto text = fmt::format("({})\n", format_rfc3339(now_.wall));
    return text + step(Woke{});
}

std::string MachineScene::created(Command const& command) {
    if (!to_create_) return "nothing is to be created\n";
    auto object = std::exchange(to_create_, std::nullopt)->object;
    auto const failure = command.option("error");
    if (!failure.empty()) return step(WorkflowCreated{.object = std::unexpected(error_named(failure)), .existing = {}});
    auto const name = get_string(object, "metadata.name");
    if (auto const taken = workflows_.find(name); taken != workflows_.end()) {
        auto text = fmt::format("({} is there)\n", name);
        uid_ = get_string(taken->second, "metadata.uid");
        std::optional<json::object> existing = taken->second;
        if (command.says("vanished")) existing.reset();
        return text +
               step(WorkflowCreated{.object = fail(Errc::already_exists, "already exists"), .existing = existing});
    }
    uid_ = fmt::format("wf-{}", ++uids_);
    auto& metadata = object["metadata"].get_object();
    metadata["uid"] = uid_;
    metadata["creationTimestamp"] = format_rfc3339(now_.wall);
    workflows_[name] = object;
    names_[uid_] = name;
    if (command.says("lost")) {
        return step(WorkflowCreated{.object = fail(Errc::timed_out, "timed out"), .existing = {}});
    }
    return step(WorkflowCreated{.object = std::move(object), .existing = {}});
}

std::string MachineScene::found(Command const& command) {
    if (!to_find_) return "nothing is to be found\n";
    auto const found = workflows_.find(*std::exchange(to_find_, std::nullopt));
    auto const failure = command.option("error");
    if (!failure.empty()) return step(WorkflowCreated{.object = std::unexpected(error_named(failure)), .existing = {}});
    if (found == workflows_.end()) {
        return "(it is not there)\n" +
               step(WorkflowCreated{.object = fail(Errc::not_found, "not found"), .existing = {}});
    }
    uid_ = get_string(found->second, "metadata.uid");
    return step(WorkflowCreated{.object = fail(Errc::already_exists, "it was made before"), .existing = found->second});
}

std::string MachineScene::foreign(Command const& command) {
    if (!to_create_) return "nothing is to be created\n";
    auto object = to_create_->object;
    auto& metadata = object["metadata"].get_object();
    metadata["uid"] = fmt::format("foreign-{}", ++uids_);
    metadata["creationTimestamp"] = format_rfc3339(now_.wall);
    if (!command.says("ours")) metadata["annotations"].get_object()[uid_annotation] = "hc-2";
    workflows_[get_string(object, "metadata.name")] = std::move(object);
    return {};
}

std::string MachineScene::written(Command const& command) {
    if (!to_write_) return "nothing is to be written\n";
    auto const write = *std::exchange(to_write_, std::nullopt);
    auto const failure = command.option("error");
    if (!failure.empty()) return step(StatusWritten{std::unexpected(error_named(failure))});
    if (write.resource_version != std::to_string(version_)) {
        return "(conflict)\n" + step(StatusWritten{fail(Errc::conflict, "the object has been modified")});
    }
    merge(check_["status"], write.status);
    if (prunes_) {
        for (auto const field : our_fields) check_["status"].get_object().erase(field);
    }
    bump();
    if (command.says("lost")) return step(StatusWritten{fail(Errc::timed_out, "timed out")});
    return step(StatusWritten{check_});
}

std::string MachineScene::seen(Command const& command) {
    json::object status{{"phase", command.option("phase")}};
    if (command.options.contains("message")) status["message"] = command.option("message");
    auto const now = format_rfc3339(now_.wall);
    status["startedAt"] = command.option("started", now);
    if (command.option("phase") != "Running") status["finishedAt"] = command.option("finished", now);
    return step(WorkflowSeen{.uid = command.option("uid", uid_),
                             .state = workflow_state({{"status", std::move(status)}}),
                             .asked = command.says("asked")});
}

std::string MachineScene::set_policy(Command const& command) {
    gate_.policy = command.says("unknown") ? RemedyPolicy{} : read_remedy_policy({{"data", yaml(command.input)}});
    return {};
}

std::string MachineScene::show() const {
    auto const due = machine_->due();
    return fmt::format("stage {}, {}, at {}\n{}", machine_->stage(),
                       due ? "due " + format_rfc3339(*due) : std::string("nothing due"), format_rfc3339(now_.wall),
                       print_status(check_.contains("status") ? check_.at("status").as_object() : json::object{}));
}

}  // namespace vedette::op
