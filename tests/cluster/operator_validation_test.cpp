// deploy/operator/validation.yaml on a real API server: its CEL is sound, every rule refuses what it is for, what can
// run is accepted, and what was bad before stays writable.
//
// The policy is applied with failurePolicy Fail in the place of Ignore, which would hide an expression that cannot be
// evaluated: such an object would go in as if it were good.

#include "base/json.hpp"
#include "base/yaml.hpp"
#include "cluster/cluster.hpp"
#include "cluster/health_check.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

namespace vedette::cluster {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

using std::chrono::seconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto policy_name = "healthchecks.activemonitor.keikoproj.io";
constexpr auto policies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/";

std::string content(fs::path const& path) {
    std::ifstream file(path);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> documents_of(std::string const& text) {
    std::vector<std::string> documents;
    for (std::size_t at = 0; at < text.size();) {
        auto const end = std::min(text.find("\n---\n", at), text.size());
        documents.push_back(text.substr(at, end - at) + "\n");
        at = end + std::string_view("\n---\n").size();
    }
    return documents;
}

json::value object_of(std::string const& document) {
    auto const parsed = parse_yaml(document, "a document");
    EXPECT_TRUE(parsed) << document;
    return parsed ? to_json(*parsed) : json::value();
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    auto const at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

std::string validation() {
    return content(VEDETTE_DEPLOY_DIR "/operator/validation.yaml");
}

std::string object(std::string const& name, std::string const& spec) {
    return fmt::format(
        "---\napiVersion: activemonitor.keikoproj.io/v1alpha1\nkind: HealthCheck\n"
        "metadata: {{name: {}, namespace: judged}}\nspec: {{{}}}\n",
        name, spec);
}

std::string workflow(std::string const& key, std::string const& members) {
    return fmt::format("{}: {{{}}}", key, members);
}

// Members of a Workflow that can run, one of them as `resource` says.
std::string members(std::string const& resource) {
    return fmt::format("generateName: a-, resource: {{{}}}", resource);
}

std::string const where = "namespace: judged, serviceAccount: one";
std::string const runs = members(where + ", source: {inline: x}");
std::string const plain = "level: namespace, repeatAfterSec: 60, " + workflow("workflow", runs);
std::string const no_schedule = "level: namespace, " + workflow("workflow", runs);

struct Bad {
    std::string message;  ///< of the one rule that refuses it
    std::string spec;
};

// A remedy or workflow with one thing wrong, beside everything else that is right.
std::string with(std::string const& key, std::string const& wrong) {
    return key == "workflow" ? "level: namespace, " + workflow(key, wrong) : plain + ", " + workflow(key, wrong);
}

std::vector<Bad> bad_objects() {
    std::string const level = "spec.level must be cluster or namespace, in lower case";
    std::string const cron =
        "spec.schedule.cron must be five fields, @yearly, @monthly, @weekly, @daily, @hourly, or @every with a "
        "duration such as 90s";
    std::string const factor = "spec.backoffFactor must be a decimal between 0 and 1, such as \"0.5\"";
    std::string const backoff =
        "spec.backoffMin and spec.backoffMax must not be negative, and backoffMin not above backoffMax";
    std::string const limits = "spec.remedyRunsLimit and spec.remedyResetInterval must not be negative";
    std::vector<Bad> all{
        {level, workflow("workflow", runs)},
        {level, "level: Cluster, " + workflow("workflow", runs)},
        {level, "checks: [{type: tcp}]"},
        {cron, no_schedule + ", schedule: {cron: '* * * *'}"},
        {cron, no_schedule + ", schedule: {cron: '@fortnightly'}"},
        {cron, no_schedule + ", schedule: {cron: '@every 90'}"},
        {"spec.repeatAfterSec must not be negative", no_schedule + ", repeatAfterSec: -1"},
        {factor, plain + ", backoffFactor: '1.5'"},
        {factor, plain + ", backoffFactor: '0.0'"},
        {factor, plain + ", backoffFactor: half"},
        {backoff, plain + ", backoffMin: -1"},
        {backoff, plain + ", backoffMin: 20, backoffMax: 10"},
        {limits, plain + ", remedyRunsLimit: -1"},
        {limits, plain + ", remedyResetInterval: -1"},
        {"spec.failureThreshold must not be negative", plain + ", failureThreshold: -1"},
        {"spec.cooldown must be a duration such as 10m", plain + ", cooldown: soon"},
        {"spec.workflow needs resource, with namespace, service account and the text of the Workflow",
         with("workflow", "generateName: a-")},
        {"spec.workflow needs resource, with namespace, service account and the text of the Workflow",
         "level: namespace, workflow: {}, checks: [{type: tcp}]"},
        {"spec.workflow.resource needs a namespace and a serviceAccount",
         with("workflow", members("namespace: judged, source: {inline: x}"))},
        {"spec.workflow.resource needs a namespace and a serviceAccount",
         with("workflow", members("namespace: '', serviceAccount: one, source: {inline: x}"))},
        {"spec.remedyworkflow needs resource, with a namespace and a serviceAccount",
         with("remedyworkflow", "generateName: a-")},
        {"spec.remedyworkflow needs resource, with a namespace and a serviceAccount",
         with("remedyworkflow", members("namespace: judged, source: {inline: x}"))},
        {"spec.checks must not hold exec; the operator starts no programs",
         "level: namespace, checks: [{type: tcp}, {type: exec, with: {command: [true]}}]"},
    };
    for (std::string const key : {"workflow", "remedyworkflow"}) {
        auto const add = [&](std::string const& message, std::string const& wrong) {
            all.push_back({fmt::format("spec.{}{}", key, message), with(key, wrong)});
        };
        auto const resource = fmt::format("resource: {{{}, source: {{inline: x}}}}", where);
        std::string const prefix = ".generateName must be 1 to 57 lower case letters, digits, dots and dashes";
        add(prefix, resource);
        add(prefix, "generateName: A-, " + resource);
        std::string const source = ".resource.source must hold exactly one of inline, url, file and configMap";
        add(source, members(where + ", source: {}"));
        add(source, members(where + ", source: {inline: x, file: {path: /x}}"));
        add(".workflowtimeout must not be negative", "workflowtimeout: -1, " + runs);
    }
    return all;
}

std::string bad_name(std::size_t number) {
    return fmt::format("bad-{}", number);
}

// kubectl's exit code, and what it says to standard error too.
Output told_by_kubectl(std::string const& arguments, std::string const& input) {
    File const file(input);
    return run(fmt::format("kubectl {} 2>&1 <{}", arguments, file.path()));
}

std::string line_about(std::string const& text, std::string const& name) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.find(fmt::format("\"{}\"", name)) != std::string::npos) return line;
    }
    return "";
}

// Type checking finds an expression that names no field: so it knows the resource by now, and its silence means
// something.
void wait_until_types_are_checked() {
    auto const name = std::string("unsound.") + policy_name;
    auto const unsound =
        replaced(replaced(documents_of(validation()).at(0), "metadata:\n  name: ", "metadata:\n  name: unsound."),
                 "- expression: variables.levelKept ||", "- expression: object.spec.noSuchField == 1 ||");
    EXPECT_TRUE(eventually(seconds(60), [&] {
        run(fmt::format("kubectl delete validatingadmissionpolicy {} --ignore-not-found >/dev/null", name));
        kubectl("create -f - >/dev/null", unsound);
        json::object seen;
        eventually(seconds(10), [&] {
            seen = get(policies + name);
            return get_int(seen, "status.observedGeneration").has_value();
        });
        return find(seen, "status.typeChecking.expressionWarnings") != nullptr;
    })) << "the API server checks no types";
    kubectl(fmt::format("delete validatingadmissionpolicy {} >/dev/null", name));
}

class OperatorValidation : public testing::Test {
protected:
    static void SetUpTestSuite() {
        kubectl("apply -f " VEDETTE_DEPLOY_DIR "/operator/crd.yaml >/dev/null");
        kubectl(
            "wait --for=condition=Established --timeout=60s crd/healthchecks.activemonitor.keikoproj.io >/dev/null");
        kubectl("create namespace judged >/dev/null");
        std::string old;
        for (std::size_t i = 0; i < bad_objects().size(); ++i) old += object(bad_name(i), bad_objects()[i].spec);
        kubectl("create -f - >/dev/null", old);
        wait_until_types_are_checked();
        kubectl("apply -f - >/dev/null", replaced(validation(), "failurePolicy: Ignore", "failurePolicy: Fail"));
        // Each rule is in force when one is.
        EXPECT_TRUE(eventually(seconds(60), [] {
            return told_by_kubectl("create --dry-run=server -f -", object("first", bad_objects()[0].spec)).code != 0;
        })) << "the policy is not in force";
    }
    static void TearDownTestSuite() {
        run("kubectl delete -f " VEDETTE_DEPLOY_DIR "/operator/validation.yaml >/dev/null");
        run("kubectl delete namespace judged --wait=false >/dev/null");
    }
};

TEST_F(OperatorValidation, ItsExpressionsHaveNoWarnings) {
    json::object policy;
    ASSERT_TRUE(eventually(seconds(30), [&] {
        policy = get(std::string(policies) + policy_name);
        return get_int(policy, "status.observedGeneration") == get_int(policy, "metadata.generation");
    }));
    ASSERT_NE(find(policy, "status.typeChecking"), nullptr) << to_json(policy);
    auto const* warnings = find(policy, "status.typeChecking.expressionWarnings");
    EXPECT_EQ(warnings, nullptr) << to_pretty_json(*warnings);
}

TEST_F(OperatorValidation, EveryRuleRefusesWithItsMessage) {
    auto const bad = bad_objects();
    std::string all;
    for (std::size_t i = 0; i < bad.size(); ++i) all += object(fmt::format("new-{}", i), bad[i].spec);
    auto const told = told_by_kubectl("create --dry-run=server -f -", all);
    std::set<std::string> refused_by;
    for (std::size_t i = 0; i < bad.size(); ++i) {
        EXPECT_THAT(line_about(told.text, fmt::format("new-{}", i)), EndsWith("denied request: " + bad[i].message))
            << bad[i].spec;
        refused_by.insert(bad[i].message);
    }
    std::set<std::string> messages;
    auto const policy = object_of(documents_of(validation()).at(0));
    for (auto const& rule : find(policy, "spec.validations")->as_array()) messages.insert(get_string(rule, "message"));
    EXPECT_EQ(refused_by, messages) << "a rule has no object here";
}

TEST_F(OperatorValidation, WhatCanRunIsAccepted) {
    std::vector<std::string> const good{
        plain,
        "level: cluster, " + workflow("workflow", runs),
        "level: namespace, checks: [{type: tcp}]",
        no_schedule + ", schedule: {}",
        no_schedule + ", schedule: {cron: ''}",
        no_schedule + ", schedule: {cron: '@every 1h30m'}",
        no_schedule + ", schedule: {cron: 'TZ=Europe/Berlin 0 5 * * MON-FRI'}",
        no_schedule + ", schedule: {cron: '@midnight'}",
        plain + ", backoffFactor: '.25', backoffMin: 5, backoffMax: 5",
        plain + ", backoffFactor: '', backoffMin: 5",
        plain + ", cooldown: 1h30m, failureThreshold: 0, remedyRunsLimit: 0, remedyResetInterval: 0",
        plain + ", remedyworkflow: {}",
        plain + ", " + workflow("remedyworkflow", "workflowtimeout: 0, " + runs),
        with("workflow", members(where + ", source: {configMap: {name: a, key: b}}")),
        with("workflow", members(where + ", source: {url: {path: 'https://192.0.2.1/'}}")),
    };
    std::string all;
    for (std::size_t i = 0; i < good.size(); ++i) all += object(fmt::format("good-{}", i), good[i]);
    auto const told = told_by_kubectl("create --dry-run=server -o name -f -", all);
    EXPECT_EQ(told.code, 0) << told.text;
}

TEST_F(OperatorValidation, EveryExampleIsAccepted) {
    std::string all;
    std::set<std::string> namespaces;
    int count = 0;
    for (auto const& file : fs::recursive_directory_iterator(VEDETTE_DEPLOY_DIR "/operator/examples")) {
        if (file.path().extension() != ".yaml") continue;
        for (auto const& document : documents_of(content(file.path()))) {
            auto const parsed = object_of(document);
            if (get_string(parsed, "kind") != "HealthCheck") continue;
            namespaces.insert(get_string(parsed, "metadata.namespace", "default"));
            all += "---\n" + document;
            ++count;
        }
    }
    EXPECT_GE(count, 21);
    for (auto const& each : namespaces) run(fmt::format("kubectl create namespace {} >/dev/null 2>&1", each));
    auto const told = told_by_kubectl("create --dry-run=server -o name -f -", all);
    EXPECT_EQ(told.code, 0) << told.text;
    EXPECT_EQ(std::count(told.text.begin(), told.text.end(), '\n'), count) << told.text;
}

TEST_F(OperatorValidation, WhatWasBadBeforeStaysWritableWhereAChangeDoesNotTouchIt) {
    std::string all;
    for (std::size_t i = 0; i < bad_objects().size(); ++i) all += object(bad_name(i), bad_objects()[i].spec);
    File const file(all);
    auto const patched = [&](std::string const& more) {
        auto const told = run(fmt::format("kubectl patch --type merge -f {} {} -o name 2>&1", file.path(), more));
        EXPECT_EQ(told.code, 0) << told.text;
        EXPECT_EQ(static_cast<std::size_t>(std::count(told.text.begin(), told.text.end(), '\n')), bad_objects().size())
            << told.text;
    };
    patched(R"(-p '{"metadata":{"labels":{"seen":"yes"}}}')");
    patched(R"(--subresource=status -p '{"status":{"status":"Failed"}}')");
    patched(R"(-p '{"spec":{"description":"still bad"}}')");
    Check const old("judged", bad_name(1));
    EXPECT_EQ(old.text("metadata.labels.seen"), "yes");
    EXPECT_EQ(old.text("status.status"), "Failed");
    EXPECT_EQ(old.text("spec.level"), "Cluster");

    auto const patch = fmt::format("kubectl -n judged patch healthcheck {} --type merge 2>&1 -p ", old.name());
    EXPECT_THAT(run(patch + R"('{"spec":{"level":"Namespace"}}')").text, HasSubstr(bad_objects()[1].message));
    auto const mended = run(patch + R"('{"spec":{"level":"namespace"}}')");
    EXPECT_EQ(mended.code, 0) << mended.text;
}

}  // namespace
}  // namespace vedette::cluster
