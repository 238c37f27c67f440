// A month of remedies in no order at all: whatever fails, ends, crashes or is changed, no limit is ever passed. The
// judges here keep their own books of what began and ended, by the exact time.

#include "base/random.hpp"
#include "operator/booking.hpp"
#include "operator/remedies.hpp"

#include <cstdlib>
#include <set>

namespace vedette::op {
namespace {

using namespace std::chrono_literals;

struct Began {
    std::string uid;
    std::string ns;
    WallTime at;
};

// One HealthCheck as the API server has it, and what is true of it.
struct Patient {
    HealthCheck check;
    std::int64_t failures = 0;     // in a row
    std::int64_t since_reset = 0;  // remedies that count against the limit
    std::int64_t unhelpful = 0;    // remedies in a row after which the check failed
    bool to_judge = false;         // one has run since the check did
    std::optional<WallTime> last_end;
    bool made = false;  // a Workflow exists that no status speaks of yet
    bool under_way = false;
    std::set<std::pair<std::int64_t, std::int64_t>> begun;
};

struct Counts {
    int begun = 0;
    std::map<std::string, int> answers;
};

class Hospital {
public:
    Hospital(std::uint64_t seed, bool deletions, Counts& counts)
        : random_(seed), deletions_(deletions), counts_(counts) {
        for (int i = 0; i < 8; ++i) admit_patient();
        change_policy();
        restart();
    }

    void step() {
        now_ += Duration(
            static_cast<std::int64_t>(random_.below(random_.chance(0.02) ? 4'000'000'000'000 : 90'000'000'000)));
        auto& patient = patients_[random_.below(patients_.size())];
        if (random_.chance(0.01)) return change_policy();
        if (random_.chance(0.01)) return deletions_ ? replace(patient) : restart();
        if (patient.under_way) return end(patient);
        if (patient.check.status.intent) return random_.chance(0.1) ? drop(patient) : begin(patient);
        run_check(patient);
    }

private:
    void admit_patient() {
        Patient patient{.check = failing(fmt::format("u{}", ++uids_), fmt::format("ns{}", random_.below(3)))};
        auto& spec = patient.check.spec;
        patient.check.status = {};
        if (random_.chance(0.5)) spec.failure_threshold = static_cast<std::int64_t>(random_.below(4));
        if (random_.chance(0.5)) spec.cooldown = Duration(1min * static_cast<int>(random_.below(30)));
        if (random_.chance(0.5)) {
            spec.remedy_runs_limit = 1 + static_cast<std::int64_t>(random_.below(3));
            spec.remedy_reset_interval = std::chrono::seconds(60 * random_.below(60) + 1);
        }
        spec.remedy_breaker = random_.chance(0.3);
        patients_.push_back(std::move(patient));
    }

    void change_policy() {
        auto const budget = [this] { return fmt::format("{}/{}m", random_.below(8), 1 + random_.below(120)); };
        std::vector<std::pair<std::string, std::string>> data;
        if (random_.chance(0.7)) data.emplace_back("budgetPerCluster", budget());
        if (random_.chance(0.5)) data.emplace_back("budgetPerNamespace", budget());
        if (random_.chance(0.3)) data.emplace_back("namespace.ns1.budget", budget());
        auto const places = [this](std::size_t below) {
            bool const share = random_.chance(0.5);
            return share ? fmt::format("{}%", 1 + random_.below(60)) : std::to_string(random_.below(below));
        };
        if (random_.chance(0.3)) data.emplace_back("maxConcurrent", places(4));
        if (random_.chance(0.3)) data.emplace_back("namespace.ns0.maxConcurrent", places(3));
        if (random_.chance(0.1)) data.emplace_back("enabled", "false");
        if (random_.chance(0.1)) data.emplace_back("namespace.ns2.dryRun", "true");
        policy_ = random_.chance(0.05) ? RemedyPolicy{} : policy_of(data);
        ASSERT_NE(policy_.state, RemedyPolicy::State::unreadable);
    }

    // What the process knew is gone. The API server tells statuses to the second, in some order.
    void restart() {
        ledger_ = RemedyLedger{};
        for (auto& patient : patients_) {
            patient.check.status = read_status(status_object(patient.check.status));
            if (std::exchange(patient.made, false)) set_current(patient);
        }
        auto const first = random_.below(patients_.size());
        for (std::size_t i = 0; i < patients_.size(); ++i) {
            auto const& check = patients_[(first + i) % patients_.size()].check;
            EXPECT_FALSE(decide_remedy(check, check.status, policy_, ledger_, now_).runs()) << "not all are counted";
            ledger_.observe(check);
        }
        ledger_.set_complete();
    }

    void replace(Patient& patient) {
        ledger_.forget(patient.check.uid, now_);
        patient = std::move(patients_.back());
        patients_.pop_back();
        admit_patient();
    }

    RemedyDecision ask(Patient const& patient, Status const& status) {
        auto const decision = admit_remedy(patient.check, status, policy_, ledger_, now_);
        ++counts_.answers[decision.runs() ? "run" : decision.reason];
        return decision;
    }

    void run_check(Patient& patient) {
        bool const good = random_.chance(0.3);
        auto& check = patient.check;
        auto after = book_result(check.spec, check.status, {.workflow = "w", .succeeded = good, .finished = now_});
        patient.failures = good ? 0 : patient.failures + 1;
        if (good) {
            patient.since_reset = 0;
            patient.unhelpful = 0;
        } else if (patient.to_judge) {
            ++patient.unhelpful;
        }
        bool const judged = std::exchange(patient.to_judge, false);
        if (!good) {
            auto const decision = ask(patient, after);
            if (decision.runs() || decision.kind == RemedyDecision::Kind::wait) {
                if (decision.reset) after = reset_remedy(after, reset_because_elapsed);
                auto const next = next_remedy(after);
                after.intent = RemedyIntent{next.number, next.attempt, now_ + 10min};
            }
        }
        // The patch never arrives: the run is done again by whoever comes next.
        if (!deletions_ && random_.chance(0.02)) {
            patient.failures = check.status.consecutive_failures;
            patient.unhelpful = check.status.remedy_unhelpful;
            patient.to_judge = judged;
            return restart();
        }
        check.status = std::move(after);
        ledger_.observe(check);
    }

    void begin(Patient& patient) {
        auto& status = patient.check.status;
        auto const decision = ask(patient, status);
        if (decision.kind == RemedyDecision::Kind::wait) return;
        if (!decision.runs()) return drop(patient);
        EXPECT_TRUE(ask(patient, status).runs()) << "asked again, nothing has changed";
        judge(patient);
        patient.under_way = true;
        if (!deletions_ && random_.chance(0.05)) {
            patient.made = true;
            return restart();
        }
        set_current(patient);
        ledger_.observe(patient.check);
    }

    void set_current(Patient& patient) {
        auto& status = patient.check.status;
        status.current = CurrentWorkflow{.run = {Purpose::remedy, status.intent->episode, status.intent->attempt},
                                         .ns = patient.check.ns,
                                         .name = "fix-1",
                                         .uid = "w1",
                                         .slot = now_,
                                         .created = now_};
    }

    void drop(Patient& patient) {
        ledger_.release(patient.check.uid);
        patient.check.status.intent.reset();
        ledger_.observe(patient.check);
    }

    void end(Patient& patient) {
        auto& status = patient.check.status;
        status.current.reset();
        status.intent.reset();
        if (random_.chance(0.9)) {
            bool const good = random_.chance(0.5);
            status = book_remedy(status, {.workflow = "fix-1", .succeeded = good, .finished = now_});
            ++patient.since_reset;
        } else {
            status.remedy_attempt += 1;  // lost: nothing is booked but that it was
        }
        note_remedy_end(status, now_);
        patient.under_way = false;
        patient.to_judge = true;
        patient.last_end = now_;
        ledger_.observe(patient.check);
    }

    // A remedy begins now. Every limit by the judge's own books.
    void judge(Patient& patient) {
        auto const& check = patient.check;
        ++counts_.begun;
        begun_.push_back({check.uid, check.ns, now_});
        auto const& intent = *check.status.intent;
        EXPECT_TRUE(patient.begun.emplace(intent.episode, intent.attempt).second) << "one remedy twice";
        EXPECT_TRUE(policy_.enabled);
        EXPECT_LT(now_, intent.expires);
        EXPECT_GE(patient.failures, check.spec.failure_threshold);
        if (check.spec.remedy_breaker) EXPECT_LT(patient.unhelpful, 2);
        if (check.spec.cooldown && patient.last_end) EXPECT_GE(now_ - *patient.last_end, *check.spec.cooldown);
        if (auto const limit = check.spec.remedy_runs_limit; limit != 0 && patient.since_reset >= limit) {
            EXPECT_GT(now_ - *patient.last_end, check.spec.remedy_reset_interval);
            patient.since_reset = 0;
        }
        auto const own = policy_.namespaces.find(check.ns);
        bool const has_own = own != policy_.namespaces.end();
        if (has_own) EXPECT_FALSE(own->second.dry_run);
        auto const in_namespace = has_own && own->second.budget ? own->second.budget : policy_.budget_per_namespace;
        expect_within(policy_.budget_per_cluster, "");
        expect_within(in_namespace, check.ns);
        expect_at_most(policy_.max_concurrent, "");
        if (has_own) expect_at_most(own->second.max_concurrent, check.ns);
    }

    void expect_within(std::optional<RemedyBudget> const& budget, std::string const& ns) {
        if (!budget) return;
        auto const spent = std::ranges::count_if(
            begun_, [&](auto const& each) { return (ns.empty() || each.ns == ns) && now_ - each.at < budget->window; });
        EXPECT_LE(spent, budget->count) << ns << " " << to_string(*budget);
    }

    void expect_at_most(std::optional<RemedyPlaces> const& most, std::string const& ns) {
        if (!most) return;
        auto const all =
            std::ranges::count_if(patients_, [&](auto const& each) { return ns.empty() || each.check.ns == ns; });
        auto const others = std::ranges::count_if(
            patients_, [&](auto const& each) { return (ns.empty() || each.check.ns == ns) && each.under_way; });
        EXPECT_LT(others, most->of(all)) << to_string(*most) << " " << ns;
    }

    Random random_;
    bool deletions_;
    Counts& counts_;
    WallTime now_ = now;
    RemedyPolicy policy_;
    RemedyLedger ledger_;
    std::vector<Patient> patients_;
    std::vector<Began> begun_;
    int uids_ = 0;
};

TEST(RemedyProperty, NoLimitIsEverPassedWhateverHappensInWhateverOrder) {
    auto const* given = std::getenv("SEED");
    std::uint64_t const first = given ? std::strtoull(given, nullptr, 10) : 1;
    std::uint64_t const last = given ? first : 120;
    Counts counts;
    for (auto seed = first; seed <= last && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE(fmt::format("SEED={}", seed));
        Hospital hospital(seed, seed % 2 == 0, counts);
        for (int i = 0; i < 1000 && !testing::Test::HasFailure(); ++i) hospital.step();
    }
    if (given) return;
    // A test that refuses everything, or nothing, would prove nothing.
    EXPECT_GT(counts.begun, 3000);
    for (auto const* reason :
         {"RemedyBudgetSpent", "RemedyCooldown", "RemedyRunsLimit", "BelowFailureThreshold", "RemedyBreakerOpen",
          "RemediesDisabled", "RemedyPolicyUnknown", "RemedyExpired", "RemedyDryRun"}) {
        EXPECT_GT(counts.answers[reason], 20) << reason;
    }
}

// A budget wider than a status remembers: the 33rd in a window would be forgotten by a restart.
TEST(RemedyProperty, OneCheckThatIsAlwaysRemediedStaysWithinWhatCanBeCounted) {
    auto const policy = policy_of({{"budgetPerCluster", "40/1h"}});
    auto check = failing();
    std::vector<WallTime> begun;
    for (auto at = now; at < now + 5h; at += 10s) {
        auto ledger = counted({check});  // a restart each time
        if (!admit_remedy(check, check.status, policy, ledger, at).runs()) continue;
        begun.push_back(at);
        auto const spent = std::ranges::count_if(begun, [at](WallTime each) { return at - each < 1h; });
        ASSERT_LE(spent, 40);
        check.status = book_remedy(check.status, {.finished = at + 1s});
        note_remedy_end(check.status, at + 1s);
    }
    EXPECT_GE(begun.size(), 32u * 5 - 5);
}

}  // namespace
}  // namespace vedette::op
