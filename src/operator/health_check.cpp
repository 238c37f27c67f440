// Reading takes each member by itself: a wrong type is a problem of that member, and the rest still counts.

#include "operator/health_check.hpp"

#include "base/duration.hpp"
#include "base/json.hpp"
#include "base/time_format.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace vedette::op {
namespace {

namespace json = boost::json;

// Longer than any schedule anybody means, and far from what a nanosecond clock overflows at.
constexpr std::int64_t longest_seconds = 100LL * 366 * 86'400;

// One object of a HealthCheck. Where it stands is only spelled out for a problem: a HealthCheck is read at each of its
// changes, and nearly all are well.
class Reader {
public:
    Reader(json::object const& object, std::vector<Problem>* problems) : object_(object), problems_(problems) {}
    /// `parent` outlives it.
    Reader(json::object const& object, Reader const& parent, std::string_view name)
        : object_(object), problems_(parent.problems_), parent_(&parent), name_(name) {}

    json::value const* at(std::string_view key) const {
        auto const* value = object_.if_contains(key);
        return value && !value->is_null() ? value : nullptr;
    }

    std::string text(std::string_view key) const {
        auto const* value = at(key);
        if (!value) return {};
        if (value->is_string()) return std::string(value->get_string());
        wrong(key, "a string");
        return {};
    }

    std::int64_t integer(std::string_view key) const {
        auto const* value = at(key);
        if (!value) return 0;
        if (auto const number = get_int(*value, "")) return *number;
        wrong(key, "a whole number");
        return 0;
    }

    std::chrono::seconds seconds(std::string_view key) const {
        return std::chrono::seconds(std::clamp(integer(key), -longest_seconds, longest_seconds));
    }

    std::optional<WallTime> time(std::string_view key) const {
        auto const written = text(key);
        if (written.empty()) return std::nullopt;
        auto const parsed = parse_rfc3339(written);
        if (parsed) return *parsed;
        wrong(key, "a time such as 2026-11-21T16:00:00Z");
        return std::nullopt;
    }

    bool boolean(std::string_view key) const {
        auto const* value = at(key);
        if (value && !value->is_bool()) wrong(key, "true or false");
        return value && value->is_bool() && value->get_bool();
    }

    std::optional<Reader> object(std::string_view key) const {
        auto const* value = at(key);
        if (!value) return std::nullopt;
        if (auto const* object = value->if_object()) return Reader(*object, *this, key);
        wrong(key, "an object");
        return std::nullopt;
    }

    std::vector<std::string> texts(json::object const& object, std::string_view key, std::string_view list) const {
        std::vector<std::string> all;
        auto const* value = object.if_contains(key);
        if (!value || value->is_null()) return all;
        auto const member = [&] { return fmt::format("{}.{}", list, key); };
        if (!value->is_array()) {
            wrong(member(), "a list of strings");
            return all;
        }
        for (auto const& item : value->get_array()) {
            if (item.is_string()) {
                all.emplace_back(item.get_string());
            } else {
                wrong(member(), "a list of strings");
            }
        }
        return all;
    }

    void surprise(std::string path, std::string reason, std::string message) const {
        if (!problems_) return;
        problems_->push_back({Problem::Severity::warning, std::move(path), std::move(reason), std::move(message)});
    }

    void wrong(std::string_view key, std::string_view wanted) const {
        if (!problems_) return;
        auto path = path_of(key);
        auto message = fmt::format("{} is not {}", path, wanted);
        problems_->push_back({Problem::Severity::error, std::move(path), "WrongType", std::move(message)});
    }

    std::string path() const { return parent_ ? parent_->path_of(name_) : ""; }

private:
    std::string path_of(std::string_view key) const {
        return parent_ ? fmt::format("{}.{}", path(), key) : std::string(key);
    }

    json::object const& object_;
    std::vector<Problem>* problems_;
    Reader const* parent_ = nullptr;
    std::string_view name_;
};

void note_ambiguity(Reader const& source) {
    std::vector<std::string_view> given;
    for (auto const* each : {"inline", "url", "file", "configMap"}) {
        if (source.at(each)) given.push_back(each);
    }
    if (given.size() <= 1) return;
    auto const path = source.path();
    source.surprise(path, "SourceAmbiguous",
                    fmt::format("{} holds several sources, of which the first counts, in the order inline, url, "
                                "file, configMap; here that is {}, and not {}",
                                path, given.front(), fmt::join(given.begin() + 1, given.end(), " or ")));
}

Source read_source(Reader const& reader) {
    Source source;
    note_ambiguity(reader);
    if (reader.at("inline")) {
        source.kind = Source::Kind::inline_text;
        source.text = reader.text("inline");
    } else if (auto const url = reader.object("url")) {
        source.kind = Source::Kind::url;
        source.path = url->text("path");
        source.verify_cert = !url->at("verifyCert") || url->boolean("verifyCert");
    } else if (auto const file = reader.object("file")) {
        source.kind = Source::Kind::file;
        source.path = file->text("path");
    } else if (auto const config_map = reader.object("configMap")) {
        source.kind = Source::Kind::config_map;
        source.config_map = config_map->text("name");
        source.key = config_map->text("key");
    }
    return source;
}

std::vector<PolicyRule> read_rules(Reader const& reader, std::string_view key) {
    std::vector<PolicyRule> rules;
    auto const* list = reader.at(key);
    if (!list) return rules;
    if (!list->is_array()) {
        reader.wrong(key, "a list of rules");
        return rules;
    }
    for (auto const& item : list->get_array()) {
        auto const* rule = item.if_object();
        if (!rule) {
            reader.wrong(key, "a list of rules");
            continue;
        }
        rules.push_back({.api_groups = reader.texts(*rule, "apiGroups", key),
                         .resources = reader.texts(*rule, "resources", key),
                         .resource_names = reader.texts(*rule, "resourceNames", key),
                         .non_resource_urls = reader.texts(*rule, "nonResourceURLs", key),
                         .verbs = reader.texts(*rule, "verbs", key)});
    }
    return rules;
}

WorkflowSpec read_workflow(Reader const& reader) {
    WorkflowSpec workflow;
    workflow.generate_name = reader.text("generateName");
    workflow.timeout = reader.seconds("workflowtimeout");
    workflow.rbac_rules = read_rules(reader, "rbacRules");
    auto const resource = reader.object("resource");
    workflow.has_resource = resource.has_value();
    if (!resource) return workflow;
    workflow.ns = resource->text("namespace");
    workflow.service_account = resource->text("serviceAccount");
    if (auto const source = resource->object("source")) workflow.source = read_source(*source);
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
    spec.repeat_after = reader.seconds("repeatAfterSec");
    if (auto const schedule = reader.object("schedule")) spec.cron = schedule->text("cron");
    spec.level_text = reader.text("level");
    spec.description = reader.text("description");
    auto const workflow = reader.object("workflow");
    spec.has_workflow = workflow.has_value();
    if (workflow) spec.workflow = read_workflow(*workflow);
    if (auto const remedy = reader.object("remedyworkflow")) spec.remedy = read_workflow(*remedy);
    spec.backoff_factor_text = reader.text("backoffFactor");
    spec.backoff_factor = read_factor(spec.backoff_factor_text);
    spec.backoff_min = reader.seconds("backoffMin");
    spec.backoff_max = reader.seconds("backoffMax");
    spec.remedy_runs_limit = reader.integer("remedyRunsLimit");
    spec.remedy_reset_interval = reader.seconds("remedyResetInterval");
    if (auto const* checks = reader.at("checks")) {
        if (checks->is_array()) {
            spec.checks = checks->get_array();
        } else {
            reader.wrong("checks", "a list of checks");
        }
    }
    spec.service_account_name = reader.text("serviceAccountName");
    spec.failure_threshold = reader.integer("failureThreshold");
    spec.cooldown_text = reader.text("cooldown");
    if (auto const cooldown = parse_duration(spec.cooldown_text)) spec.cooldown = *cooldown;
    spec.dry_run = reader.boolean("dryRun");
    spec.remedy_on_lost_result = reader.boolean("remedyOnLostResult");
    spec.remedy_breaker = reader.boolean("remedyBreaker");
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
    if (auto const* metadata = reader.at("metadata"); metadata && metadata->is_object()) {
        Reader const about(metadata->get_object(), reader, "metadata");
        check.ns = about.text("namespace");
        check.name = about.text("name");
        check.uid = about.text("uid");
        check.resource_version = about.text("resourceVersion");
        check.generation = about.integer("generation");
        check.created = about.time("creationTimestamp");
        check.deleted = about.time("deletionTimestamp");
    }
    if (auto const spec = reader.object("spec")) check.spec = read_spec(*spec);
    if (reader.object("status")) check.status = read_status(object.at("status").get_object());
    return check;
}

}  // namespace vedette::op
