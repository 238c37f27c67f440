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
             Row{"a notin (b)", {"a", Operator::not_in, {"b"}}},
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
    Labels const web{{"app", "web"}, {"tier", "front"}, {"empty", ""}};
    for (auto const* yes : {"", "app=web", "app!=db", "app in (db,web)", "app notin (db)", "tier", "!gone",
                            "app=web,tier=front", "gone!=x", "gone notin (x)", "empty=", "empty", "app,!gone"}) {
        EXPECT_TRUE(matches(yes, web)) << yes;
    }
    for (auto const* no : {"app=db", "app!=web", "app in (db)", "app notin (web,db)", "gone", "!app", "app=web,gone",
                           "gone=x", "gone in (x)", "gone=", "app=Web"}) {
        EXPECT_FALSE(matches(no, web)) << no;
    }
}

TEST(LabelSelector, WhatKubernetesRefusesIsRefusedWithTheText) {
    for (auto const* bad : {"=b", "a==b==c", "!a=b", "a b", "a in", "a in b", "a in (b", "a in ()", "a notin ()", "a,",
                            "a,,b", ",a", "!", "a||b", "a in (b c)", "(a)", "a<b"}) {
        auto const parsed = LabelSelector::parse(bad);
        ASSERT_FALSE(parsed.has_value()) << bad;
        EXPECT_EQ(parsed.error().code(), Errc::invalid_input);
        EXPECT_NE(parsed.error().text().find(std::string("\"") + bad + "\""), std::string::npos) << bad;
    }
}

TEST(LabelSelector, OnlyBlankTextIsEmpty) {
    EXPECT_TRUE(LabelSelector::parse("")->empty());
    EXPECT_TRUE(LabelSelector::parse("  ")->empty());
    EXPECT_FALSE(LabelSelector::parse("a")->empty());
}

}  // namespace
}  // namespace vedette::kube
