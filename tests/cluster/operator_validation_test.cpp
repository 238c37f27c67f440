// The validation policies on a real API server: what is said of each HealthCheck of the table that the operator is held
// to as well (tests/operator/validation_test.cpp), of many HealthChecks that nobody wrote, against what `vedette
// operator plan` says of the same, and that what was bad before stays writable.
//
// The policies are applied with failurePolicy Fail in the place of Ignore, which would hide an expression that cannot
// be evaluated: such an object would go in as if it were good.

#include "cluster/cluster.hpp"
#include "cluster/health_check.hpp"
#include "operator/validation_table.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <vector>

namespace vedette::cluster {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

using std::chrono::seconds;
using testing::HasSubstr;

constexpr auto refusing = "healthchecks.activemonitor.keikoproj.io";
constexpr auto warning = "healthchecks-warnings.activemonitor.keikoproj.io";
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

// As shipped, but an expression that cannot be evaluated refuses.
std::string validation() {
    auto text = content(VEDETTE_DEPLOY_DIR "/operator/validation.yaml");
    return replaced(replaced(std::move(text), "failurePolicy: Ignore", "failurePolicy: Fail"), "failurePolicy: Ignore",
                    "failurePolicy: Fail");
}

std::string object(std::string const& name, json::object const& spec) {
    json::object const object{{"apiVersion", "activemonitor.keikoproj.io/v1alpha1"},
                              {"kind", "HealthCheck"},
                              {"metadata", {{"name", name}, {"namespace", "judged"}}},
                              {"spec", spec}};
    return "---\n" + to_json(object) + "\n";
}

std::vector<ValidationRow> const& table() {
    static auto const rows = validation_table(CLUSTER_SOURCE_DIR "/../operator");
    return rows;
}

std::string row_name(std::size_t number) {
    return fmt::format("row-{}", number);
}

// kubectl's exit code, and what it says to standard error too.
Output told_by_kubectl(std::string const& arguments, std::string const& input) {
    File const file(input);
    return run(fmt::format("kubectl {} 2>&1 <{}", arguments, file.path()));
}

// What a dry run of creating each of them comes to: name -> "" or what was said of it. kubectl says each warning once,
// and not of whom; a binding that denies is named with the object.
std::map<std::string, std::string> refusals(std::string const& objects) {
    std::map<std::string, std::string> found;
    std::istringstream lines(told_by_kubectl("create --dry-run=server -o name -f -", objects).text);
    std::regex const accepted(R"(^healthcheck\.[a-z.]+/([a-z0-9-]+)$)");
    std::regex const denied(R"re("([a-z0-9-]+)" is (?:invalid|forbidden): .*denied request: (.*)$)re");
    for (std::string line; std::getline(lines, line);) {
        std::smatch match;
        if (std::regex_search(line, match, accepted)) found[match[1]] = "";
        if (std::regex_search(line, match, denied)) found[match[1]] = match[2];
    }
    return found;
}

// Type checking finds an expression that names no field: so it knows the resource by now, and its silence means
// something.
void wait_until_types_are_checked() {
    auto const name = std::string("unsound.") + refusing;
    auto const unsound =
        replaced(replaced(documents_of(validation()).at(0), "metadata:\n  name: ", "metadata:\n  name: unsound."),
                 "  validations:\n", "  validations:\n  - expression: object.spec.noSuchField == 1\n");
    kubectl("create -f - >/dev/null", unsound);
    EXPECT_TRUE(eventually([&] {
        auto const seen = get(policies + name);
        if (find(seen, "status.typeChecking.expressionWarnings")) return true;
        if (get_int(seen, "status.observedGeneration")) {  // looked at too early, and it is looked at once
            kubectl(fmt::format("delete validatingadmissionpolicy {} >/dev/null", name));
            kubectl("create -f - >/dev/null", unsound);
        }
        return false;
    })) << "the API server checks no types";
    kubectl(fmt::format("delete validatingadmissionpolicy {} >/dev/null", name));
}

// Waits until the policy of warnings refuses, or no longer does.
void set_warnings_to(std::string const& action) {
    kubectl(
        fmt::format("patch validatingadmissionpolicybinding {} --type merge "
                    "-p '{{\"spec\":{{\"validationActions\":[\"{}\"]}}}}' >/dev/null",
                    warning, action));
    auto const row = std::ranges::find_if(table(), [](auto const& each) { return !each.warned.empty(); });
    EXPECT_TRUE(eventually([&] { return refusals(object("probe", row->spec))["probe"].empty() == (action == "Warn"); }))
        << "the policy does not " << action;
}

class OperatorValidation : public testing::Test {
protected:
    static void SetUpTestSuite() {
        kubectl("apply -f " VEDETTE_DEPLOY_DIR "/operator/crd.yaml >/dev/null");
        wait_for_resource();
        kubectl("create namespace judged >/dev/null");
        std::string old;
        for (std::size_t i = 0; i < table().size(); ++i) old += object(row_name(i), table()[i].spec);
        kubectl("create -f - >/dev/null", old);
        wait_until_types_are_checked();
        kubectl("apply -f - >/dev/null", validation());
        // Each rule of a policy is in force when one is.
        auto const row = std::ranges::find_if(table(), [](auto const& each) { return !each.refused.empty(); });
        EXPECT_TRUE(eventually([&] { return !refusals(object("first", row->spec))["first"].empty(); }))
            << "the policy is not in force";
        set_warnings_to("Deny");
        set_warnings_to("Warn");
    }
    static void TearDownTestSuite() {
        run("kubectl delete -f " VEDETTE_DEPLOY_DIR "/operator/validation.yaml >/dev/null");
        run("kubectl delete namespace judged --wait=false >/dev/null");
    }
};

TEST_F(OperatorValidation, ItsExpressionsHaveNoWarnings) {
    for (auto const* name : {refusing, warning}) {
        json::object policy;
        ASSERT_TRUE(eventually([&] {
            policy = get(std::string(policies) + name);
            return get_int(policy, "status.observedGeneration") == get_int(policy, "metadata.generation");
        }));
        ASSERT_NE(find(policy, "status.typeChecking"), nullptr) << to_json(policy);
        auto const* warnings = find(policy, "status.typeChecking.expressionWarnings");
        EXPECT_EQ(warnings, nullptr) << to_pretty_json(*warnings);
    }
}

TEST_F(OperatorValidation, EachRowIsRefusedWithItsMessageOrGoesIn) {
    std::string all;
    for (std::size_t i = 0; i < table().size(); ++i) all += object(fmt::format("new-{}", i), table()[i].spec);
    auto said = refusals(all);
    EXPECT_EQ(said.size(), table().size());
    for (std::size_t i = 0; i < table().size(); ++i) {
        EXPECT_EQ(said[fmt::format("new-{}", i)], table()[i].refused) << to_json(table()[i].spec);
    }
}

TEST_F(OperatorValidation, EachRowThatIsWarnedOfIsSoWithItsMessageAndNoOther) {
    std::string quiet;
    std::string warned;
    std::set<std::string> messages;
    for (std::size_t i = 0; i < table().size(); ++i) {
        auto const& row = table()[i];
        if (!row.refused.empty()) continue;
        (row.warned.empty() ? quiet : warned) += object(fmt::format("new-{}", i), row.spec);
        if (!row.warned.empty()) messages.insert(row.warned);
    }
    EXPECT_THAT(told_by_kubectl("create --dry-run=server -o name -f -", quiet).text,
                testing::Not(HasSubstr("Warning: ")));
    auto const told = told_by_kubectl("create --dry-run=server -o name -f -", warned).text;
    for (auto const& message : messages) {
        EXPECT_THAT(told, HasSubstr(fmt::format("Warning: Validation failed for ValidatingAdmissionPolicy '{}' with "
                                                "binding '{}': {}\n",
                                                warning, warning, message)));
    }
    set_warnings_to("Deny");
    auto said = refusals(warned);
    set_warnings_to("Warn");
    for (std::size_t i = 0; i < table().size(); ++i) {
        if (table()[i].warned.empty()) continue;
        EXPECT_EQ(said[fmt::format("new-{}", i)], table()[i].warned) << to_json(table()[i].spec);
    }
}

// --- what nobody wrote ----------------------------------------------------------------------------------------------

enum class Verdict { runs, runs_otherwise, cannot_run };

// By `vedette operator plan`, of each name.
std::map<std::string, Verdict> verdicts(std::string const& objects) {
    fs::path const folder = fs::path(variable("VEDETTE_CLUSTER_RUN")) / "sources";
    fs::create_directories(folder);
    std::ofstream(folder / "a.yaml") << "spec: {entrypoint: a}\n";
    File const file(objects);
    auto const told =
        run(fmt::format("\"$VEDETTE_BIN\" operator plan {} -o json --source-dir {}", file.path(), folder.string()));
    auto const plan = parse_json(told.text, "plan");
    EXPECT_TRUE(plan) << told.text.substr(0, 500);
    std::map<std::string, Verdict> found;
    if (!plan) return found;
    for (auto const& check : plan->at("checks").as_array()) {
        auto& verdict = found[get_string(check, "name")];
        verdict = Verdict::runs;
        for (auto const& problem : check.at("problems").as_array()) {
            bool const stops = get_string(problem, "severity") == "error" || get_bool(problem, "stops_remedy");
            verdict = std::max(verdict, stops ? Verdict::cannot_run : Verdict::runs_otherwise);
        }
    }
    return found;
}

// One row with the changes of several others: what a policy can tell, in combinations.
json::object drawn(std::mt19937& random) {
    std::vector<ValidationRow const*> rows;
    for (auto const& each : table()) {
        if (each.only.empty()) rows.push_back(&each);
    }
    auto const pick = [&] { return rows[random() % rows.size()]; };
    auto spec = pick()->spec;
    for (auto more = random() % 3; more > 0; --more) {
        auto const other = pick()->spec;
        for (auto const& [key, value] : other) {
            if (random() % 2 == 0) spec[key] = value;
        }
        if (random() % 4 == 0 && !spec.empty()) spec.erase((spec.begin() + random() % spec.size())->key());
    }
    // The schema itself asks for one of the two.
    if (!spec.contains("workflow") && !spec.contains("checks")) spec["checks"] = json::array{};
    return spec;
}

TEST_F(OperatorValidation, WhatNobodyWroteIsJudgedAsTheOperatorJudgesIt) {
    constexpr int drawings = 600;
    auto const* given = std::getenv("SEED");
    std::mt19937 random(given ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : 20260301u);
    std::map<std::string, json::object> specs;
    std::string all;
    for (int i = 0; i < drawings; ++i) {
        auto const name = fmt::format("drawn-{}", i);
        specs[name] = drawn(random);
        all += object(name, specs[name]);
    }
    auto const judged = verdicts(all);
    ASSERT_EQ(judged.size(), specs.size());
    auto as_shipped = refusals(all);
    set_warnings_to("Deny");
    auto strict = refusals(all);
    set_warnings_to("Warn");
    ASSERT_EQ(as_shipped.size(), specs.size());
    ASSERT_EQ(strict.size(), specs.size());
    std::map<Verdict, int> counts;
    for (auto const& [name, verdict] : judged) {
        ++counts[verdict];
        EXPECT_EQ(!as_shipped[name].empty(), verdict == Verdict::cannot_run) << as_shipped[name] << "\n"
                                                                             << to_json(specs[name]);
        EXPECT_EQ(!strict[name].empty(), verdict != Verdict::runs) << strict[name] << "\n" << to_json(specs[name]);
    }
    for (auto const verdict : {Verdict::runs, Verdict::runs_otherwise, Verdict::cannot_run}) {
        EXPECT_GT(counts[verdict], drawings / 20) << "a test of nothing but one verdict proves little";
    }
}

// --- names
// ------------------------------------------------------------------------------------------------------------

// What the table says of generateName is what the API server says of an object with such a name and such a prefix.
TEST_F(OperatorValidation, AGenerateNameIsRefusedWhereTheApiServerRefusesWhatIsNamedAfterIt) {
    std::set<std::string> seen;
    for (auto const& row : table()) {
        auto const prefix = get_string(row.spec, "workflow.generateName");
        bool const about_it = row.problems.empty() || row.problems.front().ends_with(" GenerateNameInvalid");
        if (prefix.empty() || !about_it || get_string(row.spec, "level").empty() || !seen.insert(prefix).second)
            continue;
        json::object const named{
            {"apiVersion", "v1"},
            {"kind", "ConfigMap"},
            {"metadata",
             {{"name", prefix.substr(0, 57) + "bcdfg"}, {"generateName", prefix}, {"namespace", "judged"}}}};
        auto const told = told_by_kubectl("create --dry-run=server -f -", to_json(named));
        EXPECT_EQ(told.code == 0, row.problems.empty()) << prefix << ": " << told.text;
    }
    EXPECT_GT(seen.size(), 10u);
}

// Likewise of the names of namespaces and service accounts.
TEST_F(OperatorValidation, ANameIsRefusedWhereTheApiServerRefusesAnObjectOfThatName) {
    struct Field {
        std::string kind, path, reason;
        std::set<std::string> seen;
    };
    for (auto& field : std::vector<Field>{
             {"Namespace", "workflow.resource.namespace", "NamespaceInvalid", {"judged"}},
             {"ServiceAccount", "workflow.resource.serviceAccount", "ServiceAccountInvalid", {"one"}},
             {"ConfigMap", "workflow.resource.source.configMap.name", "SourceInvalid", {}},
         }) {
        for (auto const& row : table()) {
            auto const name = get_string(row.spec, field.path);
            auto const wanted = fmt::format("error spec.{} {}", field.path, field.reason);
            bool const about_it = row.problems.empty() || row.problems.front() == wanted;
            if (name.empty() || !about_it || !field.seen.insert(name).second) continue;
            json::object named{{"apiVersion", "v1"}, {"kind", field.kind}, {"metadata", {{"name", name}}}};
            auto const told = told_by_kubectl("create --namespace judged --dry-run=server -f -", to_json(named));
            EXPECT_EQ(told.code == 0, row.problems.empty()) << field.kind << " " << name << ": " << told.text;
        }
        EXPECT_GE(field.seen.size(), 3u) << field.path;
    }
}

// An expression may cost only so much, and what cannot be evaluated would be refused here.
TEST_F(OperatorValidation, AMegabyteOfTextIsJudgedLikeALine) {
    auto spec = table().front().spec;
    auto& text = spec.at("workflow").at("resource").at("source").at("inline");
    text = "spec: {entrypoint: a}\n" + std::string(1u << 20, '#');
    EXPECT_EQ(refusals(object("large", spec)), (std::map<std::string, std::string>{{"large", ""}}));
    text = std::string(1u << 20, ' ');
    EXPECT_THAT(refusals(object("large", spec))["large"], HasSubstr("source needs an inline text"));
    auto& source = spec.at("workflow").at("resource").at("source");
    source = {{"url", {{"path", "https://a.example/" + std::string(1u << 20, 'a')}}}};
    EXPECT_EQ(refusals(object("large", spec)), (std::map<std::string, std::string>{{"large", ""}}));
    source = {{"url", {{"path", "https://a.example/" + std::string(2000, 'a') + ' '}}}};
    EXPECT_THAT(refusals(object("large", spec))["large"], HasSubstr("must be an http or https address"));
    for (auto const* field : {"namespace", "serviceAccount"}) {
        spec = table().front().spec;
        spec.at("workflow").at("resource").as_object()[field] = std::string(1u << 20, 'a');
        EXPECT_THAT(refusals(object("large", spec))["large"], HasSubstr(std::string(field) + " must be lower case"));
    }
    spec = table().front().spec;
    spec.at("workflow").as_object()["generateName"] = std::string(1u << 20, 'a');
    EXPECT_THAT(refusals(object("large", spec))["large"], HasSubstr("generateName must begin a name"));
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
    // A url whose certificate is not verified is warned of, and goes in.
    EXPECT_EQ(told.text.find("denied request"), std::string::npos) << told.text;
    std::istringstream lines(told.text);
    int accepted = 0;
    for (std::string line; std::getline(lines, line);) accepted += line.starts_with("healthcheck.");
    EXPECT_EQ(accepted, count) << told.text;
}

TEST_F(OperatorValidation, WhatWasBadBeforeStaysWritableWhereAChangeDoesNotTouchIt) {
    set_warnings_to("Deny");
    std::string all;
    for (std::size_t i = 0; i < table().size(); ++i) all += object(row_name(i), table()[i].spec);
    File const file(all);
    auto const patched = [&](std::string const& more) {
        auto const told = run(fmt::format("kubectl patch --type merge -f {} {} -o name 2>&1", file.path(), more));
        EXPECT_EQ(told.code, 0) << told.text;
        EXPECT_EQ(static_cast<std::size_t>(std::count(told.text.begin(), told.text.end(), '\n')), table().size())
            << told.text;
    };
    patched(R"(-p '{"metadata":{"labels":{"seen":"yes"}}}')");
    patched(R"(--subresource=status -p '{"status":{"status":"Failed"}}')");
    patched(R"(-p '{"spec":{"description":"still bad"}}')");
    set_warnings_to("Warn");

    auto const upper =
        std::ranges::find_if(table(), [](auto const& each) { return get_string(each.spec, "level") == "Cluster"; });
    ASSERT_NE(upper, table().end());
    Check const old("judged", row_name(static_cast<std::size_t>(upper - table().begin())));
    EXPECT_EQ(old.text("metadata.labels.seen"), "yes");
    EXPECT_EQ(old.text("status.status"), "Failed");
    EXPECT_EQ(old.text("spec.level"), "Cluster");

    auto const patch = fmt::format("kubectl -n judged patch healthcheck {} --type merge 2>&1 -p ", old.name());
    EXPECT_THAT(run(patch + R"('{"spec":{"level":"Namespace"}}')").text, HasSubstr(upper->refused));
    auto const mended = run(patch + R"('{"spec":{"level":"namespace"}}')");
    EXPECT_EQ(mended.code, 0) << mended.text;
}

}  // namespace
}  // namespace vedette::cluster
