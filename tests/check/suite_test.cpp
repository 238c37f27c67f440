// What a person can get wrong in a suite, and where the answer points. `http` and `tcp` stand for types with
// parameters, `nodes-ready` for one without.

#include "check/suite.hpp"

#include <gmock/gmock.h>

#include <map>
#include <regex>

namespace vedette::check {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Texts final : public Files {
public:
    explicit Texts(std::map<std::string, std::string> files) : files_(std::move(files)) {}
    Result<std::string> read(std::string const& path, std::size_t limit) override {
        auto const found = files_.find(path);
        if (found == files_.end()) return fail(Errc::not_found, "{}: no such file", path);
        if (found->second.size() > limit) return fail(Errc::too_large, "{}: larger than {} bytes", path, limit);
        return found->second;
    }
    Result<std::string> version(std::string const& path) override { return path; }

private:
    std::map<std::string, std::string> files_;
};

std::optional<std::string> environment(std::string name) {
    if (name == "HOST") return "shop.example";
    if (name == "EMPTY") return "";
    if (name == "PORT") return "8443";
    if (name == "TRUTH") return "true";
    if (name == "LIMIT") return "90s";
    if (name == "SECRET") return "hunter2";
    return std::nullopt;
}

Result<Suite> load(std::map<std::string, std::string> files) {
    Texts texts(std::move(files));
    return load_suite("dir/suite.yaml", texts, environment);
}

Result<Suite> load(std::string text) {
    return load({{"dir/suite.yaml", std::move(text)}});
}

std::string error_of(std::string text) {
    auto const suite = load(std::move(text));
    return suite ? "no error" : suite.error().text();
}

TEST(BuiltInSuite, HasEveryBuiltInTypeOnceAtItsDefaults) {
    auto const suite = built_in_suite();
    std::size_t expected = 0;
    for (auto const* type : all_check_types()) expected += type->built_in ? 1 : 0;
    EXPECT_EQ(suite.checks.size(), expected);
    std::set<std::string> ids;
    for (auto const& check : suite.checks) {
        EXPECT_TRUE(ids.insert(check.id).second) << check.id;
        EXPECT_EQ(check.id, "built-in/" + check.identity.name);
        EXPECT_EQ(check.params.timeout, check.type->timeout);
        EXPECT_EQ(check.params.with.size(), check.type->with.size()) << "a built-in type requires no parameter";
        EXPECT_TRUE(check.type->probe || (check.type->needs && check.type->judge)) << check.id;
    }
}

TEST(Suite, EveryKeyOfAnInstanceIsRead) {
    auto const suite = load(R"(
name: shop
checks:
- type: http
  name: Shop page
  group: shopHealth
  service: storefront
  namespaces: [shop, "till-*"]
  exclude: ["shop/old"]
  selector: app=web
  timeout: 1m30s
  min_age: 2h
  severity: warning
  retries: 3
  strict: true
  skip_if: AIR_GAPPED
  max_failures_listed: 7
  labels: {team: web}
  with: {url: "https://shop.example/", max_redirects: 2, insecure: true, status: ["204"]}
)");
    ASSERT_TRUE(suite.has_value()) << suite.error().text();
    EXPECT_EQ(suite->name, "shop");
    ASSERT_EQ(suite->checks.size(), 1U);
    auto const& check = suite->checks[0];
    EXPECT_EQ(check.id, "shop/Shop page");
    EXPECT_EQ(check.identity, (Identity{"Shop page", "http", "shopHealth", "storefront"}));
    auto const& params = check.params;
    EXPECT_THAT(params.namespaces, testing::ElementsAre("shop", "till-*"));
    EXPECT_THAT(params.exclude, testing::ElementsAre("shop/old"));
    EXPECT_EQ(params.selector, "app=web");
    EXPECT_EQ(params.timeout, 90s);
    EXPECT_EQ(params.min_age, 2h);
    EXPECT_EQ(params.severity, Status::warning);
    EXPECT_EQ(params.retries, 3);
    EXPECT_TRUE(params.strict);
    EXPECT_EQ(params.skip_if, "AIR_GAPPED");
    EXPECT_EQ(params.max_failures_listed, 7U);
    EXPECT_THAT(params.labels, testing::ElementsAre(testing::Pair("team", "web")));
    EXPECT_EQ(params.text("url"), "https://shop.example/");
    EXPECT_EQ(params.integer("max_redirects"), 2);
    EXPECT_TRUE(params.flag("insecure"));
    EXPECT_THAT(params.texts("status"), testing::ElementsAre("204"));
    EXPECT_EQ(params.text("method"), "GET") << "a default of the type";
    EXPECT_EQ(params.duration("warning"), 1s) << "a default of the type";
}

TEST(Suite, NameGroupAndServiceDefaultToTheTypeAndTheFile) {
    auto const suite = load("checks: [{type: nodes-ready}]");
    ASSERT_TRUE(suite.has_value()) << suite.error().text();
    EXPECT_EQ(suite->name, "suite");
    EXPECT_EQ(suite->checks[0].id, "suite/nodes-ready");
    EXPECT_EQ(suite->checks[0].identity, (Identity{"nodes-ready", "nodes-ready", "nodes", "kubernetes"}));
}

TEST(Suite, DefaultsHoldForEveryCheckThatSaysNothingElse) {
    auto const suite = load(R"(
defaults: {timeout: 3s, namespaces: [shop]}
checks:
- type: nodes-ready
- {type: nodes-ready, name: patient, timeout: 9s}
)");
    ASSERT_TRUE(suite.has_value()) << suite.error().text();
    EXPECT_EQ(suite->checks[0].params.timeout, 3s);
    EXPECT_EQ(suite->checks[1].params.timeout, 9s);
    EXPECT_THAT(suite->checks[1].params.namespaces, testing::ElementsAre("shop"));
}

struct Mistake {
    char const* yaml;
    char const* where;  ///< line:column
    char const* says;
    char const* also;
};

TEST(Suite, EachMistakeIsRefusedWithItsPlaceAndTheNearestName) {
    for (auto const& mistake : {
             Mistake{"check:\n- type: tcp", "1:1", "unknown key of a suite \"check\"", "checks"},
             Mistake{"checks:\n- type: nodes-redy", "2:9", "no check type \"nodes-redy\"", "nodes-ready"},
             Mistake{"checks:\n- typ: nodes-ready", "2:3", "unknown key of a check \"typ\"", "type"},
             Mistake{"checks:\n- name: x", "2:3", "needs a type", ""},
             Mistake{"checks:\n- type: nodes-ready\n  tiemout: 3s", "3:3", "\"tiemout\"", "timeout"},
             Mistake{"checks:\n- type: nodes-ready\n  timeout: 3", "3:12", "duration", "integer"},
             Mistake{"checks:\n- type: nodes-ready\n  timeout: 3 parsecs", "3:12", "timeout", ""},
             Mistake{"checks:\n- type: nodes-ready\n  timeout: 0s", "3:12", "longer than 0s", ""},
             Mistake{"checks:\n- type: nodes-ready\n  retries: -1", "3:12", "from 0 to 10", ""},
             Mistake{"checks:\n- type: nodes-ready\n  retries: two", "3:12", "whole number", "string"},
             Mistake{"checks:\n- type: nodes-ready\n  strict: 1", "3:11", "true or false", ""},
             Mistake{"checks:\n- type: nodes-ready\n  severity: fatal", "3:13", "warning or critical", ""},
             Mistake{"checks:\n- type: nodes-ready\n  namespaces: shop", "3:15", "list of strings", "string"},
             Mistake{"checks:\n- type: nodes-ready\n  namespaces: [1]", "3:16", "must be a string", ""},
             Mistake{"checks:\n- type: nodes-ready\n  selector: 'a=='\n  name: ''", "4:9", "must not be empty", ""},
             Mistake{"checks:\n- type: nodes-ready\n  selector: 'a b'", "3:13", "not a label selector", ""},
             Mistake{"checks:\n- type: nodes-ready\n  labels: [a]", "3:11", "mapping of strings", ""},
             Mistake{"checks:\n- type: tcp\n  with: {host: h, prot: 1}", "3:19", "unknown parameter of tcp \"prot\"",
                     "port"},
             Mistake{"checks:\n- type: tcp\n  with: {host: h}", "2:3", "needs with.port", ""},
             Mistake{"checks:\n- type: tcp\n  with: {host: h, port: 70000}", "3:25", "from 1 to 65535", ""},
             Mistake{"checks:\n- type: tcp\n  with: {host: h, port: http}", "3:25", "whole number", ""},
             Mistake{"checks:\n- type: tcp\n  with: {host: 7, port: 1}", "3:16", "must be a string", ""},
             Mistake{"checks:\n- type: tcp\n  with: x", "3:9", "mapping", ""},
             Mistake{"checks:\n- 7", "2:3", "mapping", ""},
             Mistake{"checks: {type: tcp}", "1:9", "checks must be a list", ""},
             Mistake{"name: [a]\nchecks: []", "1:7", "name must be a string", ""},
             Mistake{"defaults: {timeuot: 3s}\nchecks: []", "1:12", "unknown default \"timeuot\"", "timeout"},
             Mistake{"defaults: {timeout: soon}\nchecks: []", "1:21", "timeout", ""},
             Mistake{"- a", "1:1", "mapping", ""},
             Mistake{"checks:\n- type: nodes-ready\n  type: tcp", "3:3", "type", ""},
             Mistake{"checks: [", "1:", "", ""},
         }) {
        SCOPED_TRACE(mistake.yaml);
        EXPECT_THAT(error_of(mistake.yaml), AllOf(HasSubstr(std::string("dir/suite.yaml:") + mistake.where),
                                                  HasSubstr(mistake.says), HasSubstr(mistake.also)));
    }
}

TEST(Suite, EmptySuitesAreRefusedAndAnEmptyListIsNot) {
    EXPECT_THAT(error_of(""), HasSubstr("empty"));
    EXPECT_THAT(error_of("name: x"), HasSubstr("no `checks:`"));
    EXPECT_EQ(error_of("checks: []"), "no error");
}

TEST(Suite, DuplicateNamesAreRefusedWithBothPlaces) {
    EXPECT_THAT(error_of("checks:\n- type: nodes-ready\n- type: nodes-pressure\n  name: nodes-ready\n"),
                AllOf(HasSubstr("suite.yaml:3:3"), HasSubstr("\"nodes-ready\" is taken"), HasSubstr("suite.yaml:2:3")));
}

TEST(Suite, AMissingFileAndAHugeOneSaySo) {
    auto const missing = load(std::map<std::string, std::string>{});
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().code(), Errc::not_found);
    auto const huge = load(std::string((1u << 20) + 1, ' '));
    ASSERT_FALSE(huge.has_value());
    EXPECT_EQ(huge.error().code(), Errc::too_large);
}

// --- include ------------------------------------------------------------------------------------------------------

TEST(Suite, IncludedFilesComeFirstWithTheirOwnDefaultsAndPathsRelativeToTheFile) {
    auto const suite = load({{"dir/suite.yaml", "include: [sub/more.yaml]\nchecks: [{type: nodes-ready}]"},
                             {"dir/sub/more.yaml",
                              "name: ignored\ninclude: [deep.yaml]\ndefaults: {timeout: 2s}\n"
                              "checks: [{type: nodes-pressure}]"},
                             {"dir/sub/deep.yaml", "checks: [{type: nodes-taints}]"}});
    ASSERT_TRUE(suite.has_value()) << suite.error().text();
    ASSERT_EQ(suite->checks.size(), 3U);
    EXPECT_EQ(suite->checks[0].id, "suite/nodes-taints");
    EXPECT_EQ(suite->checks[1].id, "suite/nodes-pressure");
    EXPECT_EQ(suite->checks[1].params.timeout, 2s);
    EXPECT_EQ(suite->checks[0].params.timeout, suite->checks[0].type->timeout);
    EXPECT_EQ(suite->checks[2].params.timeout, suite->checks[2].type->timeout);
}

TEST(Suite, ASuiteThatIncludesItselfIsRefused) {
    auto const suite = load({{"dir/suite.yaml", "include: [b.yaml]"}, {"dir/b.yaml", "include: [suite.yaml]"}});
    ASSERT_FALSE(suite.has_value());
    EXPECT_THAT(suite.error().text(), HasSubstr("includes itself"));
}

TEST(Suite, AnIncludedFileThatIsMissingIsNamedWithThePlaceOfTheInclude) {
    EXPECT_THAT(error_of("include:\n- gone.yaml"), AllOf(HasSubstr("dir/suite.yaml:2:3"), HasSubstr("dir/gone.yaml")));
}

TEST(Suite, IncludesAreAtMostSixteenDeep) {
    std::map<std::string, std::string> files{{"dir/suite.yaml", "include: [1.yaml]"}};
    for (int i = 1; i < 16; ++i) {
        files["dir/" + std::to_string(i) + ".yaml"] = "include: [" + std::to_string(i + 1) + ".yaml]";
    }
    files["dir/15.yaml"] = "checks: [{type: nodes-ready}]";
    auto const deep = load(files);
    EXPECT_TRUE(deep.has_value()) << deep.error().text();
    files["dir/15.yaml"] = "include: [16.yaml]";
    files["dir/16.yaml"] = "checks: [{type: nodes-ready}]";
    auto const too_deep = load(files);
    ASSERT_FALSE(too_deep.has_value());
    EXPECT_EQ(too_deep.error().code(), Errc::too_large);
}

TEST(Suite, NamesMustDifferAcrossIncludedFiles) {
    auto const suite = load({{"dir/suite.yaml", "include: [b.yaml]\nchecks: [{type: nodes-ready}]"},
                             {"dir/b.yaml", "checks: [{type: nodes-ready}]"}});
    ASSERT_FALSE(suite.has_value());
    EXPECT_THAT(suite.error().text(), AllOf(HasSubstr("is taken"), HasSubstr("dir/b.yaml:1")));
}

// --- environment --------------------------------------------------------------------------------------------------

std::string host_of(std::string written) {
    auto const suite = load("checks: [{type: tcp, with: {port: 1, host: '" + written + "'}}]");
    return suite ? suite->checks[0].params.text("host") : suite.error().text();
}

TEST(Suite, ReferencesToTheEnvironmentAreReplacedInTexts) {
    EXPECT_EQ(host_of("${HOST}"), "shop.example");
    EXPECT_EQ(host_of("a.${HOST}.b"), "a.shop.example.b");
    EXPECT_EQ(host_of("${NONE:-localhost}"), "localhost");
    EXPECT_EQ(host_of("${HOST:-localhost}"), "shop.example");
    EXPECT_EQ(host_of("${EMPTY:-localhost}"), "localhost");
    EXPECT_EQ(host_of("x${EMPTY}"), "x");
    EXPECT_EQ(host_of("x${NONE:-}"), "x");
    EXPECT_EQ(host_of("$$HOST and $${HOST} and $5"), "$HOST and ${HOST} and $5");
}

TEST(Suite, OneReferenceAndNothingElseMayStandForANumberOrATruth) {
    auto const suite = load(R"(
checks:
- type: http
  timeout: ${LIMIT}
  retries: ${NONE:-3}
  strict: ${TRUTH}
  max_failures_listed: "${PORT}"
  with: {url: "${PORT}", body: "${TRUTH}", insecure: "${TRUTH}", max_redirects: "${NONE:-4}", warning: "${LIMIT}"}
- type: tcp
  with: {host: "${PORT}", port: "${PORT}"}
)");
    ASSERT_TRUE(suite.has_value()) << suite.error().text();
    auto const& http = suite->checks.at(0).params;
    EXPECT_EQ(http.timeout, 90s);
    EXPECT_EQ(http.retries, 3);
    EXPECT_TRUE(http.strict);
    EXPECT_EQ(http.max_failures_listed, 8443U);
    EXPECT_EQ(http.text("url"), "8443") << "a text stays one, whatever it looks like";
    EXPECT_EQ(http.text("body"), "true");
    EXPECT_TRUE(http.flag("insecure"));
    EXPECT_EQ(http.integer("max_redirects"), 4);
    EXPECT_EQ(http.duration("warning"), 90s);
    EXPECT_EQ(suite->checks.at(1).params.text("host"), "8443");
    EXPECT_EQ(suite->checks.at(1).params.integer("port"), 8443);
}

TEST(Suite, AReferenceOfTheWrongKindIsRefusedWithoutItsValue) {
    auto const port = [](std::string value) {
        return error_of("checks:\n- type: tcp\n  with: {host: h, port: " + value + "}");
    };
    EXPECT_EQ(port("\"${SECRET}\""),
              "dir/suite.yaml:3:25: port must be a whole number, not a string, which is what the environment gives");
    EXPECT_EQ(port("\"${TRUTH}\""),
              "dir/suite.yaml:3:25: port must be a whole number, not a boolean, which is what the environment gives");
    EXPECT_EQ(port("\"${NONE:-}\""),
              "dir/suite.yaml:3:25: port must be a whole number, not null, which is what the environment gives");
    EXPECT_EQ(port("\"${NONE:-70000}\""), "dir/suite.yaml:3:25: port must be from 1 to 65535");
    EXPECT_EQ(port("\"1${PORT}\""), "dir/suite.yaml:3:25: port must be a whole number, not a string")
        << "a text with a reference in it is a text";
    EXPECT_EQ(port("\"8443\""), "dir/suite.yaml:3:25: port must be a whole number, not a string");
    EXPECT_EQ(error_of("checks:\n- type: nodes-ready\n  strict: ${PORT}"),
              "dir/suite.yaml:3:11: strict must be true or false, not an integer, which is what the environment gives");
}

TEST(Suite, AReferenceMustNameAVariable) {
    EXPECT_THAT(host_of("${HOST-x}"), HasSubstr("\"HOST-x\" is no variable name; write ${NAME} or ${NAME:-default}"));
    EXPECT_THAT(host_of("${}"), HasSubstr("\"\" is no variable name"));
    EXPECT_THAT(host_of("${1}"), HasSubstr("is no variable name"));
}

TEST(Suite, AnUnsetVariableWithoutADefaultAndAnOpenReferenceAreRefused) {
    EXPECT_THAT(host_of("${NONE}"), AllOf(HasSubstr("dir/suite.yaml:1:"), HasSubstr("NONE is not set")));
    EXPECT_THAT(host_of("${HOST"), AllOf(HasSubstr("dir/suite.yaml:1:"), HasSubstr("never closed")));
}

// --- schema -------------------------------------------------------------------------------------------------------

TEST(SuiteSchema, HasOneInstanceShapePerTypeWithItsParametersAndNothingElse) {
    auto const schema = suite_schema();
    auto const& instances = schema.at("properties").at("checks").at("items").at("oneOf").as_array();
    auto const types = all_check_types();
    ASSERT_EQ(instances.size(), types.size());
    for (std::size_t i = 0; i < types.size(); ++i) {
        SCOPED_TRACE(types[i]->name);
        auto const& properties = instances[i].at("properties").as_object();
        EXPECT_EQ(properties.at("type").at("const").as_string(), types[i]->name);
        EXPECT_EQ(instances[i].at("additionalProperties"), false);
        EXPECT_EQ(properties.at("with").at("properties").as_object().size(), types[i]->with.size());
        for (auto const* key : {"name", "group", "service", "namespaces", "exclude", "selector", "timeout", "min_age",
                                "severity", "retries", "strict", "skip_if", "max_failures_listed", "labels"}) {
            EXPECT_TRUE(properties.contains(key)) << key;
        }
        EXPECT_EQ(properties.size(), 16U);
    }
}

TEST(SuiteSchema, NumbersFlagsAndDurationsMayBeOneReferenceToTheEnvironment) {
    auto const schema = suite_schema();
    auto const& common = schema.at("properties").at("defaults").at("properties").as_object();
    for (auto const* key : {"timeout", "min_age", "retries", "strict", "severity", "max_failures_listed"}) {
        SCOPED_TRACE(key);
        auto const& either = common.at(key).at("anyOf").as_array();
        ASSERT_EQ(either.size(), 2U);
        std::string const pattern(either[1].at("pattern").as_string());
        EXPECT_TRUE(std::regex_match("${PORT}", std::regex(pattern))) << pattern;
        EXPECT_TRUE(std::regex_match("${PORT:-443}", std::regex(pattern)));
        EXPECT_FALSE(std::regex_match("1${PORT}", std::regex(pattern)));
        EXPECT_TRUE(common.at(key).as_object().contains("description"));
    }
    EXPECT_FALSE(common.at("selector").as_object().contains("anyOf")) << "every text may hold references";
}

TEST(CheckParameters, WhatNoRunCouldUseIsRefusedByName) {
    struct Row {
        std::string_view check;
        std::string_view why;
    };
    for (auto const& row : {
             Row{"{type: exec, with: {command: []}}", "check suite/exec: command is empty"},
             Row{"{type: http, with: {url: shop.example}}", "check suite/http: shop.example: not a usable URL"},
             Row{"{type: http, with: {url: 'http://x.example', match: '('}}", "match is not an RE2 expression"},
             Row{"{type: tcp, with: {host: x.example, port: 1, expect: '['}}", "expect is not an RE2 expression"},
             Row{"{type: dns, with: {name: x.example, type: BOGUS}}", "BOGUS is not a record type"},
             Row{"{type: events-warning, with: {reasons: {FailedMount: '5'}}}", "reasons.FailedMount must be a number"},
         }) {
        auto const suite = load(fmt::format("checks:\n- {}\n", row.check));
        ASSERT_TRUE(suite) << suite.error().text();
        auto const usable = check_parameters(suite->checks);
        ASSERT_FALSE(usable) << row.check;
        EXPECT_EQ(usable.error().code(), Errc::invalid_input);
        EXPECT_THAT(usable.error().text(), HasSubstr(row.why));
    }
    EXPECT_TRUE(check_parameters(built_in_suite().checks));
}

}  // namespace
}  // namespace vedette::check
