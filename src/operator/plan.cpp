#include "operator/plan.hpp"

#include "operator/schedule.hpp"
#include "operator/workflow_pods.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace vedette::op {
namespace {

constexpr auto shown_span = std::chrono::hours(1);

// Namespace, name, and which of several that the server will name: they share only the beginning of their names.
using Key = std::tuple<std::string, std::string, int>;
using ByKey = std::map<Key, ManifestCheck const*>;

ByKey by_key(std::vector<ManifestCheck> const& checks) {
    ByKey keyed;
    for (auto const& each : checks) {
        Key key{each.check.ns, each.check.name, 0};
        if (each.check.name.ends_with('*')) {
            while (keyed.contains(key)) ++std::get<int>(key);
        }
        keyed.insert_or_assign(std::move(key), &each);
    }
    return keyed;
}

std::vector<std::string> rule_lines(std::vector<PolicyRule> const& rules) {
    return missing_rights(rules, {});
}

std::string describe(Source const& source) {
    switch (source.kind) {
        case Source::Kind::none:
            return "nothing";
        case Source::Kind::inline_text:
            return fmt::format("inline text of {} bytes", source.text.size());
        case Source::Kind::url:
            return fmt::format("url {}{}", source.path, source.verify_cert ? "" : " (certificate not verified)");
        case Source::Kind::file:
            return "file " + source.path;
        case Source::Kind::config_map:
            return fmt::format("configMap {}/{}", source.config_map, source.key);
    }
    return {};
}

class Differences {
public:
    template <class T>
    void field(std::string_view name, T const& before, T const& after) {
        if (before != after) lines_.push_back(fmt::format("{}: {} -> {}", name, before, after));
    }
    void text(std::string_view name, std::string const& before, std::string const& after) {
        auto const shown = [](std::string const& value) { return value.empty() ? std::string("(none)") : value; };
        field(name, shown(before), shown(after));
    }
    void note(std::string line) { lines_.push_back(std::move(line)); }
    std::vector<std::string> take() && { return std::move(lines_); }

private:
    std::vector<std::string> lines_;
};

void compare(Differences& differences, std::string const& at, WorkflowSpec const& before, WorkflowSpec const& after) {
    if (before == after) return;
    if (before.empty() || after.empty()) return differences.note(at + (before.empty() ? ": added" : ": removed"));
    differences.text(at + ".generateName", before.generate_name, after.generate_name);
    differences.text(at + ".resource.namespace", before.ns, after.ns);
    differences.text(at + ".resource.serviceAccount", before.service_account, after.service_account);
    differences.field(at + ".workflowtimeout", before.timeout.count(), after.timeout.count());
    if (before.rbac_rules != after.rbac_rules) differences.note(at + ".rbacRules: changed");
    auto const old_source = describe(before.source);
    auto const new_source = describe(after.source);
    if (old_source != new_source) {
        differences.field(at + ".resource.source", old_source, new_source);
    } else if (before.source != after.source) {
        differences.note(at + ".resource.source: the text changed");
    }
}

std::vector<std::string> compare(Spec const& before, Spec const& after) {
    Differences differences;
    differences.field("repeatAfterSec", before.repeat_after.count(), after.repeat_after.count());
    differences.text("schedule.cron", before.cron, after.cron);
    differences.text("level", before.level_text, after.level_text);
    compare(differences, "workflow", before.workflow, after.workflow);
    compare(differences, "remedyworkflow", before.remedy, after.remedy);
    differences.text("backoffFactor", before.backoff_factor_text, after.backoff_factor_text);
    differences.field("backoffMin", before.backoff_min.count(), after.backoff_min.count());
    differences.field("backoffMax", before.backoff_max.count(), after.backoff_max.count());
    differences.field("remedyRunsLimit", before.remedy_runs_limit, after.remedy_runs_limit);
    differences.field("remedyResetInterval", before.remedy_reset_interval.count(), after.remedy_reset_interval.count());
    differences.text("description", before.description, after.description);
    if (before.checks != after.checks) differences.field("checks", before.checks.size(), after.checks.size());
    differences.text("serviceAccountName", before.service_account_name, after.service_account_name);
    differences.field("failureThreshold", before.failure_threshold, after.failure_threshold);
    differences.text("cooldown", before.cooldown_text, after.cooldown_text);
    differences.field("dryRun", before.dry_run, after.dry_run);
    differences.field("remedyOnLostResult", before.remedy_on_lost_result, after.remedy_on_lost_result);
    differences.field("remedyBreaker", before.remedy_breaker, after.remedy_breaker);
    return std::move(differences).take();
}

std::string field_of(Purpose purpose) {
    return purpose == Purpose::check ? "spec.workflow" : "spec.remedyworkflow";
}

// What is wrong with the remedy alone holds up no run of the check.
bool stops_runs(Problem const& problem) {
    return problem.severity == Problem::Severity::error && !problem.field.starts_with("spec.remedyworkflow");
}

bool can_run(ManifestCheck const& check) {
    return std::none_of(check.problems.begin(), check.problems.end(), stops_runs);
}

bool remedy_can_run(ManifestCheck const& check) {
    return std::none_of(check.problems.begin(), check.problems.end(), [](auto const& problem) {
        return problem.severity == Problem::Severity::error || problem.stops_remedy;
    });
}

// The text of the Workflow, as far as it can be had here. What a file source would stumble over becomes a problem.
std::optional<std::string> text_of(ManifestCheck& each, Purpose purpose, PlanOptions const& options) {
    auto const& source = (purpose == Purpose::check ? each.check.spec.workflow : each.check.spec.remedy).source;
    if (source.kind == Source::Kind::inline_text) return source.text;
    if (source.kind != Source::Kind::file || source.path.empty()) return std::nullopt;
    auto const field = field_of(purpose) + ".resource.source.file";
    if (!options.read_file) {
        each.problems.push_back({Problem::Severity::error, field, "SourceFailed",
                                 field + ": file sources are switched off: give the operator, and this plan, "
                                         "--source-dir and the directory they are in"});
        return std::nullopt;
    }
    auto text = options.read_file(source.path);
    if (text) return std::move(*text);
    // What is not here may well be where the operator runs; what is outside of the directory is refused there too.
    bool const elsewhere = text.error().code() == Errc::not_found;
    each.problems.push_back({elsewhere ? Problem::Severity::warning : Problem::Severity::error, field, "SourceFailed",
                             fmt::format("{}: {}", field, text.error().text())});
    return std::nullopt;
}

// What the text of a source would stumble over at the first run.
void check_text(ManifestCheck& each, Purpose purpose, WallTime now, PlanOptions const& options) {
    auto const& workflow = purpose == Purpose::check ? each.check.spec.workflow : each.check.spec.remedy;
    if (workflow.generate_name.empty()) return;
    auto const text = text_of(each, purpose, options);
    if (!text) return;
    auto const timeout = effective_timeout(each.check.spec, now).value_or(std::chrono::seconds(60));
    auto const built = build_workflow(each.check, {.purpose = purpose, .number = 1}, *text, timeout, 0);
    if (built) return;
    auto const field = fmt::format("{}.resource.source.{}", field_of(purpose),
                                   workflow.source.kind == Source::Kind::file ? "file" : "inline");
    each.problems.push_back(
        {Problem::Severity::error, field, "WorkflowInvalid", fmt::format("{}: {}", field, built.error().text())});
}

// Rights that the operator would refuse to hand out.
void check_rights(ManifestCheck& each, Purpose purpose, PlanOptions const& options) {
    auto refused = claims_of(each.check, purpose, options.policy).refused;
    if (!refused) return;
    each.problems.push_back({Problem::Severity::error, field_of(purpose) + ".rbacRules", std::move(refused->reason),
                             std::move(refused->message)});
}

void check_runs(ManifestCheck& each, WallTime now, PlanOptions const& options) {
    for (auto const purpose : {Purpose::check, Purpose::remedy}) {
        if (!can_run(each)) return;
        if (purpose == Purpose::remedy && each.check.spec.remedy.empty()) return;
        if (purpose == Purpose::remedy || !each.check.spec.native()) check_text(each, purpose, now, options);
        check_rights(each, purpose, options);
    }
}

double rate_of(ManifestCheck const& check, WallTime now) {
    if (!can_run(check)) return 0;
    return runs_per_hour(check.check.spec, now).value_or(0);
}

std::optional<std::int64_t> pods_per_run(ManifestCheck check, WallTime now, PlanOptions const& options) {
    auto const text = text_of(check, Purpose::check, options);
    if (!text) return std::nullopt;
    auto const timeout = effective_timeout(check.check.spec, now).value_or(std::chrono::seconds(60));
    auto const built = build_workflow(check.check, {.purpose = Purpose::check, .number = 1}, *text, timeout, 0);
    return built ? pods_of(*built) : std::nullopt;
}

void add_load(PlannedLoad& load, ManifestCheck const& check, WallTime now, PlanOptions const& options) {
    auto const rate = rate_of(check, now);
    if (check.check.spec.native() || rate <= 0) return;
    load.workflows_per_hour += rate;
    auto const pods = pods_per_run(check, now, options);
    load.pods_per_hour += rate * static_cast<double>(pods.value_or(0));
    if (!pods) ++load.of_unknown_pods;
}

// The status that the next run is counted from.
Status status_in_force(ManifestCheck const* before, ManifestCheck const& after, WallTime now) {
    if (before && before->check.status.finished_at) return before->check.status;
    if (after.check.status.finished_at || !before) return after.check.status;
    if (before->check.spec.paused()) return {.status = "Stopped", .finished_at = now};
    return {.status = "Succeeded", .started_at = now, .finished_at = now, .last_slot = now};
}

// As if each run took no time.
void plan_slots(PlannedCheck& planned, ManifestCheck const* before, ManifestCheck const& after, WallTime now) {
    if (!can_run(after)) return;
    auto status = status_in_force(before, after, now);
    auto at = now;
    while (true) {
        auto const next = next_run(after.check.spec, status, at);
        if (!next || !*next) return;
        at = (*next)->due;
        if (!planned.next_slots.empty() && at > now + shown_span) return;
        planned.more_slots = planned.next_slots.size() == most_slots;
        if (planned.more_slots) return;
        planned.next_slots.push_back(at);
        status = {.status = "Succeeded", .started_at = at, .finished_at = at, .last_slot = (*next)->slot};
    }
}

PlannedCheck plan_check(ManifestCheck const* before, ManifestCheck const* after, WallTime now) {
    auto const& shown = after ? *after : *before;
    PlannedCheck planned{.ns = shown.check.ns, .name = shown.check.name, .where = shown.where};
    if (!after) {
        planned.change = PlannedCheck::Change::removed;
        return planned;
    }
    planned.problems = after->problems;
    plan_slots(planned, before, *after, now);
    planned.runs_per_hour = rate_of(*after, now);
    if (!before) {
        planned.change = PlannedCheck::Change::added;
    } else {
        planned.changed_fields = compare(before->check.spec, after->check.spec);
        if (!planned.changed_fields.empty()) planned.change = PlannedCheck::Change::changed;
    }
    return planned;
}

std::vector<HealthCheck const*> pointers(std::vector<ManifestCheck> const& checks) {
    std::vector<HealthCheck const*> all;
    for (auto const& each : checks) all.push_back(&each.check);
    return all;
}

using RbacKey = std::tuple<std::string, std::string, std::string>;

std::map<RbacKey, RbacObject> rbac_by_key(std::vector<ManifestCheck> const& checks, RbacPolicy const& policy) {
    std::map<RbacKey, RbacObject> keyed;
    for (auto& object : needed_rbac(pointers(checks), policy)) {
        keyed.emplace(RbacKey{object.kind, object.ns, object.name}, std::move(object));
    }
    return keyed;
}

std::vector<RbacChange> plan_rbac(std::vector<ManifestCheck> const& before, std::vector<ManifestCheck> const& after,
                                  RbacPolicy const& policy) {
    auto const old_objects = rbac_by_key(before, policy);
    auto const new_objects = rbac_by_key(after, policy);
    std::vector<RbacChange> changes;
    for (auto const& [key, object] : new_objects) {
        RbacChange change{.kind = object.kind, .ns = object.ns, .name = object.name, .needed_by = object.needed_by};
        auto const old_object = old_objects.find(key);
        if (old_object == old_objects.end()) {
            change.gained = rule_lines(object.rules);
        } else {
            change.change = RbacChange::Change::narrowed_or_widened;
            change.gained = missing_rights(object.rules, old_object->second.rules);
            change.lost = missing_rights(old_object->second.rules, object.rules);
            if (old_object->second.object == object.object) continue;
        }
        changes.push_back(std::move(change));
    }
    for (auto const& [key, object] : old_objects) {
        if (new_objects.contains(key)) continue;
        changes.push_back({.change = RbacChange::Change::no_longer_needed,
                           .kind = object.kind,
                           .ns = object.ns,
                           .name = object.name,
                           .lost = rule_lines(object.rules),
                           .needed_by = object.needed_by});
    }
    // Keys sort by kind; people read what is made first, first.
    auto const rank = [](RbacChange const& change) {
        bool const goes = change.change == RbacChange::Change::no_longer_needed;
        int const kind = change.kind == "ServiceAccount" ? 0 : change.kind.ends_with("Binding") ? 2 : 1;
        return std::tuple(goes, goes ? -kind : kind, change.kind, change.ns, change.name);
    };
    std::sort(changes.begin(), changes.end(), [&](auto const& a, auto const& b) { return rank(a) < rank(b); });
    return changes;
}

bool only_reads(std::string const& verb) {
    return verb == "get" || verb == "list" || verb == "watch";
}

std::optional<BlastRadius> blast_radius(ManifestCheck const& each, WallTime now, RbacPolicy const& policy) {
    auto const& spec = each.check.spec;
    if (spec.remedy.empty() || !remedy_can_run(each)) return std::nullopt;
    BlastRadius radius;
    radius.check = each.check.ns + "/" + each.check.name;
    radius.account = remedy_service_account(spec);
    radius.reach = spec.level() == Level::cluster ? "the whole cluster" : "namespace " + spec.remedy.ns;
    auto rules = spec.remedy.rbac_rules;
    if (rules.empty()) rules = default_rules(Purpose::remedy, policy.reference_defaults);
    for (auto& rule : rules) std::erase_if(rule.verbs, only_reads);
    radius.rights = rule_lines(rules);
    radius.dry_run = spec.dry_run;
    if (spec.dry_run) return radius;
    radius.most_per_hour = rate_of(each, now);
    if (spec.cooldown && *spec.cooldown > Duration::zero()) {
        auto const spaced = 3600.0 / std::chrono::duration<double>(*spec.cooldown).count();
        radius.most_per_hour = std::min(radius.most_per_hour, spaced);
    }
    auto const limit = spec.remedy_runs_limit;
    auto const interval = spec.remedy_reset_interval.count();
    if (limit < 0 && interval != 0) radius.most_per_hour = 0;
    if (limit > 0 && interval > 0) {
        auto const allowed = static_cast<double>(limit) * 3600.0 / static_cast<double>(interval);
        radius.while_failing_per_hour = std::min(radius.most_per_hour, allowed);
    }
    return radius;
}

std::vector<Narrowing> narrower(std::vector<ManifestCheck> const& checks) {
    std::set<Narrowing> found;
    auto const collect = [&](HealthCheck const& check, Purpose purpose) {
        auto const& workflow = purpose == Purpose::check ? check.spec.workflow : check.spec.remedy;
        if (!workflow.has_resource || workflow.service_account.empty() || !workflow.rbac_rules.empty()) return;
        auto const account = purpose == Purpose::check ? workflow.service_account : remedy_service_account(check.spec);
        found.insert({.account = workflow.ns + "/" + account,
                      .verbs = default_rules(purpose, true).front().verbs,
                      .rights = rule_lines(default_rules(purpose))});
    };
    for (auto const& each : checks) {
        collect(each.check, Purpose::check);
        if (!each.check.spec.remedy.empty()) collect(each.check, Purpose::remedy);
    }
    return {found.begin(), found.end()};
}

}  // namespace

std::string_view to_string(PlannedCheck::Change change) {
    switch (change) {
        case PlannedCheck::Change::added:
            return "added";
        case PlannedCheck::Change::removed:
            return "removed";
        case PlannedCheck::Change::changed:
            return "changed";
        case PlannedCheck::Change::unchanged:
            break;
    }
    return "unchanged";
}

std::string_view to_string(RbacChange::Change change) {
    switch (change) {
        case RbacChange::Change::created:
            return "needed";
        case RbacChange::Change::no_longer_needed:
            return "no longer needed";
        case RbacChange::Change::narrowed_or_widened:
            break;
    }
    return "changed";
}

Plan make_plan(std::vector<ManifestCheck> before, std::vector<ManifestCheck> after, WallTime now,
               PlanOptions const& options) {
    for (auto& each : after) check_runs(each, now, options);
    auto const old_checks = by_key(before);
    auto const new_checks = by_key(after);
    std::set<Key> keys;
    for (auto const& [key, check] : old_checks) keys.insert(key);
    for (auto const& [key, check] : new_checks) keys.insert(key);

    Plan plan;
    for (auto const& key : keys) {
        auto const old_check = old_checks.find(key);
        auto const new_check = new_checks.find(key);
        plan.checks.push_back(plan_check(old_check == old_checks.end() ? nullptr : old_check->second,
                                         new_check == new_checks.end() ? nullptr : new_check->second, now));
        if (new_check != new_checks.end()) add_load(plan.after, *new_check->second, now, options);
        if (old_check != old_checks.end()) add_load(plan.before, *old_check->second, now, options);
        for (auto const& problem : plan.checks.back().problems) {
            ++(problem.severity == Problem::Severity::error ? plan.errors : plan.warnings);
        }
    }
    plan.rbac = plan_rbac(before, after, options.policy);
    for (auto const& [key, check] : new_checks) {
        if (auto radius = blast_radius(*check, now, options.policy)) plan.remedies.push_back(std::move(*radius));
    }
    if (!options.policy.reference_defaults) plan.narrower_than_reference = narrower(after);
    return plan;
}

}  // namespace vedette::op
