#include "cli/operator_plan_output.hpp"

#include "base/text_table.hpp"
#include "base/time_format.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

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

std::string_view word_of(op::Problem::Severity severity) {
    return severity == op::Problem::Severity::error ? "error" : "warning";
}

std::string next_runs(PlannedCheck const& check) {
    std::vector<std::string> times;
    for (auto const& slot : check.next_slots) times.push_back(format_rfc3339(slot));
    return times.empty() ? "-" : fmt::format("{}", fmt::join(times, ", "));
}

std::size_t count_of(op::Plan const& plan, PlannedCheck::Change change) {
    return static_cast<std::size_t>(std::count_if(plan.checks.begin(), plan.checks.end(),
                                                  [&](auto const& check) { return check.change == change; }));
}

// A titled table, or nothing where there are no rows.
void add_section(std::string& text, std::string_view title, TextTable const& table, std::size_t width) {
    if (table.empty()) return;
    text += fmt::format("\n{}\n{}", title, table.render({.width = width, .indent = 2}));
}

TextTable checks_table(op::Plan const& plan) {
    TextTable table({{"CHANGE"}, {"HEALTHCHECK"}, {"PER HOUR", TextTable::Align::right}, {"WHERE"}, {"NEXT RUNS"}});
    for (auto const& check : plan.checks) {
        table.add_row({std::string(to_string(check.change)), name_of(check), number(check.runs_per_hour), check.where,
                       next_runs(check)});
    }
    return table;
}

TextTable problems_table(op::Plan const& plan) {
    TextTable table({{"SEVERITY"}, {"HEALTHCHECK"}, {"WHAT"}});
    for (auto const& check : plan.checks) {
        for (auto const& problem : check.problems) {
            table.add_row({std::string(word_of(problem.severity)), name_of(check), problem.message});
        }
    }
    return table;
}

TextTable fields_table(op::Plan const& plan) {
    TextTable table({{"HEALTHCHECK"}, {"FIELD"}});
    for (auto const& check : plan.checks) {
        for (auto const& field : check.changed_fields) table.add_row({name_of(check), field});
    }
    return table;
}

TextTable rbac_table(op::Plan const& plan) {
    TextTable table({{"CHANGE"}, {"OBJECT"}, {"RIGHTS"}});
    for (auto const& change : plan.rbac) {
        std::vector<std::string> rights;
        if (!change.gained.empty()) rights.push_back(fmt::format("+ {}", fmt::join(change.gained, ", ")));
        if (!change.lost.empty()) rights.push_back(fmt::format("- {}", fmt::join(change.lost, ", ")));
        table.add_row(
            {std::string(to_string(change.change)), name_of(change), fmt::format("{}", fmt::join(rights, " "))});
    }
    return table;
}

TextTable remedies_table(op::Plan const& plan) {
    TextTable table({{"HEALTHCHECK"}, {"ACCOUNT"}, {"REACH"}, {"MOST PER HOUR", TextTable::Align::right}, {"MAY"}});
    for (auto const& remedy : plan.remedies) {
        table.add_row({remedy.check, remedy.account, remedy.reach,
                       number(remedy.most_per_hour) + (remedy.limited ? "" : " (no limit)"),
                       fmt::format("{}", fmt::join(remedy.rights, ", "))});
    }
    return table;
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
    return {{"check", remedy.check},     {"account", remedy.account},
            {"reach", remedy.reach},     {"rights", strings(remedy.rights)},
            {"limited", remedy.limited}, {"most_per_hour", remedy.most_per_hour}};
}

}  // namespace

std::string plan_text(op::Plan const& plan, std::size_t width) {
    auto text = fmt::format(
        "{} added, {} changed, {} removed, {} unchanged; Workflows per hour: {} -> {}; {} errors, {} warnings\n",
        count_of(plan, PlannedCheck::Change::added), count_of(plan, PlannedCheck::Change::changed),
        count_of(plan, PlannedCheck::Change::removed), count_of(plan, PlannedCheck::Change::unchanged),
        number(plan.runs_per_hour_before), number(plan.runs_per_hour_after), plan.errors, plan.warnings);
    add_section(text, "HealthChecks", checks_table(plan), width);
    add_section(text, "Changed fields", fields_table(plan), width);
    add_section(text, "Problems", problems_table(plan), width);
    add_section(text, "RBAC objects", rbac_table(plan), width);
    add_section(text, "What remedies may do", remedies_table(plan), width);
    if (!plan.narrower_than_reference.empty()) {
        text += "\nRights that active-monitor v0.15.0 gave by wildcard and we do not\n";
        for (auto const& line : plan.narrower_than_reference) text += fmt::format("  {}\n", line);
    }
    return text;
}

json::object plan_document(op::Plan const& plan) {
    json::array checks;
    for (auto const& check : plan.checks) checks.push_back(document_of(check));
    json::array rbac;
    for (auto const& change : plan.rbac) rbac.push_back(document_of(change));
    json::array remedies;
    for (auto const& remedy : plan.remedies) remedies.push_back(document_of(remedy));
    return {{"schema", "vedette.operator-plan/v1"},
            {"errors", plan.errors},
            {"warnings", plan.warnings},
            {"runs_per_hour", {{"before", plan.runs_per_hour_before}, {"after", plan.runs_per_hour_after}}},
            {"checks", std::move(checks)},
            {"rbac", std::move(rbac)},
            {"remedies", std::move(remedies)},
            {"narrower_than_reference", strings(plan.narrower_than_reference)}};
}

}  // namespace vedette::cli
