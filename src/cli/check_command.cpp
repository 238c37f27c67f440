// `vedette check`: flags in, a run, output out. Everything that can be wrong before a connection is found first, and
// is exit 2 with one sentence.

#include "cli/check_command.hpp"

#include "base/background_writer.hpp"
#include "base/duration.hpp"
#include "base/json.hpp"
#include "check/engine.hpp"
#include "check/selection.hpp"
#include "check/suite.hpp"
#include "cli/json_output.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "cli/runtime.hpp"
#include "cli/signals.hpp"
#include "cli/table_output.hpp"
#include "kube/config.hpp"
#include "kube/http_api.hpp"
#include "kube/target_check.hpp"
#include "telemetry/prometheus.hpp"
#include "telemetry/records.hpp"

#include <fmt/format.h>

#include <pthread.h>
#include <unistd.h>

namespace vedette::cli {
namespace {

int usage_error(Error const& error) {
    complain(error.text());
    return exit_usage;
}

std::string host_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 ? std::string(name) : std::string("unknown");
}

telemetry::RecordOptions record_options(CheckFlags const& flags, telemetry::LogLevel level, TimePoint loaded) {
    telemetry::RecordOptions options;
    options.level = level;
    options.pretty = flags.pretty;
    options.host = host_name();
    options.process = ::getpid();
    options.thread = static_cast<std::uint64_t>(::pthread_self());
    options.loaded = loaded;
    options.arguments = {.group = flags.suite.group,
                         .name = flags.suite.name,
                         .service = flags.suite.service,
                         .num_workers = flags.workers,
                         .timeout_seconds = flags.timeout_seconds,
                         .cronjob = flags.cronjob,
                         .log_level = flags.log_level,
                         .no_metrics = flags.no_metrics};
    return options;
}

Output resolved(Output output) {
    if (output != Output::automatic) return output;
    return stdout_is_terminal() ? Output::table : Output::records;
}

std::string document(check::RunReport const& report, CheckFlags const& flags) {
    switch (resolved(flags.output)) {
        case Output::json: {
            auto const object = json_document(report);
            return (flags.pretty || stdout_is_terminal() ? to_pretty_json(object) : to_json(object)) + "\n";
        }
        case Output::junit:
            return junit_document(report);
        case Output::prometheus:
            return telemetry::prometheus_text(report);
        case Output::table: {
            auto const colour = stdout_is_terminal() && !flags.no_color && !environment("NO_COLOR");
            return table_text(report, {.colour = colour, .width = terminal_width()});
        }
        case Output::automatic:
        case Output::records:
            return {};
    }
    return {};
}

// kubectl's own limit. A run of the default suite stays far below it; one over a hundred namespaces does not.
constexpr kube::RateLimits as_kubectl{.per_second = 50, .burst = 300};

// Holds what one run needs, in the order in which it is taken down.
struct Session {
    Runtime runtime;
    std::optional<kube::Target> target;
    std::unique_ptr<kube::Api> api;
    std::unique_ptr<kube::RateLimiter> limiter;
    std::unique_ptr<kube::Client> client;
};

Result<void> connect(Session& session, CheckFlags const& flags, bool required) {
    kube::ConfigOptions const options{
        .kubeconfig = flags.kubeconfig, .context = flags.context, .environment = environment};
    auto target = kube::load_target(options, session.runtime.files());
    if (!target) {
        // Probes alone need no cluster, unless one was asked for.
        if (!required && flags.kubeconfig.empty() && flags.context.empty()) return {};
        return pass(target);
    }
    if (auto checked = kube::check_target(*target); !checked) return checked;
    session.target = std::move(*target);
    auto api = kube::make_http_api(*session.target, session.runtime.transport());
    if (!api) return pass(api);
    session.api = std::move(*api);
    auto& runtime = session.runtime;
    session.limiter = std::make_unique<kube::RateLimiter>(runtime.executor(), runtime.clock(), as_kubectl);
    session.client =
        std::make_unique<kube::Client>(*session.api, runtime.clock(), runtime.random(), session.limiter.get());
    return {};
}

Result<check::RunOptions> run_options(CheckFlags const& flags, Clock& clock) {
    check::RunOptions options;
    options.workers = flags.workers;
    options.timeout = std::chrono::seconds(flags.timeout_seconds);
    options.namespaces = check::split_filter(flags.suite.namespaces);
    if (!flags.deadline.empty()) {
        auto const duration = parse_duration(flags.deadline);
        if (!duration) return fail(Errc::invalid_input, "--deadline: {}", duration.error().text());
        if (*duration <= Duration::zero()) return fail(Errc::invalid_input, "--deadline: must be longer than 0s");
        options.deadline = deadline_after(clock.now(), *duration);
    }
    return options;
}

Async<void> run_into(std::optional<check::RunReport>& report, std::vector<check::Instance> instances,
                     check::ProbeContext& context, check::RunOptions options, std::vector<check::Sink*> sinks,
                     check::Interrupt& interrupt) {
    report = co_await check::run_checks(std::move(instances), context, std::move(options), std::move(sinks), interrupt);
}

}  // namespace

Result<std::vector<check::Instance>> chosen_instances(SuiteFlags const& flags) {
    auto const files = make_system_files();
    auto suite = flags.suite.empty() ? Result<check::Suite>(check::built_in_suite())
                                     : check::load_suite(flags.suite, *files, environment);
    if (!suite) return pass(suite);
    if (auto usable = check::check_parameters(suite->checks); !usable) return pass(usable);
    check::Filters const filters{.groups = check::split_filter(flags.group),
                                 .names = check::split_filter(flags.name),
                                 .services = check::split_filter(flags.service)};
    return check::select(suite->checks, filters, flags.allow_empty);
}

int run_check(CheckFlags const& flags) {
    auto const level = telemetry::parse_log_level(flags.log_level);
    if (!level) {
        return usage_error(Error(
            Errc::invalid_input,
            fmt::format("\"{}\" is not a log level: use debug, info, warning, error or critical", flags.log_level)));
    }
    auto instances = chosen_instances(flags.suite);
    if (!instances) return usage_error(instances.error());

    Session session;
    auto& runtime = session.runtime;
    auto const loaded = runtime.clock().now();
    auto options = run_options(flags, runtime.clock());
    if (!options) return usage_error(options.error());
    auto const needs_cluster = std::any_of(instances->begin(), instances->end(),
                                           [](auto const& instance) { return instance.type->needs_cluster; });
    auto const connected = connect(session, flags, needs_cluster);
    if (!connected) return usage_error(connected.error());

    BackgroundWriter output(STDOUT_FILENO);
    telemetry::Records records(runtime.clock(), record_options(flags, *level, loaded),
                               [&output](std::string record) { output.write(std::move(record)); });
    Progress progress;
    std::vector<check::Sink*> sinks;
    if (resolved(flags.output) == Output::records) {
        sinks.push_back(&records);
    } else if (stderr_is_terminal()) {
        sinks.push_back(&progress);
    }
    check::Interrupt interrupt;
    std::optional<Signals> signals(std::in_place, runtime.executor(), [&interrupt] { interrupt.raise(); });
    auto context = runtime.probe_context(session.client.get(), session.target ? &*session.target : nullptr);
    std::optional<check::RunReport> report;
    runtime.run(run_into(report, std::move(*instances), context, std::move(*options), sinks, interrupt));

    signals.reset();  // a reader that stalls can be left by Ctrl-C
    output.write(document(*report, flags));
    auto const written = output.finish();
    auto const code = exit_code_of(*report, flags.exit_codes, flags.cronjob);
    if (written) return code;
    complain("cannot write to standard output: " + written.error().text());
    return exit_code_of_lost_result(code, flags.exit_codes);
}

}  // namespace vedette::cli
