#include "kube/list_reader.hpp"

#include "base/json.hpp"
#include "base/random.hpp"

#include <gtest/gtest.h>

namespace vedette::kube {
namespace {

namespace json = boost::json;

struct Read {
    Result<void> outcome;
    std::vector<std::string> items;
    std::string resource_version, continue_token, kind;
};

Read read_in_pieces(std::string const& text, Projection const& projection, std::size_t size) {
    Read read;
    ListReader reader(projection, [&](json::object const& item) { read.items.push_back(to_json(item)); });
    for (std::size_t at = 0; at < text.size() && read.outcome; at += size) {
        read.outcome = reader.feed(std::string_view(text).substr(at, size));
    }
    if (read.outcome) read.outcome = reader.finish();
    read.resource_version = reader.resource_version();
    read.continue_token = reader.continue_token();
    read.kind = reader.kind();
    return read;
}

char const* const three_pods = R"({"kind":"PodList","apiVersion":"v1",
  "metadata":{"resourceVersion":"42","continue":"tok\u00e9","remainingItemCount":7,"extra":{"resourceVersion":"no"}},
  "items":[{"metadata":{"name":"a","labels":{"x":"\u00fc\n","y":""}},"spec":{"containers":[{"name":"c","image":"i"}]}},
           {"metadata":{"name":"b","name":"b2"},"n":[1,-2,18446744073709551615,0.1,1e300,true,false,null,{},[]]},
           {}]})";

TEST(ListReader, WhateverThePiecesAreTheItemsAreTheSame) {
    for (std::size_t size = 1; size < 80; ++size) {
        auto const read = read_in_pieces(three_pods, Projection::all(), size);
        ASSERT_TRUE(read.outcome) << read.outcome.error().text();
        ASSERT_EQ(read.items.size(), 3u);
        EXPECT_EQ(read.items[0], R"({"metadata":{"name":"a","labels":{"x":"ü\n","y":""}},)"
                                 R"("spec":{"containers":[{"name":"c","image":"i"}]}})");
        EXPECT_EQ(read.items[1], R"({"metadata":{"name":"b2"},)"
                                 R"("n":[1,-2,18446744073709551615,0.1,1e+300,true,false,null,{},[]]})");
        EXPECT_EQ(read.items[2], "{}");
        EXPECT_EQ(read.resource_version, "42");
        EXPECT_EQ(read.continue_token, "toké");
        EXPECT_EQ(read.kind, "PodList");
    }
}

TEST(ListReader, MetadataMayFollowTheItems) {
    auto const read = read_in_pieces(R"({"items":[{"a":1}],"metadata":{"resourceVersion":"9"}})", {"a"}, 5);
    ASSERT_TRUE(read.outcome);
    EXPECT_EQ(read.items, std::vector<std::string>{R"({"a":1})"});
    EXPECT_EQ(read.resource_version, "9");
}

TEST(ListReader, NullItemsAreAnEmptyList) {
    EXPECT_TRUE(read_in_pieces(R"({"metadata":{},"items":null})", {"a"}, 100).outcome);
}

TEST(ListReader, ForeignTextIsMalformedAndSaysWhere) {
    struct Row {
        std::string text;
        char const* want;
    };
    std::string const deep = R"({"items":[)" + std::string(70, '[');
    std::string const deep_skipped = R"({"x":)" + std::string(70, '[');
    for (auto const& row : {
             Row{"", "offset 0: incomplete JSON"},
             Row{"<html>", "offset 0: syntax error"},
             Row{"[]", "offset 0: not a JSON object"},
             Row{"7 ", "not a JSON object"},
             Row{"{}", "not a Kubernetes list: an object without items"},
             Row{R"({"kind":"Status"})", "not a Kubernetes list: a Status without items"},
             Row{R"({"items":{}})", "items is not an array"},
             Row{R"({"items":3})", "items is not an array"},
             Row{R"({"items":[3]})", "an element of items is not an object"},
             Row{R"({"items":[[]]})", "an element of items is not an object"},
             Row{R"({"items":[{"a":1},)", "incomplete"},
             Row{R"({"items":[]} x)", "offset 13: extra data"},
             Row{std::string("{\"items\":[{\"a\":\"\0\"}]}", 21), "offset 16: "},
             Row{"{\"items\":[{\"b\":\"\xff\"}]}", "offset 16: "},
             Row{R"({"items":[{"a":1e999}]})", ""},
             Row{deep_skipped, "too deep"},
             Row{deep, "an element of items is not an object"},
         }) {
        for (std::size_t const size : {std::size_t{1}, std::size_t{3}, std::size_t{1000}}) {
            auto const read = read_in_pieces(row.text, {"a"}, size);
            ASSERT_FALSE(read.outcome) << row.text;
            EXPECT_EQ(read.outcome.error().code(), Errc::malformed);
            EXPECT_NE(read.outcome.error().text().find(row.want), std::string::npos)
                << row.text << " in " << size << ": " << read.outcome.error().text();
        }
    }
}

// Random objects: what is kept while parsing is what Projection::apply keeps afterwards.
json::value random_value(Random& random, int depth) {
    static char const* const keys[] = {"a", "b", "c", "metadata", "items"};
    switch (random.below(depth > 4 ? 5 : 8)) {
        case 0:
            return nullptr;
        case 1:
            return random.chance(0.5);
        case 2:
            return static_cast<std::int64_t>(random.next());
        case 3:
            return random.unit() * 1e9;
        case 4:
            return json::string(random.suffix(random.below(20)));
        case 5: {
            json::array array;
            for (auto n = random.below(4); n > 0; --n) array.push_back(random_value(random, depth + 1));
            return array;
        }
        default: {
            json::object object;
            for (auto n = random.below(5); n > 0; --n) object[keys[random.below(5)]] = random_value(random, depth + 1);
            return object;
        }
    }
}

TEST(ListReader, KeepsWhatTheProjectionKeepsForRandomObjectsInRandomPieces) {
    Projection const projections[] = {
        {}, Projection::all(), {"a"}, {"a.b", "c.a.items", "metadata"}, {"items.a", "b.b.b"}};
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        SCOPED_TRACE(seed);
        Random random(seed);
        json::array items;
        for (auto n = random.below(5); n > 0; --n) {
            auto value = random_value(random, 0);
            items.push_back(value.is_object() ? std::move(value) : json::object{{"a", std::move(value)}});
        }
        auto const& projection = projections[random.below(std::size(projections))];
        std::vector<std::string> want;
        for (auto const& item : items) want.push_back(to_json(projection.apply(item)));
        auto const text = to_json(json::object{{"metadata", json::object{{"resourceVersion", "1"}}}, {"items", items}});
        auto const read = read_in_pieces(text, projection, 1 + random.below(40));
        ASSERT_TRUE(read.outcome) << read.outcome.error().text();
        EXPECT_EQ(read.items, want);
    }
}

TEST(ListReader, AnItemOutlivesTheReader) {
    std::vector<json::object> kept;
    ListReader reader({"a"}, [&](json::object const& item) { kept.push_back(item); });
    ASSERT_TRUE(reader.feed(R"({"items":[{"a":"a string that is too long to stay inside of the value"},)"));
    ASSERT_TRUE(reader.feed(R"({"a":"another string that overwrites the memory of the first"}]})"));
    ASSERT_TRUE(reader.finish());
    ASSERT_EQ(kept.size(), 2u);
    EXPECT_EQ(kept[0].at("a"), "a string that is too long to stay inside of the value");
}

// An endless item, key, string or blank: whatever it is, and whether anybody wants it, it ends at the bound.
TEST(ListReader, WhatIsLargerThanAnObjectCanBeIsTooLarge) {
    for (std::string_view const start :
         {R"({"items":[{"a":")", R"({"items":[{"skipped":")", R"({"items":[{")", R"({"metadata":{"resourceVersion":")",
          R"({"items":[)", "{", R"({"items":[{"skipped":[1)", R"({"items":[{"a":[0)"}) {
        for (std::size_t const size : {1024u, 100'000u, 10'000'000u}) {
            ListReader reader({"a"}, [](json::object const&) {});
            std::string piece(size, start.ends_with('"') ? 'x' : ' ');
            auto fed = reader.feed(start);
            std::size_t total = 0;
            for (; fed && total < 20'000'000; total += size) fed = reader.feed(piece);
            ASSERT_FALSE(fed) << start;
            EXPECT_EQ(fed.error().code(), Errc::too_large) << start << ": " << fed.error().text();
            EXPECT_GT(total + size, 8u * 1024 * 1024) << start;
        }
    }
}

TEST(ListReader, AListMayBeLargerThanItsItems) {
    std::size_t count = 0;
    ListReader reader({"a"}, [&count](json::object const&) { ++count; });
    ASSERT_TRUE(reader.feed(R"({"items":[)"));
    std::string const item = R"({"a":")" + std::string(7'000'000, 'x') + "\"}";
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(reader.feed((i ? "," : "") + item));
    ASSERT_TRUE(reader.feed("]}"));
    ASSERT_TRUE(reader.finish());
    EXPECT_EQ(count, 4u);
}

}  // namespace
}  // namespace vedette::kube
