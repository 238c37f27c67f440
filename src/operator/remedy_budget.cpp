// Counting walks all accounts: there is one only for each check that had a remedy of late, and it is done once for each
// remedy that every other limit would let run.

#include "operator/remedy_budget.hpp"

#include "base/time_format.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

constexpr auto reservation_lapses = std::chrono::minutes(15);

// The scope of the cluster as a whole.
constexpr std::string_view everywhere;

bool is_in(std::string_view scope, std::string_view ns) {
    return scope == everywhere || scope == ns;
}

// A time that has not come yet counts: clocks are set back.
bool is_within(WallTime ended, Duration window, WallTime now) {
    return time_since(ended, now) < window;
}

}  // namespace

Duration time_since(WallTime then, WallTime now) {
    return then < now - Duration::max() ? Duration::max() : now - then;
}

bool RemedyLedger::Live::counts(WallTime now) const {
    return written || now - reserved < reservation_lapses;
}

bool RemedyLedger::Live::booked(Status const& status) const {
    return status.remedy_episode > episode || (status.remedy_episode == episode && status.remedy_attempt >= attempt);
}

void RemedyLedger::observe(HealthCheck const& check) {
    auto const& status = check.status;
    bool const under_way = status.current && status.current->run.purpose == Purpose::remedy;
    auto found = accounts_.find(check.uid);
    if (found == accounts_.end()) {
        if (status.recent_remedies.empty() && !status.intent && !under_way) return;
        found = accounts_.emplace(check.uid, Account{}).first;
    }
    auto& account = found->second;
    account.ns = check.ns;
    account.ended = status.recent_remedies;
    std::ranges::sort(account.ended);
    if (account.ended.size() > most_recent_remedies) {
        account.ended.erase(account.ended.begin(), account.ended.end() - most_recent_remedies);
    }
    auto& live = account.live;
    if (under_way) {
        live = Live{.episode = status.current->run.number, .attempt = status.current->run.attempt, .written = true};
    } else if (status.intent) {
        auto const& intent = *status.intent;
        if (!live || live->episode != intent.episode || live->attempt != intent.attempt) {
            live = Live{.episode = intent.episode, .attempt = intent.attempt, .order = next_order_++};
        }
        live->written = true;
    } else if (live && (live->written || live->booked(status))) {
        live.reset();
    }
    if (account.ended.empty() && !live) accounts_.erase(found);
}

void RemedyLedger::forget(std::string const& uid, WallTime now) {
    auto const found = accounts_.find(uid);
    if (found == accounts_.end()) return;
    auto& account = found->second;
    if (account.live && account.live->order == 0) account.ended.push_back(now);
    for (auto const ended : account.ended) departed_.push_back({account.ns, ended});
    while (departed_.size() > remembered_departed) departed_.pop_front();
    accounts_.erase(found);
}

void RemedyLedger::release(std::string const& uid) {
    auto const found = accounts_.find(uid);
    if (found == accounts_.end() || !found->second.live || found->second.live->order == 0) return;
    found->second.live.reset();
    if (found->second.ended.empty()) accounts_.erase(found);
}

std::size_t RemedyLedger::live(WallTime now) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        accounts_, [now](auto const& each) { return each.second.live && each.second.live->counts(now); }));
}

// Those that are under way, and those that were admitted sooner; never the check's own.
std::int64_t RemedyLedger::live_before(Asked const& asked, std::string_view ns) const {
    return std::ranges::count_if(accounts_, [&](auto const& each) {
        auto const& [uid, account] = each;
        return uid != asked.key.uid && is_in(ns, account.ns) && account.live && account.live->counts(asked.now) &&
               account.live->order < asked.order;
    });
}

std::vector<WallTime> RemedyLedger::ended_within(std::string_view ns, Duration window, WallTime now) const {
    std::vector<WallTime> all;
    for (auto const& [uid, account] : accounts_) {
        if (!is_in(ns, account.ns)) continue;
        for (auto const ended : account.ended) {
            if (is_within(ended, window, now)) all.push_back(ended);
        }
    }
    for (auto const& each : departed_) {
        if (is_in(ns, each.ns) && is_within(each.ended, window, now)) all.push_back(each.ended);
    }
    std::ranges::sort(all);
    return all;
}

std::optional<std::string> RemedyLedger::over_budget(Asked const& asked, std::string_view ns,
                                                     RemedyBudget const& budget, std::string_view key) const {
    if (budget.count == 0) return fmt::format("{} is {}: no remedy may run", key, to_string(budget));
    if (auto const mine = accounts_.find(asked.key.uid); mine != accounts_.end()) {
        auto const& ended = mine->second.ended;
        if (ended.size() >= most_recent_remedies && is_within(ended.front(), budget.window, asked.now)) {
            return fmt::format("{} is {}, and one check alone gets at most {} remedies in that time", key,
                               to_string(budget), most_recent_remedies);
        }
    }
    auto const ended = ended_within(ns, budget.window, asked.now);
    auto const over = static_cast<std::int64_t>(ended.size()) + live_before(asked, ns) - budget.count;
    if (over < 0) return std::nullopt;
    if (over >= static_cast<std::int64_t>(ended.size())) {
        return fmt::format("{} {} is spent on remedies that are under way", key, to_string(budget));
    }
    auto const free = ended[static_cast<std::size_t>(over)] + budget.window;
    return fmt::format("{} {} is spent until {}", key, to_string(budget), format_rfc3339(free));
}

std::optional<std::string> RemedyLedger::over_concurrency(Asked const& asked, std::string_view ns,
                                                          std::optional<std::int64_t> most,
                                                          std::string_view key) const {
    if (!most || live_before(asked, ns) < *most) return std::nullopt;
    return fmt::format("{} is {}, and as many remedies are under way", key, *most);
}

std::optional<std::string> RemedyLedger::refusal(RemedyKey const& key, std::string_view ns, RemedyPolicy const& policy,
                                                 WallTime now) const {
    Asked asked{key, next_order_, now};
    if (auto const mine = accounts_.find(key.uid); mine != accounts_.end() && mine->second.live) {
        auto const& live = *mine->second.live;
        if (live.episode == key.episode && live.attempt == key.attempt && live.counts(now)) asked.order = live.order;
    }
    auto const mine = policy.namespaces.find(ns);
    auto const own = mine == policy.namespaces.end() ? NamespaceRemedyPolicy{} : mine->second;
    auto const own_key = [ns](std::string_view rest) { return fmt::format("namespace.{}.{}", ns, rest); };

    if (auto why = over_concurrency(asked, everywhere, policy.max_concurrent, "maxConcurrent")) return why;
    if (auto why = over_concurrency(asked, ns, own.max_concurrent, own_key("maxConcurrent"))) return why;
    if (own.budget) {
        if (auto why = over_budget(asked, ns, *own.budget, own_key("budget"))) return why;
    } else if (policy.budget_per_namespace) {
        if (auto why = over_budget(asked, ns, *policy.budget_per_namespace, "budgetPerNamespace")) return why;
    }
    if (!policy.budget_per_cluster) return std::nullopt;
    return over_budget(asked, everywhere, *policy.budget_per_cluster, "budgetPerCluster");
}

std::optional<std::string> RemedyLedger::admit(RemedyKey const& key, std::string_view ns, RemedyPolicy const& policy,
                                               WallTime now, bool written) {
    if (auto why = refusal(key, ns, policy, now)) return why;
    auto& account = accounts_[key.uid];
    account.ns = ns;
    auto& live = account.live;
    bool const known = live && live->episode == key.episode && live->attempt == key.attempt && live->counts(now);
    if (!known) live = Live{.episode = key.episode, .attempt = key.attempt, .order = next_order_++, .reserved = now};
    live->written = live->written || written;
    return std::nullopt;
}

}  // namespace vedette::op
