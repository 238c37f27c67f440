#include "operator/source_reader.hpp"

#include "operator/source_scene.hpp"

#include <gmock/gmock.h>

namespace vedette::op {
namespace {

using testing::HasSubstr;

TEST(SourceReader, InlineTextIsTheText) {
    SourceScene s;
    EXPECT_EQ(s.said({.kind = Source::Kind::inline_text, .text = "spec: {}\n"}), "spec: {}\n");
    EXPECT_EQ(s.said({.kind = Source::Kind::inline_text}), "");
}

TEST(SourceReader, NoSourceIsAnError) {
    SourceScene s;
    EXPECT_EQ(s.said({}), "invalid_input: the source names no Workflow: set inline, url, file or configMap");
}

TEST(SourceReader, FilesAreReadOnlyWhereADirectoryIsGivenForThem) {
    Source const source{.kind = Source::Kind::file, .path = "hello.yaml"};
    SourceScene off;
    EXPECT_EQ(off.said(source),
              "invalid_input: file sources are switched off: start the operator with --source-dir and "
              "the directory they are mounted in");
    kube::MemoryFiles files;
    files.texts["hello.yaml"] = "spec: {}\n";
    files.texts["large.yaml"] = std::string(101, '#');
    SourceScene on({.mounted = &files, .url = {.limit = 100}});
    EXPECT_EQ(on.said(source), "spec: {}\n");
    EXPECT_EQ(on.said({.kind = Source::Kind::file, .path = "none.yaml"}), "not_found: file: none.yaml: no such file");
    EXPECT_EQ(on.said({.kind = Source::Kind::file, .path = "large.yaml"}),
              "too_large: file: large.yaml: larger than 100 bytes");
}

Source key(std::string name, std::string key) {
    return {.kind = Source::Kind::config_map, .config_map = std::move(name), .key = std::move(key)};
}

void put_config_map(SourceScene& s, std::string_view ns, boost::json::object data, boost::json::object binary = {}) {
    s.api.put({{"apiVersion", "v1"},
               {"kind", "ConfigMap"},
               {"metadata", {{"name", "workflows"}, {"namespace", ns}}},
               {"data", std::move(data)},
               {"binaryData", std::move(binary)}});
}

TEST(SourceReader, AConfigMapsKeyIsReadInTheWorkflowsNamespace) {
    SourceScene s;
    put_config_map(s, "health", {{"hello.yaml", "spec: {}\n"}});
    put_config_map(s, "shop", {{"hello.yaml", "spec: {of: shop}\n"}});
    EXPECT_EQ(s.said(key("workflows", "hello.yaml")), "spec: {}\n");
    EXPECT_EQ(SourceScene::in_words(s.w.world.run(s.reader.read(key("workflows", "hello.yaml"), "shop", no_deadline))),
              "spec: {of: shop}\n");
}

TEST(SourceReader, WhatAConfigMapLacksIsNamed) {
    SourceScene s({.url = {.limit = 100}});
    put_config_map(s, "health", {{"a.yaml", ""}, {"b.yaml", "x"}, {"large", std::string(101, '#')}},
                   {{"packed", "AAAA"}});
    EXPECT_EQ(s.said(key("workflows", "a.yaml")), "");
    EXPECT_EQ(
        s.said(key("workflows", "hello.yaml")),
        "not_found: ConfigMap health/workflows has no key hello.yaml in data; its keys are: a.yaml, b.yaml, large");
    EXPECT_EQ(s.said(key("workflows", "packed")),
              "invalid_input: ConfigMap health/workflows keeps packed in binaryData: "
              "a Workflow is text and belongs in data");
    EXPECT_EQ(s.said(key("workflows", "large")),
              "too_large: ConfigMap health/workflows: large has more than 100 bytes");
    EXPECT_THAT(s.said(key("none", "a.yaml")), testing::AllOf(HasSubstr("not_found: "), HasSubstr("health/none")));
}

TEST(SourceReader, ManyKeysAreCountedAndNoneIsSaid) {
    SourceScene s;
    put_config_map(s, "many", {{"a", ""}, {"b", ""}, {"c", ""}, {"d", ""}, {"e", ""}, {"f", ""}, {"g", ""}});
    put_config_map(s, "empty", {});
    auto const ask = [&s](std::string ns) {
        return SourceScene::in_words(s.w.world.run(s.reader.read(key("workflows", "x"), std::move(ns), no_deadline)));
    };
    EXPECT_THAT(ask("many"), HasSubstr("its keys are: a, b, c, d, e and 2 more"));
    EXPECT_THAT(ask("empty"), HasSubstr("its keys are: none"));
}

TEST(SourceReader, AConfigMapThatMayNotBeReadNamesTheRightThatIsMissing) {
    SourceScene s;
    s.api.set_authorizer(
        [](auto, auto, kube::Resource const& resource, auto) { return resource.plural != "configmaps"; });
    EXPECT_THAT(s.said(key("workflows", "x")),
                testing::AllOf(HasSubstr("denied: "), HasSubstr("get"), HasSubstr("configmaps"), HasSubstr("health")));
}

TEST(SourceReader, AServerThatHangsEndsWithTheTimeout) {
    SourceScene s;
    s.api.add_fault({.kind = kube::fake::Fault::Kind::hang});
    EXPECT_THAT(s.said(key("workflows", "x")), HasSubstr("timed_out: "));
    EXPECT_EQ(s.w.world.elapsed(), 30s);
}

// Behind a proxy.

struct Proxied : SourceScene {
    explicit Proxied(std::string proxy, std::vector<std::string> const& allowed = {})
        : SourceScene({.url = {.environment = [proxy](std::string name) -> std::optional<std::string> {
                           if (name == "HTTP_PROXY" || name == "HTTPS_PROXY") return proxy;
                           return std::nullopt;
                       }}},
                      allowed) {}
};

TEST(ProxiedSource, TheProxyOfTheEnvironmentIsAskedAndLooksTheNameUp) {
    Proxied s("http://10.9.9.9:3128");
    s.w.always({"10.9.9.9", 3128}, http_answer("200 OK", "spec: {}\n"));
    EXPECT_EQ(s.got("http://unknown.example/w.yaml"), "spec: {}\n");
    EXPECT_THAT(s.w.requests[0], testing::StartsWith("GET http://unknown.example/w.yaml HTTP/1.1\r\n"));
    EXPECT_THAT(s.resolver.asked, testing::IsEmpty());
}

TEST(ProxiedSource, WhatIsRefusedIsRefusedBeforeTheProxyHearsOfIt) {
    Proxied s("http://10.9.9.9:3128");
    s.w.always({"10.9.9.9", 3128}, http_redirect("https://[64:ff9b::a9fe:a9fe]/x"));
    for (auto const* url : {"http://169.254.169.254/", "https://[fd00:ec2::254]/", "http://metadata.google.internal/",
                            "http://a.localhost/", "http://0x7f.1/"}) {
        EXPECT_FALSE(s.get(url)) << url;
    }
    EXPECT_EQ(s.w.requests.size(), 0);
    EXPECT_THAT(s.got(shop_url), HasSubstr("carries 169.254.169.254"));
    EXPECT_EQ(s.w.requests.size(), 1);
}

TEST(ProxiedSource, TheProxysOwnAddressIsJudgedAsAnyOther) {
    Proxied closed("http://127.0.0.1:3128");
    EXPECT_EQ(closed.got(shop_url),
              "proxy_failure: url http://shop.example/w.yaml: proxy: connect 127.0.0.1:3128: "
              "127.0.0.1 is a loopback address: it is dialed only when --source-allow names it");
    Proxied open("http://127.0.0.1:3128", {"127.0.0.1"});
    open.w.always({"127.0.0.1", 3128}, http_answer("200 OK", "spec: {}\n"));
    EXPECT_EQ(open.got(shop_url), "spec: {}\n");
}

}  // namespace
}  // namespace vedette::op
