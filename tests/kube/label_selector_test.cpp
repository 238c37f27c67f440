#include "kube/label_selector.hpp"

#include <gmock/gmock.h>

#include <map>

namespace vedette::kube {
namespace {

using Requirement = LabelSelector::Requirement;
using Operator = Requirement::Operator;
using Labels = std::map<std::string, std::string, std::less<>>;

bool matches(std::string_view selector, Labels const& labels) {
    auto const parsed = LabelSelector::parse(selector);
    EXPECT_TRUE(parsed.has_value()) << selector;
    if (!parsed) return false;
    return parsed->matches([&labels](std::string_view key) -> std::string const* {
        auto const found = labels.find(key);
        return found == labels.end() ? nullptr : &found->second;
    });
}

TEST(LabelSelector, EachFormBecomesItsRequirement) {
    struct Row {
        char const* text;
        Requirement want;
    };
    for (auto const& row : {
             Row{"a=b", {"a", Operator::in, {"b"}}},
             Row{"a==b", {"a", Operator::in, {"b"}}},
             Row{"a = b", {"a", Operator::in, {"b"}}},
             Row{"a=", {"a", Operator::in, {""}}},
             Row{"a!=b", {"a", Operator::not_in, {"b"}}},
             Row{"a in (b, c)", {"a", Operator::in, {"b", "c"}}},
             Row{"a in(b)", {"a", Operator::in, {"b"}}},
             Row{"a in (,b)", {"a", Operator::in, {"", "b"}}},
             Row{"a in (c,b,c)", {"a", Operator::in, {"b", "c"}}},
             Row{"a in ()", {"a", Operator::in, {""}}},
             Row{"a in (b,,)", {"a", Operator::in, {"", "b"}}},
             Row{"a in (in, notin)", {"a", Operator::in, {"in", "notin"}}},
             Row{"a notin (b)", {"a", Operator::not_in, {"b"}}},
             Row{"a>5", {"a", Operator::greater, {"5"}}},
             Row{"a < 5", {"a", Operator::less, {"5"}}},
             Row{"a", {"a", Operator::exists, {}}},
             Row{"!a", {"a", Operator::does_not_exist, {}}},
             Row{" ! a ", {"a", Operator::does_not_exist, {}}},
             Row{"in in (in)", {"in", Operator::in, {"in"}}},
             Row{"app.kubernetes.io/name=web", {"app.kubernetes.io/name", Operator::in, {"web"}}},
         }) {
        auto const parsed = LabelSelector::parse(row.text);
        ASSERT_TRUE(parsed.has_value()) << row.text;
        EXPECT_THAT(parsed->requirements(), testing::ElementsAre(row.want)) << row.text;
    }
}

TEST(LabelSelector, MatchesAsKubernetesDoes) {
    Labels const web{{"app", "web"}, {"tier", "front"}, {"empty", ""}, {"size", "5"}};
    for (auto const* yes :
         {"", "app=web", "app!=db", "app in (db,web)", "app notin (db)", "tier", "!gone", "app=web,tier=front",
          "gone!=x", "gone notin (x)", "empty=", "empty", "app,!gone", "empty in ()", "size>4", "size<6"}) {
        EXPECT_TRUE(matches(yes, web)) << yes;
    }
    for (auto const* no : {"app=db", "app!=web", "app in (db)", "app notin (web,db)", "gone", "!app", "app=web,gone",
                           "gone=x", "gone in (x)", "gone=", "app=Web", "app in ()", "gone in ()", "size>5", "size<5",
                           "app>1", "gone<1", "empty<1"}) {
        EXPECT_FALSE(matches(no, web)) << no;
    }
}

// The words are held against the real API server by the scenario ABadLabelSelectorIsABadRequest.
TEST(LabelSelector, WhatKubernetesRefusesIsRefusedInItsWords) {
    struct Row {
        char const* text;
        char const* why;
    };
    for (auto const& row : {
             Row{"=b", "found '=', expected: !, identifier, or 'end of string'"},
             Row{",a", "found ',', expected: !, identifier, or 'end of string'"},
             Row{"(a)", "found '(', expected: !, identifier, or 'end of string'"},
             Row{"a==b==c", "found '==', expected: ',' or 'end of string'"},
             Row{"!a=b", "found '=', expected: ',' or 'end of string'"},
             Row{"a,", "found '', expected: identifier after ','"},
             Row{"a,,b", "found ',', expected: identifier after ','"},
             Row{"!", "unable to parse requirement: found '', expected: identifier"},
             Row{"a=(b)", "unable to parse requirement: found '(', expected: identifier"},
             Row{"a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"},
             Row{"a in", "unable to parse requirement: found '' expected: '('"},
             Row{"a in b", "unable to parse requirement: found 'b' expected: '('"},
             Row{"a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"},
             Row{"a in (b", "unable to parse requirement: found '', expected: ',' or ')'"},
             Row{"a in (b c)", "unable to parse requirement: found 'c', expected: ',' or ')'"},
             Row{"a in (b,(", "unable to parse requirement: found '(', expected: ',', or identifier"},
             Row{"a<b",
                 "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the "
                 "value must be an integer"},
         }) {
        auto const parsed = LabelSelector::parse(row.text);
        ASSERT_FALSE(parsed.has_value()) << row.text;
        EXPECT_EQ(parsed.error(), Error(Errc::invalid_input, row.why)) << row.text;
    }
}

TEST(LabelSelector, KeysAndValuesMustBeSuchAsALabelCanHave) {
    for (auto const* good : {"a.b-c/D=F.g-h_1", "1=1", "a in (b,C)"}) EXPECT_TRUE(LabelSelector::parse(good)) << good;
    for (auto const* bad : {"-a", "a-", "a||b", "/a", "a/", "a/b/c", "A.b/c", "a=-b", "a=b/c", "a in (b,c_)", "!a*"}) {
        EXPECT_FALSE(LabelSelector::parse(bad)) << bad;
    }
    EXPECT_TRUE(LabelSelector::parse(std::string(63, 'a') + "=" + std::string(63, 'b')));
    EXPECT_FALSE(LabelSelector::parse(std::string(64, 'a')));
    EXPECT_FALSE(LabelSelector::parse("a=" + std::string(64, 'b')));
}

TEST(LabelSelector, OnlyBlankTextIsEmpty) {
    EXPECT_TRUE(LabelSelector::parse("")->empty());
    EXPECT_TRUE(LabelSelector::parse("  ")->empty());
    EXPECT_FALSE(LabelSelector::parse("a")->empty());
}

}  // namespace
}  // namespace vedette::kube
