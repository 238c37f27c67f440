// What the server says about itself.

#include "kube/conformance/table.hpp"

#include <fmt/format.h>

namespace vedette::kube::conformance {
namespace {

// "pods ns=true verbs=..." of one entry of an APIResourceList.
std::string resource_line(Reply const& list, std::string_view name) {
    auto const* resources = list.body.if_contains("resources");
    if (!resources) return "no resources";
    for (auto const& entry : resources->as_array()) {
        Reply const one{0, {}, "", entry.as_object()};
        if (one.at("name") == name)
            return fmt::format("{} {} {}", one.at("kind"), one.at("namespaced"), one.at("singularName"));
    }
    return "absent";
}

Async<void> version(Subject& s) {
    auto const reply = co_await s.send(raw_request("/version"));
    s.same("major", reply.at("major"), "1");
    s.is("gitVersion", reply.at("gitVersion").starts_with("v1."));
}

Async<void> health(Subject& s) {
    for (std::string const endpoint : {"livez", "readyz"}) {
        auto const brief = co_await s.send(raw_request("/" + endpoint));
        s.same(endpoint, brief.text, "ok");
        auto const full = co_await s.send(raw_request("/" + endpoint, {{"verbose", ""}}));
        s.is(endpoint + " begins with ping", full.text.starts_with("[+]ping ok\n[+]log ok\n"));
        s.is(endpoint + " looks at etcd", full.text.find("[+]etcd ok\n") != std::string::npos);
        s.is(endpoint + " ends with its verdict", full.text.ends_with(endpoint + " check passed\n"));
        auto const one = co_await s.send(raw_request("/" + endpoint + "/etcd"));
        s.same(endpoint + "/etcd", one.text, "ok");
        auto const without = co_await s.send(raw_request("/" + endpoint, {{"verbose", ""}, {"exclude", "etcd"}}));
        s.is(endpoint + " says what it left out", without.text.find("[+]etcd excluded: ok\n") != std::string::npos);
    }
    auto const vain = co_await s.send(raw_request("/livez", {{"verbose", ""}, {"exclude", "foo"}}));
    s.is("an exclusion in vain is told",
         vain.text.ends_with("warn: some health checks cannot be excluded: no matches for "
                             "\"foo\"\nlivez check passed\n"));
    auto const none = co_await s.send(raw_request("/livez/nothing"));
    s.same("an unknown check", std::to_string(none.status), "404");
}

Async<void> core_discovery(Subject& s) {
    auto const reply = co_await s.send(raw_request("/api/v1"));
    s.same("kind", reply.at("kind"), "APIResourceList");
    s.same("groupVersion", reply.at("groupVersion"), "v1");
    s.same("pods", resource_line(reply, "pods"), "Pod true pod");
    s.same("pods/status", resource_line(reply, "pods/status"), "Pod true ");
    s.same("nodes", resource_line(reply, "nodes"), "Node false node");
}

Async<void> group_discovery(Subject& s) {
    auto const groups = co_await s.send(raw_request("/apis"));
    s.same("kind", groups.at("kind"), "APIGroupList");
    s.is("apps is there", groups.text.find("\"groupVersion\":\"apps/v1\"") != std::string::npos);
    auto const apps = co_await s.send(raw_request("/apis/apps/v1"));
    s.same("deployments", resource_line(apps, "deployments"), "Deployment true deployment");
    s.same("deployments/scale", resource_line(apps, "deployments/scale"), "Scale true ");
    auto const group = co_await s.send(raw_request("/apis/apps"));
    s.same("preferred", group.at("preferredVersion.groupVersion"), "apps/v1");
}

Async<void> aggregated_discovery(Subject& s) {
    auto request = raw_request("/apis");
    request.accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    auto const reply = co_await s.send(std::move(request));
    s.same("kind", reply.at("kind"), "APIGroupDiscoveryList");
    s.same("apiVersion", reply.at("apiVersion"), "apidiscovery.k8s.io/v2");
    s.is("the type says so",
         reply.headers.get("Content-Type").value_or("").find("as=APIGroupDiscoveryList") != std::string::npos);
}

Async<void> unknown_paths(Subject& s) {
    auto const resource = co_await s.send(raw_request("/api/v1/nothings"));
    s.same("an unknown kind", std::to_string(resource.status), "404");
    auto const group = co_await s.send(raw_request("/apis/nothing.example/v1/things"));
    s.same("an unknown group", std::to_string(group.status), "404");
    s.same("in plain text", group.text, "404 page not found\n");
}

Async<void> unknown_method(Subject& s) {
    auto request = get_request(secrets, s.ns(), "a");
    request.method = "POST";
    request.content_type = "application/json";
    request.body = "{}";
    auto const reply = co_await s.send(std::move(request));
    s.refused("post to a name", reply, 405, "MethodNotAllowed",
              "the server does not allow this method on the requested resource");
}

Async<void> access_review(Subject& s) {
    Resource const reviews{"authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false};
    auto const reply = co_await s.create(
        reviews, object(R"({"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{
            "resourceAttributes":{"verb":"list","resource":"pods"}}})"));
    s.same("HTTP status", std::to_string(reply.status), "201");
    s.same("allowed", reply.at("status.allowed"), "true");
}

Async<void> scale(Subject& s) {
    Resource const deployments{"apps", "v1", "deployments", "Deployment", true};
    auto const made = co_await s.create(deployments, object(R"({"apiVersion":"apps/v1","kind":"Deployment",
        "metadata":{"name":"d"},"spec":{"replicas":2,"paused":true,"selector":{"matchLabels":{"a":"b"}},"template":{
        "metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"c.invalid/c:1"}]}}}})"));
    s.succeeded("create", made);
    auto const read = co_await s.send(get_request(deployments, s.ns(), "d", "scale"));
    s.same("kind", read.at("kind"), "Scale");
    s.same("replicas", read.at("spec.replicas"), "2");
    auto const patched = co_await s.merge(deployments, "d", R"({"spec":{"replicas":3}})", "scale");
    s.same("after a patch", patched.at("spec.replicas"), "3");
    auto const after = co_await s.get(deployments, "d");
    s.same("of the workload", after.at("spec.replicas"), "3");
    auto const none = co_await s.merge(deployments, "d", R"({"spec":{"replicas":0}})", "scale");
    s.same("zero is not spelled out", none.at("spec"), "{}");
}

Async<void> first_namespaces(Subject& s) {
    for (auto const* name : {"default", "kube-node-lease", "kube-public", "kube-system"}) {
        auto request = get_request(namespaces, "", name);
        auto const reply = co_await s.send(std::move(request));
        s.same(name, reply.at("status.phase"), "Active");
    }
    auto request = get_request(namespaces, "", s.ns());
    auto const own = co_await s.send(std::move(request));
    s.same("our own is labelled", own.at("metadata.labels"),
           fmt::format(R"({{"kubernetes.io/metadata.name":"{}"}})", s.ns()));
    s.same("and finalized by kubernetes", own.at("spec.finalizers"), R"(["kubernetes"])");
}

}  // namespace

std::vector<Scenario> server_scenarios() {
    return {
        {"TheServerTellsItsVersion", version},
        {"HealthIsToldCheckByCheck", health},
        {"TheCoreGroupListsItsKinds", core_discovery},
        {"GroupsListTheirVersionsAndKinds", group_discovery},
        {"DiscoveryComesAggregatedWhereAskedFor", aggregated_discovery},
        {"UnknownPathsAreNotFound", unknown_paths},
        {"UnknownMethodsAreNotAllowed", unknown_method},
        {"OneMayAskWhatOneMay", access_review},
        {"ScaleIsAViewOfTheWorkload", scale},
        {"TheFirstNamespacesAreThere", first_namespaces},
    };
}

}  // namespace vedette::kube::conformance
