#pragma once
// Runs spec.checks inside the operator: the engine of `vedette check`, with a client that reads as the HealthCheck's
// service account and probes that pass the operator's address policy. No Workflow, no pod, no object in the API.

#include "base/places.hpp"
#include "check/report.hpp"
#include "kube/impersonation.hpp"
#include "kube/rate_limiter.hpp"
#include "operator/booking.hpp"

#include <map>
#include <memory>
#include <optional>

namespace vedette::op {

/// RunResult::workflow of such a run: where a Workflow's name stands in status.
inline constexpr std::string_view native_run_name = "spec.checks";
/// Bytes of RunResult::message, at most.
inline constexpr std::size_t native_message_limit = 1024;

/// HealthChecks whose spec.checks run at once: with eight checks of each at once, some hundred connections are open
/// whatever is due. --max-running-workflows is about Workflows: such a run takes none of its places.
inline constexpr std::size_t native_runs_at_once = 64;

/// The doors of native runs. All outlive the runner. `dialer`, `resolver`, `tls` and `http` are the probes' alone: the
/// address policy stands in the first two, and `http` dials through that dialer. What `open_api` opens may not share
/// them: the API server's own address is one that probes are denied.
struct NativeDoors {
    Clock& clock;
    Random& random;
    net::Dialer& dialer;
    net::Resolver& resolver;
    net::Tls& tls;
    net::HttpClient& http;
    kube::OpenApiAs open_api;
    kube::RateLimiter* limiter = nullptr;  ///< native reads go at low priority: after the operator's own requests
};

/// The outcomes as the result of a run: succeeded when each is ok, a warning or skipped. Pure.
RunResult result_of(check::RunReport const& report);
/// The measurements as metrics of that HealthCheck, HEALTHCHECK_CHECK_MEASUREMENT, in the order of the checks. Pure.
std::vector<CustomMetric> measured_by(check::RunReport const& report, std::string_view health_check_name);

/// Threads: one reactor. Lifetime: outlives its runs.
class NativeRunner {
public:
    explicit NativeRunner(NativeDoors doors) : doors_(std::move(doors)) {}
    NativeRunner(NativeRunner const&) = delete;
    NativeRunner& operator=(NativeRunner const&) = delete;

    /// Runs what `check` asks for, once, and never fails: what cannot run or be read is in the result. Checks that have
    /// not ended at `deadline` count as unknown. Every read is made as `spec.serviceAccountName`; a run that has
    /// problems of its own (validate_checks) reads nothing and fails with the first.
    ///
    /// A check that may not read is run once more a second later, where `deadline` allows, for its rights may be so new
    /// that the API server does not know them yet. Its place is another's meanwhile. Where none is free again in time,
    /// or the second look is cut off, the first stands, inconclusive if nothing but rights is missing. Where the last
    /// run of a HealthCheck ended without them, and it was not edited since, the first look is the only one.
    ///
    /// Past native_runs_at_once it waits, in order of arrival, and `deadline` goes on: a run that found no place, or
    /// found it too late to learn what it would have, has failed inconclusively with a sentence that says so.
    /// Cancellation: unwinds when every read, probe and connection of the run has ended.
    Async<RunResult> run(HealthCheck check, Deadline deadline);

    /// Apis that are kept open, one per service account: bounded.
    std::size_t open_accounts() const { return accounts_.size(); }
    /// HealthChecks remembered for what they may not read: bounded.
    std::size_t known_forbidden() const { return forbidden_.size(); }

private:
    using Account = std::pair<std::string, std::string>;  // namespace, name

    Result<std::shared_ptr<kube::Api>> api_for(Account const& account);
    Async<RunResult> run_now(HealthCheck check, Deadline deadline, Duration waited,
                             std::optional<Places::Place>& place);
    Task<void> step_aside(std::optional<Places::Place>& place, TimePoint until, Deadline deadline);
    bool rights_may_be_new(HealthCheck const& check) const;
    void note_rights(HealthCheck const& check, bool forbidden);

    NativeDoors doors_;
    Places places_{native_runs_at_once};
    std::map<Account, std::shared_ptr<kube::Api>> accounts_;
    std::map<std::string, std::int64_t> forbidden_;  // generations, by UID, whose last run may not read: bounded
};

}  // namespace vedette::op
