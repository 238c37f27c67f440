#include "check/rbac.hpp"

#include "base/yaml.hpp"
#include "check/objects/node.hpp"
#include "check/objects/pod.hpp"
#include "check/suite.hpp"

#include <gmock/gmock.h>

namespace vedette::check {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<Read> pods() {
    std::vector<Read> reads;
    reads.push_back(read_of<Pod>());
    return reads;
}
std::vector<Read> nodes() {
    std::vector<Read> reads;
    reads.push_back(read_of<Node>());
    return reads;
}
Outcome judge(View const&, Params const&, WallTime) {
    return Outcome::ok("fine");
}

constexpr Rule rules[] = {
    {.verb = "get", .group = "", .resource = "", .name = "", .url = "/livez"},
    {.verb = "get", .group = "", .resource = "configmaps", .name = "kube-root-ca.crt", .url = ""}};

constexpr CheckType of_pods{
    .name = "of-pods", .group = "g", .summary = "", .explain = "", .needs = pods, .judge = judge};
constexpr CheckType of_nodes{.name = "of-nodes",
                             .group = "g",
                             .summary = "",
                             .explain = "",
                             .needs = nodes,
                             .judge = judge,
                             .cluster_scoped = true};
constexpr CheckType with_rules{
    .name = "with-rules", .group = "g", .summary = "", .explain = "", .rules = rules, .cluster_scoped = true};

constexpr CheckType namespaced_rules{
    .name = "namespaced-rules", .group = "g", .summary = "", .explain = "", .rules = rules};

std::vector<Instance> all() {
    return {default_instance(of_pods), default_instance(of_nodes), default_instance(with_rules)};
}

// Splits at "---" and reads each document, so that what is printed is known to be YAML.
std::vector<YamlNode> documents(std::string text) {
    std::vector<YamlNode> result;
    while (!text.empty()) {
        auto const end = text.find("---\n");
        auto const part = text.substr(0, end);
        text.erase(0, end == std::string::npos ? text.size() : end + 4);
        auto parsed = parse_yaml(part, "rbac");
        EXPECT_TRUE(parsed.has_value()) << part;
        if (parsed) result.push_back(std::move(*parsed));
    }
    return result;
}

std::string kind_of(YamlNode const& document) {
    return std::string(*document.find("kind")->if_string());
}

TEST(Rbac, AWholeClusterNeedsOneClusterRoleAndItsBinding) {
    EXPECT_EQ(rbac_manifest(all(), {}, "monitoring/vedette"), R"(apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: vedette
rules:
- apiGroups: [""]
  resources: ["configmaps"]
  resourceNames: ["kube-root-ca.crt"]
  verbs: ["get"]
- apiGroups: [""]
  resources: ["nodes"]
  verbs: ["list"]
- apiGroups: [""]
  resources: ["pods"]
  verbs: ["list"]
- nonResourceURLs: ["/livez"]
  verbs: ["get"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: vedette
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: vedette
subjects:
- kind: ServiceAccount
  name: vedette
  namespace: monitoring
)");
}

TEST(Rbac, WithNamespacesThereIsARoleAndABindingInEachAndNothingClusterWide) {
    auto const text = rbac_manifest(all(), {"shop", "till"}, "monitoring/vedette");
    auto const printed = documents(text);
    ASSERT_EQ(printed.size(), 4U);
    EXPECT_EQ(kind_of(printed[0]), "Role");
    EXPECT_EQ(kind_of(printed[1]), "RoleBinding");
    EXPECT_EQ(kind_of(printed[2]), "Role");
    EXPECT_EQ(kind_of(printed[3]), "RoleBinding");
    for (std::size_t i = 0; i < printed.size(); ++i) {
        EXPECT_EQ(*printed[i].find("metadata")->find("namespace")->if_string(), i < 2 ? "shop" : "till");
    }
    EXPECT_THAT(text, HasSubstr("resources: [\"pods\"]"));
    EXPECT_THAT(text, Not(HasSubstr("nodes")));
    EXPECT_THAT(text, Not(HasSubstr("nonResourceURLs")));
    EXPECT_THAT(text, Not(HasSubstr("ClusterRole")));
}

// Whoever has one namespace cannot apply, and must not overwrite, what is of the whole cluster.
TEST(Rbac, TheBuiltInSuiteInOneNamespaceNeedsNothingClusterWide) {
    auto const text = rbac_manifest(built_in_suite().checks, {"shop"}, "ops/vedette");
    EXPECT_THAT(text, Not(HasSubstr("ClusterRole")));
    EXPECT_THAT(text, HasSubstr("kind: Role\n"));
    EXPECT_THAT(text, HasSubstr("namespace: shop"));
}

TEST(Rbac, RulesOfATypeThatLooksAtNamespacesAreRolesThereAndUrlsStayWithTheCluster) {
    for (bool const by_instance : {true, false}) {
        auto instance = default_instance(namespaced_rules);
        if (by_instance) instance.params.namespaces = {"shop", "till"};
        auto const text = rbac_manifest(
            {instance}, by_instance ? std::vector<std::string>() : std::vector<std::string>{"shop", "till"}, "bot");
        auto const printed = documents(text);
        ASSERT_EQ(printed.size(), 6U) << text;
        EXPECT_EQ(kind_of(printed[0]), "ClusterRole");
        EXPECT_EQ(printed[0].find("rules")->items.size(), 1U);
        EXPECT_TRUE(printed[0].find("rules")->items[0].find("nonResourceURLs"));
        for (auto const& [at, ns] : {std::pair{2U, "shop"}, std::pair{4U, "till"}}) {
            EXPECT_EQ(kind_of(printed[at]), "Role");
            EXPECT_EQ(*printed[at].find("metadata")->find("namespace")->if_string(), ns);
            auto const& rule = printed[at].find("rules")->items.at(0);
            EXPECT_EQ(*rule.find("resources")->items.at(0).if_string(), "configmaps");
            EXPECT_EQ(*rule.find("resourceNames")->items.at(0).if_string(), "kube-root-ca.crt");
            EXPECT_EQ(kind_of(printed[at + 1]), "RoleBinding");
        }
    }
}

TEST(Rbac, ASuiteThatNamesItsNamespacesNeedsNothingClusterWide) {
    auto instance = default_instance(of_pods);
    instance.params.namespaces = {"shop", "till"};
    auto const text = rbac_manifest({instance}, {}, "bot");
    EXPECT_EQ(documents(text).size(), 4U);
    EXPECT_THAT(text, Not(HasSubstr("ClusterRole")));
}

TEST(Rbac, AGlobNeedsTheRightInTheWholeCluster) {
    auto const printed = documents(rbac_manifest({default_instance(of_pods)}, {"shop-*"}, "vedette"));
    ASSERT_EQ(printed.size(), 2U);
    EXPECT_EQ(kind_of(printed[0]), "ClusterRole");
}

TEST(Rbac, AnAccountWithoutNamespaceIsInDefault) {
    EXPECT_THAT(rbac_manifest({default_instance(of_pods)}, {}, "bot"),
                HasSubstr("  name: bot\n  namespace: default\n"));
}

TEST(Rbac, NothingIsGrantedForNothing) {
    EXPECT_EQ(rbac_manifest({}, {}, "bot"), "");
}

}  // namespace
}  // namespace vedette::check
