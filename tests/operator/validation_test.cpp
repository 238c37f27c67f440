// The operator's half of testdata/validation/table.yaml; its other half is held to it on a real API server.

#include "operator/manifest.hpp"
#include "operator/native_checks.hpp"
#include "operator/validate.hpp"
#include "operator/validation_table.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>

namespace vedette::op {
namespace {

namespace json = boost::json;

std::vector<ValidationRow> table() {
    return validation_table(TEST_SOURCE_DIR);
}

std::string in_a_word(Problem const& problem) {
    bool const error = problem.severity == Problem::Severity::error;
    return fmt::format("{} {} {}",
                       error                  ? "error"
                       : problem.stops_remedy ? "stops"
                                              : "warning",
                       problem.field, problem.reason);
}

std::vector<std::string> problems_of(json::object const& spec) {
    std::vector<Problem> problems;
    auto const check = read_health_check(
        {{"metadata", {{"namespace", "judged"}, {"name", "a"}, {"uid", "u"}}}, {"spec", spec}}, &problems);
    for (auto& each : validate(check.spec)) problems.push_back(std::move(each));
    for (auto& each : validate_checks(check)) problems.push_back(std::move(each));
    std::vector<std::string> words;
    for (auto const& each : problems) words.push_back(in_a_word(each));
    return words;
}

bool stops_something(ValidationRow const& row) {
    return std::ranges::any_of(row.problems, [](auto const& each) { return !each.starts_with("warning "); });
}

std::vector<json::object> policies() {
    std::ifstream file(TEST_SOURCE_DIR "/../../deploy/operator/validation.yaml");
    std::string rest{std::istreambuf_iterator<char>(file), {}};
    std::vector<json::object> found;
    while (!rest.empty()) {
        auto const end = rest.find("\n---\n");
        auto const object = to_json(parse_yaml(rest.substr(0, end), "validation.yaml").value()).as_object();
        if (get_string(object, "kind") == "ValidatingAdmissionPolicy") found.push_back(object);
        rest = end == std::string::npos ? "" : rest.substr(end + 5);
    }
    return found;
}

std::set<std::string> messages_of(json::object const& policy) {
    std::set<std::string> messages;
    for (auto const& rule : find(policy, "spec.validations")->as_array()) {
        EXPECT_TRUE(messages.insert(get_string(rule, "message")).second) << "two rules with one message";
    }
    return messages;
}

TEST(Validation, TheOperatorSaysWhatTheTableSays) {
    for (auto const& row : table()) {
        EXPECT_THAT(problems_of(row.spec), testing::UnorderedElementsAreArray(row.problems)) << to_json(row.spec);
    }
}

TEST(Validation, RefusedIsWhatCannotRunAndWarnedOfWhatRunsOtherwiseThanItReads) {
    for (auto const& row : table()) {
        SCOPED_TRACE(to_json(row.spec));
        if (!row.only.empty()) {
            EXPECT_TRUE(stops_something(row) && row.refused.empty() && row.warned.empty());
            continue;
        }
        EXPECT_EQ(!row.refused.empty(), stops_something(row));
        EXPECT_EQ(!row.warned.empty(), !row.problems.empty() && !stops_something(row));
    }
}

// A remedy that cannot run is for the remedy alone, unless it takes the check with it: without a resource or an
// account, as the reference has it, and where a pause cannot be read.
TEST(Validation, WhatIsWrongWithARemedyAloneStopsNoCheck) {
    std::set<std::string> stopping;
    for (auto const& row : table()) {
        for (auto const& problem : row.problems) {
            bool const of_remedy = problem.contains(" spec.remedyworkflow.");
            EXPECT_TRUE(of_remedy || !problem.starts_with("stops ")) << problem;
            if (of_remedy && problem.starts_with("error ")) stopping.insert(problem.substr(problem.rfind(' ') + 1));
        }
    }
    EXPECT_THAT(stopping, testing::ElementsAre("RemedyResourceMissing", "ServiceAccountMissing"));
}

TEST(Validation, AnAddressIsJudgedWithoutRepeatingItsCredentials) {
    Spec spec;
    spec.has_workflow = true;
    spec.level_text = "cluster";
    spec.workflow = {
        .generate_name = "a-", .has_resource = true, .ns = "judged", .service_account = "one", .source = {}};
    spec.workflow.source = {.kind = Source::Kind::url, .path = "https://ann:secret@a.example:99999/w.yaml"};
    auto problems = validate(spec);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(
        problems[0].message,
        "spec.workflow.resource.source.url.path: not a usable URL: its port is no number from 1 to 65535; write an "
        "address such as https://example.com/workflow.yaml");
    spec.workflow.source.path = "http://ann:secret@[fe80::1]/w.yaml";
    problems = validate(spec);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0].message,
              "spec.workflow.resource.source.url.path: fe80::1 is a link-local address: it is never dialed; write an "
              "address such as https://example.com/workflow.yaml");
}

// Of addresses that --source-allow can open nothing is said: whoever writes the HealthCheck may know better.
TEST(Validation, WhatAFlagCanAllowIsNotRefused) {
    Spec spec;
    spec.has_workflow = true;
    spec.level_text = "cluster";
    spec.workflow = {.generate_name = "a-", .has_resource = true, .ns = "judged", .service_account = "one"};
    for (auto const* address : {"http://127.0.0.1/", "http://[::1]:80/", "http://localhost/", "http://0.0.0.0/",
                                "http://224.0.0.1/", "http://240.0.0.1/"}) {
        spec.workflow.source = {.kind = Source::Kind::url, .path = address};
        EXPECT_THAT(validate(spec), testing::IsEmpty()) << address;
    }
}

TEST(Validation, ALongNameIsQuotedInPart) {
    Spec spec;
    spec.has_workflow = true;
    spec.level_text = "cluster";
    auto const million = std::string(std::size_t{1} << 20, 'A');
    spec.workflow = {.generate_name = "a-",
                     .has_resource = true,
                     .ns = million,
                     .service_account = million,
                     .source = {.kind = Source::Kind::config_map, .config_map = million, .key = "a"}};
    auto const problems = validate(spec);
    EXPECT_EQ(problems.size(), 3u);
    for (auto const& each : problems) {
        EXPECT_LT(each.message.size(), 500u);
        EXPECT_THAT(each.message, testing::HasSubstr("lower case letters"));
    }
}

TEST(Validation, AManifestsOwnNamesAreThoseThatAnApiServerTakes) {
    struct Row {
        json::object metadata;
        std::vector<std::string> want;
    };
    auto const long_name = std::string(253, 'a');
    for (auto const& row : std::vector<Row>{
             {{{"name", "a.b-c"}, {"namespace", "health-2"}}, {}},
             {{{"name", long_name}}, {}},
             {{{"generateName", "a-"}}, {}},
             {{{"name", "a"}, {"generateName", "A"}}, {}},  // the name counts
             {{}, {}},
             {{{"name", "DNS_check"}}, {"error metadata.name NameInvalid"}},
             {{{"name", "a."}}, {"error metadata.name NameInvalid"}},
             {{{"name", long_name + "a"}}, {"error metadata.name NameInvalid"}},
             {{{"generateName", "DNS-"}}, {"error metadata.generateName NameInvalid"}},
             {{{"name", "a"}, {"namespace", "Health"}}, {"error metadata.namespace NamespaceInvalid"}},
             {{{"name", "a"}, {"namespace", "a.b"}}, {"error metadata.namespace NamespaceInvalid"}},
             {{{"name", "a"}, {"namespace", std::string(64, 'a')}}, {"error metadata.namespace NamespaceInvalid"}},
             {{{"name", "A"}, {"namespace", "B"}},
              {"error metadata.namespace NamespaceInvalid", "error metadata.name NameInvalid"}},
         }) {
        std::vector<std::string> words;
        for (auto const& each : validate_metadata({{"metadata", row.metadata}})) words.push_back(in_a_word(each));
        EXPECT_EQ(words, row.want) << to_json(row.metadata);
    }
}

TEST(Validation, EveryRuleOfThePoliciesHasARow) {
    std::set<std::string> refused;
    std::set<std::string> warned;
    for (auto const& row : table()) {
        if (!row.refused.empty()) refused.insert(row.refused);
        if (!row.warned.empty()) warned.insert(row.warned);
    }
    auto const both = policies();
    ASSERT_EQ(both.size(), 2u);
    EXPECT_EQ(messages_of(both[0]), refused);
    EXPECT_EQ(messages_of(both[1]), warned);
}

}  // namespace
}  // namespace vedette::op
