// One account, one hand: whoever settles an account holds it, and all who wait meanwhile take what came of it. Settling
// is skipped while neither the needs nor, as far as the watches tell, the objects have changed.
//
// HealthChecks that share an account share its objects, but not their mistakes: where the union cannot be had, the one
// that is about to run gets what it alone needs, and a claim that fails even alone is set aside, so that the union of
// the others can be had again. While a claim is set aside nothing is narrowed or deleted.

#include "operator/rbac_keeper.hpp"

#include "base/ensure.hpp"
#include "base/redact.hpp"
#include "base/task_group.hpp"
#include "base/with_deadline.hpp"
#include "check/catalogue/probes/printable.hpp"
#include "operator/bounded.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace vedette::op {
namespace {

constexpr int sweepers = 4;
constexpr std::size_t claimants_in_a_step = 64;
constexpr std::size_t names_told = 5;
constexpr std::size_t name_limit = 200;  // bytes of an account's or an object's name in the log

kube::WorkQueueOptions const sweep_pace = {.first_backoff = std::chrono::seconds(1),
                                           .longest_backoff = std::chrono::minutes(5)};

RbacLedger::For running(Purpose purpose) {
    return purpose == Purpose::remedy ? RbacLedger::For::running_remedy : RbacLedger::For::running_check;
}

// A remedy that was asked for or is under way, as far as the status tells: by us, or by who acted before us.
bool remedy_wanted(HealthCheck const& check) {
    if (check.spec.remedy.empty()) return false;
    auto const& current = check.status.current;
    return check.status.intent.has_value() || (current && current->run.purpose == Purpose::remedy);
}

// Names are those that people write into HealthChecks, where no pattern holds them.
std::string shown(std::string const& text, std::size_t limit) {
    return check::printable(bounded(redact(text), limit), limit);
}

std::string listed(std::vector<std::string> const& done) {
    auto const told = std::min(names_told, done.size());
    std::string text;
    for (std::size_t i = 0; i < told; ++i) text += (text.empty() ? "" : ", ") + shown(done[i], name_limit);
    if (done.size() > told) text += fmt::format(" and {} more", done.size() - told);
    return text;
}

Async<RbacReport> said(RbacReport report) {
    co_return report;
}

}  // namespace

struct RbacKeeper::Account {
    explicit Account(asio::any_io_executor executor) : freed(std::move(executor), "another's work on RBAC objects") {}

    int users = 0;      // tasks that settle it, or wait for who does: as long it is not forgotten
    bool busy = false;  // one of them settles it
    Event freed;
    std::uint64_t version = 1;  // rises when the needs or the objects change
    std::uint64_t settled_version = 0;
    TimePoint settled_until{};
    std::vector<RbacNote> notes;
    std::set<RbacKey> stood;  // needed and there: if it vanishes, sweeps bring it back
    std::map<RbacClaim, RbacFailure> set_aside;
    std::map<RbacKey, TimePoint> unneeded;
    bool impatient = false;  // a remedy's objects: no deletion_delay

    std::uint64_t attempts = 0;  // that ended
    std::optional<RbacFailure> failure;
    std::uint64_t failed_version = 0;
    std::string told;  // of the last sweep: why it failed
};

// While there is one the account is not forgotten: references to it last.
class RbacKeeper::Use {
public:
    explicit Use(Account& account) : account_(account) { ++account_.users; }
    ~Use() { --account_.users; }
    Use(Use const&) = delete;
    Use& operator=(Use const&) = delete;

private:
    Account& account_;
};

// While there is one nobody else settles the account, which is in use.
class RbacKeeper::Hold {
public:
    explicit Hold(Account& account) : account_(account) { account_.busy = true; }
    ~Hold() {
        account_.busy = false;
        account_.freed.notify();
    }
    Hold(Hold const&) = delete;
    Hold& operator=(Hold const&) = delete;

private:
    Account& account_;
};

RbacKeeper::RbacKeeper(asio::any_io_executor executor, kube::Client& client, Clock& clock, Random& random,
                       RbacOptions options, Log log)
    : executor_(executor),
      client_(client),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      log_(std::move(log)),
      sweeps_(executor, clock, sweep_pace) {
    look_afresh();
}

RbacKeeper::~RbacKeeper() = default;

void RbacKeeper::look_afresh() {
    view_ = std::make_unique<RbacView>(executor_, client_, clock_, random_, options_.view,
                                       [this](std::string const& name) { touch({name}); });
    settler_ = std::make_unique<RbacSettler>(client_, clock_, *view_);
}

void RbacKeeper::begin() {
    bool const in_use = std::ranges::any_of(accounts_, [](auto const& each) { return each.second.users > 0; });
    vedette::ensure(!running_ && !in_use, "a term begins after the last one has ended");
    past_.push_back(std::exchange(ledger_, {}));
    accounts_.clear();
    complete_ = false;
    look_afresh();
}

// --- what is needed -----------------------------------------------------------------------------------------------

RbacKeeper::Account& RbacKeeper::account(std::string const& name) {
    return accounts_.try_emplace(name, executor_).first->second;
}

void RbacKeeper::touch(RbacLedger::Accounts const& names) {
    for (auto const& name : names) {
        ++account(name).version;
        sweeps_.add(name);
    }
}

void RbacKeeper::observe(HealthCheck const& check) {
    if (options_.mode == RbacMode::off) return;
    auto wanted = claims_of(check, Purpose::check, options_.policy);
    touch(ledger_.set(check.uid, RbacLedger::For::checks, std::move(wanted.claims)));
    RbacClaims remedy;
    if (remedy_wanted(check)) remedy = claims_of(check, Purpose::remedy, options_.policy);
    touch(ledger_.set(check.uid, RbacLedger::For::remedy, std::move(remedy.claims)));
}

void RbacKeeper::forget(std::string const& uid) {
    touch(ledger_.forget(uid));
}

void RbacKeeper::all_observed() {
    complete_ = true;
    RbacLedger::Accounts all;
    for (auto const& [name, account] : accounts_) all.insert(name);
    touch(all);
}

// What there is to tell about the accounts of a HealthCheck, as last seen.
std::vector<RbacNote> RbacKeeper::notes(std::string const& uid) const {
    std::vector<RbacNote> notes;
    for (auto const& name : ledger_.accounts(uid)) {
        auto const found = accounts_.find(name);
        if (found == accounts_.end()) continue;
        notes.insert(notes.end(), found->second.notes.begin(), found->second.notes.end());
    }
    return notes;
}

std::vector<RbacClaim const*> RbacKeeper::claims(std::string const& name, Account const& account) const {
    auto all = ledger_.of(name);
    std::erase_if(all, [&](auto const* claim) { return account.set_aside.contains(*claim); });
    return all;
}

SettleRequest RbacKeeper::request_for(std::string const& name, Account const& account) const {
    auto const union_of = claims(name, account);
    bool const all = union_of.size() == ledger_.of(name).size();
    return {.account = name,
            .needed = objects_of(union_of),
            .plan = {.mode = options_.mode, .narrow = options_.narrow, .complete = complete_ && all},
            .restored = account.stood,
            .unneeded = account.unneeded,
            .deletion_delay = account.impatient ? Duration{} : options_.deletion_delay};
}

// --- settling -----------------------------------------------------------------------------------------------------

bool RbacKeeper::settled(Account const& account) const {
    return account.settled_version == account.version && clock_.now() < account.settled_until;
}

void RbacKeeper::note_settled(std::string const& name, Account& account, SettleRequest const& request, Settled settled,
                              std::uint64_t version) {
    ++account.attempts;
    account.failure = std::move(settled.failure);
    account.failed_version = version;
    if (account.failure) return;
    account.notes = std::move(settled.notes);
    account.unneeded = std::move(settled.unneeded);
    auto const claimed = ledger_.of(name);
    std::erase_if(account.set_aside, [&](auto const& each) {
        return std::ranges::none_of(claimed, [&](auto const* claim) { return *claim == each.first; });
    });
    std::set<RbacKey> needed;
    for (auto const& object : request.needed) needed.insert(key_of(object));
    for (auto const& key : needed) {
        if (!settled.withheld.contains(key)) account.stood.insert(key);
    }
    if (request.plan.complete) {
        std::erase_if(account.stood,
                      [&](auto const& key) { return !needed.contains(key) && !account.unneeded.contains(key); });
        account.impatient = false;
    }
    if (version == account.version && settled.withheld.empty()) {
        account.settled_version = version;
        account.settled_until = settled.valid_until;
    }
    for (auto const& [key, since] : account.unneeded) {
        sweeps_.add_after(name, since + options_.deletion_delay - clock_.now());
    }
}

Task<void> RbacKeeper::wait_free(Account& account) {
    while (account.busy) co_await account.freed.wait();
    co_return Result<void>{};
}

Async<std::optional<RbacFailure>> RbacKeeper::settle_for(RbacClaim claim, Account& held, Deadline deadline) {
    auto const name = claim.account;
    auto request = request_for(name, held);
    request.run = true;
    auto const version = held.version;
    auto together = co_await settler_->settle(request, deadline);
    auto failure = together.failure;
    note_settled(name, held, request, std::move(together), version);
    if (!failure || !concerns_the_request(failure->error.code())) co_return failure;

    if (claims(name, held).size() > 1) {
        SettleRequest alone{.account = name,
                            .needed = objects_of({&claim}),
                            .plan = {.mode = options_.mode, .narrow = options_.narrow},
                            .run = true};
        auto const own = co_await settler_->settle(std::move(alone), deadline);
        if (!own.failure) co_return std::nullopt;
        failure = own.failure;
        if (!concerns_the_request(failure->error.code())) co_return failure;
    }
    held.set_aside.insert_or_assign(std::move(claim), *failure);
    touch({name});
    co_return failure;
}

Async<std::optional<RbacFailure>> RbacKeeper::ensure_one(RbacClaim claim, Deadline deadline) {
    auto& held = account(claim.account);
    Use const use(held);
    if (held.set_aside.erase(claim) > 0) ++held.version;
    auto const attempts = held.attempts;
    while (true) {
        // Somebody who claims the very same was refused while we waited.
        if (auto const refused = held.set_aside.find(claim); refused != held.set_aside.end()) {
            co_return refused->second;
        }
        if (settled(held)) co_return std::nullopt;
        // An API server that did not answer one of us is not asked by all of us.
        bool const fresh = held.attempts != attempts && held.failure && held.failed_version == held.version;
        if (fresh && !concerns_the_request(held.failure->error.code())) co_return held.failure;
        if (!held.busy) break;
        auto const freed = co_await with_deadline(clock_, deadline, wait_free(held));
        if (freed) continue;
        auto error = Error(freed.error()).in_context(fmt::format("wait for the RBAC objects of {}", claim.account));
        co_return RbacFailure{"RBACFailed", std::move(error)};
    }
    Hold const hold(held);
    auto failure = co_await settle_for(std::move(claim), held, deadline);
    co_return failure;
}

// --- before and after a run ---------------------------------------------------------------------------------------

Async<RbacReport> RbacKeeper::ensure(HealthCheck const& check, Purpose purpose, Deadline deadline) {
    if (options_.mode == RbacMode::off) return said({});
    observe(check);
    auto wanted = claims_of(check, purpose, options_.policy);
    touch(ledger_.set(check.uid, running(purpose), wanted.claims));
    if (wanted.refused) {
        auto const code = wanted.refused->reason == "RBACNotAllowed" ? Errc::denied : Errc::invalid_input;
        return said(
            {.result = std::unexpected(Error(code, wanted.refused->message)), .reason = wanted.refused->reason});
    }
    return ensure_all(check.uid, purpose, std::move(wanted.claims), deadline);
}

Async<RbacReport> RbacKeeper::ensure_all(std::string uid, Purpose purpose, std::vector<RbacClaim> claims,
                                         Deadline deadline) {
    if (running_ && !view_->listed()) {
        auto const until = std::min(deadline, deadline_after(clock_.now(), options_.first_lists_timeout));
        // Without the lists each object is asked for: dearer, not wrong.
        auto const listed = co_await with_deadline(clock_, until, view_->first_lists());
        static_cast<void>(listed);
    }
    RbacReport report;
    for (auto& claim : claims) {
        auto const failure = co_await ensure_one(std::move(claim), deadline);
        if (!failure) continue;
        report.result = std::unexpected(failure->error);
        report.reason = failure->reason;
        touch(ledger_.set(uid, running(purpose), {}));
        break;
    }
    report.notes = notes(uid);
    co_return report;
}

Async<void> RbacKeeper::release(HealthCheck const& check, Deadline deadline) {
    auto names = ledger_.set(check.uid, RbacLedger::For::running_remedy, {});
    names.merge(ledger_.set(check.uid, RbacLedger::For::remedy, {}));
    for (auto const& name : names) account(name).impatient = true;
    touch(names);
    return release_all(std::move(names), deadline);
}

void RbacKeeper::run_ended(std::string const& uid, Purpose purpose) {
    auto const names = ledger_.set(uid, running(purpose), {});
    if (purpose == Purpose::remedy) {
        for (auto const& name : names) account(name).impatient = true;
    }
    touch(names);
}

Async<void> RbacKeeper::release_all(RbacLedger::Accounts names, Deadline deadline) {
    for (auto const& name : names) {
        auto& held = account(name);
        Use const use(held);
        while (held.busy && clock_.now() < deadline) {
            auto const freed = co_await with_deadline(clock_, deadline, wait_free(held));
            static_cast<void>(freed);  // the loop looks
        }
        if (held.busy) continue;  // touched, hence swept
        Hold const hold(held);
        auto const request = request_for(name, held);
        auto const version = held.version;
        auto settled = co_await settler_->settle(request, deadline);
        if (settled.failure) sweeps_.add_rate_limited(name);
        note_settled(name, held, request, std::move(settled), version);
    }
}

// --- sweeps -------------------------------------------------------------------------------------------------------

Async<void> RbacKeeper::run() {
    if (options_.mode == RbacMode::off) co_return;
    struct Running {
        explicit Running(bool& flag) : flag_(flag) { flag_ = true; }
        ~Running() { flag_ = false; }
        bool& flag_;
    } const running(running_);
    TaskGroup group(executor_);
    group.spawn(view_->run());
    group.spawn(drop_the_past());
    for (int i = 0; i < sweepers; ++i) group.spawn(sweep_all());
    auto ended = group.join();
    co_await group.stop_after(std::move(ended));
}

Async<void> RbacKeeper::drop_the_past() {
    while (!past_.empty()) {
        if (!past_.back().forget_some(claimants_in_a_step)) past_.pop_back();
        co_await asio::post(asio::use_awaitable);
    }
}

Async<void> RbacKeeper::sweep_all() {
    struct Done {
        kube::WorkQueue& queue;
        std::string const& name;
        ~Done() { queue.done(name); }
    };
    while (true) {
        auto const name = co_await sweeps_.get();
        if (!name) co_return;
        Done const done{sweeps_, *name};
        co_await sweep(*name);
        // What nothing has to be asked for would else be swept in one step, all accounts of it.
        co_await asio::post(asio::use_awaitable);
    }
}

Async<void> RbacKeeper::sweep(std::string name) {
    if (!complete_) co_return;  // all_observed() queues every account
    auto const deadline = deadline_after(clock_.now(), options_.sweep_timeout);
    {
        auto& held = account(name);
        Use const use(held);
        while (held.busy && clock_.now() < deadline) {
            auto const freed = co_await with_deadline(clock_, deadline, wait_free(held));
            static_cast<void>(freed);  // the loop looks
        }
        if (held.busy) {
            sweeps_.add_rate_limited(name);
            co_return;
        }
        bool const due = !held.unneeded.empty();
        if (settled(held) && !due) co_return;
        Hold const hold(held);
        auto const request = request_for(name, held);
        auto const version = held.version;
        auto settled_now = co_await settler_->settle(request, deadline);
        bool const failed = settled_now.failure.has_value();
        tell(name, held, settled_now);
        note_settled(name, held, request, std::move(settled_now), version);
        if (failed) {
            sweeps_.add_rate_limited(name);
            co_return;
        }
    }
    sweeps_.forget(name);
    forget_unused(name);
}

// An account that nobody claims anything of, and that has nothing of ours.
void RbacKeeper::forget_unused(std::string const& name) {
    auto const found = accounts_.find(name);
    if (found == accounts_.end() || found->second.users > 0 || !found->second.unneeded.empty()) return;
    if (ledger_.claims_nothing(name) && view_->labelled(name).empty()) accounts_.erase(found);
}

void RbacKeeper::tell(std::string const& name, Account& account, Settled const& settled) const {
    if (!log_) return;
    if (!settled.done.empty()) {
        log_(LogLevel::info, fmt::format("RBAC objects of {}: {}", shown(name, name_limit), listed(settled.done)));
    }
    auto const& failure = settled.failure;
    std::string why;
    if (failure) why = shown(fmt::format("{}: {}", failure->reason, failure->error.text()), longest_message);
    if (failure && why != account.told) {
        log_(LogLevel::warning,
             fmt::format("RBAC objects of {}: {}; they are tried again", shown(name, name_limit), why));
    }
    account.told = std::move(why);
}

}  // namespace vedette::op
