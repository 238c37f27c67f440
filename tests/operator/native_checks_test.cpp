#include "operator/native_checks.hpp"

#include "check/catalogue/probes/probes.hpp"
#include "operator/native_scene.hpp"

namespace vedette::op {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

std::string only_message(HealthCheck const& check) {
    auto const problems = validate_checks(check);
    EXPECT_THAT(fields_of(problems), testing::SizeIs(1));
    return problems.empty() ? std::string() : problems.front().message;
}

TEST(NativeChecks, AreReadAsASuiteReadsThem) {
    auto const checks = read_native_checks(native_check(R"(
- type: pods-crashloop
- type: tcp
  name: db-port
  timeout: 2s
  retries: 2
  labels: {team: core}
  with: {host: db.example, port: 5432}
- {type: http, with: {url: "https://shop.example", status: ["204"]}}
- {type: dns, with: {name: shop.example}}
)"));
    EXPECT_THAT(fields_of(checks.problems), IsEmpty());
    EXPECT_THAT(names_of(checks), ElementsAre("pods-crashloop", "db-port", "http", "dns"));
    auto const& port = checks.instances.at(1);
    EXPECT_EQ(port.id, "shop/web/db-port");
    EXPECT_EQ(port.params.timeout, 2s);
    EXPECT_EQ(port.params.integer("port"), 5432);
    EXPECT_THAT(checks.instances.at(2).params.texts("status"), ElementsAre("204"));
}

TEST(NativeChecks, AMistakeIsNamedByItsFieldAndTheOthersAreStillRead) {
    auto const checks = read_native_checks(native_check(R"(
- {type: tcp, with: {host: a.example, port: "80"}}
- {type: tcp, name: fine, with: {host: a.example, port: 80}}
- {type: tcp, name: far, with: {host: a.example, port: 70000}}
- {type: tpc, with: {host: a.example, port: 80}}
- {type: tcp, name: odd, with: {host: a.example, prot: 80}}
- {typ: tcp}
- just text
- {type: http, name: bad, with: {url: "https://a.example", match: "("}}
- {type: pods-crashloop, timeout: soon}
- {type: tcp, name: fine, with: {host: a.example, port: 81}}
- {type: tcp, name: no-port, with: {host: a.example}}
)"));
    EXPECT_THAT(names_of(checks), ElementsAre("fine"));
    EXPECT_THAT(fields_of(checks.problems),
                ElementsAre("spec.checks[0].with.port CheckInvalid", "spec.checks[2].with.port CheckInvalid",
                            "spec.checks[3].type CheckInvalid", "spec.checks[4].with.prot CheckInvalid",
                            "spec.checks[5].typ CheckInvalid", "spec.checks[6] CheckInvalid",
                            "spec.checks[7].with CheckInvalid", "spec.checks[8].timeout CheckInvalid",
                            "spec.checks[9].name CheckInvalid", "spec.checks[10] CheckInvalid"));
    auto const said = [&](std::size_t i) { return checks.problems.at(i).message; };
    EXPECT_EQ(said(0), "spec.checks[0].with.port: port must be a whole number, not a string");
    EXPECT_EQ(said(1), "spec.checks[2].with.port: port must be from 1 to 65535");
    EXPECT_EQ(said(2), "spec.checks[3].type: there is no check type \"tpc\"; did you mean \"tcp\"?");
    EXPECT_THAT(said(3), HasSubstr("unknown parameter of tcp \"prot\"; did you mean \"port\"?"));
    EXPECT_THAT(said(6), StartsWith("spec.checks[7].with: match is not an RE2 expression"));
    EXPECT_EQ(said(8),
              "spec.checks[9].name: the name \"fine\" is taken by spec.checks[1]: give each check a name of its own");
    for (auto const& problem : checks.problems) EXPECT_EQ(problem.severity, Problem::Severity::error);
}

TEST(NativeChecks, AKeyThatLooksLikeAPathDoesNotMisleadTheField) {
    auto const problems = validate_checks(native_check("- {type: tcp, \"with: x\": 1}\n"));
    EXPECT_THAT(fields_of(problems), ElementsAre("spec.checks[0] CheckInvalid"));
    EXPECT_THAT(problems.at(0).message, HasSubstr("\"with: x\""));
}

TEST(NativeChecks, AMessageIsBoundedAndShowsNoSecret) {
    auto const large = native_check("- {type: " + std::string(100'000, 'x') + "}\n");
    EXPECT_LE(only_message(large).size(), 400U);
    auto const secret = native_check("- {type: http, with: {url: \"ftp://ann:hunter2@a.example\"}}\n");
    EXPECT_THAT(only_message(secret), Not(HasSubstr("hunter2")));
}

// --- what may run ------------------------------------------------------------------------------------------------

TEST(NativeChecks, ProgramsAreRefused) {
    auto const check = native_check("- {type: exec, with: {command: [\"true\"]}}\n", "cluster");
    EXPECT_THAT(names_of(read_native_checks(check)), IsEmpty());
    EXPECT_EQ(only_message(check),
              "spec.checks[0].type: exec runs a program, and the operator runs none: use spec.workflow for it");
}

TEST(NativeChecks, EveryTypeOfTheCatalogueRunsOrIsRefusedAndNoneThatRunsCanReadSecrets) {
    std::vector<std::string> probes;
    std::vector<std::string> refused;
    for (auto const* type : check::all_check_types()) {
        std::string with = "{}";
        if (type == &check::http) with = "{url: \"http://a.example\"}";
        if (type == &check::tcp) with = "{host: a.example, port: 80}";
        if (type == &check::dns) with = "{name: a.example}";
        if (type == &check::exec) with = "{command: [a]}";
        auto const check = native_check(fmt::format("- {{type: {}, with: {}}}\n", type->name, with), "cluster");
        auto const read = read_native_checks(check);
        if (read.instances.empty()) {
            EXPECT_THAT(fields_of(read.problems), ElementsAre("spec.checks[0].type CheckRefused")) << type->name;
            refused.emplace_back(type->name);
            continue;
        }
        if (type->probe) probes.emplace_back(type->name);
        for (auto const& [ns, rules] : rights_for_checks(check)) {
            for (auto const& rule : rules) EXPECT_THAT(rule.resources, Not(testing::Contains("secrets"))) << type->name;
        }
    }
    EXPECT_THAT(probes, ElementsAre("http", "tcp", "dns"));
    EXPECT_THAT(refused, ElementsAre("apiserver-livez", "apiserver-readyz", "apiserver-latency", "apiserver-cert",
                                     "own-credentials", "exec"));
}

TEST(NativeChecks, FilesAndVariablesOfTheOperatorStayOutOfReach) {
    auto const problems = validate_checks(native_check(R"(
- {type: http, with: {url: "https://a.example", ca: /etc/ssl/ca.pem, client_key: /var/run/key}}
- {type: tcp, with: {host: "${HOST}", port: 80}, skip_if: HOME}
)"));
    EXPECT_THAT(fields_of(problems),
                ElementsAre("spec.checks[0].with.ca CheckRefused", "spec.checks[0].with.client_key CheckRefused",
                            "spec.checks[1].skip_if CheckRefused"));
    auto const literal = read_native_checks(native_check("- {type: tcp, with: {host: \"${HOST}\", port: 80}}\n"));
    EXPECT_EQ(literal.instances.at(0).params.text("host"), "${HOST}");
    auto const pem =
        native_check("- {type: tcp, with: {host: a, port: 80, tls: true, ca: \"-----BEGIN CERTIFICATE-----\"}}\n");
    EXPECT_THAT(validate_checks(pem), IsEmpty());
}

TEST(NativeChecks, WhatWouldFillTheOperatorsMemoryIsRefused) {
    std::string many;
    for (int i = 0; i < 65; ++i) many += fmt::format("- {{type: pods-crashloop, name: n{}}}\n", i);
    EXPECT_EQ(only_message(native_check(many)),
              "spec.checks holds 65 checks, and 64 are allowed: divide them among HealthChecks");
    many.erase(many.rfind("- "));
    EXPECT_THAT(validate_checks(native_check(many)), IsEmpty());

    std::string wide = "- {type: pods-crashloop, exclude: [a";
    for (int i = 0; i < 5000; ++i) wide += ", a";
    EXPECT_THAT(only_message(native_check(wide + "]}\n")), HasSubstr("more than 4096 values"));

    auto const answer = native_check("- {type: http, with: {url: \"http://a.example\", max_bytes: 1048577}}\n");
    EXPECT_THAT(only_message(answer), StartsWith("spec.checks[0].with.max_bytes is more than 1048576 bytes"));
}

// --- level -------------------------------------------------------------------------------------------------------

TEST(NativeChecks, LevelNamespaceRefusesWhatLooksPastItsNamespace) {
    std::string const checks = R"(
- type: nodes-ready
- type: leader-leases
- {type: pods-crashloop, namespaces: [shop, other]}
- {type: pods-oom, namespaces: ["sh*"]}
- {type: pods-restarts, namespaces: [shop]}
- type: pvc-bound
)";
    auto const inside = read_native_checks(native_check(checks));
    EXPECT_THAT(names_of(inside), ElementsAre("pods-restarts", "pvc-bound"));
    EXPECT_THAT(fields_of(inside.problems),
                ElementsAre("spec.checks[0].type CheckRefused", "spec.checks[1].type CheckRefused",
                            "spec.checks[2].namespaces[1] CheckRefused", "spec.checks[3].namespaces[0] CheckRefused"));
    EXPECT_THAT(inside.problems.at(2).message,
                HasSubstr("level namespace sees shop alone, and not \"other\": leave namespaces out"));
    EXPECT_THAT(native_namespaces(native_check(checks)), ElementsAre("shop"));

    EXPECT_THAT(validate_checks(native_check(checks, "cluster")), IsEmpty());
    EXPECT_THAT(native_namespaces(native_check(checks, "cluster")), IsEmpty());
}

TEST(NativeChecks, ALevelNobodyKnowsIsNoLicenceToSeeTheCluster) {
    EXPECT_THAT(native_namespaces(native_check("- type: nodes-ready\n", "Cluster")), ElementsAre("shop"));
    EXPECT_THAT(fields_of(validate_checks(native_check("- type: nodes-ready\n", "Cluster"))),
                ElementsAre("spec.checks[0].type CheckRefused"));
}

// --- whom reads impersonate --------------------------------------------------------------------------------------

TEST(NativeChecks, ChecksOfObjectsNeedAServiceAccountAndProbesDoNot) {
    auto const missing = validate_checks(native_check("- type: pods-crashloop\n", "namespace", ""));
    EXPECT_THAT(fields_of(missing), ElementsAre("spec.serviceAccountName ServiceAccountMissing"));
    EXPECT_EQ(missing.at(0).message,
              "spec.serviceAccountName is missing: checks of objects read as a service account of the namespace shop, "
              "with its rights");
    auto const odd = validate_checks(native_check("- type: pods-crashloop\n", "namespace", "other:admin"));
    EXPECT_THAT(fields_of(odd), ElementsAre("spec.serviceAccountName ServiceAccountInvalid"));
    EXPECT_EQ(odd.at(0).message,
              "spec.serviceAccountName: \"other:admin\" is no name of a service account: write lower case letters and "
              "digits, - and . between them, at most 253 characters");
    EXPECT_THAT(validate_checks(native_check("- {type: tcp, with: {host: a, port: 80}}\n", "namespace", "")),
                IsEmpty());
}

TEST(NativeChecks, TheRightsNeededAreExactlyThoseOfTheReads) {
    std::string const checks = R"(
- type: deployments-available
- {type: tcp, with: {host: a.example, port: 80}}
)";
    PolicyRule const pods{.api_groups = {""}, .resources = {"pods"}, .verbs = {"list"}};
    PolicyRule const deployments{.api_groups = {"apps"}, .resources = {"deployments"}, .verbs = {"list"}};
    auto const inside = native_check(checks);
    EXPECT_THAT(rules_for_checks(inside), ElementsAre(pods, deployments));
    EXPECT_THAT(rights_for_checks(inside), ElementsAre(testing::Pair("shop", ElementsAre(pods, deployments))));
    EXPECT_THAT(rights_for_checks(native_check(checks, "cluster")),
                ElementsAre(testing::Pair("", ElementsAre(pods, deployments))));
    auto const named = native_check("- {type: pods-oom, namespaces: [a, b]}\n", "cluster");
    EXPECT_THAT(rights_for_checks(named),
                ElementsAre(testing::Pair("a", ElementsAre(pods)), testing::Pair("b", ElementsAre(pods))));
    EXPECT_THAT(rules_for_checks(named), ElementsAre(pods));
    EXPECT_THAT(rules_for_checks(native_check("- {type: tcp, with: {host: a, port: 80}}\n")), IsEmpty());
}

}  // namespace
}  // namespace vedette::op
