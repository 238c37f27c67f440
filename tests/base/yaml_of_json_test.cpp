#include "base/yaml_of_json.hpp"

#include "base/json.hpp"

#include <gmock/gmock.h>

namespace vedette {
namespace {

YamlNode tree(std::string_view text) {
    return yaml_of_json(*parse_json(text, "test"), "spec.checks");
}

TEST(YamlOfJson, ANodeSaysThePathToItself) {
    auto const root = tree(R"([{"type": "tcp", "with": {"port": 80, "names": ["a", "b"]}}])");
    EXPECT_EQ(root.where(), "spec.checks");
    auto const& check = root.items.at(0);
    EXPECT_EQ(check.where(), "spec.checks[0]");
    auto const* with = check.find("with");
    ASSERT_NE(with, nullptr);
    EXPECT_EQ(with->find("port")->where(), "spec.checks[0].with.port");
    EXPECT_EQ(with->entries.at(0).where(), "spec.checks[0].with.port");
    EXPECT_EQ(with->find("names")->items.at(1).where(), "spec.checks[0].with.names[1]");
}

TEST(YamlOfJson, AKeyThatWouldConfuseAPathIsLeftOutOfIt) {
    for (std::string const key : {"a: b", "a b", "", "\\n", "\\\"", "é"}) {
        auto const root = tree("{\"" + key + "\": {\"inside\": 1}}");
        SCOPED_TRACE(key);
        EXPECT_EQ(root.entries.at(0).where(), "spec.checks");
        EXPECT_EQ(root.entries.at(0).value.entries.at(0).where(), "spec.checks.inside");
    }
    EXPECT_EQ(tree("{\"" + std::string(64, 'k') + "\": 1}").entries.at(0).where(),
              "spec.checks." + std::string(64, 'k'));
    EXPECT_EQ(tree("{\"" + std::string(65, 'k') + "\": 1}").entries.at(0).where(), "spec.checks");
}

TEST(YamlOfJson, EveryKindOfValueComesBackAsItWas) {
    std::string const text =
        R"({"n":null,"t":true,"i":-7,"u":18446744073709551615,"d":1.5,"s":"x","a":[1,[]],"o":{"b":{}}})";
    auto const value = *parse_json(text, "test");
    EXPECT_EQ(to_json(yaml_of_json(value, "p")), value);
    EXPECT_EQ(tree("3").if_int(), 3);
    EXPECT_EQ(tree("\"3\"").if_int(), std::nullopt);
    EXPECT_EQ(tree("\"true\"").if_bool(), std::nullopt);
}

}  // namespace
}  // namespace vedette
