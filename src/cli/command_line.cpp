// Flags and help texts. Each command's work is in a file of its own.

#include "cli/command_line.hpp"

#include "cli/called_as.hpp"
#include "cli/check_command.hpp"
#include "cli/checks_command.hpp"
#include "cli/completion.hpp"
#include "cli/flag_values.hpp"
#include "cli/operator_flags.hpp"
#include "cli/output.hpp"
#include "cli/sim_command.hpp"
#include "cli/usage_error.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace vedette::cli {
namespace {

void add_suite_flags(CLI::App& app, SuiteFlags& flags) {
    app.add_option("-g,--group", flags.group, "Only checks of these groups, comma-separated; `*` matches any text")
        ->type_name("TEXT");
    app.add_option("-n,--name", flags.name, "Only checks of these names")->type_name("TEXT");
    app.add_option("-s,--service", flags.service, "Only checks of these services")->type_name("TEXT");
    app.add_option("--suite", flags.suite, "Suite file; without it the built-in suite runs")->type_name("FILE");
    app.add_option("--namespace", flags.namespaces,
                   "Only these namespaces, comma-separated; cluster-wide checks are skipped")
        ->type_name("NS[,NS]")
        ->check(namespace_list());
    app.add_flag("--allow-empty", flags.allow_empty, "Filters that match nothing are not an error");
}

std::map<std::string, Output> const output_names = {{"records", Output::records},
                                                    {"table", Output::table},
                                                    {"json", Output::json},
                                                    {"junit", Output::junit},
                                                    {"prometheus", Output::prometheus}};

void add_check(CLI::App& root, CheckFlags& flags) {
    auto& app = *root.add_subcommand("check", "Run checks against a cluster, once");
    app.footer(
        "Examples:\n"
        "  vedette check                              every built-in check, kubeconfig as kubectl finds it\n"
        "  vedette check -g workloads -n 'pods-*'     only the checks on pods\n"
        "  vedette check --namespace shop -o json     one namespace, one JSON document\n"
        "  vedette check --suite shop.yaml --cronjob  a suite of your own from a CronJob\n\n"
        "On a terminal the output is a table, in a pipe one JSON log record a line.\n"
        "Exit codes: 0 healthy, 1 not healthy, 2 wrong flags, suite or kubeconfig, 130 on a second Ctrl-C.");
    add_suite_flags(app, flags.suite);
    app.add_option("-w,--num-workers", flags.workers, "Checks in flight at once; 0: 64")
        ->type_name("INTEGER")
        ->check(whole_number("a number of checks", 0, 10'000))
        ->capture_default_str();
    app.add_option("-t,--timeout", flags.timeout_seconds,
                   "Seconds that override every check's own limit; 0: each its own")
        ->type_name("INTEGER")
        ->check(whole_number("a number of seconds", 0, 86'400))
        ->capture_default_str();
    app.add_flag("--cronjob", flags.cronjob, "Exit 0 also when checks are unhealthy; wrong flags stay exit 2");
    app.add_option("-l,--log-level", flags.log_level,
                   "debug, info, warning, error or critical; from warning on, records hold the final result only")
        ->type_name("TEXT")
        ->capture_default_str();
    app.add_flag("--no-metrics", flags.no_metrics, "Send no metrics (this version has no metrics sink and sends none)");
    app.add_option("--kubeconfig", flags.kubeconfig, "Kubeconfig; else KUBECONFIG, ~/.kube/config, the pod's account")
        ->type_name("FILE");
    app.add_option("--context", flags.context, "Kubeconfig context")->type_name("NAME");
    app.add_option("--deadline", flags.deadline,
                   "Limit of the whole run, such as 30s; what has not finished is unknown")
        ->type_name("DURATION");
    app.add_option("-o,--output", flags.output, "records, table, json, junit or prometheus")
        ->type_name("FORMAT")
        ->transform(word_of(output_names));
    app.add_flag("--pretty", flags.pretty, "Indent records and JSON");
    app.add_option("--exit-codes", flags.exit_codes, "plain, or nagios: 0 ok, 1 warning, 2 critical, 3 unknown")
        ->type_name("STYLE")
        ->transform(
            word_of(std::map<std::string, ExitCodes>{{"plain", ExitCodes::plain}, {"nagios", ExitCodes::nagios}}));
    app.add_flag("--no-color", flags.no_color, "No colours in the table (NO_COLOR does the same)");
}

struct ChecksFlags {
    SuiteFlags suite;
    bool json = false;
    std::vector<std::string> names;
    bool all = false;
    ExplainFormat format = ExplainFormat::text;
    std::string file;
    std::string service_account = "vedette/vedette";
};

void add_checks(CLI::App& root, ChecksFlags& flags) {
    auto& app = *root.add_subcommand("checks", "Show, explain and validate checks and the rights they need");
    app.require_subcommand(1);
    auto& list = *app.add_subcommand("list", "The checks of a suite");
    add_suite_flags(list, flags.suite);
    list.add_flag("--json", flags.json, "As a JSON array");
    list.footer("Example:\n  vedette checks list -g workloads");
    auto& explain = *app.add_subcommand("explain", "What a check type finds, reads and takes, and what to do about it");
    auto* names = explain.add_option("NAME", flags.names, "check types")->type_name("");
    explain.add_flag("--all", flags.all, "Every check type")->excludes(names);
    explain.add_option("-o,--output", flags.format, "text or markdown")
        ->type_name("FORMAT")
        ->transform(word_of(std::map<std::string, ExplainFormat>{{"text", ExplainFormat::text},
                                                                 {"markdown", ExplainFormat::markdown}}));
    explain.callback([&flags] {
        if (flags.names.empty() && !flags.all) throw CLI::RequiredError("NAME or --all");
    });
    explain.footer("Examples:\n  vedette checks explain pods-crashloop\n  vedette checks explain --all -o markdown");
    auto& validate = *app.add_subcommand("validate", "Read a suite file and say what is wrong with it");
    validate.add_option("FILE", flags.file, "suite file")->required();
    validate.footer("Example:\n  vedette checks validate shop.yaml");
    auto& rbac = *app.add_subcommand("rbac", "The ClusterRole and binding that the selected checks need, as YAML");
    add_suite_flags(rbac, flags.suite);
    rbac.add_option("--service-account", flags.service_account, "who gets the rights")
        ->type_name("NAMESPACE/NAME")
        ->capture_default_str();
    rbac.footer("Example:\n  vedette checks rbac -g workloads | kubectl apply -f -");
    auto& schema = *app.add_subcommand("schema", "A JSON Schema of suite files, for editors");
    schema.footer("Example:\n  vedette checks schema > suite.schema.json");
    app.footer(
        "Examples:\n"
        "  vedette checks list\n"
        "  vedette checks explain pods-crashloop\n"
        "  vedette checks validate shop.yaml");
}

void add_sim(CLI::App& root, SimFlags& flags) {
    auto& app = *root.add_subcommand("sim", "Serve a simulated cluster over HTTPS");
    app.add_option("--scenario", flags.scenario, "healthy or broken")->type_name("NAME")->capture_default_str();
    app.add_option("--listen", flags.listen, "loopback address and port; port 0 picks one")
        ->type_name("ADDRESS:PORT")
        ->capture_default_str();
    app.add_option("--kubeconfig", flags.kubeconfig, "where to write its kubeconfig; without it, standard output")
        ->type_name("FILE");
    app.add_option("--for", flags.lifetime, "stop after this time, such as 10m")->type_name("DURATION");
    app.footer(
        "Example:\n  vedette sim --scenario broken --kubeconfig sim.kubeconfig &\n"
        "  vedette check --kubeconfig sim.kubeconfig");
}

int print(std::string const& text) {
    auto const written = write_stdout(text);
    if (written) return exit_healthy;
    complain(written.error().text());
    return exit_unhealthy;
}

int dispatch(CLI::App& root, CheckFlags const& check, ChecksFlags const& checks, SimFlags const& sim,
             OperatorFlags const& op, std::string const& shell) {
    if (root.got_subcommand("sim")) return run_sim(sim);
    if (root.got_subcommand("operator")) return run_operator_command(*root.get_subcommand("operator"), op);
    if (root.got_subcommand("completion")) return print_completion(root, shell);
    if (!root.got_subcommand("checks")) return run_check(check);
    auto const& app = *root.get_subcommand("checks");
    if (app.got_subcommand("list")) return list_checks(checks.suite, checks.json);
    if (app.got_subcommand("explain")) return explain_checks(checks.names, checks.format);
    if (app.got_subcommand("validate")) return validate_suite(checks.file);
    if (app.got_subcommand("schema")) return print_schema();
    return print_rbac(checks.suite, checks.service_account);
}

}  // namespace

int run_command_line(int argc, char const* const* argv) {
    CLI::App root("Vedette watches whether Kubernetes clusters are available to the people who use them.", "vedette");
    root.set_version_flag("--version", std::string("vedette ") + VEDETTE_VERSION);
    root.require_subcommand(0, 1);
    root.footer(
        "Without a command, `vedette` runs every check, as `vedette check` does.\n\n"
        "Examples:\n"
        "  vedette check                            is the cluster of the current context healthy?\n"
        "  vedette check --help                     choose checks, namespaces, cluster and output\n"
        "  vedette checks explain pods-crashloop    what a check means and what to do about it");
    CheckFlags check;
    ChecksFlags checks;
    SimFlags sim;
    OperatorFlags op;
    std::string shell = "bash";
    add_check(root, check);
    add_checks(root, checks);
    add_operator(root, op);
    add_sim(root, sim);
    auto& completion = *root.add_subcommand("completion", "Print a completion script for a shell");
    completion.add_option("SHELL", shell, "bash, zsh or fish")->check(exact_word({"bash", "zsh", "fish"}));
    completion.footer("Example:\n  source <(vedette completion bash)");
    check_switches(root);
    auto const words = words_as_called({argv, argv + argc});
    std::vector<char const*> called;
    for (auto const& word : words) called.push_back(word.c_str());
    try {
        root.parse(static_cast<int>(called.size()), called.data());
    } catch (CLI::CallForHelp const&) {
        return print(root.help());
    } catch (CLI::CallForVersion const& request) {
        return print(std::string(request.what()) + "\n");
    } catch (CLI::ParseError const& error) {
        complain(usage_sentence(root, error));
        return exit_usage;
    }
    return dispatch(root, check, checks, sim, op, shell);
}

}  // namespace vedette::cli
