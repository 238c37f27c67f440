#include "kube/request.hpp"

#include "scripted_api.hpp"

#include <gtest/gtest.h>

namespace vedette::kube {
namespace {

namespace json = boost::json;

TEST(Path, FollowsGroupScopeNameAndSubresource) {
    EXPECT_EQ(path_of(pods(), ""), "/api/v1/pods");
    EXPECT_EQ(path_of(pods(), "shop", "web-1"), "/api/v1/namespaces/shop/pods/web-1");
    EXPECT_EQ(path_of(nodes(), "shop", "n1", "status"), "/api/v1/nodes/n1/status");
    EXPECT_EQ(path_of(deployments(), "shop", "web", "scale"), "/apis/apps/v1/namespaces/shop/deployments/web/scale");
}

TEST(Path, ANameCannotLeaveItsSegment) {
    EXPECT_EQ(path_of(pods(), "a/b", "../nodes?x"), "/api/v1/namespaces/a%2Fb/pods/..%2Fnodes%3Fx");
}

TEST(Requests, AListAsksForPagesAndEncodesSelectors) {
    auto const request = list_request(pods(), "shop", {.label_selector = "app in (a, b)", .resource_version = "0"});
    EXPECT_EQ(request.target(),
              "/api/v1/namespaces/shop/pods?labelSelector=app%20in%20%28a%2C%20b%29&limit=500"
              "&resourceVersion=0");
    EXPECT_EQ(request.what, "list pods in namespace shop");
    EXPECT_EQ(request.accept, "application/json");
    EXPECT_EQ(list_request(deployments(), "").what, "list deployments.apps");
}

TEST(Requests, AContinuedListDoesNotNameTheVersionAgain) {
    auto const request = list_request(
        pods(), "", {.limit = 0, .continue_token = "tok", .resource_version = "7", .resource_version_match = "Exact"});
    EXPECT_EQ(request.target(), "/api/v1/pods?continue=tok");
}

TEST(Requests, MetadataOnlyAsksForPartialObjects) {
    auto const list = list_request(pods(), "", {.metadata_only = true});
    EXPECT_EQ(list.accept, "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json");
    auto const watch = watch_request(pods(), "", {.metadata_only = true});
    EXPECT_EQ(watch.accept, "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json");
}

TEST(Requests, AWatchAsksForBookmarksFromAVersionOn) {
    auto const request = watch_request(pods(), "shop", {.resource_version = "12", .timeout_seconds = 300});
    EXPECT_EQ(request.target(),
              "/api/v1/namespaces/shop/pods?watch=true&resourceVersion=12&allowWatchBookmarks=true"
              "&timeoutSeconds=300");
}

TEST(Requests, EachPatchHasItsContentType) {
    json::value const patch = {{"a", 1}};
    EXPECT_EQ(patch_request(pods(), "shop", "web", Patch::merge, patch).content_type, "application/merge-patch+json");
    EXPECT_EQ(patch_request(pods(), "shop", "web", Patch::json, json::array{}).content_type,
              "application/json-patch+json");
    auto const apply =
        patch_request(pods(), "shop", "web", Patch::apply, patch, {.force = true, .subresource = "status"});
    EXPECT_EQ(apply.content_type, "application/apply-patch+yaml");
    EXPECT_EQ(apply.target(), "/api/v1/namespaces/shop/pods/web/status?fieldManager=vedette&force=true");
    EXPECT_EQ(apply.what, "apply status of Pod shop/web");
    EXPECT_EQ(apply.body, R"({"a":1})");
}

TEST(Requests, ADeleteCarriesItsPreconditionsAndNoBodyWithoutOptions) {
    EXPECT_EQ(delete_request(pods(), "shop", "web").body, "");
    auto const request =
        delete_request(pods(), "shop", "web", {.uid = "u1", .grace_period_seconds = 0, .propagation = "Foreground"});
    EXPECT_EQ(json::parse(request.body),
              json::parse(R"({"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":"u1"},
                              "gracePeriodSeconds":0,"propagationPolicy":"Foreground"})"));
    EXPECT_EQ(request.method, "DELETE");
}

TEST(Requests, WritesNameTheObject) {
    Object const object = {{"metadata", {{"name", "web"}}}};
    EXPECT_EQ(create_request(pods(), "shop", object).what, "create Pod shop/web");
    EXPECT_EQ(create_request(pods(), "shop", {{"metadata", {{"generateName", "web-"}}}}).what, "create Pod shop/web-*");
    EXPECT_EQ(create_request(pods(), "shop", object, "eviction", "web").path,
              "/api/v1/namespaces/shop/pods/web/eviction");
    auto const replace = replace_request(nodes(), "", "n1", object, "status");
    EXPECT_EQ(replace.what, "replace status of Node n1");
    EXPECT_EQ(replace.method, "PUT");
}

TEST(Requests, ARawPathKeepsItsPathAndEncodesItsQuery) {
    EXPECT_EQ(raw_request("/readyz", {{"verbose", ""}, {"exclude", "etcd&x"}}).target(),
              "/readyz?verbose=&exclude=etcd%26x");
}

}  // namespace
}  // namespace vedette::kube
