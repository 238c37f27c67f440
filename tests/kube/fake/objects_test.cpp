// Create, read, update, delete through the door: the rules that clients depend on, in the real server's words.

#include "cluster.hpp"

namespace vedette::kube::fake {
namespace {

TEST(FakeObjects, ACreatedObjectGetsWhatTheServerOwns) {
    Cluster cluster;
    auto const made = cluster.create(config_maps, "default", config_map("a"));
    EXPECT_EQ(made.status, 201);
    EXPECT_EQ(made.at("kind"), "ConfigMap");
    EXPECT_EQ(made.at("metadata.namespace"), "default");
    EXPECT_EQ(made.at("metadata.creationTimestamp"), "2026-01-01T00:00:00Z");
    EXPECT_EQ(made.at("metadata.uid").size(), 36u);
    auto const read = cluster.get(config_maps, "default", "a");
    EXPECT_EQ(read.status, 200);
    EXPECT_EQ(read.body, made.body);
}

TEST(FakeObjects, TheSameSeedGivesTheSameUids) {
    Cluster one;
    Cluster two;
    EXPECT_EQ(one.create(config_maps, "default", config_map("a")).text,
              two.create(config_maps, "default", config_map("a")).text);
}

TEST(FakeObjects, RefusalsReadAsThoseOfTheRealServer) {
    Cluster cluster;
    cluster.create(config_maps, "default", config_map("a"));
    struct Row {
        Request request;
        int status;
        std::string reason;
        std::string message;
    };
    auto stale = config_map("a");
    stale["metadata"].as_object()["resourceVersion"] = "7";
    auto bad_label = config_map("b");
    bad_label["metadata"].as_object()["labels"] = boost::json::object{{"k", "a b"}};
    for (auto const& row : std::vector<Row>{
             {get_request(pods, "default", "x"), 404, "NotFound", "pods \"x\" not found"},
             {get_request(deployments, "default", "x"), 404, "NotFound", "deployments.apps \"x\" not found"},
             {create_request(config_maps, "default", config_map("a")), 409, "AlreadyExists",
              "configmaps \"a\" already exists"},
             {create_request(config_maps, "nowhere", config_map("a")), 404, "NotFound",
              "namespaces \"nowhere\" not found"},
             {replace_request(config_maps, "default", "a", stale), 409, "Conflict",
              "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your "
              "changes to the latest version and try again"},
             {replace_request(config_maps, "default", "b", config_map("a")), 400, "BadRequest",
              "the name of the object (a) does not match the name on the URL (b)"},
             {create_request(config_maps, "default", json_object("{}")), 422, "Invalid",
              "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required"},
             {create_request(config_maps, "default", config_map("A_b")), 422, "Invalid",
              "ConfigMap \"A_b\" is invalid: metadata.name: Invalid value: \"A_b\": a lowercase RFC 1123 subdomain "
              "must "
              "consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric "
              "character (e.g. 'example.com', regex used for validation is "
              "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"},
             {create_request(config_maps, "default", bad_label), 422, "Invalid",
              "ConfigMap \"b\" is invalid: metadata.labels: Invalid value: \"a b\": a valid label must be an empty "
              "string "
              "or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
              "character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
              "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"},
             {delete_request(namespaces, "", "kube-system"), 403, "Forbidden",
              "namespaces \"kube-system\" is forbidden: this namespace may not be deleted"},
             {raw_request("/api/v1/nothings"), 404, "NotFound", "the server could not find the requested resource"},
         }) {
        SCOPED_TRACE(row.request.what);
        auto const reply = cluster.send(row.request);
        EXPECT_EQ(reply.status, row.status);
        EXPECT_EQ(reply.at("kind"), "Status");
        EXPECT_EQ(reply.at("reason"), row.reason);
        EXPECT_EQ(reply.at("message"), row.message);
        EXPECT_EQ(reply.at("code"), std::to_string(row.status));
    }
}

TEST(FakeObjects, AnInvalidObjectNamesEachCause) {
    Cluster cluster;
    auto const reply = cluster.create(config_maps, "default", json_object("{}"));
    auto const& cause = reply.body.at("details").at("causes").at(0).as_object();
    EXPECT_EQ(cause.at("reason"), "FieldValueRequired");
    EXPECT_EQ(cause.at("field"), "metadata.name");
    EXPECT_EQ(cause.at("message"), "Required value: name or generateName is required");
    EXPECT_EQ(reply.at("details.kind"), "ConfigMap");
}

TEST(FakeObjects, GenerateNameMakesANewNameEachTime) {
    Cluster cluster;
    auto const object = json_object(R"({"metadata":{"generateName":"job-"}})");
    auto const one = cluster.create(config_maps, "default", object).at("metadata.name");
    auto const two = cluster.create(config_maps, "default", object).at("metadata.name");
    EXPECT_TRUE(one.starts_with("job-"));
    EXPECT_EQ(one.size(), 9u);
    EXPECT_NE(one, two);
}

TEST(FakeObjects, AnUpdateThatChangesNothingKeepsTheVersion) {
    Cluster cluster;
    auto const made = cluster.create(config_maps, "default", config_map("a"));
    auto const same = cluster.send(replace_request(config_maps, "default", "a", config_map("a")));
    EXPECT_EQ(same.at("metadata.resourceVersion"), made.at("metadata.resourceVersion"));
    auto const changed = cluster.send(replace_request(config_maps, "default", "a", config_map("a", "2")));
    EXPECT_NE(changed.at("metadata.resourceVersion"), made.at("metadata.resourceVersion"));
}

TEST(FakeObjects, AKindWithoutUnconditionalUpdatesWantsAVersion) {
    Cluster cluster;
    Resource const leases{"coordination.k8s.io", "v1", "leases", "Lease", true};
    auto const made = cluster.create(leases, "default", json_object(R"({"metadata":{"name":"l"}})"));
    auto const blind =
        cluster.send(replace_request(leases, "default", "l", json_object(R"({"metadata":{"name":"l"}})")));
    EXPECT_EQ(blind.status, 422);
    EXPECT_EQ(cluster.send(replace_request(leases, "default", "l", made.body)).status, 200);
}

TEST(FakeObjects, StatusAndSpecAreWrittenApart) {
    Cluster cluster;
    auto const made =
        cluster.create(deployments, "default",
                       json_object(R"({"metadata":{"name":"d"},"spec":{"replicas":1},"status":{"replicas":9}})"));
    EXPECT_EQ(made.at("metadata.generation"), "1");
    EXPECT_EQ(made.at("status.replicas"), "");
    auto const status =
        cluster.merge(deployments, "default", "d", R"({"spec":{"replicas":5},"status":{"replicas":3}})", "status");
    EXPECT_EQ(status.at("spec.replicas"), "1");
    EXPECT_EQ(status.at("status.replicas"), "3");
    EXPECT_EQ(status.at("metadata.generation"), "1");
    auto const spec = cluster.merge(deployments, "default", "d", R"({"spec":{"replicas":5},"status":{"replicas":7}})");
    EXPECT_EQ(spec.at("spec.replicas"), "5");
    EXPECT_EQ(spec.at("status.replicas"), "3");
    EXPECT_EQ(spec.at("metadata.generation"), "2");
    auto const label = cluster.merge(deployments, "default", "d", R"({"metadata":{"labels":{"a":"b"}}})");
    EXPECT_EQ(label.at("metadata.generation"), "2");
}

TEST(FakeObjects, ScaleIsAViewOfTheWorkload) {
    Cluster cluster;
    cluster.create(deployments, "default", json_object(R"({"metadata":{"name":"d"},"spec":{"replicas":1}})"));
    EXPECT_EQ(cluster.send(get_request(deployments, "default", "d", "scale")).at("spec.replicas"), "1");
    auto const scaled = cluster.merge(deployments, "default", "d", R"({"spec":{"replicas":4}})", "scale");
    EXPECT_EQ(scaled.at("kind"), "Scale");
    EXPECT_EQ(scaled.at("spec.replicas"), "4");
    EXPECT_EQ(cluster.get(deployments, "default", "d").at("spec.replicas"), "4");
    EXPECT_EQ(cluster.get(deployments, "default", "d").at("metadata.generation"), "2");
}

TEST(FakeObjects, PatchesOfOtherKindsAre415) {
    Cluster cluster;
    cluster.create(config_maps, "default", config_map("a"));
    auto const apply = cluster.send(patch_request(config_maps, "default", "a", Patch::apply, boost::json::object{}));
    EXPECT_EQ(apply.status, 415);
    EXPECT_EQ(apply.at("reason"), "UnsupportedMediaType");
    auto strategic = patch_request(config_maps, "default", "a", Patch::merge, boost::json::object{});
    strategic.content_type = "application/strategic-merge-patch+json";
    EXPECT_EQ(cluster.send(strategic).status, 415);
}

TEST(FakeObjects, DryRunAnswersAndStoresNothing) {
    Cluster cluster;
    auto request = create_request(config_maps, "default", config_map("a"));
    request.query.emplace_back("dryRun", "All");
    EXPECT_EQ(cluster.send(request).status, 201);
    EXPECT_EQ(cluster.get(config_maps, "default", "a").status, 404);
    request.query.back().second = "Some";
    EXPECT_EQ(cluster.send(request).status, 422);
}

TEST(FakeObjects, WhoMayNotIsToldInRbacsWords) {
    Cluster cluster;
    cluster.server.set_authorizer([](std::string_view user, std::string_view verb, Resource const&, std::string_view) {
        return user != "u" || verb == "get";
    });
    auto const api = cluster.server.as_user("u");
    EXPECT_EQ(cluster.send(list_request(config_maps, "default")).status, 200);
    auto const denied = cluster.send_as(*api, list_request(config_maps, "n"));
    EXPECT_EQ(denied.status, 403);
    EXPECT_EQ(
        denied.at("message"),
        "configmaps is forbidden: User \"u\" cannot list resource \"configmaps\" in API group \"\" in the namespace "
        "\"n\"");
    auto const wide = cluster.send_as(*api, list_request(nodes, ""));
    EXPECT_EQ(wide.at("message"),
              "nodes is forbidden: User \"u\" cannot list resource \"nodes\" in API group \"\" at the cluster scope");
    Resource const reviews{"authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false};
    auto const ask = [&](char const* verb) {
        return cluster.send_as(
            *api, create_request(
                      reviews, "",
                      json_object(fmt::format(
                          R"({{"spec":{{"resourceAttributes":{{"verb":"{}","resource":"pods","namespace":"n"}}}}}})",
                          verb))));
    };
    EXPECT_EQ(ask("get").at("status.allowed"), "true");
    EXPECT_EQ(ask("delete").at("status.allowed"), "false");
}

TEST(FakeObjects, ASeededObjectKeepsItsStatusAndCountsItsSpecs) {
    Cluster cluster;
    auto const seed = [&](int replicas) {
        return cluster.server.put(json_object(fmt::format(
            R"({{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"d","namespace":"shop"}},
                "spec":{{"replicas":{}}},"status":{{"replicas":2}}}})",
            replicas)));
    };
    auto const first = seed(1);
    EXPECT_EQ(first.at("metadata").at("generation").as_int64(), 1);
    EXPECT_EQ(first.at("status").at("replicas").as_int64(), 2);
    EXPECT_EQ(seed(1).at("metadata").at("generation").as_int64(), 1);
    auto const third = seed(3);
    EXPECT_EQ(third.at("metadata").at("generation").as_int64(), 2);
    EXPECT_EQ(third.at("metadata").at("uid"), first.at("metadata").at("uid"));
    EXPECT_EQ(cluster.get(namespaces, "", "shop").at("status.phase"), "Active");
    EXPECT_TRUE(cluster.server.erase(deployments, "shop", "d"));
    EXPECT_FALSE(cluster.server.erase(deployments, "shop", "d"));
}

}  // namespace
}  // namespace vedette::kube::fake
