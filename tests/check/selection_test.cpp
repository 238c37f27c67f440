#include "check/selection.hpp"

#include <gmock/gmock.h>

namespace vedette::check {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Instance named(std::string group, std::string name, std::string service) {
    Instance instance;
    instance.identity = {.name = name, .type = "tcp", .group = group, .service = service};
    return instance;
}

std::vector<Instance> const suite = {
    named("dbHealth", "Postgres answers", "postgres"),
    named("dbHealth", "Mongo answers", "mongo"),
    named("info", "License, valid", "app"),
    named("info", "Version", "app"),
    named("nodes", "nodes-ready", "kubernetes"),
};

std::vector<std::string> names(Result<std::vector<Instance>> const& chosen) {
    std::vector<std::string> result;
    if (!chosen) return {"error: " + chosen.error().text()};
    for (auto const& instance : *chosen) result.push_back(instance.identity.name);
    return result;
}

TEST(SplitFilter, PartsAreTrimmedAndEmptyOnesDropped) {
    EXPECT_THAT(split_filter("a, b ,\tc"), ElementsAre("a", "b", "c"));
    EXPECT_THAT(split_filter(" License Valid "), ElementsAre("License Valid"));
    EXPECT_THAT(split_filter(""), IsEmpty());
    EXPECT_THAT(split_filter(" , ,"), IsEmpty());
}

TEST(SplitFilter, ACommaAfterABackslashIsPartOfAName) {
    EXPECT_THAT(split_filter(R"(License\, valid, Version)"), ElementsAre("License, valid", "Version"));
    EXPECT_THAT(split_filter(R"(a\b,c\)"), ElementsAre(R"(a\b)", R"(c\)"));
    EXPECT_THAT(split_filter(R"(\,)"), ElementsAre(","));
}

TEST(Select, ANameWithACommaIsFoundAndTheWayToWriteItIsTold) {
    EXPECT_THAT(
        names(select(suite, {.groups = {}, .names = split_filter(R"(License\, valid)"), .services = {}}, false)),
        ElementsAre("License, valid"));
    auto const missed =
        names(select(suite, {.groups = {}, .names = split_filter("License, valid"), .services = {}}, false));
    EXPECT_THAT(missed, ElementsAre(AllOf(HasSubstr("\"License\""), HasSubstr("\"License, valid\""),
                                          HasSubstr("(a comma in a name is written \\,)"))));
    EXPECT_THAT(names(select(suite, {.groups = {}, .names = {"Versoin"}, .services = {}}, false)),
                ElementsAre(Not(HasSubstr("comma"))));
}

TEST(Select, NoFilterPicksEverythingInTheOrderOfTheSuite) {
    EXPECT_THAT(names(select(suite, {}, false)),
                ElementsAre("Postgres answers", "Mongo answers", "License, valid", "Version", "nodes-ready"));
}

TEST(Select, ValuesOfOneFilterAreAlternativesAndTheFiltersMustAllAgree) {
    EXPECT_THAT(names(select(suite, {.groups = {"info", "nodes"}, .names = {}, .services = {}}, false)),
                ElementsAre("License, valid", "Version", "nodes-ready"));
    EXPECT_THAT(
        names(select(suite, {.groups = {"info", "dbHealth"}, .names = {}, .services = {"app", "mongo"}}, false)),
        ElementsAre("Mongo answers", "License, valid", "Version"));
    EXPECT_THAT(names(select(suite, {.groups = {"info"}, .names = {"Version"}, .services = {"app"}}, false)),
                ElementsAre("Version"));
}

TEST(Select, AWordMatchesExactlyAndCaseCountsUnlessItIsAGlob) {
    EXPECT_THAT(names(select(suite, {.groups = {}, .names = {"* answers"}, .services = {}}, false)),
                ElementsAre("Postgres answers", "Mongo answers"));
    EXPECT_THAT(names(select(suite, {.groups = {"*"}, .names = {"nodes-*"}, .services = {}}, false)),
                ElementsAre("nodes-ready"));
    EXPECT_FALSE(select(suite, {.groups = {}, .names = {"version"}, .services = {}}, false).has_value());
    EXPECT_FALSE(select(suite, {.groups = {}, .names = {"Versio"}, .services = {}}, false).has_value());
}

TEST(Select, AnAlternativeThatMatchesNothingIsAnErrorWithTheNearestName) {
    auto const chosen = select(suite, {.groups = {"dbHealth", "inof"}, .names = {}, .services = {}}, false);
    ASSERT_FALSE(chosen.has_value());
    EXPECT_EQ(chosen.error().code(), Errc::invalid_input);
    EXPECT_THAT(chosen.error().text(), HasSubstr("no check has the group \"inof\""));
    EXPECT_THAT(chosen.error().text(), HasSubstr("info"));

    auto const service = select(suite, {.groups = {}, .names = {}, .services = {"mongoo"}}, false);
    ASSERT_FALSE(service.has_value());
    EXPECT_THAT(service.error().text(), HasSubstr("mongo"));
}

TEST(Select, FiltersThatMatchNothingTogetherAreAnError) {
    Filters const filters{.groups = {"info"}, .names = {}, .services = {"mongo"}};
    auto const chosen = select(suite, filters, false);
    ASSERT_FALSE(chosen.has_value());
    EXPECT_EQ(chosen.error().code(), Errc::invalid_input);
    EXPECT_THAT(chosen.error().text(), HasSubstr("--allow-empty"));
}

TEST(Select, AllowEmptyAcceptsEitherKindOfNothing) {
    EXPECT_THAT(names(select(suite, {.groups = {"info"}, .names = {}, .services = {"mongo"}}, true)), IsEmpty());
    EXPECT_THAT(names(select(suite, {.groups = {"inof"}, .names = {}, .services = {}}, true)), IsEmpty());
    EXPECT_THAT(names(select(suite, {.groups = {"inof", "nodes"}, .names = {}, .services = {}}, true)),
                ElementsAre("nodes-ready"));
}

}  // namespace
}  // namespace vedette::check
