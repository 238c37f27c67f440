// What people write into files, and what is wrong with it. Every row of validate() has one here.

#include "operator/checks.hpp"

namespace vedette::op {
namespace {

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
    EXPECT_EQ(checks[1].check.ns, "default");
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
