#include "cli/operator_flags.hpp"

#include "cli/flag_values.hpp"

namespace vedette::cli {
namespace {

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
    app.footer(
        "Examples:\n"
        "  vedette operator plan checks/*.yaml\n"
        "  git show HEAD^:checks.yaml | vedette operator plan checks.yaml --old -\n\n"
        "Exit codes: 0 every HealthCheck can run, 1 one or more cannot, 2 a file cannot be read.");
}

}  // namespace

void add_operator(CLI::App& root, OperatorFlags& flags) {
    auto& app = *root.add_subcommand("operator", "Run HealthCheck resources; plan changes of them");
    app.require_subcommand(1);
    add_plan(app, flags.plan);
    app.footer("Example:\n  vedette operator plan checks.yaml");
}

int run_operator_command(CLI::App const&, OperatorFlags const& flags) {
    return plan_health_checks(flags.plan);
}

}  // namespace vedette::cli
