// Field by field in the order of the resource, so that a change of several reads like the manifest.

#include "operator/plan_fields.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

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

}  // namespace

std::vector<std::string> changed_fields(Spec const& before, Spec const& after) {
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

}  // namespace vedette::op
