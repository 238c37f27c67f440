// Our own writes are known before the watch tells of them. An answer therefore outranks the watch until the watch has
// caught up with it, which its version shows, or until it must have.

#include "operator/rbac_view.hpp"

#include "base/task_group.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

constexpr Duration first_lists_step = std::chrono::milliseconds(10);

kube::ReflectorOptions watch_of(kube::Resource const& resource) {
    kube::ReflectorOptions options{.resource = resource,
                                   .label_selector = fmt::format("{}={}", managed_by_label, managed_by_value)};
    options.projection = {"metadata.labels", "metadata.annotations", "metadata.deletionTimestamp", "rules", "roleRef",
                          "subjects"};
    options.longest_backoff = std::chrono::minutes(1);
    return options;
}

std::string store_key(RbacKey const& key) {
    return key.ns.empty() ? key.name : key.ns + "/" + key.name;
}

}  // namespace

RbacView::RbacView(asio::any_io_executor executor, kube::Client& client, Clock& clock, Random& random,
                   RbacViewOptions options, std::function<void(std::string const&)> changed)
    : executor_(executor),
      client_(client),
      clock_(clock),
      options_(options),
      changed_(std::move(changed)),
      first_lists_(executor, "the first lists of RBAC objects") {
    for (auto const& resource : rbac_resources()) {
        auto const kind = resource.kind;
        informers_.push_back(std::make_unique<Informer>(
            executor, client, clock, random, watch_of(resource),
            [kind](kube::Object const& object) { return std::optional(found_rbac(kind, object)); }));
        informers_.back()->add_index("account", [kind](FoundRbac const& found) {
            auto account = account_of(kind, found.key.name);
            return account ? std::vector{std::move(*account)} : std::vector<std::string>{};
        });
        informers_.back()->add_handlers(
            {.added = [this](std::string const&, FoundRbac const& now) { heard(now); },
             .updated = [this](std::string const&, FoundRbac const&, FoundRbac const& now) { heard(now); },
             .deleted = [this](std::string const&, FoundRbac const& last) { heard_deletion(last); }});
    }
}

Async<void> RbacView::run() {
    TaskGroup group(executor_);
    for (auto const& informer : informers_) group.spawn(informer->run());
    group.spawn(notice_first_lists());
    auto watching = group.join();
    co_await group.stop_after(std::move(watching));
}

// A reflector tells nobody that its first list failed; hence the looking.
Async<void> RbacView::notice_first_lists() {
    auto const ended = [](auto const& informer) {
        return informer->synced() || informer->reflector().last_error().has_value();
    };
    while (!std::all_of(informers_.begin(), informers_.end(), ended)) {
        co_await clock_.sleep_for(first_lists_step, "the first lists of RBAC objects");
    }
    listed_ = true;
    first_lists_.notify();
}

Task<void> RbacView::first_lists() {
    while (!listed_) co_await first_lists_.wait();
    co_return Result<void>{};
}

RbacView::Informer const& RbacView::informer(std::string_view kind) const {
    auto const& resource = rbac_resource(kind);
    return *informers_[static_cast<std::size_t>(&resource - rbac_resources().data())];
}

bool RbacView::watches(std::string_view kind) const {
    return informer(kind).synced();
}

FoundRbac const* RbacView::watched(RbacKey const& key) const {
    return watches(key.kind) ? informer(key.kind).find(store_key(key)) : nullptr;
}

RbacView::Answer const* RbacView::answer(RbacKey const& key) const {
    auto const found = answers_.find(key);
    return found == answers_.end() || found->second.until <= clock_.now() ? nullptr : &found->second;
}

RbacView::Known RbacView::known(RbacKey const& key) const {
    if (auto const* said = answer(key)) {
        if (said->doubted) return {Presence::doubted, nullptr};
        return said->found ? Known{Presence::there, &*said->found} : Known{Presence::absent, nullptr};
    }
    auto const* found = watched(key);
    return found ? Known{Presence::there, found} : Known{};
}

TimePoint RbacView::valid_until(RbacKey const& key) const {
    if (auto const* said = answer(key)) return said->until;
    return watched(key) ? no_deadline : clock_.now();
}

std::vector<RbacKey> RbacView::labelled(std::string const& account) const {
    std::vector<RbacKey> keys;
    for (auto const& informer : informers_) {
        for (auto const* found : informer->by_index("account", account)) keys.push_back(found->key);
    }
    return keys;
}

Task<void> RbacView::ask(RbacKey key, Deadline deadline) {
    auto const& resource = rbac_resource(key.kind);
    auto object = co_await client_.get(resource, key.ns, key.name, deadline);
    if (object) {
        wrote(key, *object);
    } else if (object.error().code() == Errc::not_found) {
        put(key, {.until = clock_.now() + options_.absence_lifetime});
    } else {
        co_return pass(object);
    }
    co_return Result<void>{};
}

void RbacView::wrote(RbacKey const& key, kube::Object const& object) {
    auto found = found_rbac(key.kind, object);
    bool const told = found.labelled && watches(key.kind);
    auto const* seen = watched(key);
    if (told && seen && seen->resource_version == found.resource_version) {
        answers_.erase(key);
        return;
    }
    put(key,
        {.found = std::move(found), .until = clock_.now() + (told ? options_.watch_lag : options_.answer_lifetime)});
}

void RbacView::removed(RbacKey const& key, std::string uid) {
    put(key, {.uid = std::move(uid), .until = clock_.now() + options_.watch_lag});
}

void RbacView::doubt(RbacKey const& key) {
    put(key, {.until = clock_.now() + options_.watch_lag, .doubted = true});
}

void RbacView::put(RbacKey const& key, Answer answer) {
    // Answers of accounts that nobody uses any more have nobody else to forget them.
    if (answers_.size() >= 64 && (answers_.size() & (answers_.size() - 1)) == 0) {
        std::erase_if(answers_, [now = clock_.now()](auto const& each) { return each.second.until <= now; });
    }
    answers_.insert_or_assign(key, std::move(answer));
}

void RbacView::heard(FoundRbac const& now) {
    if (auto const said = answers_.find(now.key); said != answers_.end()) {
        auto const& found = said->second.found;
        bool const older = found ? found->labelled && found->resource_version != now.resource_version
                                 : !said->second.uid.empty() && said->second.uid == now.uid;
        if (!older) answers_.erase(said);
    }
    tell(now);
}

void RbacView::heard_deletion(FoundRbac const& last) {
    if (auto const said = answers_.find(last.key); said != answers_.end()) {
        auto const& found = said->second.found;
        bool const another = found && found->uid != last.uid;
        if (!another) answers_.erase(said);
    }
    tell(last);
}

void RbacView::tell(FoundRbac const& object) {
    if (auto const account = account_of(object.key.kind, object.key.name)) changed_(*account);
}

}  // namespace vedette::op
