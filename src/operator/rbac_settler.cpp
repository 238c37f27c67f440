// A step that is not required (adopting what the reference made) may be refused without harm: things stay as they were.

#include "operator/rbac_settler.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

constexpr int rounds = 5;
// After a refusal that does no harm.
constexpr Duration next_try = std::chrono::minutes(10);

std::string_view done_word(RbacAction::Kind kind) {
    switch (kind) {
        case RbacAction::Kind::create:
            return "made";
        case RbacAction::Kind::patch:
            return "repaired";
        case RbacAction::Kind::remove:
            break;
    }
    return "deleted";
}

// The server did not do it because the object is not as we thought.
bool lost_a_race(RbacAction::Kind kind, Errc code) {
    switch (kind) {
        case RbacAction::Kind::create:
            return code == Errc::already_exists || code == Errc::conflict;
        case RbacAction::Kind::patch:
            return code == Errc::conflict || code == Errc::not_found;
        case RbacAction::Kind::remove:
            return code == Errc::conflict;
    }
    return false;
}

}  // namespace

Async<Settled> RbacSettler::settle(SettleRequest request, Deadline deadline) {
    Settled settled;
    for (int round = 0; round < rounds; ++round) {
        settled = {.done = std::move(settled.done)};
        auto const next = co_await settle_once(request, settled, deadline);
        if (next != Next::again) co_return settled;
    }
    settled.failure = RbacFailure{
        "RBACFailed", Error(Errc::conflict, fmt::format("the RBAC objects of {} kept changing", request.account))};
    co_return settled;
}

// An account that a hundred HealthChecks share may need thousands of rules, or hundreds of objects: each part of the
// work is a step of its own.
Async<RbacSettler::Next> RbacSettler::settle_once(SettleRequest const& request, Settled& settled, Deadline deadline) {
    co_await asio::post(asio::use_awaitable);
    auto found = co_await look(request, deadline);
    if (!found) {
        auto failure = explain(std::move(found).error());
        if (request.plan.mode == RbacMode::verify) {  // who may not look cannot object
            settled.notes.push_back({failure.reason, failure.error.text()});
            settled.valid_until = clock_.now() + next_try;
            co_return Next::done;
        }
        settled.failure = std::move(failure);
        co_return Next::failed;
    }
    co_await asio::post(asio::use_awaitable);
    auto plan = plan_rbac(request.needed, *found, request.plan);
    co_await asio::post(asio::use_awaitable);
    if (plan.blocked) {
        auto const code = plan.blocked->reason == "RBACMissing" ? Errc::not_found : Errc::conflict;
        settled.failure = RbacFailure{plan.blocked->reason, Error(code, plan.blocked->message)};
        co_return Next::failed;
    }
    settled.notes = std::move(plan.notes);
    restrain(request, *found, plan, settled);
    for (auto& action : plan.actions) {
        auto const next = co_await act(std::move(action), settled, deadline);
        if (next != Next::done) co_return next;
    }
    for (auto const& wanted : request.needed) {
        settled.valid_until = std::min(settled.valid_until, view_.valid_until(key_of(wanted)));
    }
    co_return Next::done;
}

Task<RbacSettler::Found> RbacSettler::look(SettleRequest const& request, Deadline deadline) {
    std::set<RbacKey> wanted;
    for (auto const& object : request.needed) wanted.insert(key_of(object));
    auto keys = wanted;
    keys.insert(request.restored.begin(), request.restored.end());
    for (auto& key : view_.labelled(request.account)) keys.insert(std::move(key));
    Found all;
    for (auto const& key : keys) {
        auto known = view_.known(key);
        // What nobody needs and no watch shows has no label, hence is not ours.
        bool const matters =
            wanted.contains(key) ? request.run || request.restored.contains(key) : !view_.watches(key.kind);
        bool const asks =
            known.presence == RbacView::Presence::doubted || (known.presence == RbacView::Presence::unknown && matters);
        if (asks) {
            auto const asked = co_await view_.ask(key, deadline);
            if (!asked) co_return std::unexpected(asked.error());
            known = view_.known(key);
        }
        if (known.presence == RbacView::Presence::there) all.emplace(key, *known.found);
    }
    co_return all;
}

void RbacSettler::restrain(SettleRequest const& request, Found const& found, RbacPlan& plan, Settled& settled) const {
    auto const now = clock_.now();
    std::erase_if(plan.actions, [&](RbacAction const& action) {
        if (action.kind == RbacAction::Kind::create) {
            bool const withheld = !request.run && !request.restored.contains(action.key) && !found.contains(action.key);
            if (withheld) settled.withheld.insert(action.key);
            return withheld;
        }
        if (!action.unneeded) return false;
        auto const noted = request.unneeded.find(action.key);
        auto const since = noted == request.unneeded.end() ? now : noted->second;
        if (now - since >= request.deletion_delay) return false;
        settled.unneeded.emplace(action.key, since);
        return true;
    });
}

Async<RbacSettler::Next> RbacSettler::act(RbacAction action, Settled& settled, Deadline deadline) {
    auto const sent = co_await send(action, deadline);
    if (sent) {
        settled.done.push_back(fmt::format("{} {}", done_word(action.kind), to_string(action.key)));
        co_return Next::done;
    }
    auto const code = sent.error().code();
    if (lost_a_race(action.kind, code)) {
        view_.doubt(action.key);
        co_return Next::again;
    }
    auto failure = explain(action, sent.error());
    if (!action.required && concerns_the_request(code)) {
        settled.notes.push_back({"RBACNotAdopted", fmt::format("{} stays as the reference made it: {}",
                                                               to_string(action.key), failure.error.text())});
        settled.valid_until = clock_.now() + next_try;
        co_return Next::done;
    }
    settled.failure = std::move(failure);
    co_return Next::failed;
}

Task<void> RbacSettler::send(RbacAction action, Deadline deadline) {
    auto const& resource = rbac_resource(action.key.kind);
    auto const& key = action.key;
    if (action.kind == RbacAction::Kind::remove) {
        kube::DeleteOptions options{.uid = action.uid, .resource_version = action.resource_version};
        auto const removed = co_await client_.remove(resource, key.ns, key.name, std::move(options), deadline);
        // Somebody else was here first: all the better.
        if (!removed && removed.error().code() != Errc::not_found) co_return std::unexpected(removed.error());
        view_.removed(key, action.uid);
        co_return Result<void>{};
    }
    if (action.kind == RbacAction::Kind::create) {
        auto const created = co_await client_.create(resource, key.ns, action.body, deadline);
        if (!created) co_return std::unexpected(created.error());
        view_.wrote(key, *created);
        co_return Result<void>{};
    }
    boost::json::value body = action.body;
    kube::PatchOptions options;
    auto const patched =
        co_await client_.patch(resource, key.ns, key.name, kube::Patch::merge, std::move(body), options, deadline);
    if (!patched) co_return std::unexpected(patched.error());
    view_.wrote(key, *patched);
    co_return Result<void>{};
}

}  // namespace vedette::op
