#include "operator/plan.hpp"

#include "base/json.hpp"
#include "base/suggest.hpp"
#include "operator/plan_fields.hpp"
#include "operator/plan_grants.hpp"
#include "operator/plan_remedies.hpp"
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

// What stays of a list of manifests that is applied from the first to the last.
struct Kept {
    std::vector<ManifestCheck> checks;
    std::map<Key, std::vector<std::string>> overridden;  // where those are that a later one takes the place of
};

Kept keep_last(std::vector<ManifestCheck> all) {
    std::map<std::pair<std::string, std::string>, int> unnamed;
    std::map<Key, std::size_t> last;
    Kept kept;
    std::vector<bool> goes(all.size(), false);
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto const& check = all[i].check;
        auto const number = check.name.ends_with('*') ? unnamed[{check.ns, check.name}]++ : 0;
        Key const key{check.ns, check.name, number};
        auto const [found, first] = last.emplace(key, i);
        if (first) continue;
        kept.overridden[key].push_back(all[found->second].where);
        goes[found->second] = true;
        found->second = i;
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (!goes[i]) kept.checks.push_back(std::move(all[i]));
    }
    return kept;
}

ByKey by_key(std::vector<ManifestCheck> const& checks) {
    std::map<std::pair<std::string, std::string>, int> unnamed;
    ByKey keyed;
    for (auto const& each : checks) {
        auto const& check = each.check;
        keyed.emplace(Key{check.ns, check.name, unnamed[{check.ns, check.name}]++}, &each);
    }
    return keyed;
}

ManifestCheck const* found(ByKey const& checks, Key const& key) {
    auto const at = checks.find(key);
    return at == checks.end() ? nullptr : at->second;
}

std::vector<std::string> rule_lines(std::vector<PolicyRule> const& rules) {
    return missing_rights(rules, {});
}

std::string field_of(Purpose purpose) {
    return purpose == Purpose::check ? "spec.workflow" : "spec.remedyworkflow";
}

// A cron without a time zone of its own runs in the operator's, not in that of the machine that plans.
Spec in_operators_zone(Spec spec, PlanOptions const& options) {
    auto& cron = spec.cron;
    for (std::string_view const same : {"TZ=Local ", "CRON_TZ=Local "}) {
        if (cron.starts_with(same)) cron.erase(0, same.size());
    }
    bool const elsewhere = cron.starts_with("TZ=") || cron.starts_with("CRON_TZ=");
    if (!cron.empty() && !elsewhere) cron.insert(0, fmt::format("CRON_TZ={} ", options.time_zone.name()));
    return spec;
}

std::chrono::seconds timeout_of(Spec const& spec, WallTime now, PlanOptions const& options) {
    return effective_timeout(in_operators_zone(spec, options), now).value_or(std::chrono::seconds(60));
}

bool can_run(ManifestCheck const& check) {
    return std::none_of(check.problems.begin(), check.problems.end(), [](Problem const& problem) {
        return problem.severity == Problem::Severity::error && !problem.stops_remedy;
    });
}

// A warning to the operator, for the check goes on; whoever asks before applying wants to know that a remedy never
// runs.
void raise_what_stops_remedies(ManifestCheck& each) {
    for (auto& problem : each.problems) {
        if (problem.stops_remedy) problem.severity = Problem::Severity::error;
    }
}

// What only the first run would find out: of a remedy it stops the remedy alone.
void refuse(ManifestCheck& each, Purpose purpose, std::string field, std::string reason, std::string message) {
    each.problems.push_back({Problem::Severity::error, std::move(field), std::move(reason), std::move(message),
                             purpose == Purpose::remedy});
}

// The text of the Workflow, as far as it can be had here. What a file source would stumble over becomes a problem.
std::optional<std::string> text_of(ManifestCheck& each, Purpose purpose, PlanOptions const& options) {
    auto const& source = (purpose == Purpose::check ? each.check.spec.workflow : each.check.spec.remedy).source;
    if (source.kind == Source::Kind::inline_text) return source.text;
    if (source.kind != Source::Kind::file || source.path.empty()) return std::nullopt;
    auto const field = field_of(purpose) + ".resource.source.file";
    if (!options.read_file) {
        refuse(each, purpose, field, "SourceFailed",
               field +
                   ": file sources are switched off: give the operator, and this plan, --source-dir and the "
                   "directory they are in");
        return std::nullopt;
    }
    auto text = options.read_file(source.path);
    if (text) return std::move(*text);
    auto const message = fmt::format("{}: {}", field, text.error().text());
    // What is not here may well be where the operator runs; what is outside of the directory is refused there too.
    if (text.error().code() == Errc::not_found) {
        each.problems.push_back({Problem::Severity::warning, field, "SourceFailed", message});
    } else {
        refuse(each, purpose, field, "SourceFailed", message);
    }
    return std::nullopt;
}

// What the text of a source would stumble over at the first run.
void check_text(ManifestCheck& each, Purpose purpose, WallTime now, PlanOptions const& options) {
    auto const& workflow = purpose == Purpose::check ? each.check.spec.workflow : each.check.spec.remedy;
    auto const text = text_of(each, purpose, options);
    if (!text) return;
    auto const built = build_workflow(each.check, {.purpose = purpose, .number = 1}, *text,
                                      timeout_of(each.check.spec, now, options), 0);
    if (built) return;
    auto const field = fmt::format("{}.resource.source.{}", field_of(purpose),
                                   workflow.source.kind == Source::Kind::file ? "file" : "inline");
    refuse(each, purpose, field, "WorkflowInvalid", fmt::format("{}: {}", field, built.error().text()));
}

// Rights that the operator would refuse to hand out.
void check_rights(ManifestCheck& each, Purpose purpose, PlanOptions const& options) {
    auto refused = claims_of(each.check, purpose, options.policy).refused;
    if (!refused) return;
    refuse(each, purpose, field_of(purpose) + ".rbacRules", std::move(refused->reason), std::move(refused->message));
}

bool is_readable(ManifestCheck const& each, Purpose purpose) {
    auto const field = field_of(purpose);
    return std::none_of(each.problems.begin(), each.problems.end(), [&](Problem const& problem) {
        return problem.severity == Problem::Severity::error && problem.field.starts_with(field);
    });
}

void check_runs(ManifestCheck& each, WallTime now, PlanOptions const& options) {
    for (auto const purpose : {Purpose::check, Purpose::remedy}) {
        if (purpose == Purpose::remedy && each.check.spec.remedy.empty()) continue;
        if (!is_readable(each, purpose)) continue;
        if (purpose == Purpose::remedy || !each.check.spec.native()) check_text(each, purpose, now, options);
        check_rights(each, purpose, options);
    }
    for (auto& problem : beyond_shipped(each.check, options.policy)) each.problems.push_back(std::move(problem));
}

/// Runs per hour. The ticks of a week take a while to count, and many checks share a few schedules.
class Rates {
public:
    /// Lifetime: outlived by `options`.
    Rates(WallTime now, PlanOptions const& options) : now_(now), options_(options) {}

    double of(ManifestCheck const& check) {
        if (!can_run(check)) return 0;
        auto const spec = in_operators_zone(check.check.spec, options_);
        auto const [at, fresh] = known_.try_emplace({spec.cron, spec.repeat_after});
        if (fresh) at->second = runs_per_hour(spec, now_).value_or(0);
        return at->second;
    }

private:
    WallTime now_;
    PlanOptions const& options_;
    std::map<std::pair<std::string, std::chrono::seconds>, double> known_;
};

// The Workflow of a run as the operator would write it; nothing if its text is not here.
std::optional<boost::json::object> workflow_of(ManifestCheck check, WallTime now, PlanOptions const& options) {
    if (check.check.spec.native()) return std::nullopt;
    auto const text = text_of(check, Purpose::check, options);
    if (!text) return std::nullopt;
    auto built = build_workflow(check.check, {.purpose = Purpose::check, .number = 1}, *text,
                                timeout_of(check.check.spec, now, options), 0);
    return built ? std::optional(std::move(*built)) : std::nullopt;
}

PlannedCost add_load(PlannedLoad& load, ManifestCheck const& check, double rate, WallTime now,
                     PlanOptions const& options) {
    if (rate <= 0) return cost_without_workflows;
    auto const workflow = workflow_of(check, now, options);
    auto const cost = cost_of(check.check, rate, workflow, options.workflow_ttl);
    load.requests_per_hour += cost.requests_per_hour;
    if (check.check.spec.native()) return cost;
    load.workflows_per_hour += rate;
    auto const pods = workflow ? pods_of(*workflow) : std::nullopt;
    load.pods_per_hour += rate * static_cast<double>(pods.value_or(0));
    if (!pods) ++load.of_unknown_pods;
    if (cost.workflows_kept && cost.workflow_bytes) {
        load.workflows_kept += *cost.workflows_kept;
        load.bytes_kept += *cost.workflows_kept * *cost.workflow_bytes;
    } else {
        ++load.of_unknown_keep;
        if (workflow) ++load.never_deleted;
        if (workflow) load.never_deleted_per_hour += rate;
    }
    return cost;
}

void add_rbac_load(PlannedLoad& load, std::vector<RbacObject> const& objects) {
    for (auto const& each : objects) {
        ++load.rbac_objects;
        load.rbac_bytes += std::ssize(to_json(each.object));
    }
}

// The status that the next run is counted from.
Status status_in_force(ManifestCheck const* before, ManifestCheck const& after, WallTime now) {
    if (before && before->check.status.finished_at) return before->check.status;
    if (after.check.status.finished_at || !before) return after.check.status;
    if (before->check.spec.paused()) return {.status = "Stopped", .finished_at = now};
    return {.status = "Succeeded", .started_at = now, .finished_at = now, .last_slot = now};
}

// Ticks of a new schedule that lie before the edit are not owed, and the edit is now.
std::optional<WallTime> ticks_since(ManifestCheck const* before, Spec const& spec, WallTime now) {
    if (!before) return std::nullopt;
    auto const& old = before->check.spec;
    bool const rescheduled = old.cron != spec.cron || old.repeat_after != spec.repeat_after;
    return rescheduled ? std::optional(now) : std::nullopt;
}

// As if each run took no time.
void plan_slots(PlannedCheck& planned, ManifestCheck const* before, ManifestCheck const& after, WallTime now,
                PlanOptions const& options) {
    if (!can_run(after)) return;
    auto const spec = in_operators_zone(after.check.spec, options);
    auto const since = ticks_since(before, after.check.spec, now);
    auto status = status_in_force(before, after, now);
    auto at = now;
    while (true) {
        auto const next = next_run(spec, status, at, since);
        if (!next || !*next) return;
        at = (*next)->due;
        if (!planned.next_slots.empty() && at > now + shown_span) return;
        planned.more_slots = planned.next_slots.size() == most_slots;
        if (planned.more_slots) return;
        planned.next_slots.push_back(at);
        status = {.status = "Succeeded", .started_at = at, .finished_at = at, .last_slot = (*next)->slot};
    }
}

PlannedCheck plan_check(ManifestCheck const* before, ManifestCheck const* after, double rate, WallTime now,
                        PlanOptions const& options) {
    auto const& shown = after ? *after : *before;
    PlannedCheck planned{.ns = shown.check.ns, .name = shown.check.name, .where = shown.where};
    if (!after) {
        planned.change = PlannedCheck::Change::removed;
        planned.cost = cost_without_workflows;
        return planned;
    }
    planned.problems = after->problems;
    plan_slots(planned, before, *after, now, options);
    planned.runs_per_hour = rate;
    if (!before) {
        planned.change = PlannedCheck::Change::added;
    } else {
        planned.changed_fields = changed_fields(before->check.spec, after->check.spec);
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

Problem overriding(HealthCheck const& check, std::vector<std::string> const& others) {
    return {Problem::Severity::error, "metadata.name", "DuplicateName",
            fmt::format("{}/{} is also in {}: only the last would be applied", check.ns, check.name, some_of(others))};
}

// A key for a namespace that nobody lives in is a slip in a kill switch as likely as a namespace of other files.
std::vector<Problem> unused_namespaces(RemedyPolicy const& policy, std::vector<ManifestCheck> const& checks) {
    std::set<std::string> known;
    for (auto const& each : checks) known.insert(each.check.ns);
    std::vector<Problem> found;
    for (auto const& [ns, keys] : policy.namespaces) {
        if (known.contains(ns)) continue;
        found.push_back({Problem::Severity::warning, fmt::format("data.namespace.{}", ns), "RemedyPolicyUnused",
                         fmt::format("namespace.{}: no HealthCheck of these files is there{}", ns,
                                     did_you_mean(ns, {known.begin(), known.end()}))});
    }
    return found;
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

Plan make_plan(std::vector<ManifestCheck> all_before, std::vector<ManifestCheck> all_after, WallTime now,
               PlanOptions const& options) {
    auto const before = keep_last(std::move(all_before)).checks;
    auto [after, overridden] = keep_last(std::move(all_after));
    for (auto& each : after) {
        raise_what_stops_remedies(each);
        check_runs(each, now, options);
    }
    auto const old_checks = by_key(before);
    auto const new_checks = by_key(after);
    std::set<Key> keys;
    for (auto const& [key, check] : old_checks) keys.insert(key);
    for (auto const& [key, check] : new_checks) keys.insert(key);

    Plan plan{.policy = options.remedy_policy, .unread = options.unread};
    auto const count = [&plan](std::vector<Problem> const& problems) {
        for (auto const& problem : problems) {
            ++(problem.severity == Problem::Severity::error ? plan.errors : plan.warnings);
        }
    };
    Rates rates(now, options);
    for (auto const& key : keys) {
        auto const* const old_check = found(old_checks, key);
        auto const* const new_check = found(new_checks, key);
        auto const rate = new_check ? rates.of(*new_check) : 0;
        plan.checks.push_back(plan_check(old_check, new_check, rate, now, options));
        auto& planned = plan.checks.back();
        if (new_check) planned.cost = add_load(plan.after, *new_check, rate, now, options);
        if (old_check) add_load(plan.before, *old_check, rates.of(*old_check), now, options);
        if (auto const others = overridden.find(key); others != overridden.end()) {
            planned.problems.push_back(overriding(new_check->check, others->second));
        }
        count(planned.problems);
    }
    plan.warnings += plan.unread.size();
    if (plan.policy) {
        auto& problems = plan.policy->problems;
        for (auto& problem : unused_namespaces(plan.policy->policy, after)) problems.push_back(std::move(problem));
        count(problems);
    }
    plan.rbac = plan_rbac(before, after, options.policy);
    add_rbac_load(plan.before, needed_rbac(pointers(before), options.policy));
    add_rbac_load(plan.after, needed_rbac(pointers(after), options.policy));
    std::vector<PlannedRemedy> remedies;
    for (auto const& [key, check] : new_checks) remedies.push_back({*check, rates.of(*check)});
    plan_remedies(plan, remedies, options);
    if (!options.policy.reference_defaults) plan.narrower_than_reference = narrower(after);
    return plan;
}

}  // namespace vedette::op
