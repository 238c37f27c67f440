// Tables over the pure parts: selectors, patches, ages, media types.

#include "cluster.hpp"
#include "kube/fake/patch.hpp"
#include "kube/fake/render.hpp"

namespace vedette::kube::fake {
namespace {

namespace json = boost::json;

TEST(FakeMergePatch, RowsOfRfc7386) {
    struct Row {
        char const* target;
        char const* patch;
        char const* result;
    };
    for (auto const& row : {
             Row{R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
             Row{R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
             Row{R"({"a":"b"})", R"({"a":null})", R"({})"},
             Row{R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
             Row{R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
             Row{R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
             Row{R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
             Row{R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
             Row{R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
             Row{R"({"a":"b"})", R"(["c"])", R"(["c"])"},
             Row{R"({"a":"foo"})", R"(null)", R"(null)"},
             Row{R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
             Row{R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
             Row{R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
         }) {
        EXPECT_EQ(merge_patch(json::parse(row.target), json::parse(row.patch)), json::parse(row.result)) << row.patch;
    }
}

TEST(FakeJsonPatch, OperationsOnListsAndObjects) {
    struct Row {
        char const* operation;
        char const* result;  // nullptr: does not apply
    };
    for (auto const& row : {
             Row{R"({"op":"add","path":"/l/0","value":9})", R"({"l":[9,1,2],"o":{"a/b":1,"~":2}})"},
             Row{R"({"op":"add","path":"/l/-","value":9})", R"({"l":[1,2,9],"o":{"a/b":1,"~":2}})"},
             Row{R"({"op":"add","path":"/l/2","value":9})", R"({"l":[1,2,9],"o":{"a/b":1,"~":2}})"},
             Row{R"({"op":"add","path":"/l/3","value":9})", nullptr},
             Row{R"({"op":"remove","path":"/l/0"})", R"({"l":[2],"o":{"a/b":1,"~":2}})"},
             Row{R"({"op":"remove","path":"/l/2"})", nullptr},
             Row{R"({"op":"remove","path":"/l/-"})", nullptr},
             Row{R"({"op":"remove","path":"/o/a~1b"})", R"({"l":[1,2],"o":{"~":2}})"},
             Row{R"({"op":"test","path":"/o/~0","value":2})", R"({"l":[1,2],"o":{"a/b":1,"~":2}})"},
             Row{R"({"op":"test","path":"/o/~0","value":3})", nullptr},
             Row{R"({"op":"test","path":"/o/none","value":null})", nullptr},
             Row{R"({"op":"replace","path":"/l/1","value":{}})", R"({"l":[1,{}],"o":{"a/b":1,"~":2}})"},
             Row{R"({"op":"replace","path":"/l/2","value":3})", nullptr},
             Row{R"({"op":"move","from":"/l/0","path":"/o/m"})", R"({"l":[2],"o":{"a/b":1,"~":2,"m":1}})"},
             Row{R"({"op":"copy","from":"/l/1","path":"/l/0"})", R"({"l":[2,1,2],"o":{"a/b":1,"~":2}})"},
             Row{R"({"op":"copy","from":"/none","path":"/l/0"})", nullptr},
             Row{R"({"op":"add","path":"","value":{"x":1}})", R"({"x":1})"},
             Row{R"({"op":"bend","path":"/l"})", nullptr},
         }) {
        SCOPED_TRACE(row.operation);
        auto const got =
            json_patch(json::parse(R"({"l":[1,2],"o":{"a/b":1,"~":2}})"), json::array{json::parse(row.operation)});
        ASSERT_EQ(got.has_value(), row.result != nullptr);
        if (row.result) EXPECT_EQ(*got, json::parse(row.result));
        if (!row.result) EXPECT_EQ(got.error().code, 422);
    }
    for (auto const* malformed : {R"([{"path":"/l"}])", R"([{"op":"add","path":"/l"}])", R"(["x"])", R"({})",
                                  R"([{"op":"add","path":"l","value":1}])"}) {
        EXPECT_EQ(json_patch(json::object{}, json::parse(malformed)).error().code, 400) << malformed;
    }
}

TEST(FakeSelector, WordsThatLookLikeOperatorsAreKeysToo) {
    auto const object = json_object(R"({"metadata":{"labels":{"in":"x","notin":"","a.b/c-d_e":"y"}}})");
    for (auto const* text : {"in", "in=x", "in in (x)", "notin=", "notin", "a.b/c-d_e==y", "!other", "other!=x",
                             "in,notin", " in = x ", "in in(x,y)", "notin in (,z)"}) {
        auto const selector = parse_labels(text);
        ASSERT_TRUE(selector.has_value()) << text << ": " << selector.error().message;
        EXPECT_TRUE(matches(*selector, object)) << text;
    }
    for (auto const* text : {"!in", "in!=x", "in notin (x)", "other", "other=", "in=y"}) {
        auto const selector = parse_labels(text);
        ASSERT_TRUE(selector.has_value()) << text << ": " << selector.error().message;
        EXPECT_FALSE(matches(*selector, object)) << text;
    }
}

TEST(FakeSelector, AFieldsValueMayHoldEscapedSigns) {
    Kinds const kinds;
    auto const& events = *kinds.find("", "v1", "events");
    auto const selector = FieldSelector::parse(R"(reason=a\=b\,c\\d,type==Normal)", events);
    ASSERT_TRUE(selector.has_value()) << selector.error().message;
    EXPECT_TRUE(selector->matches(json_object(R"({"reason":"a=b,c\\d","type":"Normal"})")));
    EXPECT_FALSE(selector->matches(json_object(R"({"reason":"a=b","type":"Normal"})")));
}

TEST(FakeRender, AgesReadAsKubectlPrintsThem) {
    struct Row {
        std::chrono::seconds age;
        char const* text;
    };
    for (auto const& row :
         {Row{-5s, "0s"}, Row{0s, "0s"}, Row{119s, "119s"}, Row{120s, "2m"}, Row{283s, "4m43s"}, Row{600s, "10m"},
          Row{179min, "179m"}, Row{3h, "3h"}, Row{7h + 5min, "7h5m"}, Row{8h + 5min, "8h"}, Row{47h, "47h"},
          Row{50h, "2d2h"}, Row{8 * 24h, "8d"}, Row{729 * 24h, "729d"}, Row{730 * 24h, "2y"}}) {
        EXPECT_EQ(human_age(row.age), row.text);
    }
}

TEST(FakeRender, TheFirstTypeThatCanBeServedWins) {
    using Form = Representation::Form;
    struct Row {
        char const* accept;
        std::optional<Form> form;
    };
    for (auto const& row : {
             Row{"", Form::whole},
             Row{"*/*", Form::whole},
             Row{"application/vnd.kubernetes.protobuf, application/json", Form::whole},
             Row{"application/json;as=Table;v=v1;g=meta.k8s.io,application/json", Form::table},
             Row{"application/json;as=Table;v=v9;g=meta.k8s.io,application/json", Form::whole},
             Row{"application/json;as=Nothing;v=v1;g=meta.k8s.io,application/json", Form::whole},
             Row{"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", Form::partial},
             Row{"application/yaml", std::nullopt},
             Row{"text/html", std::nullopt},
         }) {
        auto const how = representation_of(row.accept, "");
        ASSERT_EQ(how.has_value(), row.form.has_value()) << row.accept;
        if (row.form) EXPECT_EQ(how->form, *row.form) << row.accept;
    }
}

TEST(FakeDiscovery, EveryBuiltInKindCanBeListedWhereDiscoverySaysItIs) {
    Cluster cluster;
    auto const groups = cluster.send(raw_request("/apis"));
    std::vector<std::string> paths{"/api/v1"};
    for (auto const& group : groups.body.at("groups").as_array()) {
        paths.push_back("/apis/" + std::string(group.at("preferredVersion").at("groupVersion").as_string()));
    }
    int kinds = 0;
    for (auto const& path : paths) {
        auto const list = cluster.send(raw_request(path));
        for (auto const& entry : list.body.at("resources").as_array()) {
            std::string const name(entry.at("name").as_string());
            auto const& verbs = entry.at("verbs").as_array();
            bool const listed =
                std::ranges::any_of(verbs, [](json::value const& v) { return v == json::value("list"); });
            if (!listed || name.find('/') != std::string::npos) continue;
            ++kinds;
            EXPECT_EQ(cluster.send(raw_request(path + "/" + name)).status, 200) << path << "/" << name;
        }
    }
    EXPECT_GE(kinds, 44);
}

TEST(FakeDiscovery, OpenApiTellsKubectlThatTheServerChecksFields) {
    Cluster cluster;
    auto const index = cluster.send(raw_request("/openapi/v3"));
    auto const& apps = index.body.at("paths").at("apis/apps/v1").as_object();
    auto const document = cluster.send(raw_request(std::string(apps.at("serverRelativeURL").as_string())));
    auto const& patch =
        document.body.at("paths").at("/apis/apps/v1/namespaces/{namespace}/deployments/{name}").at("patch").as_object();
    EXPECT_EQ(patch.at("parameters").at(0).at("name"), "fieldValidation");
    EXPECT_EQ(patch.at("x-kubernetes-group-version-kind").at("kind"), "Deployment");
    EXPECT_EQ(cluster.send(raw_request("/openapi/v3/apis/nothing/v1")).status, 404);
}

TEST(FakeObjects, ABodyInProtobufIsRefusedSoThatItsSenderKnows) {
    Cluster cluster;
    auto request = create_request(config_maps, "default", config_map("a"));
    request.content_type = "application/vnd.kubernetes.protobuf";
    EXPECT_EQ(cluster.send(request).status, 415);
}

}  // namespace
}  // namespace vedette::kube::fake
