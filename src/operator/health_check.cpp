// Reading takes each member by itself: a wrong type is a problem of that member, and the rest still counts.

#include "operator/health_check.hpp"

#include "base/duration.hpp"
#include "base/json.hpp"
#include "base/time_format.hpp"

#include <fmt/format.h>

#include <charconv>

namespace vedette::op {
namespace {

namespace json = boost::json;

// Longer than any schedule anybody means, and far from what a nanosecond clock overflows at.
constexpr std::int64_t longest_seconds = 100LL * 366 * 86'400;

class Reader {
public:
    Reader(json::object const& root, std::vector<Problem>* problems) : root_(root), problems_(problems) {}

    json::value const* at(std::string const& path) const {
        auto const* value = find(root_, path);
        return value && !value->is_null() ? value : nullptr;
    }

    std::string text(std::string const& path) const {
        auto const* value = at(path);
        if (!value) return {};
        if (value->is_string()) return std::string(value->get_string());
        wrong(path, "a string");
        return {};
    }

    std::int64_t integer(std::string const& path) const {
        if (!at(path)) return 0;
        if (auto const number = get_int(root_, path)) return *number;
        wrong(path, "a whole number");
        return 0;
    }

    std::chrono::seconds seconds(std::string const& path) const {
        return std::chrono::seconds(std::clamp(integer(path), -longest_seconds, longest_seconds));
    }

    std::optional<WallTime> time(std::string const& path) const {
        auto const written = text(path);
        if (written.empty()) return std::nullopt;
        auto const parsed = parse_rfc3339(written);
        if (parsed) return *parsed;
        wrong(path, "a time such as 2026-11-21T16:00:00Z");
        return std::nullopt;
    }

    bool boolean(std::string const& path) const {
        auto const* value = at(path);
        if (value && !value->is_bool()) wrong(path, "true or false");
        return value && value->is_bool() && value->get_bool();
    }

    bool is_object(std::string const& path) const {
        auto const* value = at(path);
        if (value && !value->is_object()) wrong(path, "an object");
        return value && value->is_object();
    }

    std::vector<std::string> texts(json::object const& object, std::string_view key, std::string const& path) const {
        std::vector<std::string> all;
        auto const* value = object.if_contains(key);
        if (!value || value->is_null()) return all;
        if (!value->is_array()) {
            wrong(fmt::format("{}.{}", path, key), "a list of strings");
            return all;
        }
        for (auto const& item : value->get_array()) {
            if (item.is_string()) {
                all.emplace_back(item.get_string());
            } else {
                wrong(fmt::format("{}.{}", path, key), "a list of strings");
            }
        }
        return all;
    }

    void wrong(std::string path, std::string_view wanted) const {
        if (!problems_) return;
        auto message = fmt::format("{} is not {}", path, wanted);
        problems_->push_back({Problem::Severity::error, std::move(path), "WrongType", std::move(message)});
    }

private:
    json::object const& root_;
    std::vector<Problem>* problems_;
};

Source read_source(Reader const& reader, std::string const& path) {
    Source source;
    if (!reader.is_object(path)) return source;
    if (reader.at(path + ".inline")) {
        source.kind = Source::Kind::inline_text;
        source.text = reader.text(path + ".inline");
    } else if (reader.is_object(path + ".url")) {
        source.kind = Source::Kind::url;
        source.path = reader.text(path + ".url.path");
        source.verify_cert = !reader.at(path + ".url.verifyCert") || reader.boolean(path + ".url.verifyCert");
    } else if (reader.is_object(path + ".file")) {
        source.kind = Source::Kind::file;
        source.path = reader.text(path + ".file.path");
    } else if (reader.is_object(path + ".configMap")) {
        source.kind = Source::Kind::config_map;
        source.config_map = reader.text(path + ".configMap.name");
        source.key = reader.text(path + ".configMap.key");
    }
    return source;
}

std::vector<PolicyRule> read_rules(Reader const& reader, std::string const& path) {
    std::vector<PolicyRule> rules;
    auto const* list = reader.at(path);
    if (!list) return rules;
    if (!list->is_array()) {
        reader.wrong(path, "a list of rules");
        return rules;
    }
    for (auto const& item : list->get_array()) {
        auto const* rule = item.if_object();
        if (!rule) {
            reader.wrong(path, "a list of rules");
            continue;
        }
        rules.push_back({.api_groups = reader.texts(*rule, "apiGroups", path),
                         .resources = reader.texts(*rule, "resources", path),
                         .resource_names = reader.texts(*rule, "resourceNames", path),
                         .non_resource_urls = reader.texts(*rule, "nonResourceURLs", path),
                         .verbs = reader.texts(*rule, "verbs", path)});
    }
    return rules;
}

WorkflowSpec read_workflow(Reader const& reader, std::string const& path) {
    WorkflowSpec workflow;
    if (!reader.is_object(path)) return workflow;
    workflow.generate_name = reader.text(path + ".generateName");
    workflow.timeout = reader.seconds(path + ".workflowtimeout");
    workflow.rbac_rules = read_rules(reader, path + ".rbacRules");
    workflow.has_resource = reader.is_object(path + ".resource");
    if (!workflow.has_resource) return workflow;
    workflow.ns = reader.text(path + ".resource.namespace");
    workflow.service_account = reader.text(path + ".resource.serviceAccount");
    workflow.source = read_source(reader, path + ".resource.source");
    return workflow;
}

// The reference takes what Go's ParseFloat takes of a number with nothing around it.
std::optional<double> read_factor(std::string const& text) {
    double number = 0;
    auto const* const end = text.data() + text.size();
    auto const parsed = std::from_chars(text.data(), end, number);
    if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    return number;
}

Spec read_spec(Reader const& reader) {
    Spec spec;
    if (!reader.is_object("spec")) return spec;
    spec.repeat_after = std::max(std::chrono::seconds(0), reader.seconds("spec.repeatAfterSec"));
    if (reader.is_object("spec.schedule")) spec.cron = reader.text("spec.schedule.cron");
    spec.level_text = reader.text("spec.level");
    spec.description = reader.text("spec.description");
    spec.has_workflow = reader.is_object("spec.workflow");
    spec.workflow = read_workflow(reader, "spec.workflow");
    spec.remedy = read_workflow(reader, "spec.remedyworkflow");
    spec.backoff_factor_text = reader.text("spec.backoffFactor");
    spec.backoff_factor = read_factor(spec.backoff_factor_text);
    spec.backoff_min = reader.seconds("spec.backoffMin");
    spec.backoff_max = reader.seconds("spec.backoffMax");
    spec.remedy_runs_limit = reader.integer("spec.remedyRunsLimit");
    spec.remedy_reset_interval = reader.seconds("spec.remedyResetInterval");
    if (auto const* checks = reader.at("spec.checks")) {
        if (checks->is_array()) {
            spec.checks = checks->get_array();
        } else {
            reader.wrong("spec.checks", "a list of checks");
        }
    }
    spec.service_account_name = reader.text("spec.serviceAccountName");
    spec.failure_threshold = reader.integer("spec.failureThreshold");
    spec.cooldown_text = reader.text("spec.cooldown");
    if (auto const cooldown = parse_duration(spec.cooldown_text)) spec.cooldown = *cooldown;
    spec.dry_run = reader.boolean("spec.dryRun");
    spec.remedy_on_lost_result = reader.boolean("spec.remedyOnLostResult");
    spec.remedy_breaker = reader.boolean("spec.remedyBreaker");
    return spec;
}

}  // namespace

Level Spec::level() const {
    if (level_text == "cluster") return Level::cluster;
    return level_text == "namespace" ? Level::ns : Level::none;
}

HealthCheck read_health_check(json::object const& object, std::vector<Problem>* problems) {
    Reader const reader(object, problems);
    HealthCheck check;
    check.ns = reader.text("metadata.namespace");
    check.name = reader.text("metadata.name");
    check.uid = reader.text("metadata.uid");
    check.resource_version = reader.text("metadata.resourceVersion");
    check.generation = reader.integer("metadata.generation");
    check.created = reader.time("metadata.creationTimestamp");
    check.deleted = reader.time("metadata.deletionTimestamp");
    check.spec = read_spec(reader);
    if (reader.is_object("status")) check.status = read_status(object.at("status").get_object());
    return check;
}

}  // namespace vedette::op
