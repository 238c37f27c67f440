// The registry in words. Both forms walk the same facts, so the page in docs/ says what the program says.

#include "cli/explain_output.hpp"

#include "base/duration.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>
#include <utility>

namespace vedette::cli {
namespace {

using check::CheckType;
using check::ParamKind;
using check::ParamSpec;

constexpr std::size_t text_width = 100;

using Fact = std::pair<std::string, std::string>;

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        auto const end = text.find(separator);
        parts.push_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return parts;
}

std::string kind_name(ParamKind kind) {
    switch (kind) {
        case ParamKind::duration:
            return "duration";
        case ParamKind::integer:
            return "integer";
        case ParamKind::number:
            return "number";
        case ParamKind::flag:
            return "true or false";
        case ParamKind::text:
            return "text";
        case ParamKind::texts:
            return "list of texts";
        case ParamKind::object:
            return "mapping";
    }
    return "";
}

// Bounds that nobody meets by accident are left unsaid.
std::string type_of(ParamSpec const& spec) {
    auto text = kind_name(spec.kind);
    if (spec.kind == ParamKind::duration) return text;
    if (spec.least > -1e18 && spec.most < 1e6) return fmt::format("{} from {} to {}", text, spec.least, spec.most);
    if (spec.least > -1e18) return fmt::format("{} from {}", text, spec.least);
    return text;
}

std::string default_of(ParamSpec const& spec) {
    auto const text = spec.fallback;
    if (text.empty()) return "none: required";
    if (spec.kind == ParamKind::duration) return std::string(text.substr(1, text.size() - 2));
    return std::string(text);
}

std::vector<Fact> statuses_of(CheckType const& type) {
    std::vector<Fact> facts;
    if (!type.critical.empty()) facts.emplace_back("critical", type.critical);
    if (!type.warning.empty()) facts.emplace_back("warning", type.warning);
    std::string unknown = type.needs ? "what it reads could not be listed: no permission, or no answer" : "";
    if (!type.unknown.empty()) unknown += (unknown.empty() ? "" : "; ") + std::string(type.unknown);
    if (!unknown.empty()) facts.emplace_back("unknown", unknown);
    facts.emplace_back("timeout",
                       fmt::format("there is no verdict within its timeout ({})", format_duration(type.timeout)));
    std::string skipped;
    if (type.needs) skipped = "the cluster does not serve what it reads";
    if (!type.skipped.empty()) skipped = type.skipped;
    if (type.cluster_scoped) skipped += std::string(skipped.empty() ? "" : "; ") + "the run is under --namespace";
    if (!skipped.empty()) facts.emplace_back("skipped", skipped);
    return facts;
}

std::vector<std::string> rights_of(CheckType const& type) {
    std::vector<std::string> rights;
    if (type.needs) {
        for (auto const& read : type.needs()) {
            auto text = fmt::format("list {}", read.resource.qualified());
            if (!read.only_namespace.empty()) text += " in " + read.only_namespace;
            if (read.optional) text += " (judges without it, less exactly)";
            rights.push_back(std::move(text));
        }
    }
    for (auto const& rule : type.rules) {
        rights.push_back(rule.url.empty() ? fmt::format("{} {}{}{}", rule.verb, rule.resource,
                                                        rule.group.empty() ? "" : ".", rule.group)
                                          : fmt::format("{} {}", rule.verb, rule.url));
    }
    return rights;
}

std::string no_rights(CheckType const& type) {
    return type.needs_cluster ? "none: any credentials will do" : "none: it does not talk to the API server";
}

std::string wrapped(std::string_view text, std::size_t indent) {
    std::string const margin(indent, ' ');
    std::string result;
    std::size_t column = 0;
    for (auto const word : split(text, ' ')) {
        if (column > indent && column + 1 + word.size() > text_width) {
            result += "\n" + margin;
            column = indent;
        } else if (column > indent) {
            result += ' ';
            ++column;
        }
        result += word;
        column = (column == 0 ? indent : column) + word.size();
    }
    return result;
}

std::pair<std::string_view, std::string_view> command_and_comment(std::string_view line) {
    auto const hash = line.find("  # ");
    if (hash == std::string_view::npos) return {line, {}};
    return {line.substr(0, hash), line.substr(hash + 4)};
}

std::string companions_of(CheckType const& type) {
    return fmt::format("{}", fmt::join(split(type.companions, ' '), ", "));
}

std::string escaped(std::string_view text) {
    std::string result;
    for (char const c : text) {
        if (c == '|' || c == '<') result += '\\';
        result += c;
    }
    return result;
}

}  // namespace

std::string explain_text(CheckType const& type) {
    std::string text =
        fmt::format("{} ({})\n\n{}.\n\n{}\n\n", type.name, type.group, type.summary, wrapped(type.explain, 0));
    auto out = std::back_inserter(text);
    for (auto const& [status, when] : statuses_of(type)) fmt::format_to(out, "{:<10}{}\n", status, wrapped(when, 10));
    text += "\nLIKELY CAUSES\n";
    for (auto const line : split(type.causes, '\n')) fmt::format_to(out, "  - {}\n", wrapped(line, 4));
    text += "\nWHAT TO TYPE\n";
    for (auto const line : split(type.next, '\n')) {
        auto const [command, comment] = command_and_comment(line);
        fmt::format_to(out, "  {}\n", command);
        if (!comment.empty()) fmt::format_to(out, "      {}\n", wrapped(comment, 6));
    }
    if (!type.companions.empty()) {
        fmt::format_to(out, "\nOFTEN TURN WITH IT\n  {}\n", wrapped(companions_of(type), 2));
    }
    fmt::format_to(out, "\nPARAMETERS\n  timeout {}, min_age {}{}\n", format_duration(type.timeout),
                   format_duration(type.min_age), type.built_in ? "" : "; only in a suite of your own (--suite)");
    for (auto const& spec : type.with) {
        fmt::format_to(out, "  with.{}: {}, default {}\n      {}\n", spec.name, type_of(spec),
                       wrapped(default_of(spec), 6), wrapped(spec.summary, 6));
    }
    text += "\nRIGHTS\n";
    auto const rights = rights_of(type);
    for (auto const& right : rights) fmt::format_to(out, "  {}\n", right);
    if (rights.empty()) fmt::format_to(out, "  {}\n", no_rights(type));
    return text;
}

std::string explain_markdown(CheckType const& type) {
    std::string text = fmt::format("### {}\n\n{}.\n\n{}\n\n", type.name, escaped(type.summary), escaped(type.explain));
    auto out = std::back_inserter(text);
    text += "| status | when |\n| --- | --- |\n";
    for (auto const& [status, when] : statuses_of(type)) fmt::format_to(out, "| {} | {} |\n", status, escaped(when));
    text += "\nLikely causes:\n\n";
    for (auto const line : split(type.causes, '\n')) fmt::format_to(out, "- {}\n", escaped(line));
    text += "\nWhat to type:\n\n```sh\n";
    for (auto const line : split(type.next, '\n')) fmt::format_to(out, "{}\n", line);
    text += "```\n\n";
    if (!type.companions.empty()) {
        text += "Often turn with it: ";
        std::string_view comma;
        for (auto const name : split(type.companions, ' ')) {
            fmt::format_to(out, "{}[{}](#{})", std::exchange(comma, ", "), name, name);
        }
        text += ".\n\n";
    }
    text += "| parameter | type | default | meaning |\n| --- | --- | --- | --- |\n";
    fmt::format_to(out, "| `timeout` | duration | `{}` | limit of one run of the check |\n",
                   format_duration(type.timeout));
    if (type.needs) {
        fmt::format_to(out, "| `min_age` | duration | `{}` | a trouble younger than this is not yet one |\n",
                       format_duration(type.min_age));
    }
    for (auto const& spec : type.with) {
        auto const fallback = spec.fallback.empty() ? default_of(spec) : fmt::format("`{}`", default_of(spec));
        fmt::format_to(out, "| `with.{}` | {} | {} | {} |\n", spec.name, type_of(spec), fallback,
                       escaped(spec.summary));
    }
    auto const rights = rights_of(type);
    std::string said;
    for (auto const& right : rights) said += fmt::format("{}{}", said.empty() ? "" : ", ", right);
    fmt::format_to(out, "\nRights: {}.\n", rights.empty() ? no_rights(type) : said);
    return text;
}

std::string checks_reference() {
    std::string text =
        "# The checks\n\n"
        "Generated from the program's registry by `make docs`; a test fails when it is not current.\n"
        "`vedette checks explain NAME` prints any of these sections on a terminal. How to set parameters, and those "
        "that\n"
        "all checks share: [suites.md](suites.md). All rights at once: `vedette checks rbac`\n"
        "([commands/checks.md](commands/checks.md)).\n\n"
        "Every check is also **unknown** when the run ends before it (\"not finished: interrupted\"), and **skipped** "
        "when its\n`skip_if` says so. `severity: warning` makes what is critical a warning. In the commands, words "
        "in "
        "capitals are\nyours to fill in.\n\n"
        "| group | checks |\n| --- | --- |\n";
    auto out = std::back_inserter(text);
    std::string_view group;
    for (auto const* type : check::all_check_types()) {
        if (type->group != group) {
            fmt::format_to(out, "{}| [{}](#group-{}) | ", group.empty() ? "" : " |\n", type->group, type->group);
            group = type->group;
        } else {
            text += ", ";
        }
        fmt::format_to(out, "[{}](#{})", type->name, type->name);
    }
    text += " |\n";
    group = {};
    for (auto const* type : check::all_check_types()) {
        if (type->group != group) fmt::format_to(out, "\n## Group {}\n", type->group);
        if (type->group != group && !type->built_in) {
            text += "\nThese run only in a suite of your own: [suites.md](suites.md).\n";
        }
        group = type->group;
        text += "\n" + explain_markdown(*type);
    }
    return text;
}

}  // namespace vedette::cli
