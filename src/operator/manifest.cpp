// HealthChecks and the remedy policy of a file, in one pass over its documents, each of which is parsed on its own.

#include "operator/manifest.hpp"

#include "base/json.hpp"
#include "base/suggest.hpp"
#include "base/yaml.hpp"
#include "net/http_codec.hpp"
#include "operator/native_checks.hpp"
#include "operator/validate.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace vedette::op {
namespace {

namespace json = boost::json;

struct Document {
    std::string text;
    int lines_before = 0;
};

std::vector<Document> split_documents(std::string_view text) {
    std::vector<Document> documents(1);
    int line = 1;
    while (!text.empty()) {
        auto const end = text.find('\n');
        auto const one = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        bool const separator = one == "---" || one.starts_with("--- ") || one.starts_with("---\t") || one == "---\r";
        if (separator) {
            documents.push_back({{}, line});
        } else {
            documents.back().text.append(one).append("\n");
        }
        ++line;
    }
    return documents;
}

// The fields of the schema, level by level; the leaves hold no further ones that are ours to know.
using Fields = std::vector<std::string>;

Fields const spec_fields = {"repeatAfterSec",
                            "description",
                            "workflow",
                            "level",
                            "schedule",
                            "remedyworkflow",
                            "backoffFactor",
                            "backoffMax",
                            "backoffMin",
                            "remedyRunsLimit",
                            "remedyResetInterval",
                            "checks",
                            "serviceAccountName",
                            "failureThreshold",
                            "cooldown",
                            "dryRun",
                            "remedyOnLostResult",
                            "remedyBreaker"};
Fields const workflow_fields = {"generateName", "resource", "workflowtimeout", "rbacRules"};
Fields const resource_fields = {"namespace", "serviceAccount", "source"};
Fields const source_fields = {"inline", "file", "url", "configMap"};

void find_unknown(json::object const& root, std::string const& path, Fields const& known, std::vector<Problem>& found) {
    auto const* value = find(root, path);
    if (!value || !value->is_object()) return;
    for (auto const& [key, member] : value->get_object()) {
        std::string const name(key);
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        found.push_back({Problem::Severity::warning, fmt::format("{}.{}", path, name), "UnknownField",
                         fmt::format("{}.{} is no field of HealthCheck and has no effect{}", path, name,
                                     did_you_mean(name, known))});
    }
}

std::vector<Problem> unknown_fields(json::object const& object) {
    std::vector<Problem> found;
    find_unknown(object, "spec", spec_fields, found);
    find_unknown(object, "spec.schedule", {"cron"}, found);
    for (auto const* workflow : {"spec.workflow", "spec.remedyworkflow"}) {
        find_unknown(object, workflow, workflow_fields, found);
        auto const resource = fmt::format("{}.resource", workflow);
        find_unknown(object, resource, resource_fields, found);
        find_unknown(object, resource + ".source", source_fields, found);
        find_unknown(object, resource + ".source.url", {"path", "verifyCert"}, found);
        find_unknown(object, resource + ".source.file", {"path"}, found);
        find_unknown(object, resource + ".source.configMap", {"name", "key"}, found);
    }
    return found;
}

std::string text_at(YamlNode const& node, std::string_view key) {
    auto const* value = node.find(key);
    return std::string(value ? value->if_string().value_or("") : "");
}

std::string metadata_of(YamlNode const& node, std::string_view key) {
    auto const* metadata = node.find("metadata");
    return metadata ? text_at(*metadata, key) : "";
}

std::string shown(std::string_view name) {
    return std::string(name.substr(0, 80));
}

// "Healthcheck of activemonitor.keikoproj.io/v1alpha1"
std::string type_of(std::string const& kind, std::string const& api) {
    if (kind.empty() && api.empty()) return "an object without a kind and an apiVersion";
    return fmt::format("{} {}", kind.empty() ? "an object without a kind" : shown(kind),
                       api.empty() ? "without an apiVersion" : "of " + shown(api));
}

// What an object with this kind and apiVersion should have had.
struct Meant {
    std::string_view kind;
    std::string_view api;
};

std::string not_read(std::string const& kind, std::string const& api, Meant const& meant) {
    std::vector<std::string> right;
    if (kind != meant.kind) right.push_back(fmt::format("kind: {}", meant.kind));
    if (api != meant.api && !meant.api.empty()) right.push_back(fmt::format("apiVersion: {}", meant.api));
    return fmt::format("{}{} is not read; did you mean {}?", kind.empty() ? "" : "kind ", type_of(kind, api),
                       fmt::join(right, " and "));
}

class Collector {
public:
    Collector(std::string_view source_name, std::string_view default_namespace, std::string_view policy_name)
        : source_name_(source_name), default_namespace_(default_namespace), policy_name_(policy_name) {}

    // Every object of every document comes here, those in lists one by one.
    Result<void> add(YamlNode const& node, int lines_before) {
        if (node.is_null()) return {};
        auto const where = fmt::format("{}:{}", source_name_, node.line + lines_before);
        if (!node.is_mapping()) return fail(Errc::invalid_input, "{}: not an object", where);
        auto const kind = text_at(node, "kind");
        auto const api = text_at(node, "apiVersion");
        if (kind == "List" || kind == health_checks.kind) return add_items(node, where, lines_before);
        if (kind == health_check.kind && is_ours(api)) return add_check(node, where);
        if (kind == config_map.kind && api == config_map.api) {
            add_policy(node, where);
        } else if (auto const meant = meant_by(node, kind, api)) {
            found_.unread.push_back({name_of(node, kind), not_read(kind, api, *meant), where});
        }
        note_kind(kind, api);
        return {};
    }

    Manifests take() && { return std::move(found_); }

private:
    static constexpr Meant health_check{"HealthCheck", api_version};
    static constexpr Meant health_checks{"HealthCheckList", ""};  // its items have an apiVersion each
    static constexpr Meant config_map{"ConfigMap", "v1"};

    static bool is_ours(std::string_view api) { return api.starts_with(fmt::format("{}/", api_group)); }

    // Kinds of other groups may have similar names: theirs must be the same but for its case.
    std::optional<Meant> meant_by(YamlNode const& node, std::string const& kind, std::string const& api) const {
        if (metadata_of(node, "name") == policy_name_ && net::same_word(kind, config_map.kind)) return config_map;
        if (node.find("items")) {
            for (auto const& list : {Meant{"List", ""}, health_checks}) {
                if (net::same_word(kind, list.kind)) return list;
            }
        }
        bool const similar = api.empty() && !kind.empty() && !nearest(kind, {std::string(health_check.kind)}).empty();
        if (is_ours(api) || similar || net::same_word(kind, health_check.kind)) return health_check;
        return std::nullopt;
    }

    std::string name_of(YamlNode const& node, std::string const& kind) const {
        auto const ns = metadata_of(node, "namespace");
        auto name = metadata_of(node, "name");
        if (name.empty()) name = metadata_of(node, "generateName") + "*";
        return fmt::format("{} {}/{}", kind.empty() ? "object" : shown(kind),
                           shown(ns.empty() ? default_namespace_ : ns), shown(name));
    }

    void note_kind(std::string const& kind, std::string const& api) {
        auto name = type_of(kind, api);
        if (known_kinds_.insert(name).second) found_.other_kinds.push_back(std::move(name));
    }

    Result<void> add_items(YamlNode const& list, std::string const& where, int lines_before) {
        auto const* items = list.find("items");
        if (!items || !items->is_sequence()) return fail(Errc::invalid_input, "{}: a list without items", where);
        for (auto const& item : items->items) {
            if (auto added = add(item, lines_before); !added) return added;
        }
        return {};
    }

    Result<void> add_check(YamlNode const& node, std::string const& where) {
        auto const value = to_json(node);
        auto const& object = value.get_object();
        auto const api = get_string(object, "apiVersion");
        if (api != api_version) {
            return fail(Errc::invalid_input, "{}: apiVersion {} is not served; write {}", where, api, api_version);
        }
        ManifestCheck found{.where = where};
        found.check = read_health_check(object, &found.problems);
        if (found.check.ns.empty()) found.check.ns = default_namespace_;
        // Created with kubectl create, it gets its name from the server.
        if (found.check.name.empty()) {
            auto const prefix = get_string(object, "metadata.generateName");
            if (prefix.empty()) return fail(Errc::invalid_input, "{}: a HealthCheck needs metadata.name", where);
            found.check.name = prefix + "*";
        }
        for (auto& problem : validate_metadata(object)) found.problems.push_back(std::move(problem));
        for (auto& problem : validate(found.check.spec)) found.problems.push_back(std::move(problem));
        for (auto& problem : validate_checks(found.check)) found.problems.push_back(std::move(problem));
        for (auto& problem : unknown_fields(object)) found.problems.push_back(std::move(problem));
        found_.checks.push_back(std::move(found));
        return {};
    }

    void add_policy(YamlNode const& node, std::string const& where) {
        if (metadata_of(node, "name") != policy_name_) return;
        auto const value = to_json(node);
        auto const& object = value.get_object();
        ManifestPolicy found{.ns = get_string(object, "metadata.namespace", default_namespace_),
                             .name = std::string(policy_name_),
                             .where = where};
        found.policy = read_remedy_policy(object, &found.problems);
        found_.policies.push_back(std::move(found));
    }

    std::string_view source_name_;
    std::string_view default_namespace_;
    std::string_view policy_name_;
    std::set<std::string> known_kinds_;
    Manifests found_;
};

// A document is parsed on its own, so its lines count from its beginning. Empty lines in front of it would make them
// the file's, but reading would cost documents times lines: only a document that is wrong gets them, for the message.
Result<YamlNode> parse(Document const& document, std::string_view source_name) {
    auto parsed = parse_yaml(document.text, source_name, manifest_limit);
    if (!parsed && document.lines_before > 0) {
        auto const padded = std::string(static_cast<std::size_t>(document.lines_before), '\n') + document.text;
        return parse_yaml(padded, source_name, padded.size());
    }
    return parsed;
}

}  // namespace

Result<Manifests> read_manifests(std::string_view text, std::string_view source_name,
                                 std::string_view default_namespace, std::string_view policy_name) {
    Collector collector(source_name, default_namespace, policy_name);
    for (auto const& document : split_documents(text)) {
        auto const parsed = parse(document, source_name);
        if (!parsed) return std::unexpected(parsed.error());
        if (auto added = collector.add(*parsed, document.lines_before); !added) return std::unexpected(added.error());
    }
    return std::move(collector).take();
}

}  // namespace vedette::op
