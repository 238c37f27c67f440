#include "kube/projection.hpp"

#include <gtest/gtest.h>

namespace vedette::kube {
namespace {

namespace json = boost::json;

struct Row {
    Projection projection;
    char const* value;
    char const* want;
};

TEST(Projection, KeepsExactlyItsPaths) {
    for (auto const& row : {
             Row{{}, R"({"a":1})", "{}"},
             Row{Projection::all(), R"({"a":[1,null]})", R"({"a":[1,null]})"},
             Row{{"a"}, R"({"a":{"b":1},"c":2})", R"({"a":{"b":1}})"},
             Row{{"a.b"}, R"({"a":{"b":1,"c":2}})", R"({"a":{"b":1}})"},
             Row{{"a.b"}, R"({"a":5})", "{}"},
             Row{{"a.b"}, R"({"a":{}})", R"({"a":{}})"},
             Row{{"a.b"}, R"({"a":[{"b":1,"c":2},{"c":3},7]})", R"({"a":[{"b":1},{}]})"},
             Row{{"a.b"}, R"({"a":[[{"b":1,"c":2}]]})", R"({"a":[[{"b":1}]]})"},
             Row{{"a.b", "a"}, R"({"a":{"c":2}})", R"({"a":{"c":2}})"},
             Row{{"a", "a.b"}, R"({"a":{"c":2}})", R"({"a":{"c":2}})"},
             Row{{""}, R"({"a":{"c":2}})", R"({"a":{"c":2}})"},
         }) {
        EXPECT_EQ(row.projection.apply(json::parse(row.value)), json::parse(row.want)) << row.value;
    }
}

TEST(Projection, TheSumOfTwoKeepsWhatEitherKeeps) {
    Projection both{"a.b"};
    both.add(Projection{"a.c", "d"});
    EXPECT_EQ(both.apply(json::parse(R"({"a":{"b":1,"c":2,"x":3},"d":4,"e":5})")),
              json::parse(R"({"a":{"b":1,"c":2},"d":4})"));
    both.add(Projection::all());
    EXPECT_TRUE(both.keeps_all());
    EXPECT_EQ(both.below("anything"), &both);
}

}  // namespace
}  // namespace vedette::kube
