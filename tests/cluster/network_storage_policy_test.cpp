// Services, Ingresses, volumes, quotas, namespaces and events.

#include "cluster/expect.hpp"
#include "cluster/manifest.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace vedette::cluster {
namespace {

using testing::HasSubstr;

TEST(RealNetwork, AServiceWithoutEndpointsTurnsAndHealsWithItsFirstPod) {
    Namespace const ns;
    ns.apply(service("shop", 8080));
    auto const document = expect_turns(ns, "service-endpoints");
    EXPECT_EQ(first_failure(document, "service-endpoints"), failure(ns, "Service shop", "NoEndpoints"));
    ns.apply(pod("shop", "sleep 600"));
    expect_well(ns);
}

// No Ingress controller runs here: the address that one would give is written by hand.
TEST(RealNetwork, AnIngressThatLeadsToNoServiceIsNamed) {
    Namespace const ns;
    ns.apply(fmt::format(R"(
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {{name: {0}}}
spec: {{controller: vedette.test/none}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: front}}
spec:
  ingressClassName: {0}
  rules:
  - host: shop.test
    http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: shop, port: {{number: 80}}}}}}}}]}}
)",
                         ns.name()));
    ns.kubectl(R"(patch ingress front --subresource=status --type=merge -p )"
               R"('{"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}')");
    auto const document = expect_turns(ns, "ingress");
    EXPECT_EQ(status_of(document, "ingress"), "critical");
    EXPECT_EQ(first_failure(document, "ingress"), failure(ns, "Ingress front", "ServiceMissing"));
    EXPECT_THAT(message_of(document, "ingress"), HasSubstr("shop.test/ to Service shop"));
    ns.apply("apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {ports: [{port: 80}]}\n");
    expect_well(ns);
    kubectl("delete ingressclass " + ns.name());
}

TEST(RealStorage, AClaimNobodyCanProvideIsPending) {
    Namespace const ns;
    ns.apply(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n"
        "spec: {storageClassName: none-such, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n");
    auto const document = expect_turns(ns, "pvc-bound");
    EXPECT_EQ(first_failure(document, "pvc-bound"), failure(ns, "PersistentVolumeClaim data", "Pending"));
    ns.kubectl("delete pvc data --wait=false");
    expect_well(ns);
}

std::string volume(std::string_view ns, std::string_view name, std::string_view reclaim) {
    return fmt::format(R"(---
apiVersion: v1
kind: PersistentVolume
metadata: {{name: {0}-{1}}}
spec:
  capacity: {{storage: 1Mi}}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: {2}
  storageClassName: ''
  hostPath: {{path: /nowhere}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: {1}}}
spec: {{storageClassName: '', volumeName: {0}-{1}, accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Mi}}}}}}
)",
                       ns, name, reclaim);
}

// Kubernetes deletes host paths below /tmp alone, so that the one volume cannot be reclaimed; the other is to be kept.
TEST(RealStorage, VolumesOfDeletedClaimsAreFailedAndReleased) {
    Namespace const ns;
    ns.apply(volume(ns.name(), "doomed", "Delete") + volume(ns.name(), "kept", "Retain"));
    ns.kubectl("wait pvc --all --for=jsonpath='{.status.phase}'=Bound --timeout=180s");
    expect_well(ns);
    ns.kubectl("delete pvc --all --wait=false");
    boost::json::object document;
    EXPECT_TRUE(eventually([&] {
        document = check_json("--suite " + ns.suite());
        return entry(document, "pv-phase").at("failed").to_number<int>() == 2 &&
               first_failure(document, "pv-phase") == fmt::format("PersistentVolume {}-doomed: Failed", ns.name()) &&
               !in_bad_weather(document);
    })) << document;
    EXPECT_EQ(unhealthy(document), std::set<std::string>{"pv-phase"});
    EXPECT_THAT(boost::json::serialize(entry(document, "pv-phase").at("failures")),
                HasSubstr(fmt::format("is Released and kept, claim {}/kept is gone", ns.name())));
    kubectl(fmt::format("delete pv {0}-doomed {0}-kept", ns.name()));
    expect_well(ns);
}

std::string secret(int number) {
    return fmt::format("---\napiVersion: v1\nkind: Secret\nmetadata: {{name: secret-{}}}\n", number);
}

TEST(RealPolicy, AQuotaIsNearlyAndThenWhollyUsedUp) {
    Namespace const ns;
    ns.apply("apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: few}\nspec: {hard: {count/secrets: '10'}}\n");
    ns.kubectl("wait resourcequota few --for=jsonpath='{.status.used}' --timeout=180s");
    std::string nine;
    for (int i = 1; i <= 9; ++i) nine += secret(i);
    ns.apply(nine);
    auto const nearly = expect_turns(ns, "resource-quota");
    EXPECT_EQ(status_of(nearly, "resource-quota"), "warning");
    EXPECT_EQ(first_failure(nearly, "resource-quota"), failure(ns, "ResourceQuota few", "QuotaNearlyUsedUp"));
    ns.apply(secret(10));
    auto const wholly = expect_turns(ns, "resource-quota");
    EXPECT_EQ(first_failure(wholly, "resource-quota"), failure(ns, "ResourceQuota few", "QuotaUsedUp"));
    EXPECT_THAT(message_of(wholly, "resource-quota"), HasSubstr("allows 10 of count/secrets, 10 in use (100%)"));
    ns.kubectl("delete secret secret-1 secret-2");
    expect_well(ns);
}

TEST(RealPolicy, ANamespaceThatAFinalizerHoldsIsStuck) {
    Namespace const ns({{"namespaces-terminating", "min_age: 1s"}});
    auto const held = ns.name() + "-held";
    kubectl("create namespace " + held);
    kubectl(fmt::format("-n {} apply -f -", held),
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: anchor, finalizers: [vedette.test/hold]}\n");
    kubectl(fmt::format("delete namespace {} --wait=false", held));
    // Namespaces of earlier tests may be going at this very moment.
    boost::json::object document;
    EXPECT_TRUE(eventually([&] {
        document = check_json("--suite " + ns.suite());
        return first_failure(document, "namespaces-terminating") ==
               fmt::format("Namespace {}: NamespaceFinalizersRemaining", held);
    })) << document;
    EXPECT_EQ(unhealthy(document), std::set<std::string>{"namespaces-terminating"});
    EXPECT_EQ(status_of(document, "namespaces-terminating"), "critical");
    EXPECT_THAT(message_of(document, "namespaces-terminating"), HasSubstr("vedette.test/hold"));
    kubectl(
        fmt::format(R"(-n {} patch configmap anchor --type=merge -p '{{"metadata": {{"finalizers": null}}}}')", held));
    expect_well(ns);
}

// Deleting the claim ends the warnings; those there were pass out of the window.
TEST(RealPolicy, WarningEventsCountUntilTheWindowHasPassed) {
    Namespace const ns({{"events-warning", "with: {window: 5s, warning: 1, critical: 1000}"}});
    ns.apply(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n"
        "spec: {storageClassName: none-such, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n");
    auto const document = expect_turns(ns, "events-warning", {"pvc-bound"});
    EXPECT_EQ(status_of(document, "events-warning"), "warning");
    EXPECT_EQ(first_failure(document, "events-warning"),
              failure(ns, "PersistentVolumeClaim data", "ProvisioningFailed"));
    ns.kubectl("delete pvc data --wait=false");
    expect_well(ns);
}

}  // namespace
}  // namespace vedette::cluster
