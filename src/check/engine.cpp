// The engine's coroutines: a task per shared list, a task per worker, and a main that waits for all workers or for an
// interruption. Cancellation needs no special path in a check: whoever has no report when the workers are gone was
// interrupted.

#include "check/engine.hpp"

#include "base/duration.hpp"
#include "base/redact.hpp"
#include "base/task_group.hpp"
#include "base/watchdog.hpp"
#include "base/with_deadline.hpp"
#include "check/fetch_plan.hpp"
#include "check/read_verdict.hpp"
#include "check/redact_outcome.hpp"

#include <boost/core/demangle.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <source_location>

namespace vedette::check {

void Interrupt::raise() {
    raised_ = true;
    if (action_) action_();
}

std::map<Status, int> RunReport::counts() const {
    std::map<Status, int> counts;
    for (auto const& check : checks) ++counts[check.outcome.status];
    return counts;
}

namespace {

constexpr int default_workers = 64;
constexpr std::size_t objects_in_a_step = 512;
constexpr auto longest_read = std::chrono::minutes(10);
constexpr auto retry_pause = std::chrono::milliseconds(200);  // half to one and a half of it

// When every list hangs, apiserver-livez, -readyz and -latency must still get through to say why.
constexpr std::size_t reads_at_once = 5;
static_assert(reads_at_once + 3 <= net::HttpClientOptions{}.connections_per_host);

// One planned read while it is under way. Waiters hold it by shared_ptr; `ended` wakes them.
struct SharedRead {
    SharedRead(PlannedRead what, asio::any_io_executor executor)
        : plan(std::move(what)), ended(executor, "shared list") {}

    /// Why a check whose share is `scope` cannot be judged, and the namespace that is to blame ("": the cluster).
    std::optional<std::pair<std::string, Error>> failure_for(std::set<std::string> const& scope) const {
        auto const whole = errors.find("");
        if (whole != errors.end() && (scope.empty() || !by_name)) return *whole;
        for (auto const& ns : scope) {
            if (auto const found = errors.find(ns); found != errors.end()) return *found;
        }
        return std::nullopt;
    }

    PlannedRead plan;
    Event ended;
    bool done = false;
    bool by_name = false;                 ///< the whole cluster was forbidden, and plan.named was read instead
    std::map<std::string, Error> errors;  ///< by namespace; "": the whole cluster
};

// Whether a namespace that somebody named is there: a list of a namespace that is not is merely empty.
struct NamedNamespace {
    explicit NamedNamespace(asio::any_io_executor executor) : ended(executor, "a look for a namespace") {}
    Event ended;
    bool done = false;
    bool missing = false;
};

// Counts a read that is under way, whichever way it ends.
class ReadTurn {
public:
    ReadTurn(std::size_t& reading, Event& free) : reading_(reading), free_(free) { ++reading_; }
    ~ReadTurn() {
        --reading_;
        free_.notify();
    }
    ReadTurn(ReadTurn const&) = delete;
    ReadTurn& operator=(ReadTurn const&) = delete;

private:
    std::size_t& reading_;
    Event& free_;
};

// A probe's own words about a deadline ("no answer from ... (header)") say more than ours, so its deadline is a little
// earlier than the one at which it is cut.
Deadline last_words(TimePoint began, Deadline deadline) {
    return deadline - std::min<Duration>((deadline - began) / 20, std::chrono::milliseconds(100));
}

class Run {
public:
    Run(asio::any_io_executor executor, std::vector<Instance> instances, ProbeContext& context, RunOptions options,
        std::vector<Sink*> sinks)
        : instances_(std::move(instances)),
          context_(context),
          options_(std::move(options)),
          sinks_(std::move(sinks)),
          executor_(executor),
          read_free_(executor, "a shared list's turn"),
          reports_(instances_.size()),
          changed_(executor, "checks"),
          reads_group_(executor),
          workers_(executor) {}

    Async<RunReport> run(Interrupt& interrupt);

private:
    void start_reads();
    Async<void> look_for(std::string ns, Deadline deadline);
    Async<void> fetch(std::shared_ptr<SharedRead> read);
    Async<void> forget_snapshot();
    Async<std::size_t> fetch_all(SharedRead& read, Listing& listing, std::set<std::string> scopes, Deadline deadline);
    Task<void> fetch_scope(SharedRead& read, Listing& listing, std::string ns, Deadline deadline);

    Async<void> work(int worker);
    Async<void> run_one(std::size_t index, int worker);
    Async<Outcome> attempt(Instance const& instance, Deadline deadline, std::vector<std::string>& exception);
    Task<Outcome> execute(Instance const& instance, Deadline deadline);
    Task<Outcome> judge(Instance const& instance);
    Outcome out_of_time(Instance const& instance, Duration waited) const;
    std::string skip_reason(Instance const& instance) const;
    void finish(std::size_t index, CheckReport report, int worker);

    std::vector<Instance> instances_;
    ProbeContext& context_;
    RunOptions options_;
    std::vector<Sink*> sinks_;
    asio::any_io_executor executor_;

    Snapshot snapshot_;
    std::map<std::string, std::shared_ptr<SharedRead>> reads_;
    std::map<std::string, std::shared_ptr<NamedNamespace>> namespaces_;
    std::size_t reading_ = 0;
    std::optional<Error> nameless_;  ///< name servers fail slowly: one answer serves the lists that have not begun
    Event read_free_;
    std::vector<std::optional<CheckReport>> reports_;
    std::size_t next_ = 0;
    Event changed_;
    TaskGroup reads_group_;
    TaskGroup workers_;
};

Outcome interrupted() {
    return Outcome::unknown("not finished: interrupted", "Interrupted");
}

CheckReport blank_report(Instance const& instance) {
    CheckReport report;
    report.id = instance.id;
    report.identity = instance.identity;
    report.labels = instance.params.labels;
    return report;
}

// --- shared reads -------------------------------------------------------------------------------------------------

void Run::start_reads() {
    if (!context_.client) return;
    for (auto& [name, plan] : plan_reads(instances_, options_.namespaces)) {
        auto read = std::make_shared<SharedRead>(std::move(plan), executor_);
        reads_.emplace(name, read);
        reads_group_.spawn(fetch(read));
    }
}

Async<void> Run::look_for(std::string ns, Deadline deadline) {
    static kube::Resource const resource{"", "v1", "namespaces", "Namespace", false};
    auto const [entry, is_new] = namespaces_.try_emplace(ns, nullptr);
    if (!is_new) co_return;
    auto const named = entry->second = std::make_shared<NamedNamespace>(executor_);
    auto const found = co_await context_.client->get(resource, "", std::move(ns), deadline);
    // Whoever may not look at namespaces is judged by what the lists say.
    named->missing = !found && found.error().code() == Errc::not_found;
    named->done = true;
    named->ended.notify();
}

Async<void> Run::fetch(std::shared_ptr<SharedRead> read) {
    while (reading_ == reads_at_once) co_await read_free_.wait();
    ReadTurn const turn(reading_, read_free_);
    auto const deadline = std::min(options_.deadline, context_.clock.now() + longest_read);
    auto listing = read->plan.make();
    auto scopes = read->plan.namespaces;
    if (scopes.empty()) scopes.insert("");
    auto have = co_await fetch_all(*read, *listing, std::move(scopes), deadline);
    auto const whole = read->errors.find("");
    read->by_name = whole != read->errors.end() && whole->second.code() == Errc::denied && !read->plan.named.empty();
    if (read->by_name) {
        auto named = read->plan.named;
        have = co_await fetch_all(*read, *listing, std::move(named), deadline);
    }
    if (have > 0) snapshot_.listings[read->plan.resource.qualified()] = std::move(listing);
    read->done = true;
    read->ended.notify();
}

// How many of the scopes could be read. A namespace that is forbidden says nothing about the next one; any other error
// is the server's, and is not asked for again.
Async<std::size_t> Run::fetch_all(SharedRead& read, Listing& listing, std::set<std::string> scopes, Deadline deadline) {
    std::size_t have = 0;
    std::optional<Error> hopeless = nameless_;
    for (auto const& ns : scopes) {
        if (hopeless) {
            read.errors.emplace(ns, *hopeless);
            continue;
        }
        auto const fetched = co_await fetch_scope(read, listing, ns, deadline);
        if (fetched) {
            ++have;
            continue;
        }
        read.errors.emplace(ns, fetched.error());
        if (fetched.error().code() != Errc::denied) hopeless = fetched.error();
        if (fetched.error().code() == Errc::dns_failure) nameless_ = fetched.error();
    }
    co_return have;
}

Task<void> Run::fetch_scope(SharedRead& read, Listing& listing, std::string ns, Deadline deadline) {
    auto one_scope = read.plan.make();  // a list that restarts drops only its own scope
    auto add = [&listing = *one_scope](kube::Object const& object) { listing.add(object); };
    auto restart = [&listing = *one_scope] { listing.clear(); };
    auto ended = co_await context_.client->list(read.plan.resource, ns, kube::ListOptions{}, read.plan.projection, add,
                                                restart, deadline);
    if (!ended) co_return pass(ended);
    if (!ns.empty() && one_scope->size() == 0) co_await look_for(ns, deadline);
    listing.append(std::move(*one_scope));
    co_return Result<void>{};
}

// Ten thousand pods take longer to free than a step may take.
Async<void> Run::forget_snapshot() {
    for (auto& [name, listing] : snapshot_.listings) {
        while (listing->size() > 0) {
            listing->drop(objects_in_a_step);
            co_await asio::post(asio::use_awaitable);
        }
    }
}

// --- one check ----------------------------------------------------------------------------------------------------

Task<Outcome> Run::judge(Instance const& instance) {
    std::set<std::string> missing;
    for (auto const& need : instance.type->needs()) {
        if (is_left_out(need, options_.namespaces)) {
            missing.insert(need.resource.qualified());
            continue;
        }
        auto const found = reads_.find(need.resource.qualified());
        ensure(found != reads_.end(), "every need of a check that runs was planned");
        auto const read = found->second;
        while (!read->done) co_await read->ended.wait();
        auto const failure = read->failure_for(scope_of(need, instance, options_.namespaces));
        if (!failure) continue;
        // What may be left out is what we have no right to, or what is not served; the rest is the server's trouble.
        bool const left_out = failure->second.code() == Errc::denied || failure->second.code() == Errc::unsupported;
        bool const cut_off = failure->second.code() == Errc::timed_out && context_.clock.now() >= options_.deadline;
        if (cut_off) co_return interrupted();
        if (!need.optional || !left_out)
            co_return outcome_of_failed_read(failure->second, need.resource, failure->first, options_.reader);
        missing.insert(need.resource.qualified());
    }
    for (auto const& ns : namespaces_of(instance, options_.namespaces)) {
        auto const looked_for = namespaces_.find(ns);
        if (looked_for == namespaces_.end()) continue;
        auto const named = looked_for->second;
        while (!named->done) co_await named->ended.wait();
        if (!named->missing) continue;
        co_return Outcome::unknown(fmt::format("there is no namespace {}", ns), "NamespaceNotFound");
    }
    View const view(snapshot_, instance.params, std::move(missing));
    Step const step(instance.type->name.data());  // a literal of the type's own
    co_return instance.type->judge(view, instance.params, context_.clock.wall());
}

Outcome Run::out_of_time(Instance const& instance, Duration waited) const {
    std::vector<std::string> missing;
    if (instance.type->judge) {
        for (auto const& need : instance.type->needs()) {
            auto const read = reads_.find(need.resource.qualified());
            if (read != reads_.end() && !read->second->done) missing.push_back(need.resource.qualified());
        }
    }
    auto message =
        fmt::format("timed out after {}", format_duration(std::chrono::round<std::chrono::milliseconds>(waited)));
    bool const waits = !missing.empty();
    if (waits) {
        auto const last = std::exchange(missing.back(), "");
        missing.pop_back();
        auto const others = missing.empty() ? "" : fmt::format("{} and ", fmt::join(missing, ", "));
        message += fmt::format(", waiting for the list of {}{}", others, last);
    }
    auto outcome = Outcome::timeout(std::move(message));
    if (waits) outcome.reason = "ListMissing";
    return outcome;
}

Task<Outcome> Run::execute(Instance const& instance, Deadline deadline) {
    if (instance.type->judge) {
        auto judged = co_await judge(instance);
        co_return judged;
    }
    auto const own = last_words(context_.clock.now(), deadline);
    auto outcome = co_await instance.type->probe(context_, instance.params, own);
    co_return outcome;
}

// What the record of a failed check quotes: the lines of a Python traceback, as log pipelines know them.
std::vector<std::string> traceback_of(std::exception const& error, std::source_location where) {
    return {"Traceback (most recent call last):\n",
            fmt::format("  File \"{}\", line {}, in attempt\n", where.file_name(), where.line()),
            fmt::format("{}: {}\n", boost::core::demangle(typeid(error).name()), redact(error.what()))};
}

Async<Outcome> Run::attempt(Instance const& instance, Deadline deadline, std::vector<std::string>& exception) {
    auto const began = context_.clock.now();
    exception.clear();
    std::string bug;
    bool aborted = false;
    try {
        auto result = co_await with_deadline(context_.clock, deadline, execute(instance, deadline));
        if (result) co_return std::move(*result);
        if (result.error().code() == Errc::timed_out) co_return out_of_time(instance, deadline - began);
        co_return Outcome::unknown(result.error().text());
    } catch (boost::system::system_error const& e) {
        aborted = e.code() == asio::error::operation_aborted;
        bug = e.what();
        exception = traceback_of(e, std::source_location::current());
    } catch (std::exception const& e) {
        bug = e.what();
        exception = traceback_of(e, std::source_location::current());
    }
    if (aborted) {
        // Only a cancellation of this task may unwind it: a check that throws the same by itself would take its worker
        // along, and the run would wait for that worker for ever.
        auto const state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) {
            throw boost::system::system_error(asio::error::operation_aborted);
        }
    }
    co_return Outcome::unknown(fmt::format("the check itself failed: {}; please report this", redact(bug)),
                               "CheckFailed");
}

std::string Run::skip_reason(Instance const& instance) const {
    if (auto why = why_skipped(instance, options_.namespaces); !why.empty()) return why;
    auto const& variable = instance.params.skip_if;
    if (variable.empty() || !context_.environment) return {};
    auto const value = context_.environment(variable);
    if (!value || value->empty() || *value == "0" || *value == "false") return {};
    return fmt::format("skip_if: {} is set", variable);
}

void apply_severity(Outcome& outcome, Status severity) {
    if (severity != Status::warning || outcome.status != Status::critical) return;
    outcome.status = Status::warning;
    for (auto& failure : outcome.failures) {
        if (failure.status == Status::critical) failure.status = Status::warning;
    }
}

Async<void> Run::run_one(std::size_t index, int worker) {
    auto const& instance = instances_[index];
    auto report = blank_report(instance);
    if (auto why = skip_reason(instance); !why.empty()) {
        report.outcome = Outcome::skipped(std::move(why));
        finish(index, std::move(report), worker);
        co_return;
    }
    for (auto* sink : sinks_) sink->on_check_started(instance, worker);
    auto const began = context_.clock.now();
    report.started_at = context_.clock.wall();
    auto const timeout = options_.timeout > Duration::zero() ? options_.timeout : instance.params.timeout;
    auto const deadline = deadline_after(began, timeout);
    report.timeout = timeout;
    if (instance.type->needs_cluster && !context_.client) {
        report.outcome = Outcome::unknown("this check needs a cluster, and no kubeconfig was found", "NoCluster");
    } else {
        // Shared reads are not made again, so only a probe can do better the second time.
        auto const attempts = instance.type->probe ? 1 + instance.params.retries : 1;
        while (true) {
            ++report.attempts;
            report.outcome = co_await attempt(instance, deadline, report.exception);
            if (is_healthy(report.outcome.status) || report.attempts >= attempts) break;
            // Asked again at once, whatever it was is hardly over; past the deadline nobody waits for the answer.
            auto const pause = std::chrono::duration_cast<Duration>(retry_pause * (0.5 + context_.random.unit()));
            if (deadline - context_.clock.now() <= pause) break;
            co_await context_.clock.sleep_for(pause, "the next attempt of a check");
        }
    }
    apply_severity(report.outcome, instance.params.severity);
    report.finished_at = context_.clock.wall();
    report.duration = context_.clock.now() - began;
    finish(index, std::move(report), worker);
}

void Run::finish(std::size_t index, CheckReport report, int worker) {
    ensure(!reports_[index], "a check ends once");
    redact_outcome(report.outcome);
    reports_[index] = std::move(report);
    for (auto* sink : sinks_) sink->on_check_finished(*reports_[index], worker);
}

Async<void> Run::work(int worker) {
    while (next_ < instances_.size()) {
        auto const index = next_++;
        co_await run_one(index, worker);
    }
}

// --- the run ------------------------------------------------------------------------------------------------------

Async<RunReport> Run::run(Interrupt& interrupt) {
    RunReport summary;
    auto const began = context_.clock.now();
    summary.started_at = context_.clock.wall();
    if (context_.target) {
        summary.server = context_.target->server;
        summary.context = context_.target->context;
    }
    for (auto* sink : sinks_) sink->on_begin(instances_);

    if (!interrupt.raised()) start_reads();
    auto const limit = static_cast<std::size_t>(options_.workers > 0 ? options_.workers : default_workers);
    auto const count = interrupt.raised() ? 0 : std::min(limit, instances_.size());
    std::size_t working = count;
    for (std::size_t i = 0; i < count; ++i) {
        workers_.spawn([](Run& self, int worker, std::size_t& left) -> Async<void> {
            co_await self.work(worker);
            --left;
            self.changed_.notify();
        }(*this, static_cast<int>(i) + 1, working));
    }
    interrupt.on_raise([this] { changed_.notify(); });
    std::optional<Clock::TimerId> timer;
    if (options_.deadline != no_deadline) {
        timer = context_.clock.call_at(options_.deadline, [&interrupt] { interrupt.raise(); });
    }
    // A caller that is cancelled gives up its report, but not the tasks, which use what is its own.
    std::exception_ptr cancelled;
    try {
        while (working > 0 && !interrupt.raised()) co_await changed_.wait();
    } catch (boost::system::system_error const&) {
        cancelled = std::current_exception();
    }
    if (timer) context_.clock.cancel(*timer);
    interrupt.on_raise(nullptr);
    auto const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await workers_.stop();
    co_await reads_group_.stop();
    co_await forget_snapshot();
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (cancelled) std::rethrow_exception(cancelled);

    for (std::size_t i = 0; i < instances_.size(); ++i) {
        if (reports_[i]) continue;
        summary.interrupted = true;
        auto report = blank_report(instances_[i]);
        report.outcome = interrupted();
        finish(i, std::move(report), 1);
    }
    summary.status = Status::skipped;
    for (auto& report : reports_) {
        summary.status = worse(summary.status, report->outcome.status);
        summary.checks.push_back(std::move(*report));
    }
    summary.finished_at = context_.clock.wall();
    summary.duration = context_.clock.now() - began;
    for (auto* sink : sinks_) sink->on_end(summary);
    co_return summary;
}

}  // namespace

Async<RunReport> run_checks(std::vector<Instance> instances, ProbeContext& context, RunOptions options,
                            std::vector<Sink*> sinks, Interrupt& interrupt) {
    auto const executor = co_await asio::this_coro::executor;
    // The filters of --namespace reach each check's own view.
    if (!options.namespaces.empty()) {
        for (auto& instance : instances) instance.params.namespaces = options.namespaces;
    }
    Run run(executor, std::move(instances), context, std::move(options), std::move(sinks));
    auto report = co_await run.run(interrupt);
    co_return report;
}

}  // namespace vedette::check
