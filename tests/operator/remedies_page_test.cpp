// docs/remedies.md shows what is read, and every reason that is given.

#include "base/yaml.hpp"
#include "operator/remedies.hpp"

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace vedette::op {
namespace {

std::string text_of(std::string const& path) {
    std::ifstream file(std::string(TEST_SOURCE_DIR "/../../") + path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<boost::json::object> yaml_of(std::string const& page, std::string_view kind) {
    std::vector<boost::json::object> found;
    std::regex const fence("```yaml\n([^`]*)```");
    for (std::sregex_iterator each(page.begin(), page.end(), fence), end; each != end; ++each) {
        auto const object = to_json(parse_yaml((*each)[1].str(), "remedies.md").value()).as_object();
        if (object.at("kind").as_string() == kind) found.push_back(object);
    }
    return found;
}

std::set<std::string> words_of(std::string const& text, std::regex const& pattern) {
    std::set<std::string> words;
    for (std::sregex_iterator each(text.begin(), text.end(), pattern), end; each != end; ++each) {
        words.insert((*each)[1].str());
    }
    return words;
}

TEST(RemediesPage, ThePolicyThatIsShownIsReadWithoutAProblem) {
    auto const shown = yaml_of(text_of("docs/remedies.md"), "ConfigMap");
    ASSERT_EQ(shown.size(), 1u);
    std::vector<Problem> problems;
    auto const policy = read_remedy_policy(shown[0], &problems);
    EXPECT_THAT(problems, testing::IsEmpty());
    EXPECT_EQ(to_string(policy.budget_per_cluster.value()), "10/1h");
    EXPECT_FALSE(policy.namespaces.at("payments").enabled);
    EXPECT_EQ(shown[0].at("metadata").as_object().at("name").as_string(), remedy_policy_name);
}

TEST(RemediesPage, TheHealthCheckThatIsShownHasNoProblem) {
    auto const shown = yaml_of(text_of("docs/remedies.md"), "HealthCheck");
    ASSERT_EQ(shown.size(), 1u);
    std::vector<Problem> problems;
    auto const check = read_health_check(shown[0], &problems);
    EXPECT_THAT(problems, testing::IsEmpty());
    EXPECT_THAT(validate(check.spec), testing::IsEmpty());
    EXPECT_EQ(check.spec.failure_threshold, 3);
    EXPECT_EQ(check.spec.cooldown, Duration(std::chrono::minutes(10)));
    EXPECT_TRUE(check.spec.remedy_breaker);
}

TEST(RemediesPage, NamesEveryReasonThatADecisionMayGive) {
    auto const page = text_of("docs/remedies.md");
    auto const table = page.substr(page.find("## How it is decided"), page.find("## Dry run") - page.find("## How it"));
    auto in_page = words_of(table, std::regex("`((?:Remed|Below)[A-Za-z]+)`"));
    in_page.erase("Remediating");  // the condition
    auto const source = text_of("src/operator/remedy_decision.cpp");
    auto const in_code = words_of(source, std::regex("\"((?:Remed|Below)[A-Za-z]+)\""));
    EXPECT_GT(in_code.size(), 10u);
    EXPECT_THAT(in_page, testing::ContainerEq(in_code));
}

}  // namespace
}  // namespace vedette::op
