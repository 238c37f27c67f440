// The table of built-in kinds. A trait stands here when a client can see it; where the real server's strategies differ
// only inside (defaulting, spec validation) the fake has no opinion.

#include "kube/fake/kinds.hpp"

namespace vedette::kube::fake {
namespace {

enum Trait : unsigned {
    cluster_scoped = 1,
    no_status = 2,
    generation = 4,
    conditional_update = 8,  // PUT needs a resourceVersion
    status_on_create = 16,
    returns_deleted = 32,
    orphans = 64,
    scalable = 128,
    in_all = 256,  // category "all"
    review = 512,
};

struct Row {
    char const* group;
    char const* version;
    char const* plural;
    char const* singular;
    char const* kind;
    std::vector<std::string> short_names;
    unsigned traits = 0;
    NameRule names = NameRule::subdomain;
    std::vector<std::pair<std::string, std::string>> columns{};
    std::vector<SelectableField> fields{};
};

Kind kind_of(Row row) {
    Kind kind;
    kind.registration = {
        .resource = {row.group, row.version, row.plural, row.kind, (row.traits & cluster_scoped) == 0},
        .singular = row.singular,
        .short_names = std::move(row.short_names),
        .categories = {},
        .status_subresource = (row.traits & no_status) == 0,
        .columns = std::move(row.columns),
    };
    if (row.traits & in_all) kind.registration.categories.push_back("all");
    kind.custom = false;
    kind.generation = row.traits & generation;
    kind.unconditional_update = (row.traits & conditional_update) == 0;
    kind.keeps_status_on_create = row.traits & status_on_create;
    kind.answers_deletion_with_object = row.traits & returns_deleted;
    kind.orphans_by_default = row.traits & orphans;
    kind.scale_subresource = row.traits & scalable;
    kind.review = row.traits & review;
    kind.name_rule = row.names;
    kind.fields = std::move(row.fields);
    return kind;
}

std::vector<SelectableField> event_fields() {
    return {{"involvedObject.kind", ""},
            {"involvedObject.namespace", ""},
            {"involvedObject.name", ""},
            {"involvedObject.uid", ""},
            {"involvedObject.apiVersion", ""},
            {"involvedObject.resourceVersion", ""},
            {"involvedObject.fieldPath", ""},
            {"reason", ""},
            {"reportingComponent", ""},
            {"source", ""},
            {"type", ""}};
}

std::vector<Row> core() {
    return {
        {"",
         "v1",
         "namespaces",
         "namespace",
         "Namespace",
         {"ns"},
         cluster_scoped,
         NameRule::label,
         {{"Status", "status.phase"}},
         {{"status.phase", ""}, {"name", ""}}},
        {"",
         "v1",
         "nodes",
         "node",
         "Node",
         {"no"},
         cluster_scoped | status_on_create,
         NameRule::subdomain,
         {{"Version", "status.nodeInfo.kubeletVersion"}},
         {{"spec.unschedulable", "false"}}},
        {"",
         "v1",
         "pods",
         "pod",
         "Pod",
         {"po"},
         generation | returns_deleted | in_all,
         NameRule::subdomain,
         {{"Status", "status.phase"}, {"Node", "spec.nodeName"}},
         {{"spec.nodeName", ""},
          {"spec.restartPolicy", ""},
          {"spec.schedulerName", ""},
          {"spec.serviceAccountName", ""},
          {"spec.hostNetwork", "false"},
          {"status.phase", ""},
          {"status.podIP", ""},
          {"status.nominatedNodeName", ""}}},
        {"",
         "v1",
         "services",
         "service",
         "Service",
         {"svc"},
         returns_deleted | in_all,
         NameRule::label,
         {{"Type", "spec.type"}, {"Cluster-IP", "spec.clusterIP"}},
         {{"spec.clusterIP", ""}, {"spec.type", ""}}},
        {"", "v1", "endpoints", "endpoints", "Endpoints", {"ep"}, no_status},
        {"", "v1", "configmaps", "configmap", "ConfigMap", {"cm"}, no_status},
        {"",
         "v1",
         "secrets",
         "secret",
         "Secret",
         {},
         no_status,
         NameRule::subdomain,
         {{"Type", "type"}},
         {{"type", ""}}},
        {"",
         "v1",
         "events",
         "event",
         "Event",
         {"ev"},
         no_status,
         NameRule::subdomain,
         {{"Type", "type"}, {"Reason", "reason"}, {"Object", "involvedObject.name"}, {"Message", "message"}},
         event_fields()},
        {"",
         "v1",
         "persistentvolumes",
         "persistentvolume",
         "PersistentVolume",
         {"pv"},
         cluster_scoped | returns_deleted,
         NameRule::subdomain,
         {{"Capacity", "spec.capacity.storage"}, {"Status", "status.phase"}}},
        {"",
         "v1",
         "persistentvolumeclaims",
         "persistentvolumeclaim",
         "PersistentVolumeClaim",
         {"pvc"},
         returns_deleted,
         NameRule::subdomain,
         {{"Status", "status.phase"}, {"Volume", "spec.volumeName"}}},
        {"", "v1", "resourcequotas", "resourcequota", "ResourceQuota", {"quota"}, returns_deleted},
        {"", "v1", "serviceaccounts", "serviceaccount", "ServiceAccount", {"sa"}, no_status | returns_deleted},
        {"",
         "v1",
         "replicationcontrollers",
         "replicationcontroller",
         "ReplicationController",
         {"rc"},
         generation | orphans | scalable | in_all,
         NameRule::subdomain,
         {{"Desired", "spec.replicas"}, {"Current", "status.replicas"}, {"Ready", "status.readyReplicas"}},
         {{"status.replicas", "0"}}},
        {"", "v1", "limitranges", "limitrange", "LimitRange", {"limits"}, no_status},
        {"", "v1", "podtemplates", "podtemplate", "PodTemplate", {}, no_status | generation | returns_deleted},
    };
}

std::vector<Row> workloads() {
    std::vector<std::pair<std::string, std::string>> const replicas{
        {"Desired", "spec.replicas"}, {"Current", "status.replicas"}, {"Ready", "status.readyReplicas"}};
    unsigned const workload = generation | scalable | in_all;
    return {
        {"apps", "v1", "deployments", "deployment", "Deployment", {"deploy"}, workload, NameRule::subdomain, replicas},
        {"apps", "v1", "replicasets", "replicaset", "ReplicaSet", {"rs"}, workload, NameRule::subdomain, replicas},
        {"apps", "v1", "statefulsets", "statefulset", "StatefulSet", {"sts"}, workload, NameRule::subdomain, replicas},
        {"apps",
         "v1",
         "daemonsets",
         "daemonset",
         "DaemonSet",
         {"ds"},
         generation | in_all,
         NameRule::subdomain,
         {{"Desired", "status.desiredNumberScheduled"}, {"Ready", "status.numberReady"}}},
        {"apps", "v1", "controllerrevisions", "controllerrevision", "ControllerRevision", {}, no_status},
        {"batch",
         "v1",
         "jobs",
         "job",
         "Job",
         {},
         generation | orphans | in_all,
         NameRule::subdomain,
         {{"Completions", "status.succeeded"}},
         {{"status.successful", "0"}}},
        {"batch",
         "v1",
         "cronjobs",
         "cronjob",
         "CronJob",
         {"cj"},
         generation | in_all,
         NameRule::subdomain,
         {{"Schedule", "spec.schedule"}, {"Suspend", "spec.suspend"}, {"Last Schedule", "status.lastScheduleTime"}}},
        {"autoscaling",
         "v2",
         "horizontalpodautoscalers",
         "horizontalpodautoscaler",
         "HorizontalPodAutoscaler",
         {"hpa"},
         in_all,
         NameRule::subdomain,
         {{"MinPods", "spec.minReplicas"}, {"MaxPods", "spec.maxReplicas"}}},
        {"policy",
         "v1",
         "poddisruptionbudgets",
         "poddisruptionbudget",
         "PodDisruptionBudget",
         {"pdb"},
         generation | conditional_update,
         NameRule::subdomain,
         {{"Min Available", "spec.minAvailable"}, {"Allowed Disruptions", "status.disruptionsAllowed"}}},
    };
}

std::vector<Row> network_and_storage() {
    return {
        {"networking.k8s.io",
         "v1",
         "ingresses",
         "ingress",
         "Ingress",
         {"ing"},
         generation,
         NameRule::subdomain,
         {{"Class", "spec.ingressClassName"}}},
        {"networking.k8s.io",
         "v1",
         "ingressclasses",
         "ingressclass",
         "IngressClass",
         {},
         cluster_scoped | no_status | generation,
         NameRule::subdomain,
         {{"Controller", "spec.controller"}}},
        {"networking.k8s.io",
         "v1",
         "networkpolicies",
         "networkpolicy",
         "NetworkPolicy",
         {"netpol"},
         no_status | generation},
        {"discovery.k8s.io",
         "v1",
         "endpointslices",
         "endpointslice",
         "EndpointSlice",
         {},
         no_status | generation | conditional_update,
         NameRule::subdomain,
         {{"AddressType", "addressType"}}},
        {"coordination.k8s.io",
         "v1",
         "leases",
         "lease",
         "Lease",
         {},
         no_status | conditional_update,
         NameRule::subdomain,
         {{"Holder", "spec.holderIdentity"}}},
        {"storage.k8s.io",
         "v1",
         "storageclasses",
         "storageclass",
         "StorageClass",
         {"sc"},
         cluster_scoped | no_status,
         NameRule::subdomain,
         {{"Provisioner", "provisioner"}}},
        {"storage.k8s.io",
         "v1",
         "volumeattachments",
         "volumeattachment",
         "VolumeAttachment",
         {},
         cluster_scoped | status_on_create,
         NameRule::subdomain,
         {{"Attached", "status.attached"}}},
        {"storage.k8s.io", "v1", "csidrivers", "csidriver", "CSIDriver", {}, cluster_scoped | no_status},
        {"storage.k8s.io", "v1", "csinodes", "csinode", "CSINode", {}, cluster_scoped | no_status},
        {"storage.k8s.io", "v1", "csistoragecapacities", "csistoragecapacity", "CSIStorageCapacity", {}, no_status},
    };
}

std::vector<Row> machinery() {
    unsigned const config = cluster_scoped | no_status | generation;
    unsigned const rbac = no_status;
    auto const segment = NameRule::path_segment;
    return {
        {"admissionregistration.k8s.io",
         "v1",
         "validatingwebhookconfigurations",
         "validatingwebhookconfiguration",
         "ValidatingWebhookConfiguration",
         {},
         config},
        {"admissionregistration.k8s.io",
         "v1",
         "mutatingwebhookconfigurations",
         "mutatingwebhookconfiguration",
         "MutatingWebhookConfiguration",
         {},
         config},
        {"apiregistration.k8s.io",
         "v1",
         "apiservices",
         "apiservice",
         "APIService",
         {},
         cluster_scoped | conditional_update},
        {"apiextensions.k8s.io",
         "v1",
         "customresourcedefinitions",
         "customresourcedefinition",
         "CustomResourceDefinition",
         {"crd", "crds"},
         cluster_scoped | generation | conditional_update},
        {"rbac.authorization.k8s.io",
         "v1",
         "clusterroles",
         "clusterrole",
         "ClusterRole",
         {},
         cluster_scoped | rbac,
         segment},
        {"rbac.authorization.k8s.io",
         "v1",
         "clusterrolebindings",
         "clusterrolebinding",
         "ClusterRoleBinding",
         {},
         cluster_scoped | rbac,
         segment},
        {"rbac.authorization.k8s.io", "v1", "roles", "role", "Role", {}, rbac, segment},
        {"rbac.authorization.k8s.io", "v1", "rolebindings", "rolebinding", "RoleBinding", {}, rbac, segment},
        {"certificates.k8s.io",
         "v1",
         "certificatesigningrequests",
         "certificatesigningrequest",
         "CertificateSigningRequest",
         {"csr"},
         cluster_scoped,
         NameRule::subdomain,
         {},
         {{"spec.signerName", ""}}},
        {"authorization.k8s.io",
         "v1",
         "selfsubjectaccessreviews",
         "selfsubjectaccessreview",
         "SelfSubjectAccessReview",
         {},
         cluster_scoped | no_status | review},
        {"authentication.k8s.io",
         "v1",
         "selfsubjectreviews",
         "selfsubjectreview",
         "SelfSubjectReview",
         {},
         cluster_scoped | no_status | review},
        {"scheduling.k8s.io",
         "v1",
         "priorityclasses",
         "priorityclass",
         "PriorityClass",
         {"pc"},
         cluster_scoped | no_status | generation,
         NameRule::subdomain,
         {{"Value", "value"}}},
    };
}

}  // namespace

std::vector<Kind> built_in_kinds() {
    std::vector<Kind> kinds;
    for (auto rows : {core(), workloads(), network_and_storage(), machinery()}) {
        for (auto& row : rows) kinds.push_back(kind_of(std::move(row)));
    }
    return kinds;
}

}  // namespace vedette::kube::fake
