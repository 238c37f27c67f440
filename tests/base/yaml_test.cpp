#include "base/yaml.hpp"

#include "base/json.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>

namespace vedette {
namespace {

namespace json = boost::json;

YamlNode parsed(std::string_view text) {
    auto node = parse_yaml(text, "f");
    EXPECT_TRUE(node.has_value()) << node.error().text();
    return node.value_or(YamlNode());
}

std::string as_json(std::string_view text) {
    return to_json(to_json(parsed(text)));
}

std::string error_of(std::string_view text) {
    auto const node = parse_yaml(text, "f");
    return node ? "no error" : node.error().text();
}

/// Equal as JSON goes: Go prints the double 1.0 as 1, and sorts keys.
bool same(json::value const& a, json::value const& b) {
    if (a.is_number() && b.is_number()) return a.to_number<double>() == b.to_number<double>();
    if (a.is_array() && b.is_array()) return std::ranges::equal(a.get_array(), b.get_array(), same);
    if (!a.is_object() || !b.is_object()) return a == b;
    auto const& other = b.get_object();
    return a.get_object().size() == other.size() && std::ranges::all_of(a.get_object(), [&](auto const& entry) {
               auto const* value = other.if_contains(entry.key());
               return value && same(entry.value(), *value);
           });
}

TEST(Yaml, OddScalarsMeanWhatTheyMeanToKubernetes) {
    // One document a line, a tab, and what YAMLToJSONStrict of sigs.k8s.io/yaml 1.6.0 makes of it.
    std::ifstream file(TEST_SOURCE_DIR "/testdata/yaml_scalars.tsv");
    int rows = 0;
    for (std::string line; std::getline(file, line); ++rows) {
        auto const tab = line.find('\t');
        ASSERT_NE(tab, std::string::npos);
        auto const input = line.substr(0, tab);
        auto const want = line.substr(tab + 1);
        SCOPED_TRACE(line);
        auto const got = parse_yaml(input, "f");
        if (input == R"({1: a, "1": b})") {
            EXPECT_FALSE(got.has_value()) << "Go keeps one of the two at random";
        } else if (input == "%a") {
            EXPECT_TRUE(got.has_value()) << "YAML 1.2, 6.8: unknown directives are ignored; Go refuses them";
        } else if (want == "error") {
            EXPECT_FALSE(got.has_value()) << to_json(to_json(*got));
        } else if (got) {
            auto const expected = parse_json(want, "golden");
            ASSERT_TRUE(expected.has_value());
            EXPECT_TRUE(same(to_json(*got), *expected)) << to_json(to_json(*got));
        } else {
            ADD_FAILURE() << got.error().text();
        }
    }
    EXPECT_GT(rows, 200);
}

TEST(Yaml, InfinitiesAndNan) {
    EXPECT_EQ(parsed(".inf").scalar.get_double(), INFINITY);
    EXPECT_EQ(parsed("-.Inf").scalar.get_double(), -INFINITY);
    EXPECT_TRUE(std::isnan(parsed(".NaN").scalar.get_double()));
    EXPECT_EQ(as_json("[.inf, .nan]"), "[null,null]");
    EXPECT_EQ(as_json("'.inf'"), "\".inf\"");
}

TEST(Yaml, EveryNodeAndKeyKnowsItsPlace) {
    auto const root = parsed("# c\na:\n  - x\n  - {k: \u00e9, l: v}\nb: |\n  text\n");
    EXPECT_EQ(root.where(), "f:2:1");
    auto const* a = root.find("a");
    ASSERT_NE(a, nullptr);
    EXPECT_EQ(a->where(), "f:3:3");
    EXPECT_EQ(a->items[0].where(), "f:3:5");
    EXPECT_EQ(a->items[1].entries[1].where(), "f:4:13");
    EXPECT_EQ(a->items[1].entries[1].value.where(), "f:4:16");
    EXPECT_EQ(root.entries[1].where(), "f:5:1");
    EXPECT_EQ(root.find("b")->if_string(), "text\n");
    EXPECT_EQ(root.find("c"), nullptr);
    EXPECT_EQ(a->find("a"), nullptr);
    EXPECT_EQ(parsed("k: 5").find("k")->if_int(), 5);
    EXPECT_EQ(parsed("k: 5").find("k")->if_bool(), std::nullopt);
    EXPECT_EQ(parsed("k: off").find("k")->if_bool(), false);
}

TEST(Yaml, EmptyTextsAreNull) {
    for (std::string_view text : {"", " ", "\n\n", "# only a comment", "---", "---\n...\n", "\xEF\xBB\xBF"}) {
        EXPECT_TRUE(parsed(text).is_null()) << text;
        EXPECT_TRUE(parsed(text).where().starts_with("f:")) << text;
    }
}

TEST(Yaml, ErrorsSayWhereAndWhat) {
    struct Row {
        std::string_view text;
        std::string want;
    };
    for (auto const& row : {
             Row{"a: 1\nb:\n  c: 1\n  c: 2\n", "f:4:3: key \"c\" appears twice, first at 3:3"},
             Row{"a: 1\n---\nb: 2\n", "f:3:1: a second document starts here, and only one is read"},
             Row{"[a, b]: 1", "f:1:1: a key must be a string, a number or a boolean, not a sequence"},
             Row{"? {a: b}\n: 1", "f:1:3: a key must be a string, a number or a boolean, not a mapping"},
             Row{"~: 1", "f:1:1: a key must be a string, a number or a boolean, not null"},
             Row{"<<: 1", "f:1:5: << takes a mapping or a sequence of mappings, not an integer"},
             Row{"<<: [{a: 1}, 2]", "f:1:14: << takes a mapping or a sequence of mappings, not an integer"},
             Row{"a: &x [1, *x]", "f:1:11: the anchor's value contains itself"},
             Row{"a: !!int abc", "f:1:4: the value is not !!int"},
             Row{"a: !!binary aGk=", "f:1:4: !!binary is not supported: JSON has no bytes"},
             Row{"a: *b", "f:1:4: the referenced anchor is not defined"},
             Row{"a: b: c", "f:1:5: illegal map value"},
             Row{"a: \xff\xfe", "f:1:4: not text: byte 0xff is neither UTF-8 nor printable"},
             Row{std::string_view("a\nb\0c", 5), "f:2:2: not text: byte 0x00 is neither UTF-8 nor printable"},
             Row{"\x7f\x45\x4c\x46\x02\x01", "f:1:5: not text: byte 0x02 is neither UTF-8 nor printable"},
         }) {
        EXPECT_EQ(error_of(row.text), row.want) << row.text;
    }
    EXPECT_EQ(as_json("a: 1\n---\n"), "{\"a\":1}");
    EXPECT_EQ(as_json("---\na: 1\n...\n"), "{\"a\":1}");
}

TEST(Yaml, OwnKeysWinOverMergedOnesAndEarlierMergesOverLater) {
    EXPECT_EQ(as_json("{<<: {a: 1, b: 2}, a: 9}"), "{\"a\":9,\"b\":2}");
    EXPECT_EQ(as_json("{a: 9, <<: {a: 1, b: 2}}"), "{\"a\":9,\"b\":2}");
    EXPECT_EQ(as_json("{<<: [{a: 1}, {a: 2, b: 3}]}"), "{\"a\":1,\"b\":3}");
    EXPECT_EQ(as_json("x: &x {a: 1}\ny: {<<: *x, <<: {c: 3}}"), "{\"x\":{\"a\":1},\"true\":{\"a\":1,\"c\":3}}");
}

TEST(Yaml, AnchorsInsideOneAnotherAreCopiedUnderABound) {
    // Each level is kept whole behind its anchor, so 60 levels around 8 KiB would be 60 times that.
    std::string text;
    for (int i = 0; i < 60; ++i) text += fmt::format("&a{} [", i);
    for (int i = 0; i < 20'000; ++i) text += "x,";
    text += "x" + std::string(60, ']');
    auto const got = parse_yaml(text, "f");
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code(), Errc::too_large);
    EXPECT_THAT(got.error().text(), testing::HasSubstr("anchors and aliases make the document larger than"));
}

TEST(Yaml, ADocumentHasABoundedNumberOfValues) {
    std::string text = "[";
    for (std::size_t i = 0; i < max_yaml_nodes(default_yaml_limit); ++i) text += "x,";
    text += "x]";
    auto const got = parse_yaml(text, "f");
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code(), Errc::too_large);
    EXPECT_THAT(got.error().text(), testing::HasSubstr("more than 524288 values"));
    EXPECT_TRUE(parse_yaml(text, "f", 2 * default_yaml_limit)) << "who takes more bytes takes more values";
}

TEST(Yaml, AliasesAreWrittenOutUnderABound) {
    EXPECT_EQ(as_json("a: &a [1, &b {k: v}]\nb: *a\nc: *b\nd: &a 2\ne: *a"),
              "{\"a\":[1,{\"k\":\"v\"}],\"b\":[1,{\"k\":\"v\"}],\"c\":{\"k\":\"v\"},\"d\":2,\"e\":2}");
    EXPECT_EQ(as_json("a: &k name\n*k : v"), "{\"a\":\"name\",\"name\":\"v\"}");

    std::string laughs = "l0: &l0 lol\n";
    for (int i = 1; i < 40; ++i) {
        laughs += fmt::format("l{0}: &l{0} [*l{1}, *l{1}, *l{1}, *l{1}, *l{1}, *l{1}, *l{1}, *l{1}]\n", i, i - 1);
    }
    auto const bomb = parse_yaml(laughs, "f");
    ASSERT_FALSE(bomb.has_value());
    EXPECT_EQ(bomb.error().code(), Errc::too_large);

    std::string long_texts = "a: &a " + std::string(1'000'000, 'x') + "\nb: [";
    for (int i = 0; i < 1000; ++i) long_texts += "*a,";
    EXPECT_EQ(parse_yaml(long_texts + "]", "f").error().code(), Errc::too_large);

    std::string tower = "t0: &t0 [x]\n";
    for (int i = 1; i < 100; ++i) tower += fmt::format("t{0}: &t{0} [*t{1}]\n", i, i - 1);
    EXPECT_TRUE(error_of(tower).ends_with("nested more than 64 levels deep")) << error_of(tower);
}

TEST(Yaml, DepthAndSizeAreBounded) {
    auto const flow = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
    EXPECT_TRUE(parse_yaml(flow(max_yaml_depth), "f").has_value());
    EXPECT_EQ(error_of(flow(max_yaml_depth + 1)), "f:1:65: nested more than 64 levels deep");
    EXPECT_FALSE(parse_yaml(std::string(100'000, '['), "f").has_value());
    EXPECT_FALSE(parse_yaml(std::string(100'000, '{'), "f").has_value());
    std::string dashes;
    for (int i = 0; i < 10'000; ++i) dashes += "- ";
    EXPECT_FALSE(parse_yaml(dashes, "f").has_value());

    EXPECT_TRUE(parse_yaml("a: 12", "f", 5).has_value());
    EXPECT_EQ(parse_yaml("a: 123", "f", 5).error(), Error(Errc::too_large, "f: 6 bytes are too many: the limit is 5"));
}

TEST(Yaml, ALargeDocumentIsReadWhole) {
    std::string text;
    for (int i = 0; i < 30'000; ++i) text += fmt::format("key{}: [1, two, 3.5]\n", i);
    auto const node = parsed(text);
    ASSERT_EQ(node.entries.size(), 30'000u);
    EXPECT_EQ(node.entries.back().line, 30'000);
    EXPECT_EQ(to_json(to_json(node.entries.back().value)), "[1,\"two\",3.5]");
}

TEST(Yaml, ManglingADocumentNeverThrows) {
    std::string const text = "a: &x\n  - {k: 'v', l: \"w\"}\n  - |\n    t\nb: *x\n? c\n: !!str 1\n";
    for (std::size_t i = 0; i < text.size(); ++i) {
        for (char c : std::string_view("\0\n\t :-?[]{}&*!|>'\"%@`,#\\~<\xff", 26)) {
            auto changed = text;
            changed[i] = c;
            (void)parse_yaml(changed, "f");
            (void)parse_yaml(changed.substr(0, i + 1), "f");
        }
    }
}

}  // namespace
}  // namespace vedette
