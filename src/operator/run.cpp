#include "operator/run.hpp"

#include "base/overload.hpp"

namespace vedette::op {
namespace {

// What holds a run up past its time is not silent, whatever it is.
std::optional<WallTime> end_missed(RunWorkflow const& workflow, Now now) {
    if (now.steady < workflow.deadline()) return std::nullopt;
    return now.wall - (now.steady - workflow.deadline());
}

}  // namespace

bool Run::prepares() const {
    return at<stage::Queued>() || at<stage::GettingRights>() || at<stage::ReadingSource>() || at<stage::Creating>() ||
           at<stage::RunningChecks>();
}

RunWorkflow* Run::workflow() {
    if (auto* now = at<stage::Recording>()) return &now->workflow;
    if (auto* now = at<stage::Watching>()) return &now->workflow;
    if (auto* now = at<stage::Booking>()) return now->workflow ? &*now->workflow : nullptr;
    if (auto* now = at<stage::Dropping>()) return now->workflow ? &*now->workflow : nullptr;
    return nullptr;
}

std::string_view word_of(Run const& run) {
    return std::visit([](auto const& each) { return each.word; }, run.stage);
}

bool takes_place(Run const& run) {
    return std::visit([](auto const& each) { return each.takes_place; }, run.stage);
}

std::optional<WallTime> due_of(Run const& run, Now now) {
    using Due = std::optional<WallTime>;
    return std::visit(Overload{
                          [&](auto const&) -> Due { return run.begins; },
                          [](stage::RunningChecks const&) -> Due { return std::nullopt; },
                          [&](stage::Recording const& at) -> Due { return end_missed(at.workflow, now); },
                          [&](stage::Watching const& at) -> Due { return end_missed(at.workflow, now); },
                          [](stage::Booking const& at) -> Due { return at.next_due; },
                          [](stage::Dropping const& at) -> Due { return at.due; },
                      },
                      run.stage);
}

}  // namespace vedette::op
