#include "operator/counted_api.hpp"

#include "kube/scripted_api.hpp"
#include "telemetry/exposition.hpp"
#include "world/world.hpp"

#include <gtest/gtest.h>

namespace vedette::op {
namespace {

kube::Request request(std::string method, std::string path,
                      std::vector<std::pair<std::string, std::string>> query = {}) {
    return {.method = std::move(method), .path = std::move(path), .query = std::move(query)};
}

TEST(ApiCall, IsWhatRbacWouldBeAskedFor) {
    struct Row {
        kube::Request request;
        ApiCall want;
    };
    for (auto const& row : {
             Row{request("GET", "/api/v1/namespaces/shop/pods"), {"list", "pods"}},
             Row{request("GET", "/api/v1/pods", {{"watch", "true"}}), {"watch", "pods"}},
             Row{request("GET", "/api/v1/pods", {{"watch", "false"}}), {"list", "pods"}},
             Row{request("GET", "/api/v1/namespaces/shop/pods/web"), {"get", "pods"}},
             Row{request("GET", "/api/v1/namespaces/shop/pods/web/log"), {"get", "pods/log"}},
             Row{request("GET", "/api/v1/namespaces"), {"list", "namespaces"}},
             Row{request("GET", "/api/v1/namespaces/shop"), {"get", "namespaces"}},
             Row{request("PUT", "/api/v1/namespaces/shop/finalize"), {"update", "namespaces/finalize"}},
             Row{request("GET", "/api/v1/nodes/n1"), {"get", "nodes"}},
             Row{request("POST", "/apis/argoproj.io/v1alpha1/namespaces/health/workflows"),
                 {"create", "workflows.argoproj.io"}},
             Row{request("PATCH", "/apis/activemonitor.keikoproj.io/v1alpha1/namespaces/health/healthchecks/a/status"),
                 {"patch", "healthchecks.activemonitor.keikoproj.io/status"}},
             Row{request("DELETE", "/apis/argoproj.io/v1alpha1/namespaces/health/workflows/a"),
                 {"delete", "workflows.argoproj.io"}},
             Row{request("DELETE", "/apis/argoproj.io/v1alpha1/namespaces/health/workflows"),
                 {"deletecollection", "workflows.argoproj.io"}},
             Row{request("POST", "/apis/authentication.k8s.io/v1/tokenreviews"),
                 {"create", "tokenreviews.authentication.k8s.io"}},
             Row{request("GET", "/version"), {"get", ""}},
             Row{request("GET", "/apis"), {"get", ""}},
             Row{request("GET", "/apis/argoproj.io/v1alpha1"), {"get", ""}},
             Row{request("GET", "/api/v1"), {"get", ""}},
         }) {
        EXPECT_EQ(api_call(row.request), row.want) << row.request.method << " " << row.request.path;
    }
}

TEST(CountedApi, CountsAnswersByVerbResourceAndCodeAndAsClientGoDoesAndPassesThemOn) {
    world::World world;
    metrics::Registry registry;
    kube::ScriptedApi inner(
        {{.status = 200}, {.status = 200}, {.status = 409}, {.transport = Error(Errc::reset, "r")}});
    CountedApi api(inner, registry, "api:6443");
    auto const send = [&](char const* method, char const* path) {
        return world.run(api.send(request(method, path), no_deadline));
    };
    EXPECT_EQ(send("GET", "/api/v1/pods")->status, 200);
    EXPECT_EQ(send("GET", "/api/v1/pods")->status, 200);
    EXPECT_EQ(send("PATCH", "/api/v1/namespaces/a/pods/b")->status, 409);
    EXPECT_EQ(send("GET", "/api/v1/pods").error().code(), Errc::reset);
    EXPECT_EQ(telemetry::exposition(registry),
              "# HELP rest_client_requests_total Requests to the API server, by status, method and host.\n"
              "# TYPE rest_client_requests_total counter\n"
              "rest_client_requests_total{code=\"200\",method=\"GET\",host=\"api:6443\"} 2.0\n"
              "rest_client_requests_total{code=\"409\",method=\"PATCH\",host=\"api:6443\"} 1.0\n"
              "rest_client_requests_total{code=\"<error>\",method=\"GET\",host=\"api:6443\"} 1.0\n"
              "# HELP vedette_operator_api_requests_total Requests to the API server, by answer.\n"
              "# TYPE vedette_operator_api_requests_total counter\n"
              "vedette_operator_api_requests_total{verb=\"list\",resource=\"pods\",code=\"200\"} 2.0\n"
              "vedette_operator_api_requests_total{verb=\"list\",resource=\"pods\",code=\"error\"} 1.0\n"
              "vedette_operator_api_requests_total{verb=\"patch\",resource=\"pods\",code=\"409\"} 1.0\n");
}

TEST(CountedApi, TellsEachRequestToWhoeverWantsDebugLinesAndNothingOfItsContent) {
    world::World world;
    metrics::Registry registry;
    kube::ScriptedApi inner({{.status = 201}, {.status = 200}, {.transport = Error(Errc::reset, "the peer hung up")}});
    std::vector<std::string> lines;
    CountedApi api(inner, registry, "api:6443", {.clock = &world.clock(), .log = [&](LogLevel level, std::string line) {
                                                     EXPECT_EQ(level, LogLevel::debug);
                                                     lines.push_back(std::move(line));
                                                 }});
    auto const send = [&](kube::Request request) { return world.run(api.send(std::move(request), no_deadline)); };
    auto create = request("POST", "/api/v1/namespaces/shop/pods", {{"fieldManager", "4f1dc0ffee"}});
    create.body = "token: 4f1dc0ffee";
    ASSERT_TRUE(send(std::move(create)));
    ASSERT_TRUE(send(request("GET", "/version")));
    ASSERT_FALSE(send(request("GET", "/api/v1/namespaces/shop/pods/web")));
    EXPECT_EQ(lines, (std::vector<std::string>{
                         "create pods: 201 after 0.0 ms (/api/v1/namespaces/shop/pods)",
                         "get path: 200 after 0.0 ms (/version)",
                         "get pods: the peer hung up after 0.0 ms (/api/v1/namespaces/shop/pods/web)",
                     }));
}

}  // namespace
}  // namespace vedette::op
