// The questions in their order, each a function that answers or passes on. The order is that of the answers' worth to
// whoever reads them: what is switched off comes before what only has to wait, and a dry run comes last, since
// "it would run" must be true.

#include "operator/remedy_decision.hpp"

#include "base/duration.hpp"
#include "base/ensure.hpp"
#include "base/time_format.hpp"
#include "operator/workflow.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

using Kind = RemedyDecision::Kind;
using std::chrono::seconds;

using Answer = std::optional<RemedyDecision>;

template <class... Args>
Answer skip(std::string_view reason, fmt::format_string<Args...> format, Args&&... args) {
    return RemedyDecision{.reason = std::string(reason), .message = fmt::format(format, std::forward<Args>(args)...)};
}

Answer wait(std::string_view reason, std::string message) {
    return RemedyDecision{.kind = Kind::wait, .reason = std::string(reason), .message = std::move(message)};
}

// There is nothing to decide: nobody is told.
bool is_out_of_the_question(HealthCheck const& check, Status const& status) {
    return check.spec.remedy.empty() || check.spec.paused() || check.deleted || status.status != "Failed";
}

Answer by_intent(Status const& status, WallTime now) {
    if (!status.intent) return std::nullopt;
    auto const& intent = *status.intent;
    if (now >= intent.expires) {
        return skip("RemedyExpired", "the remedy was to begin before {}: it is dropped, not run late",
                    format_rfc3339(intent.expires));
    }
    auto const next = next_remedy(status);
    if (intent.episode == next.number && intent.attempt == next.attempt) return std::nullopt;
    return skip("RemedySuperseded", "the failure that asked for remedy {}-{} is past", intent.episode, intent.attempt);
}

Answer by_switch(HealthCheck const& check, RemedyPolicy const& policy) {
    switch (policy.state) {
        case RemedyPolicy::State::unknown:
            if (!policy.trouble.empty()) return wait("RemedyPolicyUnknown", policy.trouble);
            return wait("RemedyPolicyUnknown", "the remedy policy has not been read yet");
        case RemedyPolicy::State::unreadable:
            return skip("RemedyPolicyUnreadable", "no remedy runs, since the remedy policy cannot be read: {}",
                        policy.trouble);
        case RemedyPolicy::State::known:
            break;
    }
    auto const key = off_switch(policy, check.ns);
    if (key.empty()) return std::nullopt;
    return skip("RemediesDisabled", "the remedy policy says {}: false", key);
}

Answer by_threshold(Spec const& spec, Status const& status) {
    if (status.consecutive_failures >= spec.failure_threshold) return std::nullopt;
    return skip("BelowFailureThreshold", "spec.failureThreshold is {}, and this was failure {} in a row",
                spec.failure_threshold, status.consecutive_failures);
}

Answer by_breaker(Spec const& spec, Status const& status) {
    if (!spec.remedy_breaker || status.remedy_unhelpful < breaker_opens_after) return std::nullopt;
    return skip("RemedyBreakerOpen", "{} remedies in a row did not help: the breaker is open until the check succeeds",
                status.remedy_unhelpful);
}

// The reference's table. `reset` is raised where the interval has elapsed.
Answer by_limit(Spec const& spec, Status const& status, WallTime now, bool& reset) {
    auto const limit = spec.remedy_runs_limit;
    auto const interval = spec.remedy_reset_interval;
    // One without the other is no limit at all, as in the reference.
    if (limit == 0 || interval == seconds(0)) return std::nullopt;
    if (limit < 0) return skip("RemedyRunsLimit", "spec.remedyRunsLimit {} is negative: no remedy runs", limit);
    if (limit > status.remedy_total_runs) return std::nullopt;
    if (!status.remedy_finished_at) return skip("RemedyRunsLimit", "spec.remedyRunsLimit {} is reached", limit);
    auto const ended = *status.remedy_finished_at;
    auto const elapsed = std::chrono::floor<seconds>(time_since(ended, now));
    reset = elapsed > interval;
    if (reset) return std::nullopt;
    return skip("RemedyRunsLimit", "spec.remedyRunsLimit {} is reached; spec.remedyResetInterval {} s counts from {}",
                limit, interval.count(), format_rfc3339(ended));
}

// When the last remedy ended: by our clock where we know, since a check that passes clears remedyFinishedAt.
std::optional<WallTime> last_end(Status const& status) {
    auto const& recent = status.recent_remedies;
    if (recent.empty()) return status.remedy_finished_at;
    return std::ranges::max(recent);
}

Answer by_cooldown(Spec const& spec, Status const& status, WallTime now) {
    auto const last = last_end(status);
    if (!spec.cooldown || !last || time_since(*last, now) >= *spec.cooldown) return std::nullopt;
    return skip("RemedyCooldown", "spec.cooldown is {}, and the last remedy ended at {}",
                format_duration(*spec.cooldown), format_rfc3339(*last));
}

Answer by_ledger(HealthCheck const& check, RunId const& remedy, RemedyPolicy const& policy, RemedyLedger const& ledger,
                 WallTime now) {
    if (!ledger.complete())
        return wait("RemedyBudgetUnknown", "the remedies of other checks have not been counted yet");
    auto why = ledger.refusal({check.uid, remedy.number, remedy.attempt}, check.ns, policy, now);
    if (!why) return std::nullopt;
    return RemedyDecision{.reason = "RemedyBudgetSpent", .message = *std::move(why)};
}

Answer by_dry_run(HealthCheck const& check, RunId const& remedy, RemedyPolicy const& policy) {
    auto who = dry_run_switch(policy, check.ns);
    if (who.empty() && check.spec.dry_run) who = "spec.dryRun";
    if (who.empty()) return std::nullopt;
    auto const name = workflow_name(check, remedy, 0);
    auto const& ns = check.spec.remedy.ns;
    auto what = name ? fmt::format("Workflow {}/{} would run as {}", ns, *name, remedy_service_account(check.spec))
                     : fmt::format("the remedy would run, but {}", name.error().text());
    return RemedyDecision{
        .kind = Kind::dry_run, .reason = "RemedyDryRun", .message = fmt::format("{} ({})", what, who)};
}

}  // namespace

RunId next_remedy(Status const& status) {
    return {.purpose = Purpose::remedy, .number = status.remedy_episode, .attempt = status.remedy_attempt + 1};
}

RemedyDecision decide_remedy(HealthCheck const& check, Status const& status, RemedyPolicy const& policy,
                             RemedyLedger const& ledger, WallTime now) {
    if (is_out_of_the_question(check, status)) return {};
    if (auto answer = by_intent(status, now)) return *std::move(answer);
    if (auto answer = by_switch(check, policy)) return *std::move(answer);
    if (auto answer = by_threshold(check.spec, status)) return *std::move(answer);
    if (auto answer = by_breaker(check.spec, status)) return *std::move(answer);
    bool reset = false;
    if (auto answer = by_limit(check.spec, status, now, reset)) return *std::move(answer);
    if (auto answer = by_cooldown(check.spec, status, now)) return *std::move(answer);
    auto const remedy = next_remedy(status);
    if (auto answer = by_ledger(check, remedy, policy, ledger, now)) return *std::move(answer);
    if (auto answer = by_dry_run(check, remedy, policy)) return *std::move(answer);
    return {.kind = Kind::run, .reset = reset};
}

RemedyDecision admit_remedy(HealthCheck const& check, Status const& status, RemedyPolicy const& policy,
                            RemedyLedger& ledger, WallTime now) {
    auto decision = decide_remedy(check, status, policy, ledger, now);
    if (decision.kind != Kind::run) {
        if (decision.kind != Kind::wait) ledger.release(check.uid);
        return decision;
    }
    auto const remedy = next_remedy(status);
    auto const refused =
        ledger.admit({check.uid, remedy.number, remedy.attempt}, check.ns, policy, now, status.intent.has_value());
    ensure(!refused, "nothing has changed since the decision");
    return decision;
}

}  // namespace vedette::op
