// What is installed, against the program: the resource's schema against active-monitor's and against what we read and
// write, the roles against the rules we hand out, the chart against the plain manifests, the examples against the
// reader.

#include "base/json.hpp"
#include "base/yaml.hpp"
#include "operator/manifest.hpp"
#include "operator/native_checks.hpp"
#include "operator/plan_grants.hpp"
#include "operator/rbac.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace vedette::op {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAreArray;

std::string text_of(fs::path const& path) {
    std::ifstream stream(path);
    EXPECT_TRUE(stream) << path;
    return {std::istreambuf_iterator<char>(stream), {}};
}

fs::path deploy() {
    return fs::path(TEST_SOURCE_DIR) / "../../deploy";
}
fs::path chart() {
    return deploy() / "charts/vedette-operator";
}

std::vector<json::value> objects_in(fs::path const& path) {
    std::vector<json::value> objects;
    auto rest = text_of(path);
    while (!rest.empty()) {
        auto const end = rest.find("\n---\n");
        auto const parsed = parse_yaml(rest.substr(0, end), path.filename().string());
        rest = end == std::string::npos ? "" : rest.substr(end + 5);
        EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().text());
        if (parsed) objects.push_back(to_json(*parsed));
    }
    return objects;
}

json::value object_named(fs::path const& path, std::string_view kind, std::string_view name) {
    for (auto const& object : objects_in(path)) {
        if (get_string(object, "kind") == kind && get_string(object, "metadata.name") == name) return object;
    }
    ADD_FAILURE() << path << " has no " << kind << " " << name;
    return nullptr;
}

json::value crd() {
    return objects_in(deploy() / "operator/crd.yaml").at(0);
}
json::value schema() {
    return *find(crd(), "spec.versions.0.schema.openAPIV3Schema");
}

std::string below(std::string const& path, std::string_view name) {
    return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

// "spec.backoffMin integer", "spec.workflow.resource requires source", sorted by nobody.
void flatten(json::value const& schema, std::string const& path, std::vector<std::string>& lines) {
    if (!path.empty()) {
        auto const format = get_string(schema, "format");
        bool const atomic = get_string(schema, "x-kubernetes-list-type") == "atomic";
        lines.push_back(fmt::format("{} {}{}{}", path, get_string(schema, "type"), format.empty() ? "" : " " + format,
                                    atomic ? " atomic" : ""));
    }
    if (auto const* properties = find(schema, "properties")) {
        for (auto const& [name, member] : properties->as_object()) flatten(member, below(path, name), lines);
    }
    if (auto const* items = find(schema, "items")) flatten(*items, path + "[]", lines);
    if (auto const* required = find(schema, "required")) {
        for (auto const& name : required->as_array()) {
            lines.push_back(fmt::format("{} requires {}", path, std::string_view(name.as_string())));
        }
    }
}

std::vector<std::string> schema_lines() {
    std::vector<std::string> lines;
    flatten(schema(), "", lines);
    return lines;
}

// Where the members of `value` stand in the schema; an array's members at "path[]".
void paths_of(json::value const& value, std::string const& path, std::set<std::string>& paths) {
    paths.insert(path);
    if (auto const* object = value.if_object()) {
        for (auto const& [name, member] : *object) paths_of(member, below(path, name), paths);
    } else if (auto const* array = value.if_array()) {
        for (auto const& item : *array) paths_of(item, path + "[]", paths);
    }
}

std::set<std::string> schema_paths(std::string_view root) {
    std::set<std::string> paths;
    for (auto const& line : schema_lines()) {
        auto const path = line.substr(0, line.find(' '));
        if (path == root || path.starts_with(std::string(root) + ".")) paths.insert(path);
    }
    return paths;
}

// --- the resource -------------------------------------------------------------------------------------------------

TEST(Crd, HasTheNamesOfActiveMonitor) {
    auto const all = crd();
    EXPECT_EQ(get_string(all, "metadata.name"), "healthchecks.activemonitor.keikoproj.io");
    EXPECT_EQ(get_string(all, "spec.group"), api_group);
    EXPECT_EQ(get_string(all, "spec.scope"), "Namespaced");
    EXPECT_EQ(to_json(*find(all, "spec.names")),
              R"({"kind":"HealthCheck","listKind":"HealthCheckList","plural":"healthchecks",)"
              R"("singular":"healthcheck","shortNames":["hc","hcs"]})");
    ASSERT_EQ(find(all, "spec.versions")->as_array().size(), 1u);
    auto const& version = *find(all, "spec.versions.0");
    EXPECT_EQ(fmt::format("{}/{}", api_group, get_string(version, "name")), api_version);
    EXPECT_TRUE(get_bool(version, "served"));
    EXPECT_TRUE(get_bool(version, "storage"));
    EXPECT_EQ(to_json(*find(version, "subresources")), R"({"status":{}})");
}

TEST(Crd, HasItsColumnsWithTheirBlanks) {
    std::vector<std::string> columns;
    auto const all = crd();
    for (auto const& column : find(all, "spec.versions.0.additionalPrinterColumns")->as_array()) {
        columns.push_back(fmt::format("{}|{}|{}", get_string(column, "name"), get_string(column, "type"),
                                      get_string(column, "jsonPath")));
    }
    EXPECT_THAT(
        columns,
        ElementsAre("LATEST STATUS|string|.status.status", "SUCCESS CNT  |string|.status.successCount",
                    "FAIL CNT|string|.status.failedCount", "REMEDY SUCCESS CNT  |string|.status.remedySuccessCount",
                    "REMEDY FAIL CNT|string|.status.remedyFailedCount", "Age|date|.metadata.creationTimestamp"));
}

TEST(Crd, HasEveryFieldOfActiveMonitorAsItWas) {
    auto const lines = schema_lines();
    std::istringstream reference(text_of(fs::path(TEST_SOURCE_DIR) / "testdata/manifests/reference_schema.txt"));
    int compared = 0;
    for (std::string line; std::getline(reference, line); ++compared) {
        // The one difference: spec.checks may stand in its place.
        if (line != "spec requires workflow") EXPECT_THAT(lines, Contains(line));
    }
    EXPECT_EQ(compared, 90);
    EXPECT_EQ(to_json(*find(schema(), "properties.spec.anyOf")),
              R"([{"required":["workflow"]},{"required":["checks"]}])");
}

TEST(Crd, AsksForNothingThatActiveMonitorDidNot) {
    std::vector<std::string> required;
    for (auto const& line : schema_lines()) {
        if (line.find(" requires ") != std::string::npos) required.push_back(line);
    }
    EXPECT_THAT(required,
                UnorderedElementsAreArray(
                    {"spec.workflow.rbacRules[] requires verbs", "spec.workflow.resource requires namespace",
                     "spec.workflow.resource requires source", "spec.remedyworkflow.rbacRules[] requires verbs",
                     "spec.remedyworkflow.resource requires namespace", "spec.remedyworkflow.resource requires source",
                     "spec.checks[] requires type", "status.conditions[] requires type",
                     "status.conditions[] requires status"}));
    for (auto const* word : {"default:", "enum:", "pattern:", "minimum:", "maximum:", "minLength:", "maxLength:",
                             "maxItems:", "x-kubernetes-validations:"}) {
        EXPECT_EQ(text_of(deploy() / "operator/crd.yaml").find(word), std::string::npos) << word;
    }
}

// A field that the schema lacks is dropped by the API server without a word.
TEST(Crd, KeepsWhateverTheOperatorWritesIntoAStatus) {
    auto const at = WallTime{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
    json::object const names{{"status", "Failed"},        {"errorMessage", "x"},       {"remedyStatus", "Failed"},
                             {"remedyErrorMessage", "x"}, {"lastFailedWorkflow", "x"}, {"lastSuccessfulWorkflow", "x"}};
    auto status = read_status(names);
    for (auto* time :
         {&status.started_at, &status.finished_at, &status.last_failed_at, &status.remedy_triggered_at,
          &status.remedy_finished_at, &status.remedy_last_failed_at, &status.last_slot, &status.next_run_time}) {
        *time = at;
    }
    for (auto* count : {&status.success_count, &status.failed_count, &status.total_runs, &status.remedy_success_count,
                        &status.remedy_failed_count, &status.remedy_total_runs, &status.run_number,
                        &status.remedy_episode, &status.remedy_attempt, &status.consecutive_failures,
                        &status.observed_generation, &status.remedy_unhelpful}) {
        *count = 1;
    }
    status.current = CurrentWorkflow{.run = {Purpose::check, 1, 0}, .ns = "a", .name = "b", .uid = "c"};
    status.intent = RemedyIntent{1, 1, at};
    status.recent_remedies = {at};
    set_condition(status, "Ready", true, "Scheduled", "well", at);

    std::set<std::string> written;
    paths_of(status_object(status), "status", written);
    auto known = schema_paths("status");
    for (auto const& path : written) EXPECT_THAT(known, Contains(path));
    // And the other way round: every field of the schema has a writer.
    known.erase("status.conditions[].observedGeneration");  // metav1.Condition has it; ours speak of the whole status
    EXPECT_EQ(known, written);
}

// An object with every field of the schema in it.
json::value filled(json::value const& schema) {
    auto const type = get_string(schema, "type");
    if (type == "boolean") return true;
    if (type == "integer") return 1;
    if (type == "array") return json::array{filled(*find(schema, "items"))};
    if (type != "object") return "x";
    json::object object;
    if (auto const* properties = find(schema, "properties")) {
        for (auto const& [name, member] : properties->as_object()) object[name] = filled(member);
    }
    return object;
}

TEST(Crd, HoldsNoFieldThatTheReaderDoesNotKnow) {
    auto object = filled(schema()).as_object();
    object["apiVersion"] = api_version;
    object["kind"] = "HealthCheck";
    object["metadata"] = {{"name", "all"}};
    auto const found = read_manifests(to_json(object), "all.json", "default");
    ASSERT_TRUE(found.has_value()) << found.error().text();
    for (auto const& problem : found->checks.at(0).problems) {
        EXPECT_NE(problem.reason, "UnknownField") << problem.message;
        EXPECT_NE(problem.reason, "WrongType") << problem.message;
    }
}

// --- roles --------------------------------------------------------------------------------------------------------

TEST(Roles, GrantsHoldsTheDefaultRulesAndNothingElse) {
    auto const role =
        object_named(deploy() / "operator/install.yaml", "ClusterRole", "activemonitor-controller-grants");
    auto const held = read_rules(find(role, "rules"));
    auto defaults = default_rules(Purpose::check);
    for (auto const& rule : default_rules(Purpose::remedy)) defaults.push_back(rule);
    EXPECT_THAT(missing_rights(defaults, held), IsEmpty());
    EXPECT_THAT(missing_rights(held, defaults), IsEmpty());
}

TEST(Roles, APlanKnowsWhatTheOperatorHoldsInEveryNamespace) {
    std::vector<PolicyRule> held;
    for (auto const& object : objects_in(deploy() / "operator/install.yaml")) {
        if (get_string(object, "kind") != "ClusterRole") continue;
        for (auto const& rule : read_rules(find(object, "rules"))) held.push_back(rule);
    }
    EXPECT_THAT(missing_rights(shipped_rules(), held), IsEmpty());
    EXPECT_THAT(missing_rights(held, shipped_rules()), IsEmpty());
}

TEST(Roles, NoneOfThemMayEscalateOrBindOrHoldsAStar) {
    for (auto const& object : objects_in(deploy() / "operator/install.yaml")) {
        if (!get_string(object, "kind").ends_with("Role")) continue;
        for (auto const& rule : read_rules(find(object, "rules"))) {
            for (auto const& words : {rule.api_groups, rule.resources, rule.verbs}) {
                for (auto const* word : {"*", "escalate", "bind"}) EXPECT_THAT(words, testing::Not(Contains(word)));
            }
        }
    }
}

// --- names, for those who come from active-monitor ----------------------------------------------------------------

TEST(Install, KeepsTheNamesThatPeopleKnow) {
    auto const install = deploy() / "operator/install.yaml";
    for (auto const& object : objects_in(install)) {
        auto const ns = get_string(object, "metadata.namespace");
        EXPECT_EQ(ns, get_string(object, "kind").starts_with("Cluster") ? "" : "health") << to_json(object);
    }
    auto const deployment = object_named(install, "Deployment", "activemonitor-controller");
    EXPECT_EQ(to_json(*find(deployment, "spec.selector.matchLabels")), R"({"name":"activemonitor-controller"})");
    EXPECT_EQ(get_string(deployment, "spec.template.metadata.labels.name"), "activemonitor-controller");
    auto const& pod = *find(deployment, "spec.template.spec");
    EXPECT_EQ(get_string(pod, "serviceAccountName"), "activemonitor-controller-sa");
    EXPECT_EQ(get_string(pod, "containers.0.name"), "active-monitor");
    EXPECT_EQ(get_string(pod, "containers.0.args.0"), "operator");
    EXPECT_TRUE(get_bool(pod, "securityContext.runAsNonRoot"));
    EXPECT_TRUE(get_bool(pod, "containers.0.securityContext.readOnlyRootFilesystem"));
}

// --- the chart ----------------------------------------------------------------------------------------------------

TEST(Chart, HoldsTheSameResourceAndPolicy) {
    for (auto const* file : {"crd.yaml", "validation.yaml"}) {
        EXPECT_TRUE(text_of(chart() / "files" / file) == text_of(deploy() / "operator" / file))
            << "copy deploy/operator/" << file << " into the chart's files/";
    }
}

// The rules of each ClusterRole of the template, as it is rendered with the values' defaults.
std::vector<std::vector<PolicyRule>> chart_rules() {
    std::istringstream stream(text_of(chart() / "templates/rbac.yaml"));
    std::string rendered;
    bool verify = false;  // the branch of rbac.mode: verify
    for (std::string line; std::getline(stream, line);) {
        bool const action = line.starts_with("{{");
        if (action) verify = line.starts_with("{{- else if");
        if (action || verify || line.find("vedette.labels") != std::string::npos) continue;
        rendered += std::regex_replace(line, std::regex("\\{\\{.*\\}\\}"), "x") + "\n";
    }
    std::vector<std::vector<PolicyRule>> rules;
    while (!rendered.empty()) {
        auto const end = rendered.find("---\n");
        auto const parsed = parse_yaml(rendered.substr(0, end), "rbac.yaml");
        rendered = end == std::string::npos ? "" : rendered.substr(end + 4);
        EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().text());
        if (!parsed) continue;
        auto const object = to_json(*parsed);
        if (get_string(object, "kind").ends_with("Role")) rules.push_back(read_rules(find(object, "rules")));
    }
    return rules;
}

TEST(Chart, HandsOutTheSameRights) {
    auto const install = deploy() / "operator/install.yaml";
    auto const plain = [&](char const* kind, char const* name) {
        return read_rules(find(object_named(install, kind, name), "rules"));
    };
    auto const rules = chart_rules();
    ASSERT_EQ(rules.size(), 5u) << "controller, grants, metrics-reader, leader, policy";
    EXPECT_EQ(rules[0], plain("ClusterRole", "activemonitor-controller-controller"));
    EXPECT_EQ(rules[1], plain("ClusterRole", "activemonitor-controller-grants"));
    EXPECT_EQ(rules[3], plain("Role", "activemonitor-controller-role"));
}

TEST(Chart, AlertsOnSeriesThatExist) {
    auto const alerts = text_of(chart() / "templates/prometheusrule.yaml");
    auto const metrics = text_of(fs::path(TEST_SOURCE_DIR) / "../../src/operator/metrics.cpp");
    std::regex const series(R"(\b(healthcheck|vedette_operator|leader_election)_[a-z_]+(?=\{))");
    int found = 0;
    for (std::sregex_iterator it(alerts.begin(), alerts.end(), series), end; it != end; ++it, ++found) {
        EXPECT_NE(metrics.find(fmt::format("\"{}\"", it->str())), std::string::npos) << it->str();
    }
    EXPECT_EQ(found, 11);
}

TEST(Chart, MountsTheHeartbeatsSecretWhereTheFlagLooks) {
    auto const flags = text_of(chart() / "templates/_arguments.tpl");
    EXPECT_THAT(flags, testing::HasSubstr("- --heartbeat-url-file=/etc/vedette/heartbeat/url\n"));
    auto const text = text_of(chart() / "templates/deployment.yaml");
    EXPECT_THAT(text, testing::HasSubstr("- name: heartbeat\n          mountPath: /etc/vedette/heartbeat\n"));
    EXPECT_THAT(text, testing::HasSubstr("            path: url\n"));
}

// --- examples -----------------------------------------------------------------------------------------------------

TEST(DeployedExamples, CanRunAsTheyAre) {
    std::set<std::string> sources;
    int read = 0;
    for (auto const& file : fs::recursive_directory_iterator(deploy() / "operator/examples")) {
        if (file.path().extension() != ".yaml") continue;
        auto const name = file.path().filename().string();
        auto const found = read_manifests(text_of(file.path()), name, "default");
        ASSERT_TRUE(found.has_value()) << found.error().text();
        for (auto const& each : found->checks) {
            ++read;
            auto problems = each.problems;
            for (auto& problem : validate_checks(each.check)) problems.push_back(std::move(problem));
            for (auto const& problem : problems) ADD_FAILURE() << each.where << ": " << problem.message;
            if (!each.check.spec.workflow.has_resource) continue;
            sources.insert(fmt::format("{}", static_cast<int>(each.check.spec.workflow.source.kind)));
            for (auto const purpose : {Purpose::check, Purpose::remedy}) {
                auto const& workflow = purpose == Purpose::check ? each.check.spec.workflow : each.check.spec.remedy;
                if (workflow.source.kind != Source::Kind::inline_text) continue;
                auto const built =
                    build_workflow(each.check, {purpose, 1, 1}, workflow.source.text, std::chrono::seconds(60), 0);
                EXPECT_TRUE(built.has_value()) << each.where << ": " << (built ? "" : built.error().text());
            }
        }
    }
    EXPECT_GE(read, 21);
    EXPECT_EQ(sources.size(), 4u) << "inline, url, file and configMap";
}

}  // namespace
}  // namespace vedette::op
