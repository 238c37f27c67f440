#include "cli/operator_plan_output.hpp"

#include "base/text_table.hpp"
#include "base/time_format.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

namespace vedette::cli {
namespace {

namespace json = boost::json;
using op::PlannedCheck;
using op::RbacChange;

std::string name_of(PlannedCheck const& check) {
    return check.ns + "/" + check.name;
}

std::string name_of(RbacChange const& change) {
    return change.ns.empty() ? fmt::format("{} {}", change.kind, change.name)
                             : fmt::format("{} {}/{}", change.kind, change.ns, change.name);
}

std::string number(double rate) {
    return fmt::format("{:.4g}", rate);
}

std::string counted(std::size_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string_view word_of(op::Problem::Severity severity) {
    return severity == op::Problem::Severity::error ? "error" : "warning";
}

// "2026-03-01T10:00:30Z, 10:01:30Z, ...": the day once, and the first few, for the rate stands beside them.
std::string next_runs(PlannedCheck const& check) {
    constexpr std::size_t date = 11;
    constexpr std::size_t shown = 3;
    std::string text;
    std::string day;
    for (std::size_t i = 0; i < std::min(shown, check.next_slots.size()); ++i) {
        auto const time = format_rfc3339(check.next_slots[i]);
        bool const same = time.substr(0, date) == day;
        day = time.substr(0, date);
        text += fmt::format("{}{}", text.empty() ? "" : ", ", same ? time.substr(date) : time);
    }
    if (check.next_slots.size() > shown) text += ", ...";
    return text.empty() ? "-" : text;
}

std::size_t count_of(op::Plan const& plan, PlannedCheck::Change change) {
    return static_cast<std::size_t>(std::count_if(plan.checks.begin(), plan.checks.end(),
                                                  [&](auto const& check) { return check.change == change; }));
}

// Lines of whole words: the first with `first` in front, the others as far in.
void add_wrapped(std::string& text, std::string_view first, std::string_view words, std::size_t width) {
    auto line = std::string(first);
    bool begun = false;
    while (!words.empty()) {
        auto const blank = std::min(words.find(' '), words.size());
        auto const word = words.substr(0, blank);
        words.remove_prefix(std::min(blank + 1, words.size()));
        if (begun && width > 0 && line.size() + 1 + word.size() > width) {
            text += line + '\n';
            line = std::string(first.size(), ' ');
            begun = false;
        }
        if (std::exchange(begun, true)) line += ' ';
        line += word;
    }
    text += line + '\n';
}

void add_title(std::string& text, std::string_view title, std::size_t width) {
    text += '\n';
    add_wrapped(text, "", title, width);
}

void add_checks(std::string& text, op::Plan const& plan, std::size_t width) {
    TextTable table({{"CHANGE"}, {"HEALTHCHECK"}, {"PER HOUR", TextTable::Align::right}, {"NEXT RUNS"}, {"WHERE"}});
    for (auto const& check : plan.checks) {
        table.add_row({std::string(to_string(check.change)), name_of(check), number(check.runs_per_hour),
                       next_runs(check), check.where});
    }
    if (table.empty()) return;
    add_title(text, "HealthChecks", width);
    text += table.render({.width = width, .indent = 2});
}

void add_fields(std::string& text, op::Plan const& plan, std::size_t width) {
    bool titled = false;
    for (auto const& check : plan.checks) {
        if (check.changed_fields.empty()) continue;
        if (!std::exchange(titled, true)) add_title(text, "Changed fields", width);
        text += fmt::format("  {}\n", name_of(check));
        for (auto const& field : check.changed_fields) add_wrapped(text, "    ", field, width);
    }
}

// As compilers do it: editors and logs lead to the place.
void add_problems(std::string& text, op::Plan const& plan, std::size_t width) {
    bool titled = false;
    for (auto const severity : {op::Problem::Severity::error, op::Problem::Severity::warning}) {
        for (auto const& check : plan.checks) {
            for (auto const& problem : check.problems) {
                if (problem.severity != severity) continue;
                if (!std::exchange(titled, true)) add_title(text, "Problems", width);
                text += fmt::format("  {}: {}: {}\n", check.where, word_of(severity), name_of(check));
                add_wrapped(text, "    ", problem.message, width);
            }
        }
    }
}

// What is the same for several is told once, with all their names.
using NamesByRights = std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>>;

std::vector<std::string>& names_of(NamesByRights& groups, std::vector<std::string> const& rights) {
    auto found = std::find_if(groups.begin(), groups.end(), [&](auto const& group) { return group.first == rights; });
    if (found == groups.end()) found = groups.insert(groups.end(), {rights, {}});
    return found->second;
}

void add_rbac(std::string& text, op::Plan const& plan, std::size_t width) {
    TextTable table({{"CHANGE"}, {"OBJECT"}, {"FOR"}});
    NamesByRights roles;
    for (auto const& change : plan.rbac) {
        table.add_row({std::string(to_string(change.change)), name_of(change),
                       fmt::format("{}", fmt::join(change.needed_by, ", "))});
        std::vector<std::string> lines;
        for (auto const& line : grouped_rights(change.gained)) lines.push_back("+ " + line);
        for (auto const& line : grouped_rights(change.lost)) lines.push_back("- " + line);
        if (!lines.empty()) names_of(roles, lines).push_back(name_of(change));
    }
    if (table.empty()) return;
    add_title(text, "RBAC objects", width);
    text += table.render({.width = width, .indent = 2});
    if (!roles.empty()) add_title(text, "Rights that come (+) and go (-)", width);
    for (auto const& [lines, names] : roles) {
        add_wrapped(text, "  ", fmt::format("{}", fmt::join(names, ", ")), width);
        for (auto const& line : lines) add_wrapped(text, "    " + line.substr(0, 2), line.substr(2), width);
    }
}

std::string how_often(op::BlastRadius const& remedy) {
    if (remedy.dry_run) return "never: a dry run";
    auto text = fmt::format("up to {} per hour", number(remedy.most_per_hour));
    if (remedy.while_failing_per_hour) {
        text += fmt::format(", {} while it does nothing but fail", number(*remedy.while_failing_per_hour));
    }
    return text;
}

void add_remedies(std::string& text, op::Plan const& plan, std::size_t width) {
    if (plan.remedies.empty()) return;
    add_title(text, "What remedies may do", width);
    for (auto const& remedy : plan.remedies) {
        add_wrapped(text, "  ",
                    fmt::format("{}, as {} in {}, {}", remedy.check, remedy.account, remedy.reach, how_often(remedy)),
                    width);
        for (auto const& line : grouped_rights(remedy.rights)) add_wrapped(text, "    ", line, width);
        if (remedy.rights.empty()) text += "    nothing but read\n";
    }
}

void add_narrowings(std::string& text, op::Plan const& plan, std::size_t width) {
    NamesByRights groups;
    for (auto const& each : plan.narrower_than_reference) {
        std::vector<std::string> lines{
            fmt::format("there {} of every resource of every group, here", fmt::join(each.verbs, ", "))};
        for (auto& line : grouped_rights(each.rights)) lines.push_back("  " + std::move(line));
        names_of(groups, lines).push_back(each.account);
    }
    if (!groups.empty()) add_title(text, "Rights that active-monitor v0.15.0 gave by wildcard and we do not", width);
    for (auto const& [lines, names] : groups) {
        add_wrapped(text, "  ", fmt::format("{}", fmt::join(names, ", ")), width);
        for (auto const& line : lines) {
            auto const inner = line.find_first_not_of(' ');
            add_wrapped(text, std::string(4 + inner, ' '), std::string_view(line).substr(inner), width);
        }
    }
}

json::array strings(std::vector<std::string> const& texts) {
    json::array array;
    for (auto const& text : texts) array.emplace_back(text);
    return array;
}

json::object document_of(PlannedCheck const& check) {
    json::array slots;
    for (auto const& slot : check.next_slots) slots.emplace_back(format_rfc3339(slot));
    json::array problems;
    for (auto const& problem : check.problems) {
        problems.push_back({{"severity", word_of(problem.severity)},
                            {"field", problem.field},
                            {"reason", problem.reason},
                            {"message", problem.message}});
    }
    return {{"namespace", check.ns},
            {"name", check.name},
            {"change", to_string(check.change)},
            {"where", check.where},
            {"changed_fields", strings(check.changed_fields)},
            {"next_slots", std::move(slots)},
            {"more_slots", check.more_slots},
            {"runs_per_hour", check.runs_per_hour},
            {"problems", std::move(problems)}};
}

json::object document_of(RbacChange const& change) {
    return {{"change", to_string(change.change)},
            {"kind", change.kind},
            {"namespace", change.ns},
            {"name", change.name},
            {"gained", strings(change.gained)},
            {"lost", strings(change.lost)},
            {"needed_by", strings(change.needed_by)}};
}

json::object document_of(op::BlastRadius const& remedy) {
    json::object document{{"check", remedy.check},     {"account", remedy.account},
                          {"reach", remedy.reach},     {"rights", strings(remedy.rights)},
                          {"dry_run", remedy.dry_run}, {"most_per_hour", remedy.most_per_hour}};
    if (remedy.while_failing_per_hour) document["while_failing_per_hour"] = *remedy.while_failing_per_hour;
    return document;
}

json::object document_of(op::Narrowing const& narrowing) {
    return {{"account", narrowing.account},
            {"verbs_on_everything", strings(narrowing.verbs)},
            {"rights", strings(narrowing.rights)}};
}

// "60 and those of 2 HealthChecks"
std::string pods_per_hour(op::PlannedLoad const& load) {
    auto text = number(load.pods_per_hour);
    if (load.of_unknown_pods > 0) text += fmt::format(" and those of {}", counted(load.of_unknown_pods, "HealthCheck"));
    return text;
}

json::object document_of(op::PlannedLoad const& before, op::PlannedLoad const& after, double op::PlannedLoad::* rate) {
    return {{"before", before.*rate}, {"after", after.*rate}};
}

}  // namespace

std::vector<std::string> grouped_rights(std::vector<std::string> const& rights) {
    static constexpr std::array<std::string_view, 9> order = {
        "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "*"};
    auto const rank = [](std::string const& verb) {
        return std::find(order.begin(), order.end(), verb) - order.begin();
    };
    auto const earlier = [&](std::string const& a, std::string const& b) {
        return std::pair(rank(a), a) < std::pair(rank(b), b);
    };
    std::map<std::string, std::vector<std::string>> verbs;  // by what they are for
    for (auto const& right : rights) {
        auto const blank = std::min(right.find(' '), right.size());
        verbs[right.substr(std::min(blank + 1, right.size()))].push_back(right.substr(0, blank));
    }
    auto const before = [&](auto const& a, auto const& b) {
        return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), earlier);
    };
    std::map<std::vector<std::string>, std::vector<std::string>, decltype(before)> groups(before);
    for (auto& [what, words] : verbs) {
        std::sort(words.begin(), words.end(), earlier);
        groups[words].push_back(what);
    }
    std::vector<std::string> lines;
    for (auto const& [words, what] : groups) {
        lines.push_back(fmt::format("{}: {}", fmt::join(words, ", "), fmt::join(what, ", ")));
    }
    return lines;
}

std::string plan_text(op::Plan const& plan, std::size_t width) {
    auto const summary = fmt::format(
        "{} added, {} changed, {} removed, {} unchanged; Workflows per hour: {} -> {}; pods per hour: {} -> {}; {}, {}",
        count_of(plan, PlannedCheck::Change::added), count_of(plan, PlannedCheck::Change::changed),
        count_of(plan, PlannedCheck::Change::removed), count_of(plan, PlannedCheck::Change::unchanged),
        number(plan.before.workflows_per_hour), number(plan.after.workflows_per_hour), pods_per_hour(plan.before),
        pods_per_hour(plan.after), counted(plan.errors, "error"), counted(plan.warnings, "warning"));
    std::string text;
    add_wrapped(text, "", summary, width);
    add_problems(text, plan, width);
    add_checks(text, plan, width);
    add_fields(text, plan, width);
    add_rbac(text, plan, width);
    add_remedies(text, plan, width);
    add_narrowings(text, plan, width);
    return text;
}

json::object plan_document(op::Plan const& plan) {
    json::array checks;
    for (auto const& check : plan.checks) checks.push_back(document_of(check));
    json::array rbac;
    for (auto const& change : plan.rbac) rbac.push_back(document_of(change));
    json::array remedies;
    for (auto const& remedy : plan.remedies) remedies.push_back(document_of(remedy));
    json::array narrowings;
    for (auto const& each : plan.narrower_than_reference) narrowings.push_back(document_of(each));
    return {{"schema", "vedette.operator-plan/v1"},
            {"errors", plan.errors},
            {"warnings", plan.warnings},
            {"workflows_per_hour", document_of(plan.before, plan.after, &op::PlannedLoad::workflows_per_hour)},
            {"pods_per_hour", document_of(plan.before, plan.after, &op::PlannedLoad::pods_per_hour)},
            {"of_unknown_pods", {{"before", plan.before.of_unknown_pods}, {"after", plan.after.of_unknown_pods}}},
            {"checks", std::move(checks)},
            {"rbac", std::move(rbac)},
            {"remedies", std::move(remedies)},
            {"narrower_than_reference", std::move(narrowings)}};
}

}  // namespace vedette::cli
