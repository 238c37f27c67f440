#include "cli/operator_plan_output.hpp"

#include "base/text_table.hpp"
#include "base/time_format.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
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

// Never 1e-05: the smallest rates are those of yearly schedules, 0.0001 an hour.
std::string number(double rate) {
    constexpr double least = 0.0001;
    if (rate >= 1000) return fmt::format("{:.0f}", rate);
    if (rate >= 1) return fmt::format("{:.4g}", rate);
    if (rate > 0 && rate < least) return fmt::format("<{}", least);
    auto text = fmt::format("{:.4f}", rate);
    text.resize(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

// No more digits than a model has.
double rounded(double value, int digits) {
    if (value <= 0) return 0;
    auto const spare = static_cast<int>(std::floor(std::log10(value))) - (digits - 1);
    auto const unit = std::pow(10.0, std::abs(spare));  // a whole number, so that 0.167 is no 0.16700000000000001
    return spare > 0 ? std::round(value / unit) * unit : std::round(value * unit) / unit;
}

double requests(double per_hour) {
    return rounded(per_hour, 3);
}

std::int64_t bytes(std::int64_t exactly) {
    return std::llround(rounded(static_cast<double>(exactly), 2));
}

// "about 7.2 kB"
std::string bytes_in_words(std::int64_t exactly) {
    auto const about = static_cast<double>(bytes(exactly));
    if (about < 1e3) return fmt::format("about {:.3g} B", about);
    if (about < 1e6) return fmt::format("about {:.3g} kB", about / 1e3);
    return about < 1e9 ? fmt::format("about {:.3g} MB", about / 1e6) : fmt::format("about {:.3g} GB", about / 1e9);
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
        auto const add = [&](std::vector<op::Problem> const& problems, std::string const& where,
                             std::string const& name) {
            for (auto const& problem : problems) {
                if (problem.severity != severity) continue;
                if (!std::exchange(titled, true)) add_title(text, "Problems", width);
                text += fmt::format("  {}: {}: {}\n", where, word_of(severity), name);
                add_wrapped(text, "    ", problem.message, width);
            }
        };
        for (auto const& check : plan.checks) add(check.problems, check.where, name_of(check));
        if (plan.policy) add(plan.policy->problems, plan.policy->where, "the remedy policy of " + plan.policy->ns);
        for (auto const& each : plan.unread) {
            add({{.severity = op::Problem::Severity::warning, .message = each.message}}, each.where, each.what);
        }
    }
}

// "11, about 7.2 kB"
std::string kept(op::PlannedCost const& cost) {
    if (!cost.workflow_bytes) return "its text is not here";
    if (!cost.workflows_kept) return fmt::format("never deleted, {} each", bytes_in_words(*cost.workflow_bytes));
    if (*cost.workflows_kept == 0) return "0";
    return fmt::format("{}, {}", *cost.workflows_kept, bytes_in_words(*cost.workflows_kept * *cost.workflow_bytes));
}

void add_costs(std::string& text, op::Plan const& plan, std::size_t width) {
    TextTable table({{"HEALTHCHECK"}, {"REQUESTS PER HOUR", TextTable::Align::right}, {"WORKFLOWS KEPT"}});
    for (auto const& check : plan.checks) {
        if (check.cost.requests_per_hour <= 0) continue;
        table.add_row({name_of(check), number(requests(check.cost.requests_per_hour)), kept(check.cost)});
    }
    if (table.empty()) return;
    add_title(text, "API server and etcd", width);
    text += table.render({.width = width, .indent = 2});
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
    if (!remedy.stopped_by.empty()) return "never: " + remedy.stopped_by;
    if (!remedy.dry_run_by.empty()) return fmt::format("never: a dry run ({})", remedy.dry_run_by);
    auto text = fmt::format("up to {} per hour", number(remedy.most_per_hour));
    if (!remedy.bounded_by.empty()) text += fmt::format(" ({})", remedy.bounded_by);
    if (remedy.while_failing_per_hour) {
        text += fmt::format(", {} while it does nothing but fail", number(*remedy.while_failing_per_hour));
    }
    return text;
}

std::string policy_in_words(std::optional<op::ManifestPolicy> const& policy) {
    return policy ? fmt::format("{}/{} ({})", policy->ns, policy->name, policy->where) : "none among the files";
}

void add_remedies(std::string& text, op::Plan const& plan, std::size_t width) {
    if (plan.remedies.empty()) return;
    add_title(text, "What remedies may do", width);
    add_wrapped(text, "  ", "remedy policy: " + policy_in_words(plan.policy), width);
    auto const& all = plan.remedies_together;
    auto together =
        fmt::format("all together up to {} per hour and {} at once", number(all.most_per_hour), all.most_at_once);
    if (!all.bounded_by.empty()) together += fmt::format(" ({})", fmt::join(all.bounded_by, ", "));
    add_wrapped(text, "  ", together, width);
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

json::array document_of(std::vector<op::Problem> const& problems) {
    json::array array;
    for (auto const& problem : problems) {
        array.push_back({{"severity", word_of(problem.severity)},
                         {"field", problem.field},
                         {"reason", problem.reason},
                         {"stops_remedy", problem.stops_remedy},
                         {"message", problem.message}});
    }
    return array;
}

json::value or_null(std::optional<std::int64_t> number) {
    return number ? json::value(*number) : json::value();
}

json::object document_of(PlannedCheck const& check) {
    json::array slots;
    for (auto const& slot : check.next_slots) slots.emplace_back(format_rfc3339(slot));
    return {{"namespace", check.ns},
            {"name", check.name},
            {"change", to_string(check.change)},
            {"where", check.where},
            {"changed_fields", strings(check.changed_fields)},
            {"next_slots", std::move(slots)},
            {"more_slots", check.more_slots},
            {"runs_per_hour", check.runs_per_hour},
            {"api_requests_per_hour", requests(check.cost.requests_per_hour)},
            {"workflows_kept", or_null(check.cost.workflows_kept)},
            {"workflow_bytes", or_null(check.cost.workflow_bytes.transform(bytes))},
            {"problems", document_of(check.problems)}};
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
    json::object document{{"check", remedy.check},
                          {"account", remedy.account},
                          {"reach", remedy.reach},
                          {"rights", strings(remedy.rights)},
                          {"dry_run", !remedy.dry_run_by.empty()},
                          {"dry_run_by", remedy.dry_run_by},
                          {"stopped_by", remedy.stopped_by},
                          {"bounded_by", remedy.bounded_by},
                          {"most_per_hour", remedy.most_per_hour}};
    if (remedy.while_failing_per_hour) document["while_failing_per_hour"] = *remedy.while_failing_per_hour;
    return document;
}

json::object document_of(op::UnreadManifest const& unread) {
    return {{"what", unread.what}, {"where", unread.where}, {"message", unread.message}};
}

json::value document_of(std::optional<op::ManifestPolicy> const& policy) {
    if (!policy) return nullptr;
    return {{"namespace", policy->ns}, {"name", policy->name}, {"where", policy->where}};
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

template <class Member, class Shown = std::identity>
json::object change_of(op::Plan const& plan, Member op::PlannedLoad::* member, Shown shown = {}) {
    return {{"before", shown(plan.before.*member)}, {"after", shown(plan.after.*member)}};
}

// "0 -> 11, about 7.2 kB"
std::string in_etcd(std::int64_t objects, std::int64_t bytes) {
    return objects == 0 ? "0" : fmt::format("{}, {}", objects, bytes_in_words(bytes));
}

// What grows without an end comes in a line of its own: no sum holds it.
void add_etcd(std::string& text, op::PlannedLoad const& before, op::PlannedLoad const& after, std::size_t width) {
    add_wrapped(text, "",
                fmt::format("Workflows in etcd: {} -> {}", in_etcd(before.workflows_kept, before.bytes_kept),
                            in_etcd(after.workflows_kept, after.bytes_kept)),
                width);
    if (after.never_deleted > 0) {
        add_wrapped(text, "  ",
                    fmt::format("{} keep{} every Workflow: about {} more an hour; give ttlStrategy in the Workflow, or "
                                "--workflow-ttl if Argo has a default",
                                counted(after.never_deleted, "HealthCheck"), after.never_deleted == 1 ? "s" : "",
                                number(requests(after.never_deleted_per_hour))),
                    width);
    }
    if (auto const elsewhere = after.of_unknown_keep - after.never_deleted; elsewhere > 0) {
        add_wrapped(text, "  ",
                    fmt::format("not those of {}, for the text is not here", counted(elsewhere, "HealthCheck")), width);
    }
    add_wrapped(text, "",
                fmt::format("RBAC objects in etcd: {} -> {}", in_etcd(before.rbac_objects, before.rbac_bytes),
                            in_etcd(after.rbac_objects, after.rbac_bytes)),
                width);
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
    add_wrapped(text, "",
                fmt::format("API requests per hour: {} -> {}", number(requests(plan.before.requests_per_hour)),
                            number(requests(plan.after.requests_per_hour))),
                width);
    add_etcd(text, plan.before, plan.after, width);
    add_problems(text, plan, width);
    add_checks(text, plan, width);
    add_costs(text, plan, width);
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
    json::array unread;
    for (auto const& each : plan.unread) unread.push_back(document_of(each));
    return {{"schema", "vedette.operator-plan/v1"},
            {"errors", plan.errors},
            {"warnings", plan.warnings},
            {"workflows_per_hour", change_of(plan, &op::PlannedLoad::workflows_per_hour)},
            {"pods_per_hour", change_of(plan, &op::PlannedLoad::pods_per_hour)},
            {"of_unknown_pods", change_of(plan, &op::PlannedLoad::of_unknown_pods)},
            {"api_requests_per_hour", change_of(plan, &op::PlannedLoad::requests_per_hour, requests)},
            {"workflows_kept", change_of(plan, &op::PlannedLoad::workflows_kept)},
            {"workflow_bytes_kept", change_of(plan, &op::PlannedLoad::bytes_kept, bytes)},
            {"of_unknown_keep", change_of(plan, &op::PlannedLoad::of_unknown_keep)},
            {"never_deleted", change_of(plan, &op::PlannedLoad::never_deleted)},
            {"never_deleted_per_hour", change_of(plan, &op::PlannedLoad::never_deleted_per_hour, requests)},
            {"rbac_objects", change_of(plan, &op::PlannedLoad::rbac_objects)},
            {"rbac_bytes", change_of(plan, &op::PlannedLoad::rbac_bytes, bytes)},
            {"checks", std::move(checks)},
            {"rbac", std::move(rbac)},
            {"remedies", std::move(remedies)},
            {"remedies_together",
             {{"most_per_hour", plan.remedies_together.most_per_hour},
              {"most_at_once", plan.remedies_together.most_at_once},
              {"bounded_by", strings(plan.remedies_together.bounded_by)}}},
            {"policy", document_of(plan.policy)},
            {"policy_problems", plan.policy ? document_of(plan.policy->problems) : json::array{}},
            {"narrower_than_reference", std::move(narrowings)},
            {"unread", std::move(unread)}};
}

}  // namespace vedette::cli
