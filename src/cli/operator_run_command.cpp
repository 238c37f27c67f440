// `vedette operator`: builds the real parts around op::Operator and wires them. Whatever is wrong with flags and files
// is found before anything is sent.

#include "cli/operator_run_command.hpp"

#include "base/duration.hpp"
#include "base/mounted_files.hpp"
#include "cli/exit_code.hpp"
#include "cli/flag_values.hpp"
#include "cli/output.hpp"
#include "cli/runtime.hpp"
#include "cli/signals.hpp"
#include "kube/config.hpp"
#include "kube/http_api.hpp"
#include "kube/name_syntax.hpp"
#include "kube/queued_api.hpp"
#include "kube/target_check.hpp"
#include "net/guarded_dialer.hpp"
#include "operator/counted_api.hpp"
#include "operator/native_checks.hpp"
#include "operator/native_runner.hpp"
#include "operator/operator.hpp"
#include "operator/source_reader.hpp"
#include "telemetry/process_metrics.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <unistd.h>

namespace vedette::cli {
namespace {

constexpr char const* pod_namespace_file = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
constexpr std::size_t small_file = 64 * 1024;
// Ten thousand checks a minute are some 650 requests a second: eight connections would do only if the API server
// answered within 12 ms. When all of them are due at once, what the rate limit lets through waits in our queue.
constexpr std::size_t api_connections = 32;
constexpr std::size_t api_requests = 256;

int refuse(Error const& error, int code) {
    complain(error.text());
    return code;
}

std::string host_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? std::string(name) : std::string("unknown");
}

std::string own_namespace(OperatorRunFlags const& flags, Files& files) {
    if (!flags.ns.empty()) return flags.ns;
    auto const written = files.read(pod_namespace_file, small_file);
    return written && !written->empty() ? *written : "default";
}

bool there_is(std::string const& path) {
    std::error_code error;
    return std::filesystem::exists(path, error);
}

bool is_folder(std::string const& path) {
    std::error_code error;
    return std::filesystem::is_directory(path, error);
}

// What is said once about a flag that does something else than its name promises.
void explain_flags(OperatorRunFlags const& flags, Log const& log) {
    if (flags.max_workers != 10) {
        log(LogLevel::info,
            "--max-workers has no effect: nothing here waits for a worker; --max-running-workflows caps Workflows");
    }
    if (flags.remedies.dry_run) log(LogLevel::info, "--remedy-dry-run: remedies are decided and told, and none runs");
    if (!flags.log.stacktrace_level.empty()) log(LogLevel::info, "--zap-stacktrace-level has no effect");
    // The reference takes it so, and manifests made with its scaffold pass it so.
    if (!flags.metrics_cert_path.empty() && !flags.metrics_secure) {
        log(LogLevel::warning,
            "--metrics-cert-path has no effect without --metrics-secure: metrics are served without TLS");
    }
    // It may come: whatever fetches its files may start beside us, and the other checks are worth running.
    if (!flags.source_dir.empty() && !there_is(flags.source_dir)) {
        log(LogLevel::warning,
            fmt::format("--source-dir: there is no folder {} yet, and no file source can be read before",
                        flags.source_dir));
    }
}

// Flags that say nothing beside each other.
Result<void> check_together(OperatorRunFlags const& flags) {
    if (flags.rbac_adopt == RbacAdoptFlag::narrow && flags.rbac != RbacModeFlag::manage) {
        return fail(Errc::invalid_input, "--rbac-adopt=narrow needs --rbac=manage: only then are roles changed");
    }
    bool const bounds_rights = flags.rights.defaults == RbacDefaultsFlag::reference || !flags.rights.allow.empty();
    if (flags.rbac == RbacModeFlag::off && bounds_rights) {
        return fail(Errc::invalid_input,
                    "--rbac-defaults=reference and --rbac-allow need --rbac=manage or --rbac=verify: with off no "
                    "rights are looked at");
    }
    if (flags.heartbeat_interval && flags.heartbeat_url.empty() && flags.heartbeat_url_file.empty()) {
        return fail(Errc::invalid_input,
                    "--heartbeat-interval needs --heartbeat-url-file or --heartbeat-url: without a URL nothing is "
                    "sent");
    }
    return {};
}

// Places that there cannot be: each would be an operator that runs and does not do what it was told.
Result<void> check_places(OperatorRunFlags const& flags) {
    if (!flags.ns.empty() && !kube::dns_label_faults(flags.ns).empty()) {
        return fail(Errc::invalid_input, "--namespace: {}", no_namespace(flags.ns));
    }
    if (there_is(flags.source_dir) && !is_folder(flags.source_dir)) {
        return fail(Errc::invalid_input, "--source-dir: {} is no folder", flags.source_dir);
    }
    return {};
}

Result<op::RbacOptions> rbac_options(OperatorRunFlags const& flags, Files& files) {
    op::RbacOptions options;
    options.mode = flags.rbac == RbacModeFlag::manage   ? op::RbacMode::manage
                   : flags.rbac == RbacModeFlag::verify ? op::RbacMode::verify
                                                        : op::RbacMode::off;
    options.narrow = flags.rbac_adopt == RbacAdoptFlag::narrow;
    auto policy = rbac_policy(flags.rights, files);
    if (!policy) return pass(policy);
    options.policy = std::move(*policy);
    return options;
}

kube::Transport transport_of(Runtime& runtime, net::HttpClient& http) {
    return {.http = http,
            .clock = runtime.clock(),
            .files = runtime.files(),
            .process = runtime.process(),
            .environment = environment};
}

Result<kube::Target> target_of(OperatorRunFlags const& flags, Runtime& runtime) {
    kube::ConfigOptions const options{
        .kubeconfig = flags.kubeconfig, .context = flags.context, .environment = environment};
    auto target = kube::load_target(options, runtime.files());
    if (!target) return target;
    if (auto checked = kube::check_target(*target); !checked) return pass(checked);
    return target;
}

// Everything that lives as long as the operator, in the order in which it is taken down.
class Wiring {
public:
    Wiring(OperatorRunFlags const& flags, Runtime& runtime, Log log)
        : flags_(flags), runtime_(runtime), log_(std::move(log)), process_(registry_, runtime.clock()) {
        if (logs(flags.log, LogLevel::debug)) trace_ = log_;
    }

    Result<void> build();
    op::Operator& op() { return *operator_; }
    op::Endpoints& endpoints() { return *endpoints_; }
    /// Whether it was for a listener that build() failed.
    bool could_not_listen() const { return could_not_listen_; }

private:
    Result<void> build_client();
    Result<void> build_sources();
    void build_checks();
    Result<void> build_heartbeat();
    Result<void> build_operator();
    Result<void> build_endpoints();

    OperatorRunFlags const& flags_;
    Runtime& runtime_;
    Log log_;
    Log trace_;  // not set unless debug lines are wanted
    metrics::Registry registry_;
    telemetry::ProcessMetrics process_;
    std::optional<kube::Target> target_;
    std::unique_ptr<net::HttpClient> api_http_;
    std::unique_ptr<kube::Api> api_;
    std::unique_ptr<op::CountedApi> counted_;
    std::unique_ptr<kube::QueuedApi> queued_;
    std::unique_ptr<kube::RateLimiter> limiter_;
    std::unique_ptr<kube::Client> client_;
    std::unique_ptr<net::GuardedDialer> guarded_;
    std::unique_ptr<net::HttpClient> probe_http_;
    std::unique_ptr<Files> mounted_;
    std::unique_ptr<op::SourceReader> sources_;
    std::unique_ptr<op::NativeRunner> native_;
    std::unique_ptr<op::OperatorMetrics> metrics_;
    std::unique_ptr<op::RbacKeeper> rbac_;
    std::unique_ptr<op::Heartbeat> heartbeat_;
    std::unique_ptr<op::Operator> operator_;
    std::unique_ptr<op::Endpoints> endpoints_;
    bool could_not_listen_ = false;
};

Result<void> Wiring::build() {
    if (auto built = build_client(); !built) return built;
    if (auto built = build_sources(); !built) return built;
    build_checks();
    metrics_ = std::make_unique<op::OperatorMetrics>(
        registry_, runtime_.clock(), op::OperatorMetricsOptions{.namespace_label = flags_.metrics_namespace_label});
    if (auto built = build_heartbeat(); !built) return built;
    if (auto built = build_operator(); !built) return built;
    return build_endpoints();
}

Result<void> Wiring::build_client() {
    auto target = target_of(flags_, runtime_);
    if (!target) return pass(target);
    target_ = std::move(*target);
    api_http_ = net::make_http_client(runtime_.executor(), runtime_.clock(), runtime_.dialer(), runtime_.tls(),
                                      {.connections_per_host = api_connections});
    auto api = kube::make_http_api(*target_, transport_of(runtime_, *api_http_));
    if (!api) return pass(api);
    api_ = std::move(*api);
    auto const server = net::parse_url(target_->server);
    if (!server) return fail(server.error().code(), "{}: {}", target_->server, server.error().text());
    counted_ = std::make_unique<op::CountedApi>(*api_, registry_, net::to_string({server->host, server->port}),
                                                op::ApiTrace{.clock = &runtime_.clock(), .log = trace_});
    queued_ = std::make_unique<kube::QueuedApi>(runtime_.executor(), runtime_.clock(), *counted_, api_requests);
    limiter_ = std::make_unique<kube::RateLimiter>(runtime_.executor(), runtime_.clock(), api_limits(flags_));
    client_ = std::make_unique<kube::Client>(*queued_, runtime_.clock(), runtime_.random(), limiter_.get());
    return {};
}

Result<void> Wiring::build_sources() {
    auto policy = net::AddressPolicy::parse(flags_.source_allow, "--source-allow");
    if (!policy) return pass(policy);
    guarded_ =
        std::make_unique<net::GuardedDialer>(runtime_.resolver(), std::move(*policy), [this](net::Resolver& resolver) {
            return net::make_system_dialer(runtime_.executor(), runtime_.clock(), resolver);
        });
    if (!flags_.source_dir.empty()) mounted_ = make_mounted_files(flags_.source_dir);
    op::SourceReaderOptions options{.mounted = mounted_.get()};
    options.url.environment = environment;
    sources_ = std::make_unique<op::SourceReader>(runtime_.executor(), runtime_.clock(), *guarded_, runtime_.tls(),
                                                  *client_, std::move(options));
    return {};
}

void Wiring::build_checks() {
    probe_http_ = net::make_http_client(runtime_.executor(), runtime_.clock(), *guarded_, runtime_.tls());
    native_ = std::make_unique<op::NativeRunner>(
        op::NativeDoors{.clock = runtime_.clock(),
                        .random = runtime_.random(),
                        .dialer = *guarded_,
                        .resolver = guarded_->resolver(),
                        .tls = runtime_.tls(),
                        .http = *probe_http_,
                        .open_api = kube::open_http_api_as(*target_, transport_of(runtime_, *api_http_)),
                        .limiter = limiter_.get()});
}

// It dials what the administrator names: the rules for addresses are about those who write HealthChecks.
Result<void> Wiring::build_heartbeat() {
    auto const interval = parse_duration(flags_.heartbeat_interval.value_or(default_heartbeat_interval));
    if (!interval) return fail(Errc::invalid_input, "--heartbeat-interval: {}", interval.error().text());
    if (flags_.heartbeat_url.empty() && flags_.heartbeat_url_file.empty()) return {};
    op::HeartbeatDoors doors{.clock = runtime_.clock(),
                             .files = runtime_.files(),
                             .http = runtime_.http(),
                             .metrics = *metrics_,
                             .log = log_};
    op::HeartbeatOptions options{.url = flags_.heartbeat_url,
                                 .url_file = flags_.heartbeat_url_file,
                                 .interval = *interval,
                                 .environment = environment};
    auto made = op::Heartbeat::make(std::move(doors), std::move(options));
    if (!made) return pass(made);
    heartbeat_ = std::move(*made);
    return {};
}

Result<void> Wiring::build_operator() {
    auto rbac = rbac_options(flags_, runtime_.files());
    if (!rbac) return pass(rbac);
    rbac_ = std::make_unique<op::RbacKeeper>(runtime_.executor(), *client_, runtime_.clock(), runtime_.random(),
                                             std::move(*rbac), log_);
    auto const own = own_namespace(flags_, runtime_.files());
    auto given = policy_place(flags_.remedies);
    if (!given) return pass(given);
    auto const place = given->value_or(ConfigMapPlace{own, std::string(op::remedy_policy_name)});
    op::OperatorOptions options{.leader_elect = flags_.leader_elect,
                                .own_namespace = own,
                                .identity = fmt::format("{}_{}", host_name(), runtime_.random().suffix(10)),
                                .policy_namespace = place.ns,
                                .policy_name = place.name,
                                .remedy_dry_run = flags_.remedies.dry_run};
    options.controller.takeover = flags_.takeover;
    if (flags_.max_running_workflows > 0) {
        options.controller.max_running_workflows = static_cast<std::size_t>(flags_.max_running_workflows);
    }
    op::OperatorDoors doors{
        .executor = runtime_.executor(),
        .clock = runtime_.clock(),
        .random = runtime_.random(),
        .client = *client_,
        .rbac = *rbac_,
        .metrics = *metrics_,
        .read_source = [this](op::Source source, std::string ns,
                              Deadline deadline) { return sources_->read(std::move(source), std::move(ns), deadline); },
        .run_checks = [this](op::HealthCheck check,
                             Deadline deadline) { return native_->run(std::move(check), deadline); },
        .objections = op::validate_checks,
        .log = log_,
        .trace = trace_,
        .heartbeat = heartbeat_.get()};
    operator_ = std::make_unique<op::Operator>(std::move(doors), std::move(options));
    return {};
}

Result<void> Wiring::build_endpoints() {
    op::EndpointsDoors doors{.executor = runtime_.executor(),
                             .clock = runtime_.clock(),
                             .files = runtime_.files(),
                             .registry = registry_,
                             .client = *client_,
                             .listen =
                                 [this](net::Endpoint at) {
                                     auto listener =
                                         op::listen_on(runtime_.executor(), runtime_.clock(), std::move(at));
                                     could_not_listen_ = !listener;
                                     return listener;
                                 },
                             .warn = [this](std::string sentence) { log_(LogLevel::warning, std::move(sentence)); }};
    op::EndpointsOptions options{.probe_address = flags_.health_probe_bind_address,
                                 .metrics_address = flags_.metrics_bind_address,
                                 .metrics_secure = flags_.metrics_secure,
                                 .metrics_certificate_path = flags_.metrics_cert_path,
                                 .healthz = operator_->healthz(),
                                 .readyz = operator_->readyz()};
    auto opened = op::Endpoints::open(std::move(doors), std::move(options));
    if (!opened) return pass(opened);
    endpoints_ = std::move(*opened);
    return {};
}

Async<void> serve_endpoints(op::Endpoints& endpoints, Log log, bool& broke, std::function<void()> stop) {
    auto const served = co_await endpoints.serve();
    if (served) co_return;
    log(LogLevel::error, served.error().text());
    broke = true;
    stop();
}

Async<void> run_all(Wiring& wiring, Log log, bool& broke) {
    TaskGroup serving(co_await asio::this_coro::executor);
    serving.spawn(serve_endpoints(wiring.endpoints(), log, broke, [&wiring] { wiring.op().ask_to_stop(); }));
    co_await serving.stop_after(wiring.op().run());
}

}  // namespace

kube::RateLimits api_limits(OperatorRunFlags const& flags) {
    auto const qps = static_cast<double>(flags.kube_api_qps);
    return {.per_second = qps,
            .burst = flags.kube_api_burst ? static_cast<double>(*flags.kube_api_burst) : 2 * qps,
            .waiters = 100'000};
}

int run_operator(OperatorRunFlags const& flags) {
    Runtime runtime;
    OperatorLog written(flags.log, runtime.clock(), STDERR_FILENO);
    Log const log = [&written](LogLevel level, std::string sentence) { written.write(level, std::move(sentence)); };
    if (auto checked = check_together(flags); !checked) return refuse(checked.error(), exit_usage);
    if (auto checked = check_places(flags); !checked) return refuse(checked.error(), exit_usage);
    Wiring wiring(flags, runtime, log);
    if (auto built = wiring.build(); !built) {
        return refuse(built.error(), wiring.could_not_listen() ? exit_unhealthy : exit_usage);
    }
    log(LogLevel::info, fmt::format("vedette {} operator starts", VEDETTE_VERSION));
    if (auto const at = wiring.endpoints().probes()) {
        log(LogLevel::info, fmt::format("/healthz and /readyz at http://{}", to_string(*at)));
    }
    if (auto const at = wiring.endpoints().metrics()) {
        log(LogLevel::info,
            fmt::format("/metrics at {}://{}", flags.metrics_secure ? "https" : "http", to_string(*at)));
    }
    explain_flags(flags, log);
    bool broke = false;
    Signals const signals(runtime.executor(), [&] {
        log(LogLevel::info, "asked to stop");
        wiring.op().ask_to_stop();
    });
    runtime.run(run_all(wiring, log, broke));
    return broke ? exit_unhealthy : exit_healthy;
}

}  // namespace vedette::cli
