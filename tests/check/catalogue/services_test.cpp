// Services and those that point to them: webhooks and Ingresses.

#include "check/catalogue/controlplane/controlplane.hpp"
#include "check/catalogue/network/network.hpp"
#include "check/catalogue/scene.hpp"
#include "check/objects/ingress.hpp"
#include "check/objects/replicated.hpp"
#include "check/objects/service.hpp"
#include "check/objects/webhook.hpp"
#include "net/tls.hpp"

#include <fmt/format.h>

namespace vedette::check {
namespace {

std::string service(std::string_view name, std::string_view spec = "'selector': {'app': 'web'}") {
    return fmt::format(
        "{{'metadata': {{'name': '{}', 'namespace': 'shop', 'creationTimestamp': '{}'}}, 'spec': {{{}, "
        "'ports': [{{'name': 'https', 'port': 443, 'targetPort': 'web'}}]}}}}",
        name, ago(240h), spec);
}

std::string slice(std::string_view service_name, int ready, int unready, Duration changed,
                  std::string_view port = "https") {
    std::string endpoints;
    for (int i = 0; i < ready + unready; ++i) {
        endpoints +=
            fmt::format("{}{{'addresses': ['10.0.0.{}'], 'conditions': {{'ready': {}}}}}", i ? ", " : "", i, i < ready);
    }
    auto const ports = port.empty() ? std::string() : fmt::format("{{'name': '{}', 'port': 8443}}", port);
    return fmt::format(
        "{{'metadata': {{'name': '{}-x', 'namespace': 'shop', 'labels': {{'kubernetes.io/service-name': "
        "'{}'}}, 'annotations': {{'endpoints.kubernetes.io/last-change-trigger-time': '{}'}}}}, "
        "'endpoints': [{}], 'ports': [{}]}}",
        service_name, service_name, ago(changed), endpoints, ports);
}

TEST(ServiceEndpoints, EveryWayToLeadNowhere) {
    struct Row {
        std::string slice;
        std::string_view reason;
    };
    for (auto const& row : {Row{slice("web", 2, 0, 1h), "Ok"}, Row{slice("web", 0, 0, 5min, ""), "NoEndpoints"},
                            Row{slice("web", 0, 2, 5min), "NoReadyEndpoints"}, Row{slice("web", 0, 2, 5min - 1s), "Ok"},
                            Row{slice("web", 2, 0, 1h, "http"), "TargetPortMissing"},
                            Row{slice("other", 2, 0, 1h), "NoEndpoints"}, Row{slice("web", 1, 3, 1h), "Ok"}}) {
        Scene scene(service_endpoints);
        scene.add<Service>(service("web")).add<EndpointSlice>(row.slice);
        auto const got = scene.judge();
        EXPECT_EQ(got.reason, row.reason) << got.message;
        EXPECT_EQ(got.status, row.reason == "Ok" ? Status::ok : Status::critical);
    }
    Scene scene(service_endpoints);
    scene.add<Service>(service("web")).add<EndpointSlice>(slice("web", 0, 2, 20min));
    EXPECT_EQ(scene.judge().message, "Service shop/web has no ready endpoint: 0 of 2, for 20m");
    Scene strict(service_endpoints);
    strict.params.strict = true;
    strict.add<Service>(service("web")).add<EndpointSlice>(slice("web", 1, 0, 1h));
    EXPECT_EQ(strict.judge().reason, "SingleEndpoint");
}

TEST(ServiceEndpoints, AWorkloadScaledToZeroIsADetailUnlessStrict) {
    auto const deployment = [](int replicas, std::string_view app) {
        return fmt::format(
            "{{'metadata': {{'name': 'web', 'namespace': 'shop'}}, 'spec': {{'replicas': {}, 'template': "
            "{{'metadata': {{'labels': {{'app': '{}', 'tier': 'front'}}}}}}}}}}",
            replicas, app);
    };
    for (auto const& [replicas, app, want] : {std::tuple(0, "web", Status::ok), std::tuple(1, "web", Status::critical),
                                              std::tuple(0, "other", Status::critical)}) {
        Scene scene(service_endpoints);
        scene.add<Service>(service("web")).add<Deployment>(deployment(replicas, app));
        EXPECT_EQ(scene.judge().status, want);
    }
    Scene strict(service_endpoints);
    strict.params.strict = true;
    strict.add<Service>(service("web")).add<Deployment>(deployment(0, "web"));
    EXPECT_EQ(strict.judge().status, Status::critical);
}

TEST(ServiceEndpoints, ADualStackServiceHasEachPodOnce) {
    auto const of_family = [](std::string_view family) {
        auto object = json(slice("web", 1, 0, 1h));
        object.as_object()["addressType"] = family;
        return object;
    };
    Scene strict(service_endpoints);
    strict.params.strict = true;
    strict.add<Service>(service("web")).add<EndpointSlice>(of_family("IPv4")).add<EndpointSlice>(of_family("IPv6"));
    EXPECT_EQ(strict.judge().reason, "SingleEndpoint");
    strict.add<EndpointSlice>(of_family("IPv4"));
    EXPECT_EQ(strict.judge().reason, "Ok");
}

TEST(ServiceEndpoints, HeadlessExternalAndSelectorlessServicesAreLeftOut) {
    Scene scene(service_endpoints);
    scene.add<Service>(service("a", "'selector': {'app': 'web'}, 'clusterIP': 'None'"));
    scene.add<Service>(service("b", "'type': 'ExternalName', 'selector': {'app': 'web'}, 'externalName': 'x.example'"));
    scene.add<Service>(service("c", "'clusterIP': '10.0.0.1'"));
    auto const got = scene.judge();
    EXPECT_EQ(got.status, Status::ok) << got.message;
    EXPECT_EQ(got.checked, 0);
}

std::string webhook(std::string_view policy, std::string_view client, Duration age = 1h) {
    return fmt::format(
        "{{'metadata': {{'name': 'guard', 'creationTimestamp': '{}'}}, 'webhooks': [{{'name': "
        "'pods.guard.example', 'failurePolicy': '{}', 'rules': [], 'clientConfig': {{{}}}}}]}}",
        ago(age), policy, client);
}

constexpr std::string_view calls_web = "'service': {'namespace': 'shop', 'name': 'web', 'port': 443}";

TEST(Webhooks, FailingClosedWithNobodyBehindIsCriticalFailingOpenAWarning) {
    for (auto const& [policy, want] : {std::pair("Fail", Status::critical), {"Ignore", Status::warning}}) {
        Scene scene(webhooks);
        scene.add<ValidatingWebhookConfiguration>(webhook(policy, calls_web));
        EXPECT_EQ(scene.judge().status, want);
        EXPECT_EQ(scene.judge().reason, "ServiceMissing");
    }
    Scene empty(webhooks);
    empty.add<MutatingWebhookConfiguration>(webhook("Fail", calls_web)).add<Service>(service("web"));
    empty.add<EndpointSlice>(slice("web", 0, 1, 10min));
    EXPECT_EQ(
        empty.judge().message,
        "MutatingWebhookConfiguration guard webhook pods.guard.example calls Service shop/web, which has no ready "
        "endpoint, and rejects what it matches, for 10m");
    Scene port(webhooks);
    port.add<ValidatingWebhookConfiguration>(
        webhook("Fail", "'service': {'namespace': 'shop', 'name': 'web', 'port': 8080}"));
    port.add<Service>(service("web"));
    EXPECT_EQ(port.judge().reason, "PortMissing");
    Scene single(webhooks);
    single.add<ValidatingWebhookConfiguration>(webhook("Fail", calls_web)).add<Service>(service("web"));
    single.add<EndpointSlice>(slice("web", 1, 0, 1h));
    EXPECT_EQ(single.judge().status, Status::ok);
    single.params.strict = true;
    EXPECT_EQ(single.judge().reason, "SingleEndpoint");
}

std::string base64(std::string_view text) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += 3) {
        unsigned group = 0;
        for (std::size_t j = 0; j < 3; ++j)
            group = group << 8 | (i + j < text.size() ? static_cast<unsigned char>(text[i + j]) : 0u);
        for (std::size_t j = 0; j < 4; ++j) out += i + j > text.size() ? '=' : alphabet[group >> (18 - 6 * j) & 63];
    }
    return out;
}

std::string authority(Duration left) {
    return net::make_identity({.common_name = "ca",
                               .not_before = scene_now - std::chrono::days(300),
                               .not_after = scene_now + left,
                               .is_authority = true})
        .certificate_pem;
}

TEST(Webhooks, TheCaBundleCountsByItsLongestLastingCertificate) {
    struct Row {
        std::string bundle;
        Status want;
        std::string_view reason;
    };
    for (auto const& row :
         {Row{authority(21 * 24h), Status::ok, "Ok"}, Row{authority(21 * 24h - 1s), Status::warning, "CaBundleExpires"},
          Row{authority(7 * 24h - 1s), Status::critical, "CaBundleExpires"},
          Row{authority(-1s), Status::critical, "CaBundleExpired"},
          Row{authority(-24h) + authority(100 * 24h), Status::ok, "Ok"},
          Row{"no certificate", Status::critical, "CaBundleUnreadable"}}) {
        Scene scene(webhooks);
        scene.add<ValidatingWebhookConfiguration>(
            webhook("Fail", fmt::format("{}, 'caBundle': '{}'", calls_web, base64(row.bundle))));
        scene.add<Service>(service("web")).add<EndpointSlice>(slice("web", 2, 0, 1h));
        auto const got = scene.judge();
        EXPECT_EQ(got.status, row.want) << got.message;
        EXPECT_EQ(got.reason, row.reason) << got.message;
    }
}

std::string ingress_object(std::string_view class_name, std::string_view service_name, int port, bool address,
                           Duration age = 1h) {
    return fmt::format(
        "{{'metadata': {{'name': 'site', 'namespace': 'shop', 'creationTimestamp': '{}'}}, 'spec': "
        "{{'ingressClassName': '{}', 'rules': [{{'host': 'shop.example', 'http': {{'paths': [{{'path': '/cart', "
        "'pathType': 'Prefix', 'backend': {{'service': {{'name': '{}', 'port': {{'number': {}}}}}}}}}]}}}}]}}, "
        "'status': {{'loadBalancer': {{'ingress': [{}]}}}}}}",
        ago(age), class_name, service_name, port, address ? "{'ip': '192.0.2.1'}" : "");
}

TEST(IngressCheck, ClassServicePortAndAddress) {
    struct Row {
        std::string object;
        std::string_view reason;
        Status want;
    };
    for (auto const& row : {Row{ingress_object("nginx", "web", 443, true), "Ok", Status::ok},
                            Row{ingress_object("gone", "web", 443, true), "ClassMissing", Status::critical},
                            Row{ingress_object("nginx", "gone", 443, true), "ServiceMissing", Status::critical},
                            Row{ingress_object("nginx", "web", 80, true), "PortMissing", Status::critical},
                            Row{ingress_object("nginx", "web", 443, false, 10min), "NoAddress", Status::warning},
                            Row{ingress_object("nginx", "web", 443, false, 10min - 1s), "Ok", Status::ok},
                            Row{ingress_object("", "web", 443, false), "NoClass", Status::critical}}) {
        Scene scene(ingress);
        scene.add<Ingress>(row.object).add<Service>(service("web"));
        scene.add<IngressClass>(
            std::string("{'metadata': {'name': 'nginx'}, 'spec': {'controller': 'k8s.io/ingress-nginx'}}"));
        auto const got = scene.judge();
        EXPECT_EQ(got.reason, row.reason) << got.message;
        EXPECT_EQ(got.status, row.want);
    }
    Scene scene(ingress);
    scene.add<Ingress>(ingress_object("nginx", "gone", 443, true));
    EXPECT_EQ(scene.judge().message, "Ingress shop/site leads shop.example/cart to Service gone, which does not exist");
}

}  // namespace
}  // namespace vedette::check
