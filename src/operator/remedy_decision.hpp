#pragma once
// Whether a remedy may run: one pure decision, asked when a failure is booked and again when its remedy is about to
// begin, so that a kill switch thrown in between still counts. The order of the questions: docs/remedies.md.

#include "operator/remedy_budget.hpp"

namespace vedette::op {

struct RemedyDecision {
    enum class Kind {
        run,
        dry_run,  ///< it would run; it is told, and nothing is made or counted
        skip,     ///< not for this failure; the next one asks again
        wait,     ///< it cannot be told yet: the intent is kept, until it expires, and asked again
    };
    Kind kind = Kind::skip;
    bool reset = false;   ///< of run: remedyResetInterval has elapsed, the six remedy fields are cleared before
    std::string reason;   ///< CamelCase, for the event and the condition; empty: nothing to tell
    std::string message;  ///< one sentence; the same as long as nothing changes, so that events aggregate

    bool runs() const { return kind == Kind::run; }
    bool operator==(RemedyDecision const&) const = default;
};

/// The remedy that would answer the failure in `status`: its episode, and one attempt more than are booked.
RunId next_remedy(Status const& status);

/// Whether that remedy may run. `status` holds the failure (and, once it stands there, the intent: one that expired or
/// that the status has moved past is skipped), `check` everything else. Reads no clock, reserves nothing.
RemedyDecision decide_remedy(HealthCheck const& check, Status const& status, RemedyPolicy const& policy,
                             RemedyLedger const& ledger, WallTime now);

/// The same, and the ledger follows: a remedy that runs is reserved, any other reservation of the check is released.
/// Not to be asked once the Workflow has been sent: from then on it runs.
RemedyDecision admit_remedy(HealthCheck const& check, Status const& status, RemedyPolicy const& policy,
                            RemedyLedger& ledger, WallTime now);

/// Remedies in a row after which the check still failed, that open the breaker of spec.remedyBreaker.
inline constexpr std::int64_t breaker_opens_after = 2;

}  // namespace vedette::op
