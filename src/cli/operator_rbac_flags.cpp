#include "cli/operator_rbac_flags.hpp"

#include "cli/flag_values.hpp"
#include "operator/native_checks.hpp"

namespace vedette::cli {
namespace {

constexpr std::size_t allow_list_limit = 1u << 20;

}  // namespace

void add_rbac_policy(CLI::App& app, OperatorRbacFlags& flags) {
    app.add_option("--rbac-defaults", flags.defaults,
                   "Rules without rbacRules: scoped, or reference for the wildcards of release v0.15.0")
        ->type_name("WHICH")
        ->transform(word_of(std::map<std::string, RbacDefaultsFlag>{{"scoped", RbacDefaultsFlag::scoped},
                                                                    {"reference", RbacDefaultsFlag::reference}}));
    app.add_option("--rbac-allow", flags.allow, "File that bounds levels and rbacRules; without it nothing does")
        ->type_name("FILE");
}

Result<op::RbacPolicy> rbac_policy(OperatorRbacFlags const& flags, Files& files) {
    op::RbacPolicy policy{.reference_defaults = flags.defaults == RbacDefaultsFlag::reference,
                          .extra_rules = op::rules_for_checks};
    if (flags.allow.empty()) return policy;
    auto const text = files.read(flags.allow, allow_list_limit);
    if (!text) return fail(text.error().code(), "--rbac-allow: {}", text.error().text());
    auto list = op::parse_rbac_allow_list(*text, flags.allow);
    if (!list) return pass(list, "--rbac-allow");
    policy.allow = std::move(*list);
    return policy;
}

}  // namespace vedette::cli
