// What people write into files, and what is wrong with it. Every row of validate() has one here.

#include "operator/checks.hpp"

namespace vedette::op {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Manifests, EveryMemberOfASpecIsRead) {
    auto const check = check_of(R"(
apiVersion: activemonitor.keikoproj.io/v1alpha1
kind: HealthCheck
metadata: {name: mem, namespace: shop}
spec:
  repeatAfterSec: 30
  description: memory
  level: namespace
  schedule: {cron: "@every 1m"}
  backoffFactor: "0.25"
  backoffMin: 2
  backoffMax: 20
  remedyRunsLimit: 2
  remedyResetInterval: 300
  workflow:
    generateName: mem-
    workflowtimeout: 25
    resource: {namespace: shop, serviceAccount: mem-sa, source: {url: {path: "https://x.example/w", verifyCert: false}}}
  remedyworkflow:
    generateName: fix-
    rbacRules: [{apiGroups: [""], resources: [pods], verbs: [delete], resourceNames: [web]}]
    resource: {namespace: shop, serviceAccount: fix-sa, source: {configMap: {name: fixes, key: restart}}}
)");
    auto const& spec = check.spec;
    EXPECT_EQ(spec.repeat_after, std::chrono::seconds(30));
    EXPECT_EQ(spec.cron, "@every 1m");
    EXPECT_EQ(spec.level(), Level::ns);
    EXPECT_EQ(spec.backoff_factor, 0.25);
    EXPECT_EQ(spec.backoff_min, std::chrono::seconds(2));
    EXPECT_EQ(spec.backoff_max, std::chrono::seconds(20));
    EXPECT_EQ(spec.remedy_runs_limit, 2);
    EXPECT_EQ(spec.remedy_reset_interval, std::chrono::seconds(300));
    EXPECT_EQ(spec.workflow.timeout, std::chrono::seconds(25));
    EXPECT_EQ(spec.workflow.source,
              (Source{.kind = Source::Kind::url, .path = "https://x.example/w", .verify_cert = false}));
    EXPECT_EQ(spec.remedy.source, (Source{.kind = Source::Kind::config_map, .config_map = "fixes", .key = "restart"}));
    EXPECT_EQ(spec.remedy.rbac_rules,
              (std::vector<PolicyRule>{
                  {.api_groups = {""}, .resources = {"pods"}, .resource_names = {"web"}, .verbs = {"delete"}}}));
}

TEST(Manifests, OtherKindsAndEmptyDocumentsBetweenThemAreNoConcernOfOurs) {
    auto const text =
        "kind: ConfigMap\nmetadata: {name: a}\n---\n# nothing\n---\n" + hello() + "---\nkind: List\nitems:\n- " +
        "{apiVersion: activemonitor.keikoproj.io/v1alpha1, kind: HealthCheck, metadata: {generateName: x-}}\n";
    auto const checks = manifests(text);
    ASSERT_EQ(checks.size(), 2u);
    EXPECT_EQ(checks[0].check.name, "hello");
    EXPECT_EQ(checks[0].where, "f.yaml:6");
    EXPECT_EQ(checks[1].check.name, "x-*");
    EXPECT_EQ(checks[1].where, fmt::format("f.yaml:{}", std::count(text.begin(), text.end(), '\n'))) << "of the item";
    EXPECT_EQ(checks[1].check.ns, "default");
}

TEST(Manifests, WhatOneMayTakeForAHealthCheckAndIsNoneIsTold) {
    struct Row {
        std::string document;  // its beginning
        std::string want;      // of the message; empty: nobody takes it for one
    };
    std::string const ours = "activemonitor.keikoproj.io/v1alpha1";
    for (auto const& row : std::vector<Row>{
             {"apiVersion: " + ours + "\nkind: Healthcheck",
              "kind Healthcheck of " + ours + " is not read; did you mean kind: HealthCheck?"},
             {"apiVersion: " + ours + "\nkind: Check",
              "kind Check of " + ours + " is not read; did you mean kind: HealthCheck?"},
             {"apiVersion: " + ours, "an object without a kind of " + ours +
                                         " is not read; did you mean kind: "
                                         "HealthCheck?"},
             {"kind: HealthCheck",
              "kind HealthCheck without an apiVersion is not read; did you mean apiVersion: " + ours + "?"},
             {"kind: HealtCheck",
              "kind HealtCheck without an apiVersion is not read; did you mean kind: HealthCheck "
              "and apiVersion: " +
                  ours + "?"},
             {"apiVersion: foo.io/v1\nkind: HealthCheck",
              "kind HealthCheck of foo.io/v1 is not read; did you mean apiVersion: " + ours + "?"},
             {"apiVersion: v1\nkind: list\nitems: []", "kind list of v1 is not read; did you mean kind: List?"},
             {"apiVersion: v1\nkind: Configmap", "kind Configmap of v1 is not read; did you mean kind: ConfigMap?"},
             {"kind: ConfigMap", "kind ConfigMap without an apiVersion is not read; did you mean apiVersion: v1?"},
             {"apiVersion: v1\nkind: ConfigMap", ""},
             {"apiVersion: cluster.x-k8s.io/v1beta1\nkind: MachineHealthCheck", ""},
             {"apiVersion: argoproj.io/v1alpha1\nkind: Workflow", ""},
             {"a: b", ""},
         }) {
        SCOPED_TRACE(row.document);
        auto const text = "c: d\n---\n" + row.document + "\nmetadata: {name: vedette-remedy-policy, namespace: ops}\n";
        auto const found = read_manifests(text, "f.yaml", "default").value();
        EXPECT_THAT(found.checks, IsEmpty());
        ASSERT_EQ(found.unread.size(), row.want.empty() ? 0u : 1u);
        if (row.want.empty()) continue;
        EXPECT_EQ(found.unread[0].message, row.want);
        EXPECT_EQ(found.unread[0].where, "f.yaml:3");
        EXPECT_THAT(found.unread[0].what, testing::EndsWith(" ops/vedette-remedy-policy"));
    }
}

TEST(Manifests, KindsThatAreNoConcernOfOursAreToldOnce) {
    auto const text = hello() + "---\n{apiVersion: v1, kind: Secret}\n---\n{apiVersion: v1, kind: Secret}\n---\na: b\n";
    EXPECT_THAT(read_manifests(text, "f.yaml", "").value().other_kinds,
                ElementsAre("Secret of v1", "an object without a kind and an apiVersion"));
}

TEST(Manifests, WhatIsNoManifestIsRefusedAtItsPlace) {
    EXPECT_THAT(read_manifests("a: b\n---\na: [\n", "f.yaml", "").error().text(), HasSubstr("f.yaml:"));
    EXPECT_THAT(read_manifests("just text", "f.yaml", "").error().text(), HasSubstr("not an object"));
    EXPECT_THAT(
        read_manifests("apiVersion: activemonitor.keikoproj.io/v1\nkind: HealthCheck\n", "f.yaml", "").error().text(),
        HasSubstr("f.yaml:1: apiVersion activemonitor.keikoproj.io/v1 is not served"));
    EXPECT_THAT(read_manifests("apiVersion: activemonitor.keikoproj.io/v1alpha1\nkind: HealthCheck\n", "f.yaml", "")
                    .error()
                    .text(),
                HasSubstr("needs metadata.name"));
}

TEST(Manifests, LinesOfALaterDocumentAreThoseOfTheFile) {
    std::string const two = "a: b\n---\n# a comment\nc: d\n---\n";  // five lines
    EXPECT_EQ(manifests(two + "\n" + hello()).at(0).where, "f.yaml:7");
    EXPECT_THAT(read_manifests(two + "e: f\ng: [\n", "f.yaml", "").error().text(), HasSubstr("f.yaml:8:"));
    EXPECT_THAT(read_manifests(two + "e: f\ne: g\n", "f.yaml", "").error().text(),
                AllOf(HasSubstr("f.yaml:7:1: "), HasSubstr("first at 6:1")));
    EXPECT_THAT(read_manifests(two + "\n\njust text\n", "f.yaml", "").error().text(), HasSubstr("f.yaml:8: not an"));
}

TEST(Manifests, OneDocumentMayBeAsLargeAsAFile) {
    std::string const line = "            # " + std::string(1000, 'x') + "\n";
    auto workflow = hello_workflow;
    while (workflow.size() < 9u << 20) workflow += line;
    auto const list =
        "{apiVersion: v1, kind: ConfigMap}\n---\n" + hello("  repeatAfterSec: 60\n", "cluster", "a", workflow);
    auto const checks = manifests(list);
    ASSERT_EQ(checks.size(), 1u);
    EXPECT_GT(checks[0].check.spec.workflow.source.text.size(), 8u << 20);
    EXPECT_THAT(read_manifests(std::string(manifest_limit + 1, 'x'), "f.yaml", "").error().text(),
                HasSubstr("the limit is 67108864"));
}

TEST(Validation, AGoodCheckHasNoProblem) {
    EXPECT_THAT(problems_of(manifests(hello()).at(0)), IsEmpty());
    EXPECT_THAT(problems_of(manifests(hello("  schedule: {cron: \"0 4 * * *\"}\n")).at(0)), IsEmpty());
    EXPECT_THAT(problems_of(manifests(hello("")).at(0)), IsEmpty()) << "a pause is no mistake";
}

TEST(Validation, WhatIsWrongWithAScheduleALevelOrABackoff) {
    struct Row {
        std::string more;
        std::string level;
        std::string want;
    };
    for (auto const& row : {
             Row{"  repeatAfterSec: 60\n", "Cluster", "error LevelInvalid"},
             Row{"  repeatAfterSec: 60\n", "\"\"", "error LevelMissing"},
             Row{"  schedule: {cron: \"0 0 30 2 *\"}\n", "cluster", "error ScheduleInvalid"},
             Row{"  schedule: {cron: \"* * * * * *\"}\n", "cluster", "error ScheduleInvalid"},
             Row{"  repeatAfterSec: 60\n  schedule: {cron: \"@hourly\"}\n", "cluster", "warning CronIgnored"},
             Row{"  repeatAfterSec: 60\n  backoffFactor: \"2\"\n", "cluster", "warning BackoffInvalid"},
             Row{"  repeatAfterSec: 60\n  backoffFactor: half\n", "cluster", "warning BackoffInvalid"},
             Row{"  repeatAfterSec: 60\n  backoffMin: 9\n  backoffMax: 3\n", "cluster", "warning BackoffInvalid"},
             Row{"  repeatAfterSec: sixty\n", "cluster", "error WrongType"},
             Row{"  repeatAfterSec: 60\n  repeatafterSec: 60\n", "cluster", "warning UnknownField"},
         }) {
        EXPECT_THAT(problems_of(manifests(hello(row.more, row.level)).at(0)), ElementsAre(row.want)) << row.more;
    }
}

TEST(Validation, WhatIsWrongWithAWorkflow) {
    struct Row {
        std::string workflow;
        std::string want;
    };
    for (auto const& row : {
             Row{"{generateName: a-}", "error ResourceMissing"},
             Row{"{generateName: '', resource: {namespace: health, serviceAccount: s, source: {inline: x}}}",
                 "error GenerateNameInvalid"},
             Row{"{generateName: A-, resource: {namespace: health, serviceAccount: s, source: {inline: x}}}",
                 "error GenerateNameInvalid"},
             Row{"{generateName: a-, resource: {namespace: '', serviceAccount: s, source: {inline: x}}}",
                 "error NamespaceMissing"},
             Row{"{generateName: a-, resource: {namespace: health, source: {inline: x}}}",
                 "error ServiceAccountMissing"},
             Row{"{generateName: a-, resource: {namespace: health, serviceAccount: s, source: {}}}",
                 "error SourceMissing"},
             Row{"{generateName: a-, resource: {namespace: health, serviceAccount: s, source: {inline: ' '}}}",
                 "error SourceEmpty"},
             Row{"{generateName: a-, resource: {namespace: health, serviceAccount: s, source: {url: {path: "
                 "'ftp://x'}}}}",
                 "error SourceInvalid"},
             Row{"{generateName: a-, resource: {namespace: health, serviceAccount: s, source: {url: {path: "
                 "'https://x', "
                 "verifyCert: false}}}}",
                 "warning SourceNotVerified"},
             Row{"{generateName: a-, workflowtimeout: -1, resource: {namespace: health, serviceAccount: s, source: "
                 "{inline: "
                 "x}}}",
                 "error TimeoutInvalid"},
         }) {
        auto const text = fmt::format(
            "apiVersion: activemonitor.keikoproj.io/v1alpha1\nkind: HealthCheck\nmetadata: {{name: a}}\n"
            "spec: {{level: cluster, repeatAfterSec: 60, workflow: {}}}\n",
            row.workflow);
        EXPECT_THAT(problems_of(manifests(text).at(0)), ElementsAre(row.want)) << row.workflow;
    }
}

TEST(Validation, OfSeveralSourcesTheOneThatCountsIsNamed) {
    auto const checks = manifests(
        "apiVersion: activemonitor.keikoproj.io/v1alpha1\nkind: HealthCheck\nmetadata: {name: a}\n"
        "spec: {level: cluster, repeatAfterSec: 60, workflow: {generateName: a-, resource: {namespace: health, "
        "serviceAccount: s, source: {configMap: {name: a, key: b}, file: {path: a}, url: {path: 'https://x'}}}}}\n");
    auto const& [check, problems, where] = checks.at(0);
    EXPECT_EQ(check.spec.workflow.source.kind, Source::Kind::url);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0].message,
              "spec.workflow.resource.source holds several sources, of which the first counts, in the order inline, "
              "url, file, configMap; here that is url, and not file or configMap");
}

TEST(Validation, WhatIsWrongWithARemedy) {
    std::string const remedy =
        "  remedyworkflow: {generateName: r-, resource: {namespace: health, serviceAccount: s, source: {inline: x}}}\n";
    struct Row {
        std::string more;
        std::string want;
    };
    for (auto const& row : {
             Row{"  remedyworkflow: {generateName: r-}\n", "error RemedyResourceMissing"},
             Row{remedy + "  remedyRunsLimit: 2\n", "warning RemedyNotLimited"},
             Row{remedy + "  remedyResetInterval: 2\n", "warning RemedyNotLimited"},
             Row{remedy + "  remedyRunsLimit: -1\n  remedyResetInterval: 60\n", "warning RemedyNeverRuns"},
         }) {
        EXPECT_THAT(problems_of(manifests(hello("  repeatAfterSec: 60\n" + row.more)).at(0)), ElementsAre(row.want));
    }
    EXPECT_THAT(problems_of(manifests(hello("  repeatAfterSec: 60\n  remedyworkflow: {}\n")).at(0)), IsEmpty());
}

}  // namespace
}  // namespace vedette::op
