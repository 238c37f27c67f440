// The healthy cluster, what the rights of `checks rbac` are good for, and the parts of a control plane that can break
// on their own. What breaks all of it is in broken_control_plane_test.cpp.

#include "cluster/certificate.hpp"
#include "cluster/expect.hpp"
#include "cluster/manifest.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

namespace vedette::cluster {
namespace {

using testing::HasSubstr;

// A kubeconfig like the admin's, but with the credentials that `arguments` set.
std::string kubeconfig_with(std::string const& arguments) {
    File const file(run("kubectl config view --raw --minify").text);
    run(
        fmt::format("kubectl --kubeconfig {0} config set-credentials other {1} >/dev/null && "
                    "kubectl --kubeconfig {0} config set-context --current --user=other >/dev/null",
                    file.path(), arguments));
    return run("cat " + file.path()).text;
}

TEST(RealCluster, AHealthyClusterHasNothingCriticalAndNothingUnknown) {
    auto const document = expect_well("");
    EXPECT_TRUE(document.at("healthy").as_bool());
    EXPECT_EQ(status_of(document, "apiserver-livez"), "ok");
    EXPECT_EQ(status_of(document, "nodes-ready"), "ok");
    EXPECT_EQ(status_of(document, "leader-leases"), "ok");
}

TEST(RealCluster, TheRightsThatRbacPrintsAreEnoughForEveryCheck) {
    Namespace const ns;
    auto const program = variable("VEDETTE_BIN");
    ns.kubectl("create serviceaccount watcher");
    auto const rights = run(fmt::format("{} checks rbac --service-account {}/watcher", program, ns.name()));
    ASSERT_EQ(rights.code, 0);
    kubectl("apply -f -", rights.text);
    auto token = ns.kubectl("create token watcher --duration=10m");
    while (!token.empty() && token.back() == '\n') token.pop_back();
    File const file(kubeconfig_with("--token=" + token));

    // The API server hears of new and of gone rights a moment later.
    boost::json::object document;
    auto const is_unknown = [](auto const& check) { return check.at("status").as_string() == "unknown"; };
    EXPECT_TRUE(eventually([&] {
        document = check_json("--kubeconfig " + file.path());
        auto const& checks = document.at("checks").as_array();
        return std::none_of(checks.begin(), checks.end(), is_unknown);
    })) << document;
    EXPECT_EQ(status_of(document, "own-credentials"), "ok");
    EXPECT_THAT(message_of(document, "own-credentials"),
                HasSubstr(fmt::format("token of system:serviceaccount:{}:watcher expires in", ns.name())));

    kubectl("delete clusterrolebinding vedette");
    boost::json::object without;
    EXPECT_TRUE(eventually([&] {
        without = check_json("--kubeconfig " + file.path() + " -n pods-crashloop");
        return status_of(without, "pods-crashloop") == "unknown";
    })) << without;
    EXPECT_THAT(message_of(without, "pods-crashloop"), HasSubstr("verb list on pods"));
    kubectl("delete clusterrole vedette");
}

TEST(RealCluster, AWebhookWithNothingBehindItRejectsAndIsNamed) {
    Namespace const ns;
    ns.apply(service("guard", 8443) + fmt::format(R"(---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {{name: {0}}}
webhooks:
- name: guard.vedette.test
  namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {0}}}}}
  rules: [{{operations: [CREATE], apiGroups: [''], apiVersions: [v1], resources: [configmaps]}}]
  clientConfig: {{service: {{namespace: {0}, name: guard, port: 80}}}}
  failurePolicy: Fail
  sideEffects: None
  admissionReviewVersions: [v1]
  timeoutSeconds: 1
)",
                                                  ns.name()));
    auto const document = expect_turns(ns, "webhooks", {"service-endpoints"});
    EXPECT_EQ(status_of(document, "webhooks"), "critical");
    EXPECT_EQ(first_failure(document, "webhooks"),
              fmt::format("ValidatingWebhookConfiguration {}: NoReadyEndpoints", ns.name()));
    EXPECT_THAT(message_of(document, "webhooks"),
                HasSubstr(fmt::format("calls Service {}/guard, which has no ready endpoint, and rejects", ns.name())));
    EXPECT_TRUE(eventually([&] {
        return run(fmt::format("kubectl -n {} create configmap refused 2>/dev/null", ns.name())).code != 0;
    })) << "the webhook is not in force";

    ns.apply(pod("guard", "sleep 600"));
    expect_well(ns);
    kubectl("delete validatingwebhookconfiguration " + ns.name());
}

TEST(RealCluster, AnAggregatedApiWithNobodyBehindItIsNotAvailable) {
    Namespace const ns;
    kubectl("apply -f -", fmt::format(R"(
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {{name: v1.gone.vedette.test}}
spec:
  group: gone.vedette.test
  version: v1
  groupPriorityMinimum: 100
  versionPriority: 100
  insecureSkipTLSVerify: true
  service: {{namespace: {}, name: nobody}}
)",
                                      ns.name()));
    // Until a controller has looked there is no condition.
    boost::json::object document;
    EXPECT_TRUE(eventually([&] {
        document = expect_turns(ns, "apiservices");
        return first_failure(document, "apiservices") == "APIService v1.gone.vedette.test: ServiceNotFound";
    })) << document;
    EXPECT_EQ(status_of(document, "apiservices"), "critical");
    EXPECT_THAT(message_of(document, "apiservices"), HasSubstr(fmt::format("through Service {}/nobody", ns.name())));
    kubectl("delete apiservice v1.gone.vedette.test");
    expect_well(ns);
}

TEST(RealCluster, AClientCertificateThatEndsSoonStillWorksAndIsNamed) {
    auto const certificate_of = [](std::string_view end) {
        File const certificate(reissued_certificate("admin", "-360 days", end));
        return kubeconfig_with(fmt::format("--embed-certs --client-certificate={} --client-key={}/pki/admin.key",
                                           certificate.path(), variable("VEDETTE_CLUSTER_RUN")));
    };
    // What workloads_test.cpp has broken by now is not our business.
    std::string const but_workloads = "-g controlplane,nodes,certs --kubeconfig ";
    File const days(certificate_of("+5 days"));
    auto const soon = expect_turns(but_workloads + days.path(), "own-credentials");
    EXPECT_EQ(status_of(soon, "own-credentials"), "warning");
    EXPECT_EQ(first_failure(soon, "own-credentials"), "Credential client certificate: Expires");
    EXPECT_THAT(message_of(soon, "own-credentials"), HasSubstr("of CN=admin,O=system:masters expires in 4d"));

    File const hours(certificate_of("+5 hours"));
    auto const now = expect_turns(but_workloads + hours.path(), "own-credentials");
    EXPECT_EQ(status_of(now, "own-credentials"), "critical");
    expect_well(but_workloads + variable("KUBECONFIG"));
}

}  // namespace
}  // namespace vedette::cluster
