#include "cli/operator_flags.hpp"

#include "cli/flag_values.hpp"

namespace vedette::cli {
namespace {

void add_source_dir(CLI::App& app, std::string& directory) {
    app.add_option("--source-dir", directory, "Folder below which file sources may be; without it none may")
        ->type_name("DIR");
}

void add_plan(CLI::App& root, OperatorPlanFlags& flags) {
    auto& app = *root.add_subcommand("plan", "What HealthCheck manifests would do, without a cluster");
    app.add_option("FILE", flags.files, "manifests as they shall be; - is standard input")->required();
    app.add_option("--old", flags.old_files, "Manifests as they are now; without it everything is added")
        ->type_name("FILE")
        ->allow_extra_args(false);
    app.add_option("--namespace", flags.ns, "Namespace of HealthChecks that name none")
        ->type_name("NS")
        ->capture_default_str();
    app.add_option("-o,--output", flags.format, "text or json")
        ->type_name("FORMAT")
        ->transform(word_of(std::map<std::string, PlanFormat>{{"text", PlanFormat::text}, {"json", PlanFormat::json}}));
    add_rbac_policy(app, flags.rights);
    add_source_dir(app, flags.source_dir);
    add_remedy_policy(app, flags.remedies, "vedette-remedy-policy among FILE");
    app.add_option("--workflow-ttl", flags.workflow_ttl, "How long Argo keeps a Workflow whose text does not say")
        ->type_name("DURATION");
    app.add_option("--time-zone", flags.time_zone, "The operator's TZ, in which crons without a zone of their own run")
        ->type_name("ZONE")
        ->capture_default_str();
    app.footer(
        "Examples:\n"
        "  vedette operator plan checks/*.yaml\n"
        "  kubectl get hc -A -o yaml | vedette operator plan checks.yaml --old -\n"
        "  git show HEAD^:checks.yaml | vedette operator plan checks.yaml --old -\n\n"
        "Exit codes: 0 every HealthCheck and remedy can run, 1 there is an error, or the plan cannot be\n"
        "written, 2 a flag or a file cannot be used.");
}

void add_cluster(CLI::App& app, OperatorRunFlags& flags) {
    app.add_option("--kubeconfig", flags.kubeconfig, "Kubeconfig; else KUBECONFIG, ~/.kube/config, the pod's account")
        ->type_name("FILE");
    app.add_option("--context", flags.context, "Kubeconfig context")->type_name("NAME");
    app.add_option("--namespace", flags.ns, "Our own namespace: of the Lease and the remedy policy; else the pod's")
        ->type_name("NS");
    app.add_option("--kube-api-qps", flags.kube_api_qps, "Requests to the API server a second, in the long run")
        ->type_name("NUMBER")
        ->check(whole_number("a number of requests", 1, 1'000'000))
        ->capture_default_str();
    app.add_option("--kube-api-burst", flags.kube_api_burst,
                   "Requests to the API server at once; else twice --kube-api-qps")
        ->type_name("NUMBER")
        ->check(whole_number("a number of requests", 1, 1'000'000));
    app.add_flag("--leader-elect", flags.leader_elect, "Only the holder of the Lease 689451f8.keikoproj.io acts");
    app.add_flag("--takeover", flags.takeover, "Act although another operator seems to be at work");
}

void add_running(CLI::App& app, OperatorRunFlags& flags) {
    app.add_option("--max-workers", flags.max_workers, "Taken and without effect: nothing waits for a worker")
        ->type_name("INTEGER")
        ->check(whole_number("a number of workers", 0, 1'000'000))
        ->capture_default_str();
    app.add_option("--max-running-workflows", flags.max_running_workflows, "Workflows under way at once; 0: no limit")
        ->type_name("INTEGER")
        ->check(whole_number("a number of Workflows", 0, 1'000'000))
        ->capture_default_str();
    add_remedy_policy(app, flags.remedies, "vedette-remedy-policy in our own namespace");
    app.add_option("--source-allow", flags.source_allow,
                   "Addresses that url sources and probes may dial although they are loopback or reserved; may be "
                   "repeated")
        ->type_name("CIDR")
        ->allow_extra_args(false);
    add_source_dir(app, flags.source_dir);
}

void add_rbac(CLI::App& app, OperatorRunFlags& flags) {
    app.add_option("--rbac", flags.rbac,
                   "manage: make and mend the objects; verify: only say what is missing; off: neither")
        ->type_name("MODE")
        ->transform(word_of(std::map<std::string, RbacModeFlag>{
            {"manage", RbacModeFlag::manage}, {"verify", RbacModeFlag::verify}, {"off", RbacModeFlag::off}}));
    app.add_option("--rbac-adopt", flags.rbac_adopt,
                   "keep: roles of the reference that allow more than is needed stay; narrow: they are narrowed")
        ->type_name("HOW")
        ->transform(word_of(
            std::map<std::string, RbacAdoptFlag>{{"keep", RbacAdoptFlag::keep}, {"narrow", RbacAdoptFlag::narrow}}));
    add_rbac_policy(app, flags.rights);
}

void add_endpoints(CLI::App& app, OperatorRunFlags& flags) {
    app.add_option("--metrics-bind-address", flags.metrics_bind_address,
                   "Address of /metrics, 0 for none; else :8080, or :8443 with --metrics-secure")
        ->type_name("ADDRESS");
    app.add_flag("--metrics-secure", flags.metrics_secure,
                 "Serve /metrics over TLS, to those whom the API server lets in");
    app.add_option("--metrics-cert-path", flags.metrics_cert_path,
                   "Folder of tls.crt and tls.key; without it the certificate is self-signed")
        ->type_name("DIR");
    app.add_flag("--metrics-namespace-label", flags.metrics_namespace_label,
                 "Label the reference's five metrics with healthcheck_namespace too");
    app.add_option("--health-probe-bind-address", flags.health_probe_bind_address,
                   "Address of /healthz and /readyz, 0 for none")
        ->type_name("ADDRESS")
        ->capture_default_str();
}

void add_heartbeat(CLI::App& app, OperatorRunFlags& flags) {
    app.add_option("--heartbeat-url", flags.heartbeat_url,
                   "Requested as long as all is well, by the replica that acts: a dead man's switch")
        ->type_name("URL");
    app.add_option("--heartbeat-url-file", flags.heartbeat_url_file,
                   "File with that URL, which is a secret; read for each request")
        ->type_name("FILE");
    app.add_option("--heartbeat-interval", flags.heartbeat_interval, "From one request to the next")
        ->type_name("DURATION")
        ->default_str(default_heartbeat_interval);
}

void add_log(CLI::App& app, OperatorLogOptions& log) {
    app.add_flag_function(
           "--zap-devel", [&log](std::int64_t count) { log.devel = count > 0; },
           "Log debug messages too; --zap-devel=false: log JSON")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app.add_option("--zap-encoder", log.encoder, "json or console")
        ->type_name("FORMAT")
        ->check(exact_word({"json", "console"}));
    app.add_option("--zap-log-level", log.level, "debug, info, error, panic, or a number for more than debug")
        ->type_name("LEVEL")
        ->check(exact_word({"debug", "info", "error", "panic"}) | whole_number("a level", 1, 127));
    app.add_option("--zap-stacktrace-level", log.stacktrace_level, "Taken and without effect")
        ->type_name("LEVEL")
        ->check(exact_word({"info", "error", "panic"}));
    app.add_option("--zap-time-encoding", log.time_encoding, "epoch, millis, nano, iso8601, rfc3339 or rfc3339nano")
        ->type_name("FORMAT")
        ->check(exact_word({"epoch", "millis", "nano", "iso8601", "rfc3339", "rfc3339nano"}));
}

}  // namespace

void add_operator(CLI::App& root, OperatorFlags& flags) {
    auto& app = *root.add_subcommand("operator", "Run HealthCheck resources; plan changes of them");
    app.require_subcommand(0, 1);
    add_cluster(app, flags.run);
    add_running(app, flags.run);
    add_rbac(app, flags.run);
    add_endpoints(app, flags.run);
    add_heartbeat(app, flags.run);
    add_log(app, flags.run.log);
    add_plan(app, flags.plan);
    app.footer(
        "Examples:\n"
        "  vedette operator --leader-elect                        in a pod, two replicas\n"
        "  vedette operator --kubeconfig k --rbac verify          from a shell, making no RBAC objects\n"
        "  vedette operator plan checks.yaml                      before anything is applied");
}

int run_operator_command(CLI::App const& app, OperatorFlags const& flags) {
    return app.got_subcommand("plan") ? plan_health_checks(flags.plan) : run_operator(flags.run);
}

}  // namespace vedette::cli
