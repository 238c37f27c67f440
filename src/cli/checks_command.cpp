#include "cli/checks_command.hpp"

#include "base/duration.hpp"
#include "base/json.hpp"
#include "base/suggest.hpp"
#include "base/text_table.hpp"
#include "check/rbac.hpp"
#include "check/selection.hpp"
#include "check/suite.hpp"
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

std::string_view kind_name(check::ParamKind kind) {
    switch (kind) {
        case check::ParamKind::duration:
            return "duration";
        case check::ParamKind::integer:
            return "integer";
        case check::ParamKind::number:
            return "number";
        case check::ParamKind::flag:
            return "true or false";
        case check::ParamKind::text:
            return "text";
        case check::ParamKind::texts:
            return "list of texts";
        case check::ParamKind::object:
            return "mapping";
    }
    return "";
}

std::string wrapped(std::string_view text, std::size_t width) {
    std::string result;
    std::size_t column = 0;
    while (!text.empty()) {
        auto const space = text.find(' ');
        auto const word = text.substr(0, space);
        text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
        if (column > 0 && column + 1 + word.size() > width) {
            result += '\n';
            column = 0;
        } else if (column > 0) {
            result += ' ';
            ++column;
        }
        result += word;
        column += word.size();
    }
    return result;
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

int explain_check(std::string const& name) {
    auto const* type = check::find_check_type(name);
    if (!type) {
        std::vector<std::string> known;
        for (auto const* each : check::all_check_types()) known.emplace_back(each->name);
        return refuse(Error(Errc::invalid_input, fmt::format("there is no check type \"{}\"{}; `vedette checks list` "
                                                             "shows those of the built-in suite",
                                                             name, did_you_mean(name, known))));
    }
    std::string text =
        fmt::format("{} ({})\n\n{}.\n\n{}\n\n", type->name, type->group, type->summary, wrapped(type->explain, 100));
    fmt::format_to(std::back_inserter(text), "timeout {}, min_age {}{}\n", format_duration(type->timeout),
                   format_duration(type->min_age), type->built_in ? "" : ", only in a suite of your own (--suite)");
    if (!type->with.empty()) {
        TextTable table({{"WITH"}, {"KIND"}, {"DEFAULT"}, {"MEANING"}});
        for (auto const& spec : type->with) {
            table.add_row({std::string(spec.name), std::string(kind_name(spec.kind)),
                           spec.fallback.empty() ? "(required)" : std::string(spec.fallback),
                           std::string(spec.summary)});
        }
        text += "\n" + table.render();
    }
    if (type->needs) {
        text += "\nreads: ";
        std::string reads;
        for (auto const& read : type->needs()) {
            fmt::format_to(std::back_inserter(reads), "{}list {}", reads.empty() ? "" : ", ",
                           read.resource.qualified());
        }
        text += reads + "\n";
    }
    return print(text);
}

int validate_suite(std::string const& file) {
    auto const files = make_system_files();
    auto const suite = check::load_suite(file, *files, environment);
    if (!suite) return refuse(suite.error());
    return print(fmt::format("{}: {} checks, all well-formed\n", file, suite->checks.size()));
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
