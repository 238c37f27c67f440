#include "cli/operator_plan_command.hpp"

#include "base/files.hpp"
#include "base/json.hpp"
#include "base/mounted_files.hpp"
#include "cli/exit_code.hpp"
#include "cli/operator_plan_output.hpp"
#include "cli/output.hpp"
#include "cli/runtime.hpp"
#include "operator/workflow.hpp"

#include <algorithm>
#include <iostream>
#include <iterator>

namespace vedette::cli {
namespace {

// As much as an etcd would hold of them.
constexpr std::size_t manifest_limit = 64u << 20;

Result<std::string> read_manifest(std::string const& file, Files& files) {
    if (file != "-") return files.read(file, manifest_limit);
    return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

Result<std::vector<op::ManifestCheck>> read_all(std::vector<std::string> const& names, std::string const& ns,
                                                Files& files) {
    std::vector<op::ManifestCheck> checks;
    for (auto const& name : names) {
        auto const text = read_manifest(name, files);
        if (!text) return std::unexpected(text.error());
        auto found = op::read_manifests(*text, name == "-" ? "standard input" : name, ns);
        if (!found) return pass(found);
        std::move(found->begin(), found->end(), std::back_inserter(checks));
    }
    return checks;
}

// What has been read once is gone.
bool wants_stdin_twice(OperatorPlanFlags const& flags) {
    return std::count(flags.files.begin(), flags.files.end(), "-") +
               std::count(flags.old_files.begin(), flags.old_files.end(), "-") >
           1;
}

int refuse(Error const& error) {
    complain(error.text());
    return exit_usage;
}

}  // namespace

int plan_health_checks(OperatorPlanFlags const& flags) {
    if (wants_stdin_twice(flags)) {
        return refuse(Error(Errc::invalid_input, "standard input can be read once only: write - for one file"));
    }
    auto const files = make_system_files();
    auto policy = rbac_policy(flags.rights, *files);
    if (!policy) return refuse(policy.error());
    auto before = read_all(flags.old_files, flags.ns, *files);
    if (!before) return refuse(before.error());
    auto after = read_all(flags.files, flags.ns, *files);
    if (!after) return refuse(after.error());
    if (before->empty() && after->empty()) {
        return refuse(Error(Errc::invalid_input, "there is no HealthCheck in these files"));
    }
    op::PlanOptions options{.policy = std::move(*policy), .read_file = {}};
    auto const mounted = flags.source_dir.empty() ? nullptr : make_mounted_files(flags.source_dir);
    if (mounted) options.read_file = [&](std::string const& path) { return mounted->read(path, op::source_limit); };
    Runtime runtime;
    auto const plan = op::make_plan(std::move(*before), std::move(*after), runtime.clock().wall(), options);
    auto const written = write_stdout(flags.format == PlanFormat::json ? to_pretty_json(plan_document(plan)) + "\n"
                                                                       : plan_text(plan, terminal_width()));
    if (!written) complain(written.error().text());
    return !written || plan.errors > 0 ? exit_unhealthy : exit_healthy;
}

}  // namespace vedette::cli
