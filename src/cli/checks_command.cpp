#include "cli/checks_command.hpp"

#include "base/json.hpp"
#include "base/suggest.hpp"
#include "base/text_table.hpp"
#include "check/rbac.hpp"
#include "check/selection.hpp"
#include "check/suite.hpp"
#include "cli/explain_output.hpp"
#include "cli/output.hpp"
#include "cli/runtime.hpp"

#include <fmt/format.h>

namespace vedette::cli {
namespace {

int print(std::string const& text) {
    auto const written = write_stdout(text);
    if (written) return exit_healthy;
    complain(written.error().text());
    return exit_unhealthy;
}

int refuse(Error const& error) {
    complain(error.text());
    return exit_usage;
}

Result<check::CheckType const*> type_named(std::string const& name) {
    if (auto const* type = check::find_check_type(name)) return type;
    std::vector<std::string> known;
    for (auto const* each : check::all_check_types()) known.emplace_back(each->name);
    return fail(Errc::invalid_input,
                "there is no check type \"{}\" (`vedette checks list` shows those of the built-in suite){}", name,
                did_you_mean(name, known));
}

}  // namespace

int list_checks(SuiteFlags const& flags, bool as_json) {
    auto const instances = chosen_instances(flags);
    if (!instances) return refuse(instances.error());
    if (as_json) {
        boost::json::array checks;
        for (auto const& instance : *instances) {
            checks.push_back({{"name", instance.identity.name},
                              {"type", instance.identity.type},
                              {"group", instance.identity.group},
                              {"service", instance.identity.service},
                              {"summary", instance.type->summary}});
        }
        return print(to_pretty_json(checks) + "\n");
    }
    TextTable table({{"NAME"}, {"GROUP"}, {"SERVICE"}, {"FINDS"}});
    for (auto const& instance : *instances) {
        table.add_row({instance.identity.name, instance.identity.group, instance.identity.service,
                       std::string(instance.type->summary)});
    }
    return print(table.render({.width = terminal_width()}));
}

int explain_checks(std::vector<std::string> const& names, ExplainFormat format) {
    if (names.empty() && format == ExplainFormat::markdown) return print(checks_reference());
    std::vector<check::CheckType const*> types;
    for (auto const& name : names) {
        auto const type = type_named(name);
        if (!type) return refuse(type.error());
        types.push_back(*type);
    }
    if (types.empty()) types.assign(check::all_check_types().begin(), check::all_check_types().end());
    std::string text;
    for (auto const* type : types) {
        text += text.empty() ? "" : "\n";
        text += format == ExplainFormat::markdown ? explain_markdown(*type) : explain_text(*type);
    }
    return print(text);
}

int validate_suite(std::string const& file) {
    auto const files = make_system_files();
    auto const suite = check::load_suite(file, *files, environment);
    if (!suite) return refuse(suite.error());
    if (auto const usable = check::check_parameters(suite->checks); !usable) return refuse(usable.error());
    return print(fmt::format("{}: {} check{}, all well-formed\n", file, suite->checks.size(),
                             suite->checks.size() == 1 ? "" : "s"));
}

int print_rbac(SuiteFlags const& flags, std::string const& service_account) {
    auto const instances = chosen_instances(flags);
    if (!instances) return refuse(instances.error());
    return print(check::rbac_manifest(*instances, check::split_filter(flags.namespaces), service_account));
}

int print_schema() {
    return print(to_pretty_json(check::suite_schema()) + "\n");
}

}  // namespace vedette::cli
