// A run is a suite of its own for the engine. What the engine's probes could reach beyond sockets (programs, files,
// variables) is shut here once more, though read_native_checks lets no check through that would ask for it.

#include "operator/native_runner.hpp"

#include "base/duration.hpp"
#include "check/engine.hpp"
#include "check/objects/meta.hpp"
#include "operator/native_checks.hpp"
#include "operator/workflow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace vedette::op {
namespace {

constexpr int checks_at_once = 8;              // of one HealthCheck: there are many others
constexpr std::size_t failures_listed = 5;     // of one check; the message names the first
constexpr std::size_t finding_limit = 300;     // bytes of what one check says in the message
constexpr std::size_t name_limit = 64;         // bytes of its name there
constexpr std::size_t room_for_the_rest = 24;  // "; and 63 more"
constexpr std::size_t most_accounts = 256;     // Apis kept open; one costs a few KiB
constexpr std::size_t most_forbidden = 1024;   // remembered; one costs some 100 bytes, and forgetting it a second look
// API servers learn of a new Role by a watch of their own: a read that follows its creation at once is refused.
constexpr auto rights_are_known_after = std::chrono::seconds(1);

class NoPrograms final : public Process {
public:
    Task<Exit> run(Command, Deadline) override {
        co_return fail(Errc::denied, "the operator runs no programs for a check");
    }
};

std::string finding_of(check::CheckReport const& report) {
    auto const& outcome = report.outcome;
    auto const many = outcome.failed > 0 && outcome.checked > 1;
    auto const share = many ? fmt::format("{} of {}: ", outcome.failed, outcome.checked) : std::string();
    auto const what = fmt::format("{}{}", share, outcome.message);
    return fmt::format("{} {}: {}", check::clip(report.identity.name, name_limit), to_string(outcome.status),
                       check::clip(what, finding_limit));
}

// The worst first, else in the order of the spec. What is healthy has its warnings told.
std::vector<check::CheckReport const*> worth_telling(check::RunReport const& report) {
    using enum check::Status;
    std::vector<check::CheckReport const*> told;
    for (auto const status : {critical, timeout, unknown, warning}) {
        if (is_healthy(status) != report.healthy()) continue;
        for (auto const& each : report.checks) {
            if (each.outcome.status == status) told.push_back(&each);
        }
    }
    return told;
}

std::string counts_of(check::RunReport const& report) {
    auto text = fmt::format("{} check{}", report.checks.size(), report.checks.size() == 1 ? "" : "s");
    char const* before = ": ";
    for (auto const& [status, count] : report.counts()) {
        text += fmt::format("{}{} {}", before, count, to_string(status));
        before = ", ";
    }
    return text;
}

std::string message_of(check::RunReport const& report) {
    auto const told = worth_telling(report);
    auto message = report.healthy() ? counts_of(report) : std::string();
    for (std::size_t i = 0; i < told.size(); ++i) {
        auto const finding = finding_of(*told[i]);
        if (message.size() + finding.size() + room_for_the_rest > native_message_limit) {
            message += fmt::format("; and {} more", told.size() - i);
            break;
        }
        message += (message.empty() ? "" : "; ") + finding;
    }
    return message;
}

RunResult failed(std::string message, WallTime now) {
    return {.workflow = std::string(native_run_name),
            .succeeded = false,
            .message = check::clip(message, native_message_limit),
            .started = now,
            .finished = now};
}

std::string seconds_of(Duration waited) {
    return format_duration(std::chrono::round<std::chrono::seconds>(waited));
}

std::string found_no_place(Duration waited) {
    return fmt::format(
        "not run: in {} none of the {} HealthChecks whose spec.checks run at once made room; give those that take long "
        "shorter timeouts, or let them run less often",
        seconds_of(waited), native_runs_at_once);
}

std::string begun_late(Duration waited) {
    return fmt::format("begun {} late, behind {} others: ", seconds_of(waited), native_runs_at_once);
}

// All that is wrong is that time ran out.
bool was_cut_off(check::RunReport const& report) {
    return !report.healthy() && std::ranges::all_of(report.checks, [](auto const& each) {
        return is_healthy(each.outcome.status) || each.outcome.reason == "Interrupted";
    });
}

bool was_forbidden(check::CheckReport const& report) {
    return report.outcome.reason == "Forbidden";
}

bool only_rights_are_missing(check::RunReport const& report) {
    return !report.healthy() && std::ranges::all_of(report.checks, [](auto const& each) {
        return is_healthy(each.outcome.status) || was_forbidden(each);
    });
}

// A second look's reports take the place of those that were forbidden at the first, in their order; where it was cut
// off, the first stands. True if it was not.
bool replace_forbidden(check::RunReport& report, check::RunReport again) {
    auto next = again.checks.begin();
    report.status = check::Status::skipped;
    bool whole = true;
    for (auto& each : report.checks) {
        if (was_forbidden(each) && next != again.checks.end()) {
            bool const seen = next->outcome.reason != "Interrupted";
            whole = whole && seen;
            if (seen) each = std::move(*next);
            ++next;
        }
        report.status = check::worse(report.status, each.outcome.status);
    }
    report.finished_at = again.finished_at;
    return whole;
}

}  // namespace

RunResult result_of(check::RunReport const& report) {
    return {.workflow = std::string(native_run_name),
            .succeeded = report.healthy(),
            .message = message_of(report),
            .started = report.started_at,
            .finished = report.finished_at};
}

std::vector<CustomMetric> measured_by(check::RunReport const& report, std::string_view health_check_name) {
    std::vector<CustomMetric> metrics;
    for (auto const& each : report.checks) {
        for (auto const& [name, value] : each.outcome.measurements) {
            if (!std::isfinite(value)) continue;
            auto const element = fmt::format("{}_{}", each.identity.name, name);
            metrics.push_back({.name = custom_metric_name(health_check_name, element),
                               .help = fmt::format("{}, as {} of spec.checks measured it.", name, each.identity.name),
                               .value = value});
        }
    }
    return metrics;
}

// Kept between runs, since opening one reads the token's file, or runs a credential plugin.
Result<std::shared_ptr<kube::Api>> NativeRunner::api_for(Account const& account) {
    if (auto const known = accounts_.find(account); known != accounts_.end()) return known->second;
    auto who = kube::as_service_account(account.first, account.second);
    if (!who) return std::unexpected(who.error());
    auto opened = doors_.open_api(std::move(*who));
    if (!opened) return std::unexpected(opened.error());
    std::shared_ptr<kube::Api> api = std::move(*opened);
    if (accounts_.size() >= most_accounts) {
        std::erase_if(accounts_, [](auto const& entry) { return entry.second.use_count() == 1; });
    }
    if (accounts_.size() < most_accounts) accounts_.emplace(account, api);
    return api;
}

Async<RunResult> NativeRunner::run(HealthCheck check, Deadline deadline) {
    auto const asked = doors_.clock.now();
    auto executor = co_await asio::this_coro::executor;
    std::optional<Places::Place> place;
    place.emplace(places_, std::move(executor), "a place for spec.checks");
    auto const taken = co_await place->take(doors_.clock, deadline);
    auto const waited = doors_.clock.now() - asked;
    if (!taken) {
        auto result = failed(found_no_place(waited), doors_.clock.wall());
        result.inconclusive = true;
        result.begun = false;
        co_return result;
    }
    auto result = co_await run_now(std::move(check), deadline, waited, place);
    co_return result;
}

// Nothing tells when a HealthCheck is deleted: its entry goes when it is another's turn to be remembered.
void NativeRunner::note_rights(HealthCheck const& check, bool forbidden) {
    if (!forbidden) {
        forbidden_.erase(check.uid);
        return;
    }
    forbidden_.insert_or_assign(check.uid, check.generation);
    if (forbidden_.size() <= most_forbidden) return;
    auto const first = forbidden_.begin();
    forbidden_.erase(first->first == check.uid ? std::next(first) : first);
}

bool NativeRunner::rights_may_be_new(HealthCheck const& check) const {
    auto const known = forbidden_.find(check.uid);
    return known == forbidden_.end() || known->second != check.generation;
}

// Errors: timed_out, when no place was free again until `deadline`.
Task<void> NativeRunner::step_aside(std::optional<Places::Place>& place, TimePoint until, Deadline deadline) {
    auto executor = co_await asio::this_coro::executor;
    place.reset();
    co_await doors_.clock.sleep_until(until, "rights to be known");
    place.emplace(places_, std::move(executor), "a place for a second look");
    auto const taken = co_await place->take(doors_.clock, deadline);
    co_return taken;
}

Async<RunResult> NativeRunner::run_now(HealthCheck check, Deadline deadline, Duration waited,
                                       std::optional<Places::Place>& place) {
    auto read = read_native_checks(check);
    if (!read.problems.empty()) co_return failed(read.problems.front().message, doors_.clock.wall());

    check::RunOptions options{.workers = checks_at_once, .deadline = deadline};
    options.namespaces = native_namespaces(check);
    options.reader = fmt::format("the service account {}/{}", check.ns, check.spec.service_account_name);
    for (auto& instance : read.instances) instance.params.max_failures_listed = failures_listed;

    std::shared_ptr<kube::Api> api;  // outlives the client below, whatever happens to the one that is kept
    std::optional<kube::Client> client;
    if (reads_objects(read.instances)) {
        auto opened = api_for({check.ns, check.spec.service_account_name});
        if (!opened) co_return failed(opened.error().text(), doors_.clock.wall());
        api = std::move(*opened);
        client.emplace(*api, doors_.clock, doors_.random, doors_.limiter,
                       kube::ClientOptions{.priority = kube::Priority::low});
    }
    NoPrograms no_programs;
    check::ProbeContext context{.clock = doors_.clock,
                                .random = doors_.random,
                                .dialer = doors_.dialer,
                                .resolver = doors_.resolver,
                                .tls = doors_.tls,
                                .http = doors_.http,
                                .process = no_programs,
                                .client = client ? &*client : nullptr,
                                .target = nullptr,
                                .environment = {}};
    check::Interrupt interrupt;
    std::vector<check::Sink*> nobody;
    auto report = co_await check::run_checks(read.instances, context, options, nobody, interrupt);
    auto const second_look = doors_.clock.now() + rights_are_known_after;
    bool const looks_again = std::ranges::any_of(report.checks, was_forbidden) && rights_may_be_new(check);
    bool looked_again = false;
    if (looks_again && second_look < deadline) {
        std::vector<check::Instance> forbidden;
        for (std::size_t i = 0; i < report.checks.size(); ++i) {
            if (was_forbidden(report.checks[i])) forbidden.push_back(std::move(read.instances[i]));
        }
        auto const placed = co_await step_aside(place, second_look, deadline);
        if (placed) {
            auto again = co_await check::run_checks(std::move(forbidden), context, options, nobody, interrupt);
            looked_again = replace_forbidden(report, std::move(again));
        }
    }
    note_rights(check, std::ranges::any_of(report.checks, was_forbidden));
    auto result = result_of(report);
    result.measured = measured_by(report, check.name);
    // Its rights may only be too new: the next run, which takes the first look's word, is the judge.
    result.inconclusive = looks_again && !looked_again && only_rights_are_missing(report);
    if (waited > Duration::zero() && was_cut_off(report)) {
        result.inconclusive = true;
        result.message = check::clip(begun_late(waited) + result.message, native_message_limit);
    }
    co_return result;
}

}  // namespace vedette::op
