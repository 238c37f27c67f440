#include "base/json.hpp"

#include "base/random.hpp"

#include <boost/json/array.hpp>
#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

namespace vedette {
namespace {

namespace json = boost::json;

json::value parsed(std::string_view text) {
    auto value = parse_json(text, "test");
    EXPECT_TRUE(value.has_value()) << value.error().text();
    return value.value_or(json::value());
}

TEST(ParseJson, EveryErrorSaysWhereItIs) {
    struct Row {
        std::string text;
        std::string want;
    };
    for (auto const& row : {
             Row{"", "f:1:1: the text is empty"},
             Row{"{\"a\": 1", "f:1:8: the text ends too early"},
             Row{"[1,\n 2,\n  x]", "f:3:3: unexpected 'x'"},
             Row{"[\"\u00e9\u00e9\", x]", "f:1:8: unexpected 'x'"},
             Row{"{} {}", "f:1:4: something follows the end of the value"},
             Row{"[1e999]", "f:1:7: the number is too large"},
         }) {
        SCOPED_TRACE(row.text);
        auto const got = parse_json(row.text, "f");
        ASSERT_FALSE(got.has_value());
        EXPECT_EQ(got.error(), Error(Errc::malformed, row.want));
    }
}

TEST(ParseJson, TextsThatAreNotJsonAreRefused) {
    for (std::string_view text : {"{'a': 1}", "[1,]", "{\"a\":1,}", "01", "+1", ".5", "NaN", "nul", "// c\n1",
                                  "\"\x01\"", "\"\xff\"", "\"\\ud800\"", "[1 2]", "{1: 2}", " ", "\"a", "tru", "-"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(parse_json(text, "f").has_value());
    }
}

TEST(ParseJson, DepthIsBounded) {
    auto const nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
    EXPECT_TRUE(parse_json(nested(max_json_depth), "f").has_value());
    auto const deep = parse_json(nested(max_json_depth + 1), "f");
    ASSERT_FALSE(deep.has_value());
    EXPECT_EQ(deep.error().code(), Errc::too_large);
    EXPECT_FALSE(parse_json(std::string(1'000'000, '['), "f").has_value());
}

TEST(ParseJson, DoublesAreTheNearestOnes) {
    Random random(7);
    for (int i = 0; i < 20'000; ++i) {
        auto const want = std::bit_cast<double>(random.next());
        if (!std::isfinite(want)) continue;
        auto const text = format_double(want);
        auto const got = parsed(text);
        ASSERT_TRUE(got.is_double()) << text;
        ASSERT_EQ(std::bit_cast<std::uint64_t>(got.get_double()), std::bit_cast<std::uint64_t>(want)) << text;
    }
    EXPECT_EQ(parsed("1e-999").get_double(), 0.0);
    EXPECT_EQ(parsed("-0." + std::string(400, '0') + "1").get_double(), 0.0);
    EXPECT_FALSE(parse_json(std::string(400, '9') + "e-5", "f").has_value());
    EXPECT_EQ(parsed("0.1").get_double(), 0.1);
    EXPECT_EQ(parsed("18446744073709551615").get_uint64(), 18446744073709551615u);
    EXPECT_EQ(parsed("18446744073709551616").get_double(), 18446744073709551616.0);
}

TEST(ParseJson, ALongTextIsReadWhole) {
    std::string text = "[";
    for (int i = 0; i < 200'000; ++i) text += "{\"name\":\"pod\",\"n\":12},";
    text += "0]";
    EXPECT_EQ(parsed(text).as_array().size(), 200'001u);
    std::string const long_string(5'000'000, 'x');
    EXPECT_EQ(parsed("\"" + long_string + "\"").as_string().size(), long_string.size());
}

TEST(ToJson, ThreeLayoutsOfOneValue) {
    auto const value = parsed(R"({"a":[1,2.0,{"b":null}],"e":{},"l":[],"s":"é😀\n\u0001\u007f\"\\","t":true})");
    EXPECT_EQ(to_json(value),
              "{\"a\":[1,2.0,{\"b\":null}],\"e\":{},\"l\":[],\"s\":\"é😀\\n\\u0001\x7f\\\"\\\\\",\"t\":true}");
    EXPECT_EQ(
        to_python_json(value),
        R"({"a": [1, 2.0, {"b": null}], "e": {}, "l": [], "s": "\u00e9\ud83d\ude00\n\u0001\u007f\"\\", "t": true})");
    EXPECT_EQ(to_pretty_json(parsed(R"({"a":[1,{"b":2}],"e":{},"l":[]})")), R"({
  "a": [
    1,
    {
      "b": 2
    }
  ],
  "e": {},
  "l": []
})");
}

TEST(ToJson, WhatJsonLacksNeverAppears) {
    json::array const odd{std::nan(""), std::numeric_limits<double>::infinity(), "a\xff z\xed\xa0\x80"};
    EXPECT_EQ(to_json(odd), "[null,null,\"a\uFFFD z\uFFFD\uFFFD\uFFFD\"]");
    EXPECT_EQ(to_python_json(odd), R"([null, null, "a\ufffd z\ufffd\ufffd\ufffd"])");
}

TEST(FormatDouble, IsPythonsRepr) {
    struct Row {
        double number;
        std::string want;
    };
    // Right-hand sides printed by Python 3.11.
    for (auto const& row : {
             Row{0.0, "0.0"},
             Row{-0.0, "-0.0"},
             Row{1.0, "1.0"},
             Row{-2.5, "-2.5"},
             Row{0.1, "0.1"},
             Row{100.0, "100.0"},
             Row{123456789012345.6, "123456789012345.6"},
             Row{1e15, "1000000000000000.0"},
             Row{9999999999999998.0, "9999999999999998.0"},
             Row{1e16, "1e+16"},
             Row{1.5e16, "1.5e+16"},
             Row{1e22, "1e+22"},
             Row{0.0001, "0.0001"},
             Row{0.00012345, "0.00012345"},
             Row{0.00001, "1e-05"},
             Row{1.7976931348623157e308, "1.7976931348623157e+308"},
             Row{5e-324, "5e-324"},
             Row{1e100, "1e+100"},
             Row{0.30000000000000004, "0.30000000000000004"},
         }) {
        EXPECT_EQ(format_double(row.number), row.want);
    }
}

TEST(Find, FollowsKeysAndIndexes) {
    auto const value =
        parsed(R"({"a":{"b":[{"c":"x"},7]},"n":3.0,"big":18446744073709551615,"f":1.5,"t":true,"":{"":1}})");
    EXPECT_EQ(get_string(value, "a.b.0.c"), "x");
    EXPECT_EQ(get_string(value.as_object(), "a.b.0.c"), "x");
    EXPECT_EQ(get_string(value, "a.b.1", "none"), "none");
    EXPECT_EQ(get_int(value, "a.b.1"), 7);
    EXPECT_EQ(get_int(value, "n"), 3);
    EXPECT_EQ(get_int(value, "big"), std::nullopt);
    EXPECT_EQ(get_int(value, "f"), std::nullopt);
    EXPECT_EQ(get_int(value, "t"), std::nullopt);
    EXPECT_TRUE(get_bool(value, "t"));
    EXPECT_TRUE(get_bool(value.as_object(), "missing", true));
    for (std::string_view nowhere :
         {"a.b.2", "a.b.-1", "a.b.1x", "a.b.99999999999999999999", "a.x.y", "a.b.0.c.d", "x"}) {
        EXPECT_EQ(find(value, nowhere), nullptr) << nowhere;
    }
    EXPECT_EQ(find(value, ""), &value);
}

}  // namespace
}  // namespace vedette
