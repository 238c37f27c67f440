// Workflows whose HealthCheck is gone and which Kubernetes does not take with it, since they stand in another
// namespace. An ended one gets no further event: what could not be deleted is tried again until it is gone, or the term
// is over.

#include "base/json.hpp"
#include "operator/controller.hpp"

#include <fmt/format.h>

namespace vedette::op {

void Controller::sweep_later(Leftover leftover) {
    auto const uid = leftover.workflow.uid;
    bool const certain = leftover.certain;
    auto& waiting = leftovers_.try_emplace(uid, std::move(leftover)).first->second;
    waiting.certain = waiting.certain || certain;
    sweeps_.add(uid);
}

Async<void> Controller::sweep_all() {
    struct Done {
        kube::WorkQueue& queue;
        Uid const& uid;
        ~Done() { queue.done(uid); }
    };
    for (;;) {
        auto const uid = co_await sweeps_.get();
        if (!uid) co_return;
        Done const done{sweeps_, *uid};
        // What is added while we are at it is another matter, and comes after it.
        auto const node = leftovers_.extract(*uid);
        if (!node) {
            sweeps_.forget(*uid);
            continue;
        }
        auto& leftover = node.mapped();
        auto const swept = co_await sweep(leftover);
        if (swept) {
            sweeps_.forget(*uid);
            continue;
        }
        auto const& workflow = leftover.workflow;
        auto why = fmt::format("delete Workflow {}/{}, whose HealthCheck is gone: {}; it is tried again", workflow.ns,
                               workflow.name, swept.error().text());
        if (why != leftover.told) doors_.log(LogLevel::warning, why);
        leftover.told = std::move(why);
        leftovers_.try_emplace(*uid, std::move(leftover));
        sweeps_.add_rate_limited(*uid);
    }
}

// Its HealthCheck may only be too young for our informer: the server knows.
Task<void> Controller::sweep(Leftover leftover) {
    if (!leftover.certain) {
        auto const& key = leftover.seen.check_key;
        auto const slash = key.find('/');
        if (slash == std::string::npos) co_return Result<void>{};
        auto const ns = key.substr(0, slash);
        auto const name = key.substr(slash + 1);
        auto check = co_await doors_.client.get(health_check_resource(), ns, name, request_deadline());
        if (!check && check.error().code() != Errc::not_found) co_return pass(check);
        if (check && get_string(*check, "metadata.uid") == leftover.seen.check_uid) co_return Result<void>{};
    }
    if (!doors_.may_act()) co_return Result<void>{};
    auto const& workflow = leftover.workflow;
    auto removed =
        co_await doors_.client.remove(workflow_resource(), workflow.ns, workflow.name,
                                      {.uid = workflow.uid, .propagation = "Background"}, request_deadline());
    bool const gone = removed || removed.error().code() == Errc::not_found || removed.error().code() == Errc::conflict;
    if (!gone) co_return std::unexpected(removed.error());
    co_return Result<void>{};
}

}  // namespace vedette::op
