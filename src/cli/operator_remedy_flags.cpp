#include "cli/operator_remedy_flags.hpp"

#include "cli/flag_values.hpp"
#include "kube/name_syntax.hpp"

namespace vedette::cli {

void add_remedy_policy(CLI::App& app, OperatorRemedyFlags& flags, std::string const& otherwise) {
    app.add_option("--policy-configmap", flags.policy_config_map, "ConfigMap of the remedy policy; else " + otherwise)
        ->type_name("NAMESPACE/NAME");
    app.add_flag("--remedy-dry-run", flags.dry_run, "Every remedy is a dry run, whatever the remedy policy says");
}

Result<std::optional<ConfigMapPlace>> policy_place(OperatorRemedyFlags const& flags) {
    auto const& text = flags.policy_config_map;
    if (text.empty()) return std::nullopt;
    auto const slash = text.find('/');
    auto ns = text.substr(0, slash);
    auto name = slash == std::string::npos ? "" : text.substr(slash + 1);
    if (ns.empty() || name.empty() || name.find('/') != std::string::npos) {
        return fail(Errc::invalid_input, "--policy-configmap: \"{}\" is not NAMESPACE/NAME", text);
    }
    bool const could_be_a_namespace = kube::dns_label_faults(ns).empty();
    if (!could_be_a_namespace) return fail(Errc::invalid_input, "--policy-configmap: {}", no_namespace(ns));
    if (!kube::subdomain_faults(name).empty()) {
        return fail(Errc::invalid_input,
                    "--policy-configmap: \"{}\" cannot be a ConfigMap: their names are lower-case letters, digits, "
                    "\"-\" and \".\", with a letter or a digit at both ends",
                    name);
    }
    return ConfigMapPlace{std::move(ns), std::move(name)};
}

}  // namespace vedette::cli
