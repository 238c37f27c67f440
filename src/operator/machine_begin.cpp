// The way of a run until it has a Workflow or, of spec.checks, a result: a place, rights, the Workflow's text, the
// Workflow. What fails before anything was sent begins again in the queue.

#include "base/json.hpp"
#include "base/overload.hpp"
#include "base/time_format.hpp"
#include "operator/machine.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::op {
namespace {

namespace json = boost::json;

using std::chrono::seconds;

constexpr int most_collisions = 8;

// The server has, or may have, acted on a request whose answer was this.
bool may_have_been_done(Errc code) {
    switch (code) {
        case Errc::timed_out:
        case Errc::reset:
        case Errc::closed:
        case Errc::malformed:
        case Errc::too_large:
        case Errc::unavailable:
            return true;
        default:
            return false;
    }
}

}  // namespace

// Does again, or for the first time, what the run is at.
void Machine::proceed() {
    // Whatever holds a remedy up, rights that cannot be had included: past its time it is dropped.
    bool const unsent = run_->prepares() && !at<stage::Creating>();
    if (run_->id.purpose == Purpose::remedy && unsent) {
        auto decision = remedy_decision();
        if (!decision.runs() && decision.kind != RemedyDecision::Kind::wait) {
            return drop(std::move(decision.reason), std::move(decision.message));
        }
    }
    std::visit(Overload{
                   [this](stage::Queued const&) { queue(); },
                   [this](stage::GettingRights const&) { ask(EnsureRbac{run_->id.purpose}); },
                   [this](stage::ReadingSource const&) { read_source(); },
                   [this](stage::Creating const&) { send_again(false); },
                   [this](stage::RunningChecks const&) { run_checks(); },
                   [this](stage::Recording const&) { record(); },
                   [this](stage::Watching const&) { watch(); },
                   [this](stage::Booking const&) { book(); },
                   [this](stage::Dropping const&) { write_drop(); },
               },
               run_->stage);
}

void Machine::queue() {
    bool const native = check_.spec.native() && run_->id.purpose == Purpose::check;
    auto const& intent = check_.status.intent;
    bool const remedy = run_->id.purpose == Purpose::remedy && intent;
    if (remedy && now_.wall >= intent->expires) {
        return drop("RemedyExpired", "the remedy waited for a place until it was too late for it");
    }
    if (native || gate_->admits_run(check_)) {
        run_->stage = stage::GettingRights{};
        return proceed();
    }
    run_->stage = stage::Queued{.refused = true};
    if (remedy) wake_in(intent->expires - now_.wall);
    auto status = check_.status;
    auto const* const type = run_->id.purpose == Purpose::check ? "Progressing" : "Remediating";
    set_condition(status, type, false, "Queued", "as many Workflows run as --max-running-workflows allows", now_.wall);
    write_if_changed(std::move(status));
}

void Machine::read_source() {
    bool const check = run_->id.purpose == Purpose::check;
    auto const& source = check ? check_.spec.workflow.source : check_.spec.remedy.source;
    if (source.kind == Source::Kind::inline_text) return create(source.text);
    ask(ReadSource{run_->id.purpose});
}

std::chrono::seconds Machine::timeout_of(RunId const& run, WallTime at) const {
    auto const timeout =
        run.purpose == Purpose::check ? effective_timeout(check_.spec, at) : remedy_timeout(check_.spec, at);
    return timeout ? *timeout : seconds(60);
}

// A remedy is for the failure that asked for it, not for whenever it can be had: asked again before each try.
void Machine::create(std::string text) {
    bool resets = false;
    if (run_->id.purpose == Purpose::remedy) {
        auto decision = remedy_decision();
        if (decision.kind == RemedyDecision::Kind::wait) {
            return fall_back(std::move(decision.reason), std::move(decision.message));
        }
        if (!decision.runs()) return drop(std::move(decision.reason), std::move(decision.message));
        resets = decision.reset;
    }
    auto const timeout = timeout_of(run_->id, now_.wall);
    auto workflow = build_workflow(check_, run_->id, text, timeout, run_->collision);
    if (!workflow) return fall_back("WorkflowInvalid", workflow.error().text());
    run_->stage = stage::Creating{
        .text = std::move(text), .sent = *workflow, .sent_at = now_, .timeout = timeout, .resets = resets};
    ask(CreateWorkflow{std::move(*workflow)});
}

void Machine::send_again(bool not_there) {
    auto& creating = *at<stage::Creating>();
    if (run_->id.purpose == Purpose::remedy) {
        auto decision = remedy_decision();
        if (!decision.runs() && !not_there) return look_back();
        if (decision.kind == RemedyDecision::Kind::wait) {
            return stumble(std::move(decision.reason), std::move(decision.message));
        }
        if (!decision.runs()) return drop(std::move(decision.reason), std::move(decision.message));
        creating.resets = decision.reset;
    }
    ask(CreateWorkflow{creating.sent});
}

// What is not wanted any more, or is refused now, may be under way: it is not given up unseen.
void Machine::look_back() {
    auto& creating = *at<stage::Creating>();
    creating.looks_back = true;
    ask(FindWorkflow{get_string(creating.sent, "metadata.namespace"), get_string(creating.sent, "metadata.name")});
}

void Machine::send_again_or_stumble(Error const& error) {
    if (std::exchange(restart_, false)) {
        run_.reset();
        return evaluate();
    }
    auto& creating = *at<stage::Creating>();
    bool const unanswered = may_have_been_done(error.code());
    creating.unknown = creating.unknown || unanswered;
    if (unanswered) return stumble("CreateFailed", error.text(), is_passing(error.code()));
    // This one was refused; one before it may have been heard.
    if (creating.unknown) return look_back();
    fall_back("CreateFailed", error.text(), is_passing(error.code()));
}

// The one that was sent is somebody else's: nothing of ours is under way.
void Machine::take_another_name() {
    auto text = std::move(at<stage::Creating>()->text);
    run_->stage = stage::ReadingSource{};
    if (++run_->collision <= most_collisions) return create(std::move(text));
    run_->collision = 0;
    fall_back("NameTaken", fmt::format("{} names beginning with {} are taken by others", most_collisions + 1,
                                       run_->id.purpose == Purpose::check ? check_.spec.workflow.generate_name
                                                                          : check_.spec.remedy.generate_name));
}

bool Machine::is_ours(json::object const& workflow) const {
    auto const* annotations = find(workflow, "metadata.annotations");
    auto const* object = annotations ? annotations->if_object() : nullptr;
    if (!object) return false;
    auto const says = [object](std::string_view key, std::string_view value) {
        auto const* text = object->if_contains(key);
        return text && text->is_string() && text->get_string() == value;
    };
    if (!says(uid_annotation, check_.uid) || !says(run_annotation, to_string(run_->id))) return false;
    if (get_string(workflow, "metadata.namespace") != check_.ns) return true;
    auto const* owners = find(workflow, "metadata.ownerReferences");
    if (!owners || !owners->is_array()) return false;
    return std::any_of(owners->get_array().begin(), owners->get_array().end(), [this](json::value const& owner) {
        return get_bool(owner, "controller") && get_string(owner, "uid") == check_.uid;
    });
}

void Machine::created(json::object const& object) {
    auto const& creating = *at<stage::Creating>();
    auto const created = parse_rfc3339(get_string(object, "metadata.creationTimestamp"));
    // Its time counts from when we sent it, by our own clock: the server's may be another.
    RunWorkflow workflow{.ns = get_string(object, "metadata.namespace"),
                         .name = get_string(object, "metadata.name"),
                         .uid = get_string(object, "metadata.uid"),
                         .created = created ? *created : now_.wall,
                         .began = creating.sent_at.steady,
                         .timeout = creating.timeout,
                         .resets = creating.resets,
                         .seen = workflow_state(object)};
    auto const sent_at = creating.sent_at.wall;
    tell_beginning(sent_at, run_->id.purpose == Purpose::check ? could_begin() : sent_at);
    run_->stage = stage::Recording{std::move(workflow)};
    restart_ = false;
    stumbles_ = 0;
    record();
}

WallTime Machine::could_begin() const {
    return std::max(run_->begins.value_or(now_.wall), eligible_);
}

void Machine::tell_beginning(WallTime when, WallTime due) {
    actions_.emplace_back(Began{run_->id.purpose, std::max(Duration::zero(), Duration(when - due))});
}

void Machine::run_checks() {
    run_->stage = stage::RunningChecks{.could_begin = could_begin()};
    ask(RunChecks{timeout_of(run_->id, now_.wall)});
}

}  // namespace vedette::op
