// The Helm chart as it is rendered, without a cluster: every value of it switched on, each branch of those that exclude
// one another, and what its schema and its own checks refuse.

#include "base/json.hpp"
#include "base/yaml.hpp"
#include "cluster/cluster.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

namespace vedette::cluster {
namespace {

namespace json = boost::json;

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr auto every_value = R"(
imagePullSecrets: [{name: pull}]
validation: {enabled: true, actions: [Warn, Audit], warnings: [Audit]}
serviceAccount: {name: doctor, annotations: {team: sre}}
rbac:
  adopt: narrow
  defaults: reference
  allow: |
    rules:
    - verbs: [get]
  extraGrants: [{apiGroups: [batch], resources: [jobs], verbs: [get]}]
maxRunningWorkflows: 0
kubeApiQps: 1000000
kubeApiBurst: 1000000
sourceAllow: [10.0.0.0/8, "fd00::/8"]
sourceDir: /etc/workflows
takeover: true
policyConfigMap: ops/policy.v1
remedyDryRun: true
maxWorkers: 3
log: {devel: false, encoder: console, level: 2, stacktraceLevel: error, timeEncoding: rfc3339}
extraArgs: ["--context=ours"]
extraEnv: [{name: HTTPS_PROXY, value: "http://192.0.2.1"}]
extraVolumes: [{name: workflows, configMap: {name: workflows}}]
extraVolumeMounts: [{name: workflows, mountPath: /etc/workflows}]
metrics:
  port: 9443
  secure: true
  certificateSecret: certificate
  namespaceLabel: true
  serviceMonitor: {interval: 5s, labels: {release: prometheus}, caSecret: authority, caKey: root.crt}
  prometheusRule: {labels: {release: prometheus}, alertLabels: {team: sre}, overdueSeconds: 1000000, failingFor: 1h}
probes: {port: 9081}
heartbeat: {existingSecret: beat, key: address, interval: 30s}
networkPolicy:
  metricsFrom: [{namespaceSelector: {}}]
  egress: [{ports: [{port: 443}]}]
podAnnotations: {told: "true"}
podLabels: {tier: control}
nodeSelector: {disk: fast}
tolerations: [{operator: Exists}]
affinity: {nodeAffinity: {}}
priorityClassName: high
)";
constexpr auto operated = " --api-versions monitoring.coreos.com/v1";

Output helm(std::string const& verb, std::string const& values, std::string const& more = "") {
    File const file(values);
    return run(fmt::format("helm {} {}/charts/vedette-operator -n health -f {} {} 2>&1", verb, VEDETTE_DEPLOY_DIR,
                           file.path(), more));
}

class Rendered {
public:
    explicit Rendered(std::string const& values, std::string const& more = "") {
        auto const output = helm("template vedette-operator", values, more);
        EXPECT_EQ(output.code, 0) << output.text;
        for (std::size_t at = 0; output.code == 0 && at < output.text.size();) {
            auto const end = std::min(output.text.find("\n---\n", at), output.text.size());
            auto const document = parse_yaml(output.text.substr(at, end - at), "a document");
            EXPECT_TRUE(document) << document.error().text() << output.text.substr(at, end - at);
            if (document && !document->is_null()) objects_.push_back(to_json(*document));
            at = end + std::string_view("\n---\n").size();
        }
    }

    std::vector<std::string> kinds() const {
        std::vector<std::string> all;
        for (auto const& each : objects_) all.push_back(get_string(each, "kind"));
        return all;
    }
    /// The one object of that kind whose name ends so; null, and a failed test, if there is none.
    json::value object(std::string_view kind, std::string_view end_of_name = "") const {
        for (auto const& each : objects_) {
            bool const meant =
                get_string(each, "kind") == kind && get_string(each, "metadata.name").ends_with(end_of_name);
            if (meant) return each;
        }
        ADD_FAILURE() << "no " << kind << " " << end_of_name;
        return nullptr;
    }
    bool has(std::string_view kind, std::string_view end_of_name) const {
        return std::any_of(objects_.begin(), objects_.end(), [&](json::value const& each) {
            return get_string(each, "kind") == kind && get_string(each, "metadata.name").ends_with(end_of_name);
        });
    }
    std::vector<std::string> arguments() const {
        std::vector<std::string> all;
        auto const deployment = object("Deployment");
        auto const* given = find(deployment, "spec.template.spec.containers.0.args");
        if (!given) return all;
        for (auto const& each : given->as_array()) all.emplace_back(each.as_string());
        return all;
    }

private:
    std::vector<json::value> objects_;
};

std::string text_at(json::value const& object, std::string_view path) {
    auto const* value = find(object, path);
    return value ? to_json(*value) : "";
}

// Verbs of the rules that speak of a resource, in JSON.
std::string verbs_for(json::value const& role, std::string_view resource) {
    std::string all;
    for (auto const& rule : find(role, "rules")->as_array()) {
        auto const* resources = find(rule, "resources");
        if (resources && to_json(*resources).find(fmt::format("\"{}\"", resource)) != std::string::npos) {
            all += text_at(rule, "verbs");
        }
    }
    return all;
}

TEST(OperatorChartTemplates, LintHasNothingToSay) {
    for (auto const* values : {"{}", every_value}) {
        auto const lint = helm("lint --strict", values);
        EXPECT_EQ(lint.code, 0) << lint.text;
        EXPECT_THAT(lint.text, Not(HasSubstr("[WARNING]")));
    }
}

TEST(OperatorChartTemplates, EveryKindIsMade) {
    EXPECT_THAT(Rendered(every_value, operated).kinds(),
                testing::UnorderedElementsAre(
                    "NetworkPolicy", "PodDisruptionBudget", "ServiceAccount", "ConfigMap", "CustomResourceDefinition",
                    "ClusterRole", "ClusterRole", "ClusterRole", "ClusterRoleBinding", "ClusterRoleBinding", "Role",
                    "Role", "RoleBinding", "RoleBinding", "Service", "Deployment", "PrometheusRule", "ServiceMonitor",
                    "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
                    "ValidatingAdmissionPolicyBinding"));
    auto const unknown = Rendered(every_value).kinds();
    EXPECT_THAT(unknown, Not(Contains("ServiceMonitor"))) << "the cluster does not know the kind";
    EXPECT_THAT(unknown, Not(Contains("PrometheusRule")));
}

TEST(OperatorChartTemplates, SwitchedOffNothingOfItIsMade) {
    auto const kinds = Rendered(R"(
crd: {install: false}
serviceAccount: {create: false, name: somebody}
rbac: {create: false}
metrics: {serviceMonitor: {enabled: false}, prometheusRule: {enabled: false}}
podDisruptionBudget: {enabled: false}
networkPolicy: {enabled: false}
)",
                                operated)
                           .kinds();
    EXPECT_THAT(kinds, testing::UnorderedElementsAre("Service", "Deployment"));
}

TEST(OperatorChartTemplates, EveryFlagIsGiven) {
    EXPECT_THAT(
        Rendered(every_value).arguments(),
        testing::ElementsAre("operator", "--metrics-bind-address=:9443", "--metrics-secure",
                             "--metrics-cert-path=/etc/vedette/metrics-certificate", "--metrics-namespace-label",
                             "--health-probe-bind-address=:9081", "--heartbeat-url-file=/etc/vedette/heartbeat/url",
                             "--heartbeat-interval=30s", "--leader-elect", "--rbac=manage", "--rbac-adopt=narrow",
                             "--rbac-defaults=reference", "--rbac-allow=/etc/vedette/rbac-allow/allow.yaml",
                             "--max-running-workflows=0", "--kube-api-qps=1000000", "--kube-api-burst=1000000",
                             "--source-allow=10.0.0.0/8", "--source-allow=fd00::/8", "--source-dir=/etc/workflows",
                             "--takeover", "--policy-configmap=ops/policy.v1", "--remedy-dry-run", "--max-workers=3",
                             "--zap-devel=false", "--zap-encoder=console", "--zap-log-level=2",
                             "--zap-stacktrace-level=error", "--zap-time-encoding=rfc3339", "--context=ours"));
    EXPECT_THAT(Rendered("heartbeat: {url: 'https://192.0.2.1/a?b=c#d'}").arguments(),
                Contains("--heartbeat-url=https://192.0.2.1/a?b=c#d"));
    EXPECT_THAT(Rendered("leaderElect: false\nreplicas: 1").arguments(), Not(Contains("--leader-elect")));
}

TEST(OperatorChartTemplates, ThePodHasWhatItsFlagsName) {
    Rendered const rendered(every_value);
    auto const deployment = rendered.object("Deployment");
    auto const& pod = *find(deployment, "spec.template.spec");
    EXPECT_EQ(text_at(pod, "volumes"),
              R"([{"name":"metrics-certificate","secret":{"secretName":"certificate"}},)"
              R"({"name":"heartbeat","secret":{"secretName":"beat","items":[{"key":"address","path":"url"}]}},)"
              R"({"name":"rbac-allow","configMap":{"name":"vedette-operator-rbac-allow"}},)"
              R"({"configMap":{"name":"workflows"},"name":"workflows"}])");
    std::vector<std::string> mounted;
    for (auto const& each : find(pod, "containers.0.volumeMounts")->as_array()) {
        mounted.push_back(get_string(each, "name") + " " + get_string(each, "mountPath"));
    }
    EXPECT_THAT(mounted, testing::ElementsAre("metrics-certificate /etc/vedette/metrics-certificate",
                                              "heartbeat /etc/vedette/heartbeat", "rbac-allow /etc/vedette/rbac-allow",
                                              "workflows /etc/workflows"));
    EXPECT_EQ(text_at(pod, "containers.0.ports"),
              R"([{"name":"metrics","containerPort":9443},{"name":"probes","containerPort":9081}])");
    EXPECT_EQ(text_at(pod, "containers.0.env"), R"([{"name":"HTTPS_PROXY","value":"http://192.0.2.1"}])");
    EXPECT_EQ(get_string(pod, "serviceAccountName"), "doctor");
    EXPECT_EQ(get_string(pod, "priorityClassName"), "high");
    EXPECT_EQ(text_at(pod, "nodeSelector"), R"({"disk":"fast"})");
    EXPECT_EQ(text_at(pod, "tolerations"), R"([{"operator":"Exists"}])");
    EXPECT_EQ(text_at(pod, "affinity"), R"({"nodeAffinity":{}})");
    EXPECT_EQ(text_at(pod, "imagePullSecrets"), R"([{"name":"pull"}])");
    EXPECT_EQ(get_string(deployment, "spec.template.metadata.labels.tier"), "control");
    EXPECT_EQ(get_string(deployment, "spec.template.metadata.annotations.told"), "true");
    EXPECT_EQ(get_string(rendered.object("ServiceAccount"), "metadata.annotations.team"), "sre");
    auto const allowed = *find(rendered.object("ConfigMap"), "data");
    EXPECT_THAT(std::string(allowed.at("allow.yaml").as_string()), HasSubstr("rules:\n- verbs: [get]\n"));
}

TEST(OperatorChartTemplates, RightsFollowTheMode) {
    Rendered const manage(every_value);
    EXPECT_THAT(verbs_for(manage.object("ClusterRole", "-controller"), "rolebindings"), HasSubstr("create"));
    EXPECT_EQ(verbs_for(manage.object("ClusterRole", "-grants"), "jobs"), R"(["get"])");
    EXPECT_EQ(get_string(manage.object("ClusterRoleBinding", "-grants"), "subjects.0.name"), "doctor");
    EXPECT_EQ(text_at(manage.object("ClusterRole", "-metrics-reader"), "rules.0.nonResourceURLs"), R"(["/metrics"])");

    Rendered const verify("rbac: {mode: verify, impersonate: false}");
    auto const reads = verify.object("ClusterRole", "-controller");
    EXPECT_EQ(verbs_for(reads, "rolebindings"), R"(["get","list","watch"])");
    EXPECT_EQ(verbs_for(reads, "serviceaccounts"), R"(["get","list","watch"])");
    EXPECT_FALSE(verify.has("ClusterRole", "-grants"));
    EXPECT_FALSE(verify.has("ClusterRole", "-metrics-reader"));
    EXPECT_THAT(verify.arguments(), Contains("--rbac=verify"));

    Rendered const off("rbac: {mode: \"off\", impersonate: false}");
    EXPECT_EQ(verbs_for(off.object("ClusterRole", "-controller"), "rolebindings"), "");
    EXPECT_EQ(verbs_for(off.object("ClusterRole", "-controller"), "serviceaccounts"), "");
    EXPECT_THAT(off.arguments(), Contains("--rbac=off"));
    EXPECT_FALSE(Rendered("rbac: {grants: false}").has("ClusterRole", "-grants"));
    auto const own =
        Rendered("rbac: {grants: false, extraGrants: [{apiGroups: [batch], resources: [jobs], verbs: [get]}]}")
            .object("ClusterRole", "-grants");
    EXPECT_EQ(text_at(own, "rules"), R"([{"apiGroups":["batch"],"resources":["jobs"],"verbs":["get"]}])");
}

TEST(OperatorChartTemplates, ThePolicyIsReadWhereItIs) {
    Rendered const elsewhere(every_value);
    auto const role = elsewhere.object("Role", "-policy");
    EXPECT_EQ(get_string(role, "metadata.namespace"), "ops");
    EXPECT_EQ(text_at(role, "rules.0.resourceNames"), R"(["policy.v1"])");
    EXPECT_EQ(get_string(elsewhere.object("RoleBinding", "-policy"), "subjects.0.namespace"), "health");
    EXPECT_EQ(verbs_for(elsewhere.object("Role", "-leader"), "configmaps"), "");
    EXPECT_EQ(verbs_for(Rendered("{}").object("Role", "-leader"), "configmaps"), R"(["list","watch"])");
}

TEST(OperatorChartTemplates, TheServiceMonitorVerifiesWhereItCan) {
    auto const endpoint = [](std::string const& values) {
        return *find(Rendered(values, operated).object("ServiceMonitor"), "spec.endpoints.0");
    };
    auto const verifies = endpoint(every_value);
    EXPECT_EQ(get_string(verifies, "scheme"), "https");
    EXPECT_EQ(get_string(verifies, "interval"), "5s");
    EXPECT_EQ(text_at(verifies, "tlsConfig"), R"({"ca":{"secret":{"name":"authority","key":"root.crt"}},)"
                                              R"("serverName":"vedette-operator-metrics.health.svc"})");
    EXPECT_EQ(text_at(endpoint("metrics: {secure: true}"), "tlsConfig"), R"({"insecureSkipVerify":true})");
    EXPECT_EQ(text_at(endpoint("{}"), "tlsConfig"), "");
    EXPECT_EQ(text_at(endpoint("{}"), "scheme"), "");
    auto const named =
        endpoint("metrics: {secure: true, certificateSecret: a, serviceMonitor: {caSecret: b, serverName: c.example}}");
    EXPECT_EQ(text_at(named, "tlsConfig"), R"({"ca":{"secret":{"name":"b","key":"ca.crt"}},"serverName":"c.example"})");
    EXPECT_EQ(get_string(Rendered(every_value, operated).object("ServiceMonitor"), "metadata.labels.release"),
              "prometheus");
}

TEST(OperatorChartTemplates, AlertsHaveWhatTheValuesSay) {
    auto const rules = Rendered(every_value, operated).object("PrometheusRule");
    auto const& alerts = find(rules, "spec.groups.0.rules")->as_array();
    EXPECT_EQ(alerts.size(), 11U);
    for (auto const& each : alerts) {
        EXPECT_EQ(get_string(each, "labels.team"), "sre");
        EXPECT_FALSE(get_string(each, "labels.severity").empty());
        EXPECT_THAT(get_string(each, "expr"), HasSubstr("job=\"vedette-operator-metrics\",namespace=\"health\""));
    }
    EXPECT_EQ(get_string(alerts[0], "for"), "1h");
    EXPECT_THAT(get_string(alerts[1], "expr"), HasSubstr("> 1000000"));
    EXPECT_THAT(get_string(alerts[1], "annotations.summary"), HasSubstr("{{ $labels.healthcheck_namespace }}"));
    EXPECT_EQ(get_string(Rendered(every_value).object("Service"), "metadata.name"), "vedette-operator-metrics");
}

TEST(OperatorChartTemplates, AlertsAreBoundToAJobThatThereIs) {
    auto const rules = Rendered(R"(
metrics: {serviceMonitor: {enabled: false}, prometheusRule: {job: kubernetes-pods/vedette}}
)",
                                operated)
                           .object("PrometheusRule");
    for (auto const& each : find(rules, "spec.groups.0.rules")->as_array()) {
        EXPECT_THAT(get_string(each, "expr"), HasSubstr(R"({job="kubernetes-pods/vedette")"));
        EXPECT_THAT(get_string(each, "expr"), Not(HasSubstr("namespace=\"health\"")));
    }
    auto const down = [](std::string const& values) {
        auto const rule = Rendered(values, operated).object("PrometheusRule");
        auto const& alerts = find(rule, "spec.groups.0.rules")->as_array();
        EXPECT_EQ(get_string(alerts.back(), "alert"), "VedetteOperatorDown");
        return text_at(alerts.back(), "annotations");
    };
    EXPECT_THAT(down("{}"), HasSubstr("is down or cannot be scraped"));
    EXPECT_THAT(down("{}"), Not(HasSubstr("the right to get /metrics")));
    EXPECT_THAT(down("metrics: {secure: true}"), HasSubstr("may lack the right to get /metrics"));
}

TEST(OperatorChartTemplates, TheRestSaysWhatItsValueSays) {
    Rendered const rendered(every_value);
    auto const actions = [](Rendered const& chart, std::string_view of) {
        return text_at(chart.object("ValidatingAdmissionPolicyBinding", of), "spec.validationActions");
    };
    EXPECT_EQ(actions(rendered, "healthchecks.activemonitor.keikoproj.io"), R"(["Warn","Audit"])");
    EXPECT_EQ(actions(rendered, "healthchecks-warnings.activemonitor.keikoproj.io"), R"(["Audit"])");
    Rendered const strict("validation: {enabled: true, warnings: [Deny]}");
    EXPECT_EQ(actions(strict, "healthchecks.activemonitor.keikoproj.io"), R"(["Deny"])");
    EXPECT_EQ(actions(strict, "healthchecks-warnings.activemonitor.keikoproj.io"), R"(["Deny"])");
    Rendered const loose("validation: {enabled: true, actions: [Warn]}");
    EXPECT_EQ(actions(loose, "healthchecks.activemonitor.keikoproj.io"), R"(["Warn"])");
    EXPECT_EQ(actions(loose, "healthchecks-warnings.activemonitor.keikoproj.io"), R"(["Warn"])");
    auto const network = *find(rendered.object("NetworkPolicy"), "spec");
    EXPECT_EQ(text_at(network, "policyTypes"), R"(["Ingress","Egress"])");
    EXPECT_EQ(text_at(network, "egress"), R"([{"ports":[{"port":443}]}])");
    EXPECT_EQ(text_at(network, "ingress.1.from"), R"([{"namespaceSelector":{}}])");
    auto const open = *find(Rendered("{}").object("NetworkPolicy"), "spec");
    EXPECT_EQ(text_at(open, "policyTypes"), R"(["Ingress"])");
    EXPECT_EQ(text_at(open, "ingress.1"), R"({"ports":[{"port":"metrics"}]})");
    EXPECT_EQ(text_at(rendered.object("CustomResourceDefinition"), "metadata.annotations"),
              R"({"helm.sh/resource-policy":"keep"})");
    EXPECT_FALSE(Rendered("replicas: 1").has("PodDisruptionBudget", ""));
    EXPECT_THAT(get_string(Rendered("fullnameOverride: doctor").object("Deployment"), "metadata.name"), "doctor");
}

struct Wrong {
    char const* values;
    char const* said;
};

void expect_refused(char const* values, char const* said) {
    auto const refused = helm("template vedette-operator", values);
    EXPECT_NE(refused.code, 0) << values;
    EXPECT_THAT(refused.text, HasSubstr(said)) << values;
}

TEST(OperatorChartTemplates, WrongValuesAreRefused) {
    for (auto const& [values, said] : std::vector<Wrong>{
             {"replica: 3", "replica"},
             {"replicas: two", "/replicas"},
             {"rbac: {mode: verfy}", "/rbac/mode"},
             {"validation: {enabled: true, actions: []}", "/validation/actions"},
             {"sourceAllow: [10.0.0.1]", "/sourceAllow/0"},
             {"sourceDir: workflows", "/sourceDir"},
             {"policyConfigMap: policy", "/policyConfigMap"},
             {"heartbeat: {url: ftp://192.0.2.1}", "/heartbeat/url"},
             {"metrics: {port: 0}", "/metrics/port"},
             {"metrics: {serviceMonitor: {ca: x}}", "/metrics/serviceMonitor"},
             {"metrics: {prometheusRule: {job: 'a\"b'}}", "/metrics/prometheusRule/job"},
             {"leaderElect: false", "more than one replica needs leaderElect: true"},
             {"heartbeat: {url: 'https://192.0.2.1', existingSecret: a}", "not both"},
             {"serviceAccount: {create: false}", "serviceAccount.name is needed"},
             {"metrics: {secure: true, serviceMonitor: {caSecret: a}}", "caSecret needs metrics.secure"},
         }) {
        expect_refused(values, said);
    }
}

TEST(OperatorChartTemplates, ValuesWithoutEffectAreRefused) {
    for (auto const& [values, said] : std::vector<Wrong>{
             {"metrics: {certificateSecret: a}", "metrics.certificateSecret needs metrics.secure: true"},
             {"metrics: {secure: true, certificateSecret: a, serviceMonitor: {serverName: b}}",
              "need metrics.serviceMon"},
             {"metrics: {serviceMonitor: {caKey: root.crt}}", "need metrics.serviceMonitor.caSecret"},
             {"validation: {actions: [Warn]}", "need validation.enabled: true"},
             {"validation: {warnings: [Deny]}", "need validation.enabled: true"},
             {"serviceAccount: {create: false, name: a, annotations: {b: c}}", "needs serviceAccount.create: true"},
             {"rbac: {create: false, extraGrants: [{verbs: [get]}]}", "needs rbac.create: true"},
             {"rbac: {mode: verify, extraGrants: [{verbs: [get]}]}", "and rbac.mode: manage"},
             {"rbac: {mode: verify, adopt: narrow}", "rbac.adopt: narrow needs rbac.mode: manage"},
             {"rbac: {mode: 'off', defaults: reference}", "need rbac.mode: manage or verify"},
             {"rbac: {mode: 'off', allow: 'rules: []'}", "need rbac.mode: manage or verify"},
             {"metrics: {serviceMonitor: {enabled: false}}",
              "metrics.prometheusRule needs metrics.serviceMonitor.enabled: true, or metrics.prometheusRule.job"},
             {"heartbeat: {interval: 30s}", "heartbeat.interval needs heartbeat.existingSecret or heartbeat.url"},
             {"heartbeat: {url: 'https://192.0.2.1', key: address}", "heartbeat.key needs heartbeat.existingSecret"},
             {"sourceDir: /etc/workflows", "sourceDir needs one of extraVolumeMounts"},
             {"sourceDir: /etc/flows\nextraVolumeMounts: [{name: a, mountPath: /etc/flow}]", "sourceDir needs one of"},
         }) {
        expect_refused(values, said);
    }
    for (auto const* fine : {"rbac: {mode: verify, adopt: keep, defaults: reference, allow: 'rules: []'}",
                             "sourceDir: /etc/flows/\nextraVolumeMounts: [{name: a, mountPath: /etc}]",
                             "sourceDir: /etc\nextraVolumeMounts: [{name: a, mountPath: /etc/flows}]",
                             "networkPolicy: {enabled: false, egress: [{ports: [{port: 443}]}]}",
                             "heartbeat: {url: 'https://192.0.2.1', interval: 30s}"}) {
        EXPECT_FALSE(Rendered(fine).kinds().empty()) << fine;
    }
}

TEST(OperatorChartTemplates, ValuesThatTheProgramWouldRefuseAreRefused) {
    for (auto const& [values, said] : std::vector<Wrong>{
             {"kubeApiQps: 0", "/kubeApiQps"},
             {"kubeApiBurst: 0", "/kubeApiBurst"},
             {"kubeApiBurst: 1000001", "/kubeApiBurst"},
             {"maxRunningWorkflows: 1000001", "/maxRunningWorkflows"},
             {"maxWorkers: -1", "/maxWorkers"},
             {"log: {level: warn}", "/log/level"},
             {"log: {level: 0}", "/log/level"},
             {"log: {level: '128'}", "/log/level"},
             {"log: {timeEncoding: foo}", "/log/timeEncoding"},
             {"log: {stacktraceLevel: debug}", "/log/stacktraceLevel"},
             {"heartbeat: {url: 'https://192.0.2.1', interval: 10ms}", "/heartbeat/interval"},
             {"heartbeat: {url: 'https://192.0.2.1', interval: 1mfoo}", "/heartbeat/interval"},
             {"heartbeat: {url: 'https://192.0.2.1', interval: 0s}", "/heartbeat/interval"},
             {"policyConfigMap: foo/Bar_", "/policyConfigMap"},
             {"policyConfigMap: foo-/bar", "/policyConfigMap"},
             {"sourceAllow: [10.0.0.0/33]", "/sourceAllow/0"},
             {"metrics: {port: 8081}", "metrics.port and probes.port"},
             {"validation: {enabled: true, actions: [Warn, Deny]}", "validation.actions: Kubernetes takes Deny or"},
             {"validation: {enabled: true, warnings: [Deny, Warn]}", "validation.warnings: Kubernetes takes Deny or"},
             {"extraArgs: ['--metrics-bind-address=:9090']", "extraArgs: --metrics-bind-address is given already"},
             {"log: {level: 2}\nextraArgs: ['--zap-log-level', debug]", "extraArgs: --zap-log-level is given already"},
             {"extraArgs: [--leader-elect]", "extraArgs: --leader-elect is given already"},
             {"extraArgs: [--metrics-secure]", "extraArgs: set metrics.secure in place of --metrics-secure"},
             {"extraArgs: ['--policy-configmap=a/b']", "set policyConfigMap in place of --policy-configmap"},
         }) {
        expect_refused(values, said);
    }
    for (auto const* fine :
         {"kubeApiQps: 1\nkubeApiBurst: 1\nmaxWorkers: 0", "log: {level: panic}", "log: {level: 127}",
          "log: {level: '12', timeEncoding: nano, stacktraceLevel: panic}",
          "heartbeat: {url: 'https://192.0.2.1/--leader-elect', interval: 1h1.5m}",
          "sourceAllow: [127.0.0.0/8, '::1/128', 'fd00::/8', 0.0.0.0/0]",
          "validation: {enabled: true, actions: [Deny, Audit]}",
          "extraArgs: [--zap-devel, '--heartbeat-url-file=/csi/url', '--heartbeat-interval=5s', '--context=--rbac']"}) {
        EXPECT_FALSE(Rendered(fine).kinds().empty()) << fine;
    }
}

// Nothing but the election keeps two operators apart, and a surge makes two with each upgrade.
TEST(OperatorChartTemplates, WithoutAnElectionAnUpgradeEndsTheOldOneFirst) {
    auto const strategy = [](std::string const& values) {
        return text_at(Rendered(values).object("Deployment"), "spec.strategy");
    };
    EXPECT_EQ(strategy("leaderElect: false\nreplicas: 1"), R"({"type":"Recreate"})");
    EXPECT_EQ(strategy("{}"), R"({"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":0,"maxSurge":1}})");
}

}  // namespace
}  // namespace vedette::cluster
