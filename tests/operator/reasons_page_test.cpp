// docs/health-checks.md holds a table of all reasons: whoever meets one in `kubectl describe` finds it there. The lines
// of log that docs/commands/operator.md shows are such as are written.

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace vedette::op {
namespace {

using Words = std::set<std::string>;

std::filesystem::path const root = TEST_SOURCE_DIR "/../..";

std::string text_of(std::filesystem::path const& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

void find_words(std::string const& text, std::regex const& pattern, Words& into) {
    for (std::sregex_iterator each(text.begin(), text.end(), pattern), end; each != end; ++each) {
        into.insert((*each)[1].str());
    }
}

// What else is spelled like a reason: kinds and other words of the API, headers, methods, types of conditions, the
// reason of a check's outcome.
Words const no_reasons = {"Accept",
                          "Allow",
                          "Authorization",
                          "Background",
                          "Bearer",
                          "Binding",
                          "ClusterRole",
                          "ClusterRoleBinding",
                          "ConfigMap",
                          "CustomResourceDefinition",
                          "DELETE",
                          "Degraded",
                          "Deployment",
                          "ETag",
                          "Error",
                          "False",
                          "Forbidden",
                          "GET",
                          "HEAD",
                          "HealthCheck",
                          "HealthCheckList",
                          "HealthChecks",
                          "Interrupted",
                          "Lease",
                          "List",
                          "Location",
                          "OnPodCompletion",
                          "PATCH",
                          "POST",
                          "PUT",
                          "Progressing",
                          "RBAC",
                          "Ready",
                          "Remediating",
                          "Remedy",
                          "Role",
                          "RoleBinding",
                          "ServiceAccount",
                          "SubjectAccessReview",
                          "TokenReview",
                          "True",
                          "Workflow",
                          "Workflows"};

Words reasons_in_sources() {
    Words words = {"RemedySucceeded", "RemedyFailed"};  // put together from two words
    std::regex const literal("\"([A-Z][A-Za-z]+)\"");
    for (auto const& file : std::filesystem::directory_iterator(root / "src/operator")) {
        find_words(text_of(file.path()), literal, words);
    }
    for (auto const& word : no_reasons) words.erase(word);
    return words;
}

Words reasons_on_page() {
    auto const page = text_of(root / "docs/health-checks.md");
    auto const begin = page.find("\n## Reasons\n");
    if (begin == std::string::npos) return {};
    auto const section = page.substr(begin, page.find("\n## ", begin + 1) - begin);
    Words words;
    find_words(section, std::regex("\n\\| `([A-Za-z]+)` \\| [^|\n]+ \\| [^|\n]+ \\| [^|\n]+ \\|"), words);
    return words;
}

std::vector<std::string> without(Words const& all, Words const& some) {
    std::vector<std::string> rest;
    std::set_difference(all.begin(), all.end(), some.begin(), some.end(), std::back_inserter(rest));
    return rest;
}

TEST(ReasonsPage, HoldsEveryReasonOfConditionsAndEventsAndNoOther) {
    auto const sources = reasons_in_sources();
    auto const page = reasons_on_page();
    EXPECT_GT(sources.size(), 50u);
    EXPECT_THAT(without(sources, page), testing::IsEmpty()) << "they are missing in docs/health-checks.md";
    EXPECT_THAT(without(page, sources), testing::IsEmpty()) << "docs/health-checks.md tells of them, and they are gone";
}

// "Failed: Workflow fail-4qxfv failed after 25 s: No more retries left" without what differs from run to run.
Words sentences(std::string const& text, std::regex const& line) {
    Words found;
    Words plain;
    find_words(text, line, found);
    for (auto sentence : found) {
        sentence = std::regex_replace(sentence, std::regex("Workflow \\S+"), "Workflow W");
        sentence = std::regex_replace(sentence, std::regex("after \\d+ s(: .*)?"), "after N s");
        plain.insert(std::move(sentence));
    }
    return plain;
}

TEST(OperatorPage, ShowsResultsInTheWordsThatMachinesUse) {
    auto const shown =
        sentences(text_of(root / "docs/commands/operator.md"), std::regex("\t(?:info|warn)\t\\S+/\\S+: (.*)"));
    Words told;
    for (auto const& file : std::filesystem::directory_iterator(root / "tests/operator/testdata/machine")) {
        told.merge(sentences(text_of(file.path()), std::regex("tell (?:Normal|Warning) (.*)")));
    }
    EXPECT_EQ(shown.size(), 2u);
    EXPECT_THAT(without(shown, told), testing::IsEmpty()) << "docs/commands/operator.md shows them, and nobody says so";
}

}  // namespace
}  // namespace vedette::op
