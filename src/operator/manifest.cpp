#include "operator/manifest.hpp"

#include "base/json.hpp"
#include "base/suggest.hpp"
#include "base/yaml.hpp"
#include "operator/native_checks.hpp"

#include <fmt/format.h>

namespace vedette::op {
namespace {

namespace json = boost::json;

struct Document {
    std::string text;  // with as many empty lines in front that its line numbers are the file's
    int first_line = 1;
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
            documents.push_back({std::string(static_cast<std::size_t>(line), '\n'), line + 1});
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

class Collector {
public:
    Collector(std::string_view default_namespace, std::vector<ManifestCheck>& into)
        : default_namespace_(default_namespace), into_(into) {}

    Result<void> add(json::value const& value, std::string const& where) {
        auto const* object = value.if_object();
        if (!object) return value.is_null() ? Result<void>{} : fail(Errc::invalid_input, "{}: not an object", where);
        auto const kind = get_string(*object, "kind");
        if (kind == "List" || kind == "HealthCheckList") return add_items(*object, where);
        auto const api = get_string(*object, "apiVersion");
        if (kind != "HealthCheck" || !api.starts_with(std::string(api_group) + "/")) return {};
        if (api != api_version) {
            return fail(Errc::invalid_input, "{}: apiVersion {} is not served; write {}", where, api, api_version);
        }
        ManifestCheck found{.where = where};
        found.check = read_health_check(*object, &found.problems);
        if (found.check.ns.empty()) found.check.ns = default_namespace_;
        // Created with kubectl create, it gets its name from the server.
        if (found.check.name.empty()) {
            auto const prefix = get_string(*object, "metadata.generateName");
            if (prefix.empty()) return fail(Errc::invalid_input, "{}: a HealthCheck needs metadata.name", where);
            found.check.name = prefix + "*";
        }
        for (auto& problem : validate(found.check.spec)) found.problems.push_back(std::move(problem));
        for (auto& problem : validate_checks(found.check)) found.problems.push_back(std::move(problem));
        for (auto& problem : unknown_fields(*object)) found.problems.push_back(std::move(problem));
        into_.push_back(std::move(found));
        return {};
    }

private:
    Result<void> add_items(json::object const& list, std::string const& where) {
        auto const* items = find(list, "items");
        if (!items || !items->is_array()) return fail(Errc::invalid_input, "{}: a list without items", where);
        for (auto const& item : items->get_array()) {
            if (auto added = add(item, where); !added) return added;
        }
        return {};
    }

    std::string_view default_namespace_;
    std::vector<ManifestCheck>& into_;
};

}  // namespace

Result<std::vector<ManifestCheck>> read_manifests(std::string_view text, std::string_view source_name,
                                                  std::string_view default_namespace) {
    std::vector<ManifestCheck> checks;
    Collector collector(default_namespace, checks);
    for (auto const& document : split_documents(text)) {
        auto const parsed = parse_yaml(document.text, source_name);
        if (!parsed) return std::unexpected(parsed.error());
        auto const where = fmt::format("{}:{}", source_name, parsed->is_null() ? document.first_line : parsed->line);
        if (auto const added = collector.add(to_json(*parsed), where); !added) return std::unexpected(added.error());
    }
    return checks;
}

}  // namespace vedette::op
