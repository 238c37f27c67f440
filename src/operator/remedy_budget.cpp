// Counting walks all accounts: there is one only for each check that had a remedy of late, and it is done once for each
// remedy that every other limit would let run. What percentages are of is every check with a remedy: kept counted.

#include "operator/remedy_budget.hpp"

#include "base/time_format.hpp"
#include "operator/booking.hpp"

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

bool RemedyLedger::Admitted::is(std::int64_t of_episode, std::int64_t which_attempt) const {
    return episode == of_episode && attempt == which_attempt;
}

bool RemedyLedger::Admitted::counts(WallTime now) const {
    return stage != Stage::reserved || now - reserved < reservation_lapses;
}

bool RemedyLedger::Admitted::booked(Status const& status) const {
    return remedy_is_over(status, episode, attempt);
}

void RemedyLedger::forget_remedied(std::string const& uid) {
    auto const known = remedied_.find(uid);
    if (known == remedied_.end()) return;
    auto const in = remedied_in_.find(known->second);
    if (--in->second == 0) remedied_in_.erase(in);
    remedied_.erase(known);
}

void RemedyLedger::count_remedied(HealthCheck const& check) {
    if (check.spec.remedy.empty()) return forget_remedied(check.uid);
    if (remedied_.emplace(check.uid, check.ns).second) ++remedied_in_[check.ns];
}

std::int64_t RemedyLedger::remedied(std::string_view ns) const {
    if (ns == everywhere) return std::ssize(remedied_);
    auto const in = remedied_in_.find(ns);
    return in == remedied_in_.end() ? 0 : in->second;
}

void RemedyLedger::observe(HealthCheck const& check) {
    count_remedied(check);
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
    using Stage = Admitted::Stage;
    auto& admitted = account.admitted;
    if (under_way) {
        auto const& run = status.current->run;
        admitted = Admitted{.stage = Stage::under_way, .episode = run.number, .attempt = run.attempt};
    } else if (status.intent) {
        auto const& intent = *status.intent;
        if (!admitted || !admitted->is(intent.episode, intent.attempt)) {
            admitted = Admitted{.episode = intent.episode, .attempt = intent.attempt, .admission = next_admission_++};
        }
        if (admitted->stage == Stage::reserved) admitted->stage = Stage::intended;
    } else if (admitted && (admitted->stage != Stage::reserved || admitted->booked(status))) {
        admitted.reset();
    }
    if (account.ended.empty() && !admitted) accounts_.erase(found);
}

void RemedyLedger::forget(std::string const& uid, WallTime now) {
    forget_remedied(uid);
    auto const found = accounts_.find(uid);
    if (found == accounts_.end()) return;
    auto& account = found->second;
    bool const under_way = account.admitted && account.admitted->stage == Admitted::Stage::under_way;
    if (under_way) account.ended.push_back(now);
    for (auto const ended : account.ended) departed_.push_back({account.ns, ended});
    while (departed_.size() > remembered_departed) departed_.pop_front();
    accounts_.erase(found);
}

void RemedyLedger::release(std::string const& uid) {
    auto const found = accounts_.find(uid);
    if (found == accounts_.end()) return;
    auto& account = found->second;
    if (!account.admitted || account.admitted->stage == Admitted::Stage::under_way) return;
    account.admitted.reset();
    if (account.ended.empty()) accounts_.erase(found);
}

std::size_t RemedyLedger::admitted(WallTime now) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        accounts_, [now](auto const& each) { return each.second.admitted && each.second.admitted->counts(now); }));
}

// Those that are under way, and those that were admitted sooner; never the check's own.
std::int64_t RemedyLedger::admitted_before(Asked const& asked, std::string_view ns) const {
    return std::ranges::count_if(accounts_, [&](auto const& each) {
        auto const& [uid, account] = each;
        auto const& admitted = account.admitted;
        return uid != asked.key.uid && is_in(ns, account.ns) && admitted && admitted->counts(asked.now) &&
               admitted->turn() < asked.turn;
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
    auto const over = static_cast<std::int64_t>(ended.size()) + admitted_before(asked, ns) - budget.count;
    if (over < 0) return std::nullopt;
    if (over >= static_cast<std::int64_t>(ended.size())) {
        return fmt::format("{} {} is spent on remedies that are under way", key, to_string(budget));
    }
    auto const free = ended[static_cast<std::size_t>(over)] + budget.window;
    return fmt::format("{} {} is spent until {}", key, to_string(budget), format_rfc3339(free));
}

std::optional<std::string> RemedyLedger::over_concurrency(Asked const& asked, std::string_view ns,
                                                          std::optional<RemedyPlaces> const& most,
                                                          std::string_view key) const {
    if (!most) return std::nullopt;
    auto const all = remedied(ns);
    auto const places = most->of(all);
    if (admitted_before(asked, ns) < places) return std::nullopt;
    if (!most->percent) return fmt::format("{} is {}, and as many remedies are under way", key, places);
    return fmt::format("{} is {} of {} HealthCheck{} with a remedy, {}", key, to_string(*most), all,
                       all == 1 ? "" : "s",
                       places == 1 ? "1 place, and it is taken" : fmt::format("{} places, and all are taken", places));
}

std::optional<std::string> RemedyLedger::refusal(RemedyKey const& key, std::string_view ns, RemedyPolicy const& policy,
                                                 WallTime now) const {
    Asked asked{key, next_admission_, now};
    if (auto const own = accounts_.find(key.uid); own != accounts_.end() && own->second.admitted) {
        auto const& admitted = *own->second.admitted;
        if (admitted.is(key.episode, key.attempt) && admitted.counts(now)) asked.turn = admitted.turn();
    }
    auto const mine = policy.namespaces.find(ns);
    auto const own = mine == policy.namespaces.end() ? NamespaceRemedyPolicy{} : mine->second;

    if (auto why = over_concurrency(asked, everywhere, policy.max_concurrent, "maxConcurrent")) return why;
    auto const own_key = fmt::format("namespace.{}.maxConcurrent", ns);
    if (auto why = over_concurrency(asked, ns, own.max_concurrent, own_key)) return why;
    if (auto const named = budget_in(policy, ns)) {
        if (auto why = over_budget(asked, ns, named->budget, named->key)) return why;
    }
    if (!policy.budget_per_cluster) return std::nullopt;
    return over_budget(asked, everywhere, *policy.budget_per_cluster, "budgetPerCluster");
}

std::optional<std::string> RemedyLedger::admit(RemedyKey const& key, std::string_view ns, RemedyPolicy const& policy,
                                               WallTime now, bool written) {
    if (auto why = refusal(key, ns, policy, now)) return why;
    auto& account = accounts_[key.uid];
    account.ns = ns;
    auto& admitted = account.admitted;
    if (!admitted || !admitted->is(key.episode, key.attempt) || !admitted->counts(now)) {
        admitted =
            Admitted{.episode = key.episode, .attempt = key.attempt, .admission = next_admission_++, .reserved = now};
    }
    if (written && admitted->stage == Admitted::Stage::reserved) admitted->stage = Admitted::Stage::intended;
    return std::nullopt;
}

}  // namespace vedette::op
