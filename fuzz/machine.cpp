// The machine of a HealthCheck under any events in any order, with objects as anybody could have written them.
//
// The input is lines. {...} is the JSON that the events after it speak of: a HealthCheck, a Workflow, an answer of the
// API server. Other lines are pairs of characters, each an event: what it is about (@ to O) and how it went (0 to ?).
// What was asked for is answered truly (0: the request did what it should), with an error (odd), or with what stands in
// the last {...}.

#include "operator/machine.hpp"

#include "base/json.hpp"
#include "operator/views.hpp"
#include "target.hpp"

#include <map>

namespace vedette::fuzz {
namespace {

namespace json = boost::json;

class Places final : public op::Gate {
public:
    bool admits_run(op::HealthCheck const&) override { return open; }
    op::RemedyDecision admit_remedy(op::HealthCheck const& check, op::Status const& status, WallTime now) override {
        return op::admit_remedy(check, status, op::default_remedy_policy(), ledger, now);
    }
    bool open = true;

private:
    op::RemedyLedger ledger;
};

class Player {
public:
    Player() { object_ = {{"metadata", {{"name", "c"}, {"namespace", "n"}, {"uid", "u"}, {"resourceVersion", "1"}}}}; }

    void take(json::object object) { object_ = std::move(object); }

    void play(unsigned event, unsigned how) {
        switch (event) {
            case 0:
                return observed(how);
            case 1:
                return step(op::Woke{});
            case 2:
                return step(op::RbacReady{how % 2 == 0 ? Result<void>{} : error(how), "RBACFailed", {}});
            case 3:
                return step(op::SourceRead{how % 2 == 0 ? Result<std::string>(text_) : error(how)});
            case 4:
                return created(how);
            case 5:
                return step(op::ChecksRan{{.succeeded = how % 2 == 0, .started = wall_, .finished = wall_}});
            case 6:
                return written(how);
            case 7:
                return step(op::CheckRead{how % 2 == 0 ? Result<json::object>(check_) : error(how)});
            case 8:
                return step(op::WorkflowSeen{uid_, op::workflow_state(object_)});
            case 9:
                return step(op::WorkflowGone{uid_, how % 2 == 0});
            case 10:
                pass(std::chrono::seconds(1LL << how));
                return step(op::Woke{});
            case 11:
                wall_ += std::chrono::seconds((how % 2 == 0 ? -1 : 1) * (1LL << how));
                return;
            case 12:
                gate_.open = how % 2 == 0;
                return;
            case 13:
                text_ = get_string(object_, "text");
                return;
            case 14:
                if (how == 15) return step(op::Removed{});
                return step(op::LookFailed{uid_, error(how).error()});
            default:
                return step(op::WorkflowCreated{fail(Errc::already_exists, "taken"), object_});
        }
    }

private:
    static std::unexpected<Error> error(unsigned how) {
        constexpr std::array codes = {Errc::conflict, Errc::not_found,   Errc::denied,    Errc::timed_out,
                                      Errc::rejected, Errc::unavailable, Errc::too_large, Errc::already_exists};
        return fail(codes[(how / 2) % codes.size()], "a fault");
    }

    void pass(Duration duration) {
        steady_ += duration;
        wall_ += duration;
    }

    void observed(unsigned how) {
        auto const seen = op::see_check(object_);
        if (seen->check.uid != "u") return;
        check_ = object_;
        op::Observed event{.check = seen->check, .problems = seen->problems};
        if (how == 1) event.in_flight = op::CurrentWorkflow{{}, "n", "w", uid_, wall_, wall_};
        step(std::move(event));
    }

    void created(unsigned how) {
        if (how % 2 == 1) return step(op::WorkflowCreated{error(how), std::nullopt});
        auto object = how == 0 && asked_ ? *asked_ : object_;
        if (how == 0 && asked_) {
            uid_ = "w" + std::to_string(++uids_);
            object["metadata"].as_object()["uid"] = uid_;
        }
        step(op::WorkflowCreated{std::move(object), std::nullopt});
    }

    void written(unsigned how) {
        if (how % 2 == 1) return step(op::StatusWritten{error(how)});
        if (how == 0 && patch_) {
            auto* status = check_["status"].if_object();
            if (!status) status = &check_["status"].emplace_object();
            for (auto const& [key, value] : *patch_) {
                if (value.is_null()) {
                    status->erase(key);
                } else {
                    (*status)[key] = value;
                }
            }
        }
        step(op::StatusWritten{check_});
    }

    void step(op::MachineEvent event) {
        auto const actions = machine_.step(std::move(event), {steady_, wall_});
        ensure(actions.size() <= 32, "a step asks for a few things");
        int requests = 0;
        for (auto const& action : actions) {
            if (auto const* wanted = std::get_if<op::CreateWorkflow>(&action)) {
                asked_ = wanted->object;
                ++requests;
            } else if (auto const* write = std::get_if<op::WriteStatus>(&action)) {
                patch_ = write->status;
                ++requests;
            } else if (auto const* wake = std::get_if<op::WakeAt>(&action)) {
                ensure(wake->when >= steady_, "nobody is woken in the past");
            } else if (auto const* tell = std::get_if<op::Tell>(&action)) {
                observe(tell->reason);
                ensure(!tell->reason.empty() && tell->reason.find(' ') == std::string::npos, "a reason is a word");
            } else if (std::holds_alternative<op::ReadCheck>(action) ||
                       std::holds_alternative<op::FindWorkflow>(action) ||
                       std::holds_alternative<op::RunChecks>(action) ||
                       std::holds_alternative<op::EnsureRbac>(action) ||
                       std::holds_alternative<op::ReadSource>(action)) {
                ++requests;
            }
        }
        ensure(requests <= 1, "it asks for one thing at a time");
        ensure(!machine_.gone() || !machine_.takes_place(), "what is gone takes no place");
        observe(machine_.stage());
    }

    Places gate_;
    op::Machine machine_{gate_};
    json::object object_;
    json::object check_;
    std::optional<json::object> asked_;
    std::optional<json::object> patch_;
    std::string text_ = "spec: {}";
    std::string uid_ = "w0";
    int uids_ = 0;
    TimePoint steady_{};
    WallTime wall_{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
};

}  // namespace

void fuzz(std::string_view input) {
    Player player;
    int steps = 0;
    while (!input.empty()) {
        auto const end = std::min(input.find('\n'), input.size());
        auto const line = input.substr(0, end);
        input.remove_prefix(std::min(end + 1, input.size()));
        if (line.starts_with('{')) {
            auto parsed = parse_json(line, "line");
            if (parsed && parsed->is_object()) player.take(std::move(parsed->get_object()));
            continue;
        }
        for (std::size_t i = 0; i + 1 < line.size(); i += 2) {
            if (++steps > 400) return;
            player.play(static_cast<unsigned>(line[i]) & 15u, static_cast<unsigned>(line[i + 1]) & 15u);
        }
    }
}

}  // namespace vedette::fuzz
